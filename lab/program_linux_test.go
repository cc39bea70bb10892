package lab

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"ftplab/lab/labtest/optional"
	"ftplab/lab/scenario"
	"ftplab/lab/testbed/cell"
)

// parse parses a scenario of this test's.
func parse(t *testing.T, lines ...string) *scenario.Scenario {
	t.Helper()
	s, err := scenario.Parse(filepath.Join(t.TempDir(), "other.txtar"), []byte(strings.Join(lines, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// needCells skips a test of a program where the system refused its run: programs
// need Linux's TCP.
func needCells(t *testing.T, err error) {
	t.Helper()
	if errors.Is(err, cell.ErrRefused) {
		optional.Missing(t, err)
	}
}

// TestOtherServer has a server that is not the lab's answer a session, and
// judges it as any other.
func TestOtherServer(t *testing.T) {
	const python = "/usr/bin/python3"
	if err := exec.Command(python, "-c", "import pyftpdlib").Run(); err != nil {
		optional.Missing(t, "pyftpdlib is not installed: apt install python3-pyftpdlib")
	}
	s := parse(t,
		"# Another server\n# Whose habits are its own.\n",
		"network wire", "host server 192.0.2.21 rtt=10ms",
		"program "+python+" -m pyftpdlib -p 21 -w",
		"file pub/picture.bin 40000 seed=3", "local report.bin 40000 seed=5",
		"open", "login anonymous me@mypc.test", "type i", "active",
		"get pub/picture.bin", "passive", "put report.bin", "append report.bin", "! get missing", "quit",
		"-- files/README --", "Welcome.",
		"-- want --",
		"ctl client.* > server.21", "a server.* > client.*", "b client.* > server.*", "c client.* > server.*", "d client.* > server.*",
		"ctl ...", `ctl server > client "220 pyftpdlib * ready."`, "ctl ...", "a ...", "b ...", "c ...", "d ...",
	)
	folder := t.TempDir()
	result, err := Run(t.Context(), s, Options{Results: folder})
	needCells(t, err)
	if err != nil {
		t.Fatal(err)
	}
	if result.Outcome != Passed {
		t.Errorf("got %s, want %s\n%s", result.Outcome, Passed, result.Report)
	}
	stored, err := os.Stat(filepath.Join(folder, "other", "files", "report.bin"))
	if err != nil || stored.Size() != 80000 {
		t.Errorf("the server's folder: got %v, error %v, want report.bin of 80000 bytes", stored, err)
	}
}

// TestNoServer starts programs that are no servers, or not at the right port.
func TestNoServer(t *testing.T) {
	for _, test := range []struct{ name, program, want string }{
		{"not there", "program /no/such/server", ":4: program /no/such/server: no program of this name was found; looked at /no/such/server"},
		{"nowhere", "program no-such-server", ", $PATH"},
		{"ends at once", "program /bin/false", ":4: the server, /bin/false, does not listen on port 21: it has ended: exit status 1; it printed nothing"},
		{"says why", `program /bin/sh -c "echo no licence; exit 3"`, "ends with\n\tno licence"},
		{"never listens", "deadline 50ms\nprogram /bin/sleep 60", ":5: the server, /bin/sleep, does not listen on port 21: context deadline exceeded"},
		{"another port", "deadline 10s\nprogram /usr/bin/python3 -u -c \"import socket, time; l = socket.create_server(('127.0.0.1', 2121)); print('ready at 2121'); time.sleep(60)\"",
			"does not listen on port 21: it listens on 2121; its log, "},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := parse(t, "# x\n# y\n", test.program, "open", "quit")
			_, err := Run(t.Context(), s, Options{Results: t.TempDir()})
			needCells(t, err)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want one that says %q", err, test.want)
			}
		})
	}
}

// TestProgramBesideItsScenario has one program in the folder of the scenario's
// file and one in the working folder: the first of them is meant.
func TestProgramBesideItsScenario(t *testing.T) {
	t.Chdir(t.TempDir())
	s := parse(t, "# x\n# y\n", "program ./bin/server", "open", "quit")
	for _, folder := range []string{".", filepath.Dir(s.File)} {
		name := filepath.Join(folder, "bin", "server")
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte("#!/bin/sh\necho from "+folder+"\nexit 1\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		_, err := Run(t.Context(), s, Options{Results: t.TempDir()})
		needCells(t, err)
		if want := "\tfrom " + folder; err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want one that says %q", err, want)
		}
	}
}

// TestVsftpd has vsftpd answer as Debian configures it: as a daemon that changes
// its root folder and its user, and asks PAM who may log in.
func TestVsftpd(t *testing.T) {
	const vsftpd = "/usr/sbin/vsftpd"
	if _, err := os.Stat(vsftpd); err != nil {
		optional.Missing(t, "vsftpd is not installed: apt install vsftpd")
	}
	session := []string{
		"network wire", "user alice secret", "local report.bin 40000 seed=5", "file pub/picture.bin 40000 seed=3",
		"open", "! login alice guess", "login alice secret", "type i", "active", "get pub/picture.bin", "ls", "passive", "get README",
	}
	upload := []string{"put report.bin", "get report.bin", "quit", "-- files/README --", "Welcome.", "-- files/vsftpd.conf --",
		"listen=YES", "local_enable=YES", "anonymous_enable=NO", "write_enable=YES", "chroot_local_user=YES", "allow_writeable_chroot=YES",
		"pam_service_name=vsftpd", "connect_from_port_20=YES", "secure_chroot_dir=/run/vsftpd/empty", "xferlog_enable=YES",
	}
	for name, lines := range map[string][]string{
		"Debian's configuration": append(slices.Concat([]string{"program " + vsftpd + " /etc/vsftpd.conf"}, session), "quit", "-- files/README --", "Welcome."),
		"ten lines":              slices.Concat([]string{"program " + vsftpd + " vsftpd.conf"}, session, upload),
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			result, err := Run(t.Context(), parse(t, append([]string{"# vsftpd\n# A daemon.\n"}, lines...)...), Options{Results: folder})
			if err != nil {
				t.Fatal(err)
			}
			if result.Outcome != Passed {
				t.Errorf("got %s, want %s\n%s", result.Outcome, Passed, result.Report)
			}
			if name != "ten lines" {
				return
			}
			stored, err := os.Stat(filepath.Join(folder, "other", "files", "report.bin"))
			if err != nil || int(stored.Sys().(*syscall.Stat_t).Uid) != os.Geteuid() {
				t.Errorf("the upload: got %v, error %v, want that it is the caller's", stored, err)
			}
		})
	}
}

// TestHome has a program in a home look around: it sees itself and the folder of
// its scenario there, and nothing else.
func TestHome(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	for name, text := range map[string]string{
		"bin/server":      "#!/bin/sh\ncd \"$1\" && find . -type f | sort\nexit 3\n",
		"secret":          "x",
		"tests/other.txt": "x",
	} {
		path := filepath.Join(home, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for file, want := range map[string]string{
		"tests/x.txtar": "\t./bin/server\n\t./tests/other.txt",
		"x.txtar":       "\t./bin/server",
	} {
		s, err := scenario.Parse(filepath.Join(home, file), []byte("program "+home+"/bin/server "+home+"\nopen\nquit\n"))
		if err != nil {
			t.Fatal(err)
		}
		_, err = Run(t.Context(), s, Options{Results: filepath.Join(home, "results")})
		if err == nil || !strings.Contains(err.Error(), "ends with\n"+want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got error %v, want that the program sees\n%s", file, err, want)
		}
	}
}

// TestTakeBack has a cell mend what a run that was killed left of a program's files.
func TestTakeBack(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "files")
	inner := filepath.Join(folder, "inner")
	if err := os.MkdirAll(inner, 0o777); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		if err := os.Lchown(inner, 1000, 1000); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(inner, 0); err != nil {
		t.Fatal(err)
	}
	takeBack(folder)
	info, err := os.Stat(inner)
	if err != nil {
		t.Fatal(err)
	}
	if owner := int(info.Sys().(*syscall.Stat_t).Uid); owner != os.Geteuid() || info.Mode().Perm() != 0o700 {
		t.Errorf("got owner %d and mode %v, want %d and rwx------", owner, info.Mode(), os.Geteuid())
	}
}
