package ftp

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"
)

// records are records of TLS with bodies of up to a length.
func records(r *rand.Rand, n, longest int) []byte {
	var all []byte
	for range n {
		body := noise(r, 1+r.IntN(longest))
		all = append(all, 0x17, 3, 3)
		all = binary.BigEndian.AppendUint16(all, uint16(len(body)))
		all = append(all, body...)
	}
	return all
}

func noise(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// scan adds a stream from a byte on, in segments of up to a length, without those for which lost
// is true.
func scan(stream []byte, from, segment int, lost func(seq int) bool) *recordChain {
	c := &recordChain{}
	for seq := from; seq < len(stream); seq += segment {
		if !lost(seq) {
			c.add(int64(seq), stream[seq:min(seq+segment, len(stream))])
		}
	}
	return c
}

// TestRecordsInTheMiddle begins streams of TLS anywhere, and loses and repeats segments: they are
// TLS.
func TestRecordsInTheMiddle(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		longest := []int{20, 500, 16 << 10}[r.IntN(3)]
		stream := records(r, 40+20000/longest, longest)
		segment := 100 + r.IntN(1400)
		from := r.IntN(len(stream) / 2)
		some := func(int) bool { return r.IntN(50) == 0 }
		if c := scan(stream, from, segment, some); !c.seen() {
			t.Errorf("from byte %d of %d on, in segments of %d: got %+v", from, len(stream), segment, *c)
		}
	}
}

// TestOneRecord asks that a single record that fills a segment is enough, also if it is sent
// again, and that one in the middle of a segment is not.
func TestOneRecord(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	record := records(r, 1, 300)
	whole := &recordChain{}
	for range 3 {
		whole.add(7, record)
	}
	if !whole.seen() {
		t.Errorf("a record in a segment: got %+v", *whole)
	}
	for what, segment := range map[string][]byte{
		"a record after a byte":     append([]byte{'a'}, record...),
		"a record before a byte":    append(bytes.Clone(record), 'a'),
		"a record that is not over": record[:len(record)-1],
		"a record without a body":   {0x17, 3, 3, 0, 0},
	} {
		c := &recordChain{}
		c.add(0, segment)
		if c.seen() {
			t.Errorf("%s: got %+v", what, *c)
		}
	}
}

// TestFilesAreNotRecords begins files in clear anywhere: random bytes, text, and captures of
// TLS, in which records stand between other bytes.
func TestFilesAreNotRecords(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var capture []byte
	for range 200 {
		capture = append(capture, noise(r, 82)...) // the headers of a packet
		capture = append(capture, records(r, 1+r.IntN(4), 300)...)
	}
	capture = append(capture, noise(r, 82)...)
	for what, file := range map[string][]byte{
		"noise":   noise(r, 1<<20),
		"text":    bytes.Repeat([]byte("drwxr-xr-x 2 ftp ftp 4096 Jan 1 2026 pub\r\n"), 1000),
		"zeros":   make([]byte, 1<<16),
		"capture": capture,
	} {
		for range 100 {
			from, segment := r.IntN(len(file)/2), 500+r.IntN(1000)
			if c := scan(file, from, segment, func(int) bool { return false }); c.seen() {
				t.Errorf("%s, from byte %d on, in segments of %d: got %+v", what, from, segment, *c)
			}
		}
	}
}
