// The parser of what a line says about its packet: flags, text, numbers, options,
// label.

package expect

import (
	"fmt"
	"strconv"
	"strings"

	"ftplab/lab/analysis/packet"
	"ftplab/lab/analysis/report/text"
	"ftplab/lab/scenario"
)

// forms is the list of attributes in the message for an unknown word.
const forms = "flags as [F.], a \"text\", seq, ack, win or length with a number, an option as mss 1460, @label or after @label"

// attributes parses the words after NAME A > B.
func (p *parser) attributes(l *line, words []string) {
	seen := map[string]bool{}
	for len(words) > 0 {
		key := attributeKey(words[0])
		if seen[key] && key != "sack" {
			p.fail("this line has %s twice", key)
		}
		seen[key] = true
		words = p.attribute(l, words)
	}
	p.classify(l)
}

// attributeKey returns the name of the attribute that begins with the word.
func attributeKey(word string) string {
	switch word[0] {
	case '[':
		return "the flags"
	case '"':
		return "the text"
	case '@':
		return "a label"
	}
	return strings.TrimPrefix(word, "!")
}

// attribute parses one attribute and returns the words after it.
func (p *parser) attribute(l *line, words []string) []string {
	word, rest := words[0], words[1:]
	switch {
	case word[0] == '[':
		l.flags = p.flags(word)
	case word[0] == '"':
		l.words, _, _ = parsePattern(word)
		if l.conn.proto == "tcp" && strings.HasSuffix(l.words[len(l.words)-1], "\n") {
			p.fail(`%s: a text is a line of the dialogue without its CRLF: leave out the \r\n at its end`, word)
		}
	case word[0] == '@':
		l.label = p.label(word)
		if other := p.labels[l.label]; other != nil {
			p.fail("line %d has the label @%s already", other.number, l.label)
		}
		p.labels[l.label] = l
	case word == "after":
		if len(rest) == 0 || rest[0][0] != '@' {
			p.fail("after: a label was expected after it, such as after @list")
		}
		p.after = append(p.after, reference{l, p.label(rest[0])})
		return rest[1:]
	case word == "content":
		if len(rest) == 0 || rest[0][0] != '"' {
			p.fail("content: a text was expected after it, such as content \"Welcome.\\r\\n\"")
		}
		l.content, _, _ = parsePattern(rest[0])
		return rest[1:]
	case word == "seq":
		l.seq = p.span(word, rest)
		return rest[1:]
	case word == "ack":
		l.ack = p.numberWord(word, rest)
		return rest[1:]
	case word == "win":
		l.win = p.numberWord(word, rest)
		return rest[1:]
	case word == "length":
		l.length = p.numberWord(word, rest)
		return rest[1:]
	default:
		return p.option(l, words)
	}
	return rest
}

// attributeWords are the words with which attributes begin.
var attributeWords = []string{"after", "content", "seq", "ack", "win", "length", "df", "sackOK", "ts", "mss", "wscale", "ttl", "sack"}

// option parses an option of TCP or IP: mss 1460, !wscale, sackOK, ts,
// sack 1:1168, df, ttl 64.
func (p *parser) option(l *line, words []string) []string {
	name, not := strings.CutPrefix(words[0], "!")
	o, rest := option{name: name, not: not}, words[1:]
	switch name {
	case "df", "sackOK", "ts":
	case "mss", "wscale", "ttl":
		if not && name == "ttl" {
			p.fail("!ttl: every packet has a TTL; ttl and a number were expected")
		}
		if !not {
			o.value, rest = p.numberWord(name, rest), rest[1:]
		}
	case "sack":
		if not {
			break
		}
		s := p.span(name, rest)
		if !s.isRange() || s.start.any || s.end.any {
			p.fail("sack: the two ends of a block were expected, such as sack 1168:1169")
		}
		o.value, o.right, rest = s.start, s.end.value, rest[1:]
	default:
		if meant := scenario.Nearest(name, attributeWords); meant != "" {
			p.fail("%q is not understood; did you mean %s?", words[0], meant)
		}
		p.fail("%q is not understood; %s was expected", words[0], forms)
	}
	l.options = append(l.options, o)
	return rest
}

func (p *parser) label(word string) string {
	if !isName(word[1:]) {
		p.fail("%q is not a label: @ and a name were expected, such as @list", word)
	}
	return word[1:]
}

// flagLetters are tcpdump's.
var flagLetters = []struct {
	letter byte
	bit    uint8
}{
	{'F', packet.FIN}, {'S', packet.SYN}, {'R', packet.RST}, {'P', packet.PSH}, {'.', packet.ACK},
	{'U', packet.URG}, {'E', packet.ECE}, {'W', packet.CWR},
}

func (p *parser) flags(word string) flags {
	inner, ok := strings.CutSuffix(word[1:], "]")
	if !ok || inner == "" {
		p.fail("%s: flags in square brackets were expected, such as [S.]; the letters are S F R P . U E W, and [none]", word)
	}
	f := flags{set: true}
	if inner == "none" {
		return f
	}
	for i := 0; i < len(inner); i++ {
		bit := flagBit(inner[i])
		if bit == 0 {
			p.fail("%s: %q is not a flag; the letters are S F R P . U E W, and [none]", word, inner[i])
		}
		if bit == packet.PSH {
			f.push = true
		} else {
			f.bits |= bit
		}
	}
	return f
}

func flagBit(letter byte) uint8 {
	for _, f := range flagLetters {
		if f.letter == letter {
			return f.bit
		}
	}
	return 0
}

// flagString prints flags as tcpdump does.
func flagString(bits uint8) string { return "[" + text.Flags(bits) + "]" }

// numberWord parses the number, or *, after a word.
func (p *parser) numberWord(word string, rest []string) number {
	if len(rest) == 0 {
		p.fail("%s: a number or * was expected after it", word)
	}
	return p.number(word, rest[0])
}

func (p *parser) number(what, text string) number {
	if text == "*" {
		return number{set: true, any: true}
	}
	return number{set: true, value: p.bounded(what, text, 0, 1<<62)}
}

func (p *parser) bounded(what, text string, low, high int64) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || !isDigits(text) || n < low || n > high {
		limits := "a number"
		if high < 1<<62 {
			limits = fmt.Sprintf("a number from %d to %d", low, high)
		}
		p.fail("%s %s: %s or * was expected", what, text, limits)
	}
	return n
}

// span parses "56", "1:56", "1:*", "*:56" or "*".
func (p *parser) span(word string, rest []string) span {
	if len(rest) == 0 {
		p.fail("%s: a number such as 56 or a range such as 1:56 was expected after it", word)
	}
	start, end, two := strings.Cut(rest[0], ":")
	s := span{start: p.number(word, start)}
	if two {
		s.end = p.number(word, end)
		if !s.start.any && !s.end.any && s.end.value <= s.start.value {
			p.fail("%s %s: the range is empty; the second number is that of the byte after its last", word, rest[0])
		}
	}
	return s
}

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// classify finds out what the line claims, and refuses lines that no packet can match.
func (p *parser) classify(l *line) {
	if l.conn.proto != "tcp" {
		p.checkDatagram(l)
		l.kind = kindDatagram
		return
	}
	if l.content != nil && !l.seq.start.set && !l.flags.set && l.words == nil {
		l.seq = span{start: number{set: true, value: 1}, end: number{set: true, any: true}} // all of it
	}
	fin := l.flags.bits&packet.FIN != 0 // without a range it is about the FIN only, whatever the length of its packet
	data := l.seq.isRange() || l.length.set && (l.length.any || l.length.value > 0) && !fin
	switch {
	case l.content != nil && (l.words != nil || l.conn.proto != "tcp" || !data && l.flags.set):
		p.fail("content needs a range of bytes, such as seq 1:56, or stands alone for all bytes that one side sends")
	case l.words != nil:
		l.kind = kindText
	case !l.flags.set && !data:
		p.fail("this line does not say which packet it means: flags as [.], a \"text\" or a range as seq 1:56 were expected")
	case !l.flags.set:
		l.kind = kindRange
	case l.flags.bits&packet.RST != 0:
		l.kind = kindRST
	case l.flags.bits&packet.SYN != 0:
		l.kind = kindSYN
	case fin && data:
		l.kind = kindFINData
	case fin:
		l.kind = kindFIN
	case data || l.flags.push || l.flags.bits != packet.ACK:
		l.kind = kindData
	default:
		l.kind = kindACK
	}
	p.checkLength(l)
}

// checkLength refuses a length that contradicts the range of the same line.
func (p *parser) checkLength(l *line) {
	s := l.seq
	if !s.isRange() || s.start.any || s.end.any || l.length.is(s.end.value-s.start.value) {
		return
	}
	if l.kind == kindSYN {
		return
	}
	p.fail("seq %d:%d is a range of %d bytes, but the length is %d", s.start.value, s.end.value, s.end.value-s.start.value, l.length.value)
}

// checkDatagram refuses attributes that only TCP has.
func (p *parser) checkDatagram(l *line) {
	if l.flags.set || l.seq.start.set || l.ack.set || l.win.set {
		p.fail("%s is %s, which has no flags and no seq, ack or win; a \"text\", length, ttl or df was expected", l.conn.name, l.conn.proto)
	}
	for _, o := range l.options {
		if o.name != "ttl" && o.name != "df" {
			p.fail("%s is %s, which has no option %s", l.conn.name, l.conn.proto, o.name)
		}
	}
	if l.words == nil && !l.length.set {
		p.fail("this line does not say which packet it means: a \"text\" or length was expected")
	}
}
