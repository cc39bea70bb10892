package redact

import (
	"bytes"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"ftplab/lab/analysis/ftp"
)

// A speaker rewrites the lines of one session.
type speaker struct {
	key *Key
	// names are the words of the paths and users of all sessions, in small letters. They are
	// replaced everywhere.
	names map[string]bool
	// answers are the lines of replies, by their sequence numbers.
	answers map[int64]answer
}

// An answer is what the line of a reply belongs to.
type answer struct {
	command string
	code    int
}

// learnReplies notes which lines answer a command.
func (s *speaker) learnReplies(e *ftp.Exchange) {
	for _, r := range e.Replies {
		for _, l := range r.Lines {
			s.answers[l.Seq] = answer{e.Command, r.Code}
		}
	}
}

// A rule says which words of a text are kept.
type rule func(word string) bool

// usual keeps the words of the vocabulary, and numbers, unless the capture has a file or a user
// of that name.
func (s *speaker) usual(word string) bool {
	return !s.names[strings.ToLower(word)] && ofProtocol(word)
}

// ofProtocol keeps the words of the vocabulary, and numbers, where no name can stand.
func ofProtocol(word string) bool { return vocabulary[strings.ToLower(word)] || isNumber(word) }

// noWord keeps nothing.
func noWord(string) bool { return false }

func isNumber(w string) bool { return strings.Trim(w, "0123456789") == "" }

// literal finds what may be an address: IPv6 addresses, numbers between dots, and numbers
// between commas.
var literal = regexp.MustCompile(`[0-9A-Fa-f]*:[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*|\d{1,3}(?:\.\d{1,3}){3,}|\d+(?:[ \t]*,[ \t]*\d+){3,}`)

var number = regexp.MustCompile(`\d+`)

// text rewrites a text: addresses, and words that the rule does not keep.
func (s *speaker) text(t []byte, keep rule) []byte {
	var to []byte
	at := 0
	for _, m := range literal.FindAllIndex(t, -1) {
		address, ok := s.address(string(t[m[0]:m[1]]))
		if !ok {
			continue
		}
		to = append(to, s.words(t[at:m[0]], keep)...)
		to = append(to, address...)
		at = m[1]
	}
	return append(to, s.words(t[at:], keep)...)
}

// address rewrites a literal.
func (s *speaker) address(t string) (string, bool) {
	if strings.Contains(t, ":") {
		a, err := netip.ParseAddr(t)
		switch {
		case err != nil && strings.Count(t, ":") == 5: // perhaps a MAC address
			return string(s.words([]byte(t), noWord)), true
		case err != nil: // a time
			return "", false
		}
		return s.key.Addr(a).String(), true
	}
	at := number.FindAllStringIndex(t, -1)
	numbers := make([]byte, len(at))
	for i, m := range at {
		n, err := strconv.ParseUint(t[m[0]:m[1]], 10, 8)
		if err != nil {
			return string(s.words([]byte(t), noWord)), true // no address, and perhaps one that is malformed
		}
		numbers[i] = byte(n)
	}
	from, size := 0, 4
	switch { // LPRT and 228 have the kind and the length in front (RFC 1639)
	case len(numbers) == 9 && numbers[0] == 4 && numbers[1] == 4:
		from = 2
	case len(numbers) == 21 && numbers[0] == 6 && numbers[1] == 16:
		from, size = 2, 16
	}
	a, _ := netip.AddrFromSlice(numbers[from : from+size])
	copy(numbers[from:], s.key.Addr(a).AsSlice())
	var to strings.Builder
	last := 0
	for i, m := range at {
		to.WriteString(t[last:m[0]])
		if i >= from && i < from+size {
			to.WriteString(strconv.Itoa(int(numbers[i])))
		} else {
			to.WriteString(t[m[0]:m[1]])
		}
		last = m[1]
	}
	return to.String() + t[last:], true
}

// isWordByte reports whether a byte is part of a word: letters, digits, and what is not
// ASCII.
func isWordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c >= 0x80
}

// words replaces the words that the rule does not keep; the length stays.
func (s *speaker) words(t []byte, keep rule) []byte {
	to := bytes.Clone(t)
	for i := 0; i < len(t); {
		if !isWordByte(t[i]) {
			i++
			continue
		}
		end := i
		for end < len(t) && isWordByte(t[end]) {
			end++
		}
		if word := t[i:end]; !keep(string(word)) && !isEnding(t, i, end) {
			copy(to[i:end], s.key.Word(word))
		}
		i = end
	}
	return to
}

// isEnding reports whether a word is the ending of a file's name. A full stop may follow it,
// which ends the sentence.
func isEnding(t []byte, from, to int) bool {
	after := bytes.TrimLeft(t[to:], ".")
	last := len(after) == len(t[to:]) || len(after) == 0 || !isWordByte(after[0])
	return from >= 1 && t[from-1] == '.' && last && endings[strings.ToLower(string(t[from:to]))]
}

// learn adds the words of a command's argument to names.
func learn(names map[string]bool, line string) {
	verb, argument, _ := strings.Cut(line, " ")
	kind := commands[strings.ToUpper(verb)]
	if kind == plainArgument {
		return
	}
	if strings.EqualFold(verb, "PRET") { // its argument is the command that follows
		learn(names, argument)
		return
	}
	if kind == unknownCommand {
		argument = line
	}
	if strings.EqualFold(verb, "SITE") {
		argument = argument[len(siteNumber.FindString(argument)):]
	}
	for _, w := range wordsOf(argument) {
		if w = strings.ToLower(w); !knownUsers[w] && !(kind == nameArgument && endings[w]) && !(strings.EqualFold(verb, "SITE") && vocabulary[w]) {
			names[w] = true
		}
	}
}

// knownUsers are user names that identify no person.
var knownUsers = map[string]bool{"anonymous": true, "ftp": true}

// listOptions are options of ls, as clients send them with LIST.
var listOptions = regexp.MustCompile(`^-[aAlLRrtSdF1h]{1,6}$`)

// siteNumber are orders of SITE with their number, which is a mode or a time, not a name.
var siteNumber = regexp.MustCompile(`(?i)^(?:CHMOD|UMASK|IDLE) +[0-9]+`)

// command rewrites a command.
func (s *speaker) command(line []byte) []byte {
	verb, argument, found := bytes.Cut(line, []byte(" "))
	name := strings.ToUpper(string(verb))
	head := line[:len(line)-len(argument)]
	if !found {
		head = line
	}
	switch commands[name] {
	case unknownCommand:
		return s.text(line, noWord)
	case plainArgument:
		return slices.Concat(head, s.text(argument, ofProtocol))
	case secretArgument:
		return slices.Concat(head, s.key.Secret(argument))
	}
	keep := noWord
	switch {
	case name == "USER":
		keep = func(w string) bool { return knownUsers[strings.ToLower(w)] }
	case name == "PRET":
		return slices.Concat(head, s.command(argument))
	case name == "SITE":
		number := siteNumber.Find(argument)
		return slices.Concat(head, number, s.text(argument[len(number):], s.usual))
	case listOptions.Match(bytes.SplitN(argument, []byte(" "), 2)[0]):
		options, path, _ := bytes.Cut(argument, []byte(" "))
		return slices.Concat(head, options, argument[len(options):len(argument)-len(path)], s.text(path, noWord))
	}
	return slices.Concat(head, s.text(argument, keep))
}

// mlstFacts are the facts in front of a path (RFC 3659 section 7.2).
var mlstFacts = regexp.MustCompile(`^ ?(?:[A-Za-z0-9.-]+=[^ ;]*;)+ `)

// sizeAtEnd is the size of a file as the replies 125 and 150 have it at their end, after its name.
var sizeAtEnd = regexp.MustCompile(`\([0-9]+ bytes?\)\.?$`)

// reply rewrites a line of a reply.
func (s *speaker) reply(line []byte, to answer) []byte {
	code := 0
	for code < len(line) && code < 3 && line[code] >= '0' && line[code] <= '9' {
		code++
	}
	if code != 3 {
		code = 0
	}
	keep := s.usual
	switch {
	case to.nameless():
		keep = ofProtocol
	case code == 0 && slices.Contains([]string{"STAT", "MLST", "SITE"}, to.command):
		facts := 0
		if to.command == "MLST" {
			facts = len(mlstFacts.Find(line))
		}
		keepFact := func(w string) bool { return s.usual(w) || isNumber(w) }
		return slices.Concat(s.text(line[:facts], keepFact), s.text(line[facts:], noWord))
	}
	end := len(line)
	if size := sizeAtEnd.FindIndex(line); size != nil && line[0] == '1' && code == 3 {
		end = size[0]
	}
	return slices.Concat(line[:code], s.text(line[code:end], keep), line[end:])
}
