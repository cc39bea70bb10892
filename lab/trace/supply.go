// Room for the many small things that a dialogue is made into.

package trace

import (
	"strings"
	"unsafe"
)

// blockSize is how many bytes are asked for at once. One by one, ten thousand
// sessions would be a quarter of a million pieces, each rounded up.
const blockSize = 32 << 10

// A supply hands out zero values of a type. They are never taken back: all of
// them belong to the Trace.
type supply[T any] struct{ block []T }

func (s *supply[T]) next() *T {
	if len(s.block) == cap(s.block) {
		var zero T
		s.block = make([]T, 0, blockSize/unsafe.Sizeof(zero))
	}
	s.block = s.block[:len(s.block)+1]
	return &s.block[len(s.block)-1]
}

// texts makes strings.
type texts struct{ block strings.Builder }

func (s *texts) of(b []byte) string {
	if s.block.Cap()-s.block.Len() < len(b) {
		s.block = strings.Builder{}
		s.block.Grow(max(len(b), blockSize))
	}
	at := s.block.Len()
	s.block.Write(b)
	return s.block.String()[at:]
}
