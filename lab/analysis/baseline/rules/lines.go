// Rules about single lines of a dialogue: the form of replies and commands.

package rules

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"ftplab/lab/analysis/baseline/content"
	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/internal/encoded"
	"ftplab/lab/analysis/internal/pattern"
)

var replyWellFormedRule = Rule{
	Name: "reply-well-formed", Theme: "dialogue",
	Says:     "A reply is three digits, a space (or a hyphen if more lines follow) and a text, and ends with CR and LF.",
	Source:   "RFC 959, 4.2",
	Example:  "> SYST < UNIX of some kind",
	Severity: Violation, sign: 1, habit: true,
	Matters:  "A client cannot interpret anything else. A program that answers in another form is probably not an FTP server.",
	Innocent: "a simple server prints the second line of a message without a code.",
	look:     eachSession(wellFormed),
}

func wellFormed(_ *Evidence, s *session) []breach {
	if s.Hidden {
		return nil
	}
	var found []breach
	begun, mayContinue := s.begun(), s.mayContinue()
	for _, r := range s.Unsolicited {
		line := r.Lines[0]
		if r.Code != 0 || !line.Complete || line.AfterGap || s.isCommand(line) || !s.Readable(r.Packet) || mayContinue(line) || line.Seq < begun {
			continue
		}
		b := breach{
			packets:  []int{r.Packet},
			observed: fmt.Sprintf("the server said %s", wording.Quote(line.Text)),
		}
		if !s.Whole || !s.waiting(r.FirstPacket) {
			b.severity = Odd
		}
		found = append(found, b)
	}
	for _, r := range s.replies() {
		if r.Code != 0 && (r.Code < 100 || r.Code >= 700) && !r.Lines[0].AfterGap && s.Readable(r.Packet) {
			found = append(found, breach{
				packets:  []int{r.Packet},
				expected: "The first digit of a reply is 1 to 5, or 6 for a protected one (RFC 959, 4.2; RFC 2228, 5).",
				observed: fmt.Sprintf("the server said %s", wording.Quote(r.Lines[0].Text)),
			})
		}
	}
	return append(found, s.bareLF()...)
}

// mayContinue reports for each line of the server whether it may belong to a reply whose first line is missing.
func (s *session) mayContinue() func(*ftp.Line) bool {
	if !s.Torn() {
		return func(*ftp.Line) bool { return false }
	}
	unbroken := s.Unbroken()
	return func(l *ftp.Line) bool { return s.Damaged > 0 || !unbroken[l] }
}

// bareLF notes lines of replies that end with LF alone, which clients take for whole ones.
func (s *session) bareLF() []breach {
	var bare counted
	for _, r := range s.replies() {
		for _, l := range r.Lines {
			if s.Whole && r.Code != 0 && l.Complete && l.End-l.Seq == int64(len(l.Text))+1 {
				bare.add(l.Packet)
			}
		}
	}
	if bare.n == 0 {
		return nil
	}
	return []breach{{severity: Note, sign: noSign, packets: bare.packets, observed: wording.Plural(bare.n, "line", "lines") + " of the server's replies ended with LF alone"}}
}

// begun is the place in what the server said from which on all lines are of replies whose first line
// is in the capture.
func (s *session) begun() int64 {
	if s.FromStart() {
		return 0
	}
	for _, l := range s.Lines {
		if l.From == ftp.Server && beginsLikeReply([]byte(l.Text)) {
			return l.Seq
		}
	}
	return math.MaxInt64
}

var replyOfNormalLengthRule = Rule{
	Name: "reply-of-normal-length", Theme: "dialogue",
	Says:     "A line of a reply has at most 4096 bytes, the length of the longest path.",
	Source:   "RFC 959, 4.2; POSIX limits.h (PATH_MAX)",
	Example:  "< 257 and 4100 characters",
	Severity: Violation,
	Matters:  "Longer lines are meant to overflow a buffer of the client.",
	Innocent: "the server quotes a very long name.",
	look:     eachSession(replyLength),
}

// longestLine is the maximum length of a line of a reply, in bytes.
const longestLine = 4096

// ordersTerminal matches escape sequences that name a window, report to the server, or load keys.
var ordersTerminal = pattern.New(`\x1b[\]P^_]|\x1b\[[0-9;?]*[nt]`)

func replyLength(e *Evidence, s *session) []breach {
	var found []breach
	for _, x := range s.Exchanges {
		for _, c := range s.DataOf(x.Data) {
			if shown, _ := e.shown(c.ID); shown.Kind == content.LongListing {
				found = append(found, breach{packets: append(evidence.Frames(x), shown.packet),
					observed: fmt.Sprintf("%s: frame %d lists %s", wording.Quote(x.Line.Text), shown.packet, shown.What)})
			}
		}
	}
	for _, l := range s.Lines {
		size := l.End - l.Seq
		var b breach
		switch {
		case l.From == ftp.Client || l.AfterGap || !s.Readable(l.Packet):
			continue
		case size > longestLine+2:
			b.observed = fmt.Sprintf("a line of %d bytes: %s", size, wording.Quote(l.Text))
		case strings.Contains(l.Text, sled):
			b.observed = "a sled of x86 NOP instructions: " + wording.Quote(l.Text)
		case s.isGreeting(l) && run(l.Text) > longestRun:
			b.observed = fmt.Sprintf("a greeting with the same letter %d times: %s", run(l.Text), wording.Quote(l.Text))
		case strings.Contains(l.Text, content.FillsClipboard):
			b.expected = "A reply is text for a person (RFC 959, 4.2). Colours are harmless."
			b.observed = "an escape sequence that fills the clipboard of a terminal: " + wording.Quote(l.Text)
		case run(l.Text) > longestName && !s.saidRun(run(l.Text)):
			b.observed = fmt.Sprintf("the same letter %d times, as no file has it in its name, and as the client never said: %s", run(l.Text), wording.Quote(l.Text))
		case strings.Contains(l.Text, "\x1b") && ordersTerminal.MatchString(l.Text):
			b.severity, b.sign, b.expected = Odd, 2, "A reply is text for a person (RFC 959, 4.2). Colours are harmless."
			b.observed = "an escape sequence that orders a terminal to do something: " + wording.Quote(l.Text)
		case run(l.Text) > longestName:
			b.severity, b.sign = Odd, 2
			b.observed = fmt.Sprintf("the same letter %d times: %s", run(l.Text), wording.Quote(l.Text))
		default:
			continue
		}
		b.packets = []int{l.FirstPacket, l.Packet}
		found = append(found, b)
	}
	return found
}

// saidRun reports whether the client said, or may have said, nearly as many of the same letter in a row, so that the server
// only repeats it.
func (s *session) saidRun(length int) bool {
	return !s.Whole || s.Lossy() || slices.ContainsFunc(s.Exchanges, func(x *ftp.Exchange) bool { return run(x.Argument)*2 >= length })
}

// isGreeting reports whether a line comes before any command.
func (s *session) isGreeting(l *ftp.Line) bool {
	return s.Whole && (len(s.Exchanges) == 0 || l.Packet < s.Exchanges[0].FirstPacket)
}

// waiting reports whether the last command before the given frame has no reply.
func (s *session) waiting(packet int) bool {
	n := s.Before(packet)
	return n > 0 && len(s.Exchanges[n-1].Replies) == 0
}

var sidesKeepTheirRolesRule = Rule{
	Name: "sides-keep-their-roles", Theme: "dialogue",
	Says:     "The client sends commands and the server sends replies, never the reverse.",
	Source:   "RFC 959, 2.3",
	Example:  "< QUIT from the server's port 21",
	Severity: Violation,
	Matters:  "If a server sends commands, the session is forged or a tunnel, or it tries to make a firewall open a port.",
	Innocent: "two connections between the same ports were recorded as one.",
	look:     eachSession(keepRoles),
}

func keepRoles(_ *Evidence, s *session) []breach {
	var found []breach
	for _, r := range s.Unsolicited {
		if line := r.Lines[0]; r.Code == 0 && !line.AfterGap && s.isCommand(line) && s.Readable(r.Packet) {
			b := breach{packets: []int{r.Packet}, observed: fmt.Sprintf("the server said %s", wording.Quote(line.Text))}
			if known, _ := s.known(r); !s.Whole || known > s.heardBy(r.FirstPacket) {
				b.severity = Odd // it may be a line of a reply whose first line is missing
			}
			found = append(found, b)
		}
	}
	for _, x := range s.Exchanges {
		if !s.MayBeRest(x.Line) && beginsLikeReply([]byte(x.Line.Text)) && s.Readable(x.Packet) {
			found = append(found, breach{
				packets:  []int{x.Packet},
				observed: fmt.Sprintf("the client said %s", wording.Quote(x.Line.Text)),
			})
		}
	}
	return found
}

// isCommand reports whether a line of the server is a command. After HELP and FEAT, or after
// an unknown command, it may be a line of the reply without a code.
func (s *session) isCommand(l *ftp.Line) bool {
	n := s.Before(l.FirstPacket)
	if n == 0 {
		return s.Whole && evidence.IsCommand(l.Text)
	}
	switch s.Exchanges[n-1].Command {
	case "HELP", "FEAT", "STAT", "SITE":
		return false
	}
	return evidence.IsCommand(l.Text)
}

var controlCarriesDialogueRule = Rule{
	Name: "control-carries-dialogue", Theme: "dialogue",
	Says:     "The control connection carries only commands and replies. Data has its own connection.",
	Source:   "RFC 959, 2.3 and 3.2; Frederick 2001",
	Example:  "base64 in place of commands at port 21",
	Severity: Violation,
	Matters:  "Anything else on it is a tunnel, a shell, or a file that avoids inspection.",
	Innocent: "a very old server sent a long text without reply codes.",
	look:     carriesOnlyDialogue,
}

// tunnelBytes is how many bytes on a control connection may be neither commands nor replies.
const tunnelBytes = 512

func carriesOnlyDialogue() look {
	all := greetings{}
	return look{
		session: func(_ *Evidence, s *session) []breach {
			all.add(s)
			return carriesDialogue(s)
		},
		end: func(*Evidence) []breach { return all.judge() },
	}
}

func carriesDialogue(s *session) []breach {
	if s.Hidden {
		return nil
	}
	var found []breach
	for _, side := range []ftp.Side{ftp.Client, ftp.Server} {
		var size, all int64
		var packets []int
		for _, l := range s.strays(side) {
			size += l.End - l.Seq
			packets = append(packets, l.Packet)
		}
		all = s.Control.Flow(side).Bytes + s.Control.Flow(side).Missing
		if size < tunnelBytes || size*2 < all && len(packets) < 20 {
			continue
		}
		found = append(found, breach{
			packets:  packets,
			observed: fmt.Sprintf("%d of the %d bytes that the %s sent are neither commands nor replies: %s", size, all, side, wording.Quote(strays(s, side))),
		})
	}
	for _, look := range []func(*session) (breach, bool){idleArguments, manySpellings, spelledBits, manyBlanks, idleUrgency, dataInReplies, busyNOOPs, accountsInReplies, shellOnControl} {
		if b, ok := look(s); ok {
			found = append(found, b)
		}
	}
	return found
}

// withoutArgument are commands that take no argument.
var withoutArgument = wording.Set("NOOP PWD XPWD CDUP XCUP PASV SYST QUIT REIN ABOR")

// takesWord are commands that take a word of any language, but no data.
var takesWord = wording.Set("HELP ACCT CLNT CSID LANG OPTS SMNT SSCN XDUPE")

// manyUrgent is how many commands are urgent, without Telnet's Synch, if urgency carries data.
const manyUrgent = 3

// idleUrgency judges commands that are urgent without a reason. Only Telnet's Synch is urgent (RFC 959
// section 4.1.3), in front of ABOR, STAT and QUIT.
func idleUrgency(s *session) (b breach, ok bool) {
	var urgent counted
	for _, x := range s.Exchanges {
		switch x.Command {
		case "ABOR", "STAT", "QUIT":
			continue
		}
		if x.Line.Urgent && len(x.Line.Telnet) == 0 && evidence.IsKnown(x.Command) && s.Readable(x.Packet) {
			urgent.add(x.Packet)
		}
	}
	b = breach{severity: Odd, sign: 2, packets: urgent.packets, observed: wording.Plural(urgent.n, "command was", "commands were") + " urgent without a reason"}
	return b, urgent.n >= manyUrgent
}

// How many NOOPs in a row, with which pauses, are more than what keeps a session alive.
const (
	manyNOOPs = 50
	busyPause = 2 * time.Second
)

// busyNOOPs judges NOOPs whose pauses may carry data.
func busyNOOPs(s *session) (b breach, ok bool) {
	var row, longest counted
	var last int64
	for _, x := range s.Exchanges {
		if pause := time.Duration(x.Time - last); x.Command != "NOOP" || pause >= busyPause || pause < machineSpeed {
			row = counted{}
		}
		last = x.Time
		if x.Command != "NOOP" || !s.Readable(x.Packet) {
			continue
		}
		if row.add(x.Packet); row.n > longest.n {
			longest = row
		}
	}
	if longest.n < manyNOOPs {
		return b, false
	}
	b = breach{severity: Odd, sign: 1, packets: longest.packets}
	b.observed = fmt.Sprintf("%d times NOOP in a row, with less than %v between two of them", longest.n, busyPause)
	return b, true
}

// encodedReplies is how many different replies have encoded bytes in them if they carry data.
const encodedReplies = 6

// toldNothing is how many of them are no accident if they answer NOOP, which asks for nothing.
const toldNothing = 12

// dataInReplies judges the texts of replies to commands that ask for no digest and name no file.
func dataInReplies(s *session) (b breach, ok bool) {
	b = breach{severity: Odd, sign: 2}
	seen, idle := map[string]bool{}, 0
	for _, x := range s.Exchanges {
		if !withoutArgument[x.Command] && (x.Command != "STAT" && x.Command != "HELP" || x.Argument != "") {
			continue
		}
		for _, r := range x.Replies {
			if !s.Readable(r.Packet) {
				continue
			}
			text, _, _ := strings.Cut(r.Text, `"`) // the name of a folder
			if _, after, found := strings.Cut(r.Text, `" `); found {
				text += " " + after
			}
			for word := range strings.FieldsSeq(text) {
				if word = strings.ReplaceAll(word, "/", "_"); encoded.Is(word) && !seen[word] { // base64 has both
					seen[word] = true
					if x.Command == "NOOP" {
						idle++
					}
					b.packets, b.observed = appendSome(b.packets, r.Packet), wording.Quote(r.Text)
				}
			}
		}
	}
	if len(seen) < encodedReplies {
		return b, false
	}
	if idle >= toldNothing {
		b.severity = Violation
	}
	b.observed = fmt.Sprintf("%d words of replies look like encoded bytes; the last is in %s", len(seen), b.observed)
	return b, true
}

// How many different arguments, with how many bytes in all, carry data in commands that take none. If
// there are fewer than idleTexts, they need more bytes.
const (
	idleTexts    = 5
	idleBytes    = 64
	idleBytesFew = 160
	manyTexts    = 20 // a tunnel has so many in quick succession, with so many bytes
	manyBytes    = 512
)

// keepAlivePause is the shortest pause in which a client keeps a session alive. Some clients do so
// with a text that changes, such as the time.
const keepAlivePause = 5 * time.Second

// digits are replaced in texts before these are compared, so that counters and times make no difference.
var digits = pattern.New(`\d+`)

// idleArguments judges the arguments of commands that take none.
func idleArguments(s *session) (b breach, ok bool) {
	texts, size, closely, decoded, last := map[string]bool{}, 0, 0, 0, int64(0)
	var pieces []string
	for _, x := range s.Exchanges {
		word := takesWord[x.Command] || !evidence.IsKnown(x.Command) && !encoded.IsDigest(x.Argument)
		idle := withoutArgument[x.Command] || word && encoded.Is(x.Argument)
		if !idle || x.Argument == "" || s.MayBeRest(x.Line) || !s.Readable(x.Packet) {
			continue
		}
		if text := digits.ReplaceAllString(x.Argument, ""); !texts[text] {
			size += len(x.Argument)
			if x.Time-last < int64(keepAlivePause) {
				closely++
			}
			last = x.Time
			texts[text] = true
			if encoded.Text(x.Argument) != "" {
				decoded++
			}
			pieces = append(pieces, x.Argument)
			b.packets = appendSome(b.packets, x.Packet)
			b.observed = wording.Quote(x.Line.Text)
		}
	}
	if (len(texts) < idleTexts || size < idleBytes) && (len(texts) < 2 || size < idleBytesFew) {
		return b, false
	}
	if decoded < encodedFew && (closely < manyTexts || size < manyBytes) {
		b.severity, b.sign = Odd, 2
	}
	b.observed = fmt.Sprintf("%d different arguments, %d bytes, of commands that take none, or a word, or that nobody knows, such as %s", len(texts), size, b.observed)
	if decoded >= encodedFew {
		b.observed += fmt.Sprintf("; %d are encoded texts", decoded)
	}
	if text := encoded.Join(pieces); text != "" {
		b.severity = Violation
		b.observed += "; together they are the encoded text " + wording.Quote(text)
	}
	return b, true
}

// strays are the lines of one side that are neither commands nor replies.
func (s *session) strays(side ftp.Side) []*ftp.Line {
	var lines []*ftp.Line
	if side == ftp.Server {
		lacks, mayContinue := s.Control.ServerFlow.Missing > 0, s.mayContinue()
		for _, r := range s.Unsolicited {
			if l := r.Lines[0]; r.Code == 0 && !l.AfterGap && s.Readable(r.Packet) && !(lacks && mayContinue(l)) {
				lines = append(lines, l)
			}
		}
		return lines
	}
	for _, x := range s.Exchanges {
		if !s.Knows(x.Command) && !s.MayBeRest(x.Line) && s.Readable(x.Packet) && strings.TrimSpace(x.Line.Text) != "" {
			lines = append(lines, x.Line)
		}
	}
	return lines
}

func strays(s *session, side ftp.Side) string { return s.strays(side)[0].Text }
