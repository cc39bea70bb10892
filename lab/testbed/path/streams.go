package path

import (
	"fmt"
	"net/netip"
)

// streams knows what each host has sent that the other has not acknowledged
// yet. While there is something, a connection is not at rest, though no frame
// may be under way: an acknowledgement can be delayed, a lost segment waits for
// its timer.
type streams map[stream]*progress

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
		delete(l, there)
		delete(l, back)
		return
	}
	a := l[there]
	if a == nil {
		a = &progress{sent: s.seq, acknowledged: s.seq}
		l[there] = a
	}
	if end := s.seq + s.room(); after(end, a.sent) {
		a.sent = end
	}
	if b := l[back]; b != nil && s.flags&flagACK != 0 && after(s.ack, b.acknowledged) {
		b.acknowledged = s.ack
	}
}

// open names a stream of which something is not acknowledged, or returns "".
func (l streams) open() string {
	for s, a := range l {
		if n := a.sent - a.acknowledged; n != 0 {
			return fmt.Sprintf("%d of what %v sent to %v", n, s.from, s.to)
		}
	}
	return ""
}

// after says whether one sequence number comes after another (RFC 9293, 3.4).
func after(a, b uint32) bool { return int32(a-b) > 0 }
