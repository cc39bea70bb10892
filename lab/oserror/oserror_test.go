package oserror

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// The texts are those of real errors, so that the test fails if Go wraps them in another way.
func TestText(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(folder, "link")
	if err := os.Symlink("gone/far", link); err != nil {
		t.Fatal(err)
	}
	for name, to := range map[string]string{"self": "self", "one": "two", "two": "one"} {
		if err := os.Symlink(to, filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	script := filepath.Join(folder, "script")
	if err := os.WriteFile(script, []byte("#! /no/such/interpreter -x\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	self, one := filepath.Join(folder, "self"), filepath.Join(folder, "one")
	isBroken := link + " is a symbolic link to gone/far, which does not exist; remove the link or correct it"
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	address := listener.Addr().String()
	root, err := os.OpenRoot(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	ofError := func(_ any, err error) error { return err }
	made := func(name string, create func(name string) error) error { return Named(create(name), name, name) }
	for _, test := range []struct {
		err  error
		want string
	}{
		{ofError(os.Stat(filepath.Join(folder, "none"))), "there is no file or folder " + filepath.Join(folder, "none") + "; check the path"},
		{ofError(os.Create(filepath.Join(folder, "none", "x"))), "because there is no folder " + filepath.Join(folder, "none") + "; check the path"},
		{made("none/x", func(name string) error { return ofError(os.Create(name)) }), "none/x cannot be used, because there is no folder none; make it, or check the path"},
		{made(link, func(name string) error { return ofError(os.Create(name)) }), isBroken},
		{ofError(os.Open(filepath.Join(folder, "none", "x"))), "because there is no folder " + filepath.Join(folder, "none") + "; check the path"},
		{ofError(os.Open("none")), "there is no file or folder none in "},
		{ofError(root.Open("none/x")), "there is no file or folder none/x"},
		{ofError(root.Stat("none")), "there is no file or folder none"},
		{ofError(os.Open(filepath.Join(file, "x"))), filepath.Join(file, "x") + " is a file, or a part of this path is one"},
		{os.Mkdir(folder, 0o700), folder + " exists already"},
		{ofError(os.Create(link)), isBroken},
		{ofError(os.Open(link)), isBroken},
		{ofError(os.Create(filepath.Join(link, "x"))), isBroken},
		{os.Mkdir(link, 0o700), isBroken},
		{os.MkdirAll(filepath.Join(link, "x", "y"), 0o700), isBroken},
		{ofError(os.Open(self)), self + " is a symbolic link to itself; remove the link or correct it"},
		{ofError(os.Stat(filepath.Join(self, "x"))), self + " is a symbolic link to itself; remove"},
		{ofError(os.Create(one)), one + " is a symbolic link to two, and from there links lead back to it, or too many lead on; remove"},
		{&os.PathError{Op: "open", Path: "x", Err: syscall.EACCES}, "there is no permission to use x"},
		{&os.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}, "x cannot be written, because the disk is full"},
		{ofError(net.Listen("tcp", address)), "listens on " + address + " already"},
		{ofError(net.Dial("tcp", closedPort(t))), "refuses the connection: no program listens there, or a firewall rejects it"},
		{&net.OpError{Op: "accept", Net: "tcp", Addr: net.TCPAddrFromAddrPort(netip.MustParseAddrPort("192.0.2.21:4001")), Err: os.ErrDeadlineExceeded}, "nobody connected to 192.0.2.21:4001 in time"},
		{&net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}, "the other side has reset the connection"},
		{ofError(net.InterfaceByName("none0")), "there is no such network interface"},
		{ofError(exec.LookPath("no-such-program-here")), "no program no-such-program-here was found on $PATH"},
		{ofError(exec.LookPath(folder)), folder + " is a folder; a file was expected"},
		{ofError(exec.LookPath(file)), "there is no permission to use " + file},
		{&os.PathError{Op: Execute, Path: file, Err: syscall.ENOEXEC}, file + " is neither a program for this system nor a script"},
		{&os.PathError{Op: Execute, Path: file, Err: syscall.ENOENT}, file + " needs a program that does not exist"},
		{&os.PathError{Op: Execute, Path: script, Err: syscall.ENOENT}, script + " needs a program that does not exist: /no/such/interpreter, which #! in the first line of the script names"},
		{&os.PathError{Op: Execute, Path: "none", Err: syscall.ENOENT}, "there is no file or folder none in "},
		{io.ErrUnexpectedEOF, "the data ends too early"},
		{errors.New("as it is"), "as it is"},
	} {
		for _, wrapped := range []error{fmt.Errorf("before: %w; after", test.err), errors.Join(errors.New("first"), test.err)} {
			got := Text(wrapped)
			if !strings.Contains(got, test.want) || strings.Contains(got, test.err.Error()) && test.want != test.err.Error() {
				t.Errorf("%v: got %q, want %q in it", test.err, got, test.want)
			}
			if before := strings.HasPrefix(got, "before: ") && strings.HasSuffix(got, "; after") || strings.HasPrefix(got, "first\n"); !before {
				t.Errorf("got %q without the words around the error", got)
			}
		}
	}
}

// closedPort returns an address on which no program listens.
func closedPort(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// Two errors of the system in one text each have their sentence.
func TestTextOfTwo(t *testing.T) {
	_, none := os.Open("none")
	got := Text(errors.Join(none, &net.OpError{Op: "write", Err: net.ErrClosed}))
	for _, want := range []string{"no file or folder none", "\nthe connection was closed already"} {
		if !strings.Contains(got, want) {
			t.Errorf("got %q, want %q in it", got, want)
		}
	}
}

// TestNamed names files and folders as the user did, also below a folder, and other files as they are called.
func TestNamed(t *testing.T) {
	for path, want := range map[string]string{
		"./a/.tmp-123": "b", "a/.tmp-123/c/d": "b/c/d", "a/other": "a/other",
	} {
		err := Named(fmt.Errorf("writing: %w", &fs.PathError{Op: "write", Path: path, Err: syscall.ENOSPC}), "a/.tmp-", "b")
		if got := Text(err); !strings.Contains(got, want+" cannot be written, because the disk is full") {
			t.Errorf("%s: got %q, want %s", path, got, want)
		}
	}
	other := errors.New("x")
	if got := Named(other, "a", "b"); got != other {
		t.Errorf("got %v, want %v", got, other)
	}
}

// TestLines has a text below a message, and names with control characters in both.
func TestLines(t *testing.T) {
	message := "a\nb failed:" + Below("one\n\ttwo\x1b\n") + Below("")
	if got, want := Lines(message), "a\\nb failed:\n\tone\n\t\ttwo\\x1b"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
