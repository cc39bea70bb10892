package report

import (
	"io"
	"testing"

	"ftplab/lab/internal/forge"
)

// BenchmarkSmall reads the capture of a small session and writes its
// whole report, as every run of a scenario does for its walkthrough.
func BenchmarkSmall(b *testing.B) { benchmark(b, activeListing) }

// BenchmarkDownload does the same for a download of 10 MiB.
func BenchmarkDownload(b *testing.B) {
	benchmark(b, func(f *forge.Capture) { download(f, 10<<20) })
}

func benchmark(b *testing.B, make func(*forge.Capture)) {
	c := forge.New()
	make(c)
	file := c.PCAP()
	b.SetBytes(int64(len(file)))
	for b.Loop() {
		r, err := reportOn(file, nil)
		if err != nil {
			b.Fatal(err)
		}
		r.Comments()
		if err := r.HTML(io.Discard); err != nil {
			b.Fatal(err)
		}
		if err := r.Markdown(io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}
