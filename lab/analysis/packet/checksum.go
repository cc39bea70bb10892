// The checksum of TCP segments.

package packet

import (
	"encoding/binary"
	"math/bits"
)

// A checksum is what is known of the checksum of a segment.
type checksum uint8

const (
	checksumUnknown checksum = iota // it was not computed yet
	checksumAbsent                  // nothing shows whether it is right
	checksumRight
	checksumWrong
)

// ChecksumWrong reports whether the checksum of a TCP segment is wrong (RFC 9293 section 3.1). It
// returns false if the recorder cut the segment short, or if the checksum is 0, which means that the
// network card computes it later. The packet must not be a clone.
func (p *Packet) ChecksumWrong() bool { return p.checksum() == checksumWrong }

// ChecksumRight reports whether the checksum of a TCP segment is right. It is neither right nor wrong
// where ChecksumWrong says that nothing can be said.
func (p *Packet) ChecksumRight() bool { return p.checksum() == checksumRight }

func (p *Packet) checksum() checksum {
	t := p.TCP
	switch {
	case t.checksum != checksumUnknown:
	case t.whole == nil || t.whole[16] == 0 && t.whole[17] == 0:
		t.checksum = checksumAbsent
	case p.transportSum(protoTCP, t.whole) == 0xffff:
		t.checksum = checksumRight
	default:
		t.checksum = checksumWrong
	}
	return t.checksum
}

// datagramDamaged reports whether the checksum of a datagram of UDP is wrong (RFC 768). A datagram
// may have none, the recorder may have cut it short, and its length may be wrong, too.
func (p *Packet) datagramDamaged(b piece) bool {
	return len(b.data) >= 8 && len(b.data) == b.wire && b.uint16(4) == b.wire && b.uint16(6) != 0 && p.transportSum(protoUDP, b.data) != 0xffff
}

// transportSum is the sum (RFC 1071) of a segment or datagram with its checksum, and of the
// pseudo-header of its protocol. It is 0xffff if the checksum is right.
func (p *Packet) transportSum(protocol uint64, segment []byte) uint64 {
	src, dst := p.IP.Src.As16(), p.IP.Dst.As16()
	total := uint64(len(segment)) + protocol
	for _, part := range [][]byte{src[16-p.IP.Src.BitLen()/8:], dst[16-p.IP.Dst.BitLen()/8:], segment} {
		total += folded(sum(part))
	}
	return folded(total)
}

// sum adds up 64-bit words. The sum of 16-bit words is the same, once both are folded.
func sum(b []byte) uint64 {
	var total, carries, c uint64
	for ; len(b) >= 64; b = b[64:] {
		total, c = bits.Add64(total, binary.BigEndian.Uint64(b), 0)
		total, c = bits.Add64(total, binary.BigEndian.Uint64(b[8:]), c)
		total, c = bits.Add64(total, binary.BigEndian.Uint64(b[16:]), c)
		total, c = bits.Add64(total, binary.BigEndian.Uint64(b[24:]), c)
		total, c = bits.Add64(total, binary.BigEndian.Uint64(b[32:]), c)
		total, c = bits.Add64(total, binary.BigEndian.Uint64(b[40:]), c)
		total, c = bits.Add64(total, binary.BigEndian.Uint64(b[48:]), c)
		total, c = bits.Add64(total, binary.BigEndian.Uint64(b[56:]), c)
		carries += c
	}
	for len(b) > 0 {
		var word [8]byte
		n := copy(word[:], b)
		total, c = bits.Add64(total, binary.BigEndian.Uint64(word[:]), 0)
		carries, b = carries+c, b[n:]
	}
	return folded(total) + carries
}

// folded adds up the 16-bit words of a sum until one is left.
func folded(sum uint64) uint64 {
	for sum>>16 > 0 {
		sum = sum>>48 + sum>>32&0xffff + sum>>16&0xffff + sum&0xffff
	}
	return sum
}
