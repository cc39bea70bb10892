package lab

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestCapturesBehindLinks looks for captures in a folder that is a symbolic link, and has more of
// them: to a capture, to what is not there, and to a folder.
func TestCapturesBehindLinks(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.MkdirAll("real/folder.pcap", 0o777); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"real/a.pcap", "b.pcap", "real/notes.txt"} {
		if err := os.WriteFile(name, nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	links := map[string]string{"link": "real", "real/b.pcap": "../b.pcap", "real/c.pcap": "gone", "real/d.pcap": "folder.pcap"}
	for name, target := range links {
		if err := os.Symlink(target, name); err != nil {
			t.Skip(err)
		}
	}
	got, err := Captures([]string{"link"})
	want := []string{filepath.Join("link", "a.pcap"), filepath.Join("link", "b.pcap"), filepath.Join("link", "c.pcap")}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v and %v, want %v: reading the last one says what is wrong", got, err, want)
	}
}
