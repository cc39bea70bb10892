package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// BenchmarkGenerate makes sessions with a capture and labels, ten times as many, and a hundred
// times as many. It reports the processor's time, user and system, of one that has a core
// for itself: sessions a second, the hours that a million takes, and how many times as long
// ten times as many take. It fails if ten times as many take more than 10.5 times as long, or
// if memory grows by more than a quarter. On a machine that does other things, too, the
// times are longer.
func BenchmarkGenerate(b *testing.B) {
	command := build(b)
	for b.Loop() {
		seconds, peak := 0.0, int64(0)
		for i, sessions := range []int{200, 2000, 20_000} {
			took, memory := generation(b, command, sessions)
			name := fmt.Sprintf("-of-%d", sessions)
			b.ReportMetric(float64(sessions)/took, "sessions/CPU-s"+name)
			b.ReportMetric(float64(memory)/(1<<20), "MiB"+name)
			if i > 0 {
				b.ReportMetric(took/seconds, "times-as-long"+name)
				if took > 10.5*seconds {
					b.Errorf("%d sessions take %.2f times as long as a tenth of them, want 10.5 at most", sessions, took/seconds)
				}
			}
			if sessions > 2000 {
				b.ReportMetric(took/float64(sessions)*1e6/3600, "CPU-hours-a-million")
				if memory > peak+peak/4 {
					b.Errorf("%d sessions take %d MiB, and a tenth of them %d: want no more", sessions, memory>>20, peak>>20)
				}
			}
			seconds, peak = took, memory
		}
	}
}

// generation makes so many sessions, and returns the seconds of processor time and the peak
// of memory in bytes. The process has one core.
func generation(b *testing.B, command string, sessions int) (seconds float64, peak int64) {
	b.Helper()
	folder := filepath.Join(b.TempDir(), "corpus")
	c := exec.Command("taskset", "-c", "0", command, "generate", "--sessions", fmt.Sprint(sessions), "--part", "1000", "-o", folder)
	if said, err := c.CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, said)
	}
	return (c.ProcessState.UserTime() + c.ProcessState.SystemTime()).Seconds(), c.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10
}
