package path

import (
	"fmt"
	"net/netip"
)

// streams tracks what each host has sent that is not acknowledged yet. A
// connection with such data is not idle, even if no frame is under way: an
// acknowledgement can be delayed, and a lost segment waits for its timer.
type streams struct {
	progress  map[stream]*progress
	forgotten map[stream]bool // streams for which the path forwards nothing any more
}

func newStreams() streams {
	return streams{progress: map[stream]*progress{}, forgotten: map[stream]bool{}}
}

// A stream is one direction of a connection.
type stream struct{ from, to netip.AddrPort }

// connection returns the same for both directions of the segment's connection.
func (s segment) connection() stream {
	if s.to.Compare(s.from) < 0 {
		return stream{s.to, s.from}
	}
	return stream{s.from, s.to}
}

// A progress says how much of a stream was sent and acknowledged, in sequence numbers.
type progress struct {
	sent, acknowledged uint32
	opening            bool // nothing but a SYN was sent
}

// enter records a segment that a host sent.
func (l streams) enter(s segment) {
	there, back := stream{s.from, s.to}, stream{s.to, s.from}
	if s.flags&flagRST != 0 {
		delete(l.progress, there)
		delete(l.progress, back)
		return
	}
	a := l.progress[there]
	if a == nil {
		a = &progress{sent: s.seq, acknowledged: s.seq}
		l.progress[there] = a
	}
	if end := s.seq + s.room(); after(end, a.sent) {
		a.sent = end
	}
	a.opening = s.flags&flagSYN != 0 && s.flags&flagACK == 0
	if b := l.progress[back]; b != nil && s.flags&flagACK != 0 && after(s.ack, b.acknowledged) {
		b.acknowledged = s.ack
	}
}

// forget stops tracking the segment's connection.
func (l streams) forget(s segment) {
	l.forgotten[stream{s.from, s.to}] = true
	l.forgotten[stream{s.to, s.from}] = true
}

// open describes a stream that is not acknowledged completely, or returns "". A SYN without an
// answer is none: when nothing is under way, its connection was rejected, or its program has
// given up.
func (l streams) open() string {
	for s, a := range l.progress {
		if n := a.sent - a.acknowledged; n != 0 && !a.opening && !l.forgotten[s] {
			return fmt.Sprintf("%d of what %v sent to %v", n, s.from, s.to)
		}
	}
	return ""
}

// after reports whether one sequence number is after another (RFC 9293, 3.4).
func after(a, b uint32) bool { return int32(a-b) > 0 }
