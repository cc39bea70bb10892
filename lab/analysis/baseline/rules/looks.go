// Rules about what only looks wrong. Findings of these explain why it is normal.

package rules

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/ftp"
)

var looksLikeAScanRule = Rule{
	Name: "looks-like-a-scan", Theme: "looks wrong, is not",
	Says:     "Connections from port 20 to consecutive client ports are data connections if each was announced.",
	Source:   "Frederick 2001 (F9)",
	Example:  "SYNs from port 20 to the ports 2001, 2002, 2003, 2004, 2005",
	Severity: Note,
	Matters:  "The SYNs alone look like a port scan of the client, but each follows a PORT or EPRT.",
	Innocent: "each port was announced, as here.",
	look:     looksLikeScan,
}

// scanLength is how many consecutive ports look like a scan.
const scanLength = 5

func looksLikeScan() look {
	var row portRow
	return look{
		connection: func(_ *Evidence, c *ftp.Connection) []breach {
			if !isActive(c) {
				return nil
			}
			var found []breach
			if row.n > 0 && !follows(c, &row.last) {
				found = row.end()
			}
			row.add(c)
			return found
		},
		end: func(*Evidence) []breach { return row.end() },
	}
}

// A portRow is a series of active data connections to consecutive ports.
type portRow struct {
	n           int
	first, last ftp.Connection
	packets     []int
}

func (r *portRow) add(c *ftp.Connection) {
	if r.n == 0 {
		r.first = *c
	}
	r.n, r.last, r.packets = r.n+1, *c, appendSome(r.packets, c.FirstPacket)
}

// end ends the series, and returns a breach if it is long.
func (r *portRow) end() (found []breach) {
	if r.n >= scanLength {
		found = []breach{{
			packets:  r.packets,
			observed: fmt.Sprintf("%s connected to the ports %d to %d of %s, one after another; each was announced", r.first.Server, r.first.Client.Port(), r.last.Client.Port(), r.first.Client.Addr()),
		}}
	}
	*r = portRow{}
	return found
}

// follows reports whether two active data connections look like two steps of a scan.
func follows(c, before *ftp.Connection) bool {
	step := int(c.Client.Port()) - int(before.Client.Port())
	return c.Client.Addr() == before.Client.Addr() && step > 0 && step <= 2 &&
		time.Duration(c.FirstTime-before.FirstTime) < time.Minute
}

var finBeforeItsDataRule = Rule{
	Name: "fin-before-its-data", Theme: "looks wrong, is not",
	Says:     "A FIN may arrive before the data that it follows.",
	Source:   "Frederick 2001 (F14); RFC 9293, 3.10.7.4",
	Example:  "a FIN with seq 1461, then the segment 1:1461",
	Severity: Note,
	Matters:  "The network changed the order. The receiver waits for the data, and nothing is lost.",
	Innocent: "the data arrived later, as here.",
	look:     eachConnection(finBeforeData),
}

func finBeforeData(_ *Evidence, c *ftp.Connection) []breach {
	var found []breach
	for _, side := range []ftp.Side{ftp.Client, ftp.Server} {
		f := c.Flow(side)
		if c.Role == ftp.Other || !f.FINOvertook() {
			continue
		}
		found = append(found, breach{
			packets:  []int{f.FIN, f.LastData},
			observed: fmt.Sprintf("the FIN of the %s came in frame %d, its last data in frame %d", side, f.FIN, f.LastData),
		})
	}
	return found
}

var reply226BeforeTheEndRule = Rule{
	Name: "226-before-the-end", Theme: "looks wrong, is not",
	Says:     "The reply 226 may arrive before the end of the data.",
	Source:   "RFC 959, 3.4.1 and 5.4",
	Example:  "< 226 Transfer complete, then the last segment of the data",
	Severity: Note,
	Matters:  "A server that sends 226 has usually passed all data to its TCP. Nothing keeps the order of two connections.",
	Innocent: "the data connection still ends as it should. A pause before the rest of the data shows that the server sent 226 too early.",
	look:     early226,
}

// early226 makes one breach of all transfers.
func early226() look {
	type pair struct{ id, answer, fin int }
	var early []pair
	return look{
		data: func(_ *Evidence, s *session, c *ftp.Connection) []breach {
			x := s.transfer(c)
			if c.DataPort == nil || x == nil || !evidence.Completed(x) {
				return nil
			}
			_, at := evidence.Answer(x)
			if fin := c.Flow(x.Sender()).FIN; fin > at {
				early = append(early, pair{c.ID, at, fin})
			}
			return nil
		},
		end: func(*Evidence) []breach {
			if early == nil {
				return nil
			}
			slices.SortStableFunc(early, func(a, b pair) int { return cmp.Compare(a.id, b.id) })
			b := breach{observed: fmt.Sprintf("226 came in frame %d, the FIN of the data in frame %d", early[0].answer, early[0].fin)}
			if n := len(early); n > 1 {
				b.observed += fmt.Sprintf("; %d transfers in all", n)
			}
			for _, p := range early {
				b.packets = append(b.packets, p.answer, p.fin)
			}
			return []breach{b}
		},
	}
}

var resetAfterQuitRule = Rule{
	Name: "reset-after-quit", Theme: "looks wrong, is not",
	Says:     "If a client does not wait for 221, its TCP answers 221 with a RST.",
	Source:   "RFC 9293, 3.6; RFC 959, 4.1.1 (QUIT)",
	Example:  "> QUIT, FIN of the client, < 221, RST of the client",
	Severity: Note,
	Matters:  "Nothing is lost: the dialogue was over.",
	Innocent: "the client had sent QUIT before, as here.",
	look:     eachSession(resetAfterQuit),
}

func resetAfterQuit(_ *Evidence, s *session) []breach {
	c := s.Control
	if !s.Said("QUIT") || c.ResetBy != ftp.Client {
		return nil
	}
	return []breach{{
		packets:  []int{c.ClientFlow.RST},
		observed: fmt.Sprintf("%s sent QUIT, closed, and reset the connection in frame %d", c.Client, c.ClientFlow.RST),
	}}
}

var serverHungUpRule = Rule{
	Name: "server-hung-up", Theme: "looks wrong, is not",
	Says:     "A server ends a session that was idle for long with 421.",
	Source:   "RFC 959, 5.4; RFC 1123, 4.1.3.2",
	Example:  "five minutes of silence, then < 421 Timeout",
	Severity: Note,
	Matters:  "The server speaks and closes although no command waits.",
	Innocent: "the session was idle, or the server had no capacity, as 421 says.",
	look:     eachSession(hungUp),
}

func hungUp(_ *Evidence, s *session) []breach {
	var found []breach
	for _, r := range s.Unsolicited {
		if r.Code == 421 {
			found = append(found, breach{
				packets:  []int{r.Packet},
				observed: "the server said " + wording.Quote(r.Lines[0].Text),
			})
		}
	}
	return found
}

var sessionWithoutQuitRule = Rule{
	Name: "session-without-quit", Theme: "looks wrong, is not",
	Says:     "A session ends with QUIT and 221, and then both sides close with FIN.",
	Source:   "RFC 959, 4.1.1 (QUIT); RFC 9293, 3.6",
	Example:  "FIN of the client without > QUIT",
	Severity: Note,
	Matters:  "A session that just stops may have been interrupted.",
	Innocent: "the program was closed, the network failed, or the capture ended earlier.",
	look:     eachSession(noQuit),
}

func noQuit(_ *Evidence, s *session) []breach {
	c := s.Control
	over := max(c.ClientFlow.FIN, c.ServerFlow.FIN, c.ClientFlow.RST, c.ServerFlow.RST)
	if over == 0 || s.Hidden || s.Said("QUIT") || s.dismissed() {
		return nil
	}
	return []breach{{
		packets:  []int{over},
		observed: fmt.Sprintf("the session of %s ended without QUIT", c.Client),
	}}
}

// dismissed reports whether the server ended the session.
func (s *session) dismissed() bool {
	for _, r := range s.replies() {
		if r.Code == 421 || r.Code == 221 {
			return true
		}
	}
	return false
}
