package alert

import (
	"regexp"
	"strings"
	"testing"

	"ftplab/lab/analysis/baseline"
	"ftplab/lab/analysis/baseline/rules"
)

// TestSignatureIDs asks that no two rules have the same number.
func TestSignatureIDs(t *testing.T) {
	rules := map[int]string{}
	for _, name := range baseline.FindingNames() {
		id := signatureID(name)
		if other := rules[id]; other != "" {
			t.Errorf("%s and %s have the number %d", name, other, id)
		}
		rules[id] = name
	}
}

// TestNoteNames asks that the name of each rule is an identifier of Zeek.
func TestNoteNames(t *testing.T) {
	identifier := regexp.MustCompile(`^FTPLab::[A-Za-z][A-Za-z0-9_]*$`)
	for _, name := range baseline.FindingNames() {
		if got := noteName(name); !identifier.MatchString(got) {
			t.Errorf("%s: got %s, want an identifier", name, got)
		}
	}
	if got, want := noteName("226-before-the-end"), "FTPLab::Reply_226_Before_The_End"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestHostileText asks that text of a capture stays in its field.
func TestHostileText(t *testing.T) {
	a := Alert{Finding: rules.Finding{Rule: "no-floods", Severity: rules.Odd, Observed: "=cmd()\t\n\x1b[2J\\-"}}
	r := &Report{Name: "a\tb.pcap", Assessment: &baseline.Assessment{}, Alerts: []Alert{a}}
	for _, format := range []string{"csv", "zeek", "eve", "json", "text"} {
		var out strings.Builder
		w, err := NewWriter(format, &out)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(out.String(), "\x1b") {
			t.Errorf("%s has a control character: %q", format, out.String())
		}
		if format == "csv" && strings.Contains(out.String(), ",=cmd") {
			t.Errorf("a spreadsheet runs a cell of %q", out.String())
		}
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		if format == "zeek" && strings.Count(lines[len(lines)-1], "\t") != len(zeekFields)-1 {
			t.Errorf("got %d tabs, want %d: %q", strings.Count(lines[len(lines)-1], "\t"), len(zeekFields)-1, lines[len(lines)-1])
		}
	}
}
