package evidence

import (
	"math"
	"math/rand/v2"
	"testing"

	"ftplab/lab/analysis/ftp"
)

// TestLongestMissing compares what is missing in front of each line with what may have been said there.
func TestLongestMissing(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		s := &Session{Session: &ftp.Session{}, Unread: map[int]bool{r.IntN(20): true}}
		at := int64(1)
		for packet := range 1 + r.IntN(9) {
			at += int64(r.IntN(2) * r.IntN(9))
			l := &ftp.Line{Packet: packet, From: ftp.Client, Seq: at, End: at + 6, Complete: r.IntN(4) > 0}
			s.Lines = append(s.Lines, l, &ftp.Line{Packet: packet, From: ftp.Server, Ack: l.End + int64(r.IntN(2))})
			at = l.End
		}
		first := s.Lines[0]
		missing := s.LongestMissing(first)
		for _, l := range append([]*ftp.Line{nil}, s.Lines...) {
			bytes, known := missing[l]
			if !known || l == nil && bytes < 0 {
				continue
			}
			more := bytes < math.MaxInt64 && s.MayHaveSaid(first, l, bytes+1)
			if more || bytes > 0 && !s.MayHaveSaid(first, l, bytes) {
				t.Fatalf("up to line %+v got %d missing bytes, and MayHaveSaid denies it or reports more", l, bytes)
			}
		}
	}
}
