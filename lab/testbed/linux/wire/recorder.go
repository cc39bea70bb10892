package wire

import (
	"slices"
	"time"

	"github.com/google/gopacket"

	"ftplab/lab/pcapng"
)

// A recorder writes the frames that pass captured ends, in the order of their times.
// The forwarder gets to know of them in another order if it is late: it may receive what
// a host sent just now before it hands over what arrived at that host long ago. So a frame
// is held until no frame with an earlier time can follow. Frames of a connection keep
// their order, since their times never go back; see package path.
type recorder struct {
	writer *pcapng.Writer
	held   []passed // by time
	spare  [][]byte // memory of frames that were written
	frames uint64   // recorded
}

// A passed frame is one that passed a captured end at a time.
type passed struct {
	at    int64
	place int
	frame []byte
}

// add records a frame. The recorder keeps a copy.
func (r *recorder) add(at int64, place int, frame []byte) {
	var memory []byte
	if n := len(r.spare); n > 0 {
		memory, r.spare = r.spare[n-1], r.spare[:n-1]
	}
	i := len(r.held)
	for i > 0 && r.held[i-1].at > at {
		i--
	}
	r.held = slices.Insert(r.held, i, passed{at, place, append(memory[:0], frame...)})
	r.frames++
}

// write writes all frames whose time is not after until, and returns the time of the
// last one, 0 if there is none.
func (r *recorder) write(until int64) (last int64) {
	n := 0
	for ; n < len(r.held) && r.held[n].at <= until; n++ {
		p := r.held[n]
		info := gopacket.CaptureInfo{Timestamp: time.Unix(0, p.at), CaptureLength: len(p.frame), Length: len(p.frame), InterfaceIndex: p.place}
		r.writer.WritePacket(info, p.frame) // Close returns the error
		last = p.at
	}
	r.writer.Flush() // the memory may be used again
	for _, p := range r.held[:n] {
		r.spare = append(r.spare, p.frame)
	}
	r.held = slices.Delete(r.held, 0, n)
	return last
}
