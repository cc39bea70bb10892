package path

import (
	"fmt"
	"net/netip"
)

// streams knows what each host has sent that the other has not acknowledged
// yet. While there is something, a connection is not at rest, though no frame
// may be under way: an acknowledgement can be delayed, a lost segment waits for
// its timer.
type streams struct {
	progress  map[stream]*progress
	forgotten map[stream]bool // of which the path lets nothing pass any more
}

func newStreams() streams {
	return streams{progress: map[stream]*progress{}, forgotten: map[stream]bool{}}
}

// A stream is one direction of a connection.
type stream struct{ from, to netip.AddrPort }

// A progress is how far a stream has come, in sequence numbers.
type progress struct {
	sent, acknowledged uint32
}

// enter notes a segment that a host sent.
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
	if b := l.progress[back]; b != nil && s.flags&flagACK != 0 && after(s.ack, b.acknowledged) {
		b.acknowledged = s.ack
	}
}

// forget makes the segment's connection one that nobody waits for.
func (l streams) forget(s segment) {
	l.forgotten[stream{s.from, s.to}] = true
	l.forgotten[stream{s.to, s.from}] = true
}

// open names a stream of which something is not acknowledged, or returns "".
func (l streams) open() string {
	for s, a := range l.progress {
		if n := a.sent - a.acknowledged; n != 0 && !l.forgotten[s] {
			return fmt.Sprintf("%d of what %v sent to %v", n, s.from, s.to)
		}
	}
	return ""
}

// after says whether one sequence number comes after another (RFC 9293, 3.4).
func after(a, b uint32) bool { return int32(a-b) > 0 }
