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

// TestWaitForALatePacket delivers a packet long after the last step. A line tells the user how long the run will wait.
func TestWaitForALatePacket(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: a packet that is ten seconds late")
	}
	needCells(t)
	folder := t.TempDir()
	file := write(t, "late.txtar", "# x\nnetwork wire\nlate client > server.21 [F.] by=10s\nopen\nclose\n")
	term := startTerminal(t, command(folder, "/bin/sh", "run", file))
	term.expect(`late: the steps have ended; the run waits until \d\d:\d\d:\d\d for a packet that is late on its way`, time.Minute)
	term.expect(`recorded +late `, time.Minute)
}
