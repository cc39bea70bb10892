// Rules about requests: the signs of exploits.

package baseline

import (
	"fmt"
	"maps"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

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
var wordArguments = words(`ABOR ACCT ALLO AUTH CCC CDUP EPRT EPSV FEAT LANG MODE NOOP PASV PBSZ PORT PROT PWD
	QUIT REIN REST STRU SYST TYPE XCUP XPWD HELP`)

// protectedArguments are base64 of any length (RFC 2228 section 3).
var protectedArguments = words("ADAT MIC CONF ENC")

// nested is how many folders, each with the same letter as its whole long name, make a path that
// overflows a buffer.
const nested = 4

func longArguments(_ *Evidence, s *session) []breach {
	found := s.wrongCommands(tooLong)
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
	s.eachPath(func(x *ftp.Exchange, w *walk) {
		if ok || x.Command != "MKD" && x.Command != "XMKD" || !completedNormally(x) {
			return
		}
		at := w.target(x.Argument)
		if depth := strings.Count(at, "/"); depth >= deepest || len(at) > longestPath {
			b = breach{severity: Odd, sign: 2, packets: exchangeFrames(x),
				observed: fmt.Sprintf("%s makes a folder %d levels deep, with a path of %d bytes", show(x.Line.Text), depth, len(at))}
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
	case !isPassword(x.Command) && longestComponent(x.Argument) > longestName:
		return fmt.Sprintf("a name of %d characters", longestComponent(x.Argument))
	case run(x.Argument) > longestRun && !completedNormally(x): // a file that exists may have the name
		return fmt.Sprintf("the same letter %d times", run(x.Argument))
	}
	return ""
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

var argumentsAreTextRule = Rule{
	Name: "arguments-are-text", Theme: "requests",
	Says:     "Commands and arguments are text without control characters.",
	Source:   "RFC 959, 5.3; RFC 2640, 2.2",
	Example:  `> RETR \x90\x90\x90\x90\x90\x90\x90\x90\xeb\x1f\x5e`,
	Severity: Violation,
	Matters:  "An exploit sends machine code as an argument.",
	Innocent: "a name is in an old character set.",
	look:     eachCommand(notText),
}

// typed are control characters that come from a keyboard, from Telnet's line end, or from
// character sets with shifts. None of them is a sign of machine code.
const typed = "\x00\b\t\r\x0e\x0f\x1b"

// sled is a row of NOP instructions of x86. A jump to any of them leads to the machine code after it.
var sled = strings.Repeat("\x90", 8)

// cutByZero matches a zero byte inside a name. After CR it belongs to a line end of Telnet.
var cutByZero = pattern.New(`[^\r]\x00[^\s]`)

// notText looks for machine code: runs of NOP instructions, control characters, and bytes of
// 0xff, which Telnet reserves.
func notText(x *ftp.Exchange) string {
	text := x.Line.Text
	control := 0
	for i := range len(text) {
		if text[i] < 0x20 && strings.IndexByte(typed, text[i]) < 0 {
			control++
		}
	}
	doubled := int(x.Line.End-x.Line.Seq) - len(text) - len(x.Line.Telnet) // bytes 0xff that Telnet doubles, and CRLF
	switch {
	case strings.Contains(text, sled):
		return "a sled of x86 NOP instructions"
	case control >= 4:
		return fmt.Sprintf("%d control characters", control)
	case strings.Count(text, "\xff") >= 32 || doubled > 64:
		return "bytes of 0xff, as in an overflow of the Telnet decoder"
	case strings.Count(text, "\x00") >= 8:
		return "zero bytes, as in machine code"
	case strings.Count(text, "\x00") == 1 && cutByZero.MatchString(text):
		return "a zero byte, at which some programs cut the name off (CWE-158)"
	case x.Line.Urgent && len(x.Line.Telnet) == 0 && !isKnown(x.Command) && len(x.Command) > 1:
		return "a byte of it is urgent, so a server may leave it out, and reads another command"
	case strings.Contains(text, "/bin/sh") && !utf8.ValidString(text):
		return "machine code"
	}
	return ""
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
	// encoded matches a printable character as URLs encode it.
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
	return takesPath && x.Command != "SITE" && !wide.MatchString(text) && conversions(text) < exploitConversions
}

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
	if isPassword(x.Command) && n < 4 && !writing.MatchString(text) {
		return "" // a password may have two or three by chance
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
	Matters:  "These texts have no other use.",
	Innocent: "the owner of the server tests it.",
	look:     eachSession(knownExploit),
}

// An exploit is a request that only attackers send.
type exploit struct {
	command  string // onPath, onNew, onMark, or "" for any but a password
	argument *pattern.Pattern
	name     string
}

// onPath as the command of an exploit stands for all commands that take a path, onNew for those that
// give something a name, and onMark for all whose argument has one of the marks. Few have one, and a
// look for it is cheaper than a pattern.
const (
	onPath = "path"
	onNew  = "new"
	onMark = "mark"
	marks  = "<:'%|;&`${"
)

// naming are the commands that give a file or a folder a name.
var naming = words("STOR APPE MKD XMKD RNTO")

// An exploitTable has the exploits that each command can carry, and those of all other commands under "".
type exploitTable map[string][]exploit

func tableOf(list []exploit) exploitTable {
	commands := map[string]bool{"": true, "PASS": true, "ACCT": true}
	maps.Copy(commands, naming)
	for command := range pathCommands {
		commands[command] = true
	}
	for _, k := range list {
		commands[k.command] = true
	}
	t := exploitTable{}
	for command := range commands {
		for _, k := range list {
			if k.fits(command) {
				t[command] = append(t[command], k)
			}
		}
	}
	return t
}

// fits reports whether a command can carry the exploit; its argument decides. A password may be any
// text, so the exploits in passwords are listed with PASS.
func (k *exploit) fits(command string) bool {
	switch k.command {
	case onMark, "":
		return !isPassword(command)
	case onPath:
		_, takesPath := pathCommands[command]
		return takesPath
	case onNew:
		return naming[command]
	}
	return k.command == command
}

// isPassword reports whether the argument of a command is a password, or an account that may be one.
func isPassword(command string) bool { return command == "PASS" || command == "ACCT" }

// wholeCommand is a shell command without arguments, at the end of the text or of the command.
const wholeCommand = "((?i:reboot|poweroff|whoami|uname( -a)?|telnetd)|id|ls( -\\w+)?|sleep \\d+)\\s*([;|&`)]|$)"

var exploits = []exploit{
	{"USER", pattern.New(`:\)`), "the back door of vsftpd 2.3.4 (CVE-2011-2523)"},
	{"XXXX", pattern.New(`(?i)^(TLS|SSL)`), "AUTH, which somebody on the way made unreadable (RFC 7457, 2.1)"},
	{"HELP", pattern.New(`^ACIDBITCHEZ`), "the back door of ProFTPD 1.3.3c (CVE-2010-20103)"},
	{"SITE", pattern.New("(?i)^EXEC\\b.*(/bin/|\\.\\.|[;|`]|\\$\\()|^EXEC +(sh|bash|cmd|nc)\\b"), "SITE EXEC, which runs a program at the server (CVE-2000-0573)"},
	{onMark, pattern.New(`(?i)<script\b|<\?php\b|<\?=|<(img|svg|iframe|body|video|input)\b[^>]*[\s/]on[a-z]{3,}\s*=`), "a script that runs where somebody reads the log (CWE-79, CWE-117)"},
	{"STOR", pattern.New(`(?i)\.(aspx?|php\d?|jspx?|cgi|cer|asa)(;\d*[^\d;]|%00|::\$data)`), "a program for a web server that looks like a picture (CVE-2009-4444)"},
	{"REST", pattern.New(`^\d{19}`), "an offset that no file has (CWE-190)"},
	{"RETR", pattern.New(`(?i)^eraseme_\d+\.exe$`), "a bot that fetches itself"},
	{"", pattern.New(`[Aa]0Aa1Aa2Aa3A`), "Metasploit's pattern, which shows where a buffer ends"},
	{onMark, pattern.New(`^\w+:[x*!]:\d+:\d*:`), "a line of /etc/passwd, which a program took for a name (CWE-611)"},
	{"MDTM", pattern.New(`^\d{14}[+-]\S{8,}`), "a time zone that overflows Serv-U (CVE-2004-0330)"},
	{onMark, pattern.New(`(?i)</?INCLUDE>`), "a template of CrushFTP that reads any file of the server (CVE-2024-4040)"},
	{"MKD", pattern.New(`(?i)\bpubst(ro|ealer)\b`), "a folder named as those who hide stolen goods name theirs"},
	{"RETR", pattern.New(`(?i)^\d{3,5}_up\.exe$`), "the worm Sasser"},
	{"SITE", pattern.New(`(?i)^CP(FR|TO) +(/proc/|/etc/(passwd|shadow))`), "ProFTPD's mod_copy (CVE-2015-3306)"},
	{onMark, pattern.New(`(?i)\$\{[^}]{0,20}(jndi|lower:|upper:|\$\{)`), "a look-up of Log4j (CVE-2021-44228)"},
	{onMark, pattern.New(`\{\{\s*\d+\s*\*\s*\d+\s*\}\}|[$#]\{\s*\d+\s*\*\s*\d+\s*\}|<%=\s*\d+\s*\*`), "a template that computes, if the server fills it in (CWE-1336)"},
	{"USER", pattern.New(`['"]\)?\s*(--|#|/\*)`), "an injection of SQL (CVE-2009-0542)"},
	{"USER", pattern.New(`(?i)('|%27)\s*\)?\s*(or|and|union|;)\s.{0,60}(=|select\b|--)`), "an injection of SQL (CVE-2009-0542)"},
	{onMark, pattern.New(`(?i)('|%27)(\s*\)?\s*(or\s+('\w*'|"\w*"|\d+)\s*=|;\s*(drop|delete|insert|update|exec)\s)|.{0,60}\bunion\s+(all\s+)?select\b)`), "an injection of SQL (CVE-2009-0542)"},
	{onMark, pattern.New("(?i)(^[|]|[;&|`]|\\$\\()\\s*(/bin/|/usr/bin/|(wget|curl) (-\\w|\\S*://)|nc (-\\w|\\d)|(ba)?sh (-\\w|/)|cmd(\\.exe)? /|powershell -\\w|busybox \\w|rm -\\w|cat /|ping -\\w|touch /)"), "an injection of shell commands"},
	{onMark, pattern.New("(^[|]|[;&|`]|\\$\\()" + wholeCommand), "an injection of shell commands"},
	{onMark, pattern.New(`(?i)\(\)\s*\{\s*:;\s*\}\s*;`), "Shellshock (CVE-2014-6271)"},
	{onPath, pattern.New(`(\*\?){4}|(\?\*){4}|\*{8}`), "a pattern that makes the server search for ever"},
	{onPath, pattern.New(`(\*/\.\./){2}|(\.\./\*/?){3}`), "a pattern that makes the server search for ever"},
	{onMark, pattern.New(`(\{[^{}]*,[^{}]*\}[*?]*){6}`), "a pattern of braces that makes the server search for ever (CVE-2001-1501)"},
	{onMark, pattern.New(`(\{[^{}]*\*[^{}]*,?){4}|~\{$|^~\{`), "a pattern of braces (CVE-2011-0762, CVE-2001-0550)"},
	{onPath, pattern.New(`(\{[^{]*){10}`), "a pattern of braces in braces (CVE-2011-0762)"},
	{onMark, pattern.New(`\$\{IFS\}|\$IFS\b`), "an injection of shell commands"},
	{"RETR", pattern.New(`^[|] *[\w/]`), "a name that a client takes for a program to run (CVE-2017-17405)"},
	{"RCMD", pattern.New(`(?i)^CRTUSRPRF\b.*(\*SECOFR|\*ALLOBJ)`), "a command that makes a new user with all rights on an AS/400"},
	{"SITE", pattern.New(`(?i)^(SYM)?LINK +"?(/etc/(passwd|g?shadow|master\.passwd|sudoers)|/proc/self|/root/)`), "a link to a file of the system"},
	{"", pattern.New(`(?i)(^|[\\/])(con|aux|nul|prn|clock\$)[\\/](con|aux|nul|prn|clock\$)([\\/]|$)`), "names of devices, which stop Windows 98 (CVE-2000-0168)"},
	{"LIST", pattern.New(`(^|\s)-\w*w\s*\d{5,}`), "a width that uses up the memory of ls (CVE-2003-0854)"},
	{"PASS", pattern.New(`Aa0Aa1Aa2Aa3A`), "Metasploit's pattern, which shows where a buffer ends"},
	{"PASS", pattern.New(`(?i)\$\{jndi:[a-z]+:/`), "a look-up of Log4j (CVE-2021-44228)"},
	{"PASS", pattern.New(`(?i)<script\b[^>]*>|<\?php\s`), "a script that runs where somebody reads the log (CWE-79, CWE-117)"},
	{"PASS", pattern.New(`(?i)'\s*\)?\s*(or\s+(['"]?\w+['"]?)\s*=\s*['"]?\w|union\s+(all\s+)?select\s)`), "an injection of SQL (CVE-2009-0542)"},
	{"PASS", pattern.New("(?i)[;&|`(]\\s*(wget|curl)\\s[^;|&]*\\b(https?|ftp)://"), "an injection of shell commands"},
	{"PASS", pattern.New(`(?i)gpuser@home\.com$`), "Grim's Ping, which looks for servers that everybody may write"},
	{"MKD", pattern.New(`^\d{12}p$`), "a folder named as Grim's Ping names its test"},
	{"PASS", pattern.New(`^(-iss@iss|-satan@|-saint@|pass -cklaus|ddd@\n?$)`), "a scanner's password"},
	{"PORT", pattern.New(`^205,217,153,62,`), "Nmap's test for the bounce attack"},
	{onMark, pattern.New(`(?i)%0[ad] *(USER|PASS|PORT|EPRT|RETR|STOR|DELE|SITE|RNFR|QUIT|MAIL|RCPT)\b`), "an encoded line end, after which another command hides (CWE-93)"},
	{"STOR", pattern.New(`(?i)(^|/)(PW|CO|KL|CC|CR)_.*[-_/].*_?\d{4}_\d{2}_\d{2}[_ ]\d{2}_\d{2}_\d{2}\.(html|txt|zip)$`), "a file named as Agent Tesla names its loot"},
	{"STOR", pattern.New(`(?i)(hawkeye.?keylogger|(keylogger|stealer)[ _-](records?|logs?)|passwords? id -|(clipboard|screenshot|keystrokes?)[ _-]?logs?[ _-]id)`), "a file named as password thieves name their loot"},
}

// suspects are requests that attackers send, and others seldom.
var suspects = []exploit{
	{"SITE", pattern.New(`(?i)^EXEC\b`), "SITE EXEC, which runs a program at the server (CVE-2000-0573)"},
	{"RCMD", pattern.New(`(?i)^(CRT|CHG)USRPRF\b|^GRTOBJAUT\b`), "a command about the rights of a user of an AS/400"},
	{"SITE", pattern.New(`(?i)^CHMOD +0?[4-7]\d{3} `), "a program that gets the rights of its owner"},
	{"REST", pattern.New(`^-\d`), "an offset in front of the file, as attackers and programs with numbers of 32 bits send it"},
	{"MKD", pattern.New(`(?i)\btagged\b.{0,3}\b(by|for|4)\b|\bw[a4]rez\b`), "a folder named as those who hide stolen goods name theirs"},
	{onMark, pattern.New("[;&|]\\s+" + wholeCommand), "what may be a shell command"},
	{onMark, pattern.New(`(?i)%0d%0a`), "an encoded line end"},
	{onMark, pattern.New(`(?i)\{(working_dir|user_(name|dir|ip|port)|host_?name|server_(name|ip|version)|home|username|ip|sys(tem)?_\w+)\}`), "a variable that CrushFTP fills in (CVE-2024-4040)"},
	{onNew, pattern.New(`(?i)(^|[\W_\d])(h[a4]ck[e3]d|pwn[e3]d|d[e3]fac[e3]d|r[o0]{2}t[e3]d)[\W_]*by([\W_\d]|$)|(^|[\W_])you[\W_]*(have[\W_]*been|are|were|got)[\W_]*(h[a4]ck[e3]d|pwn[e3]d|0wn[e3]d)`), "a name with which intruders boast"},
	{onNew, pattern.New(`(?i)(your|all)[\W_]*(files|data)[\W_]*(are|were|have|is)[\W_]*(been[\W_]*)?(encrypted|locked|stolen)|(restore|recover|decrypt|unlock)[_-]+(my|your)[_-]+(files|data)|(^|[\W_])(btc|bitcoins?|monero|xmr)[\W_]*(to|at)?[\W_]*(bc1[a-z0-9]{20,}|[13][a-km-zA-HJ-NP-Z1-9]{25,34})`), "a name that asks for a ransom"},
	{"STOR", pattern.New(`(?i)(how[_ -]?to[_ -]?(decrypt|(restore|recover)[_ -]?(your|my|all|encrypted)?[_ -]?(files|data))|decrypt[_ -]?(my|your|all)?[_ -]?files|(read_?me|instructions?).*(decrypt|ransom))`), "a file named as the notes of ransomware"},
	{"STOR", pattern.New(`(?i)(^|/)SC_.*[-_/].*_?\d{4}_\d{2}_\d{2}[_ ]\d{2}_\d{2}_\d{2}\.jpe?g$`), "a picture named as Agent Tesla names those of the screen"},
	{"STOR", pattern.New(`(?i)recovered.?passwords`), "a file named as password thieves name their loot"},
	{"USER", pattern.New(`^w0rm$`), "a user named as that of the worm ADMw0rm"},
	{"PASS", pattern.New(`^wh00t$`), "a scanner's password"},
}

var (
	picture    = pattern.New(`(?i)\.(jpe?g|png|gif|bmp|ico|webp)$`)
	webProgram = pattern.New(`(?i)\.(php\d?|phtml|phar|aspx?|asa|cer|jspx?|cfm|cgi)$`)
)

// Greetings of servers that worms and intruders install.
var (
	wormGreeting     = pattern.New(`(?i)\b0wns? j00?|reptile welcomes you|fuckftpd|\b(stny|nzmx|wh0re|evil)ftpd?\b|^bot server \(win32\)`)
	intruderGreeting = pattern.New(`(?i)\b(0wn|pwn|h4x|hack)(ed|er|z|d)\b|\bowned by\b|(^|[^o] )\bwarez\b|\bback ?door\b|\bl33t\b|\bsh3ll\b|\bbotftpd?\b`)
)

// knownGreeting judges the words of the server's greeting.
func knownGreeting(s *session) []breach {
	if s.greeting == nil || !s.readable(s.greeting.Packet) {
		return nil
	}
	b := breach{packets: []int{s.greeting.Packet}, observed: fmt.Sprintf("the server greets with %s, ", show(s.greeting.Text))}
	switch {
	case wormGreeting.MatchString(s.greeting.Text):
		b.observed += "as worms that spread by FTP do"
	case intruderGreeting.MatchString(s.greeting.Text):
		b.severity, b.sign = Odd, 2
		b.observed += "as intruders do"
	default:
		return nil
	}
	return []breach{b}
}

func knownExploit(e *Evidence, s *session) []breach {
	found := append(knownGreeting(s), extortion(e, s)...)
	if b, ok := factoryLogin(s); ok {
		found = append(found, b)
	}
	if at := e.watch.bleeds[s.Control.ID]; at > 0 {
		found = append(found, breach{packets: []int{at}, observed: "a heartbeat of TLS that asks for more bytes than it has: Heartbleed (CVE-2014-0160)"})
	}
	renamed := "" // the argument of the RNFR before
	for _, x := range s.Exchanges {
		if from := renamed; x.Command == "RNTO" && picture.MatchString(from) && webProgram.MatchString(x.Argument) && completedNormally(x) {
			found = append(found, breach{packets: exchangeFrames(x), observed: fmt.Sprintf("%s, which was %s: a picture becomes a program of a web server", show(x.Line.Text), show(from))})
		}
		if renamed = ""; x.Command == "RNFR" {
			renamed = x.Argument
		}
		if s.copiesUnknown(x) {
			found = append(found, breach{packets: exchangeFrames(x), observed: show(x.Line.Text) + ": ProFTPD's mod_copy without an account (CVE-2015-3306)"})
			continue
		}
		if x.Line.AfterGap || !s.readable(x.Packet) {
			continue
		}
		b := breach{packets: []int{x.Packet}}
		has := pattern.PairsOf(x.Argument)
		name := knownExploits().in(x, &has)
		if name == "" {
			b.severity, b.sign = Odd, 2
			name = suspectExploits().in(x, &has)
		}
		if name != "" {
			b.observed = fmt.Sprintf("%s: %s", show(x.Line.Text), name)
			found = append(found, b)
		}
	}
	return found
}

// in names the exploit that a command carries, "" for none of the table. The pairs are those of its argument.
func (t exploitTable) in(x *ftp.Exchange, has *pattern.Pairs) string {
	list, known := t[x.Command]
	if !known {
		list = t[""]
	}
	marked := strings.ContainsAny(x.Argument, marks)
	for i := range list {
		k := &list[i]
		if (marked || k.command != onMark) && k.argument.MatchStringPairs(x.Argument, has) {
			return k.name
		}
	}
	return ""
}

var (
	knownExploits   = sync.OnceValue(func() exploitTable { return tableOf(exploits) })
	suspectExploits = sync.OnceValue(func() exploitTable { return tableOf(suspects) })
)

// copiesUnknown reports whether a command copies a file at the server for somebody without an account.
// Clients such as WinSCP do so for users.
func (s *session) copiesUnknown(x *ftp.Exchange) bool {
	verb, _, _ := strings.Cut(strings.ToUpper(x.Argument), " ")
	early := s.loggedIn == 0 || x.Packet < s.loggedIn
	return s.whole && (early || s.public()) && x.Command == "SITE" && (verb == "CPFR" || verb == "CPTO")
}
