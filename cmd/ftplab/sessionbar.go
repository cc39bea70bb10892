package main

import (
	"io"
	"time"

	"github.com/schollz/progressbar/v3"
)

// newSessionBar returns a function to call after each session that was generated, and one to
// call at the end. On a terminal they show how many sessions there are so far.
func newSessionBar(w io.Writer, sessions int) (made func(int), end func()) {
	if !isTerminal(w) {
		return nil, func() {}
	}
	bar := progressbar.NewOptions(sessions, progressbar.OptionSetWriter(w), progressbar.OptionSetItsString("sessions"),
		progressbar.OptionShowIts(), progressbar.OptionClearOnFinish(), progressbar.OptionThrottle(time.Second/5), progressbar.OptionSetRenderBlankState(true))
	return func(int) { bar.Add(1) }, func() { bar.Clear() }
}
