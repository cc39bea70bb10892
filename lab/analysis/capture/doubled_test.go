package capture_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/internal/forge"
)

// A file that names no places may have each packet twice, from two places or two interfaces. Some
// retransmissions, as on a bad network, are no copies, and few packets show nothing.
func TestDoubled(t *testing.T) {
	every := func(int) bool { return true }
	const long = 3000
	later := func(at int) time.Duration { return time.Duration(10+at%7) * time.Millisecond }
	for _, test := range []struct {
		name    string
		again   func(i int) bool // whether a frame is there again
		delay   func(i int) time.Duration
		ttl     byte // by which that of the copy is less
		frames  int  // of the session, 0 for all
		more    int  // commands of another session behind it
		doubled bool
	}{
		{"two places", every, later, 1, 0, 0, true},
		{"two interfaces", every, func(int) time.Duration { return 0 }, 0, 0, 0, true},
		{"one copy in twenty is lost", func(i int) bool { return i%20 != 7 }, later, 1, 0, 0, true},
		{"no copies", func(int) bool { return false }, later, 0, 0, 0, false},
		{"every other segment is there again", func(i int) bool { return i%2 == 0 }, later, 0, 0, 0, false},
		{"two files, one after the other", every, func(int) time.Duration { return time.Hour }, 1, 0, long, true},
		{"a long file without copies", func(int) bool { return false }, later, 0, 0, long, false},
		{"a long file with every other segment again", func(i int) bool { return i%2 == 0 }, later, 0, 0, long, false},
		{"few packets", every, later, 1, 7, 0, false},
	} {
		f := activeSession()
		if test.more > 0 {
			x := f.Login()
			for range test.more {
				x.Ask("NOOP", "200 Fine.")
			}
		}
		if test.frames > 0 {
			f.Frames = f.Frames[:test.frames]
		}
		for i, frame := range slices.Clone(f.Frames) {
			if test.again(i) {
				data := bytes.Clone(frame.Data)
				data[22] -= test.ttl
				f.Frames = append(f.Frames, forge.Frame{At: frame.At.Add(test.delay(i)), Data: data})
			}
		}
		slices.SortStableFunc(f.Frames, func(a, b forge.Frame) int { return a.At.Compare(b.At) })
		c, err := capture.Read(bytes.NewReader(f.PCAP()), capture.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Doubled != ""; got != test.doubled {
			t.Errorf("%s: got %q of %d packets, want it: %v", test.name, c.Doubled, c.Size, test.doubled)
		}
		c.Close()
	}
}
