package lab_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/gopacket/layers"

	"ftplab/lab"
	"ftplab/lab/scenario"
)

const gallery = "../results/gallery/frederick_active/capture.pcapng"

func TestPackets(t *testing.T) {
	whole, err := os.ReadFile(gallery)
	if err != nil {
		t.Fatal(err)
	}
	damaged := filepath.Join(t.TempDir(), "damaged.pcapng")
	if err := os.WriteFile(damaged, whole[:len(whole)*2/3], 0o666); err != nil {
		t.Fatal(err)
	}
	text := filepath.Join(t.TempDir(), "text.pcapng")
	if err := os.WriteFile(text, bytes.Repeat([]byte("text "), 9), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		path  string
		least int
		err   string
	}{
		{gallery, 36, ""},
		{damaged, 20, damaged + ": the file is cut off in the middle of a packet"},
		{text, 0, text + ": not a capture: it begins with \"text\""},
		{text + ".missing", 0, "open " + text + ".missing"},
	} {
		packets, ended := 0, ""
		for p, err := range lab.Packets(test.path) {
			if ended != "" {
				t.Fatalf("%s: something comes after the error %s", test.path, ended)
			}
			if err != nil {
				ended = err.Error()
				continue
			}
			packets++
			if p.Layer(layers.LayerTypeEthernet) == nil || p.Metadata().Timestamp.IsZero() || p.Metadata().Length == 0 {
				t.Errorf("%s: packet %d is %v", test.path, packets, p)
			}
		}
		if packets < test.least || (ended == "") != (test.err == "") || ended[:min(len(ended), len(test.err))] != test.err {
			t.Errorf("%s: got %d packets and %q, want %d or more and %q", test.path, packets, ended, test.least, test.err)
		}
	}
}

// TestScenarioWithoutSteps checks a capture from elsewhere by a want alone, which cannot
// be run.
func TestScenarioWithoutSteps(t *testing.T) {
	capture := lab.File("../results/gallery/frederick_passive/capture.pcapng")
	var want strings.Builder
	if err := lab.Derive(&want, capture, nil); err != nil {
		t.Fatal(err)
	}
	s, err := scenario.Parse("foreign.txtar", []byte("# Somebody's session\nnetwork wire\nhost client 203.0.113.28\nhost server 198.51.100.121\n"+want.String()))
	if err != nil {
		t.Fatal(err)
	}
	if v, err := lab.Check(s, capture); err != nil || !v.Pass {
		t.Errorf("got %+v, %v, want that the capture passes", v, err)
	}
	if _, err := lab.Run(t.Context(), s, lab.Options{Results: t.TempDir()}); err == nil || !strings.Contains(err.Error(), "foreign.txtar:1: the scenario has no steps") {
		t.Errorf("got error %v, want that there are no steps", err)
	}
}
