package redact

import (
	"regexp"
	"strings"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
)

// namesOf are the words of the paths and users of all sessions, in small letters. The same name becomes the same other
// one in all of them: a session whose command was not recorded may have the name of another one, and its replies may have it.
func namesOf(c *capture.Capture) map[string]bool {
	found := map[string]bool{}
	add := func(user string) {
		for _, w := range wordsOf(user) {
			if w = strings.ToLower(w); !knownUsers[w] {
				found[w] = true
			}
		}
	}
	for d := range c.Dialogues(false) {
		add(d.User)
		d.Read(ftp.Handler{Line: func(l *ftp.Line) {
			if l.From == ftp.Server {
				add(userOf(l.Text))
				return
			}
			learn(found, l.Text)
			if verb, name, _ := strings.Cut(l.Text, " "); strings.EqualFold(verb, "USER") {
				add(name) // also one that is like the ending of a file's name
			}
		}})
	}
	return found
}

// wordsOf are the words of a text.
func wordsOf(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r < 0x80 && !isWordByte(byte(r)) })
}

// welcome are the lines of replies that have the name of the user, as servers in wide use write them.
var welcome = regexp.MustCompile(`(?i)^(?:\d{3}[ -])? *(?:` + strings.ReplaceAll(
	`.*password.* for (?:user |username )?NAME[.!]*$`+
		`|.*logged (?:in|on) as (?:user )?NAME[.!]*$`+
		`|(?:welcome|hello)(?: back)?,? NAME[.!]*$`+
		`|NAME (?:is )?logged (?:in|on)\b`+
		`|(?:the )?(?:user|username|account) NAME(?:,| (?:is (?:logged|not|already|unknown|denied)|has|ok|okay|logged|accepted|cannot|can't|may|access|denied|unknown|requires)\b)`,
	"NAME", `["'<(\[]?([^\s"'<>()\[\],;:]+?)["'>)\]]?`) + `)`)

// noUsers are words of such lines that stand where others have the name, as in "User is logged in".
var noUsers = set("a access account already anonymously authentication back cannot has id is it limit login logon name not now ok okay successfully that the there this to user you your")

// userOf is the name of the user in a line of a reply, "" for none.
func userOf(line string) string {
	if m := welcome.FindStringSubmatch(line); m != nil {
		if name := strings.Join(m[1:], ""); !noUsers[strings.TrimRight(strings.ToLower(name), ".!")] {
			return name
		}
	}
	return ""
}
