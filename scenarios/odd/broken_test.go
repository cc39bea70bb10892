package odd

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ftplab/lab/scenario"
)

// TestBroken takes what is odd out of each scenario, one line at a time: a rule
// of the server, a setting of the path, a step that says what breaks. What is
// left must not be what the scenario wants.
func TestBroken(t *testing.T) {
	if testing.Short() {
		t.Skip("runs each scenario once more for each of its odd lines; run without -short")
	}
	files, err := filepath.Glob("*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		t.Run(scenario.NameOf(file), func(t *testing.T) {
			s, err := scenario.Load(file)
			if err != nil {
				t.Fatal(err)
			}
			odd := oddLines(s)
			if len(odd) == 0 {
				t.Error("there is no odd line to be taken out")
			}
			odd = slices.DeleteFunc(odd, func(line int) bool { return harmless[s.Name] == line })
			for _, line := range odd {
				broken, err := scenario.Parse(file, without(s.Source, line))
				if err != nil || len(broken.Steps) == 0 {
					continue // then nobody can take it for the scenario
				}
				if report := run(t, broken); report == "" {
					t.Errorf("%s:%d: the scenario passes without this line", file, line)
				}
			}
		})
	}
}

// harmless are lines whose trouble another line cures, by the scenario's name.
var harmless = map[string]int{"natkept": 6}

// usual are the words that begin lines of any scenario.
var usual = map[string]bool{
	"network": true, "host": true, "file": true, "local": true, "user": true, "deadline": true, "name": true,
	"open": true, "login": true, "type": true, "quit": true, "pause": true, "wait": true, "session": true, "replica": true, "passive": true, "active": true, "await": true, "read": true, "hangup": true, "close": true,
}

// oddLines are the lines of a scenario that are not in any: rules of its server,
// and if it has none, its settings and steps that are not usual.
func oddLines(s *scenario.Scenario) (lines []int) {
	for _, r := range s.Server.Rules {
		lines = append(lines, r.Line)
	}
	if len(lines) > 0 {
		return lines
	}
	script, _, _ := strings.Cut(string(s.Source), "\n-- ")
	steps := s.Steps[0].Line
	for i, line := range strings.Split(script, "\n") {
		if i+1 == steps && len(lines) > 0 {
			break // the settings are what is odd
		}
		words := strings.Fields(line)
		if len(words) > 0 && words[0] != "#" && !usual[words[0]] {
			lines = append(lines, i+1)
		}
	}
	return lines
}

// without returns the scenario's text with one line made a comment, and with it
// the lines of a rule that go on with it.
func without(source []byte, line int) []byte {
	lines := bytes.Split(bytes.Clone(source), []byte("\n"))
	lines[line-1] = fmt.Appendf(nil, "# %s", lines[line-1])
	for i := line; i < len(lines) && bytes.HasPrefix(lines[i], []byte("  ")); i++ {
		lines[i] = nil
	}
	return bytes.Join(lines, []byte("\n"))
}

// TestShort holds the scenarios to being short: at most 25 lines stand
// above the want.
func TestShort(t *testing.T) {
	files, err := filepath.Glob("*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		s, err := scenario.Load(file)
		if err != nil {
			t.Fatal(err)
		}
		above, _, _ := strings.Cut(string(s.Source), "\n-- want --")
		if count := len(strings.Split(above, "\n")); count > 25 {
			t.Errorf("%s: %d lines stand above the want, and 25 are enough", file, count)
		}
		if s.Want.Line == 0 {
			t.Errorf("%s: there is no want", file)
		}
		if bytes.Contains(s.Source, []byte("\nprogram ")) {
			t.Errorf("%s: it has a program for a server", file)
		}
	}
}

// TestContent changes what a want says of a listing.
func TestContent(t *testing.T) {
	s, err := scenario.Load("listing.txtar")
	if err != nil {
		t.Fatal(err)
	}
	other, err := scenario.Parse("listing.txtar", bytes.Replace(s.Source, []byte(`content "one.txt\r\n`), []byte(`content "two.txt\r\n`), 1))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := run(t, other), `the content is "one.txt\r\ntwo.txt\r\n"`; !strings.Contains(got, want) {
		t.Errorf("got %s, want %s", got, want)
	}
}
