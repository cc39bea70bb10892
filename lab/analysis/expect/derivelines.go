// Derivation of the lines of a connection, from its elements.

package expect

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"

	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
)

// lines writes the lines of a TCP connection.
func (d *deriver) lines(t *derived) {
	if why := t.whyNoLines(); why != "" {
		t.skip(why)
		return
	}
	handshake := 0
	begun := [2]bool{}  // by direction
	var before *element // the element of the last line
	hurried := false    // the client closed before the reply to its last command
	crowded := false    // the last line is "..." for too many lines in any order
	if t.lacksSYN(t.a) {
		t.skip(lacksStart)
	}
	for i := range t.elements {
		e := &t.elements[i]
		switch {
		case e.kind == elementACK && handshake == 2 && !t.declaration.lossy:
			t.add(e, "[.]", "")
			handshake = 3
			continue
		case e.kind == elementACK || e.kind == elementRepeat && t.declaration.lossy:
			continue
		case d.endLines(t, i, handshake == 3):
			return
		}
		if why, skipped := t.whySkipped(e); skipped {
			t.skip(why)
			before, begun[e.dir()] = nil, begun[e.dir()] || why == unnumbered
			continue
		}
		if e.kind == elementSYN {
			handshake++
		} else if !begun[e.dir()] {
			t.skip(lacksStart)
			before = nil
		}
		begun[e.dir()] = true
		free := before != nil && (hurried || t.crossed(before, e) || t.overlaps(e))
		hurried = hurried || before != nil && t.hangsUp(before, e)
		before = e
		if free && crowded {
			continue
		}
		d.elementLine(t, e).joined = free
		crowded = t.openCrowd()
		if e.kind == elementSYN && t.lacksSYN(t.a.Other()) {
			t.skip(lacksStart)
			before = nil
		}
		if t.inTLS(e) {
			t.skip("")
			before = nil
		}
	}
}

// endLines writes the end of the lines, and returns true, if nothing can be said of an element and those after it. Open
// says that the handshake is complete.
func (d *deriver) endLines(t *derived, i int, open bool) bool {
	e := &t.elements[i]
	switch {
	case e.kind == elementRST:
		t.resetLines(e)
	case open && t.conn.ResetBy != "" && t.lastWords(i) && t.reset(i) != nil:
		t.resetLines(t.reset(i)) // the order of packets that cross on the way is chance
	case e.kind == elementBytes && t.conn.TLS != nil:
		t.skip("TLS: the records have other lengths in each session")
	case e.kind == elementFIN && t.conn.Role == ftp.Control && t.inTLS(e):
		t.endInTLS()
	case e.kind == elementBytes && d.aborted(t):
		t.skip("the amount of data before the end is chance")
	default:
		return false
	}
	return true
}

// Reasons why lines are skipped.
const (
	lacksStart = "the capture lacks the start of this connection"
	unnumbered = lacksStart + ", so its sequence numbers are not known"
)

// whyNoLines says why a connection gets no lines, "" if it gets some.
func (t *derived) whyNoLines() string {
	switch {
	case t.conn.Role == ftp.Other:
		return "nothing shows that this is FTP"
	case t.declaration.a == t.declaration.b:
		return "both ends are alike, so that a line has no direction"
	}
	return ""
}

// whySkipped says why there is "..." in place of an element, and whether there is.
func (t *derived) whySkipped(e *element) (why string, skipped bool) {
	switch {
	case e.kind == elementBytes && t.inTLS(e) && t.texts[e.dir()][e.start] == nil:
		return t.whyUnread(e), true
	case e.kind == elementBytes && !t.conn.ShowsStart(t.sender(e)) && t.saidBy(e) == nil:
		return unnumbered, true
	case e.kind == elementGap:
		return "the capture lacks packets here", true
	case e.inStream() && e.start < 0:
		return "packets from before the start of the stream", true
	}
	return "", false
}

// lacksSYN reports whether a side sent a SYN that the capture lacks.
func (t *derived) lacksSYN(side ftp.Side) bool {
	return t.conn.LacksStart() && t.conn.Flow(side).SYN == 0
}

// inTLS reports whether an element comes after the dialogue has changed to TLS. From
// then on, records without dialogue, such as session tickets, may come anywhere.
func (t *derived) inTLS(e *element) bool {
	s := t.capture.sessions[t.conn.ID]
	return s != nil && s.TLS && t.capture.frames[e.frame].Number >= s.TLSFrom
}

// endInTLS writes "..." for the end of a dialogue that has changed to TLS.
func (t *derived) endInTLS() {
	t.skip("")
	if last := t.lines[len(t.lines)-1]; t.capture.sessions[t.conn.ID].Layer.ClearFrom() == 0 {
		last.comment = cmp.Or(last.comment, "close_notify and FIN: those of the two ends may cross")
	}
}

// whyUnread says why bytes in TLS cannot be read, "" if they can.
func (t *derived) whyUnread(e *element) string {
	layer, side := t.capture.sessions[t.conn.ID].Layer, t.sender(e)
	packet := t.capture.frames[e.frame].Number
	if f := layer.Flow(side); f.HiddenFrom == 0 || packet < f.HiddenFrom || packet > f.HiddenTo {
		return ""
	}
	return "TLS that cannot be read: " + layer.WhyHidden(side)
}

// hasMargin reports whether the i-th line begins with |.
func (t *derived) hasMargin(i int) bool {
	return t.lines[i].joined || i+1 < len(t.lines) && t.lines[i+1].joined
}

// openCrowd writes "..." for the joined lines at the end, if they are more than | can join. It
// reports whether it did.
func (t *derived) openCrowd() bool {
	first := len(t.lines)
	for first > 0 && t.hasMargin(first-1) {
		first--
	}
	if len(t.lines)-first <= maxJoined {
		return false
	}
	t.lines = t.lines[:first]
	t.skip("more packets than | can join, in an order that is chance")
	return true
}

// aborted reports whether the transfer of a data connection failed, so that the number
// of bytes is chance.
func (d *deriver) aborted(t *derived) bool {
	if t.conn.Role != ftp.Data {
		return false
	}
	x := t.conn.Transfer
	return x == nil || t.conn.ResetBy != "" || !t.succeeded(x) || d.interrupted[t.conn.ID]
}

// succeeded reports whether the server says that a transfer is complete or, if its final reply is not in the capture,
// whether the sender of the data closed first and the receiver after it.
func (t *derived) succeeded(x *ftp.Transfer) bool {
	if x.Reply > 0 {
		return x.Reply < 300
	}
	sender := x.Sender()
	return t.conn.ClosedFirst() == sender && t.conn.Flow(sender.Other()).FIN > 0
}

// crossed reports whether two neighbouring elements of opposite directions crossed on
// their way, or could cross: the second does not acknowledge the first, or both are the
// FINs of a dialogue, which each side sends independently.
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
// command. The reply to the command may cross it.
func (t *derived) hangsUp(before, e *element) bool {
	return e.kind == elementFIN && t.conn.Role == ftp.Control && t.sender(e) == ftp.Client && before.kind == elementBytes && before.fromA == e.fromA
}

// sender returns the side that sent an element.
func (t *derived) sender(e *element) ftp.Side {
	if e.fromA {
		return t.a
	}
	return t.a.Other()
}

// crossing returns the packets between which commands and replies of a dialogue may
// cross: from a command that came before the final reply to the command before it, to
// the last line of that reply.
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

// overlaps reports whether an element is in that part of the dialogue, where a reply
// may come before or after the next command.
func (t *derived) overlaps(e *element) bool {
	number := t.capture.frames[e.frame].Number
	return number > t.overlap[0] && number <= t.overlap[1]
}

// add adds a line about an element.
func (t *derived) add(e *element, what, comment string) *derivedLine {
	_, direction, _ := strings.Cut(t.direction(e.fromA), "  ")
	l := &derivedLine{place: e.place(), frame: e.frame, what: direction + "  " + what, comment: comment}
	t.lines = append(t.lines, l)
	return l
}

// lastWords reports whether the side that resets the connection sends nothing more from
// the i-th element on.
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

// resetLines writes a line for a reset, and "..." for everything else.
func (t *derived) resetLines(e *element) {
	t.skip("")
	flags := t.capture.frames[e.frame].Flags &^ packet.PSH
	t.add(e, flagString(flags), "a reset: its sender has already closed, or gives up")
	t.skip("")
}

// elementLine writes the line of a SYN, of bytes or of a FIN.
func (d *deriver) elementLine(t *derived, e *element) *derivedLine {
	data := t.conn.Role == ftp.Data
	f := &t.capture.frames[e.frame]
	switch {
	case e.kind == elementSYN:
		return t.add(e, flagString(f.Flags), t.synComment(f))
	case e.kind == elementFIN:
		what, comment := "[F.]", ""
		if data && t.conn.ShowsStart(t.sender(e)) {
			what = fmt.Sprintf("[F.] seq %d", e.start)
		}
		if data && t.sender(e) == t.conn.Sender() {
			comment = t.endComment()
		}
		return t.add(e, what, comment)
	}
	if text := t.saidBy(e); text != nil {
		what, comment := d.saying(text)
		if t.inTLS(e) && strings.HasPrefix(text.Text, "PASS") {
			comment = "inside TLS: nobody on the network can read it"
		}
		return t.add(e, what, comment)
	}
	what := fmt.Sprintf("seq %d:%d", e.start, e.end)
	if !data {
		return t.add(e, what, "")
	}
	return t.add(e, what, fmt.Sprintf("%d bytes", e.end-e.start))
}

// saidBy returns the line of the dialogue that an element is, nil if it is none or not a whole one.
func (t *derived) saidBy(e *element) *ftp.Line {
	text := t.texts[e.dir()][e.start]
	if text == nil || text.End != e.end || !text.Complete {
		return nil
	}
	return text
}

// endComment says what the FIN of the side that sends the data is the end of.
func (t *derived) endComment() string {
	switch x := t.conn.Transfer; {
	case x == nil && t.conn.Flow(t.conn.Sender()).Bytes == 0, x != nil && x.Failed():
		return ""
	case x != nil && x.Lists():
		return "the end of the listing is this FIN"
	}
	return "the end of the file is this FIN"
}

func (t *derived) synComment(f *Frame) string {
	switch {
	case f.Has(packet.ACK):
		return ""
	case t.conn.Role == ftp.Control:
		return "the client opens the control connection"
	case t.conn.Inferred:
		return "a data connection, by its hosts, its ports and its time: " + t.conn.WhyInferred()
	case t.conn.Mode == ftp.Active:
		return "the server connects to the announced port of the client"
	case t.conn.Mode == ftp.Passive:
		return "the client connects to the announced port of the server"
	}
	return ""
}

// commandComments explain commands and replies.
var commandComments = map[string]string{
	"USER": "the user's name", "PASS": "the password in clear: anybody on the network can read it",
	"PORT": "please connect to this address and port: the last two numbers are the port", "EPRT": "please connect to this address and port",
	"PASV": "where can I connect to?", "EPSV": "to which port can I connect?",
	"LIST": "the listing comes over its own connection", "RETR": "the file comes over its own connection",
	"STOR": "the file goes over its own connection",
	"QUIT": "", "220": "the server sends the first line",
	"227": "the last two numbers are the port", "229": "the port is between the bars",
	"150": "the data connection is about to be used", "226": "done: it may come before or after the last packets of the data",
}

// saying returns a line of dialogue, with stars for what another run would say
// differently.
func (d *deriver) saying(l *ftp.Line) (what, comment string) {
	sent, _, argument := strings.Cut(l.Text, " ")
	word := strings.ToUpper(sent)
	if l.From == ftp.Client && word == "PASS" && argument {
		return `"` + sent + ` *"`, commandComments[word]
	}
	if word != "PASS" {
		comment = commandComments[word]
	}
	return `"` + generalise(escape(l.Text)) + `"`, comment
}

var (
	hostPort  = regexp.MustCompile(`(\d+,\d+,\d+,\d+),(\d+),(\d+)`)
	extended  = regexp.MustCompile(`\|(\d+)\|`)
	timestamp = regexp.MustCompile(`\d{12,}(\.\d+)?|\d+:\d\d(:\d\d)?|\b\d+\.\d+\b`)
	dotted    = regexp.MustCompile(`\d+\.\d+\.\d+`)

	// unitAfterStar is a star for a number, with the unit after it: another run may have
	// another unit.
	unitAfterStar = regexp.MustCompile(`\* ?[KMGkmg]?i?(?:bytes|B)\b`)
)

// generalise puts a star for ports that the kernel chose, for times and for rates.
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
	return unitAfterStar.ReplaceAllString(timestamp.ReplaceAllString(text, "*"), "*")
}

// portOf returns the port from the two numbers that PORT and 227 have for it.
func portOf(high, low string) int {
	var h, l int
	fmt.Sscan(high, &h)
	fmt.Sscan(low, &l)
	return h<<8 + l
}

// cause returns the packet that caused a data connection's SYN, and a word for it.
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

// datagramLines writes the lines of a declaration that is not for TCP.
func (d *deriver) datagramLines(t *derived) {
	for _, i := range t.frames {
		f := &t.capture.frames[i]
		_, src, dst := datagramEnds(f.Other)
		text, length := datagramText(f.Other)
		e := element{fromA: d.hosts.isForth(t.declaration, src, dst), frame: i, order: 2 * i}
		t.add(&e, fmt.Sprintf("%s length %d", quote(text), length), "")
	}
}
