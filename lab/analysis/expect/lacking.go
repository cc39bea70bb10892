// Declared connections of which the capture has no packet, but may lack some: the recorder cut
// packets too short, the file is cut off, the capture begins in the middle of a connection, or it
// has one side only.

package expect

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
)

// A headless is a packet of which the recorder did not keep enough of the headers.
type headless struct {
	number, captured, length int
	src, dst                 netip.Addr // not valid if they are not known either
	protocol                 int        // of IP, if they are
}

// addHeadless adds a packet, unless there is one like it.
func (j *judge) addHeadless(p *packet.Packet) {
	h := headless{number: p.Number, captured: p.Captured, length: p.Length}
	if p.IP != nil {
		h.src, h.dst, h.protocol = p.IP.Src, p.IP.Dst, p.IP.Protocol
	}
	for _, other := range j.headless {
		if h.src == other.src && h.dst == other.dst && h.protocol == other.protocol {
			return
		}
	}
	const most = 1000 // of a scan
	if len(j.headless) < most {
		j.headless = append(j.headless, h)
	}
}

// mayBe reports whether a packet may belong to a declared connection.
func (h headless) mayBe(d *declaration, hosts Hosts) bool {
	protocols := map[string][]int{"tcp": {6}, "udp": {17}, "icmp": {1, 58}}
	if !h.src.IsValid() {
		return true
	}
	between := func(a, b netip.Addr) bool { return hosts.matches(d.a.host, a) && hosts.matches(d.b.host, b) }
	return slices.Contains(protocols[d.proto], h.protocol) && (between(h.src, h.dst) || between(h.dst, h.src))
}

// A quoted is a packet that an ICMP error is about, of a connection that is not in the capture.
type quoted struct {
	number   int // of the error
	src, dst netip.AddrPort
}

// addQuoted adds the packet that an ICMP error is about.
func (j *judge) addQuoted(p *packet.Packet) {
	const most = 1000 // of a scan
	j.capture.answer = j.capture.answer || p.Number == 1 && p.IsAnswer() && j.hosts.areNamed(j.want, p.IP.Dst)
	if p.ICMP != nil && p.ICMP.About.IsTCP() && len(j.quoted) < most {
		j.quoted = append(j.quoted, quoted{p.Number, p.ICMP.About.Src, p.ICMP.About.Dst})
	}
}

// isOf reports whether a packet belongs to a connection.
func (q quoted) isOf(c *ftp.Connection) bool {
	return q.src == c.Client && q.dst == c.Server || q.src == c.Server && q.dst == c.Client
}

// An unseen is a data connection that the capture lacks, although the dialogue announces it and says that its transfer
// is complete.
type unseen struct {
	announced        int            // the packet
	opener, listener netip.AddrPort // the port of the opener is not known
	transfer         ftp.Transfer
}

// unseen returns them in their order. There are none if the recorder lost nothing: then the dialogue is wrong.
func (c *evidence) unseen() (all []*unseen) {
	if c.source.Complete {
		return nil
	}
	for d := range c.source.Dialogues(false) {
		for _, a := range d.DataPorts {
			if a.Unseen == nil || a.ThirdParty {
				continue
			}
			x := &unseen{max(a.Packet, a.ReplyPacket), d.Control.Client, a.Addr, *a.Unseen}
			if a.Mode == ftp.Active {
				x.opener = d.Control.Server
			}
			all = append(all, x)
		}
	}
	slices.SortStableFunc(all, func(x, y *unseen) int { return x.announced - y.announced })
	return all
}

// bindUnseen gives declarations without a connection the unseen ones that they may mean.
func (j *judge) bindUnseen(tcp []*binding) {
	none := func(b *binding) bool { return b.conn == nil }
	if !slices.ContainsFunc(tcp, none) {
		return
	}
	for _, x := range j.capture.unseen() {
		i := slices.IndexFunc(tcp, func(b *binding) bool {
			d := b.declaration
			return none(b) && b.unseen == nil && j.hosts.meets(d.a, x.opener, false) && j.hosts.meets(d.b, x.listener, true)
		})
		if i >= 0 {
			tcp[i].unseen = x
		}
	}
}

// lacking returns what cannot be judged of a declaration that has no packet in the capture,
// although they may have been there. The result is false if it has one, or cannot have had one.
func (j *judge) lacking(b *binding) (u Unjudged, ok bool) {
	if b.conn != nil || len(b.frames) > 0 {
		return u, false
	}
	u = Unjudged{Connection: b.name, Unrecorded: true, Lines: []int{b.line}}
	for _, l := range b.lines {
		if l.kind != kindSkip {
			u.Lines = append(u.Lines, l.number)
		}
	}
	if x := b.unseen; x != nil {
		u.From, u.Why = x.announced, fmt.Sprintf("the capture lacks the data connection of %s", strings.TrimSpace(x.transfer.Command+" "+x.transfer.Argument))
		return u, true
	}
	for _, h := range j.headless {
		if h.mayBe(b.declaration, j.hosts) {
			u.From, u.Why = h.number, fmt.Sprintf("the recorder kept %d of the %d bytes of this frame, which is not all of its headers", h.captured, h.length)
			return u, true
		}
	}
	for _, q := range j.quoted {
		if b.proto == "tcp" && (j.hosts.isForth(b.declaration, q.src, q.dst) || j.hosts.isForth(b.declaration, q.dst, q.src)) {
			u.From, u.Why = q.number, "that frame is an ICMP error about one"
			return u, true
		}
	}
	if c := j.capture; c.lacksPackets() {
		u.From, u.Why = c.whyLacking()
		return u, true
	}
	for _, other := range j.bindings {
		if other.proto == "udp" && len(other.frames) > 0 && j.capture.beginsWithAnswer(other.frames[0]) {
			u.From, u.Why = j.capture.frames[other.frames[0]].Number, oneSided
			return u, true
		}
	}
	return u, false
}

// beginsWithAnswer reports whether a packet of another protocol than TCP, the first of its
// declaration, answers a question that the capture lacks.
func (c *evidence) beginsWithAnswer(frame int) bool {
	p := c.frames[frame].Other
	return p != nil && (p.ARP != nil && p.ARP.IsAnswer() || p.UDP != nil && p.IsAnswer())
}

// whyLacking returns the packet from which on the capture lacks packets that no gap in a stream
// shows, and the reason. It is only for a capture that lacks some.
func (c *evidence) whyLacking() (packet int, why string) {
	switch {
	case c.begunBefore != nil:
		return c.begunBefore.FirstPacket, c.begunBefore.WhyLacksStart()
	case c.answer:
		return 1, beginsWithAnswer
	case c.isCut():
		return c.source.Size + 1, cutOff
	}
	return c.oneSided.FirstPacket, oneSided
}

// The reasons why the capture lacks packets that no gap in a stream shows.
const (
	cutOff           = "the file is cut off there"
	beginsWithAnswer = "the capture begins with the answer to a packet that it lacks"
	oneSided         = "it has the packets of one side only"
)

// findUnsure finds the lines with a label that may mean a packet which the capture lacks. A line
// means the first packet that fits. So if "..." follows the line, only earlier packets may be
// meant, else later ones, too.
func (j *judge) findUnsure() {
	j.unsure = map[*line]bool{}
	if !j.capture.lacksPackets() {
		return
	}
	for _, t := range j.tracks {
		for i, l := range t.lines {
			m, ok := j.matched[l]
			if !ok || l.label == "" || !t.whole {
				continue
			}
			j.unsure[l] = t.fitsElsewhere(l, bound{0, m.frame - 1})
			if followed := i+1 < len(t.lines) && t.lines[i+1].kind == kindSkip; !followed && !j.unsure[l] {
				j.unsure[l] = t.fitsElsewhere(l, bound{m.frame + 1, len(j.capture.frames)})
			}
		}
	}
}

// fitsElsewhere reports whether a line may match one of other packets, without other mismatches.
func (t *track) fitsElsewhere(l *line, b bound) bool {
	old, had := t.bounds[l]
	t.bounds[l] = b
	_, ok := t.alignAgain(l)
	if delete(t.bounds, l); had {
		t.bounds[l] = old
	}
	return ok
}
