// What the comments of a scenario say already, so that no note has to.

package report

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"ftplab/lab/analysis/expect"
)

// remarks are the words of the scenario's comments on packets, by packet.
type remarks map[int]map[string]bool

// newRemarks returns those of a verdict, which may be nil.
func newRemarks(v *expect.Verdict) remarks {
	all := remarks{}
	if v == nil {
		return all
	}
	for _, m := range v.Lines {
		if m.Comment == "" {
			continue
		}
		if all[m.Packet] == nil {
			all[m.Packet] = map[string]bool{}
		}
		for _, word := range wordsOf(m.Comment) {
			all[m.Packet][cmp.Or(inWords[strings.ToLower(word)], word)] = true
		}
	}
	return all
}

// lack returns those of some facts that the comment on a packet does not have. All of them are lacking if there is no comment.
func (r remarks) lack(packet int, facts []string) (missing []string) {
	for _, f := range facts {
		if !r[packet][f] {
			missing = append(missing, f)
		}
	}
	return missing
}

// thousands matches the comma of a number such as 1,448.
var thousands = regexp.MustCompile(`(\d),(\d{3})\b`)

// inWords are the numbers that a comment may have in words.
var inWords = map[string]string{
	"one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9", "ten": "10",
}

// wordsOf splits a text into words.
func wordsOf(text string) []string {
	words := strings.FieldsFunc(thousands.ReplaceAllString(text, "$1$2"), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("._/:@-", r)
	})
	for i, word := range words {
		words[i] = strings.TrimRight(word, ".:-")
	}
	return words
}

// factsIn returns the figures and the names of hosts and files in the arguments of a sentence.
func factsIn(args []any) (facts []string) {
	for _, a := range args {
		for _, word := range wordsOf(fmt.Sprint(a)) {
			if strings.ContainsAny(word, "0123456789._/@") {
				facts = append(facts, word)
			}
		}
	}
	return facts
}

// isFigure reports whether a fact is a number.
func isFigure(fact string) bool {
	_, err := strconv.ParseFloat(fact, 64)
	return err == nil
}
