package pcapng

import (
	"bytes"
	"fmt"
	"io"
	"time"
)

// The text that a Tektronix K12xx writes: for each packet a line of dashes, one with the time
// of day and the protocol, and one with the bytes.
const k12Magic = "+-------"

// k12Day is when the day of all packets begins. The text has none, so it is that of Wireshark.
var k12Day = time.Date(1999, 12, 31, 23, 0, 0, 0, time.UTC).UnixNano()

// A k12Reader reads the packets of such a text.
type k12Reader struct {
	*Reader
	first LinkType
	data  []byte // of the last packet
}

func newK12Reader(r *Reader) *k12Reader {
	f := &k12Reader{Reader: r, first: linkUnknown}
	if head, _ := r.in.peek(firstWindow); bytes.Contains(head, []byte("ETHER")) {
		f.first = LinkEthernet
	}
	return f
}

func (f *k12Reader) link() LinkType { return f.first }

func (f *k12Reader) next(p *Packet) error {
	timed := false
	for {
		at := f.in.offset
		line, err := f.in.line(4 * maxPacket)
		if err != nil && len(line) == 0 {
			if timed {
				return f.cutOff(at, err)
			}
			return f.endOr(at, err)
		}
		isWhole := bytes.HasSuffix(line, []byte("\n"))
		switch line = bytes.TrimSpace(line); {
		case len(line) == 0 || line[0] == '+':
		case !isWhole:
			return f.cutOff(at, io.ErrUnexpectedEOF)
		case line[0] == '|' && timed:
			return f.bytes(p, line, at)
		case f.time(p, string(line)):
			timed = true
		default:
			return f.damage(at, "a line that is neither a time nor the bytes of a packet")
		}
	}
}

// time reads the line with the time and the protocol.
func (f *k12Reader) time(p *Packet, line string) bool {
	var hour, minute, second, milli, micro int64
	var protocol string
	n, err := fmt.Sscanf(line, "%2d:%2d:%2d,%3d,%3d %s", &hour, &minute, &second, &milli, &micro, &protocol)
	if err != nil || n != 6 {
		return false
	}
	p.Time = k12Day + ((hour*60+minute)*60+second)*1e9 + milli*1e6 + micro*1e3
	p.Interface, p.Link = 0, linkUnknown
	if protocol == "ETHER" {
		p.Link = LinkEthernet
	}
	return true
}

// bytes reads the line with the bytes: |0   |10|13|31|
func (f *k12Reader) bytes(p *Packet, line []byte, at int64) error {
	_, line, _ = bytes.Cut(line[1:], []byte("|"))
	f.data = f.data[:0]
	for ; len(line) > 0; line = line[3:] {
		if len(line) < 3 || line[2] != '|' {
			return f.damage(at, "the file is cut off in the middle of a packet")
		}
		high, low := hexDigit(line[0]), hexDigit(line[1])
		if high < 0 || low < 0 {
			return f.damage(at, "%q in the bytes of a packet: the file is damaged", line[:2])
		}
		f.data = append(f.data, byte(high<<4|low))
	}
	p.Data, p.Length = f.data, len(f.data)
	return nil
}

// hexDigit returns the value of a hexadecimal digit, or -1.
func hexDigit(c byte) int { return bytes.IndexByte([]byte("0123456789abcdef"), c|0x20) }
