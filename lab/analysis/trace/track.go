// Packets become connections.

package trace

import (
	"net/netip"
	"time"
)

// A tracker keeps the connections of a capture while it is being read.
type tracker struct {
	store *store
	index index
	last  *Connection // of the packet before: most often the next one's too
	early pool
	room  room
}

// A conn is what has to be known of a connection while it is being read, and of a
// control connection for as long as its session may have to be made.
type conn struct {
	*Connection
	halves   *[2]half  // by direction: 0 is that of the first packet
	sums     [2]string // by direction, of an opaque connection that has ended
	letters  []byte    // of the history: the direction of each in the top bit
	use      use
	overlong bool // its dialogue is longer than what is kept of it
	pinned   bool // somebody keeps one of its packets
	own      bool // it is no stub
	whole    bool // all of its packets have been read
	played   bool // it was made with its data; else they are on the tape alone

	first, last int // places on the tape, -1 for none

	opener   int8 // the direction of the first SYN, -1 if none was seen
	answerer int8 // the direction of the first SYN and ACK, -1
	firstFIN int8 // direction, -1
	firstRST int8

	checkAt   int // bytes recorded after which to look again whether it is dialogue
	synRaw    uint32
	synLength int32
	synTime   int64 // of the first SYN
	lastSYN   int64 // the time of the last SYN
	rtt       int64 // as Wireshark's tcp.analysis.initial_rtt, 0 if unknown
}

func newTracker(opts Options) *tracker {
	s := newStore(opts)
	return &tracker{store: s, index: newIndex(s)}
}

// segment counts a TCP segment, and fills in what the packets before it tell. Its
// connection is to be settled when nobody looks at it any longer.
func (k *tracker) segment(p *Packet) {
	t := p.TCP
	src, dst := netip.AddrPortFrom(p.IP.Src, t.SrcPort), netip.AddrPortFrom(p.IP.Dst, t.DstPort)
	c := k.find(src, dst, t)
	if c == nil {
		c = k.open(src, dst)
	}
	p.Connection, p.dir = c, 0
	if src != c.Client {
		p.dir = 1
	}
	c.reading.count(p, t, p.dir)
	if t.Length > 0 {
		k.data(c.reading, p, t, p.dir)
	}
}

// settle keeps what is needed of a packet that has been looked at.
func (k *tracker) settle(p *Packet) {
	k.last = p.Connection
	if r := p.Connection.reading; r.use != opaque {
		k.store.write(r, p)
		if p.TCP.Length > 0 {
			k.decide(r)
		}
	}
}

// find returns the connection that a segment belongs to, nil if it begins one.
func (k *tracker) find(src, dst netip.AddrPort, t *TCP) *Connection {
	c := k.last
	if c == nil || !c.between(src, dst) {
		c = k.index.find(src, dst)
	}
	if c == nil || t.Flags&(SYN|ACK) != SYN {
		return c
	}
	// A SYN with another number begins a new connection between the same
	// ports.
	h := &c.reading.halves[0]
	if src != c.Client {
		h = &c.reading.halves[1]
	}
	if h.anchored && t.RawSeq != h.ISN {
		t.Analysis |= ReusedPorts
		return nil
	}
	return c
}

// open begins a connection with its first packet.
func (k *tracker) open(src, dst netip.AddrPort) *Connection {
	c := k.store.open(src, dst)
	k.index.add(c)
	k.last = nil // it may have been between the same ports
	return c
}

// count takes note of the header of a segment.
func (c *conn) count(p *Packet, t *TCP, dir int) {
	fwd, rev := &c.halves[dir], &c.halves[1-dir]
	fwd.Packets++
	if c.FirstPacket == 0 {
		c.FirstPacket, c.FirstTime = p.Number, p.Time
	}
	c.LastPacket, c.LastTime = p.Number, p.Time
	c.number(t, fwd, rev)
	if t.Length > 0 && rev.notable(t.Ack) {
		p.acks = t.Ack
	}
	c.handshake(p, t, dir)
	c.ending(p, t, dir)

	j := judge{t: t, time: p.Time, fwd: &fwd.analysis, rev: &rev.analysis, peerScale: -1, rtt: c.rtt}
	if rev.scales(fwd) {
		j.peerScale = int(rev.scale)
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
	before := len(c.letters)
	c.letters = fwd.history.letters(c.letters, t, t.Seq)
	for i := before; i < len(c.letters); i++ {
		c.letters[i] |= byte(dir) << 7
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
		h.scale, h.answered = int8(t.Options.WindowScale), t.Flags&ACK != 0
	}
	if t.Flags&ACK == 0 {
		c.lastSYN = p.Time
		if c.opener < 0 {
			c.opener, c.synRaw, c.synLength, c.synTime = int8(dir), t.RawSeq, int32(t.Length), p.Time
		}
		return
	}
	if c.answerer < 0 {
		c.answerer = int8(dir)
	}
	answers := t.RawAck == c.synRaw+1 || t.RawAck == c.synRaw+1+uint32(c.synLength)
	if !c.HandshakeSeen && int(c.opener) == 1-dir && answers && h.SYN > c.halves[1-dir].SYN {
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
			c.firstFIN = int8(dir)
		}
		if !h.finSeen {
			h.finSeen, h.fin, h.FIN, h.FINTime = true, t.dataSeq()+int64(t.Length), p.Number, p.Time
		}
	}
	if t.Flags&RST != 0 {
		if c.firstRST < 0 {
			c.firstRST = int8(dir)
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
