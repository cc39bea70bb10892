package scenario

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"ftplab/lab/labtest/examples"
)

// TestManualIsWhole looks for every setting and step in the manual, once.
func TestManualIsWhole(t *testing.T) {
	var named []string
	for line := range strings.Lines(manual) {
		if names, ok := strings.CutPrefix(line, "@"); ok && !slices.Contains([]string{"actions", "breaks"}, strings.TrimSpace(names)) {
			named = append(named, strings.Fields(names)...)
		}
	}
	words := Words()
	slices.Sort(named)
	slices.Sort(words)
	if !slices.Equal(named, words) {
		t.Errorf("the manual has entries for %q, want %q", named, words)
	}
	for line := range strings.Lines(Manual()) {
		if len([]rune(line)) > manualWidth+1 {
			t.Errorf("a line of %d characters: %s", len(line), line)
		}
	}
}

// before has what the example of a step needs.
const before = `network wire
server tls=explicit
host other 203.0.113.7
name ftp.example.test 192.0.2.21
local photo.jpg 1kB
open
login anonymous me@mypc.test
`

// TestManualExamples parses every example of the manual: whole scenarios, lines
// of settings and steps, and each option as it is written there.
func TestManualExamples(t *testing.T) {
	text := Manual()
	lines := regexp.MustCompile(`(?m)^    Example:  (.+)$`).FindAllStringSubmatch(text, -1)
	if least := len(settings) + len(verbs) + len(actionKinds); len(lines) < least {
		t.Errorf("got %d examples, want %d or more", len(lines), least)
	}
	for _, m := range lines {
		parseLine(t, m[1])
	}
	whole := examples.Scenarios(text)
	for _, source := range whole {
		if _, err := Parse("manual.txtar", []byte(source)); err != nil {
			t.Errorf("%v, in\n%s", err, source)
		}
	}
	if len(whole) < 4 {
		t.Errorf("got %d whole scenarios, want 4 or more", len(whole))
	}
}

func TestOptionExamples(t *testing.T) {
	heads := map[string]string{
		"network": "network wire", "host": "host other 203.0.113.7 rtt=85ms", "nat": "nat client 203.0.113.7", "name": "name ftp.example.test 192.0.2.21", "late": "late server > client by=1ms", "drop": "drop server > client", "reject": "reject server > client", "duplicate": "duplicate server > client", "corrupt": "corrupt server > client",
		"server": "server", "file": "file README 1kB", "local": "local README 1kB", "client": "server tls=explicit\nclient scripted",
	}
	for _, s := range settings {
		for _, o := range s.options {
			key, value, valued := strings.Cut(o.form, "=")
			for choice := range strings.SplitSeq(value, "|") {
				word := key
				if valued {
					word += "=" + choice
				}
				if s.name == "server" && slices.ContainsFunc(tlsOptions, func(t option[Server]) bool { return t.form == o.form }) && key != "tls" {
					word = "tls=explicit " + word
				}
				head := slices.DeleteFunc(strings.Split(heads[s.name], " "), func(w string) bool { return valued && strings.HasPrefix(w, key+"=") })
				switch word { // which have an effect only with another option, or host
				case "of=server":
					head = []string{"host", "server6", "2001:db8:2::21"}
				case "queue=64KiB":
					head = append(head, "rate=8Mbit")
				case "icmp=off":
					head = append(head, "pathmtu=1400")
				}
				parseLine(t, strings.Join(head, " ")+" "+word)
			}
		}
	}
}

// parseLine parses a line of settings or steps.
func parseLine(t *testing.T, line string) {
	t.Helper()
	source := before + line + "\n"
	if strings.HasPrefix(line, "rest ") { // of the next transfer
		source += "ls\n"
	}
	if line == "open" {
		source = line + "\n"
	}
	if strings.HasPrefix(line, "on ") { // a rule of the section server
		source = "server tls=explicit\nopen\n-- server --\n" + line + "\n"
	}
	if _, ok := settingOf(strings.Fields(line)[0]); ok {
		source = line + "\nopen\n"
		if !strings.HasPrefix(line, "network ") {
			source = "network wire\nhost mirror 10.1.2.66\n" + source
		}
	}
	if _, err := Parse("manual.txtar", []byte(source)); err != nil {
		t.Errorf("%s: %v", line, err)
	}
}
