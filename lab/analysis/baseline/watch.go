// What only packets show, noted while the capture is read.

package baseline

import (
	"bytes"
	"net/netip"

	"ftplab/lab/analysis/trace"
)

// ftpPort is where FTP servers listen.
const ftpPort = 21

// A watch takes notes while packets go by. What it keeps is bounded, but for a
// few words of each connection, of which the trace keeps more.
type watch struct {
	// acks has, of each segment that begins like a reply, what it
	// acknowledges: what its sender knew when it spoke. Which connections are
	// control connections is known at the end only; see settle.
	acks      map[*trace.Connection]map[int]int64
	acksCount int
	// repeats are segments that were sent again, by connection.
	repeats      map[*trace.Connection][]repeat
	repeatsBytes int
	// heads are the first bytes that each side of a connection at port 21
	// said.
	heads map[*trace.Connection]*heads
	// backwards is the packet whose stamp lies furthest before that of the
	// packet in front of it, and by how much (ns); forwards the longest pause.
	backwards, forwards leap
	last                int64
	// lengths counts packets by their length on the wire.
	lengths Histogram
}

// A repeat is a segment that was sent again.
type repeat struct {
	packet  int
	seq     int64
	payload []byte
	p       *trace.Packet
}

type heads [2]head

// A head is what was said first in one direction.
type head struct {
	packet int
	data   []byte
	from   netip.AddrPort
}

// A leap is a step of the clock.
type leap struct {
	packet int
	by     int64 // ns
}

const (
	maxAcks        = 1 << 19 // of all
	maxAcksEach    = 1 << 14 // of one connection
	maxRepeat      = 2 << 10 // of one segment
	maxRepeats     = 8 << 20 // of all
	maxRepeatsEach = 64
	maxHead        = 128
)

func newWatch() *watch {
	return &watch{
		acks: map[*trace.Connection]map[int]int64{}, repeats: map[*trace.Connection][]repeat{},
		heads: map[*trace.Connection]*heads{},
	}
}

// packet takes note of a packet.
func (w *watch) packet(p *trace.Packet) {
	w.clock(p)
	w.lengths.Add(float64(p.Length))
	t := p.TCP
	if t == nil || p.Connection == nil {
		return
	}
	if len(t.Payload) == 0 {
		return
	}
	if beginsLikeReply(t.Payload) {
		w.ack(p)
	}
	if t.Analysis&(trace.Retransmission|trace.OutOfOrder) != 0 {
		w.repeat(p)
	}
	if t.SrcPort == ftpPort || t.DstPort == ftpPort {
		w.head(p)
	}
}

// clock looks for steps of the recorder's clock.
func (w *watch) clock(p *trace.Packet) {
	if w.last != 0 {
		by := p.Time - w.last
		if by < w.backwards.by {
			w.backwards = leap{p.Number, by}
		}
		if by > w.forwards.by {
			w.forwards = leap{p.Number, by}
		}
	}
	w.last = p.Time
}

// ack keeps what a segment that begins like a reply acknowledges. Of a reply
// that finds no room it is not known.
func (w *watch) ack(p *trace.Packet) {
	acks := w.acks[p.Connection]
	if w.acksCount >= maxAcks || len(acks) >= maxAcksEach {
		return
	}
	if acks == nil {
		acks = map[int]int64{}
		w.acks[p.Connection] = acks
	}
	acks[p.Number] = p.TCP.Ack
	w.acksCount++
}

// settle lets go of the notes on segments that only begin like replies: those of
// connections which turned out not to be control connections.
func (w *watch) settle() {
	for c, acks := range w.acks {
		if c.Role != trace.Control {
			w.acksCount -= len(acks)
			delete(w.acks, c)
		}
	}
}

// repeat keeps the payload of a segment that was sent again, to see whether it
// was the same.
func (w *watch) repeat(p *trace.Packet) {
	t := p.TCP
	if t.Length > maxRepeat || w.repeatsBytes > maxRepeats || len(w.repeats[p.Connection]) >= maxRepeatsEach {
		return
	}
	w.repeats[p.Connection] = append(w.repeats[p.Connection], repeat{
		packet: p.Number, seq: t.Seq, payload: bytes.Clone(t.Payload), p: p.Keep(),
	})
	w.repeatsBytes += len(t.Payload)
}

// head keeps what is said first on a connection to port 21.
func (w *watch) head(p *trace.Packet) {
	h := w.heads[p.Connection]
	if h == nil {
		h = &heads{}
		w.heads[p.Connection] = h
	}
	from := netip.AddrPortFrom(p.IP.Src, p.TCP.SrcPort)
	for i := range h {
		if h[i].packet == 0 {
			h[i].packet, h[i].from = p.Number, from
		}
		if h[i].from == from {
			room := min(maxHead-len(h[i].data), len(p.TCP.Payload))
			h[i].data = append(h[i].data, p.TCP.Payload[:room]...)
			return
		}
	}
}

// beginsLikeReply reports whether data begins with a reply code.
func beginsLikeReply(data []byte) bool {
	if len(data) < 4 || data[3] != ' ' && data[3] != '-' {
		return false
	}
	for _, c := range data[:3] {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}
