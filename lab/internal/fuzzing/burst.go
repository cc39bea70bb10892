// Package fuzzing makes fuzz targets of fast readers faster. Go's fuzzer needs 30 µs or more
// for an input, mostly to compare the coverage of the whole program. A reader needs about
// one. So the target reads each input in many variants.
//
// Most of the time of a new corpus is spent on making inputs smaller. This is faster:
//
//	go test ./lab/pcapng -run ^$ -fuzz FuzzReader -fuzzminimizetime 10x
package fuzzing

import (
	"hash/crc32"
	"math/rand/v2"
	"slices"
)

const (
	// Most is how often a short input is read.
	Most = 16
	// budget is about how many bytes are read of an input and its variants together, so
	// that a long input does not take long.
	budget  = 8 << 10
	changes = 3 // of a variant, at most
)

// Burst calls read with the input, and then with variants of it. The same input always has
// the same variants, so a failure can be repeated. Read must not keep the bytes.
func Burst(input []byte, read func(variant []byte)) {
	read(input)
	if len(input) == 0 {
		return
	}
	r := rand.New(rand.NewPCG(uint64(crc32.ChecksumIEEE(input)), uint64(len(input))))
	variant := make([]byte, 0, len(input))
	for range budget/(len(input)+budget/Most) - 1 {
		variant = append(variant[:0], input...)
		for range 1 + r.IntN(changes) {
			variant = change(r, variant)
		}
		read(variant)
	}
}

// change changes one thing: a byte, a number of two bytes, the end, or a part that is left out.
func change(r *rand.Rand, b []byte) []byte {
	if len(b) == 0 {
		return b
	}
	at := r.IntN(len(b))
	switch r.IntN(8) {
	case 0:
		return b[:at]
	case 1:
		return slices.Delete(b, at, min(len(b), at+1+r.IntN(8)))
	case 2:
		b[at] = []byte{0, 1, 0x7f, 0x80, 0xff}[r.IntN(5)]
	case 3:
		if at+1 < len(b) { // a length
			b[at], b[at+1] = byte(r.IntN(2)), byte(r.IntN(256))
		}
	case 4:
		b[at] ^= 1 << r.IntN(8)
	default:
		b[at] = byte(r.IntN(256))
	}
	return b
}
