package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// TestReplacedFileThatIsNotWhole writes a part of a capture, and of another file, in place of
// earlier ones, and then cannot write any more. The capture ends with its last whole packet.
func TestReplacedFileThatIsNotWhole(t *testing.T) {
	capture, err := os.ReadFile(galleryCapture)
	if err != nil {
		t.Fatal(err)
	}
	half := capture[:len(capture)/2]
	for name, text := range map[string][]byte{"capture.pcapng": half, "report.xml": []byte("<testsuites><tes")} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, bytes.Repeat(capture, 2), 0o644); err != nil {
			t.Fatal(err)
		}
		live, err := openReplaced(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := live.Write(text); err != nil {
			t.Fatal(err)
		}
		live.(*replacedFile).file.Close() // so that no more can be written
		if _, err := live.Write(capture); err == nil {
			t.Fatalf("%s: no error of writing", name)
		}
		live.Close()
		got, err := os.ReadFile(path)
		switch {
		case err != nil || !bytes.HasPrefix(text, got):
			t.Errorf("%s: got %d bytes and error %v, want the beginning of what was written", name, len(got), err)
		case name == "report.xml" && len(got) < len(text):
			t.Errorf("%s: got %q, want %q", name, got, text)
		case name == "capture.pcapng":
			if packets, errText, status := judged(t, "explain", "--packets", path); status != exitPassed || packets == "" || errText != "" {
				t.Errorf("explain: got status %d and %q, want packets and no remark", status, errText)
			}
		}
	}
}

// TestReplacedFileWithoutPacket begins a capture in place of another file, and ends before its
// first packet, as when the server does not start.
func TestReplacedFileWithoutPacket(t *testing.T) {
	capture, err := os.ReadFile(galleryCapture)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "capture.pcapng")
	if err := os.WriteFile(path, capture, 0o644); err != nil {
		t.Fatal(err)
	}
	live, err := openReplaced(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := live.Write([]byte("\x0a\x0d\x0d\x0a\x1c\x00\x00\x00\x4d\x3c\x2b\x1a\x01\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\x1c\x00\x00\x00")); err != nil {
		t.Fatal(err)
	}
	live.Close()
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, capture) {
		t.Errorf("got %d bytes and error %v, want the earlier capture of %d", len(got), err, len(capture))
	}
}
