package generate

import "container/heap"

// A merge puts the frames of sessions into the order of time. The sessions come in the
// order in which they begin, so what is before the beginning of the last one can go: at
// any time only the sessions are in memory that overlap.
type merge struct {
	sessions cursors
	write    func(*session, frame) error
}

// A cursor is a session whose first frames have been written.
type cursor struct {
	*session
	next int // of its frames
}

// add takes a session, and writes what is before its beginning.
func (m *merge) add(s *session) error {
	if err := m.writeBefore(s.start.UnixNano()); err != nil {
		return err
	}
	if len(s.frames) > 0 {
		heap.Push(&m.sessions, &cursor{s, 0})
	}
	return nil
}

// flush writes all that is left.
func (m *merge) flush() error { return m.writeBefore(1<<63 - 1) }

func (m *merge) writeBefore(time int64) error {
	for len(m.sessions) > 0 {
		first := m.sessions[0]
		f := first.frames[first.next]
		if f.at >= time {
			return nil
		}
		if err := m.write(first.session, f); err != nil {
			return err
		}
		first.frames[first.next].data = nil
		if first.next++; first.next == len(first.frames) {
			heap.Pop(&m.sessions)
		} else {
			heap.Fix(&m.sessions, 0)
		}
	}
	return nil
}

// cursors are a heap, the one with the earliest next frame first.
type cursors []*cursor

func (c cursors) Len() int { return len(c) }

func (c cursors) Less(i, j int) bool {
	a, b := c[i].frames[c[i].next].at, c[j].frames[c[j].next].at
	if a != b {
		return a < b
	}
	return c[i].number < c[j].number
}

func (c cursors) Swap(i, j int) { c[i], c[j] = c[j], c[i] }

func (c *cursors) Push(x any) { *c = append(*c, x.(*cursor)) }

func (c *cursors) Pop() any {
	last := len(*c) - 1
	popped := (*c)[last]
	(*c)[last] = nil
	*c = (*c)[:last]
	return popped
}
