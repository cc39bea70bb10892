package lab_test

import (
	"io"
	"os"
	"strings"
	"testing"

	"ftplab/lab"
	"ftplab/lab/scenario"
)

// TestCongestionOfGVisor refuses a congestion control that only Linux has before anything is
// recorded, at its line, and recommends what a scenario can have.
func TestCongestionOfGVisor(t *testing.T) {
	s, err := scenario.Parse("bbr.txtar", []byte("network wire\nhost client 198.51.100.100 congestion=bbr\nopen\nquit\n"))
	if err != nil {
		t.Fatal(err)
	}
	const want = "bbr.txtar:2: host client: gVisor's TCP has no congestion=bbr: leave it out, which means reno, or use Linux's TCP (--tcp linux, or network wire tcp=linux)"
	folder := t.TempDir()
	if _, err := lab.Run(t.Context(), s, lab.Options{Results: folder, TCP: scenario.GVisorTCP}); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("got %v and %v, want no results", left, err)
	}
	if err := lab.ExportCapture(t.Context(), io.Discard, s); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("export: got %v, want %s", err, want)
	}
}
