// Rules about requests: the signs of exploits.

package rules

import (
	"fmt"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/internal/pattern"
)

var argumentsOfNormalLengthRule = Rule{
	Name: "arguments-of-normal-length", Theme: "requests",
	Says:     "Commands and arguments are not longer than words, names and paths: 255 characters for a name, 1024 for a path, 255 for a user, 2048 for a password.",
	Source:   "POSIX limits.h (NAME_MAX, PATH_MAX); RFC 2577, 9 (software faults)",
	Example:  "> RETR and a name of 256 characters",
	Severity: Violation,
	Matters:  "Longer arguments are meant to overflow a buffer.",
	Innocent: "the file system of the server allows longer names.",
	look:     eachSession(longArguments),
}

// The longest that are normal, in characters.
const (
	longestVerb     = 32
	longestName     = 255
	longestPath     = 1024
	longestPassword = 2048 // such as a token that another service has signed
	longestWord     = 100  // arguments that are no path
	longestRun      = 100  // the same letter again and again
)

// wordArguments are commands whose argument is a word or a number, or none.
var wordArguments = wording.Set(`ABOR ACCT ALLO AUTH CCC CDUP EPRT EPSV FEAT LANG MODE NOOP PASV PBSZ PORT PROT PWD
	QUIT REIN REST STRU SYST TYPE XCUP XPWD HELP`)

// protectedArguments are base64 of any length (RFC 2228 section 3).
var protectedArguments = wording.Set("ADAT MIC CONF ENC")

// nested is how many folders, each with the same letter as its whole long name, make a path that
// overflows a buffer.
const nested = 4

func longArguments(_ *Evidence, s *session) []breach {
	found := append(s.wrongCommands(tooLong), s.cutOverlong()...)
	if b, ok := deepFolder(s); ok {
		found = append(found, b)
	}
	var packets []int
	for _, x := range s.Exchanges {
		if x.Command == "MKD" && completedNormally(x) && run(x.Argument) > longestRun {
			packets = append(packets, x.Packet)
		}
	}
	if len(packets) >= nested {
		found = append(found, breach{packets: packets, observed: fmt.Sprintf("%d folders with names of the same letter", len(packets))})
	}
	return found
}

// deepest is how many folders deep a tree is that people use.
const deepest = 64

// deepFolder finds the first folder that a client makes so deep in the tree that programs which walk
// through it fail.
func deepFolder(s *session) (b breach, ok bool) {
	s.eachPath(func(x *ftp.Exchange, w *evidence.Walk) {
		if ok || x.Command != "MKD" && x.Command != "XMKD" || !completedNormally(x) {
			return
		}
		at := w.Target(x.Argument)
		if depth := strings.Count(at, "/"); depth >= deepest || len(at) > longestPath {
			b = breach{severity: Odd, sign: 2, packets: evidence.Frames(x),
				observed: fmt.Sprintf("%s makes a folder %d levels deep, with a path of %d bytes", wording.Quote(x.Line.Text), depth, len(at))}
			ok = true
		}
	})
	return b, ok
}

// completedNormally reports whether the server did what the command asked for.
func completedNormally(x *ftp.Exchange) bool { return x.Final() >= 200 && x.Final() < 300 }

func tooLong(x *ftp.Exchange) string {
	length := utf8.RuneCountInString(x.Argument)
	switch {
	case x.Command == "ADAT" && x.Final() >= 500 && run(x.Argument) > longestRun:
		return fmt.Sprintf("the same letter %d times", run(x.Argument))
	case protectedArguments[x.Command]:
		return ""
	case len(x.Command) > longestVerb:
		return fmt.Sprintf("a command of %d letters", len(x.Command))
	case wordArguments[x.Command] && length > longestWord:
		return fmt.Sprintf("an argument of %d characters to a command that takes a word", length)
	case x.Command == "USER" && length > longestName, isPassword(x.Command) && length > longestPassword:
		return fmt.Sprintf("an argument of %d characters", length)
	case !isPassword(x.Command) && length > longestPath:
		return fmt.Sprintf("an argument of %d characters", length)
	case (x.Command == "MDTM" || x.Command == "MFMT") && longestComponent(x.Argument) > longestName: // which may be in a time
		return fmt.Sprintf("an argument of %d characters", length)
	case !isPassword(x.Command) && longestComponent(x.Argument) > longestName:
		return fmt.Sprintf("a name of %d characters", longestComponent(x.Argument))
	case run(x.Argument) > longestRun && !completedNormally(x): // a file that exists may have the name
		return fmt.Sprintf("the same letter %d times", run(x.Argument))
	}
	return ""
}

// cutOverlong finds arguments of which the recorder cut off the end, and which are too long all the same: the packets
// say how long they were.
func (s *session) cutOverlong() (found []breach) {
	if c := s.Control.ClientFlow; c.CutShort == 0 || c.Missing > 0 || !s.BothSides() {
		return nil // lines may be missing behind one, or their answers
	}
	sizes := s.sizesOnWire()
	for i, x := range s.Exchanges {
		most := longestPath
		switch {
		case wordArguments[x.Command]:
			most = longestWord
		case x.Command == "USER":
			most = longestName
		case isPassword(x.Command):
			most = longestPassword
		}
		size := sizes[i] - len(x.Command) - len(" \r\n")
		if ended := strings.HasSuffix(x.Line.Text, "\r"); !x.Complete && !ended && x.Argument != "" && size > most && !protectedArguments[x.Command] && !s.MayBeRest(x.Line) && s.Readable(x.Packet) {
			found = append(found, breach{packets: []int{x.FirstPacket, x.Packet},
				observed: fmt.Sprintf("%s: an argument of %d bytes, of which the recorder cut off the end", wording.Quote(x.Line.Text), size)})
		}
	}
	return found
}

// sizesOnWire returns how many bytes the line of each command had at most, if nothing was lost but what the recorder cut
// off: up to the next line of the client, and as much as the server had received when it spoke next. It is 0 if the
// server answered more than one line.
func (s *session) sizesOnWire() []int {
	sizes := make([]int, len(s.Exchanges))
	lines, replies := s.Lines, s.Unsolicited
	for i, x := range s.Exchanges {
		end, until := 1+s.Control.ClientFlow.Bytes, math.MaxInt
		if i+1 < len(s.Exchanges) {
			end, until = s.Exchanges[i+1].Seq, s.Exchanges[i+1].Packet
		}
		for len(lines) > 0 && (lines[0].From == ftp.Client || lines[0].Ack <= x.Seq) {
			lines = lines[1:]
		}
		if len(lines) > 0 {
			end = min(end, lines[0].Ack)
		}
		for len(replies) > 0 && replies[0].Packet <= x.Packet {
			replies = replies[1:]
		}
		if len(replies) == 0 || replies[0].Packet >= until {
			sizes[i] = int(end - x.Seq)
		}
	}
	return sizes
}

// longestComponent is the length of the longest name in a path.
func longestComponent(path string) int {
	longest := 0
	for _, name := range strings.FieldsFunc(path, func(r rune) bool { return r == '/' || r == '\\' }) {
		longest = max(longest, utf8.RuneCountInString(name))
	}
	return longest
}

// run is the length of the longest run in which the same one to four letters or digits
// repeat; 0 if the text is too short for a long one.
func run(text string) int {
	if len(text) <= longestRun {
		return 0
	}
	longest := 0
	for period := 1; period <= 4; period++ {
		n := period
		for i := period; i < len(text); i++ {
			c := text[i] | 0x20
			if text[i] == text[i-period] && (c >= 'a' && c <= 'z' || c >= '0' && c <= '9') {
				n++
			} else {
				n = period
			}
			longest = max(longest, n)
		}
	}
	return longest
}

var noFormatStringsRule = Rule{
	Name: "no-format-strings", Theme: "requests",
	Says:     "Arguments do not contain a series of printf conversions.",
	Source:   "CVE-2000-0573 (wu-ftpd, SITE EXEC)",
	Example:  "> CWD %08x%08x%n",
	Severity: Violation,
	Matters:  "Several %x and %n read and write the memory of a server that uses its input as a format string.",
	Innocent: "a file name comes from a template that was not filled in.",
	look:     eachSession(formatStrings),
}

var (
	// conversion matches a printf conversion as exploits use it: in lower case, often with a
	// width or a position; series three of them with little between them.
	conversion = pattern.New(`%(\d+\$)?[-.0-9]*(hh|h|ll|l)?[xpnsuf]`)
	series     = pattern.New(`(%(\d+\$)?[-.0-9]*(hh|h|ll|l)?[xpnsuf][^%]{0,2}){3}`)
	writing    = pattern.New(`%(\d+\$)?\d*h{0,2}n`)
	// wide matches a conversion with a width or a position, or one that writes.
	wide = pattern.New(`%(\d+\$|[-.0-9])|%h{0,2}n`)
	// percentCode matches a printable character as URLs encode it.
	percentCode = pattern.New(`%[2-9a-fA-F][0-9a-fA-F]`)
)

func formatStrings(_ *Evidence, s *session) []breach {
	found := s.wrongCommands(formatString)
	for _, b := range s.wrongCommands(unfilled) {
		b.severity, b.sign = Odd, 2
		found = append(found, b)
	}
	return found
}

// unfilled finds a name that a program forgot to fill in: %s_%s_%u.txt. An exploit has widths, or %n.
func unfilled(x *ftp.Exchange) string {
	if what := conversionsIn(x); what != "" && isTemplate(x) {
		return what
	}
	return ""
}

// isTemplate reports whether an argument is a path whose conversions have no width and write nothing.
func isTemplate(x *ftp.Exchange) bool {
	_, takesPath := pathCommands[x.Command]
	text := percentCode.ReplaceAllString(x.Argument, "_")
	if about.MatchString(text) {
		text = strings.Replace(text, "%n", "", 1) // a number
	}
	return takesPath && x.Command != "SITE" && !wide.MatchString(text) && conversions(text) < exploitConversions
}

// about matches a conversion between words.
var about = pattern.New(`[a-zA-Z]{2,}[ _-]%n\b`)

// exploitConversions is how many conversions no template has.
const exploitConversions = 8

func formatString(x *ftp.Exchange) string {
	if isTemplate(x) {
		return ""
	}
	return conversionsIn(x)
}

// conversionsIn says which printf conversions an argument has, "" if they are few.
func conversionsIn(x *ftp.Exchange) string {
	text := percentCode.ReplaceAllString(x.Argument, "_")
	n := conversions(text)
	if isPassword(x.Command) && (n < 3 || n < 4 && !writing.MatchString(text)) {
		return "" // a password may have so many by chance
	}
	switch {
	case n >= 4 || series.MatchString(text):
		return fmt.Sprintf("%d printf conversions", n)
	case n >= 2 && writing.MatchString(text):
		return "printf conversions that write memory"
	}
	return ""
}

// conversions counts the printf conversions that are no beginning of a word, as in "50%off".
func conversions(text string) int {
	n := 0
	for _, at := range conversion.FindAllStringIndex(text, -1) {
		if at[1] == len(text) || !unicode.IsLetter(rune(text[at[1]])) {
			n++
		}
	}
	return n
}

var noKnownExploitsRule = Rule{
	Name: "no-known-exploits", Theme: "requests",
	Says:     "No request is known from a published exploit, back door, scanner or password stealer, and no greeting is known from a worm.",
	Source:   "the CVE entry that the finding names; RFC 2577, 9 (software faults)",
	Example:  "> USER ada:) which opens the back door of vsftpd 2.3.4",
	Severity: Violation,
	Matters:  "Attackers and their tools send these texts.",
	Innocent: "the owner of the server tests it.",
	look:     eachSession(knownExploit),
}

var (
	picture    = pattern.New(`(?i)\.(jpe?g|png|gif|bmp|ico|webp)$`)
	webProgram = pattern.New(`(?i)\.(php\d?|phtml|phar|aspx?|asa|cer|jspx?|cfm|cgi)$`)
)

// Greetings of servers that worms and intruders install: of known programs, in letters that they mix with digits, and
// boasts. A greeting that speaks about intruders, or forbids what they do, is its owner's.
var (
	wormGreeting     = pattern.New(`(?i)\b0wns? j00?|reptile welcomes you|fuckftpd|\b(stny|nzmx|wh0re|evil)ftpd?\b|^bot server \(win32\)`)
	intruderGreeting = pattern.New(`(?i)\b(hacked|defaced|rooted) by\b|\b(you|box|host|server|site|system) (has been|have been|was|were|are|is|got) hacked\b|\bhackz\b|\b(0wn|pwn|h4x)([e3][dr]|z|d)\b|\b(l33t|sh3ll|w[3e]lc0me|w3lcome|r00t(ed)?|h4ck\w*|fr33)\b|\bback ?door ?(ftpd?|server)\b|\bbotftpd?\b`)
	warez            = pattern.New(`(?i)\bwarez\b`)
	forbids          = pattern.New(`(?i)\b(no|not|never|don'?t|forbidden|prohibited|illegal|banned|deleted|reported|monitored|prosecuted)\b`)
)

// knownGreeting judges the words of the server's greeting.
func knownGreeting(s *session) []breach {
	before := s.pair.greeted
	if s.Greeting == nil || !s.Readable(s.Greeting.Packet) {
		return nil
	}
	b, as := breach{packets: []int{s.Greeting.Packet}, habit: true}, ""
	switch {
	case wormGreeting.MatchString(s.Greeting.Text):
		as = "worms that spread by FTP"
	case boasts(s.Greeting.Text):
		as = "intruders"
		if !before {
			b.severity, b.sign = Odd, 2
		}
	default:
		s.pair.greeted = true
		return nil
	}
	b.observed = fmt.Sprintf("the server greets with %s, as %s do", wording.Quote(s.Greeting.Text), as)
	if before {
		b.observed += "; it greeted otherwise before"
	}
	return []breach{b}
}

// boasts reports whether a greeting has the words of intruders.
func boasts(greeting string) bool {
	return intruderGreeting.MatchString(greeting) || warez.MatchString(greeting) && !forbids.MatchString(greeting)
}

func knownExploit(e *Evidence, s *session) []breach {
	found := append(knownGreeting(s), extortion(e, s)...)
	for _, look := range []func(*session) (breach, bool){factoryLogin, accountsOfNobody} {
		if b, ok := look(s); ok {
			found = append(found, b)
		}
	}
	if at := e.watch.bleeds[s.Control.ID]; at > 0 {
		found = append(found, breach{packets: []int{at}, observed: "a heartbeat of TLS that asks for more bytes than it has: Heartbleed (CVE-2014-0160)"})
	}
	renamed := "" // the argument of the RNFR before
	for i, x := range s.Exchanges {
		if from := renamed; x.Command == "RNTO" && picture.MatchString(from) && webProgram.MatchString(x.Argument) && completedNormally(x) {
			found = append(found, breach{packets: evidence.Frames(x), observed: fmt.Sprintf("%s, which was %s: a picture becomes a program of a web server", wording.Quote(x.Line.Text), wording.Quote(from))})
		}
		if renamed = ""; x.Command == "RNFR" {
			renamed = x.Argument
		}
		if s.copiesUnknown(x) {
			found = append(found, breach{packets: evidence.Frames(x), observed: wording.Quote(x.Line.Text) + ": ProFTPD's mod_copy without an account (CVE-2015-3306)"})
			continue
		}
		if s.MayBeRest(x.Line) || !s.Readable(x.Packet) {
			continue
		}
		b := breach{packets: []int{x.Packet}}
		has := pattern.PairsOf(x.Argument)
		name := knownExploits().in(x, &has)
		if name == "" && x.Command == "SITE" && rootShell.MatchString(x.Argument) && completedNormally(x) {
			name = "a shell that gives everybody the rights of its owner (MITRE ATT&CK, T1548.001)"
		}
		if name == "" && i > 0 && asksPassword(s.Exchanges[i-1]) && (x.Command == "CWD" || x.Command == "XCWD") && strings.HasPrefix(x.Argument, "~root") {
			name = "the home of root between USER and PASS (CVE-1999-0082)"
		}
		if name == "" {
			b.severity, b.sign = Odd, 2
			name = suspectExploits().in(x, &has)
		}
		if name == "" && x.Command == "SITE" && x.Final() >= 500 && openToAll.MatchString(x.Argument) && runnable(x.Argument) {
			b.sign = 1
			name = "a program that everybody may change and run, which the server refused (MITRE ATT&CK, T1222)"
		}
		if name != "" {
			b.observed = fmt.Sprintf("%s: %s", wording.Quote(x.Line.Text), name)
			found = append(found, b)
		}
	}
	return gradeScreens(found)
}

// asksPassword reports whether a server asks for a password.
func asksPassword(x *ftp.Exchange) bool { return x.Command == "USER" && x.Final() == 331 }

// rootShell matches orders that let a shell of the system run with the rights of its owner.
var rootShell = pattern.New(`(?i)^CHMOD +"?(0?[4-7]\d{3}|[ugoa,+=rwxt]*[+=][rwxt]*s[rwxst]*) +"?(/\S+/)?(ba|da|z|k|mk|c|tc|a|fi)?sh"?$`)

// openToAll matches orders that let everybody write and execute a file.
var openToAll = pattern.New(`(?i)^CHMOD +"?(0?\d\d[37]|[ug]*[ao][ugo]*[+=]r?wx) `)

// copiesUnknown reports whether a command copies a file at the server for somebody without an account.
// Clients such as WinSCP do so for users.
func (s *session) copiesUnknown(x *ftp.Exchange) bool {
	if x.Command != "SITE" || !s.Whole {
		return false
	}
	verb, _, _ := strings.Cut(strings.ToUpper(x.Argument), " ")
	early := s.LoggedIn == 0 || x.Packet < s.LoggedIn
	return (early || s.public()) && (verb == "CPFR" || verb == "CPTO")
}
