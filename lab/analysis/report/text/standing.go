// Where a dialogue stands that does not go on.

package text

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
)

// Standing says with which line the dialogue of a client ends, and what its last command still
// waits for: for a session that came to a standstill. If a NAT hides that end of the client from
// the capture, it says so of the last dialogue. It is "" if no dialogue can be read, or if another
// one went on at the same time as the last one, because then it may be that one.
func Standing(c *capture.Capture, client netip.AddrPort) string {
	last, alone := lastSession(c, client)
	switch {
	case last == nil || !alone:
		return ""
	case last.Protection != nil:
		return "the dialogue is protected by " + last.Protection.String() + ", and cannot be read"
	case last.Hidden:
		return "the dialogue goes on in TLS, which cannot be read"
	}
	line := last.Lines[len(last.Lines)-1]
	text := fmt.Sprintf("the dialogue ends with the %s's %q, in frame %d", line.From, line.Text, line.Packet)
	if code, _, more := strings.Cut(line.Text, "-"); more && line.From == ftp.Server && len(code) == 3 && strings.Trim(code, "0123456789") == "" {
		return text + fmt.Sprintf("; the last line of this reply, which begins with %q, is missing", code+" ")
	}
	if len(last.Exchanges) == 0 {
		return text
	}
	e := last.Exchanges[len(last.Exchanges)-1]
	if e.Final() != 0 {
		return text
	}
	switch {
	case len(e.Replies) > 0:
		text += fmt.Sprintf(", so %s has no final reply", e.Command)
	case line.From == ftp.Client:
		text += ", which has no reply"
	default: // to an earlier command
		text += fmt.Sprintf("; %s has no reply", e.Command)
	}
	for _, id := range e.Data {
		if data := c.Connection(id); data != nil {
			text += fmt.Sprintf("; %d bytes crossed its data connection", data.ClientFlow.Bytes+data.ServerFlow.Bytes)
		}
	}
	return text
}

// lastSession returns the last session of a client, or the last one of all if the capture does not
// have that client, and whether no other session went on at the same time as far as that matters.
func lastSession(c *capture.Capture, client netip.AddrPort) (last *ftp.Session, alone bool) {
	var own *ftp.Session
	alone = true
	for s := range c.Sessions() {
		if len(s.Lines) == 0 {
			continue
		}
		if s.Control.Client == client {
			own = s
		}
		if last == nil {
			last = s
			continue
		}
		first := last
		if s.Lines[0].Packet < first.Lines[0].Packet {
			first, s = s, first
		}
		alone = alone && end(first) < s.Lines[0].Packet
		if last = first; end(s) > end(first) {
			last = s
		}
	}
	if own != nil {
		return own, true
	}
	return last, alone
}

// end is the frame of the last line of a session.
func end(s *ftp.Session) int { return s.Lines[len(s.Lines)-1].Packet }

// LastRefusal says which command the server refused last, and how, in the sessions that began at a
// time or later; "" if it refused none.
func LastRefusal(c *capture.Capture, since time.Time) string {
	var command *ftp.Exchange
	var last *ftp.Reply
	for s := range c.Sessions() {
		if s.Control.FirstTime < since.UnixNano() {
			continue
		}
		for _, e := range s.Exchanges {
			for _, r := range e.Replies {
				if r.Code >= 400 && (last == nil || r.Packet > last.Packet) {
					command, last = e, r
				}
			}
		}
	}
	if last == nil {
		return ""
	}
	said := strings.TrimSpace(command.Command + " " + command.Argument)
	if command.Command == "PASS" {
		said = command.Command
	}
	return fmt.Sprintf("the server's last refusal was %q to %s, in frame %d", last.Lines[len(last.Lines)-1].Text, said, last.Packet)
}
