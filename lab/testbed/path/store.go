package path

// A chunk is memory for frames on their way. It is reused when all of them are
// freed, so that a transfer of a gigabyte makes no work for the garbage
// collector.
type chunk struct {
	memory []byte
	used   int
	frames int // frames that are not freed yet
}

// chunkSize has room for about a hundred full Ethernet frames.
const chunkSize = 256 << 10

// A store keeps copies of frames in chunks.
type store struct {
	current *chunk
	spare   []*chunk
}

// keep returns a copy of the frame.
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

// fresh starts a new chunk with room for size bytes.
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

// free frees one frame of the chunk.
func (s *store) free(c *chunk) {
	if c.frames--; c.frames == 0 && c != s.current {
		s.recycle(c)
	}
}

// recycle keeps an empty chunk for later use.
func (s *store) recycle(c *chunk) {
	if len(c.memory) == chunkSize {
		c.used = 0
		s.spare = append(s.spare, c)
	}
}
