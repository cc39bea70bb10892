package pattern

import (
	"reflect"
	"regexp"
	"testing"
)

func TestPattern(t *testing.T) {
	texts := []string{"", "a", "passwd", "PASSWD", "pa\u017f\u017fwd", "/etc/PaSsWd", "pwd", "ab", "Ab", "abab", "xab cd", "cd", "\x80cd\xff", "bac",
		"\u212aey", "key", "oe", "\u00d6l", "../x", "a:/b", "ab9wd", "x\ncd\nx", "cd\n"}
	for _, test := range []struct{ expression, without string }{ // a text that is not tried, because it does not have what is needed
		{`passwd`, "password"},
		{`(?i)passwd`, "password"},
		{`(?i)key`, "\u212ae"},
		{`ab|cd`, "ac"},
		{`(ab|cd)x?`, "x"},
		{`ab[0-9]*(cd|wd)`, "ab"},
		{`ab[0-9]*(cd|wd)`, "cd"},
		{`(ab|cd.*wd)`, "cd"},
		{`(ab)?cd`, "ab"},
		{`ab(cd)?\.(x|y)`, "ab cd. x y"},
		{`(ab)+`, "a"},
		{`(ab){2}`, "a"},
		{`^[a-z]+:/`, "a:b"},
		{`\.\./`, "./x"},
		{`(ab|c)`, "xba"},
		{`[a-z]*[|] *sh`, "sh"},
		{`((?i)PASS|(?m)^cd$|b\z)`, "xyz"},
		{`(?i:pass|^cd|\bwd)|(?s:d.)|b$`, "xyz"},
		{`(ab)*`, ""},
		{`(ab){0,2}`, ""},
		{`(?i)öl|oe`, ""},
		{`a`, "b"},
		{``, ""},
	} {
		p, all := New(test.expression), regexp.MustCompile(test.expression)
		if mayMatch(p, test.without) != (test.without == "") {
			t.Errorf("%s is tried on %q", test.expression, test.without)
		}
		for _, text := range texts {
			want := all.MatchString(text)
			if p.MatchString(text) != want || p.Match([]byte(text)) != want || p.FindString(text) != all.FindString(text) {
				t.Errorf("%s on %q: want match %v", test.expression, text, want)
			}
			if got, want := p.ReplaceAllString(text, "_"), all.ReplaceAllString(text, "_"); got != want {
				t.Errorf("%s replaced in %q gives %q, want %q", test.expression, text, got, want)
			}
			if got, want := p.FindAllStringIndex(text, -1), all.FindAllStringIndex(text, -1); !reflect.DeepEqual(got, want) {
				t.Errorf("%s is in %q at %v, want %v", test.expression, text, got, want)
			}
			if got, want := p.FindAllStringSubmatch(text, -1), all.FindAllStringSubmatch(text, -1); !reflect.DeepEqual(got, want) {
				t.Errorf("%s finds %q in %q, want %q", test.expression, got, text, want)
			}
		}
	}
}

// TestBranches tries only the alternatives of which a text has what they need.
func TestBranches(t *testing.T) {
	p := New(`(abc\d+|\bab[|]|(?i)x.*key)`)
	for text, want := range map[string][]string{
		"abc":        {`abc[0-9]+`},
		"x is a key": {`(?i-s:X.*KEY)`},
		"ab|":        {`\bab\|`},
		"cba":        nil,
		"ab":         nil,
	} {
		var got []string
		has := PairsOf(text)
		p.matches(&has, func(e *regexp.Regexp) bool { got = append(got, e.String()); return false })
		if !reflect.DeepEqual(got, want) {
			t.Errorf("on %q: got %q tried, want %q", text, got, want)
		}
	}
}
