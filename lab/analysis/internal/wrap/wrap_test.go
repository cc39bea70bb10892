package wrap

import (
	"strings"
	"testing"
)

func TestText(t *testing.T) {
	for _, test := range []struct{ text, indent, want string }{
		{"", "", ""},
		{"  one \n two ", "", "one two"},
		{"one two three", "", "one two|three"},
		{"one two three", "  ", "one two|  three"},
		{"a b cc dd", "  ", "a b cc|  dd"},
		{"seventeen or so", "", "seventeen|or so"},
		{"äöü éèê x", "", "äöü éèê|x"},
	} {
		if got := strings.Join(Text(test.text, 7, test.indent), "|"); got != test.want {
			t.Errorf("%q indented by %q: got %q, want %q", test.text, test.indent, got, test.want)
		}
	}
}
