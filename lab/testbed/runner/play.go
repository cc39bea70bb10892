// Package runner plays a scenario: inside a cell it builds the network, starts
// the server, and takes the scenario's steps one after the other, while the
// network records every frame.
//
// It judges what the players themselves can tell: whether the server said yes
// where the scenario counts on a yes, whether every step ended in its time,
// whether what a transfer brought is what was sent. What crossed the network
// is judged later, from the capture alone.
package runner

import (
	"fmt"
	"os"

	"ftplab/lab/pcapng"
	"ftplab/lab/scenario"
)

// A Recording is where the capture goes.
type Recording struct {
	File   *os.File
	Format pcapng.Format
	Info   pcapng.Info
	Shared bool   // the loopback device is not the cell's own
	Files  string // a folder for the files of a server that is a program
}

// Progress says how far the transfers are.
type Progress struct {
	Bytes int64 // of data, so far
}

// An Outcome is how a scenario went, as its players saw it.
type Outcome struct {
	Frames   int // recorded
	Failures []Failure
	Stalls   []Stall
}

// A Stall is a time in which the machine did not let this program run, such as
// one that had other things to do, or was itself a guest that was stopped. In it
// packets waited that would otherwise have been sent, or passed on.
type Stall struct {
	At      float64 `json:"at"`      // seconds since the play began
	Seconds float64 `json:"seconds"` // that it lasted
}

// A Failure is something that is not as the scenario says.
type Failure struct {
	Line    int    `json:"line,omitempty"` // of the scenario file; 0 is none in particular
	Message string `json:"message"`
}

// In is the failure as a compiler prints it: file:line: message.
func (f Failure) In(file string) string {
	if f.Line == 0 {
		return fmt.Sprintf("%s: %s", file, f.Message)
	}
	return fmt.Sprintf("%s:%d: %s", file, f.Line, f.Message)
}

// InPlace reports whether a scenario can be played on a network that is not
// the cell's own: on the loopback device as it is.
func InPlace(s *scenario.Scenario) bool { return s.Network.Kind == scenario.Loopback }
