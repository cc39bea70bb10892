// Rules about packets that somebody else sends in the name of a host.

package rules

import (
	"fmt"
	"slices"
	"time"

	"ftplab/lab/analysis/baseline/internal/bounded"
	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
	"ftplab/lab/analysis/tcp"
)

// Limits for packets that came another way: it is so many routers longer or shorter, no more than one
// packet for otherPart usual ones came by it, and the usual way has usualLeast packets at least.
const (
	otherHops   = 5
	otherPart   = 4
	usualLeast  = 3
	maxStranger = 64 // packets with data of one way that are remembered: the first ones, as the usual way nearly always opens the connection
)

// A side is what one party of a connection sent. There are many sides, and few of them are odd, so
// what is odd has memory of its own.
type side struct {
	first way
	reach int64 // the highest sequence number
	numbering
	odd *oddSide
	// seq, ack and time are those of the last packet, and same is how many before it, without data, were the same.
	seq, ack uint32
	treated  treatment
	same     int32
	time     int64
}

// An oddSide is the rest of a side that did not only send packets by one way.
type oddSide struct {
	detours []detour
	resets  []reset
	on      int // the first packet with new data after a RST
	storm   int // the longest row of packets without data that were the same
	stormed int // the last packet of it
	second  secondISN
	opens   int // the SYN of a side that answers; 0 for none
	early   earlySegment
	marked  markings
	ttls    bitRow // of the packets with data, whether they are those of the first one
	decoys  decoys
	unsent  counted // segments with data that acknowledge what the peer never sent
}

// A way is the packets with the same time to live.
type way struct {
	ttl            uint8
	n, first, last int32
	bare           int32 // packets without time stamps (RFC 7323)
}

// A detour is another way than that of the side's first packet.
type detour struct {
	way
	data []int32 // packets with data
}

// A reset is a RST.
type reset struct {
	packet int
	ttl    uint8
	seq    int64
	beyond bool // its number is ahead of what the side had sent
}

// senders are the sides of control and data connections that are open, or on which something was odd, by connection. Of
// the other control connections, the time to live of the server's packets is enough.
type senders struct {
	sides  map[int]*[2]side
	ttls   map[int]uint8
	early  int // bytes that came with SYNs
	ledger *bounded.Ledger
}

// end forgets a connection after its last packet, unless something was odd on it.
func (all *senders) end(c *ftp.Identity) {
	of := all.sides[c.ID]
	if of == nil || of[0].odd != nil || of[1].odd != nil {
		return
	}
	if server := of[1].first; c.Role == ftp.Control && server.n > 0 && all.ledger.Room(maxControls, len(all.ttls)) {
		all.ttls[c.ID] = server.ttl
	}
	delete(all.sides, c.ID)
}

// serverTTL is the usual time to live of what the server of a control connection sent.
func (all *senders) serverTTL(connection int) (ttl uint8, known bool) {
	if of := all.sides[connection]; of != nil {
		return of[1].usual().ttl, true
	}
	ttl, known = all.ttls[connection]
	return ttl, known
}

// packet takes the next packet.
func (all *senders) packet(p *capture.Packet) {
	of := bounded.Entry(all.ledger, maxSenders, all.sides, p.Connection.ID)
	if of == nil {
		return
	}
	s, peer := &of[0], &of[1]
	if p.From == ftp.Server {
		s, peer = peer, s
	}
	s.decoy(p)
	if p.TCP.Flags&packet.RST != 0 {
		s.reset(all.ledger, p)
		return
	}
	s.way(p)
	s.mark(p)
	s.repeats(p)
	if !p.ChecksumWrong() {
		s.begins(all, p)
		s.number(p, peer)
	}
	s.reach = max(s.reach, p.Segment.DataSeq()+int64(p.TCP.Length))
	if s.odd != nil {
		s.odd.goesOn(p)
	}
}

// oddities is the odd part of a side, made if it has none.
func (s *side) oddities() *oddSide {
	if s.odd == nil {
		s.odd = &oddSide{}
	}
	return s.odd
}

// reset takes a RST. A host that has closed its connection answers all that still comes with the same one.
func (s *side) reset(g *bounded.Ledger, p *capture.Packet) {
	if p.ChecksumWrong() {
		return
	}
	o := s.oddities()
	known := slices.ContainsFunc(o.resets, func(r reset) bool { return r.seq == p.Segment.Seq })
	if !known && g.Room(maxResets, len(o.resets)) {
		o.resets = append(o.resets, reset{p.Number, uint8(p.IP.TTL), p.Segment.Seq, s.reach > 0 && p.Segment.Seq > s.reach})
	}
}

// In an ACK storm, each side repeats one acknowledgment at least so many times, with less than stormPause between two
// of them: both have received bytes that the other one did not send (RFC 5961 section 1).
const (
	stormLeast = 6
	stormPause = time.Second
)

// repeats counts packets without data that are the same.
func (s *side) repeats(p *capture.Packet) {
	same := p.TCP.Length == 0 && p.TCP.Flags == packet.ACK && p.TCP.RawSeq == s.seq && p.TCP.RawAck == s.ack && time.Duration(p.Time-s.time) < stormPause
	s.seq, s.ack, s.time = p.TCP.RawSeq, p.TCP.RawAck, p.Time
	if !same {
		s.same = 0
		return
	}
	if s.same++; s.same >= stormLeast {
		if o := s.oddities(); int(s.same) > o.storm {
			o.storm, o.stormed = int(s.same), p.Number
		}
	}
}

// storm is an ACK storm of a connection: how many packets of each side, and the last one; 0 for none.
func (e *Evidence) storm(c *ftp.Connection) (n, packet int) {
	of := e.watch.senders.sides[c.ID]
	if of == nil || of[0].odd == nil || of[1].odd == nil {
		return 0, 0
	}
	return min(of[0].odd.storm, of[1].odd.storm), max(of[0].odd.stormed, of[1].odd.stormed)
}

// goesOn looks for new data after a RST.
func (o *oddSide) goesOn(p *capture.Packet) {
	for _, r := range o.resets {
		ahead := p.Segment.Seq - r.seq
		if o.on == 0 && p.TCP.Length > 1 && ahead >= 0 && ahead < 1<<20 && p.Segment.Analysis&tcp.Retransmission == 0 && !p.ChecksumWrong() {
			o.on = p.Number
		}
	}
}

// way counts a packet.
func (s *side) way(p *capture.Packet) {
	ttl := uint8(p.IP.TTL)
	first := s.first.n == 0 || s.first.ttl == ttl
	if s.odd != nil && p.TCP.Length > 0 && p.Segment.Analysis&tcp.Retransmission == 0 {
		s.odd.ttls.add(first)
	}
	if first {
		s.first.add(p)
		return
	}
	o := s.oddities()
	i := slices.IndexFunc(o.detours, func(d detour) bool { return d.ttl == ttl })
	if i < 0 {
		i = len(o.detours)
		o.detours = append(o.detours, detour{})
	}
	d := &o.detours[i]
	d.add(p)
	if p.TCP.Length > 1 && len(d.data) < maxStranger && !p.ChecksumWrong() {
		d.data = append(d.data, int32(p.Number))
	}
}

func (w *way) add(p *capture.Packet) {
	if w.n == 0 {
		w.ttl, w.first = uint8(p.IP.TTL), int32(p.Number)
	}
	w.n, w.last = w.n+1, int32(p.Number)
	if !p.TCP.Options.HasTimestamps {
		w.bare++
	}
}

// ways are all ways of a side, the first one with no data, as it is nearly always the usual one.
func (s *side) ways() []detour {
	ways := []detour{{way: s.first}}
	if s.odd != nil {
		ways = append(ways, s.odd.detours...)
	}
	return ways
}

// usual is the way that most packets came.
func (s *side) usual() (most detour) {
	for _, w := range s.ways() {
		if w.n > most.n {
			most = w
		}
	}
	return most
}

// isOther reports whether a time to live is of another way than the usual one.
func (w way) isOther(ttl uint8) bool {
	d := int(ttl) - int(w.ttl)
	return w.n >= usualLeast && max(d, -d) >= otherHops
}

// alone finds out which of two ways is that of a stranger. His packets came from another distance
// than the host's, and either none of them has time stamps and all of the host's have, or the reverse.
func (w detour) alone(usual detour) (stranger, host detour) {
	switch {
	case !usual.isOther(w.ttl):
	case w.bare == w.n && usual.bare == 0 && w.data != nil:
		return w, usual
	case usual.bare == usual.n && w.bare == 0 && usual.data != nil:
		return usual, w
	}
	return detour{}, detour{}
}

// sides calls look for the two sides of a connection.
func (e *Evidence) sides(c *ftp.Connection, look func(ftp.Side, *side)) {
	if of := e.watch.senders.sides[c.ID]; of != nil {
		look(ftp.Client, &of[0])
		look(ftp.Server, &of[1])
	}
}

var packetsComeOneWayRule = Rule{
	Name: "packets-come-one-way", Theme: "TCP",
	Says:     "All packets of a side come from one host: their time to live hardly differs, it opens a connection once, it answers a SYN with a SYN and ACK, the number of the byte that it sends next never goes back, and it acknowledges only what its peer has sent.",
	Source:   "RFC 791, 3.2 (time to live); RFC 5082 (the time to live shows how far away the sender is); RFC 9293, 3.4 (sequence numbers) and 3.5 (handshakes); RFC 5961, 4 (SYNs within a connection)",
	Example:  "> DELE file with the time to live 113, between commands with 64",
	Severity: Odd, sign: 2,
	Matters:  "A command or a reply that somebody injects, or sends again, usually comes another way than those of the host, or does not fit what its peer has sent.",
	Innocent: "two ways of different lengths lead to the host, or a firewall answers in its name.",
	look:     func() look { return look{connection: otherWays, session: injectedLines} },
}

// injectedLines finds lines that their sender does not know of.
func injectedLines(_ *Evidence, s *session) (found []breach) {
	for _, l := range s.Lines {
		if l.Injected == nil {
			continue
		}
		b := breach{severity: Violation, packets: append([]int{l.Packet}, l.Injected...), observed: fmt.Sprintf("the %s's later packets are numbered before %s, which the %s has acknowledged, so somebody else sent it", l.From, wording.Quote(l.Text), l.From.Other())}
		if len(l.Injected) == 1 {
			b.severity, b.sign = Note, 1
			b.observed = fmt.Sprintf("a later packet of the %s is numbered before %s, which the %s has acknowledged, so somebody else may have sent it", l.From, wording.Quote(l.Text), l.From.Other())
		}
		found = append(found, b)
	}
	return found
}

// otherWays finds packets with data that came another way than those before and after them.
func otherWays(e *Evidence, c *ftp.Connection) (found []breach) {
	found = openedTwice(e, c)
	e.sides(c, func(name ftp.Side, s *side) {
		if s.odd == nil {
			return
		}
		if b, ok := otherHandshake(name, s); ok {
			found = append(found, b)
			return
		}
		if b, ok := s.hops(name, c.Missing() > 0); ok {
			found = append(found, b)
			return
		}
		usual := s.usual()
		for _, w := range s.ways() {
			if stranger, host := w.alone(usual); stranger.n > 0 {
				found = append(found, breach{severity: Violation, packets: []int{int(host.first), int(stranger.data[0])},
					observed: fmt.Sprintf("%s of the %s had the time to live %d and no time stamps, and others had %d and time stamps, so somebody else sent them", wording.Plural(int(stranger.n), "packet", "packets"), name, stranger.ttl, host.ttl)})
				return
			}
			if w.n*otherPart > usual.n || !usual.isOther(w.ttl) {
				continue
			}
			var packets []int
			for _, p := range w.data {
				if usual.first < p && p < usual.last {
					packets = append(packets, int(p))
				}
			}
			if packets != nil {
				found = append(found, breach{packets: packets, observed: fmt.Sprintf("%s of the %s with data had the time to live %d, between others with %d",
					wording.Plural(len(packets), "packet", "packets"), name, w.ttl, usual.ttl)})
			}
		}
	})
	if n, last := e.storm(c); n > 0 {
		storm := fmt.Sprintf("each side repeated one acknowledgment %d times, as it does when somebody else has sent data in the name of the other one", n)
		if found == nil {
			return []breach{{packets: []int{last}, observed: storm}}
		}
		for i := range found {
			found[i].severity, found[i].packets = Violation, append(found[i].packets, last)
			found[i].observed += "; then " + storm
		}
	}
	return found
}

var resetsAreFinalRule = Rule{
	Name: "resets-are-final", Theme: "TCP",
	Says:     "The side that resets a connection sends nothing more on it.",
	Source:   "RFC 9293, 3.5.2 and 3.10.7; RFC 5961, 3 (blind resets)",
	Example:  "a RST of the server, and after it < 200",
	Severity: Odd, sign: 2,
	Matters:  "A RST that its sender does not know of is forged. Censors and intruders cut connections off like this.",
	Innocent: "a firewall resets what it forbids, in the name of both hosts.",
	look:     eachConnection(forgedResets),
}

// forgedResets finds RSTs that the host did not send itself: it goes on, the RSTs guess at its
// sequence numbers, or they came another way.
func forgedResets(e *Evidence, c *ftp.Connection) (found []breach) {
	e.sides(c, func(name ftp.Side, s *side) {
		if s.odd == nil || len(s.odd.resets) == 0 {
			return
		}
		b := breach{packets: []int{s.odd.resets[0].packet}, observed: fmt.Sprintf("a RST of the %s in frame %d", name, s.odd.resets[0].packet)}
		weight, guesses := 0, map[int64]bool{}
		for _, r := range s.odd.resets {
			if r.beyond && c.Missing() == 0 {
				guesses[r.seq] = true
				b.packets = append(b.packets, r.packet)
			}
		}
		if s.odd.on > 0 {
			weight += 2
			b.packets = append(b.packets, s.odd.on)
			b.observed += fmt.Sprintf(", after which it sent more data, in frame %d", s.odd.on)
		}
		if len(guesses) > 1 {
			weight += 2
			b.observed += fmt.Sprintf(", and RSTs with %d sequence numbers ahead of what it had sent", len(guesses))
		}
		if usual := s.usual(); usual.isOther(s.odd.resets[0].ttl) {
			weight++
			b.observed += fmt.Sprintf(", with the time to live %d and not %d", s.odd.resets[0].ttl, usual.ttl)
		}
		switch weight {
		case 0:
			return
		case 1:
			if b.severity, b.sign = Note, 1; c.Role == ftp.Data {
				b.sign = noSign // many systems send the RST that ends a transfer with another time to live
			}
		case 2:
		default:
			b.severity = Violation
		}
		found = append(found, b)
	})
	return found
}

// resetElsewhere reports whether the first RST of the server came from another distance than its other packets, as one
// of a firewall does.
func (e *Evidence) resetElsewhere(c *ftp.Connection) (elsewhere bool) {
	e.sides(c, func(name ftp.Side, s *side) {
		if name == ftp.Server && s.odd != nil && len(s.odd.resets) > 0 {
			usual := s.usual()
			elsewhere = usual.isOther(s.odd.resets[0].ttl)
		}
	})
	return elsewhere
}

var senderIsNotReceiverRule = Rule{
	Name: "sender-is-not-receiver", Theme: "TCP",
	Says:     "No packet comes from the address and the port that it goes to.",
	Source:   "RFC 9293, 3.9.2; CVE-1999-0016 (LAND)",
	Example:  "a SYN from 192.0.2.21.21 to 192.0.2.21.21",
	Severity: Violation,
	Matters:  "A host that answers such a packet answers itself, and some have stopped working.",
	Innocent: "a program tests the host.",
	look:     atTheEnd(lands),
}

// land remembers packets whose sender is their receiver.
func (w *watch) land(p *capture.Packet) {
	if p.IP.Src == p.IP.Dst && p.TCP.SrcPort == p.TCP.DstPort && !p.IP.Src.IsLoopback() && !p.ChecksumWrong() {
		w.lands.add(p.Number)
	}
}

func lands(e *Evidence) []breach {
	all := e.watch.lands
	if all.n == 0 {
		return nil
	}
	return []breach{{packets: all.packets, observed: wording.Plural(all.n, "packet has", "packets have") + " the same address and port as sender and as receiver"}}
}
