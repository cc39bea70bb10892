package main

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestProgressHasNoRateAtFirst runs generate in a terminal. Its progress begins with no sessions,
// and not with the rate of a single one, which would be hundreds of thousands a second.
func TestProgressHasNoRateAtFirst(t *testing.T) {
	folder := t.TempDir()
	recipe := filepath.Join(folder, "corpus", "corpus.txt")
	term := startTerminal(t, command(folder, "/bin/sh", "generate", "--sessions", "40", "-o", filepath.Dir(recipe)))
	got := term.expect(`1 part made: `+regexp.QuoteMeta(recipe), time.Minute)
	shown := regexp.MustCompile(`(\d+)% [^(]*\((\d+) sessions/`).FindAllStringSubmatch(got, -1)
	if len(shown) == 0 || shown[0][1] != "0" || shown[0][2] != "0" {
		t.Errorf("got %q, want that it begins with 0%% and 0 sessions", strings.TrimSpace(got))
	}
}
