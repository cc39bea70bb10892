package main

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"
)

// TestWebNeedsItsSource asks for the page where the source of ftplab is not: the message
// says what to do, and nothing is written.
func TestWebNeedsItsSource(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, args := range [][]string{{"web"}, {"web", "-o", "elsewhere"}, {"web", "--open"}} {
		var stdout, stderr bytes.Buffer
		if got := run(context.Background(), args, nil, &stdout, &stderr); got != exitError {
			t.Errorf("%v: got exit status %d, want %d", args, got, exitError)
		}
		if !strings.Contains(stderr.String(), "go run ./cmd/ftplab web") {
			t.Errorf("%v: got %q, want what to do", args, stderr.String())
		}
	}
	if list, err := os.ReadDir("."); err != nil || len(list) > 0 {
		t.Errorf("the folder has %v, want nothing (%v)", list, err)
	}
}
