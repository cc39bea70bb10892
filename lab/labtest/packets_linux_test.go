package labtest_test

import (
	"testing"

	"github.com/google/gopacket/layers"

	"ftplab/lab/labtest"
	"ftplab/lab/scenario"
)

// TestPackets makes a check of its own, as tests of other projects may: all text of the
// server comes from port 21.
func TestPackets(t *testing.T) {
	s, err := scenario.Parse("packets.txtar", []byte("# Good morning\n# A greeting, and no more.\nopen\nquit\n"))
	if err != nil {
		t.Fatal(err)
	}
	result := labtest.Scenario(t, s)
	packets, texts := 0, ""
	for p := range labtest.Packets(t, result) {
		packets++
		tcp, ok := p.Layer(layers.LayerTypeTCP).(*layers.TCP)
		if !ok {
			t.Errorf("packet %d is not TCP: %v", packets, p)
		} else if tcp.SrcPort == 21 {
			texts += string(tcp.Payload)
		}
	}
	if packets != result.Frames || len(texts) < 8 || texts[:4] != "220 " {
		t.Errorf("got %d packets, want %d; the server says %q", packets, result.Frames, texts)
	}
}
