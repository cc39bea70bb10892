package report

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"ftplab/lab/analysis/expect"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
	"ftplab/lab/analysis/tcp"
	"ftplab/lab/analysis/tls"
)

// notes explain packets, by number, to a person who sees FTP for the first time. They
// use only what the capture shows, and explain only packets that show something new.
type notes struct {
	kept        map[int]bool // the packets that may be drawn
	last        int          // the last of them
	connections []*ftp.Connection
	text        map[int]string
	said        map[string]bool // sentences that were used, to explain nothing twice
	named       map[string]bool // names that were used
	comments    remarks
	earlier     earlier

	party    func(c *ftp.Connection, side ftp.Side) string // the name of a side, such as the client
	explains map[netip.Addr]bool                           // announced addresses that the scenario explains

	refusedBefore func(c *ftp.Connection) (place string)
}

// newNotes returns notes with explanations of the handshakes of the connections that
// may be drawn. The verdict, if there is one, has the comments of the scenario.
func newNotes(packets []*Packet, connections []*ftp.Connection, v *expect.Verdict, party func(*ftp.Connection, ftp.Side) string) *notes {
	n := &notes{kept: map[int]bool{}, connections: connections, text: map[int]string{}, said: map[string]bool{}, named: map[string]bool{}, comments: newRemarks(v), earlier: newEarlier(), party: party}
	for _, p := range packets {
		n.kept[p.Number] = true
		n.last = p.Number
	}
	confirmed := handshakeEnds(packets)
	for _, c := range connections {
		if c.Role != ftp.Other {
			n.handshake(c, confirmed[c])
		}
	}
	return n
}

// finish adds explanations of the ends of connections and of single packets.
func (n *notes) finish(packets []*Packet) map[int]string {
	for _, c := range n.connections {
		switch c.Role {
		case ftp.Data:
			n.endOfData(c)
		case ftp.Control:
			n.endOfControl(c)
		}
	}
	for _, p := range packets {
		n.packet(p)
	}
	return n.text
}

// add puts a sentence on a packet that may be drawn. Number 0 is not a packet. It gives way to a comment of the
// scenario that has all of its figures and names.
func (n *notes) add(packet int, format string, args ...any) {
	facts := factsIn(args)
	if len(facts) == 0 || len(n.comments.lack(packet, facts)) > 0 {
		n.put(packet, fmt.Sprintf(format, args...), facts)
	}
}

// gloss puts a sentence on a packet that says what such a packet means. It gives way to a comment of the scenario that has all
// of its figures, and all of its names that are new.
func (n *notes) gloss(packet int, format string, args ...any) {
	facts := factsIn(args)
	missing := slices.DeleteFunc(n.comments.lack(packet, facts), func(f string) bool { return n.named[f] && !isFigure(f) })
	if n.comments[packet] == nil || len(missing) > 0 {
		n.put(packet, fmt.Sprintf(format, args...), facts)
	}
}

// once puts a sentence without figures and names on the first packet that it fits and that the scenario does not explain.
func (n *notes) once(packet int, sentence string) {
	if packet != 0 && sentence != "" && !n.said[sentence] && n.comments[packet] == nil {
		n.said[sentence] = true
		n.put(packet, sentence, nil)
	}
}

// put puts a sentence with some facts on a packet that may be drawn.
func (n *notes) put(packet int, sentence string, facts []string) {
	if !n.kept[packet] {
		return
	}
	if before := n.text[packet]; before != "" {
		sentence = before + " " + sentence
	}
	n.text[packet] = sentence
	for _, f := range facts {
		n.named[f] = true
	}
}

// handshakeEnds returns the packets that ended the handshakes: the first packet of each
// connection's opener after the SYN.
func handshakeEnds(packets []*Packet) map[*ftp.Connection]*Packet {
	ends := map[*ftp.Connection]*Packet{}
	for _, p := range packets {
		c := p.Connection
		if c == nil || !c.HandshakeTimed || ends[c] != nil || p.From != c.OpenedBy {
			continue
		}
		if p.Number > c.Flow(c.OpenedBy.Other()).SYN {
			ends[c] = p
		}
	}
	return ends
}

// handshake explains the answer to a SYN, and its ACK. If the recorder is near the opener, the time
// until the answer is the round trip; near the other side, the time from the answer to
// its ACK is; in the middle, both together are.
func (n *notes) handshake(c *ftp.Connection, end *Packet) {
	if !c.HandshakeTimed {
		return
	}
	answer, listener := c.Flow(c.OpenedBy.Other()).SYN, n.party(c, c.OpenedBy.Other())
	when := ", " + duration(int64(c.HandshakeRTT)) + " after the SYN"
	if c.HandshakeRTT == 0 {
		when = " at once"
	}
	n.add(answer, "SYN and ACK: %s agrees%s.", listener, when)
	if !c.RoundTripKnown || end == nil {
		return
	}
	switch rest := c.RoundTrip - c.HandshakeRTT; {
	case rest > 10*c.HandshakeRTT:
		n.add(end.Number, "It came %s later: the recorder is near %s, so the round trip shows here and not at the SYN and ACK.", duration(int64(rest)), listener)
	case 10*rest < c.HandshakeRTT:
		n.once(answer, "That is one round trip: there and back.")
	default:
		n.add(end.Number, "It came %s later. Both times together are one round trip: %s.", duration(int64(rest)), duration(int64(c.RoundTrip)))
	}
}

func (n *notes) dialogue(s *ftp.Session) {
	for _, l := range s.Lines {
		n.telnet(l)
		for _, o := range l.OtherBytes {
			n.add(o.Packet, "It has other bytes than frame %d for the same sequence numbers: %s. Somebody else sent one of the two, or a device on the way changed it.", l.Packet, visible(o.Text))
		}
		switch x := l.Injected; len(x) {
		case 0:
		case 1:
			n.add(l.Packet, "Somebody else may have sent this: the %s's later frame %d is numbered before it, although the %s has acknowledged it.", l.From, x[0], l.From.Other())
		default:
			n.add(l.Packet, "Somebody else sent this: the %s's later frames %d and %d are numbered before it, although the %s has acknowledged it.", l.From, x[0], x[1], l.From.Other())
		}
	}
	for _, r := range s.Unsolicited {
		if r.Code == 220 {
			n.once(r.Packet, "The server speaks first; the client waits for this greeting.")
		}
		if r.Code == 421 {
			n.gloss(r.Packet, "The server ends the session.")
		}
		if r.IsSurplus() {
			n.add(r.Packet, "%d answers no command in the capture.", r.Code)
		}
	}
	for _, e := range s.Exchanges {
		switch {
		case e.Command == "PASS" && s.Layer != nil && e.Packet >= s.TLSFrom && (s.Layer.ClearFrom() <= s.TLSFrom || e.Packet < s.Layer.ClearFrom()):
			n.once(e.Packet, "The password crosses inside TLS: nobody on the path can read it.")
		case e.Command == "PASS" && e.Argument == "":
			n.gloss(e.Packet, "The password is empty.")
		default:
			n.once(e.Packet, commandNotes[e.Command])
		}
		for _, r := range e.Replies {
			n.reply(e, r)
		}
	}
	for _, a := range s.DataPorts {
		n.dataPort(a, s.Control)
	}
	switch {
	case s.Layer != nil && s.Layer.InMiddle:
		n.add(s.TLSFrom, "The capture begins inside TLS, so the dialogue cannot be read. Only the port shows that this is FTP.")
	case s.Hidden && s.Layer != nil && s.Layer.Keys() == tls.KeysFit:
		n.add(s.TLSFrom, "From here on the dialogue is encrypted (TLS). The keys of the session show only a part of it.")
	case s.Protection != nil:
		n.add(s.Protection.From, "From here on the dialogue is protected by %s, and cannot be read.", visible(s.Protection.String()))
		if s.Protection.ClearFrom > 0 {
			n.add(s.Protection.ClearFrom, "From here on the dialogue is in clear again.")
		}
	case s.Hidden:
		n.add(s.TLSFrom, "From here on the dialogue is encrypted (TLS), and the capture does not show it.")
	case s.TLS && s.Layer != nil && s.Layer.Flows[0].Data+s.Layer.Flows[1].Data == 0:
		n.add(s.TLSFrom, "From here on there is TLS, with no dialogue in it.")
	case s.TLS:
		n.add(s.TLSFrom, "From here on the dialogue is encrypted (TLS). It is shown because the keys of the session are known; on the wire nobody can read it.")
	}
	n.protected(s.Layer, s.Control.FirstTime)
	if s.Layer != nil && s.Layer.ClearFrom() > s.TLSFrom {
		n.add(s.Layer.ClearFrom(), "From here on the dialogue is in clear again.")
	}
}

// telnet names the Telnet commands in a line.
func (n *notes) telnet(l *ftp.Line) {
	if len(l.Telnet) == 0 {
		return
	}
	line := "The line"
	if l.FirstPacket != l.Packet {
		line += fmt.Sprintf(" in frames %d to %d", l.FirstPacket, l.Packet)
	}
	n.add(l.FirstPacket, "%s has Telnet's %s (RFC 854).", line, visible(ftp.TelnetNames(l.Telnet)))
}

// urgent explains urgent data on a control connection.
func (n *notes) urgent(p *Packet) {
	if c := p.Connection; c != nil && c.Role == ftp.Control && p.TCP.Has(packet.URG) && p.TCP.Length > 0 {
		n.add(p.Number, "It is sent as urgent data, with the urgent pointer %d (RFC 959, section 4.1.3).", p.TCP.Urgent)
	}
}

// reply explains replies that mean more than the end of their command.
func (n *notes) reply(e *ftp.Exchange, r *ftp.Reply) {
	switch {
	case e.Command == "AUTH" && r.Code >= 500:
		n.gloss(r.Packet, "The server has no TLS: the session continues in clear.")
	case r.Code == 425:
		n.gloss(r.Packet, "No data connection could be opened.")
	case r.Code == 426:
		n.gloss(r.Packet, "The transfer was interrupted.")
	case r.Code == 530:
		n.gloss(r.Packet, "Not logged in.")
	case r.Code >= 500 && r.Code != 530:
		n.once(r.Packet, "A code of 5xx refuses for good; 4xx refuses for now (RFC 959, section 4.2).")
	case r.Code >= 100 && r.Code < 200:
		n.once(r.Packet, "A code of 1xx is a beginning: another reply follows when the transfer is over.")
	case (r.Code == 226 || r.Code == 250) && len(e.Data) > 0 && n.kept[r.Packet]:
		if but := n.contradiction(e); but != "" {
			n.gloss(r.Packet, "The server says that the transfer is complete. %s", but)
			return
		}
		if n.dataAfter(e, r) {
			n.once(r.Packet, "The server says that the transfer is complete. Data still comes after this reply: nothing keeps the order of two connections.")
			return
		}
		n.once(r.Packet, "The transfer is complete. The data connection closes at the same time, so this reply may come before or after its last packets.")
	case r.Code == 331:
		n.once(r.Packet, "A code of 3xx asks for more.")
	}
}

// contradiction says what of the data connections of a command contradicts the reply that the transfer is complete, ""
// if nothing does.
func (n *notes) contradiction(e *ftp.Exchange) string {
	for _, c := range n.connections {
		if !slices.Contains(e.Data, c.ID) {
			continue
		}
		if c.ResetBy != "" && !c.Flow(e.Sender()).Delivered {
			return fmt.Sprintf("But %s reset the data connection, in frame %d.", n.party(c, c.ResetBy), c.Flow(c.ResetBy).RST)
		}
		if bytes, short := c.FellShort(); short {
			return fmt.Sprintf("But it announced %s, and %s came.", counted(c.Transfer.Announced, "byte"), counted(bytes, "byte"))
		}
	}
	return ""
}

// dataAfter reports whether data of a command comes after a reply.
func (n *notes) dataAfter(e *ftp.Exchange, r *ftp.Reply) bool {
	return slices.ContainsFunc(n.connections, func(c *ftp.Connection) bool {
		return slices.Contains(e.Data, c.ID) && c.Flow(e.Sender()).LastData > r.Packet
	})
}

// dataPort explains the numbers of PORT and PASV on a control connection.
func (n *notes) dataPort(a *ftp.DataPort, control *ftp.Connection) {
	packet, port, listener := a.Packet, int(a.Addr.Port()), ftp.Client
	if a.Mode == ftp.Passive {
		packet, listener = a.ReplyPacket, ftp.Server
	}
	where := a.Where()
	if addr := a.Addr.Addr().Unmap(); a.SixNumbers() {
		where = fmt.Sprintf("%s, port %d × 256 + %d = %d", addr, port/256, port%256, port)
	} else if addr.IsValid() {
		where = fmt.Sprintf("%s, port %d", addr, port)
	}
	n.add(packet, "%s listens at %s.", upperFirst(n.party(control, listener)), where)
	if a.ThirdParty && !n.explains[a.Addr.Addr().Unmap()] {
		n.add(packet, "Its own packets have another address: there is an address translator on the path, or the transfer is meant for another host.")
	}
	if len(a.Connections) == 0 && a.ReplyCode < 400 {
		n.add(packet, "No connection comes to it.")
	}
}

// commandNotes explain the commands.
var commandNotes = map[string]string{
	"USER": "The name of the user.",
	"PASS": "The password is in clear: anyone who records the path can read it.",
	"AUTH": "The client asks to encrypt the dialogue.",
	"SYST": "Which system is the server?",
	"FEAT": "Which extensions does the server know? (RFC 2389)",
	"OPTS": "A choice among what FEAT listed.",
	"PWD":  "In which directory are we?",
	"CWD":  "Go to another directory.",
	"CDUP": "Go up one directory.",
	"TYPE": "How files are sent: A as text, with line ends changed, I byte by byte.",
	"PASV": "Where does the server listen for a data connection?",
	"EPSV": "On which port does the server listen for a data connection? (RFC 2428)",
	"LIST": "A listing, please. It comes over its own data connection, not over this one.",
	"NLST": "A listing of bare names, over a data connection.",
	"MLSD": "A listing made for programs, over a data connection (RFC 3659).",
	"MLST": "The facts of one file; the answer comes on the control connection (RFC 3659).",
	"RETR": "A file, please. It comes over its own data connection, not over this one.",
	"STOR": "A file for the server. It goes over its own data connection, not over this one.",
	"APPE": "More for the end of a file, over a data connection.",
	"REST": "The next transfer begins at this byte.",
	"ABOR": "Stop the transfer.",
	"SIZE": "How many bytes has the file? (RFC 3659)",
	"MDTM": "When was the file last changed? (RFC 3659)",
	"DELE": "Delete a file.",
	"RNFR": "Rename: this is the old name.",
	"RNTO": "This is the new name.",
	"MKD":  "Make a directory.",
	"RMD":  "Remove a directory.",
	"NOOP": "This does nothing, except to show that the client is still there.",
	"QUIT": "The client is done.",
}

func (n *notes) endOfData(c *ftp.Connection) {
	if c.ResetBy != "" {
		n.reset(c)
	}
	sender := sentBy(c)
	flow := c.Flow(sender)
	switch {
	case c.TLS != nil && c.TLS.InClear(sender):
		n.protected(c.TLS, c.FirstTime)
		n.add(c.TLS.From, "%s begins TLS on this connection, but %s does not.", upperFirst(n.party(c, sender.Other())), n.party(c, sender))
		n.add(flow.FirstData, "Here comes %s in clear: %s in %s.", transferName(c), counted(flow.Bytes, "byte"), counted(flow.Segments, "segment"))
	case c.TLS != nil:
		n.protected(c.TLS, c.FirstTime)
		n.cutTLS(c)
		if c.TLS.Handshake() == tls.NotSeen && !c.TLS.Hidden() {
			break // an alert alone
		}
		n.add(c.TLS.From, "TLS begins on this connection, too, for %s: %s.", transferName(c), volume(c))
	default:
		n.add(flow.FirstData, "Here comes %s: %s in %s.", transferName(c), counted(flow.Bytes, "byte"), counted(flow.Segments, "segment"))
	}
	if lack := c.Lacks(sender); lack.Any() {
		sentence := "Not all of %s was recorded: %s."
		if lack.Doubtful() {
			sentence = "Perhaps not all of %s was recorded: %s."
		}
		n.add(cmp.Or(flow.LastData, flow.FIN, c.LastPacket), sentence, transferName(c), strings.Join(lack.Clauses(counted), "; "))
	}
	notified := 0
	if c.TLS != nil && c.TLS.Flow(sender).CloseNotify < c.Flow(c.FirstFIN).FIN {
		notified = c.TLS.Flow(sender).CloseNotify
	}
	if c.FirstFIN == "" {
		return
	}
	first, by := c.Flow(c.FirstFIN).FIN, n.party(c, c.FirstFIN)
	switch unknown := c.Transfer == nil && c.TLS != nil && c.TLS.Hidden(); { // who sends the data
	case unknown:
		n.gloss(first, "%s has nothing more to send.", upperFirst(by))
	case c.FirstFIN == sender && c.Transfer != nil && c.Transfer.Failed():
		n.gloss(first, "%s has nothing more to send, but the reply %d says that this was not all of %s.", upperFirst(by), c.Transfer.Reply, transferName(c))
	case c.FirstFIN == sender:
		n.gloss(first, "%s has nothing more to send: this FIN is the end of %s.", upperFirst(by), transferName(c))
	case notified > 0:
		n.add(first, "The close_notify of %s in frame %d was the end of %s, so %s may close first.", n.party(c, sender), notified, transferName(c), by)
	default:
		n.add(first, "%s closes its direction before %s has.", upperFirst(by), n.party(c, sender))
	}
	if second := c.Flow(c.FirstFIN.Other()).FIN; second != 0 {
		n.gloss(second, "%s closes its direction too.", upperFirst(n.party(c, c.FirstFIN.Other())))
		n.once(second, "A connection is two streams, and each side ends its own.")
	}
}

func (n *notes) endOfControl(c *ftp.Connection) {
	if c.ResetBy != "" {
		n.reset(c)
	}
	if c.FirstFIN != "" {
		n.gloss(c.Flow(c.FirstFIN).FIN, "%s closes the control connection.", upperFirst(n.party(c, c.FirstFIN)))
		n.gloss(c.Flow(c.FirstFIN.Other()).FIN, "%s closes it too: the session is over.", upperFirst(n.party(c, c.FirstFIN.Other())))
	}
}

func (n *notes) reset(c *ftp.Connection) {
	rst, by := c.Flow(c.ResetBy).RST, n.party(c, c.ResetBy)
	switch {
	case n.refusedBefore(c) != "":
		n.add(rst, "RST in the name of %s: something on the path refuses the connection.", by)
	case c.Refused():
		n.gloss(rst, "RST: %s refuses the connection.", by)
	default:
		n.gloss(rst, "RST: %s ends the connection at once; data that was still on its way is lost.", by)
	}
}

// packet explains the expert info on one packet.
func (n *notes) packet(p *Packet) {
	if p.Away != nil {
		lost := ": it was lost on the way"
		if p.Segment != nil && p.Segment.Analysis&tcp.Retransmission != 0 {
			lost = "" // perhaps the way made it
		}
		n.add(p.Number, "Recorded at %s, but not at %s%s.", visible(p.Away.Place), visible(p.Away.Home), lost)
	}
	switch {
	case p.TCP != nil:
		n.urgent(p)
		n.segment(p)
	case p.ARP != nil && p.ARP.Op == 1:
		n.once(p.Number, "Before the first packet can leave, the host asks for the hardware address of its next hop (ARP, RFC 826).")
	case p.UDP != nil && p.UDP.DNS != nil:
		n.dns(p.Number, p.UDP.DNS)
	}
}

func (n *notes) dns(packet int, d *packet.DNS) {
	if !d.Response {
		n.gloss(packet, "A question to the name server: the address of %s?", visible(strings.TrimSuffix(d.Name, ".")))
		return
	}
	n.gloss(packet, "Its answer: %s, %s of authority, %s.",
		counted(d.Answers, "record"), counted(d.Authority, "record"), counted(d.Additional, "more record"))
}
