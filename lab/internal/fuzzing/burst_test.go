package fuzzing

import (
	"bytes"
	"testing"
)

// The first read is that of the input itself, most others are of something else, and the
// same input has the same variants.
func TestBurst(t *testing.T) {
	for _, size := range []int{0, 1, 60, 1500, 1 << 20} {
		input := bytes.Repeat([]byte("abc"), size)[:size]
		var first, second [][]byte
		Burst(input, func(b []byte) { first = append(first, bytes.Clone(b)) })
		Burst(input, func(b []byte) { second = append(second, bytes.Clone(b)) })
		if !bytes.Equal(first[0], input) {
			t.Errorf("%d bytes: the first read is of something else", size)
		}
		total, same := 0, 0
		for i, b := range first {
			total += len(b)
			if bytes.Equal(b, input) {
				same++
			}
			if !bytes.Equal(b, second[i]) {
				t.Fatalf("%d bytes: variant %d is another one the second time", size, i)
			}
		}
		if total > budget+size || same*4 > len(first)+4 {
			t.Errorf("%d bytes: %d reads of %d bytes in all, %d of them of the input", size, len(first), total, same)
		}
		if size == 60 && len(first) < Most/2 {
			t.Errorf("got %d reads of a short input, want about %d", len(first), Most)
		}
	}
}
