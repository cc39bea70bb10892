package lab

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestCancelledBeforeItBegins runs a scenario whose turn comes too late: an
// earlier run's capture stays as it is.
func TestCancelledBeforeItBegins(t *testing.T) {
	results := t.TempDir()
	capture := filepath.Join(results, "other", "capture.pcapng")
	if err := os.MkdirAll(filepath.Dir(capture), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(capture, []byte("earlier"), 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Run(ctx, parse(t, "# x\n# y\n", "open", "quit"), Options{Results: results})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v, want %v", err, context.Canceled)
	}
	if got, err := os.ReadFile(capture); string(got) != "earlier" {
		t.Errorf("got the capture %q, error %v, want the earlier one", got, err)
	}
}
