// The TCP header and its options.

package packet

import (
	"bytes"
	"encoding/binary"
)

// Flags of a TCP header (RFC 9293 section 3.1).
const (
	FIN = 1 << iota
	SYN
	RST
	PSH
	ACK
	URG
	ECE
	CWR
)

// TCP is a TCP header (RFC 9293 section 3.1). Package tcp interprets its
// numbers, which depend on earlier packets.
type TCP struct {
	SrcPort, DstPort uint16
	// RawSeq, RawAck and RawWindow are the numbers on the wire.
	RawSeq, RawAck uint32
	Flags          uint8
	Reserved       uint8 // the three bits of the header that have no meaning yet
	RawWindow      uint16
	// Length is the number of bytes of data, including those not captured.
	Length int
	// Payload is the captured data; nil in a clone.
	Payload []byte
	// Urgent is the urgent pointer.
	Urgent  uint16
	Options TCPOptions

	whole     []byte // header and data, nil if the recorder cut the segment short
	checksum  checksum
	firstLine string // of a clone, which has no payload
}

// Has reports whether all of the given flags are set.
func (t *TCP) Has(flags uint8) bool { return t.Flags&flags == flags }

const ftpPort = 21

// FirstLine returns the first line of data to or from port 21, which tcpdump
// prints for FTP. It returns "" for a segment of another port.
func (t *TCP) FirstLine() string {
	if t.firstLine != "" || t.SrcPort != ftpPort && t.DstPort != ftpPort {
		return t.firstLine
	}
	line, _, _ := bytes.Cut(t.Payload, []byte("\n"))
	return string(bytes.TrimSuffix(line, []byte("\r")))
}

// TCPOptions are the options of a TCP header (RFC 9293, RFC 7323).
type TCPOptions struct {
	MSS           int // 0: not sent
	WindowScale   int // -1: not sent
	SACKPermitted bool
	HasTimestamps bool
	TSval, TSecr  uint32
	// Cut says that the recorder did not keep all of them.
	Cut bool

	raw []byte // as in the header
}

// Kinds of TCP options.
const (
	OptionEnd           = 0
	OptionNOP           = 1
	OptionMSS           = 2
	OptionWindowScale   = 3
	OptionSACKPermitted = 4
	OptionSACK          = 5
	OptionTimestamps    = 8
)

// segment reads a TCP header (RFC 9293 section 3.1).
func (d *Decoder) segment(p *Packet, b piece) {
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
		Reserved:  b.data[12] >> 1 & 7,
		RawWindow: binary.BigEndian.Uint16(b.data[14:]),
		Urgent:    binary.BigEndian.Uint16(b.data[18:]),
		Length:    payload.wire,
		Payload:   payload.data,
		Options:   TCPOptions{WindowScale: -1},
	}
	d.tcp.Options.parse(b.data[shortest:min(header, len(b.data))])
	d.tcp.Options.Cut = header > len(b.data)
	if len(b.data) == b.wire {
		d.tcp.whole = b.data
	}
	p.TCP = &d.tcp
}

// IsUnusualOption reports whether no RFC defines an option of a kind, or RFC 4727 leaves it to experiments.
func IsUnusualOption(kind byte) bool {
	const lastOfRFC7413, encryption, accurateECN0, accurateECN1 = 34, 69, 172, 174
	return kind > lastOfRFC7413 && kind != encryption && kind != accurateECN0 && kind != accurateECN1
}

// Unusual reports whether there is an option of an unusual kind.
func (o *TCPOptions) Unusual() (found bool) {
	if len(o.raw) == 0 || len(o.raw) == 12 && o.HasTimestamps {
		return false
	}
	o.Each(func(kind byte, _ []byte) { found = found || IsUnusualOption(kind) })
	return found
}

// Each calls use for every option. An invalid list, or one cut short by the
// recorder, ends early.
func (o *TCPOptions) Each(use func(kind byte, value []byte)) {
	for b := o.raw; len(b) > 0; {
		if b[0] == OptionEnd || b[0] == OptionNOP {
			use(b[0], nil)
			if b[0] == OptionEnd {
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

// parse reads the options except SACK blocks. SACKBlocks reads those, because
// they need the initial sequence number.
func (o *TCPOptions) parse(b []byte) {
	o.raw = b
	if len(b) == 12 && b[0] == OptionNOP && b[1] == OptionNOP && b[2] == OptionTimestamps && b[3] == 10 {
		o.timestamps(b[4:]) // nearly every packet
		return
	}
	o.Each(func(kind byte, value []byte) {
		switch {
		case kind == OptionMSS && len(value) == 2:
			o.MSS = int(binary.BigEndian.Uint16(value))
		case kind == OptionWindowScale && len(value) == 1:
			o.WindowScale = int(min(value[0], 14)) // RFC 7323 section 2.3
		case kind == OptionSACKPermitted:
			o.SACKPermitted = true
		case kind == OptionTimestamps && len(value) == 8:
			o.timestamps(value)
		}
	})
}

func (o *TCPOptions) timestamps(value []byte) {
	o.HasTimestamps = true
	o.TSval, o.TSecr = binary.BigEndian.Uint32(value), binary.BigEndian.Uint32(value[4:])
}

// SACKBlocks calls use with the raw edges of each SACK block (RFC 2018).
func (o *TCPOptions) SACKBlocks(use func(left, right uint32)) {
	if len(o.raw) == 0 || len(o.raw) == 12 && o.HasTimestamps {
		return
	}
	o.Each(func(kind byte, value []byte) {
		for ; kind == OptionSACK && len(value) >= 8; value = value[8:] {
			use(binary.BigEndian.Uint32(value), binary.BigEndian.Uint32(value[4:]))
		}
	})
}

// FirstUserPort is the first port that is not a system port, as services have them by default (RFC 6335 section 6).
const FirstUserPort = 1024
