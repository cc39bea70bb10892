package main

import (
	"os"
	"strings"
	"testing"
)

// TestReadmeScenario puts the README's scenario together, as its reader does:
// the first one, with the distance and with what should be seen.
func TestReadmeScenario(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var blocks []string
	for i, block := range strings.Split(string(readme), "\n```\n") {
		if i%2 == 1 {
			blocks = append(blocks, block)
		}
	}
	find := func(beginning string) string {
		for _, b := range blocks {
			if strings.HasPrefix(b, beginning) {
				return b + "\n"
			}
		}
		t.Fatalf("the README has no block that begins with %q", beginning)
		return ""
	}
	first := find("# My first listing")
	distance := find("network wire\n")
	want := find("-- want --\n")
	for _, text := range []string{
		first,
		strings.Replace(first, "\nopen\n", "\n"+distance+"\nopen\n", 1) + want,
	} {
		file := write(t, "first.txtar", text)
		if status, out, errOut := ftplab(t.Context(), "run", "-o", t.TempDir(), file); status != exitPassed {
			t.Errorf("got status %d, want %d\n%s%s\n%s", status, exitPassed, out, errOut, text)
		}
	}
}
