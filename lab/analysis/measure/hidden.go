// What cannot be measured, because it is in TLS that cannot be read.

package measure

import (
	"fmt"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
)

// A hiddenError says that what a figure asks for is in TLS that cannot be read.
type hiddenError struct {
	what string // "connection 0", or what it carries
	from int    // the packet of the first record that cannot be read
	why  string
	hint string // what would help, "" for nothing
}

func (e *hiddenError) Error() string {
	return fmt.Sprintf("from frame %d on %s is in TLS that cannot be read (%s)%s", e.from, e.what, e.why, e.hint)
}

func newHiddenError(what string, t *ftp.TLSLayer) error {
	side := ftp.Client
	if f := t.Flow(ftp.Client); f.HiddenFrom != t.HiddenFrom() {
		side = ftp.Server
	}
	hint := ""
	if t.LacksKeys(side) {
		hint = "; --keylog FILE reads a file with the keys"
	}
	return &hiddenError{what, t.HiddenFrom(), t.WhyHidden(side), hint}
}

// hiddenContent is the error for what a data connection carries in TLS.
func hiddenContent(c *ftp.Connection) error {
	return newHiddenError(fmt.Sprintf("what connection %d carries", c.ID), c.TLS)
}

// hiddenDialogues are the TLS layers of the dialogues that can be read only in part, by the
// ID of the control connection.
type hiddenDialogues map[int]*ftp.TLSLayer

// find finds them in a capture.
func (h *hiddenDialogues) find(c *capture.Capture) {
	if !c.AnyHidden() {
		return
	}
	*h = hiddenDialogues{}
	for s := range c.Sessions() {
		if s.Hidden && s.Layer != nil {
			(*h)[s.Control.ID] = s.Layer
		}
	}
}

// of returns an error if the dialogue of a control connection cannot be read as a whole.
func (h hiddenDialogues) of(control int) error {
	if t := h[control]; t != nil {
		return newHiddenError(fmt.Sprintf("the dialogue of connection %d", control), t)
	}
	return nil
}

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
