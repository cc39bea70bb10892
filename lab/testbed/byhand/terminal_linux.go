package byhand

import (
	"os"
	"os/signal"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// Keep remembers the terminal as it is now. To restore it is to take it back
// from a shell that had it, and to undo what that left of its settings.
func (t Terminal) Keep() (restore func()) {
	settings, err := term.GetState(int(t.In.Fd()))
	if err != nil {
		return func() {} // no terminal
	}
	return func() {
		// Nothing can be done about a terminal that is gone.
		foreground(t.In, unix.Getpgrp())
		term.Restore(int(t.In.Fd()), settings)
	}
}

// foreground puts a process group in the foreground of the terminal. It does
// nothing if file is no terminal.
func foreground(file *os.File, group int) error {
	fd := int(file.Fd())
	if !term.IsTerminal(fd) {
		return nil
	}
	// A process in the background is stopped for this unless it ignores
	// SIGTTOU, which a shell must not inherit.
	signal.Ignore(unix.SIGTTOU)
	defer signal.Reset(unix.SIGTTOU)
	return unix.IoctlSetPointerInt(fd, unix.TIOCSPGRP, group)
}
