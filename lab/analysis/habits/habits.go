// Package habits finds in a capture the differences between FTP programs that all
// follow the standard: how they announce data connections, when the first reply of a
// transfer comes, who closes first, and who resets.
package habits

import (
	"slices"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
)

// Habits are those of the two programs of a capture. Each has all values that were
// seen, in the order in which they came first, without doubles.
type Habits struct {
	BeforeLogin []string // commands before USER, such as AUTH and FEAT
	Announced   []string // how data connections were announced: PASV, EPSV, PORT, EPRT
	Refused     []string // announcements that the server refused
	Listing     []string // commands that list: LIST, NLST, MLSD
	Preliminary []string // where the 1xx reply stands to the data connection's SYN: before, after
	DataPort    []string // the server's port of active data connections: 20, or other
	DataEnd     []string // whose FIN or reset was the first on a data connection
	ControlEnd  []string // the same on the control connection; see afterQuit
	Resets      []string // who reset what: "client, data"
}

// Of finds the habits in a capture. The error is that of reading it.
func Of(c *capture.Capture) (Habits, error) {
	var h Habits
	for s := range c.Sessions() {
		h.addSession(s)
		for _, x := range s.Exchanges {
			for _, id := range x.Data {
				h.addTransfer(x, c.Connection(id))
			}
		}
	}
	return h, c.Err()
}

// add adds a value that is not there yet.
func add(values *[]string, value string) {
	if value != "" && !slices.Contains(*values, value) {
		*values = append(*values, value)
	}
}

func (h *Habits) addSession(s *ftp.Session) {
	loggedIn := false
	for _, x := range s.Exchanges {
		switch x.Command {
		case "USER":
			loggedIn = true
		case "LIST", "NLST", "MLSD":
			add(&h.Listing, x.Command)
		case "PORT", "EPRT", "PASV", "EPSV":
			if x.Final() >= 400 {
				add(&h.Refused, x.Command)
			} else {
				add(&h.Announced, x.Command)
			}
		}
		if !loggedIn {
			add(&h.BeforeLogin, x.Command)
		}
	}
	if endsAfterQuit(s) {
		add(&h.ControlEnd, afterQuit)
	} else {
		add(&h.ControlEnd, firstToEnd(s.Control))
	}
	h.addReset(s.Control, "control")
}

// addTransfer notes how the data connection of a command began and ended.
func (h *Habits) addTransfer(x *ftp.Exchange, c *ftp.Connection) {
	if len(x.Replies) > 0 && x.Replies[0].Code < 200 && c.OpenedBy != "" {
		place := "after"
		if x.Replies[0].FirstPacket < c.Flow(c.OpenedBy).SYN {
			place = "before"
		}
		add(&h.Preliminary, place)
	}
	if c.Mode == ftp.Active {
		port := "other"
		if c.Server.Port() == 20 {
			port = "20"
		}
		add(&h.DataPort, port)
	}
	add(&h.DataEnd, firstToEnd(c))
	h.addReset(c, "data")
}

// firstToEnd is the side that ended a connection: whose FIN or reset came first.
func firstToEnd(c *ftp.Connection) string {
	if c.FirstFIN == "" && c.ResetBy != "" {
		return string(c.ResetBy) + ", by a reset"
	}
	return string(c.FirstFIN)
}

// afterQuit is the end of a control connection whose FINs come after 221 (or in its packet), the reply
// to QUIT. Both programs close then. Whose FIN is the first is chance, and no habit: the same two
// programs do it differently the next time.
const afterQuit = "either, after 221"

// endsAfterQuit reports whether the first FIN of the control connection comes after the reply to QUIT.
func endsAfterQuit(s *ftp.Session) bool {
	c := s.Control
	return c.FirstFIN != "" && slices.ContainsFunc(s.Exchanges, func(x *ftp.Exchange) bool {
		return x.Command == "QUIT" && x.Final() == 221 && x.Replies[len(x.Replies)-1].Packet <= c.Flow(c.FirstFIN).FIN
	})
}

func (h *Habits) addReset(c *ftp.Connection, what string) {
	if c.ResetBy != "" {
		add(&h.Resets, string(c.ResetBy)+", "+what)
	}
}
