// What cannot be measured, because it is in TLS that cannot be read, or not in the capture.

package measure

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/expect"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/tcp"
)

// An unjudgedError says that the capture does not show what a figure asks for, so it is not
// known whether the value is as wanted.
type unjudgedError struct{ error }

// IsUnjudged reports whether an error of [Values] says that the capture does not show what was asked
// for, because it lacks packets or is in TLS that cannot be read.
func IsUnjudged(err error) bool {
	_, unjudged := errors.AsType[unjudgedError](err)
	return unjudged
}

// newHiddenError returns the error for a figure about something in TLS that cannot be read:
// "connection 0", or what it carries.
func newHiddenError(what string, t *ftp.TLSLayer) error {
	side := ftp.Client
	if f := t.Flow(ftp.Client); f.HiddenFrom != t.HiddenFrom() {
		side = ftp.Server
	}
	hint := ""
	if t.LacksKeys(side) {
		hint = "; ftplab check --keylog FILE reads a file with the keys"
	}
	return unjudgedError{fmt.Errorf("from frame %d on %s is in TLS that cannot be read (%s)%s", t.HiddenFrom(), what, t.WhyHidden(side), hint)}
}

// hiddenContent is the error for what a data connection carries in TLS.
func hiddenContent(c *ftp.Connection) error {
	return newHiddenError(fmt.Sprintf("what connection %d carries", c.ID), c.TLS)
}

// hiddenDialogues are the dialogues that can be read only in part, by the ID of the control
// connection.
type hiddenDialogues map[int]hiddenDialogue

// A hiddenDialogue cannot be read from a packet on, as its error says.
type hiddenDialogue struct {
	from int
	err  error
}

// find finds them in a capture.
func (h *hiddenDialogues) find(c *capture.Capture) {
	if !c.AnyHidden() {
		return
	}
	*h = hiddenDialogues{}
	for s := range c.Sessions() {
		what := fmt.Sprintf("the dialogue of connection %d", s.Control.ID)
		switch p := s.Protection; {
		case p != nil:
			(*h)[s.Control.ID] = hiddenDialogue{p.From, unjudgedError{fmt.Errorf("from frame %d on %s is protected by %s, and cannot be read", p.From, what, p)}}
		case s.Hidden && s.Layer != nil:
			(*h)[s.Control.ID] = hiddenDialogue{s.Layer.HiddenFrom(), newHiddenError(what, s.Layer)}
		}
	}
}

// of returns an error if the dialogue of a control connection cannot be read as a whole.
func (h hiddenDialogues) of(control int) error { return h[control].err }

// any returns an error if there is a dialogue that cannot be read as a whole.
func (h hiddenDialogues) any() error {
	first := -1
	for id := range h {
		if first < 0 || id < first {
			first = id
		}
	}
	return h.of(first)
}

// lacks reports whether the capture lacks bytes of one direction of a connection.
func lacks(f *tcp.Flow) bool { return f.Missing > 0 || f.CutShort > 0 }

// unrecorded is the error for a dialogue that lacks bytes.
func unrecorded(control int) error {
	return unjudgedError{fmt.Errorf("not all bytes of the dialogue of connection %d are in the capture", control)}
}

// optionsCut is the error for a SYN without an option that the recorder may have cut off, nil if it has
// all of its options.
func optionsCut(syn *expect.Frame) error {
	if !syn.OptionsCut {
		return nil
	}
	return unjudgedError{fmt.Errorf("the recorder did not keep all TCP options of frame %d", syn.Number)}
}

// unknownSides returns an error if an earlier dialogue that the capture does not show as a whole may
// announce the connection: an announcement says which side is the client.
func (s *scope) unknownSides() error {
	if s.conn == nil || s.conn.Role != ftp.Other || !s.ofSides() {
		return nil
	}
	for _, id := range s.capture.lacking {
		if id < s.conn.ID || id > s.conn.ID && s.capture.begunBefore != "" {
			return unrecorded(id)
		}
	}
	return s.capture.hidden.any()
}

// ofSides reports whether a figure depends on which side is the client.
func (s subject) ofSides() bool {
	name := s.measurement.name
	return strings.Contains(name, "SIDE") || len(wordsOf[name]) > 0 && wordsOf[name][0] == string(ftp.Client)
}

// unread returns an error if the capture does not show all of the dialogue of a control
// connection.
func (s *survey) unread(control int) error {
	err := s.hidden.of(control)
	if err == nil && slices.Contains(s.lacking, control) {
		err = unrecorded(control)
	}
	return err
}
