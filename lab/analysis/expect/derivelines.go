// The lines of a connection are written from its elements.

package expect

import (
	"fmt"
	"regexp"
	"strings"

	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
)

// lines writes the lines of a TCP connection.
func (d *deriver) lines(t *derived) {
	if d.opaque(t) {
		t.skip("not a dialogue that can be read")
		return
	}
	handshake := 0
	var before *element // the one that the last line is about
	hurried := false    // the client closed without the answer to its last command
	for i := range t.elements {
		e := &t.elements[i]
		switch {
		case e.kind == elementACK && handshake == 2 && !t.declaration.lossy:
			t.add(e, "[.]", "")
			handshake = 3
			continue
		case e.kind == elementACK || e.kind == elementRepeat && t.declaration.lossy:
			continue
		case e.kind == elementRST:
			t.resetLines(e)
			return
		case handshake == 3 && t.conn.ResetBy != "" && t.lastWords(i) && t.reset(i) != nil:
			t.resetLines(t.reset(i)) // among what crosses on the way, the order is chance
			return
		case e.kind == elementBytes && t.conn.TLS != nil:
			t.skip("in TLS, whose records have other lengths in each session")
			return
		case e.kind == elementBytes && d.aborted(t):
			t.skip("however much came before the end")
			return
		case e.kind == elementBytes && t.inTLS(e) && t.texts[e.dir()][e.start] == nil:
			if t.skipTLS() {
				before = nil
			}
			continue
		case e.kind == elementBytes && e.start < 0:
			t.skip("bytes from in front of where the stream begins")
			continue
		}
		if e.kind == elementSYN {
			handshake++
		}
		l := d.elementLine(t, e)
		l.joined = before != nil && (hurried || t.crossed(before, e) || t.overlaps(e))
		hurried = hurried || before != nil && t.hangsUp(before, e)
		before = e
		if t.inTLS(e) {
			t.skipTLS()
			before = nil
		}
	}
}

// inTLS reports whether an element comes when the dialogue has gone on in TLS: then
// records without a line of it may come anywhere, such as session tickets.
func (t *derived) inTLS(e *element) bool {
	s := t.capture.sessions[t.conn.ID]
	return s != nil && s.TLS && t.capture.frames[e.frame].Number >= s.TLSFrom
}

// skipTLS skips such records, unless they are already.
func (t *derived) skipTLS() bool {
	if n := len(t.lines); n > 0 && t.lines[n-1].what == "..." {
		return false
	}
	t.skip("")
	return true
}

// opaque reports whether a connection cannot be written: the capture does not
// show all of it, or it is no FTP.
func (d *deriver) opaque(t *derived) bool {
	if t.conn.Role == ftp.Other || t.conn.Missing() > 0 {
		return true
	}
	s := t.capture.sessions[t.conn.ID]
	return s != nil && s.TLS && s.Hidden
}

// aborted reports whether a data connection's transfer did not end well, so that
// the number of bytes is chance.
func (d *deriver) aborted(t *derived) bool {
	if t.conn.Role != ftp.Data {
		return false
	}
	x := t.conn.Transfer
	return x == nil || t.conn.ResetBy != "" || x.Reply < 200 || x.Reply >= 300 || d.interrupted[t.conn.ID]
}

// crossed reports whether the packets of two neighbours in opposite directions
// crossed on their way, or could: the second does not acknowledge the first, or
// both are the FINs of a dialogue, which both sides end on their own.
func (t *derived) crossed(x, y *element) bool {
	if x.fromA == y.fromA {
		return false
	}
	if x.kind == elementFIN && y.kind == elementFIN && t.conn.Role == ftp.Control {
		return true
	}
	return t.capture.frames[y.frame].Ack < x.end
}

// hangsUp reports whether an element is the FIN of a client that has just sent a
// command: the answer to that may cross it.
func (t *derived) hangsUp(before, e *element) bool {
	return e.kind == elementFIN && t.conn.Role == ftp.Control && t.sender(e) == ftp.Client && before.kind == elementBytes && before.fromA == e.fromA
}

// sender is the side that an element comes from.
func (t *derived) sender(e *element) ftp.Side {
	if e.fromA {
		return t.a
	}
	return t.a.Other()
}

// crossing returns the packets between which commands and replies of a dialogue cross:
// from a command that came before the last one was done, up to the end of what the server
// still said of that.
func crossing(s *ftp.Session) (packets [2]int) {
	if s == nil {
		return packets
	}
	for i, x := range s.Exchanges {
		if i > 0 && interrupts(x, s.Exchanges[i-1]) {
			replies := s.Exchanges[i-1].Replies
			return [2]int{x.Packet, replies[len(replies)-1].Packet}
		}
	}
	return packets
}

// overlaps reports whether an element is part of such a dialogue: whatever the server still
// said may come before the command, or behind it.
func (t *derived) overlaps(e *element) bool {
	number := t.capture.frames[e.frame].Number
	return number > t.overlap[0] && number <= t.overlap[1]
}

// add adds a line about an element.
func (t *derived) add(e *element, what, comment string) *derivedLine {
	_, direction, _ := strings.Cut(t.direction(e.fromA), "  ")
	l := &derivedLine{place: e.place, frame: e.frame, what: direction + "  " + what, comment: comment}
	t.lines = append(t.lines, l)
	return l
}

// lastWords reports whether the side that resets the connection says nothing more
// from the i-th element on.
func (t *derived) lastWords(i int) bool {
	for _, e := range t.elements[i:] {
		if e.kind == elementBytes && t.sender(&e) == t.conn.ResetBy {
			return false
		}
	}
	return true
}

// reset returns the first reset from the i-th element on, nil if there is none.
func (t *derived) reset(i int) *element {
	for ; i < len(t.elements); i++ {
		if t.elements[i].kind == elementRST {
			return &t.elements[i]
		}
	}
	return nil
}

// resetLines writes that a reset comes, and whatever else.
func (t *derived) resetLines(e *element) {
	t.skip("")
	flags := t.capture.frames[e.frame].Flags &^ packet.PSH
	t.add(e, flagString(flags), "a reset: its sender has closed already, or gives up")
	t.skip("")
}

// elementLine writes the line of a SYN, of bytes or of a FIN.
func (d *deriver) elementLine(t *derived, e *element) *derivedLine {
	data := t.conn.Role == ftp.Data
	f := &t.capture.frames[e.frame]
	switch {
	case e.kind == elementSYN:
		return t.add(e, flagString(f.Flags), t.synComment(f))
	case e.kind == elementFIN && data && e.fromA == t.sends():
		return t.add(e, fmt.Sprintf("[F.] seq %d", e.start), "the end of the file is this FIN")
	case e.kind == elementFIN && data:
		return t.add(e, fmt.Sprintf("[F.] seq %d", e.start), "")
	case e.kind == elementFIN:
		return t.add(e, "[F.]", "")
	}
	if text := t.texts[e.dir()][e.start]; text != nil && text.End == e.end && text.Complete {
		what, comment := d.saying(text)
		if t.inTLS(e) && strings.HasPrefix(text.Text, "PASS") {
			comment = "inside TLS: nobody on the way can read it"
		}
		return t.add(e, what, comment)
	}
	what := fmt.Sprintf("seq %d:%d", e.start, e.end)
	if !data {
		return t.add(e, what, "")
	}
	return t.add(e, what, fmt.Sprintf("%d bytes", e.end-e.start))
}

// sends reports whether the end that opened a data connection is the one that
// sends: the server, unless the client stores.
func (t *derived) sends() bool { return t.conn.Flow(t.a).Bytes > 0 || t.a == ftp.Server }

func (t *derived) synComment(f *Frame) string {
	switch {
	case f.Has(packet.ACK):
		return ""
	case t.conn.Role == ftp.Control:
		return "the client opens the control connection"
	case t.conn.Mode == ftp.Active:
		return "the server calls the client, at the announced port"
	case t.conn.Mode == ftp.Passive:
		return "the client calls the server, at the announced port"
	}
	return ""
}

// commandComments explain commands and replies.
var commandComments = map[string]string{
	"USER": "who it is", "PASS": "in clear: anybody on the way can read it",
	"PORT": "the last two numbers are a port: call me there", "EPRT": "call me at this address and port",
	"PASV": "where may I call?", "EPSV": "at which port may I call?",
	"LIST": "the listing comes over a connection of its own", "RETR": "the file comes over a connection of its own",
	"STOR": "the file goes over a connection of its own",
	"QUIT": "", "220": "the server speaks first",
	"227": "the last two numbers are the port", "229": "the port stands between the bars",
	"150": "the data connection is about to be used", "226": "done: it may come before or behind the last packets of the data",
}

// saying writes a line of dialogue, without what another run would say
// otherwise.
func (d *deriver) saying(l *ftp.Line) (what, comment string) {
	word, _, _ := strings.Cut(l.Text, " ")
	word = strings.ToUpper(word)
	if l.From == ftp.Client && word == "PASS" {
		return `"PASS *"`, commandComments[word]
	}
	return `"` + generalise(escape(l.Text)) + `"`, commandComments[word]
}

var (
	hostPort  = regexp.MustCompile(`(\d+,\d+,\d+,\d+),(\d+),(\d+)`)
	extended  = regexp.MustCompile(`\|(\d+)\|`)
	timestamp = regexp.MustCompile(`\d{12,}(\.\d+)?|\d+:\d\d(:\d\d)?|\b\d+\.\d+\b`)
	dotted    = regexp.MustCompile(`\d+\.\d+\.\d+`)
)

// generalise puts a star for ports that the kernel chose and for times.
func generalise(text string) string {
	text = hostPort.ReplaceAllStringFunc(text, func(s string) string {
		m := hostPort.FindStringSubmatch(s)
		if portOf(m[2], m[3]) >= firstEphemeral {
			return m[1] + ",*"
		}
		return s
	})
	text = extended.ReplaceAllStringFunc(text, func(s string) string {
		if portOf("0", strings.Trim(s, "|")) >= firstEphemeral {
			return "|*|"
		}
		return s
	})
	if dotted.MatchString(text) {
		return text
	}
	return timestamp.ReplaceAllString(text, "*")
}

// portOf is the port of the two numbers in which PORT and 227 write it.
func portOf(high, low string) int {
	var h, l int
	fmt.Sscan(high, &h)
	fmt.Sscan(low, &l)
	return h<<8 + l
}

// cause returns the packet without which a data connection's SYN would not be,
// and a word for it.
func cause(c *ftp.Connection, syn int) (packet int, word string) {
	x, a := c.Transfer, c.DataPort
	switch {
	case x != nil && c.Mode == ftp.Active && x.Packet < syn:
		return x.Packet, x.Command
	case a != nil && a.Mode == ftp.Passive:
		return a.ReplyPacket, a.Command
	case a != nil:
		return a.Packet, a.Command
	}
	return 0, ""
}

// datagramLines writes the packets of a declaration that is not of TCP.
func (d *deriver) datagramLines(t *derived) {
	for _, i := range t.frames {
		f := &t.capture.frames[i]
		_, src, dst := datagramEnds(f.Other)
		text, length := datagramText(f.Other)
		e := element{fromA: d.hosts.isForth(t.declaration, src, dst), frame: i, place: i}
		t.add(&e, fmt.Sprintf("%s length %d", quote(text), length), "")
	}
}
