package main

import (
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// newSessionBar returns what is called after each session that was generated, and what is
// called at the end. On a terminal they show how far it is.
func newSessionBar(w io.Writer, sessions int) (made func(int), end func()) {
	file, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return nil, func() {}
	}
	bar := progressbar.NewOptions(sessions, progressbar.OptionSetWriter(w), progressbar.OptionSetItsString("sessions"),
		progressbar.OptionShowIts(), progressbar.OptionClearOnFinish(), progressbar.OptionThrottle(time.Second/5), progressbar.OptionSetRenderBlankState(true))
	return func(int) { bar.Add(1) }, func() { bar.Clear() }
}
