package runner

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"ftplab/lab/scenario"
	"ftplab/lab/testbed/network/localhost"
)

// TestTakeBack leaves files as a program may leave them: unreadable, as a means to
// become the caller, and of another user.
func TestTakeBack(t *testing.T) {
	folder := t.TempDir()
	file, closed := filepath.Join(folder, "file"), filepath.Join(folder, "closed")
	if err := os.WriteFile(file, nil, 0); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(closed, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(closed, "inner"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(folder, "link")); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		os.Chown(file, 1000, 1000)
		os.Chown(closed, 1000, 1000)
	}
	if err := os.Chmod(file, 0o011|os.ModeSetuid|os.ModeSetgid); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(closed, 0); err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat("/etc/passwd")
	if err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	takeBack(root)
	for path, want := range map[string]os.FileMode{file: 0o611, closed: os.ModeDir | 0o700, filepath.Join(closed, "inner"): 0o600} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if owner := int(info.Sys().(*syscall.Stat_t).Uid); info.Mode() != want || owner != os.Geteuid() {
			t.Errorf("%s: got mode %v and owner %d, want %v and %d", path, info.Mode(), owner, want, os.Geteuid())
		}
	}
	if after, err := os.Stat("/etc/passwd"); err != nil || after.Mode() != before.Mode() {
		t.Errorf("the target of a link: got %v, %v, want that it is as it was", after.Mode(), err)
	}
}

// TestLastLines has the reason in the first line, and what the sandbox says in the last.
func TestLastLines(t *testing.T) {
	o := output{path: filepath.Join(t.TempDir(), "server.log"), removed: true}
	for text, want := range map[string]string{
		"":                           "; it printed nothing",
		"ftplab: one id\n":           "; it printed nothing\n\t(one id)",
		"ftplab: one id\nno port\n":  "; its log: no port\n\t(one id)",
		"1\n2\n3\n4\n5\n6\n":         "; its log: 6\n\tbefore it:\n\t  2\n\t  3\n\t  4\n\t  5",
		"boom\n-----\n":              "; its log: boom",
		"one\nboom\n-----\n":         "; its log: boom\n\tbefore it:\n\t  one",
		"-----\n":                    "; its log: -----",
		"10%\r20%\r\n\x1b[1mbold":    "; its log: [1mbold\n\tbefore it:\n\t  20%",
		"panic: boom\n\nmain.go:3\n": "; its log: panic: boom\n\tmain.go:3",
		"panic: boom [recovered, repanicked]\n\ngoroutine 9 [running]:\nlib.call()\n\tlib.go:1\npanic({0x1, 0x2})\n\tpanic.go:2\nmine.serve()\n\tmine.go:3\nlib.serve()\n\tlib.go:4\ncreated by lib.call in goroutine 8\n\tlib.go:5\n": "; its log: panic: boom [recovered, repanicked]\n\tmine.serve()\n\tmine.go:3\n\tlib.serve()\n\tlib.go:4\n\tcreated by lib.call in goroutine 8",
		"panic: boom\n\ngoroutine 9 [running]:\nmine.serve()\n\tmine.go:3\n\ngoroutine 1 [sleep]:\nlib.serve()\n":                                                                                                                      "; its log: panic: boom\n\tmine.serve()\n\tmine.go:3",
	} {
		if err := os.WriteFile(o.path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if got := o.lastLines("its log", "server.log"); !strings.HasSuffix(got, want) {
			t.Errorf("%q: got %q, want %q at its end", text, got, want)
		}
	}
}

// TestSandboxOf has a scenario say what its program sees.
func TestSandboxOf(t *testing.T) {
	folder := t.TempDir()
	s, err := scenario.Parse(filepath.Join(folder, "x.txtar"), []byte("network wire\nname ftp.example.test 192.0.2.21\nprogram ./server -x\nopen ftp.example.test\nquit\n"))
	if err != nil {
		t.Fatal(err)
	}
	box := sandboxOf(s, "server", filepath.Join(folder, "server"), "files")
	if len(box.Readable) != 1 || box.Readable[0] != folder {
		t.Errorf("got readable folders %q, want %q", box.Readable, folder)
	}
	if got := box.NameServer.String(); got != "198.51.100.53" {
		t.Errorf("got name server %s, want the scenario's, 198.51.100.53", got)
	}
	if want := "192.0.2.21\tserver\n"; !strings.Contains(box.Hosts, want) {
		t.Errorf("got hosts\n%s\nwant %q in it", box.Hosts, want)
	}
}

// TestServerBox has a scenario give its server arguments and files.
func TestServerBox(t *testing.T) {
	folder := t.TempDir()
	s, err := scenario.Parse(filepath.Join(folder, "x.txtar"), []byte("server port=2121\nuser alice secret\nprogram ./server -c $CONFIG -a ${ADDR}:$PORT $OTHER\nopen\nquit\n"+
		"-- config --\nroot=$FILES\nport $PORT\n-- etc/pam.d/ftp --\nauth\n"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "server")
	box := serverBox(s, localhost.New("127.0.0.1"), path, "files")
	if want := []string{path, "-c", "/etc/server.conf", "-a", "127.0.0.1:2121", "$OTHER"}; !slices.Equal(box.Args, want) {
		t.Errorf("got arguments %q, want %q", box.Args, want)
	}
	if want := map[string]string{"server.conf": "root=/srv/ftp\nport 2121\n", "pam.d/ftp": "auth\n"}; !maps.Equal(box.Etc, want) {
		t.Errorf("got files %q, want %q", box.Etc, want)
	}
	if len(box.Accounts) != 1 || box.Accounts[0].Name != "alice" || box.Accounts[0].Password != "secret" {
		t.Errorf("got accounts %v, want alice with her password", box.Accounts)
	}
	if got := hidden(box); got != "" {
		t.Errorf("got hint %q, want none for a program in the scenario's folder", got)
	}
	box.Program = "/elsewhere/server"
	if got := hidden(box); !strings.Contains(got, "its sandbox hides the other files in /elsewhere, but not those in "+box.Readable[0]) {
		t.Errorf("got hint %q, want that it sees only itself, and $DIR", got)
	}
}

// An argument that is a file beside the scenario is not where the program runs. The
// hint says what to write.
func TestElsewhere(t *testing.T) {
	folder := t.TempDir()
	script := filepath.Join(folder, "srv.py")
	if err := os.WriteFile(script, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ program, files, want string }{
		{"python3 srv.py", "", "\n\tsrv.py is in " + folder + ", and the program runs in /srv/ftp: write $DIR/srv.py"},
		{"env X=1 ./srv.py", "", "\n\t./srv.py is in " + folder + ", and the program runs in /srv/ftp: write $DIR/srv.py"},
		{"python3 srv.py", "-- files/srv.py --\n", ""},
		{"python3 " + script, "", ""},
		{"python3 -m pyftpdlib", "", ""},
	} {
		s, err := scenario.Parse(filepath.Join(folder, "x.txtar"), []byte("program "+test.program+"\nopen\nquit\n"+test.files))
		if err != nil {
			t.Fatal(err)
		}
		if got := elsewhere(s, s.Server.Program, s.Files); got != test.want {
			t.Errorf("program %s: got hint %q, want %q", test.program, got, test.want)
		}
	}
}
