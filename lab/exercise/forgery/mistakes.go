// The mistakes, each as it changes the packets of a real TCP.

package forgery

import (
	"encoding/binary"
	"math/rand/v2"
	"time"

	"ftplab/lab/pcapng"
)

// sameISN has the accepting side of each connection begin with the number of the other.
func sameISN(t *trace, _ *rand.Rand) {
	shift := map[*connection]uint32{}
	first := map[*connection]uint32{}
	for _, s := range t.segments {
		switch {
		case s.has(synFlag) && s.opens:
			first[s.connection] = s.seq()
		case s.has(synFlag):
			shift[s.connection] = first[s.connection] - s.seq()
		}
		if !s.opens {
			s.setSeq(s.seq() + shift[s.connection])
		} else if s.has(ackFlag) {
			s.setAck(s.ack() + shift[s.connection])
		}
	}
}

// lineEnd is how many bytes the end of a line has.
const lineEnd = 2

// wrongLengths has one side of the first connection forget the ends of its lines when it
// counts them, or count them twice. The other side acknowledges what it got.
func wrongLengths(t *trace, random *rand.Rand) {
	wrong := uint32(lineEnd)
	if random.IntN(2) == 0 {
		wrong = -wrong
	}
	opener := random.IntN(2) == 0
	var ends []uint32 // of what the side has sent, as it was recorded
	shift := uint32(0)
	for _, s := range t.segments {
		switch {
		case s.connection != t.connections[0]:
		case s.opens == opener:
			end := s.end()
			s.setSeq(s.seq() + shift)
			if s.length() > 0 {
				ends = append(ends, end)
				shift += wrong
			}
		case s.has(ackFlag):
			n := s.ack()
			for _, end := range ends {
				if int32(n-end) > 0 {
					s.setAck(s.ack() + wrong)
				}
			}
		}
	}
}

// earlyACKs has each command of the first connection acknowledge the reply to come. Then
// the reply needs no other acknowledgement.
func earlyACKs(t *trace, _ *rand.Rand) {
	acked := uint32(0)
	for i, s := range t.segments {
		if s.connection != t.connections[0] || !s.opens || s.has(synFlag) {
			continue
		}
		if s.length() == 0 {
			if !s.has(finFlag) && s.ack() == acked {
				t.remove(s)
			}
			continue
		}
		for _, reply := range t.segments[i+1:] {
			if reply.connection == s.connection && !reply.opens && reply.length() > 0 {
				acked = reply.end()
				s.setAck(acked)
				break
			}
		}
	}
}

// uncountedFINs has each side acknowledge what came before a FIN, and not the FIN.
func uncountedFINs(t *trace, _ *rand.Rand) {
	type sender struct {
		*connection
		opens bool
	}
	fins := map[sender]uint32{}
	for _, s := range t.segments {
		if s.has(finFlag) {
			fins[sender{s.connection, s.opens}] = s.end()
		}
		if fin, ok := fins[sender{s.connection, !s.opens}]; ok && s.has(ackFlag) && s.ack() == fin+1 {
			s.setAck(fin)
		}
	}
}

// noRoundTrip has the side that accepts a connection answer at once. Only its SYN keeps its time.
func noRoundTrip(t *trace, random *rand.Rand) {
	accepted := map[*pcapng.Packet]bool{}
	for _, s := range t.segments {
		accepted[s.Packet] = !s.opens && !s.has(synFlag)
	}
	recorded, now := int64(0), int64(0)
	for i, p := range t.packets {
		pause := p.Time - recorded
		recorded = p.Time
		if accepted[p] {
			pause = min(pause, int64(time.Duration(200+random.IntN(700))*time.Microsecond))
		}
		if now += pause; i == 0 {
			now = p.Time
		}
		p.Time = now
	}
}

// defaultWindow is the window that a well-known library writes into every packet.
const defaultWindow = 8192

// noOptions takes all options out of the TCP headers. Without them a window is what its
// field says.
func noOptions(t *trace, _ *rand.Rand) {
	for _, s := range t.segments {
		b, header := s.Data, s.header()
		options := header - tcpLength
		length := binary.BigEndian.Uint16(b[ipv4+2:])
		s.Data = append(b[:tcp+tcpLength:tcp+tcpLength], b[tcp+header:]...)
		binary.BigEndian.PutUint16(s.Data[ipv4+2:], length-uint16(options))
		s.Data[tcp+12] = tcpLength / 4 << 4
		binary.BigEndian.PutUint16(s.Data[tcp+14:], defaultWindow)
	}
}

// defaultID is the IP identification that a well-known library writes into every packet.
const defaultID = 1

// sameIDs gives all packets one identification, and permits to fragment them.
func sameIDs(t *trace, _ *rand.Rand) {
	for _, s := range t.segments {
		binary.BigEndian.PutUint16(s.Data[ipv4+4:], defaultID)
		binary.BigEndian.PutUint16(s.Data[ipv4+6:], 0)
	}
}

// wrongChecksums has the accepting side of the first connection compute its checksums from
// the segment alone, without the addresses of the pseudo-header.
func wrongChecksums(t *trace, _ *rand.Rand) {
	for _, s := range t.segments {
		s.partial = !s.opens && s.connection == t.connections[0]
	}
}
