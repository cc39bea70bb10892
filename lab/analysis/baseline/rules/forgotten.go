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

// Fingers that miss the keys of a word make a few changes, and type it anew in some seconds.
const (
	slipped    = 2 // changes
	typesAnew  = 5 * time.Second
	longSecret = 8 // letters; a shorter one is like many words
)

// wordIn is a password without the digits and signs around it, in small letters.
func wordIn(password string) string {
	return strings.TrimFunc(strings.ToLower(password), func(r rune) bool { return !unicode.IsLetter(r) })
}

// forgot reports whether these may be the mistakes of one person within a private network, who got in at last.
func (all *logins) forgot(list []guess) bool {
	hosts, words, slow := list[0].hosts, map[string]bool{}, true
	for i, g := range list {
		if !g.Cut { // else it may be any
			words[wordIn(g.Password)] = true
		}
		if g.User != list[0].User || g.isEasy() {
			return false
		}
		slow = slow && (i == 0 || time.Duration(g.Time-list[i-1].Time) >= thinks)
	}
	return all.mistyped(list) || slow && len(words) <= ownWords && isPrivate(hosts.Client()) && isPrivate(hosts.Server()) && all.isWelcome(person{hosts, list[0].User})
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

// mistyped reports whether all refused passwords of a user are the right one with a few slips of the fingers. He got in at
// last.
func (all *logins) mistyped(list []guess) bool {
	right := strings.ToLower(all.right[person{list[0].hosts, list[0].User}])
	if len(right) < longSecret || len(list) >= manyPasswords {
		return false
	}
	for i, g := range list {
		typed := g.User == list[0].User && !g.isEasy() && (g.Cut || changes(strings.ToLower(g.Password), right) <= slipped)
		if !typed || i > 0 && time.Duration(g.Time-list[i-1].Time) < typesAnew {
			return false
		}
	}
	return true
}

// changes is how many letters somebody adds, leaves out or replaces to make one word of another (Levenshtein 1966).
func changes(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := before
			if a[i] != b[j] {
				replaced++
			}
			before = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
