package sandbox

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ftplab/lab/testbed/cell"
	"ftplab/lab/testbed/cell/celltest"
)

// A testJob is the work of a cell in these tests: it starts a program.
type testJob struct {
	Sandbox  Sandbox
	Refuse   bool // mount namespaces
	Remount  string
	Starting int                    // how many programs are started, one after the other
	Etc      map[string]fs.FileMode // files of the machine below /etc, by their paths there
}

func init() {
	cell.Init(func(ctx context.Context, c *cell.Cell) error {
		var job testJob
		if err := c.Spec(&job); err != nil {
			return err
		}
		if job.Remount != "" {
			return remountInThread(job.Remount)
		}
		if job.Refuse {
			if err := os.WriteFile("/proc/sys/user/max_mnt_namespaces", []byte("0"), 0); err != nil {
				return err
			}
		}
		// A careless program leaves files open to those that it starts.
		if _, err := unix.Open("/", unix.O_RDONLY|unix.O_DIRECTORY, 0); err != nil {
			return err
		}
		if job.Etc != nil {
			runtime.LockOSThread() // for good, as the thread has another mount namespace
			if err := replaceEtc(job.Etc); err != nil {
				return err
			}
		}
		for range max(1, job.Starting) {
			out, unsafe, err := runProgram(job.Sandbox)
			if err != nil {
				return err
			}
			if err := c.Send(ran{out, unsafe}); err != nil {
				return err
			}
		}
		return nil
	})
	if text, ok := os.LookupEnv(asSomebodyElse); ok {
		os.Unsetenv(asSomebodyElse)
		var job testJob
		err := json.Unmarshal([]byte(text), &job)
		if err == nil {
			var got []ran
			got, err = runInCell(job)
			json.NewEncoder(os.Stdout).Encode(got)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
}

// A ran is the result of a program.
type ran struct{ Out, Unsafe string }

// runProgram runs a program in a sandbox to its end.
func runProgram(s Sandbox) (out, unsafe string, err error) {
	r, w, err := os.Pipe()
	if err != nil {
		return "", "", err
	}
	defer r.Close()
	s.Out, s.Err = w, w
	cmd, err := s.Start((*exec.Cmd).Start)
	if r := (Refusal{}); errors.As(err, &r) {
		unsafe = r.Error()
		cmd, err = s.StartUnconfined((*exec.Cmd).Start)
	}
	w.Close()
	if err != nil {
		return "", "", err
	}
	text, err := io.ReadAll(r)
	cmd.Wait()
	return string(text), unsafe, err
}

// runInCell runs a job in a cell.
func runInCell(job testJob) (all []ran, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	err = cell.Run(ctx, cell.Job{Spec: job, AllIDs: true, Message: func(m json.RawMessage) {
		var r ran
		json.Unmarshal(m, &r)
		all = append(all, r)
	}})
	return all, err
}

// asSomebodyElse is the variable with the job of this test binary when root starts it as
// another user.
const asSomebodyElse = "SANDBOX_TEST_JOB"

// nobody is a user who has only one id.
const nobody = 65534

// callers are the users who run jobs in these tests: the user who runs the tests, and
// if that is root, an ordinary user, too.
func callers() map[string]func(testJob) ([]ran, error) {
	all := map[string]func(testJob) ([]ran, error){"caller": runInCell}
	if os.Geteuid() == 0 {
		all["nobody"] = runAsNobody
	}
	return all
}

func runAsNobody(job testJob) (all []ran, err error) {
	text, err := json.Marshal(job)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), asSomebodyElse+"="+string(text), "HOME=/nonexistent")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err == nil {
		err = json.Unmarshal(out, &all)
	}
	return all, err
}

// visibleFolder makes a folder that other users may enter, unlike t.TempDir.
func visibleFolder(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "sandbox-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	return folder
}

// copyOfThis copies this test binary to a folder where other users can start it.
func copyOfThis(t *testing.T, folder string) string {
	t.Helper()
	path := filepath.Join(folder, "server")
	text, err := os.ReadFile("/proc/self/exe")
	if err == nil {
		err = os.WriteFile(path, text, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// machine describes what an intruder would like to change.
func machine(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	for _, path := range []string{"/dev/null", "/etc/passwd", "/etc", "/usr", "/dev", "/tmp/intruder", "/tmp/intruder.null", "/etc/x", "/usr/x", "/x", "/var/log/x", "/run/x.pid"} {
		var st unix.Stat_t
		if err := unix.Lstat(path, &st); err != nil {
			fmt.Fprintf(&b, "%s: %v\n", path, err)
			continue
		}
		fmt.Fprintf(&b, "%s: device %d inode %d mode %o owner %d:%d\n", path, st.Dev, st.Ino, st.Mode, st.Uid, st.Gid)
	}
	pattern, _ := os.ReadFile("/proc/sys/kernel/core_pattern")
	mounts, _ := os.ReadFile("/proc/self/mountinfo")
	return b.String() + string(pattern) + string(mounts)
}

// TestIntruder runs a program that tries to change the machine and to leave the sandbox.
func TestIntruder(t *testing.T) {
	celltest.Need(t)
	t.Setenv("SANDBOX_TEST_SECRET", "a password")
	for name, run := range callers() {
		t.Run(name, func(t *testing.T) {
			folder := visibleFolder(t)
			files := filepath.Join(folder, "files")
			if err := os.Mkdir(files, 0o777); err != nil {
				t.Fatal(err)
			}
			if name == "nobody" {
				os.Chown(files, nobody, nobody)
			}
			program := copyOfThis(t, folder)
			before := machine(t)
			got, err := run(testJob{Sandbox: Sandbox{Program: program, Args: []string{"server", intruderName, files}, Files: files, Host: "server"}})
			if err != nil {
				t.Fatal(err)
			}
			if after := machine(t); after != before {
				t.Errorf("the machine was changed:\ngot\n%s\nwant\n%s", after, before)
			}
			if got[0].Unsafe != "" {
				t.Errorf("got %q, want a sandbox", got[0].Unsafe)
			}
			checkAttempts(t, got[0].Out)
			oneID := strings.Contains(got[0].Out, oneIDNote)
			if name == "nobody" && !oneID {
				t.Errorf("got\n%s\nwant a line that says that ids do not change", got[0].Out)
			}
			info, err := os.Stat(filepath.Join(files, "made"))
			if err != nil {
				t.Fatal(err)
			}
			own := info.Sys().(*syscall.Stat_t).Uid == uint32(map[bool]int{true: nobody, false: os.Geteuid()}[name == "nobody"])
			if own != oneID {
				t.Errorf("the file that was given away: got owner %d, want that it is the caller's only where there is no other id", info.Sys().(*syscall.Stat_t).Uid)
			}
		})
	}
}

// checkAttempts compares the results of the intruder's attempts.
func checkAttempts(t *testing.T, out string) {
	t.Helper()
	results := map[string]string{}
	for line := range strings.Lines(out) {
		if what, result, ok := strings.Cut(strings.TrimSpace(line), ": "); ok {
			results[what] = result
		}
	}
	for _, a := range attempts("/") {
		got, tried := results[a.what]
		switch {
		case !tried:
			t.Errorf("%s: it was not tried:\n%s", a.what, out)
		case a.want == "" && got == "ok" || a.want != "" && got != a.want:
			t.Errorf("%s: got %s, want %s", a.what, got, cmp.Or(a.want, "a refusal"))
		}
	}
}

// TestReadable runs a program that reads the folder of its scenario, and cannot write
// there.
func TestReadable(t *testing.T) {
	celltest.Need(t)
	folder := visibleFolder(t)
	files, own := filepath.Join(folder, "files"), filepath.Join(folder, "scenarios")
	for _, f := range []string{files, own} {
		if err := os.Mkdir(f, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(own, "server.conf"), []byte("listen\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	script := fmt.Sprintf("cat %[1]s/server.conf; echo x 2>/dev/null >%[1]s/x || echo refused; ls %[2]s; pwd; cat /etc/hosts /etc/resolv.conf /proc/sys/kernel/hostname", own, folder)
	box := Sandbox{Program: "/bin/sh", Args: []string{"sh", "-c", script}, Files: files, Readable: []string{own}, Host: "server", Hosts: "192.0.2.21\tserver\n"}
	got, err := runInCell(testJob{Sandbox: box})
	if err != nil {
		t.Fatal(err)
	}
	want := "listen\nrefused\nscenarios\n/srv/ftp\n192.0.2.21\tserver\nserver\n"
	if out := strings.TrimPrefix(got[0].Out, oneIDNote+"\n"); out != want {
		t.Errorf("got\n%s\nwant\n%s", out, want)
	}
	t.Setenv("HOME", files)
	for path, want := range map[string]bool{own: true, folder: false, "/": false, "/tmp": false, "/home": false, "/etc": false, files: false} {
		if got := Readable(path); got != want {
			t.Errorf("Readable(%s): got %t, want %t", path, got, want)
		}
	}
}

// replaceEtc gives this thread, and the programs that it starts, another /etc.
func replaceEtc(files map[string]fs.FileMode) error {
	err := errors.Join(unix.Unshare(unix.CLONE_NEWNS|unix.CLONE_FS), unix.Mount("", "/", "", unix.MS_PRIVATE|unix.MS_REC, ""),
		unix.Mount("etc", "/etc", "tmpfs", 0, ""))
	for name, mode := range files {
		path := filepath.Join("/etc", name)
		err = errors.Join(err, os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte("the machine's "+name+"\n"), 0o644), os.Chmod(path, mode))
	}
	return err
}

// TestEtc runs a program whose /etc has files of the scenario among those of the
// machine, and nothing that not all users of the machine may read.
func TestEtc(t *testing.T) {
	celltest.Need(t)
	script := "cd /etc; find . -type f ! -name passwd ! -name group ! -name shadow ! -name 'host*' ! -name resolv.conf ! -name nsswitch.conf | sort; cat ssl/open deep/er/own.conf pam.d/ftp server/new.conf; echo x 2>/dev/null >pam.d/ftp || echo refused"
	box := Sandbox{Program: "/bin/sh", Args: []string{"sh", "-c", script}, Files: visibleFolder(t), Host: "server",
		Etc: map[string]string{"pam.d/ftp": "the scenario's\n", "server/new.conf": "new\n", "deep/er/own.conf": "own\n"}}
	got, err := runInCell(testJob{Sandbox: box, Etc: map[string]fs.FileMode{
		"ssl/open": 0o644, "ssl/private": 0o600, "ssl/deep/er/key": 0o640, "ssl/certs/ca": 0o644, "pam.d/ftp": 0o644, "pam.d/other": 0o644, "secret": 0o600, "plain/file": 0o644, "deep/er/own.conf": 0o644, "deep/er/other": 0o644,
	}})
	if err != nil {
		t.Fatal(err)
	}
	want := "./deep/er/other\n./deep/er/own.conf\n./pam.d/ftp\n./pam.d/other\n./plain/file\n./server/new.conf\n./ssl/certs/ca\n./ssl/open\nthe machine's ssl/open\nown\nthe scenario's\nnew\nrefused\n"
	if out := strings.TrimPrefix(got[0].Out, oneIDNote+"\n"); out != want {
		t.Errorf("got\n%s\nwant\n%s", out, want)
	}
}

// TestAccounts runs a program that looks for the users who may log in.
func TestAccounts(t *testing.T) {
	celltest.Need(t)
	// In the end the files are the caller's again, who could not remove them otherwise.
	const script = `grep ^alice: /etc/passwd /etc/shadow; grep -c :1000: /etc/passwd; stat -c '%u:%g %n' *; chown -R 0:0 .`
	files := visibleFolder(t)
	for _, name := range []string{"README", "server.conf"} {
		if err := os.WriteFile(filepath.Join(files, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	box := Sandbox{Program: "/bin/sh", Args: []string{"sh", "-c", script, "server.conf"}, Files: files, Host: "server", Accounts: []Account{{"alice", "secret"}}}
	got, err := runInCell(testJob{Sandbox: box})
	if err != nil {
		t.Fatal(err)
	}
	wants := []string{
		"/etc/passwd:alice:x:1000:100::/srv/ftp:/bin/sh\n", "/etc/shadow:alice:" + crypt("secret", "alice") + ":", "\n1\n",
		"1000:100 README\n", "0:0 server.conf\n",
	}
	if strings.Contains(got[0].Out, oneIDNote) {
		wants = wants[:3]
	}
	for _, want := range wants {
		if !strings.Contains(got[0].Out, want) {
			t.Errorf("got\n%s\nwant %q in it", got[0].Out, want)
		}
	}
}

// TestRefusal runs a program on a system that refuses mount namespaces.
func TestRefusal(t *testing.T) {
	celltest.Need(t)
	files := visibleFolder(t)
	box := Sandbox{Program: "/bin/sh", Args: []string{"sh", "-c", "pwd"}, Files: files, Host: "server"}
	got, err := runInCell(testJob{Sandbox: box, Refuse: true})
	if err != nil {
		t.Fatal(err)
	}
	if out := strings.TrimPrefix(got[0].Out, oneIDNote+"\n"); out != files+"\n" {
		t.Errorf("got %q, want that it runs in %s", out, files)
	}
	const want = "this system refuses a mount namespace (no space left on device)"
	if got[0].Unsafe != want {
		t.Errorf("got %q, want %q", got[0].Unsafe, want)
	}
}

// TestCannotStart starts what is not a program.
func TestCannotStart(t *testing.T) {
	celltest.Need(t)
	files := visibleFolder(t)
	script := filepath.Join(files, "script")
	if err := os.WriteFile(script, []byte("#!/no/such/interpreter\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	box := Sandbox{Program: script, Args: []string{"script"}, Files: files, Host: "server"}
	_, err := runInCell(testJob{Sandbox: box})
	if err == nil || !strings.Contains(err.Error(), ": /no/such/interpreter, which #! in the first line of "+script+" names, is not among the files that a program sees") {
		t.Errorf("got error %v, want that it is not among the files", err)
	}
	if err := os.WriteFile(script, []byte("neither"), 0o755); err != nil {
		t.Fatal(err)
	}
	_, err = runInCell(testJob{Sandbox: box})
	if err == nil || !strings.Contains(err.Error(), script+" is neither a program for this system nor a script") {
		t.Errorf("got error %v, want that it is no program", err)
	}
}

// TestOldKernel sets the attributes of mounts by the calls of kernels before 5.12.
func TestOldKernel(t *testing.T) {
	celltest.Need(t)
	folder := visibleFolder(t)
	for _, f := range []string{"a b", "a b/below"} {
		if err := os.Mkdir(filepath.Join(folder, f), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := runInCell(testJob{Remount: filepath.Join(folder, "a b")}); err != nil {
		t.Error(err)
	}
}

// remountInThread makes two mounts in a mount namespace of a thread and sets their
// attributes.
func remountInThread(path string) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // for good, as the thread has another mount namespace
		done <- func() error {
			if err := unix.Unshare(unix.CLONE_NEWNS | unix.CLONE_FS); err != nil {
				return err
			}
			if err := unix.Mount("", "/", "", unix.MS_PRIVATE|unix.MS_REC, ""); err != nil {
				return err
			}
			below := path + "/below"
			err := errors.Join(unix.Mount(path, path, "", unix.MS_BIND, ""), unix.Mount("x", below, "tmpfs", unix.MS_NOEXEC, ""))
			if err != nil {
				return err
			}
			// This thread's own /proc, not that of the process.
			if err := unix.Chdir("/proc/thread-self"); err != nil {
				return err
			}
			if err := remountFrom("mountinfo", path, unix.MOUNT_ATTR_RDONLY|unix.MOUNT_ATTR_NOSUID); err != nil {
				return err
			}
			for _, p := range []string{path, below} {
				if err := os.WriteFile(p+"/x", nil, 0o644); !errors.Is(err, unix.EROFS) {
					return fmt.Errorf("writing to %s: got error %v, want EROFS", p, err)
				}
			}
			var st unix.Statfs_t
			if err := unix.Statfs(below, &st); err != nil || st.Flags&unix.MS_NOEXEC == 0 || st.Flags&unix.MS_NOSUID == 0 {
				return fmt.Errorf("%s: got flags %#x, %v, want that it keeps noexec and is nosuid", below, st.Flags, err)
			}
			return nil
		}()
	}()
	return <-done
}

// TestEnvironment keeps the variables for the language and the time zone.
func TestEnvironment(t *testing.T) {
	got := environment([]string{"PATH=/bin", "LC_ALL=C", "SECRET=x", "HOME=/home/me", "LANGX=y"})
	if want := []string{"HOME=/root", "USER=root", "LOGNAME=root", "PATH=/bin", "LC_ALL=C"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func BenchmarkStart(b *testing.B) {
	files := b.TempDir()
	os.Chmod(files, 0o755)
	begin := time.Now()
	const n = 20
	_, err := runInCell(testJob{Sandbox: Sandbox{Program: "/bin/true", Args: []string{"true"}, Files: files, Host: "server"}, Starting: n})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(time.Since(begin).Milliseconds())/n, "ms/program")
}
