// Packets become connections.

package trace

import (
	"net/netip"
	"time"
)

// A tracker keeps the connections of a capture while it is being read.
type tracker struct {
	noHash bool
	conns  []*conn
	latest map[pair]*conn // the newest connection between two addresses
	last   *conn          // of the packet before: most often the next one's too
	early  pool

	linesLeft int // of dialogue, that may still be taken
}

// A pair is two addresses, the lower one first.
type pair struct{ low, high netip.AddrPort }

// A conn is a connection while it is being read.
type conn struct {
	*Connection
	halves   [2]half // by direction: 0 is that of the first packet
	letters  []byte  // of the history: the direction of each in the top bit
	use      use
	overlong bool // its dialogue is longer than what is kept of it
	checkAt  int  // bytes recorded after which to look again whether it is dialogue

	opener    int // the direction of the first SYN, -1 if none was seen
	answerer  int // the direction of the first SYN and ACK, -1
	synRaw    uint32
	synLength int
	synTime   int64 // of the first SYN
	lastSYN   int64 // the time of the last SYN
	rtt       int64 // as Wireshark's tcp.analysis.initial_rtt, 0 if unknown
	firstFIN  int   // direction, -1
	firstRST  int
}

func newTracker(noHash bool) *tracker {
	return &tracker{noHash: noHash, latest: map[pair]*conn{}}
}

// segment counts a TCP segment, and fills in what the packets before it tell.
func (k *tracker) segment(p *Packet) {
	t := p.TCP
	src, dst := netip.AddrPortFrom(p.IP.Src, t.SrcPort), netip.AddrPortFrom(p.IP.Dst, t.DstPort)
	c := k.find(src, dst, t)
	if c == nil {
		c = k.open(src, dst, p)
	}
	k.last = c
	dir := 0
	if src != c.ends[0] {
		dir = 1
	}
	p.Connection, p.dir = c.Connection, dir
	c.LastPacket, c.LastTime = p.Number, p.Time
	c.count(p, t, dir)
	if t.Length > 0 {
		k.data(c, p, t, dir)
	}
}

// find returns the connection that a segment belongs to, nil if it begins one.
func (k *tracker) find(src, dst netip.AddrPort, t *TCP) *conn {
	c := k.last
	if c == nil || !(c.ends[0] == src && c.ends[1] == dst || c.ends[0] == dst && c.ends[1] == src) {
		c = k.latest[pairOf(src, dst)]
	}
	if c == nil || t.Flags&(SYN|ACK) != SYN {
		return c
	}
	// A SYN with another number begins a new connection between the same
	// ports.
	h := &c.halves[0]
	if src != c.ends[0] {
		h = &c.halves[1]
	}
	if h.anchored && t.RawSeq != h.isn {
		t.Analysis |= ReusedPorts
		return nil
	}
	return c
}

func pairOf(a, b netip.AddrPort) pair {
	if b.Compare(a) < 0 {
		a, b = b, a
	}
	return pair{a, b}
}

// open begins a connection with its first packet.
func (k *tracker) open(src, dst netip.AddrPort, p *Packet) *conn {
	c := &conn{
		Connection: &Connection{
			ID: len(k.conns), Role: Other, Client: src, Server: dst, ends: [2]netip.AddrPort{src, dst},
			FirstPacket: p.Number, FirstTime: p.Time,
		},
		opener: -1, answerer: -1, firstFIN: -1, firstRST: -1,
	}
	c.halves[0] = half{Flow: &c.ClientFlow, scale: -1}
	c.halves[1] = half{Flow: &c.ServerFlow, scale: -1}
	k.conns = append(k.conns, c)
	k.latest[pairOf(src, dst)] = c
	return c
}

// count takes note of the header of a segment.
func (c *conn) count(p *Packet, t *TCP, dir int) {
	fwd, rev := &c.halves[dir], &c.halves[1-dir]
	fwd.Packets++
	c.number(t, fwd, rev)
	c.handshake(p, t, dir)
	c.ending(p, t, dir)

	j := judge{t: t, time: p.Time, fwd: &fwd.analysis, rev: &rev.analysis, peerScale: -1, rtt: c.rtt}
	if rev.scales(fwd) {
		j.peerScale = rev.scale
	} else if fwd.synSeen || rev.synSeen {
		j.peerScale = 0
	}
	if t.Flags&SYN == 0 && fwd.scales(rev) {
		t.Window <<= fwd.scale
	}
	j.analyse()
	if t.Analysis&Retransmission != 0 {
		fwd.Retransmissions++
	}
	if t.Analysis&OutOfOrder != 0 {
		fwd.OutOfOrder++
	}
	if t.Flags&(SYN|ACK) == ACK && c.rtt == 0 && c.lastSYN != 0 {
		c.rtt = p.Time - c.lastSYN
	}
	for _, l := range fwd.history.letters(t, t.Seq) {
		c.letters = append(c.letters, l|byte(dir)<<7)
	}
}

// number fills in the relative numbers.
func (c *conn) number(t *TCP, fwd, rev *half) {
	isn := t.RawSeq
	if t.Flags&SYN == 0 {
		isn--
	}
	fwd.anchor(isn)
	t.Seq = fwd.relative(t.RawSeq)
	if end := t.Seq + int64(t.Length); t.Flags&RST == 0 || t.Length > 0 {
		fwd.reach = max(fwd.reach, end)
	}
	if t.Flags&ACK != 0 {
		rev.anchor(t.RawAck - 1)
		t.Ack = rev.relative(t.RawAck)
		t.Options.sackBlocks(func(left, right uint32) {
			t.Options.SACK = append(t.Options.SACK, SACKBlock{rev.relative(left), rev.relative(right)})
		})
	}
}

// handshake takes note of a SYN.
func (c *conn) handshake(p *Packet, t *TCP, dir int) {
	if t.Flags&SYN == 0 {
		return
	}
	h := &c.halves[dir]
	if !h.synSeen {
		h.synSeen, h.syn, h.SYN = true, t.Seq, p.Number
		h.scale, h.answered = t.Options.WindowScale, t.Flags&ACK != 0
	}
	if t.Flags&ACK == 0 {
		c.lastSYN = p.Time
		if c.opener < 0 {
			c.opener, c.synRaw, c.synLength, c.synTime = dir, t.RawSeq, t.Length, p.Time
		}
		return
	}
	if c.answerer < 0 {
		c.answerer = dir
	}
	answers := t.RawAck == c.synRaw+1 || t.RawAck == c.synRaw+1+uint32(c.synLength)
	if !c.HandshakeSeen && c.opener == 1-dir && answers && h.SYN > c.halves[1-dir].SYN {
		c.HandshakeSeen = true
		c.HandshakeRTT = time.Duration(p.Time - c.synTime)
	}
}

// scales reports whether one direction scales its windows: it does if both sides
// offered to, and the answer to an offer is an offer too (RFC 7323 section 2.2).
func (h *half) scales(peer *half) bool {
	return h.scale >= 0 && (peer.scale >= 0 || h.answered && !peer.synSeen)
}

// ending takes note of a FIN or RST.
func (c *conn) ending(p *Packet, t *TCP, dir int) {
	h := &c.halves[dir]
	if t.Flags&FIN != 0 {
		if c.firstFIN < 0 {
			c.firstFIN = dir
		}
		if !h.finSeen {
			h.finSeen, h.fin, h.FIN, h.FINTime = true, t.dataSeq()+int64(t.Length), p.Number, p.Time
		}
	}
	if t.Flags&RST != 0 {
		if c.firstRST < 0 {
			c.firstRST = dir
		}
		if h.RST == 0 {
			h.RST, h.RSTTime = p.Number, p.Time
		}
	}
}

// dataSeq is where the data of a segment stands: behind its SYN.
func (t *TCP) dataSeq() int64 {
	if t.Flags&SYN != 0 {
		return t.Seq + 1
	}
	return t.Seq
}
