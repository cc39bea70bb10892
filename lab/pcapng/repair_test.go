package pcapng

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// TestRepairAtEveryByte cuts a capture at every place a kill could.
func TestRepairAtEveryByte(t *testing.T) {
	for _, format := range []Format{PCAPNG, PCAP} {
		t.Run(string(format), func(t *testing.T) {
			whole := sample(t, format, 60, 61, 100, 0)
			path := save(t, "capture", nil)
			kept := -1 // bytes, after the cut before
			for n := range len(whole) + 1 {
				if err := os.WriteFile(path, whole[:n], 0o600); err != nil {
					t.Fatal(err)
				}
				if err := Repair(path); err != nil {
					t.Fatalf("cut after byte %d: %v", n, err)
				}
				got, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.HasPrefix(whole, got) || len(got) < kept {
					t.Fatalf("cut after byte %d: kept %d bytes, after %d before, or others", n, len(got), kept)
				}
				if len(got) > kept && len(got) != n {
					t.Fatalf("cut after byte %d: a block that ended there was lost, or half of one kept: %d bytes", n, len(got))
				}
				if len(got) > kept && n > 0 && format == PCAPNG {
					readIfBegun(t, got)
				}
				kept = len(got)
			}
			if kept != len(whole) {
				t.Errorf("kept %d bytes of a whole capture, want %d", kept, len(whole))
			}
		})
	}
}

// readIfBegun reads a capture that may have no interface yet.
func readIfBegun(t *testing.T, data []byte) {
	t.Helper()
	if bytes.Contains(data, []byte("lo\x00\x00")) {
		readWithGopacket(t, data)
	}
}

func TestRepairRefusesWhatIsNoCapture(t *testing.T) {
	const text = "the teacher's notes"
	path := save(t, "notes.txt", []byte(text))
	err := Repair(path)
	if err == nil || !strings.Contains(err.Error(), "not a capture of the lab") {
		t.Errorf("got error %v, want that this is not a capture", err)
	}
	if got, _ := os.ReadFile(path); string(got) != text {
		t.Errorf("the file was changed: %q", got)
	}
	if err := Repair(path + ".missing"); err == nil {
		t.Error("got no error for a file that is not there")
	}
}
