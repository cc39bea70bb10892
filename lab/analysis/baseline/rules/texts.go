// The rule about requests that are no text, or more than one.

package rules

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/internal/pattern"
)

var argumentsAreTextRule = Rule{
	Name: "arguments-are-text", Theme: "requests",
	Says:     "Commands and arguments are text without control characters.",
	Source:   "RFC 959, 5.3; RFC 2640, 2.2",
	Example:  `> RETR \x90\x90\x90\x90\x90\x90\x90\x90\xeb\x1f\x5e`,
	Severity: Violation,
	Matters:  "An exploit sends machine code as an argument, or a line that is hidden within another one.",
	Innocent: "a name is in an old character set.",
	look:     eachSession(textsOnly),
}

func textsOnly(_ *Evidence, s *session) []breach {
	found := s.wrongCommands(notText)
	if b, ok := hiddenLines(s); ok {
		found = append(found, b)
	}
	return found
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
	case x.Line.Urgent && len(x.Line.Telnet) == 0 && !evidence.IsKnown(x.Command) && len(x.Command) > 1:
		return "a byte of it is urgent, so a server may leave it out, and reads another command"
	case hidesLine.MatchString(text):
		return "a bare CR, at which some servers and logs end the line (CWE-93)"
	case paintsLog.MatchString(text):
		return "an order to the terminal of somebody who reads the log (CWE-150)"
	case strings.Contains(text, "/bin/sh") && !utf8.ValidString(text):
		return "machine code"
	}
	return ""
}

// hidesLine matches a CR within a line that is no part of a line end of Telnet. Names that macOS gives to icons end
// with one.
var hidesLine = pattern.New(`\r[^\x00\r\s]`)

// paintsLog matches a sequence that clears or colours the terminal of somebody who reads the log. Keys for the
// cursor send others.
var paintsLog = pattern.New(`\x1b\[[0-9;?]*[JKmhl]|\x1b[\]P^_]`)

// hiddenLines finds a line that ends with LF alone, and goes on in the same packet, of a client that ends others
// with CRLF: a program was given an argument of several lines.
func hiddenLines(s *session) (b breach, ok bool) {
	var last *ftp.Exchange // whose line ends with LF alone
	crlf := false
	for _, x := range s.Exchanges {
		if !x.Line.Complete || s.MayBeRest(x.Line) || !s.Readable(x.Packet) || len(x.Line.Telnet) > 0 {
			last = nil
			continue
		}
		if last != nil && last.Packet == x.FirstPacket && last.Line.End == x.Line.Seq && !ok {
			ok = true
			b = breach{packets: []int{x.FirstPacket, x.Packet},
				observed: fmt.Sprintf("%s and %s are two lines with a bare LF between them, in one packet: some servers and logs take them for one, others for two (CWE-93)", wording.Quote(last.Line.Text), wording.Quote(x.Line.Text))}
		}
		last = nil
		switch x.Line.End - x.Line.Seq - int64(len(x.Line.Text)) {
		case 1:
			last = x
		case 2:
			crlf = true
		}
	}
	return b, ok && crlf
}
