// What only looks wrong. Each of these is named, with the reason why it is not,
// so that nobody who sees it has to wonder.

package baseline

import (
	"fmt"
	"time"

	"ftplab/lab/analysis/ftp"
)

var looksRules = []Rule{
	{
		Name: "looks-like-a-scan", Theme: "looks wrong, is not",
		Says:     "Calls from port 20 to one client port after the other are data connections, if each was announced.",
		Source:   "Frederick 2001 (F9)",
		Severity: Note,
		Matters:  "The SYNs alone look like a port scan of the client; each of them answers a PORT or EPRT.",
		Innocent: "each port was announced, as here.",
		look:     looksLikeScan,
	},
	{
		Name: "fin-before-its-data", Theme: "looks wrong, is not",
		Says:     "A FIN may arrive before the data that it ends.",
		Source:   "Frederick 2001 (F14); RFC 9293, 3.10.7.4",
		Severity: Note,
		Matters:  "The network changed the order; the receiver waits for the data, and nothing is lost.",
		Innocent: "the data came after it, as here.",
		look:     finBeforeData,
	},
	{
		Name: "226-before-the-end", Theme: "looks wrong, is not",
		Says:     "226 may overtake the end of the data.",
		Source:   "RFC 959, 3.4.1 and 5.4",
		Severity: Note,
		Matters:  "The server has handed all data to its TCP and says so; the two connections know nothing of each other's order.",
		Innocent: "the data connection still ends as it should, as here.",
		look:     early226,
	},
	{
		Name: "reset-after-quit", Theme: "looks wrong, is not",
		Says:     "A client that does not wait for 221 makes its TCP answer 221 with a RST.",
		Source:   "RFC 9293, 3.6; RFC 959, 4.1.1 (QUIT)",
		Severity: Note,
		Matters:  "Nothing was lost: all had been said.",
		Innocent: "QUIT had been sent before, as here.",
		look:     resetAfterQuit,
	},
	{
		Name: "server-hung-up", Theme: "looks wrong, is not",
		Says:     "A server ends a session that has been idle for long, with 421.",
		Source:   "RFC 959, 5.4; RFC 1123, 4.1.3.2",
		Severity: Note,
		Matters:  "Nobody asked, and yet the server speaks and closes.",
		Innocent: "the session was idle, or the server had no room, as 421 says.",
		look:     hungUp,
	},
	{
		Name: "session-without-farewell", Theme: "looks wrong, is not",
		Says:     "A session ends with QUIT and 221, and then both sides close with FIN.",
		Source:   "RFC 959, 4.1.1 (QUIT); RFC 9293, 3.6",
		Severity: Note,
		Matters:  "A session that just stops may have been broken off.",
		Innocent: "the program was closed, the network failed, or the capture was stopped before.",
		look:     noFarewell,
	},
}

// scanLength is how many neighbouring ports look like a scan.
const scanLength = 5

func looksLikeScan(e *Evidence) []breach {
	var found []breach
	var row []*ftp.Connection
	flush := func() {
		if len(row) >= scanLength {
			b := breach{
				observed: fmt.Sprintf("%s called the ports %d to %d of %s, one after the other; each was announced", row[0].Server, row[0].Client.Port(), row[len(row)-1].Client.Port(), row[0].Client.Addr()),
				filter:   fmt.Sprintf("tcp.flags.syn == 1 && %s", between(row[0].Client.Addr(), row[0].Server.Addr())),
			}
			for _, c := range row {
				b.packets = append(b.packets, c.FirstPacket)
			}
			found = append(found, b)
		}
		row = nil
	}
	for _, c := range e.dataConnections(ftp.Active) {
		if n := len(row); n > 0 && !follows(c, row[n-1]) {
			flush()
		}
		row = append(row, c)
	}
	flush()
	return found
}

// follows reports whether two active data connections look like two steps of a
// scan.
func follows(c, before *ftp.Connection) bool {
	step := int(c.Client.Port()) - int(before.Client.Port())
	return c.Client.Addr() == before.Client.Addr() && step > 0 && step <= 2 &&
		time.Duration(c.FirstTime-before.FirstTime) < time.Minute
}

func finBeforeData(e *Evidence) []breach {
	var found []breach
	for c := range e.Connections() {
		for _, side := range []ftp.Side{ftp.Client, ftp.Server} {
			f := c.Flow(side)
			if c.Role == ftp.Other || f.FIN == 0 || f.FIN >= f.LastData || f.Retransmissions > 0 || f.OutOfOrder == 0 {
				continue
			}
			found = append(found, breach{
				packets:  []int{f.FIN, f.LastData},
				observed: fmt.Sprintf("the FIN of the %s came in frame %d, its last data in frame %d", side, f.FIN, f.LastData),
				filter:   stream(c.ID) + " && (tcp.flags.fin == 1 || tcp.analysis.out_of_order)",
			})
		}
	}
	return found
}

func early226(e *Evidence) []breach {
	b := breach{}
	for _, c := range e.dataConnections("") {
		x := e.transfer(c)
		if x == nil || !completed(x) {
			continue
		}
		_, at := answer(x)
		if fin := c.Flow(x.Sender()).FIN; fin > at {
			b.packets = append(b.packets, at, fin)
			if b.observed == "" {
				b.observed = fmt.Sprintf("226 in frame %d, the FIN of the data in frame %d", at, fin)
			}
		}
	}
	if b.packets == nil {
		return nil
	}
	if n := len(b.packets) / 2; n > 1 {
		b.observed += fmt.Sprintf("; %d transfers in all", n)
	}
	return []breach{b}
}

func resetAfterQuit(e *Evidence) []breach {
	var found []breach
	for _, s := range e.sessions {
		if c := s.Control; s.said("QUIT") && c.ResetBy == ftp.Client {
			found = append(found, breach{
				packets:  []int{c.ClientFlow.RST},
				observed: fmt.Sprintf("%s sent QUIT, closed, and reset the connection in frame %d", c.Client, c.ClientFlow.RST),
				filter:   s.filter("(ftp.request.command == \"QUIT\" || tcp.flags.reset == 1)"),
			})
		}
	}
	return found
}

func hungUp(e *Evidence) []breach {
	var found []breach
	for _, s := range e.sessions {
		for _, r := range s.Unsolicited {
			if r.Code == 421 {
				found = append(found, breach{
					packets:  []int{r.Packet},
					observed: "the server said " + show(r.Lines[0].Text),
					filter:   s.filter("ftp.response.code == 421"),
				})
			}
		}
	}
	return found
}

func noFarewell(e *Evidence) []breach {
	var found []breach
	for _, s := range e.sessions {
		c := s.Control
		over := max(c.ClientFlow.FIN, c.ServerFlow.FIN, c.ClientFlow.RST, c.ServerFlow.RST)
		if over == 0 || s.TLS || s.said("QUIT") || s.dismissed() {
			continue
		}
		found = append(found, breach{
			packets:  []int{over},
			observed: fmt.Sprintf("the session of %s ended without QUIT", c.Client),
			filter:   s.filter("(tcp.flags.fin == 1 || tcp.flags.reset == 1)"),
		})
	}
	return found
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
