// The TCP header and its options.

package trace

import "encoding/binary"

// Kinds of TCP options.
const (
	optEnd           = 0
	optNOP           = 1
	optMSS           = 2
	optWindowScale   = 3
	optSACKPermitted = 4
	optSACK          = 5
	optTimestamps    = 8
)

// segment reads a TCP header (RFC 9293 section 3.1).
func (d *decoder) segment(p *Packet, b piece) {
	const shortest = 20
	if len(b.data) < shortest {
		return
	}
	header := int(b.data[12]>>4) * 4
	if header < shortest {
		return
	}
	payload := b.from(header)
	d.tcp = TCP{
		SrcPort:   binary.BigEndian.Uint16(b.data),
		DstPort:   binary.BigEndian.Uint16(b.data[2:]),
		RawSeq:    b.uint32(4),
		RawAck:    b.uint32(8),
		Flags:     b.data[13],
		RawWindow: binary.BigEndian.Uint16(b.data[14:]),
		Window:    b.uint16(14),
		Urgent:    binary.BigEndian.Uint16(b.data[18:]),
		Length:    payload.wire,
		Payload:   payload.data,
		Options:   TCPOptions{WindowScale: -1},
	}
	d.tcp.Options.parse(b.data[shortest:min(header, len(b.data))])
	p.TCP = &d.tcp
}

// each calls use for every option. A list that makes no sense, or was cut short
// by the recorder, ends early.
func (o *TCPOptions) each(use func(kind byte, value []byte)) {
	for b := o.raw; len(b) > 0; {
		if b[0] == optEnd || b[0] == optNOP {
			use(b[0], nil)
			if b[0] == optEnd {
				return
			}
			b = b[1:]
			continue
		}
		if len(b) < 2 || b[1] < 2 || int(b[1]) > len(b) {
			return
		}
		use(b[0], b[2:b[1]])
		b = b[b[1]:]
	}
}

// parse reads the options. SACK blocks are left to sackBlocks, since they need
// the beginning of the stream.
func (o *TCPOptions) parse(b []byte) {
	o.raw = b
	if len(b) == 12 && b[0] == optNOP && b[1] == optNOP && b[2] == optTimestamps && b[3] == 10 {
		o.timestamps(b[4:]) // nearly every packet
		return
	}
	o.each(func(kind byte, value []byte) {
		switch {
		case kind == optMSS && len(value) == 2:
			o.MSS = int(binary.BigEndian.Uint16(value))
		case kind == optWindowScale && len(value) == 1:
			o.WindowScale = int(min(value[0], 14)) // RFC 7323 section 2.3
		case kind == optSACKPermitted:
			o.SACKPermitted = true
		case kind == optTimestamps && len(value) == 8:
			o.timestamps(value)
		}
	})
}

func (o *TCPOptions) timestamps(value []byte) {
	o.HasTimestamps = true
	o.TSval, o.TSecr = binary.BigEndian.Uint32(value), binary.BigEndian.Uint32(value[4:])
}

// sackBlocks calls use with the raw edges of each SACK block (RFC 2018).
func (o *TCPOptions) sackBlocks(use func(left, right uint32)) {
	if len(o.raw) == 0 || len(o.raw) == 12 && o.HasTimestamps {
		return
	}
	o.each(func(kind byte, value []byte) {
		for ; kind == optSACK && len(value) >= 8; value = value[8:] {
			use(binary.BigEndian.Uint32(value), binary.BigEndian.Uint32(value[4:]))
		}
	})
}
