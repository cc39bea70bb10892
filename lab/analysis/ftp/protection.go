// Dialogues that a security mechanism of RFC 2228 protects, other than TLS.

package ftp

import "strings"

// A Protection is a security mechanism of RFC 2228 that protects the lines of a dialogue: each is inside MIC, CONF or
// ENC, or inside a reply 631, 632 or 633, and cannot be read. TLS, which is below the lines, is a [TLSLayer].
type Protection struct {
	// Mechanism is what AUTH asks for, such as GSSAPI; "" if the capture lacks that.
	Mechanism string
	// From is the packet of the first protected line, ClearFrom that of the first command in clear after the last one,
	// as after CCC; 0 for none.
	From, ClearFrom int

	last int // the packet of the last protected line
}

// String names the mechanism: "GSSAPI (RFC 2228)".
func (p *Protection) String() string {
	if p.Mechanism == "" {
		return "a security mechanism (RFC 2228)"
	}
	return p.Mechanism + " (RFC 2228)"
}

// Hides reports whether what was said in a packet is protected.
func (p *Protection) Hides(packet int) bool {
	return p != nil && packet >= p.From && (p.ClearFrom == 0 || packet < p.ClearFrom)
}

// exchange takes the next command with its replies.
func (p *Protection) exchange(e *Exchange) {
	switch protected := e.Command == "MIC" || e.Command == "CONF" || e.Command == "ENC"; {
	case e.Command == "AUTH" && p.From == 0 && e.Final() < 400:
		p.Mechanism = strings.ToUpper(strings.TrimSpace(e.Argument))
	case protected && (len(e.Replies) == 0 || e.Final()/100 == 6):
		p.line(e.Packet)
	case !protected && p.From > 0 && e.Packet > p.last && p.ClearFrom == 0:
		p.ClearFrom = e.Packet
	}
}

// unsolicited takes a reply whose command is not in the capture.
func (p *Protection) unsolicited(r *Reply) {
	if r.Code >= 631 && r.Code <= 633 {
		p.line(r.FirstPacket)
	}
}

// line takes the packet of a protected line.
func (p *Protection) line(packet int) {
	if p.From == 0 || packet < p.From {
		p.From = packet
	}
	if p.last = max(p.last, packet); p.ClearFrom <= p.last {
		p.ClearFrom = 0
	}
}

// found returns the protection if the dialogue has protected lines, else nil.
func (p *Protection) found() *Protection {
	if p.From == 0 {
		return nil
	}
	return p
}

// protected returns from which packet on the dialogue is protected, by TLS or by another mechanism, and from which on it
// is in clear again; 0 for never.
func (o *Outline) protected() (from, clear int) {
	if p := o.Protection; p != nil {
		return p.From, p.ClearFrom
	}
	return o.TLSFrom, o.ClearFrom
}
