package scenarios

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"ftplab/lab"
	"ftplab/lab/pcapng"
	"ftplab/lab/scenario"
	"ftplab/lab/testbed/gvisor"
	"ftplab/lab/testbed/runner"
)

// BenchmarkAll runs all scenarios on gVisor's TCP: capture, verdict and
// walkthrough. It is to take 6 s at most.
func BenchmarkAll(b *testing.B) { benchmarkRuns(b, Names()) }

// BenchmarkEl2019 runs the largest one, 17 s of packets. It is to take 1.5 s at
// most.
func BenchmarkEl2019(b *testing.B) { benchmarkRuns(b, []string{"el_2019"}) }

func benchmarkRuns(b *testing.B, names []string) {
	folder := b.TempDir()
	for b.Loop() {
		for _, name := range names {
			s, err := Load(name)
			if err != nil {
				b.Fatal(err)
			}
			result, err := lab.Run(b.Context(), s, lab.Options{Results: folder, TCP: scenario.GVisorTCP})
			if err != nil || result.Outcome == lab.Failed {
				b.Fatalf("%s: got %+v, %v", name, result, err)
			}
		}
	}
}

// BenchmarkSmallSession makes the capture of a small session and the verdict on
// it, in one process. There are to be 300 a second or more.
func BenchmarkSmallSession(b *testing.B) {
	s, err := Load("active_list")
	if err != nil {
		b.Fatal(err)
	}
	path := filepath.Join(b.TempDir(), "capture.pcapng")
	for b.Loop() {
		file, err := os.Create(path)
		if err != nil {
			b.Fatal(err)
		}
		recording := runner.Recording{File: file, Format: pcapng.PCAPNG}
		builder := gvisor.Builder{Seed: lab.DefaultSeed, Start: time.Date(1985, time.October, 1, 0, 0, 0, 0, time.UTC)}
		if _, err := runner.Run(b.Context(), s, builder, recording, runner.Steps(nil)); err != nil {
			b.Fatal(err)
		}
		file.Close()
		if v, err := lab.Check(s, lab.File(path)); err != nil || !v.Pass {
			b.Fatalf("got the verdict %+v, %v", v, err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "sessions/s")
}
