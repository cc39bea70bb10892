package baseline

import (
	"regexp"
	"slices"
	"testing"
)

func TestPattern(t *testing.T) {
	texts := []string{"", "a", "passwd", "PASSWD", "pa\u017f\u017fwd", "/etc/PaSsWd", "pwd", "ab", "Ab", "abab", "xab cd", "cd", "\x80cd\xff", "bac", "\u212aey", "key", "oe", "\u00d6l", "../x", "a:/b"}
	for _, test := range []struct {
		expression string
		fragments  []string
	}{
		{`passwd`, []string{"passwd"}},
		{`(?i)passwd`, []string{"PASSWD"}},
		{`(?i)key`, []string{"KEY"}},
		{`ab|cd`, []string{"ab", "cd"}},
		{`(ab|cd)x?`, []string{"ab", "cd"}},
		{`(ab|c)`, nil},
		{`(ab)*`, nil},
		{`(ab)?cd`, []string{"cd"}},
		{`(ab)+`, []string{"ab"}},
		{`(ab){2}`, []string{"ab"}},
		{`(ab){0,2}`, nil},
		{`^[a-z]+:/`, []string{":/"}},
		{`ab.*passwd|cd`, []string{"passwd", "cd"}},
		{`(?i)öl|oe`, nil},
		{`\.\./`, []string{"../"}},
		{`a`, nil},
		{``, nil},
	} {
		p, all := pattern(test.expression)(), regexp.MustCompile(test.expression)
		if !slices.Equal(p.fragments, test.fragments) {
			t.Errorf("%s has the fragments %q, want %q", test.expression, p.fragments, test.fragments)
		}
		for _, text := range texts {
			want := all.MatchString(text)
			if p.MatchString(text) != want || p.Match([]byte(text)) != want || p.FindString(text) != all.FindString(text) {
				t.Errorf("%s on %q: want match %v", test.expression, text, want)
			}
		}
	}
}
