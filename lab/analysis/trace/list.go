// Room for the many small things that a capture is made into.

package trace

import (
	"strings"
	"unsafe"
)

// blockSize is how many bytes are asked for at once. One by one, ten thousand
// sessions would be a quarter of a million pieces, each rounded up.
const blockSize = 32 << 10

// A list grows without moving what it holds.
type list[T any] struct{ blocks [][]T }

// perBlock is how many of them a block has room for.
func (l *list[T]) perBlock() int {
	var zero T
	return blockSize / int(unsafe.Sizeof(zero))
}

func (l *list[T]) len() int {
	n := len(l.blocks)
	if n == 0 {
		return 0
	}
	return (n-1)*l.perBlock() + len(l.blocks[n-1])
}

// at returns the i-th of them.
func (l *list[T]) at(i int) *T { return &l.blocks[i/l.perBlock()][i%l.perBlock()] }

// next adds a zero value at the end, and returns it.
func (l *list[T]) next() *T {
	n := len(l.blocks)
	if n == 0 || len(l.blocks[n-1]) == l.perBlock() {
		l.blocks = append(l.blocks, make([]T, 0, l.perBlock()))
		n++
	}
	last := &l.blocks[n-1]
	*last = (*last)[:len(*last)+1]
	return &(*last)[len(*last)-1]
}

// release lets go of what the list holds, but for the room that is left in its last
// block. Whoever points to something in it may go on doing so.
func (l *list[T]) release() {
	if n := len(l.blocks); n > 1 {
		l.blocks = [][]T{l.blocks[n-1]}
	}
}

// reuse makes the room of what the list holds that of what comes next: nobody may point to
// anything in it any longer.
func (l *list[T]) reuse() {
	if l.release(); len(l.blocks) > 0 {
		clear(l.blocks[0])
		l.blocks[0] = l.blocks[0][:0]
	}
}

// texts makes strings.
type texts struct {
	block strings.Builder
	size  int // of all of them, bytes
}

func (s *texts) of(b []byte) string {
	if s.block.Cap()-s.block.Len() < len(b) {
		s.block = strings.Builder{}
		s.block.Grow(max(len(b), blockSize))
	}
	s.size += len(b)
	at := s.block.Len()
	s.block.Write(b)
	return s.block.String()[at:]
}
