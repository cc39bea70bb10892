package main

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A terminal is a terminal emulator's end of a terminal, with a person that
// reads and types.
type terminal struct {
	t      *testing.T
	master *os.File
	cmd    *exec.Cmd

	mu      sync.Mutex
	changed chan struct{} // closed, and made anew, when there is more output
	output  []byte
	read    int // how much of the output was looked at
	closed  bool
}

// Sizes of a terminal, in characters.
const rows, columns = 33, 111

// startTerminal starts a program in a terminal of its own, as the leader of its
// session. What is left of it is hung up on when the test ends.
func startTerminal(t *testing.T, cmd *exec.Cmd) *terminal {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	slave := openSlave(t, master)
	defer slave.Close()
	setSize(t, master, rows, columns)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setsid, cmd.SysProcAttr.Setctty = true, true
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP) // the program does not ignore them, even if nohup started the tests
	defer signal.Stop(hangups)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	term := &terminal{t: t, master: master, cmd: cmd, changed: make(chan struct{})}
	go term.collect()
	t.Cleanup(func() {
		if cmd.ProcessState == nil {
			cmd.Process.Kill()
			cmd.Wait()
		}
		master.Close()
	})
	return term
}

// openSlave opens the program's end of a terminal.
func openSlave(t *testing.T, master *os.File) *os.File {
	t.Helper()
	var number int
	control(t, master, func(fd int) (err error) {
		if err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err == nil {
			number, err = unix.IoctlGetInt(fd, unix.TIOCGPTN)
		}
		return err
	})
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return slave
}

// setSize gives a terminal a size, in characters, as resizing its window does.
func setSize(t *testing.T, master *os.File, rows, columns uint16) {
	t.Helper()
	control(t, master, func(fd int) error {
		return unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: rows, Col: columns})
	})
}

// control calls f with a file's descriptor. (File.Fd would make reads block,
// even beyond Close.)
func control(t *testing.T, file *os.File, f func(fd int) error) {
	t.Helper()
	raw, err := file.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var failure error
	if err := raw.Control(func(fd uintptr) { failure = f(int(fd)) }); err != nil || failure != nil {
		t.Fatal(err, failure)
	}
}

// collect keeps what the programs print.
func (term *terminal) collect() {
	buffer := make([]byte, 4096)
	for {
		n, err := term.master.Read(buffer)
		term.mu.Lock()
		term.output = append(term.output, buffer[:n]...)
		term.closed = err != nil
		close(term.changed)
		term.changed = make(chan struct{})
		term.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// expect waits for output that matches, and returns what was printed up to the match. The
// test fails if that takes longer than limit.
func (term *terminal) expect(pattern string, limit time.Duration) string {
	term.t.Helper()
	want := regexp.MustCompile(pattern)
	timeout := time.After(limit)
	for {
		term.mu.Lock()
		unread := term.output[term.read:]
		found := want.FindIndex(unread)
		if found != nil {
			text := string(unread[:found[1]])
			term.read += found[1]
			term.mu.Unlock()
			return text
		}
		changed, closed := term.changed, term.closed
		term.mu.Unlock()
		if closed {
			term.t.Fatalf("the terminal was closed; got\n%s\nwant %s", unread, pattern)
		}
		select {
		case <-changed:
		case <-timeout:
			term.t.Fatalf("waited %v; got\n%s\nwant %s", limit, unread, pattern)
		}
	}
}

// enter types a line.
func (term *terminal) enter(line string) { term.press(line + "\r") }

// press presses keys.
func (term *terminal) press(keys string) {
	term.t.Helper()
	if _, err := term.master.Write([]byte(keys)); err != nil {
		term.t.Fatal(err)
	}
}

// Keys, as a terminal sends them.
const (
	controlC = "\x03"
	controlZ = "\x1a"
)

// awaitForeground waits until a program of that name leads the foreground process group, so
// that it gets a Ctrl-C.
func (term *terminal) awaitForeground(name string) {
	term.t.Helper()
	var comm []byte
	for begin := time.Now(); time.Since(begin) < soon; time.Sleep(time.Millisecond) {
		var group int
		control(term.t, term.master, func(fd int) (err error) {
			group, err = unix.IoctlGetInt(fd, unix.TIOCGPGRP)
			return err
		})
		comm, _ = os.ReadFile(fmt.Sprintf("/proc/%d/comm", group))
		if strings.TrimSpace(string(comm)) == name {
			return
		}
	}
	term.t.Fatalf("waited %v; got the program %q in the foreground, want %s", soon, comm, name)
}

// asCommand is the environment variable that makes the test binary the ftplab command.
const asCommand = "FTPLAB_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
	}
	os.Exit(m.Run())
}

// command is ftplab as a process of its own, in a folder, with a shell without a user's
// settings.
func command(folder, shell string, args ...string) *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Dir = folder
	cmd.Env = append(environ("SHELL", "PS1", "HOME", "TERM", "ENV", "BASH_ENV"),
		asCommand+"=1", "SHELL="+shell, "PS1=client# ", "HOME="+folder, "TERM=dumb")
	return cmd
}

// environ is this process's environment without some of its variables.
func environ(without ...string) []string {
	var env []string
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		keep := true
		for _, w := range without {
			keep = keep && name != w
		}
		if keep {
			env = append(env, v)
		}
	}
	return env
}
