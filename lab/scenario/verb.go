package scenario

import (
	"slices"
	"strings"
)

// A verb is one kind of step.
type verb struct {
	name    string
	args    []arg
	does    string // for the manual
	example string // a whole line
	traits  trait
	also    map[string]string // other names for it, in FTP (RFC 959, 2428, 3659) and its programs, and what to write instead
}

// An arg is one argument of a verb.
type arg struct {
	form string // in the usage line: VALUE, a|b, [keyword]; an optional argument is in brackets
	set  func(p *parser, s *Step, word string)
}

// A trait is a property of a verb.
type trait int

const (
	early    trait = 1 << iota // possible before the session is open
	scripted                   // github.com/jlaffaye/ftp cannot do it
	transfer                   // uses a data connection
	verbatim                   // its argument is the rest of the line
	noReply                    // does not wait for a reply of the server
	noStep                     // affects the following steps, and is not a step itself
	instant                    // waits for nothing that a step with & may wait for
	program                    // starts a program; its arguments are any number of words
)

// Verbs returns the names that a [Step] can have as its Verb.
func Verbs() []string {
	var names []string
	for _, v := range verbs {
		if v.traits&noStep == 0 {
			names = append(names, v.name)
		}
	}
	return names
}

func (v verb) is(t trait) bool { return v.traits&t != 0 }

// verbOf returns the verb of that name; ok is false if there is none.
func verbOf(name string) (v verb, ok bool) {
	i := slices.IndexFunc(verbs, func(v verb) bool { return v.name == name })
	if i < 0 {
		return verb{}, false
	}
	return verbs[i], true
}

// usage returns the verb with its arguments, such as "login USER [PASSWORD]".
func (v verb) usage() string {
	words := []string{v.name}
	for _, a := range v.args {
		words = append(words, a.form)
	}
	return strings.Join(words, " ")
}

// least returns how many arguments the verb needs.
func (v verb) least() int {
	n := 0
	for _, a := range v.args {
		if !strings.HasPrefix(a.form, "[") {
			n++
		}
	}
	return n
}

// keyword returns the word itself, such as nowait, or "" if the argument is a value.
// The form of a value is in capitals.
func (a arg) keyword() string {
	word := strings.Trim(a.form, "[]")
	if word == a.form || word != strings.ToLower(word) {
		return ""
	}
	return word
}

// refuseEmpty refuses empty words after the verb of a step. Only a password may be empty.
func (p *parser) refuseEmpty(v verb, words []string) {
	for i, word := range words {
		if word == "" && (i >= len(v.args) || v.args[i].form != optional(password).form) {
			p.fail(`%s: "" is empty; %s was expected`, v.name, v.usage())
		}
	}
}

// setArgs sets the arguments of a step from the words after its verb. If an optional
// keyword is missing, the next argument takes its place.
func (p *parser) setArgs(v verb, s *Step, words []string) {
	if len(words) < v.least() || len(words) > len(v.args) {
		p.fail("%s was expected, and there %s", v.usage(), thereAre(len(words), "argument"))
	}
	args := v.args
	for _, word := range words {
		if len(args) > 0 && args[0].form != bytesToSend.form && strings.ContainsAny(word, "\r\n\x00") {
			p.fail("%q: a command cannot contain a line end or a NUL (RFC 959, 5.3)", word)
		}
		if len(args) > 1 && args[0].keyword() != "" && args[0].keyword() != word {
			args = args[1:]
		}
		if len(args) == 0 {
			p.fail("%s was expected", v.usage())
		}
		if k := args[0].keyword(); k != "" {
			p.oneOf(v.name, word, k)
		}
		args[0].set(p, s, word)
		args = args[1:]
	}
}
