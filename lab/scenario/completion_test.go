package scenario

import (
	"strings"
	"testing"
)

// TestComplete asks what is offered at the cursor, which is where the ^ is.
func TestComplete(t *testing.T) {
	for _, test := range []struct{ source, want string }{
		{"# Title\nop^", "open"},
		{"# Title\npa^", "pause passive login"},
		{"# Title\nlist^", "listen ls"},
		{"# Title\npassive ^", "epsv"},
		{"# Title\nlo^", "local login"},
		{"# Title\nopen\nlo^", "login local"}, // below a step, steps come first
		{"# Title\ntype ^", "a i"},
		{"# Title\nnetwork ^", "loopback wire"},
		{"# Title\nnetwork wire ra^", "rate="},
		{"# Title\nnetwork wire arp=a^", "arp=ask"},
		{"# Title\nfile b.bin 10\nget ^\n-- files/a.txt --\nHello.\n", "b.bin a.txt"},
		{"# Title\nexpect timeout: ge^", "get"},
		{"# Title\nopen # op^", ""},
		{"# Title\nopen\n-- files/README --\nop^", ""},
		{"# Title\nopen\n-- wa^", "want -- figures -- questions -- twin -- server -- replies -- config -- etc/ files/ local/"},
		{"# Title\nquit^", ""},
		{"^", ""},
	} {
		at := strings.Index(test.source, "^")
		source := test.source[:at] + test.source[at+1:]
		begins, list := Complete(source, at)
		var words []string
		for _, c := range list {
			if c.Usage == "" || c.Does == "" {
				t.Errorf("%q: %s is offered without an explanation", test.source, c.Word)
			}
			words = append(words, c.Word)
		}
		if got := strings.Join(words, " "); got != test.want && test.source != "^" {
			t.Errorf("%q: got %s, want %s", test.source, got, test.want)
		}
		if test.source == "^" && len(words) != len(Words()) {
			t.Errorf("an empty file: got %d words, want all %d", len(words), len(Words()))
		}
		if begins > at {
			t.Errorf("%q: the word begins at %d, after the cursor", test.source, begins)
		}
	}
}
