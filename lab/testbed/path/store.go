package path

// A chunk is memory for frames on their way. It is used again when none of
// them is left, so that a gigabyte passes without work for the collector.
type chunk struct {
	memory []byte
	used   int
	frames int // not freed yet
}

// chunkSize is memory for some hundred frames of an Ethernet.
const chunkSize = 256 << 10

// A store keeps copies of frames, in chunks.
type store struct {
	current *chunk
	spare   []*chunk
}

// keep copies the frame.
func (s *store) keep(f frame) (frame, *chunk) {
	c := s.current
	if c == nil || len(c.memory)-c.used < len(f) {
		c = s.fresh(len(f))
	}
	kept := frame(c.memory[c.used : c.used+len(f) : c.used+len(f)])
	copy(kept, f)
	c.used += len(f)
	c.frames++
	return kept, c
}

// fresh makes a chunk with room for size bytes the current one.
func (s *store) fresh(size int) *chunk {
	old := s.current
	if n := len(s.spare); n > 0 && size <= chunkSize {
		s.current, s.spare = s.spare[n-1], s.spare[:n-1]
	} else {
		s.current = &chunk{memory: make([]byte, max(size, chunkSize))}
	}
	if old != nil && old.frames == 0 {
		s.recycle(old)
	}
	return s.current
}

// free gives up a frame of the chunk.
func (s *store) free(c *chunk) {
	if c.frames--; c.frames == 0 && c != s.current {
		s.recycle(c)
	}
}

// recycle keeps an empty chunk for later.
func (s *store) recycle(c *chunk) {
	if len(c.memory) == chunkSize {
		c.used = 0
		s.spare = append(s.spare, c)
	}
}
