package rules

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"
)

// TestSpelling tells the values that spell a text from those of counters, ranges and random numbers.
func TestSpelling(t *testing.T) {
	const text = "the keys are under the mat at the back door, as always"
	random := rand.New(rand.NewPCG(1, 2))
	for _, test := range []struct {
		name string
		want bool
		next func(i int) uint16
	}{
		{"two letters each", true, func(i int) uint16 { return binary.BigEndian.Uint16([]byte(text[2*i:])) }},
		{"a letter each", true, func(i int) uint16 { return uint16(text[i]) << 8 }},
		{"the second byte of each", true, func(i int) uint16 { return uint16(text[i]) }},
		{"two letters each, among random numbers", true, func(i int) uint16 {
			if i < 3 || i >= 24 {
				return 0x9000 + uint16(random.IntN(99))
			}
			return binary.BigEndian.Uint16([]byte(text[2*i:]))
		}},
		{"a counter that begins at zero", false, func(i int) uint16 { return uint16(i) }},
		{"one value", false, func(int) uint16 { return 17520 }},
		{"a counter", false, func(i int) uint16 { return 0x3020 + uint16(i) }},
		{"a counter with the bytes turned round", false, func(i int) uint16 { return uint16('0'+i) << 8 }},
		{"random numbers", false, func(int) uint16 { return uint16(random.Uint32()) }},
		{"a small range of ports, by lot", false, func(int) uint16 { return 30000 + uint16(random.IntN(51)) }},
		{"a large range of ports, by lot", false, func(int) uint16 { return 8192 + uint16(random.IntN(24000)) }},
		{"a window that falls and grows in segments", false, func(i int) uint16 { return 32120 - uint16(i*7%13)*1460 }},
		{"two counters, by turns, one of which begins near zero", false, func(i int) uint16 { return []uint16{0x7a21, 0x40}[i%2] + uint16(i/2) }},
		{"two counters, by turns", false, func(i int) uint16 { return []uint16{0x7a21, 0x3340}[i%2] + uint16(i/2) }},
	} {
		var s spelling
		for i := range len(text) / 2 {
			s.add(inIPID, identification(test.next(i)), i+1, uint64(i))
		}
		if got := s.found || s.isText(leastValues[inIPID]); got != test.want {
			t.Errorf("%s: got %v, want %v, of %d values, %d text", test.name, got, test.want, s.n, s.text)
		}
	}
}
