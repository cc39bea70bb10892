package capture

import (
	"hash/maphash"
	"net/netip"

	"ftplab/lab/analysis/packet"
)

const (
	mostCompared   = 4096 // segments of a capture that are compared
	fewestCompared = 16   // segments that say something
)

// A doubling finds out whether a file without places has each packet twice. A segment that is sent
// again has another identification, another time stamp or another acknowledgment, and no host sends
// each of its segments again.
type doubling struct {
	seed          maphash.Seed
	alone         map[likeness]bool // the segments that were seen once, or an odd number of times
	count, copies int
}

// A likeness is what a segment is at every place that it crosses: not its TTL, and not its MAC addresses.
type likeness struct {
	src, dst netip.AddrPort
	id       uint16
	seq, ack uint32
	flags    uint8
	window   uint16
	tsval    uint32
	length   int
	payload  uint64 // its hash
}

// note notes the next packet.
func (d *doubling) note(p *packet.Packet) {
	t := p.TCP
	if t == nil || d.count == mostCompared {
		return
	}
	if d.alone == nil {
		d.seed, d.alone = maphash.MakeSeed(), map[likeness]bool{}
	}
	d.count++
	s := likeness{
		src: netip.AddrPortFrom(p.IP.Src, t.SrcPort), dst: netip.AddrPortFrom(p.IP.Dst, t.DstPort), id: p.IP.ID,
		seq: t.RawSeq, ack: t.RawAck, flags: t.Flags, window: t.RawWindow, tsval: t.Options.TSval,
		length: t.Length, payload: maphash.Bytes(d.seed, t.Payload),
	}
	if d.alone[s] {
		delete(d.alone, s)
		d.copies++
	} else {
		d.alone[s] = true
	}
}

// text is the Doubled of [Capture].
func (d *doubling) text() string {
	if d.count < fewestCompared || 10*2*d.copies < 9*d.count {
		return ""
	}
	return "nearly every segment of TCP is in the file twice, as if it was recorded at two places or on two interfaces; read times and retransmissions with care"
}
