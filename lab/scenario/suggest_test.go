package scenario

import (
	"strings"
	"testing"
)

// TestSuggestions has the words of who knows FTP, or types in haste.
func TestSuggestions(t *testing.T) {
	commands := "USER PASS PORT PASV EPRT EPSV RETR STOR APPE REST ABOR LIST NLST MLSD MLST CWD CDUP PWD MKD RMD DELE RNFR RNTO " +
		"SIZE MDTM TYPE SYST FEAT NOOP QUIT AUTH STAT SITE HELP MODE STRU STOU OPTS ALLO ACCT REIN SMNT PBSZ PROT CCC"
	for _, word := range strings.Fields(commands) {
		if got := suggestStep(word, settings); !strings.HasPrefix(got, "did you mean ") {
			t.Errorf("%s: got %s", word, got)
		}
	}
	for _, test := range []struct{ word, want string }{
		{"RETR", "get"}, {"retr", "get"}, {"stor", "put"}, {"LIST", "ls"}, {"EPSV", "passive epsv"}, {"binary", "type i"},
		{"STAT", "quote STAT"}, {"site", "quote SITE"}, {"Open", "open"}, {"pasive", "passive"}, {"qiut", "quit"}, {"hots", "host"}, {"sesion", "session"},
		{"renames", "rename"}, {"expct", "expect"}, {"Excpet", "expect"}, {"expect", "`expect timeout: STEP`, with a colon"}, {"l", ""}, {"xy", ""}, {"zzzz", ""},
	} {
		got := suggestStep(test.word, settings)
		if want := "did you mean " + test.want + "?"; got != want && (test.want != "" || strings.HasPrefix(got, "did")) {
			t.Errorf("%s: got %s, want %s", test.word, got, want)
		}
	}
	for _, v := range verbs {
		for word, meant := range v.also {
			if _, ok := verbOf(strings.Fields(meant)[0]); !ok {
				t.Errorf("for %s, %s is suggested, which is not a step", word, meant)
			}
			if _, ok := verbOf(word); ok {
				t.Errorf("%s is a step itself", word)
			}
		}
	}
}

// TestDistance counts slips.
func TestDistance(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "get", 3}, {"get", "get", 0}, {"gte", "get", 1}, {"opn", "open", 1}, {"opeen", "open", 1}, {"oxen", "open", 1}, {"exit", "quit", 2}} {
		if got := distance(test.a, test.b); got != test.want || distance(test.b, test.a) != got {
			t.Errorf("%q and %q: got %d, want %d both ways", test.a, test.b, got, test.want)
		}
	}
}
