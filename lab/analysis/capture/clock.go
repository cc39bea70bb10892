package capture

import (
	"fmt"
	"time"

	"ftplab/lab/analysis/packet"
)

// maxJitter is how far times may fall back: a recorder with several queues or interfaces stores
// packets slightly out of order.
const maxJitter = 100 * time.Millisecond

// A clock finds the largest step back in the times of a capture.
type clock struct {
	number   int   // of the packet before; 0 if there is none
	time     int64 // its time
	back     int64 // the largest step, in nanoseconds
	from, to int   // the packets before and after it
}

// note notes the time of the next packet. A simple packet block of pcapng has none.
func (k *clock) note(p *packet.Packet) {
	if p.Time == 0 {
		return
	}
	if back := k.time - p.Time; k.number > 0 && back > k.back {
		k.back, k.from, k.to = back, k.number, p.Number
	}
	k.number, k.time = p.Number, p.Time
}

// disorder is that of [Capture].
func (k *clock) disorder() string {
	if k.back <= int64(maxJitter) {
		return ""
	}
	return fmt.Sprintf("packet %d is stamped %.3g s before packet %d: either the clock was set back, or the packets are not in their order, and Wireshark's reordercap puts them in order",
		k.to, time.Duration(k.back).Seconds(), k.from)
}
