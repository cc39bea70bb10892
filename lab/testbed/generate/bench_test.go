package generate

import (
	"bytes"
	"testing"
	"time"

	"ftplab/lab/traffic"
)

// corpusOf is a corpus of so many sessions of a profile that comes with ftplab.
func corpusOf(t testing.TB, sessions int, profile string) *Corpus {
	t.Helper()
	file, _ := traffic.Profile(profile)
	known, err := traffic.Read(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return &Corpus{
		Sessions: sessions, Seed: 1, Traffic: known.Traffic,
		From: time.Date(2026, time.January, 5, 0, 0, 0, 0, time.UTC), Duration: time.Duration(sessions) * 36 * time.Second,
	}
}

// BenchmarkSession makes a session, its frames and its labels.
func BenchmarkSession(b *testing.B) {
	c := corpusOf(b, 1<<30, traffic.DefaultProfile)
	m, err := NewMaker(c)
	if err != nil {
		b.Fatal(err)
	}
	frames, number := 0, 0
	out := Output{
		Frame:    func(int64, []byte, string) error { frames++; return nil },
		Flow:     func(*Flow) error { return nil },
		Transfer: func(*Transfer) error { return nil },
	}
	for b.Loop() {
		if err := m.Make(b.Context(), number, number+1, out); err != nil {
			b.Fatal(err)
		}
		number++
	}
	b.ReportMetric(float64(frames)/float64(number), "frames/session")
	b.ReportMetric(float64(number)/b.Elapsed().Seconds(), "sessions/s")
}
