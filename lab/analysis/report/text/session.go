// A session, written packet by packet.

package text

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"sort"
	"strings"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
)

// A sessionWriter writes one session. It goes through the dialogue line by line, and keeps
// only what belongs elsewhere than where it was read: a session may have millions of
// lines.
type sessionWriter struct {
	w     io.Writer
	start int64 // the time of the capture's first packet

	capture *capture.Capture

	control   *ftp.Connection
	ports     []*ftp.DataPort   // in the order of the packets that they are in
	open      []*ftp.DataPort   // from the one on that counts for the next command
	commands  int               // so far
	last      int               // the packet of the line before
	reached   int               // the last packet of the dialogue so far
	late      map[int]bool      // the packets of commands that were captured after their answers
	surplus   map[int64]bool    // the sequence numbers of replies that answer no command
	data      []*ftp.Connection // the data connections that come
	known     int               // the first packet of the last one that is in later
	clearFrom int               // the packet from which on the dialogue is in clear again, 0 for none
	later     paragraphs
	made      int    // paragraphs
	row       []byte // the last one that was written: its memory is used again
}

// fewLines is how many lines of a session are kept while its commands are read. The dialogue is
// read again for more.
const fewLines = 1000

// writeSession writes a session with its data connections.
func writeSession(w io.Writer, t *capture.Capture, d *capture.Dialogue) {
	c := d.Control
	fmt.Fprintf(w, "\nSession on connection %d: the client %s and the server %s", c.ID, c.Client, c.Server)
	if d.User != "" {
		fmt.Fprintf(w, ", user %s", Escape(d.User))
	}
	fmt.Fprint(w, "\n\n", columns)
	r := sessionWriter{w: w, start: t.Start, capture: t, control: c, ports: slices.Clone(d.DataPorts), open: d.DataPorts, data: d.Data, late: map[int]bool{}, surplus: map[int64]bool{}}
	slices.SortStableFunc(r.ports, func(a, b *ftp.DataPort) int { return cmp.Compare(packetOf(a), packetOf(b)) })
	r.opening()
	r.proxy(d.Proxy)
	var first []*ftp.Line // the first lines: all of them, as a rule
	few := true           // these are all
	layer, overlong := d.Read(ftp.Handler{
		Exchange: r.exchange,
		Line: func(l *ftp.Line) {
			if few = len(first) < fewLines; few {
				first = append(first, l)
			}
		},
		Unsolicited: func(answer *ftp.Reply, _ int) {
			if answer.IsSurplus() && len(r.surplus) < fewLines {
				r.surplus[answer.Lines[0].Seq] = true
			}
		},
	})
	if layer != nil {
		r.tls(layer)
	}
	r.protection(d.Protection)
	if overlong {
		r.add(c.LastPacket, 0, "-- the dialogue is too long to print: this was its beginning")
	}
	r.closing()
	if few {
		for _, l := range first {
			r.line(l)
		}
	} else {
		d.Read(ftp.Handler{Line: r.line})
	}
	r.end()
}

// opening writes how the control connection began.
func (r *sessionWriter) opening() {
	c := r.control
	text := fmt.Sprintf("-- the %s opens the control connection", c.OpenedBy)
	switch {
	case c.LostHandshake():
		text = "-- the control connection; " + c.WhyLacksStart()
	case c.OpenedBy == "":
		text = "-- the control connection is open already when the capture begins"
	case c.HandshakeTimed && c.Unsure:
		text += fmt.Sprintf("; its SYN is sent again, and answered %s after the last one", duration(c.HandshakeRTT))
	case c.RoundTripKnown:
		text += fmt.Sprintf("; the handshake takes %s, one round trip", duration(c.RoundTrip))
	case c.HandshakeTimed:
		text += fmt.Sprintf("; its SYN is answered after %s", duration(c.HandshakeRTT))
	case c.LacksStart():
		text += "; " + c.WhyLacksStart()
	}
	lines := []string{text}
	for _, s := range []ftp.Side{ftp.Client, ftp.Server} {
		if c.Flow(s).Packets == 0 && c.Flow(s.Other()).Packets > 0 {
			lines = append(lines, fmt.Sprintf("   no packet of the %s is in the capture", s))
		}
	}
	r.put(paragraph{packet: c.FirstPacket, place: atFirst, time: c.FirstTime, lines: lines})
}

// proxy writes what stands in front of the dialogue.
func (r *sessionWriter) proxy(p *ftp.Proxy) {
	if p == nil {
		return
	}
	text := fmt.Sprintf("-- in front of the dialogue is a proxy (%s)", p.Kind)
	if p.Client.IsValid() {
		text += fmt.Sprintf("; the client behind it is %s", p.Client)
	}
	if p.Server != "" {
		text += "; the server wanted is " + Escape(p.Server)
	}
	r.put(paragraph{packet: r.control.FirstPacket, place: atFirst, lines: []string{text}})
}

// line writes a line of the dialogue, and what comes before it. The order is that in which
// the lines were sent, even if a network or a recorder changed it.
func (r *sessionWriter) line(l *ftp.Line) {
	p := r.spoken(l)
	if l.Packet < r.reached && l.Packet != r.last {
		p.lines = append(p.lines, fmt.Sprintf("        (captured before packet %d, but said after it)", r.reached))
	}
	r.last, r.reached = l.Packet, max(r.reached, l.Packet)
	r.until(p)
	r.write(p)
}

// spoken is a line of the dialogue, with the address that it announces.
func (r *sessionWriter) spoken(l *ftp.Line) paragraph {
	text := Escape(l.Text)
	switch {
	case l.UnreadBefore && r.clearFrom > 0 && l.FirstPacket >= r.clearFrom: // the line before says so
	case l.UnreadBefore:
		text = "[TLS that cannot be read] " + text
	case l.AfterGap:
		text = "[bytes missing] " + text
	}
	switch {
	case l.UnreadAfter:
		text += " [its end is in TLS that cannot be read]"
	case !l.Complete:
		text += " [its end is missing]"
	}
	lines := []string{string(l.From) + "  " + text} // the names of both sides have six letters
	if len(l.Telnet) > 0 {
		lines = append(lines, "        (with Telnet's "+ftp.TelnetNames(l.Telnet)+")")
	}
	if l.Urgent {
		lines = append(lines, "        (sent as urgent data)")
	}
	if l.From == ftp.Server && r.surplus[l.Seq] {
		lines = append(lines, "        (answers no command in the capture)")
	}
	if l.Unasked() {
		lines = append(lines, "        (the beginning of TLS, to which the server had not agreed)")
	}
	for _, o := range l.OtherBytes {
		lines = append(lines, fmt.Sprintf("        (packet %d has other bytes in the same place: %s)", o.Packet, Escape(o.Text)))
	}
	if l.Injected != nil {
		lines = append(lines, "        ("+injected(l)+")")
	}
	if l.FirstPacket != l.Packet {
		lines = append(lines, fmt.Sprintf("        (in packets %d to %d)", l.FirstPacket, l.Packet))
	}
	for _, a := range r.portsIn(l.Packet) {
		if a.SaidIn(l) {
			lines = append(lines, "        "+dataPort(a, r.control))
		}
	}
	for _, w := range r.capture.Rewritings[l.Packet] {
		lines = append(lines, fmt.Sprintf("        a gateway rewrites this line: at %s it is %s, in packet %d", Escape(w.Place), Escape(w.Text), w.Packet))
	}
	return paragraph{packet: l.Packet, place: inDialogue, time: l.Time, lines: lines}
}

// injected says how it shows that somebody else sent a line.
func injected(l *ftp.Line) string {
	if len(l.Injected) == 1 {
		return fmt.Sprintf("somebody else may have sent it: the %s's later packet %d is numbered before it, although the %s has acknowledged it", l.From, l.Injected[0], l.From.Other())
	}
	return fmt.Sprintf("somebody else sent it: the %s's later packets %d and %d are numbered before it, although the %s has acknowledged it", l.From, l.Injected[0], l.Injected[1], l.From.Other())
}

// portsIn returns the data ports that were announced in a packet.
func (r *sessionWriter) portsIn(packet int) []*ftp.DataPort {
	at := func(packet int) int {
		return sort.Search(len(r.ports), func(i int) bool { return packetOf(r.ports[i]) >= packet })
	}
	return r.ports[at(packet):at(packet+1)]
}

// packetOf is the packet that holds an announced address.
func packetOf(a *ftp.DataPort) int {
	if a.Mode == ftp.Passive {
		return a.ReplyPacket
	}
	return a.Packet
}

// dataPort explains an announced address.
func dataPort(a *ftp.DataPort, c *ftp.Connection) string {
	port := a.Addr.Port()
	text := fmt.Sprintf("= connect to %s", a.Where())
	if a.SixNumbers() {
		text += fmt.Sprintf(" (%d is %d*256+%d)", port, port>>8, port&255)
	}
	if a.ThirdParty {
		side := ftp.Client
		if a.Mode == ftp.Passive {
			side = ftp.Server
		}
		text += fmt.Sprintf(", although the %s's packets come from %s", side, c.Addr(side).Addr())
	}
	if a.Malformed {
		text += "; malformed, but a connection came to it"
	}
	for _, id := range a.SiteToSite {
		text += fmt.Sprintf("; connection %d to it is between two servers", id)
	}
	return text
}

// transfer writes how a data connection was opened, what it carried and how it ended, each at
// its packet.
func (r *sessionWriter) transfer(d *ftp.Connection) {
	lines := []string{opened(d)}
	switch {
	case d.Inferred:
		lines = append(lines, "|   "+d.WhyInferred()+"; its hosts, its ports and its time", "|   make it a data connection")
	case d.DataPort == nil && d.Control != ftp.NoConnection:
		lines = append(lines, fmt.Sprintf("|   nothing in the capture announces it; a server's port %d is for data", d.Server.Port()))
	}
	if p := d.Proxy; p != nil {
		lines = append(lines, fmt.Sprintf("|   through a proxy (%s), which is asked for %s", p.Kind, Escape(p.Server)))
	}
	if e := d.Transfer; e != nil {
		text := "|   for " + Escape(strings.TrimSpace(e.Command+" "+e.Argument))
		if e.Offset > 0 {
			text += fmt.Sprintf(" from byte %d of the file", e.Offset)
		}
		switch {
		case r.late[e.Packet]:
			text += fmt.Sprintf(", which was captured only in packet %d", e.Packet)
		case e.Packet > d.FirstPacket:
			text += fmt.Sprintf(", which is sent only then, in packet %d", e.Packet)
		}
		if e.Mode != "" {
			text += fmt.Sprintf("; in mode %s the bytes are not those of the file", Escape(e.Mode))
		}
		lines = append(lines, text)
	}
	r.add(d.FirstPacket, d.FirstTime, lines...)
	if d.TLS != nil {
		r.protected(d)
	}
	r.contents(d)
	r.fins(d)
	end := fmt.Sprintf("+-- the last packet of connection %d", d.ID)
	switch place := r.capture.RefusedBefore(d); {
	case place != "":
		end += fmt.Sprintf("; something on the path reset it in the name of %s, packet %d: it is not at %s, as the other connections of these hosts are", party(d, d.ResetBy), d.Flow(d.ResetBy).RST, Escape(place))
	case d.Refused():
		end += fmt.Sprintf("; refused, packet %d: %s", d.Flow(d.ResetBy).RST, WhyRefused(d, party(d, d.ResetBy), r.capture.RefusedByHost(d)))
	case d.ResetBy != "":
		end += fmt.Sprintf("; %s reset it, packet %d", party(d, d.ResetBy), d.Flow(d.ResetBy).RST)
	case d.Unanswered():
		end += "; nothing answered its SYN" + icmpAbout(r.capture, d)
	case d.FirstFIN == "":
		end += "; its end is not in the capture"
	}
	r.add(d.LastPacket, d.LastTime, end)
}

// icmpAbout names the first ICMP error about what the opener of a connection sent, if there is one.
func icmpAbout(t *capture.Capture, d *ftp.Connection) string {
	for _, p := range t.OtherPackets {
		if p.ICMP != nil && p.ICMP.About.IsTCP() && p.ICMP.About.Src == d.Addr(d.OpenedBy) && p.ICMP.About.Dst == d.Addr(d.OpenedBy.Other()) {
			return fmt.Sprintf(" but an ICMP error, packet %d: %s", p.Number, p.ICMP.Text)
		}
	}
	return ""
}

// WhyRefused says why a host, with the given name, refused a connection. Sure says that the RST comes from the host itself.
func WhyRefused(c *ftp.Connection, host string, sure bool) string {
	why := fmt.Sprintf("nobody listens at port %d of %s", c.Addr(c.ResetBy).Port(), host)
	if c.Client.Addr() != c.Server.Addr() && !sure {
		why += ", or a firewall answers in its name"
	}
	return why
}

// opened says how a data connection came about.
func opened(d *ftp.Connection) string {
	how := fmt.Sprintf("+-- connection %d, for data: ", d.ID)
	if d.Role == ftp.Other {
		how = fmt.Sprintf("+-- connection %d: ", d.ID)
	}
	from, to := d.Addr(d.OpenedBy), d.Addr(d.OpenedBy.Other())
	switch {
	case d.OpenedBy == "":
		how += fmt.Sprintf("%s and %s", d.Client, d.Server)
		if !d.LostHandshake() {
			how += ", open already"
		}
	case d.IsOtherHost(d.OpenedBy):
		how += fmt.Sprintf("a host at another address than the %s's connects from %s to %s", d.OpenedBy, from, to)
	default:
		how += fmt.Sprintf("the %s connects from %s to %s", d.OpenedBy, from, to)
	}
	if a := d.DataPort; a != nil && !a.PortLost {
		how += ", " + asSaid(a, d)
	}
	switch {
	case d.HandshakeTimed:
		how += "; round trip " + roundTrip(d)
	case d.LostHandshake():
		how += "; " + d.WhyLacksStart()
	}
	return how
}

// asSaid says what of the end of a data connection its announcement had. A client may ignore the address and use the port,
// and a NAT may change both.
func asSaid(a *ftp.DataPort, d *ftp.Connection) string {
	to := d.Client
	if a.Mode == ftp.Passive {
		to = d.Server
	}
	switch {
	case a.Addr.Addr().Unmap() == to.Addr().Unmap() && a.Addr.Port() == to.Port():
		return fmt.Sprintf("as packet %d said", packetOf(a))
	case a.Addr.Port() == to.Port():
		return fmt.Sprintf("the port that packet %d said", packetOf(a))
	}
	return fmt.Sprintf("although packet %d said %s", packetOf(a), a.Where())
}

// party names a side of a data connection: its role, or its address if that is not the party's.
func party(d *ftp.Connection, s ftp.Side) string {
	if d.IsOtherHost(s) {
		return d.Addr(s).Addr().Unmap().String()
	}
	return "the " + string(s)
}

// fins writes the FIN of each side of a data connection.
func (r *sessionWriter) fins(d *ftp.Connection) {
	r.afterFINs(d, "|  ")
	if d.FirstFIN == "" {
		return
	}
	first, second := d.Flow(d.FirstFIN), d.Flow(d.FirstFIN.Other())
	text := fmt.Sprintf("|   %s's FIN", party(d, d.FirstFIN))
	unknown := d.Transfer == nil && d.TLS != nil && d.TLS.Hidden() // who sends the data
	lack := d.Lacks(d.FirstFIN)
	switch {
	case first.Bytes == 0 && lack.Bytes() == 0 && !lack.Start:
		text += "; it sent nothing"
	case d.FirstFIN != d.Sender() || unknown:
	case d.Transfer != nil && d.Transfer.Failed():
		text += fmt.Sprintf(": end of the data, and the server's reply is %d", d.Transfer.Reply)
	default:
		text += ": end of file"
	}
	r.add(first.FIN, first.FINTime, text)
	if second.FIN > 0 {
		r.add(second.FIN, second.FINTime, fmt.Sprintf("|   %s's FIN", party(d, d.FirstFIN.Other())))
	}
}

// afterFINs writes about the FINs of a connection after which their senders went on.
func (r *sessionWriter) afterFINs(c *ftp.Connection, mark string) {
	for _, s := range []ftp.Side{ftp.Client, ftp.Server} {
		f := c.Flow(s)
		if f.RefutedFIN > 0 {
			r.add(f.RefutedFIN, f.RefutedFINTime, fmt.Sprintf("%s a FIN of the %s, which the %s did not receive: it acknowledged data in its place", mark, s, s.Other()))
		}
		if f.AfterFIN > 0 {
			r.add(f.AfterFIN, f.AfterFINTime, fmt.Sprintf("%s from here on, data of the %s is numbered after its FIN in packet %d: no TCP sends that", mark, s, f.FIN))
		}
	}
}

// exchange notes what must be known of a command before anything is written.
func (r *sessionWriter) exchange(e *ftp.Exchange) {
	if e.Sender() != "" && len(e.Replies) > 0 && e.Replies[0].FirstPacket < e.Packet {
		r.late[e.Packet] = true
	}
	r.unanswered(e)
}

// unanswered writes about the announced address that the next command was to use, if no
// connection to it is in the capture although the server began the transfer.
func (r *sessionWriter) unanswered(e *ftp.Exchange) {
	before := func(a *ftp.DataPort) bool {
		if a.Exchange >= 0 {
			return a.Exchange < r.commands
		}
		return packetOf(a) < e.Packet
	}
	for len(r.open) > 1 && before(r.open[1]) {
		r.open = r.open[1:]
	}
	if len(r.open) > 0 && before(r.open[0]) && len(r.open[0].Connections) == 0 &&
		len(e.Replies) > 0 && e.Replies[0].Code >= 100 && e.Replies[0].Code < 200 {
		r.put(paragraph{packet: e.Replies[0].Packet, place: behind, unanswered: r.open[0]})
	}
	r.commands++
}

// closing writes how the control connection ended.
func (r *sessionWriter) closing() {
	c := r.control
	r.afterFINs(c, "--")
	for _, s := range []ftp.Side{ftp.Client, ftp.Server} {
		f := c.Flow(s)
		if f.FIN > 0 {
			r.add(f.FIN, f.FINTime, fmt.Sprintf("-- the %s closes the control connection (FIN)", s))
		}
		if f.RST > 0 {
			r.add(f.RST, f.RSTTime, fmt.Sprintf("-- the %s resets the control connection (RST)", s))
		}
	}
	if c.FirstFIN == "" && c.ResetBy == "" {
		r.add(c.LastPacket, c.LastTime, "-- the last packet of the control connection; its end is not in the capture")
	}
	for _, s := range []ftp.Side{ftp.Client, ftp.Server} {
		if f := c.Flow(s); f.Damaged > 0 {
			r.add(c.LastPacket, 0, fmt.Sprintf("   (on it, from the %s, %s)", s, damaged(f)))
		}
		if n := c.Flow(s).Retransmissions; n > 0 {
			r.add(c.LastPacket, 0, fmt.Sprintf("   (on it, %s by the %s)", count(n, "retransmission"), s))
		}
	}
}
