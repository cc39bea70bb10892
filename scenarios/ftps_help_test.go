package scenarios

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestGlossary asks for the words of TLS in the glossary of a page with TLS, and in no other.
func TestGlossary(t *testing.T) {
	plain, err := Load("active_list")
	if err != nil {
		t.Fatal(err)
	}
	words := []string{"explicit, implicit", "PBSZ, PROT", "CCC", "record", "handshake", "cipher suite", "SNI", "certificate", "resumption", "alert", "close_notify"}
	page := func(capture string) string {
		text, err := os.ReadFile(filepath.Join(filepath.Dir(capture), "walkthrough.html"))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	with := page(playedOnGVisor(t, ftpsScenarios(t)["ftps_explicit"]).Capture)
	without := page(playedOnGVisor(t, plain).Capture)
	for _, word := range words {
		entry := "<dt>" + word + "</dt>"
		if !strings.Contains(with, entry) {
			t.Errorf("%s is not in the glossary of a page with TLS", word)
		}
		if strings.Contains(without, entry) {
			t.Errorf("%s is in the glossary of a page without TLS", word)
		}
	}
}

// TestRecordsOnThePage asks that the list of packets calls records of TLS what they are, that
// no text lies over another one in the ladder, and that no FIN is blamed that came after
// close_notify.
func TestRecordsOnThePage(t *testing.T) {
	result := playedOnGVisor(t, ftpsScenarios(t)["ftps_explicit"])
	page, err := os.ReadFile(filepath.Join(filepath.Dir(result.Capture), "walkthrough.html"))
	if err != nil {
		t.Fatal(err)
	}
	if got := regexp.MustCompile(`FTP: .{0,3}\\x[01][0-9a-f]\\x03`).Find(page); got != nil {
		t.Errorf("a record of TLS is called %q", got)
	}
	if !regexp.MustCompile(`length \d+: TLS: ClientHello`).Match(page) {
		t.Error("the list of packets does not name the ClientHello")
	}
	ladder, err := os.ReadFile(filepath.Join(filepath.Dir(result.Capture), "walkthrough.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(ladder), "\n") {
		if strings.Contains(line, "who-has") && !strings.Contains(line, "Request who-has") {
			t.Errorf("a text lies over another one in the line %q", line)
		}
	}
	if strings.Contains(string(ladder), "closes its direction before") {
		t.Error("a FIN after close_notify is called early")
	}
}

// TestHintAtTLS asks that a want which leaves out the "..." beside texts in TLS says so, and that one which has a wrong
// text does not.
func TestHintAtTLS(t *testing.T) {
	file, err := os.ReadFile(playedOnGVisor(t, ftpsScenarios(t)["ftps_explicit"]).Capture)
	if err != nil {
		t.Fatal(err)
	}
	const hint = "\thint: the bytes of TLS around a text need a line, too: with `ctl ...` beside each text, 19 of the 19 lines of ctl match\n"
	for _, test := range []struct {
		what    string
		replace []string
		hint    bool
	}{
		{"none", []string{"ctl   ...\n", ""}, true},
		{"one is missing", []string{"ctl   ...\nctl   client > server  \"PASV\"", "ctl   client > server  \"PASV\""}, true},
		{"a wrong text in TLS", []string{"\"230 *\"", "\"231 *\""}, false},
		{"a text too few in clear", []string{"ctl   client > server  \"AUTH TLS\"         # So is the question.\n", ""}, false},
	} {
		if report := checked(t, "ftps_explicit", file, nil, test.replace...).Report(); report == "" || strings.Contains(report, hint) != test.hint {
			t.Errorf("%s: got\n%s\nwant the hint: %v", test.what, report, test.hint)
		}
	}
}
