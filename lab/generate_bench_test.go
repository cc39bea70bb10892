//go:build unix

package lab_test

import (
	"runtime"
	"syscall"
	"testing"
	"time"

	"ftplab/lab"
)

// cpu is what this process has used of the processors, for itself and for the system.
func cpu(b *testing.B) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// made makes a corpus of so many sessions with its captures and labels. It returns the time
// of the processors, and the most memory that was in use while it was made.
func made(b *testing.B, sessions int) (used time.Duration, most uint64) {
	g := corpusIn(b, b.TempDir(), sessions, 500)
	g.Made = func(session int) {
		if session%250 == 249 {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapInuse)
		}
	}
	begun := cpu(b)
	if _, err := lab.Generate(b.Context(), g); err != nil {
		b.Fatal(err)
	}
	return cpu(b) - begun, most
}

// BenchmarkGenerate makes sessions with captures and labels: at least 300 for each second of
// a processor, which are a million in 56 minutes.
func BenchmarkGenerate(b *testing.B) {
	var used time.Duration
	n := 0
	for b.Loop() {
		t, _ := made(b, 1000)
		used, n = used+t, n+1000
	}
	perSecond := float64(n) / used.Seconds()
	b.ReportMetric(perSecond, "sessions/cpu-s")
	b.ReportMetric(1e6/perSecond/60, "cpu-min/million")
}

// BenchmarkGenerateGrowth makes ten times as many sessions. That takes at most 10.5 times as
// long, and no more memory.
func BenchmarkGenerateGrowth(b *testing.B) {
	for b.Loop() {
		few, heapOfFew := made(b, 1000)
		many, heapOfMany := made(b, 10000)
		b.ReportMetric(many.Seconds()/few.Seconds(), "times-cpu")
		b.ReportMetric(float64(heapOfMany)/float64(heapOfFew), "times-heap")
	}
}
