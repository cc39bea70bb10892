// Suggestions for unknown words.

package scenario

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// rare are the commands of RFC 959, 2228 and 2389 that no step sends.
var rare = []string{"acct", "allo", "ccc", "help", "mode", "opts", "pbsz", "prot", "rein", "site", "smnt", "stat", "stou", "stru"}

// suggestStep returns the end of a message about an unknown setting or step: a similar
// word or, if there is none, the list of all.
func suggestStep(word string, settings []setting) string {
	lower := strings.ToLower(word)
	var settingNames, verbNames []string
	for _, s := range settings {
		settingNames = append(settingNames, s.name)
	}
	meant := ""
	for _, v := range verbs {
		verbNames = append(verbNames, v.name)
		meant = cmp.Or(meant, v.also[lower])
	}
	meant = cmp.Or(meant, Nearest(lower, slices.Concat(verbNames, settingNames, []string{"expect"})))
	if slices.Contains(rare, lower) {
		meant = "quote " + strings.ToUpper(word)
	}
	if lower == "on" {
		return "a rule of the server belongs into the section -- server --"
	}
	if lower == "expect" {
		meant = "`expect timeout: STEP`, with a colon"
	}
	if first, _ := utf8.DecodeRuneInString(word); meant == "" && unicode.IsUpper(first) {
		return "a title or a comment begins with #"
	}
	if meant == "" && len(settings) == 0 {
		return "steps are " + sorted(verbNames)
	}
	if meant == "" {
		return fmt.Sprintf("settings are %s; steps are %s", sorted(settingNames), sorted(verbNames))
	}
	return fmt.Sprintf("did you mean %s?", meant)
}

// suggestOption does the same for an unknown option of a setting. Another setting may
// have it.
func suggestOption(name, key string) string {
	var keys []string
	for _, s := range settings {
		for _, o := range s.options {
			if s.name == name {
				keys = append(keys, o.key())
			} else if strings.TrimSuffix(o.key(), "=") == strings.TrimSuffix(key, "=") {
				return fmt.Sprintf("it belongs to %s, as in: %s %s %s", s.name, s.name, s.args, o.form)
			}
		}
	}
	if meant := Nearest(strings.ToLower(key), keys); meant != "" {
		return fmt.Sprintf("did you mean %s?", meant)
	}
	s, _ := settingOf(name)
	return "it takes " + s.keys()
}

// suggestAction does the same for an unknown action of a rule.
func suggestAction(text string) string {
	words := strings.Fields(strings.ToLower(text))
	for n := min(2, len(words)); n > 0; n-- { // reset data, and then reset
		if meant := Nearest(strings.Join(words[:n], " "), actionNames()); meant != "" {
			return fmt.Sprintf("did you mean %s?", meant)
		}
	}
	return "its actions are " + strings.Join(actionNames(), ", ")
}

// lookalikes are characters that a word processor or a web page puts in the place of those
// that the language has, and what to type.
var lookalikes = []struct{ characters, what, instead string }{
	{"\u00a0\u202f\u2007", "a no-break space", "an ordinary space"},
	{"“”„‟″", "a typographic quote", `an ordinary quote "`},
	{"…", "an ellipsis", "three dots ..."},
	{"→⟶⇒", "an arrow", "> for the direction"},
}

// checkLookalikes refuses a line that has such a character before its first quote or comment.
func (p *parser) checkLookalikes(line string) {
	outside, _, _ := strings.Cut(line, `"`)
	outside, _, _ = strings.Cut(outside, " #")
	for _, l := range lookalikes {
		if i := strings.IndexAny(outside, l.characters); i >= 0 {
			r, _ := utf8.DecodeRuneInString(outside[i:])
			what := l.what
			if unicode.IsPrint(r) {
				what += " " + string(r)
			}
			p.fail("there is %s in this line; type %s", what, l.instead)
		}
	}
}

// checkBlank refuses a number and its unit in two words, where the usage has such a number.
func (p *parser) checkBlank(usage string, words []string) {
	numbers := []string{"SIZE", "DURATION", "OFFSET", "BYTES"}
	if !slices.ContainsFunc(numbers, func(n string) bool { return strings.Contains(usage, n) }) {
		return
	}
	for i := 1; i < len(words); i++ {
		joined := words[i-1] + words[i]
		if strings.Trim(words[i-1], "0123456789.") != "" || strings.Trim(words[i], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
			continue
		}
		_, isSize := ParseSize(joined)
		if _, err := time.ParseDuration(joined); err == nil || isSize {
			p.fail("%s: write %s without the blank", words[0], joined)
		}
	}
}

// sorted returns a sorted list of words for a message.
func sorted(words []string) string {
	return strings.Join(slices.Sorted(slices.Values(words)), ", ")
}

// suggestSection does the same for the name of a section.
func suggestSection(name string) string {
	folder, file, _ := strings.Cut(name, "/")
	var names, shown []string
	for _, k := range sectionKinds {
		names, shown = append(names, k.name), append(shown, k.String())
	}
	meant := Nearest(strings.ToLower(folder), names)
	if meant == "" {
		last := len(shown) - 1
		return fmt.Sprintf("a scenario has %s and %s; a file of the server is files/%s", strings.Join(shown[:last], ", "), shown[last], name)
	}
	if sectionKinds[slices.Index(names, meant)].file {
		meant += "/" + cmp.Or(file, "PATH")
	}
	return fmt.Sprintf("did you mean %s?", meant)
}

// commands are the commands of FTP: those of RFC 959, 775, 1639, 2228, 2389, 2428, 3659 and
// 7151, and others in wide use.
var commands = strings.Fields(`
	ABOR ACCT ADAT ALLO APPE AUTH AVBL CCC CDUP CLNT CONF CWD DELE ENC EPRT EPSV FEAT HASH HELP HOST LANG LIST LPRT LPSV
	MDTM MFCT MFF MFMT MIC MKD MLSD MLST MODE NLST NOOP OPTS PASS PASV PBSZ PORT PROT PWD QUIT REIN REST RETR RMD RNFR RNTO
	SITE SIZE SMNT SPSV STAT STOR STOU STRU SYST TYPE USER XCRC XCUP XCWD XMD5 XMKD XPWD XRMD XSHA XSHA1`)

// MeantCommand is the end of a message about a command that the other side did not know or
// did not send: the most similar command of FTP, or "" if it is one itself or like none.
func MeantCommand(command string) string {
	word, _, _ := strings.Cut(strings.ToUpper(command), " ")
	if slices.Contains(commands, word) {
		return ""
	}
	return DidYouMean(word, commands)
}

// BeginsCommand reports whether a command of FTP begins with some capital letters.
func BeginsCommand(letters string) bool {
	return slices.ContainsFunc(commands, func(command string) bool { return strings.HasPrefix(command, letters) })
}

// suggestLocal is the end of a message about a file that the client does not have.
func (p *parser) suggestLocal(name string) string {
	var names []string
	for _, f := range p.s.Local {
		names = append(names, f.Path)
	}
	if meant := Nearest(name, names); meant != "" {
		return fmt.Sprintf("did you mean %s?", meant)
	}
	hint := fmt.Sprintf("a section -- local/%s -- or a setting local makes one", name)
	if _, ok := find(p.s.Files, name); ok {
		hint += ", and the server's file of this name is not the client's"
	}
	return hint
}

// Nearest returns the known word that is most similar to the given one: the word with
// the smallest distance, at most two typing mistakes, and one in a word of four letters or
// less. Of several it returns the first in the alphabet, and "" if there is none.
func Nearest(word string, known []string) string {
	best, least := "", min(2, (len(word)+1)/3)+1
	for _, k := range slices.Sorted(slices.Values(known)) {
		if len(word)-len(k) >= least || len(k)-len(word) >= least {
			continue
		}
		if d := distance(word, k); d < least {
			best, least = k, d
		}
	}
	return best
}

// DidYouMean is the end of a message about an unknown word: the most similar known one, or
// "" if none is.
func DidYouMean(word string, known []string) string {
	if meant := Nearest(word, known); meant != "" {
		return fmt.Sprintf("; did you mean %s?", meant)
	}
	return ""
}

// distance returns how many typing mistakes turn a into b: a letter added, left out or
// replaced, or two letters exchanged (the optimal string alignment distance).
func distance(a, b string) int {
	rows := make([][]int, len(a)+1) // rows[i][j] is that of a[:i] and b[:j]
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		for j := range rows[i] {
			switch {
			case i == 0 || j == 0:
				rows[i][j] = i + j
				continue
			case a[i-1] == b[j-1]:
				rows[i][j] = rows[i-1][j-1]
				continue
			}
			rows[i][j] = 1 + min(rows[i-1][j-1], rows[i-1][j], rows[i][j-1])
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], 1+rows[i-2][j-2])
			}
		}
	}
	return rows[len(a)][len(b)]
}
