package redact

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/internal/forge"
)

// BenchmarkMarks fails if the time for a long word grows with the square of its length. It reports how
// many times as long it takes as as many bytes of short words.
func BenchmarkMarks(b *testing.B) {
	const size, most = 400_000, 4
	took := func(before, text string) float64 {
		f := forge.New()
		client, server := f.Dial(forge.Client+":3171", forge.Server+":21")
		server.Send("220 ready\r\n")
		from := client
		if before[0] == '2' {
			from = server
		}
		from.Send(before)
		for ; text != ""; text = text[min(len(text), 1400):] {
			from.Send(text[:min(len(text), 1400)])
		}
		from.Send("\r\n")
		c, err := capture.Read(bytes.NewReader(f.PCAP()), capture.Options{NoHash: true, NoKeys: true})
		if err != nil {
			b.Fatal(err)
		}
		begin := time.Now()
		if _, err := Write(io.Discard, c, NewKey("key"), "test"); err != nil {
			b.Fatal(err)
		}
		return time.Since(begin).Seconds()
	}
	for name, before := range map[string]string{"reply": "200 ", "path": "CWD ", "password": "PASS "} {
		b.Run(name, func(b *testing.B) {
			var times float64
			for b.Loop() {
				times = took(before, strings.Repeat("k", size)) / took("200 ", strings.Repeat("kkkk ", size/5))
			}
			if b.ReportMetric(times, "x-usual"); times > most {
				b.Errorf("a word of %d bytes takes %.1f times as long as short words, want %d at most", size, times, most)
			}
		})
	}
}
