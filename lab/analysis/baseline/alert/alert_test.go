package alert

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"ftplab/lab/analysis/baseline"
	"ftplab/lab/analysis/baseline/rules"
)

// TestSignatureIDs asks that no two rules have the same number.
func TestSignatureIDs(t *testing.T) {
	rules := map[int]string{}
	for _, name := range append(baseline.FindingNames(), Unjudged) {
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
	for _, name := range append(baseline.FindingNames(), Unjudged) {
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

// TestUnjudged asks that each format for a SIEM has one line for a capture that cannot be judged, and none for one that is
// normal.
func TestUnjudged(t *testing.T) {
	for format, want := range map[string]string{
		"csv":  `2023-11-14T22:13:20Z,x.pcap,unjudged,cannot-be-judged,,,,,,,,,,"0 packets and 0 TCP connections, none of them FTP that can be read",sessions of FTP that can be judged,`,
		"eve":  `"signature":"FTPLAB cannot-be-judged","category":"Unknown Traffic","severity":3},"ftplab":{"rule":"cannot-be-judged","severity":"unjudged","frames":[],"observed":"0 packets and 0 TCP connections, none of them FTP that can be read"`,
		"zeek": "1700000000.000000\t-\t-\t-\t-\t-\t-\t-\t-\t-\tFTPLab::Cannot_Be_Judged\t0 packets and 0 TCP connections, none of them FTP that can be read\tx.pcap, severity unjudged\t",
	} {
		for verdict, lines := range map[baseline.Verdict]int{baseline.CannotJudge: 1, baseline.IsNormal: 0} {
			var out strings.Builder
			w, err := NewWriter(format, &out)
			if err != nil {
				t.Fatal(err)
			}
			r := &Report{Name: "x.pcap", Assessment: &baseline.Assessment{Verdict: verdict}, Start: 1_700_000_000e9}
			if err := errors.Join(w.Write(r), w.Close()); err != nil {
				t.Fatal(err)
			}
			if got := strings.Count(out.String(), want); got != lines {
				t.Errorf("%s, %s: got\n%s\nwant %d of %q", format, verdict, &out, lines, want)
			}
		}
	}
}
