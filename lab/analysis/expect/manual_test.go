package expect

import (
	"regexp"
	"strings"
	"testing"
)

// TestManualExamples parses every want in the manual: each indented block that
// declares a connection.
func TestManualExamples(t *testing.T) {
	const least = 4
	declaration := regexp.MustCompile(`(?m)^\w+\s+\S+\s+> \S+( udp| arp)?$`)
	wants := 0
	for _, block := range regexp.MustCompile(`(?m)(?:^    .*\n|^\n)+`).FindAllString(Manual, -1) {
		text := strings.TrimLeft(regexp.MustCompile(`(?m)^    `).ReplaceAllString(block, ""), "\n")
		first, _, _ := strings.Cut(text, "\n")
		if !declaration.MatchString(first) || strings.HasPrefix(first, "NAME") {
			continue
		}
		wants++
		if _, err := Parse("manual", 1, text); err != nil {
			t.Errorf("%v, in\n%s", err, text)
		}
	}
	if wants < least {
		t.Errorf("got %d examples, want %d or more", wants, least)
	}
}

func TestManualFitsATerminal(t *testing.T) {
	for line := range strings.Lines(Manual) {
		if len([]rune(line)) > 84 {
			t.Errorf("a line of %d characters: %s", len(line), line)
		}
	}
}
