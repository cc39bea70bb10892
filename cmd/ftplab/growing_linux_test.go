package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ftplab/lab/labtest/optional"
)

// TestLive records the loopback device of a cell, in which curl asks for a listing: the
// sessions are printed when they have ended, and the programs end with status 0.
func TestLive(t *testing.T) {
	needCells(t)
	optional.Tool(t, "curl", "apt install curl")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	script := `
		until_has() { n=0; until grep -q "$1" "$2" 2>/dev/null; do n=$((n+1)); test $n -lt 600 || { echo "no $1 in $2"; cat explain.err check.err; exit 1; }; sleep 0.1; done; }
		SELF="` + self + `"
		"$SELF" explain --live lo --jsonl > explain.out 2> explain.err & E=$!
		"$SELF" baseline check --live lo > check.out 2> check.err & C=$!
		until_has recording explain.err
		until_has recording check.err
		curl -s ftp://server/
		until_has '"type":"session"' explain.out
		until_has 'session 1' check.out
		kill -INT $E $C
		wait $E; echo "explain $?"
		wait $C; echo "check $?"
	`
	stdout, stderr := runShell(t, folder, "passive_retr", "cd '"+folder+"'\n"+script)
	if !strings.Contains(stdout, "explain 0\ncheck 0\n") {
		t.Fatalf("got %s%s", stdout, stderr)
	}
	out, err := os.ReadFile(filepath.Join(folder, "explain.out"))
	if err != nil || !strings.Contains(string(out), `"command":"LIST"`) || strings.Count(string(out), `"type":"session"`) != 1 {
		t.Errorf("got error %v and %s", err, out)
	}
}
