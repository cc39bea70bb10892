// People who forgot which of their passwords is the right one.

package rules

import (
	"slices"
	"strings"
	"time"
	"unicode"
)

// Somebody who forgot a password tries the few words that he uses, with other digits, signs and capital letters around
// them, and thinks in between.
const (
	ownWords = 2
	thinks   = 20 * time.Second
)

// wordIn is a password without the digits and signs around it, in small letters.
func wordIn(password string) string {
	return strings.TrimFunc(strings.ToLower(password), func(r rune) bool { return !unicode.IsLetter(r) })
}

// forgot reports whether these may be the mistakes of one person within a private network, who got in at last.
func (all *logins) forgot(list []guess) bool {
	hosts, words := list[0].hosts, map[string]bool{}
	for i, g := range list {
		words[wordIn(g.Password)] = true
		if g.User != list[0].User || g.isEasy() || i > 0 && time.Duration(g.Time-list[i-1].Time) < thinks {
			return false
		}
	}
	return len(words) <= ownWords && isPrivate(hosts.Client()) && isPrivate(hosts.Server()) && all.isWelcome(person{hosts, list[0].User})
}

// isTransposed reports whether a password is the right one with two neighbouring letters exchanged, which fingers do,
// and not guessers.
func isTransposed(password, right string) bool {
	a, b := []rune(password), []rune(right)
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && slices.Equal(a[i+2:], b[i+2:])
		}
	}
	return false
}
