package path

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"time"
)

// A direction is the path from one host to another. It holds every frame that has left
// the first host and has not reached the link of the second.
//
// Frames enter in the order in which they were sent, and all have the same delay, so
// one queue is enough: the oldest frame is due first. Frames that a rule delays are in
// a list of their own.
type direction struct {
	delay int64 // nanoseconds
	loss  float64
	dice  *rand.Rand

	queue fifo
	apart []queued // by due time
}

// A queued is a frame on its way.
type queued struct {
	due   int64 // when it reaches the receiver's link, nanoseconds
	frame frame // the frame as the receiver gets it
	home  *chunk

	late     int64 // held until another frame overtakes it, and then for this long, nanoseconds
	damaged  bool  // its checksum becomes wrong
	report   bool  // a router's error message; it quotes the packet as its sender sent it
	overtake bool  // it is the first of its connection after a held frame
}

// loses reports whether the next frame is lost on the path.
func (d *direction) loses() bool {
	return d.loss > 0 && d.dice.Float64() < d.loss
}

// empty reports whether no frame is on its way.
func (d *direction) empty() bool {
	return d.queue.len() == 0 && len(d.apart) == 0
}

// first returns the frame that is due first, or nil.
func (d *direction) first() *queued {
	q := d.queue.first()
	if len(d.apart) > 0 && (q == nil || d.apart[0].due < q.due) {
		return &d.apart[0]
	}
	return q
}

// take removes the frame that first returned.
func (d *direction) take() queued {
	f := d.first()
	if len(d.apart) > 0 && f == &d.apart[0] {
		taken := *f
		d.apart = slices.Delete(d.apart, 0, 1)
		return taken
	}
	return d.queue.take()
}

// setApart adds a frame that may arrive out of order.
func (d *direction) setApart(f queued) {
	i := len(d.apart)
	for i > 0 && d.apart[i-1].due > f.due {
		i--
	}
	d.apart = slices.Insert(d.apart, i, f)
}

// hold keeps a segment back until a later one from the same side has arrived,
// and for late nanoseconds more. If none arrives, it waits for holdTimeout.
func (d *direction) hold(f queued, late int64) {
	f.late = late
	f.due += max(late, int64(holdTimeout))
	d.setApart(f)
}

// holdTimeout is how long a segment waits to be overtaken. Longer than that, its sender
// would rather send it again.
const holdTimeout = 500 * time.Millisecond

// overtakes reports whether a frame that enters now overtakes one that is held.
func (d *direction) overtakes(f frame) bool {
	return slices.ContainsFunc(d.apart, func(held queued) bool {
		return held.late > 0 && sameConnection(held.frame, f)
	})
}

// overtaken releases the segments that were held until the frame by arrived.
func (d *direction) overtaken(by frame, now int64) {
	for i := range d.apart {
		if f := &d.apart[i]; f.late > 0 && sameConnection(f.frame, by) {
			f.due, f.late = now+f.late, 0
		}
	}
	slices.SortStableFunc(d.apart, func(a, b queued) int { return cmp.Compare(a.due, b.due) })
}

// sameConnection reports whether both are segments of one direction of a
// connection.
func sameConnection(a, b frame) bool {
	s, ok := a.segment()
	t, also := b.segment()
	return ok && also && s.from == t.from && s.to == t.to
}

// A fifo is a queue of frames.
type fifo struct {
	frames []queued
	head   int
}

func (q *fifo) len() int { return len(q.frames) - q.head }

func (q *fifo) first() *queued {
	if q.len() == 0 {
		return nil
	}
	return &q.frames[q.head]
}

func (q *fifo) take() queued {
	f := q.frames[q.head]
	q.frames[q.head] = queued{}
	if q.head++; q.head == len(q.frames) {
		q.frames, q.head = q.frames[:0], 0
	}
	return f
}

func (q *fifo) add(f queued) {
	if len(q.frames) == cap(q.frames) && q.head > len(q.frames)/2 {
		n := copy(q.frames, q.frames[q.head:])
		clear(q.frames[n:])
		q.frames, q.head = q.frames[:n], 0
	}
	q.frames = append(q.frames, f)
}
