// The parser of a want.

package expect

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"ftplab/lab/scenario"
)

// maxJoined is how many lines | can join, because all their orders are tried.
const maxJoined = 16

// declared are the words that may end a declaration.
var declared = []string{"tcp", "udp", "arp", "icmp", "lossy"}

// Parse parses the text of a want; first is the number of its first line in file. The error is
// of type [scenario.Errors] and has all mistakes, in the order of the lines. The lines of a
// connection that is not declared, or whose declaration cannot be read, are not read: they would
// repeat the mistake. With an error, the Want has what could be read: it can say which names it
// has, and cannot judge.
func Parse(file string, first int, text string) (*Want, error) {
	return ParseWith(nil, file, first, text)
}

// ParseWith is [Parse] where the hosts of the scenario are known: a declaration of another
// one is a mistake.
func ParseWith(hosts Hosts, file string, first int, text string) (*Want, error) {
	p := &parser{want: &Want{file: file, head: first - 1, unread: map[string]bool{}}, hosts: hosts, line: first - 1, labels: map[string]*line{}, byName: map[string]*declaration{}, wrong: map[endsOf]bool{}}
	for _, text := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		p.line++
		if !p.try(func() { p.parse(strings.TrimSuffix(text, "\r")) }) {
			p.skip(text)
		}
	}
	p.complete()
	if len(p.errors) > 0 {
		return p.want, p.errors.Sorted()
	}
	return p.want, nil
}

// A parser fills a Want. For a mistake it panics with a *scenario.Error, which try recovers and
// adds to its errors.
type parser struct {
	want   *Want
	hosts  Hosts // none if they are not known
	errors scenario.Errors
	line   int
	group  int // of the current run of | lines
	joined bool
	labels map[string]*line
	byName map[string]*declaration
	after  []reference
	wrong  map[endsOf]bool // ends of lines that do not say the direction
}

// endsOf are the two ends of a line and its declaration.
type endsOf struct {
	*declaration
	x, y string // in the order of the alphabet
}

// A reference is an `after @label`, which is resolved when all labels are known.
type reference struct {
	line  *line
	label string
}

// try calls a function that may fail, and reports whether there was no mistake.
func (p *parser) try(something func()) (ok bool) {
	defer func() {
		switch e := recover().(type) {
		case nil:
		case *scenario.Error:
			p.errors = append(p.errors, e)
		default:
			panic(e)
		}
	}()
	something()
	return true
}

// skip notes the names that a line which is not read may have: its first word and its labels.
func (p *parser) skip(text string) {
	words := strings.Fields(strings.TrimLeft(text, "| \t"))
	for i, word := range words {
		if i == 0 || word[0] == '@' && words[i-1] != "after" {
			p.want.unread[word] = true
		}
	}
}

func (p *parser) fail(format string, args ...any) {
	panic(&scenario.Error{File: p.want.file, Line: p.line, Msg: fmt.Sprintf(format, args...)})
}

// parse parses one line of the text.
func (p *parser) parse(text string) {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "#") {
		return
	}
	text, joined := strings.CutPrefix(text, "|")
	if !joined || !p.joined {
		p.group++
	}
	p.joined = joined
	text, comment := cutComment(text)
	words := p.words(text)
	if len(words) == 0 {
		if joined {
			p.fail("a line was expected after the |")
		}
		return
	}
	l := &line{number: p.line, text: text, comment: comment, joined: joined, group: p.group}
	declares := len(words) == 4 || len(words) == 5 && slices.Contains(declared, words[4])
	switch {
	case !declares && p.byName[words[0]] == nil && p.want.unread[words[0]]:
		p.skip(text)
	case len(words) == 2 && words[1] == "...":
		if joined {
			p.fail("... cannot be joined by |: it skips all packets up to the next line")
		}
		l.kind = kindSkip
		p.add(l, words[0])
	case len(words) == 2 && words[1] == "…":
		p.fail("%q: write three dots: %s ...", strings.TrimSpace(text), words[0])
	case len(words) >= 4 && (words[2] == "->" || words[2] == "→"):
		p.fail("%q: write > for the direction", words[2])
	case len(words) < 4 || words[2] != ">":
		p.fail("%q: a line begins with NAME A > B, such as `ctl client > server`, or is NAME ...", strings.TrimSpace(text))
	case declares:
		p.declare(words, l)
	case p.byName[words[0]] == nil && hasPort(words[1]) && hasPort(words[3]):
		meant := ""
		if len(words) == 5 {
			meant = scenario.DidYouMean(words[4], declared)
		}
		p.fail("%s: one word may follow the ends of a connection, which is one of %s%s", strings.Join(words[4:], " "), strings.Join(declared, ", "), meant)
	default:
		l.from, l.to = words[1], words[3]
		p.add(l, words[0])
		p.attributes(l, words[4:])
	}
}

// cutComment splits a line at the # that begins its comment. That # is at the beginning
// of a word and not in a text.
func cutComment(s string) (text, comment string) {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case quoted && s[i] == '\\':
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == '#' && !quoted && (i == 0 || s[i-1] == ' ' || s[i-1] == '\t'):
			return strings.TrimSpace(s[:i]), strings.TrimSpace(s[i+1:])
		}
	}
	return strings.TrimSpace(s), ""
}

// words splits a line at spaces. A text in double quotes is one word, with its
// quotes.
func (p *parser) words(text string) []string {
	var words []string
	for rest := text; rest != ""; rest = strings.TrimLeft(rest, " \t") {
		var word string
		if rest[0] == '"' {
			_, after, err := parsePattern(rest)
			if err != nil {
				p.fail("%v", err)
			}
			word, rest = rest[:len(rest)-len(after)], after
			if rest != "" && rest[0] != ' ' && rest[0] != '\t' {
				p.fail("%s: a space was expected after the closing quote", word+rest)
			}
		} else if end := strings.IndexAny(rest, " \t"); end >= 0 {
			word, rest = rest[:end], rest[end:]
		} else {
			word, rest = rest, ""
		}
		words = append(words, word)
	}
	return words
}

// declare adds a declaration.
func (p *parser) declare(words []string, l *line) {
	d := &declaration{line: p.line, text: l.text, name: words[0], proto: "tcp"}
	if len(words) == 5 && words[4] != "lossy" {
		d.proto = words[4]
	}
	d.lossy = len(words) == 5 && words[4] == "lossy"
	if other := p.byName[d.name]; other != nil {
		p.fail("%s is declared already, at line %d; a line describes a packet, such as [S] or \"USER *\"", d.name, other.line)
	}
	if !isName(d.name) {
		p.fail("%q is not a name for a connection: letters, digits, _ and - were expected", d.name)
	}
	d.a, d.b = p.endpoint(words[1]), p.endpoint(words[3])
	if len(p.hosts) > 0 {
		d.misplaced = !p.try(func() {
			if err := p.hosts.check(d); err != nil {
				p.fail("%v", err)
			}
		})
	}
	if (d.proto == "arp" || d.proto == "icmp") && (d.a.port != "*" || d.b.port != "*") {
		p.fail("%s has no ports; hosts alone were expected, such as %s > %s", d.proto, d.a.host, d.b.host)
	}
	p.want.declarations = append(p.want.declarations, d)
	p.byName[d.name] = d
}

// isName reports whether s can name a connection or a label.
func isName(s string) bool {
	for _, c := range s {
		if !(c == '_' || c == '-' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z') {
			return false
		}
	}
	return s != ""
}

// endpoint parses HOST, HOST.PORT or *; a HOST is a name, an address or *.
func (p *parser) endpoint(word string) endpoint {
	if _, err := netip.ParseAddr(word); err == nil || word == "*" {
		return endpoint{word, "*"}
	}
	dot := strings.LastIndexByte(word, '.')
	if dot < 0 {
		return endpoint{p.host(word), "*"}
	}
	if port := word[dot+1:]; port == "*" || isDigits(port) {
		if port != "*" {
			p.bounded("port", port, 0, 65535)
		}
		return endpoint{p.host(word[:dot]), port}
	}
	return endpoint{p.host(word), "*"}
}

// hasPort reports whether word is an end of a connection, HOST.PORT, and not of a packet.
func hasPort(word string) bool {
	_, err := netip.ParseAddr(word)
	port := word[strings.LastIndexByte(word, '.')+1:]
	return err != nil && port != word && (port == "*" || isDigits(port))
}

func (p *parser) host(word string) string {
	if _, err := netip.ParseAddr(word); err == nil || word == "*" {
		return word
	}
	if !isHost(word) {
		p.fail("%q is not a host: a name, an address or * was expected, and then a dot and a port or *", word)
	}
	return word
}

// add adds a line to its connection and finds out its direction.
func (p *parser) add(l *line, name string) {
	d := p.byName[name]
	if d == nil {
		if meant := scenario.DidYouMean(name, p.want.Connections()); meant != "" {
			p.fail("%s is not declared%s", name, meant)
		}
		p.fail("%s is not declared; a declaration above the lines was expected, such as `%s client.* > server.21`", name, name)
	}
	l.conn = d
	d.lines = append(d.lines, l)
	p.want.lines = append(p.want.lines, l)
	if l.kind == kindSkip || d.misplaced {
		return
	}
	sameHosts := d.a.host == d.b.host
	forth := d.a.is(l.from, sameHosts) && d.b.is(l.to, sameHosts)
	back := d.b.is(l.from, sameHosts) && d.a.is(l.to, sameHosts)
	if forth == back { // one mistake in the declaration makes all its lines wrong
		ends := endsOf{d, min(l.from, l.to), max(l.from, l.to)}
		if p.wrong[ends] {
			return
		}
		p.wrong[ends] = true
	}
	switch {
	case forth && back, sameHosts && d.a.String() == d.b.String():
		p.fail("%s > %s: the two ends of %s look the same, so the direction is not clear; line %d must tell them apart, by their hosts or a port", l.from, l.to, name, d.line)
	case !forth && !back && sameHosts:
		p.fail("%s > %s: both ends of %s are on host %s, so each line needs the ports: %s > %s or %s > %s", l.from, l.to, name, d.a.host, d.a, d.b, d.b, d.a)
	case !forth && !back:
		p.fail("%s > %s: line %d declares %s between %s and %s", l.from, l.to, d.line, name, d.a, d.b)
	}
	l.fromA = forth
}

// is reports whether a word of a line names this end of its declaration.
func (e endpoint) is(word string, port bool) bool {
	return word == e.String() || !port && word == e.host
}

// complete checks what needs the whole want, as far as it could be read.
func (p *parser) complete() {
	for _, r := range p.after {
		p.line = r.line.number
		p.try(func() { p.resolve(r) })
	}
	for _, d := range p.want.declarations {
		if !p.want.unread[d.name] {
			p.try(func() { p.checkJoined(d) })
		}
	}
}

// resolve finds the line with a label.
func (p *parser) resolve(r reference) {
	target := p.labels[r.label]
	switch {
	case target == nil && p.want.unread["@"+r.label]:
	case target == nil:
		p.fail("after @%s: no line has the label @%s%s", r.label, r.label, scenario.DidYouMean(r.label, slices.Collect(maps.Keys(p.labels))))
	case target == r.line:
		p.fail("after @%s: a packet cannot come after itself", r.label)
	}
	r.line.after = target
}

// checkJoined checks the | of one connection.
func (p *parser) checkJoined(d *declaration) {
	sizes := map[int]int{}
	for _, l := range d.lines {
		sizes[l.group]++
	}
	for _, l := range d.lines {
		p.line = l.number
		switch {
		case sizes[l.group] > maxJoined:
			p.fail("more than %d lines of %s are joined by |", maxJoined, d.name)
		case sizes[l.group] == 1 && l.joined:
			p.fail("| joins lines whose order is free, and no neighbouring line of %s has it", d.name)
		}
	}
}
