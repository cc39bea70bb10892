// Package forged finds the packets of a capture that no TCP sends. A program that writes
// packets itself, instead of asking its system for a connection, easily makes such
// mistakes: it counts the bytes wrongly, or acknowledges what has not arrived yet.
//
//	signs, err := forged.Find(c)
//	frames := signs[forged.Ack]
//
// A capture of real TCPs has no such packet if it is complete. A packet that the recorder
// lost looks like a sequence number that is too large.
//
// The package is for captures of a lesson: it remembers what each connection sent.
package forged

import (
	"maps"
	"slices"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/packet"
)

// A Sign is a mistake by which packets show that no TCP sent them.
type Sign string

// The signs.
const (
	// Seq: a sequence number is not the one before plus the bytes sent, so different bytes
	// have the same number, or numbers are missing (RFC 9293, 3.4). The packet shows it, and
	// the one that acknowledges it.
	Seq Sign = "seq"
	// Ack: bytes are acknowledged before they are sent (RFC 9293, 3.4). The acknowledgement
	// shows it, and the packet that has the bytes.
	Ack Sign = "ack"
	// FIN: both sides send a FIN, and no acknowledgement counts one of them
	// (RFC 9293, 3.4 and 3.6).
	FIN Sign = "fin"
	// MSS: a SYN has no option MSS, and the other side sends more than the 536 bytes (1220
	// with IPv6) that it must assume then (RFC 9293, 3.7.1). If that is so anywhere, every
	// SYN without the option is a sign.
	MSS Sign = "mss"
	// ISN: the sequence numbers of both sides begin with the same number, which each
	// chooses at random (RFC 9293, 3.4.1).
	ISN Sign = "isn"
	// RTT: an acknowledgement comes in less than half of the time that the SYN and ACK of
	// the handshake took.
	RTT Sign = "rtt"
	// ID: successive packets of one side have the same IPv4 identification although the
	// packets may be fragmented, so their fragments would be mixed up (RFC 6864, 4.3). The
	// copy of a packet has the identification of the packet, and 0 is that of some routers
	// which clear DF.
	ID Sign = "id"
	// Checksum: the TCP checksum is wrong (RFC 9293, 3.1). A system that leaves checksums
	// to its network card also records its own packets so.
	Checksum Sign = "checksum"
)

// Signs are the signs in a capture, and the numbers of the packets that show them, in order.
type Signs map[Sign][]int

// Names returns the signs, in alphabetical order.
func (s Signs) Names() []string {
	var names []string
	for sign := range s {
		names = append(names, string(sign))
	}
	slices.Sort(names)
	return names
}

// Frames returns the numbers of all packets with a sign, in order.
func (s Signs) Frames() []int {
	return slices.Compact(slices.Sorted(func(yield func(int) bool) {
		for frames := range maps.Values(s) {
			for _, n := range frames {
				if !yield(n) {
					return
				}
			}
		}
	}))
}

// Find reads a capture and returns the signs in it. The error is that of reading.
func Find(c *capture.Capture) (Signs, error) {
	signs := Signs{}
	connections := map[int]*connection{}
	var withoutMSS []int
	for p := range c.Packets() {
		if p.Segment == nil || p.Connection == nil {
			continue
		}
		x := connections[p.Connection.ID]
		if x == nil {
			x = &connection{signs: signs}
			connections[p.Connection.ID] = x
		}
		x.add(p)
		if p.TCP.Has(packet.SYN) && p.TCP.Options.MSS == 0 {
			withoutMSS = append(withoutMSS, p.Number)
		}
	}
	for _, x := range connections {
		x.end()
	}
	if len(signs[MSS]) > 0 {
		signs[MSS] = append(signs[MSS], withoutMSS...)
	}
	for sign, frames := range signs {
		slices.Sort(frames)
		signs[sign] = slices.Compact(frames)
	}
	return signs, c.Err()
}
