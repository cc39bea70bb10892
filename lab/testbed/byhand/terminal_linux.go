package byhand

import (
	"os"
	"os/signal"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// Keep saves the state of the terminal: its settings and its foreground process
// group. Restore sets them again after a shell has changed them.
func (t Terminal) Keep() (restore func()) {
	settings, err := term.GetState(int(t.In.Fd()))
	if err != nil {
		return func() {} // not a terminal
	}
	return func() {
		// If the terminal is gone, there is nothing to restore.
		foreground(t.In, unix.Getpgrp())
		term.Restore(int(t.In.Fd()), settings)
	}
}

// foreground puts a process group in the foreground of the terminal. It does
// nothing if file is not a terminal.
func foreground(file *os.File, group int) error {
	fd := int(file.Fd())
	if !term.IsTerminal(fd) {
		return nil
	}
	// This call stops a process in the background unless it ignores SIGTTOU,
	// which a shell must not inherit.
	signal.Ignore(unix.SIGTTOU)
	defer signal.Reset(unix.SIGTTOU)
	return unix.IoctlSetPointerInt(fd, unix.TIOCSPGRP, group)
}
