package capture

import (
	"hash/maphash"
	"maps"
	"math/bits"
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
//
// Of a large file it compares a sample: the segments whose hashes begin with some zero bits. So a segment and its copy are
// both in it, however far apart they are. The hash is the same in every reading, and so is the sample.
type doubling struct {
	seed  maphash.Seed
	times map[[2]uint64]int // how often a segment was seen, by the hashes of its numbers and of the rest
	zeros int               // bits at the beginning of the first hash
}

// note notes the next packet.
func (d *doubling) note(p *packet.Packet) {
	t := p.TCP
	if t == nil {
		return
	}
	numbers := hashOfNumbers(p)
	if d.lacks(numbers) {
		return
	}
	if d.times == nil {
		d.seed, d.times = maphash.MakeSeed(), map[[2]uint64]int{}
	}
	type rest struct { // not the TTL, and not the MAC addresses, which are others at each place
		src, dst netip.Addr
		tsval    uint32
		data     uint64
	}
	d.times[[2]uint64{numbers, maphash.Comparable(d.seed, rest{p.IP.Src, p.IP.Dst, t.Options.TSval, maphash.Bytes(d.seed, t.Payload)})}]++
	for len(d.times) > mostCompared {
		d.zeros++
		maps.DeleteFunc(d.times, func(of [2]uint64, _ int) bool { return d.lacks(of[0]) })
	}
}

// hashOfNumbers is a hash of the numbers in the headers of a segment.
func hashOfNumbers(p *packet.Packet) (hash uint64) {
	const prime = 0x9e3779b97f4a7c15 // the golden ratio, for multiplicative hashing
	t := p.TCP
	hash = (uint64(t.RawSeq)<<32 | uint64(t.RawAck)) * prime
	hash ^= hash>>32 ^ uint64(t.SrcPort)<<48 ^ uint64(t.DstPort)<<32 ^ uint64(p.IP.ID)<<16 ^ uint64(t.RawWindow)
	hash *= prime
	hash ^= hash>>32 ^ uint64(t.Flags)<<32 ^ uint64(t.Length)
	return hash * prime
}

// lacks reports whether the segments with a hash are not in the sample.
func (d *doubling) lacks(hash uint64) bool { return bits.LeadingZeros64(hash) < d.zeros }

// text is the Doubled of [Capture].
func (d *doubling) text() string {
	count, copies := 0, 0
	for _, n := range d.times {
		count += n
		copies += n / 2
	}
	if count < fewestCompared || 10*2*copies < 9*count {
		return ""
	}
	return "nearly every segment of TCP is in the file twice, as if it was recorded at two places or on two interfaces; read times and retransmissions with care"
}
