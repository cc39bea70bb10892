// The first bytes of connections: programs, stolen passwords, shells.

package baseline

import (
	"bytes"
	"regexp"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
)

// A content is something that the first bytes of a connection show.
type content struct {
	kind   contentKind
	what   string // in words
	packet int
}

type contentKind int

const (
	program contentKind = iota // an executable file
	loot                       // what programs that steal passwords write
	shell                      // commands of a shell and what they print
)

const (
	maxContents = 1 << 14 // connections
	maxShell    = 8 << 10 // bytes of one side that are looked at
)

// programs are the first bytes of executable files.
var programs = []struct{ begins, what string }{
	{"MZ", "a Windows program"}, {"\x7fELF", "a Linux program"},
	{"\xcf\xfa\xed\xfe", "a macOS program"}, {"\xce\xfa\xed\xfe", "a macOS program"},
}

var (
	// stolen is what the files of password thieves begin with.
	stolen = pattern(`(?i)OSFullName:|<b>(microsoft )?outlook( \d+ bit)?</b>|recovered passwords|(url|host)\s*: ?\S+\s*(<br>)?\s*user(name)?\s*: ?\S*\s*(<br>)?\s*pass(word)?\s*:`)
	// webShell is a page that runs what it is sent.
	webShell = pattern(`(?i)<\?php\b[\s\S]{0,400}\b(eval|system|shell_exec|passthru|popen|proc_open|assert)\s*\(|<%[\s\S]{0,400}(Runtime\.getRuntime\(\)\.exec|WScript\.Shell|eval\s*request)`)
	// atShell is what a shell prints, and what is said to one.
	atShell = pattern(`uid=\d+\([^)]*\) gid=|Microsoft Windows \[Version|no job control in this shell|(^|\n)[\w-]+@[\w.-]+:[^\n]*[#$] ?$|(^|\n)[A-Z]:\\[^\n]*>$|(^|\n)(id|whoami|uname -a|ifconfig|ipconfig( /all)?|cat /etc/\w+|ls( -\w+)?)\r?\n`)
)

// content looks at the first data of a data connection, and of a connection that is none of
// FTP.
func (w *watch) content(p *capture.Packet) {
	c, data := p.Connection, p.TCP.Payload
	if _, known := w.contents[c.ID]; known || len(w.contents) >= maxContents {
		return
	}
	switch seq := p.Segment.DataSeq(); {
	case c.Role == ftp.Data && seq == 1:
		for _, x := range programs {
			if bytes.HasPrefix(data, []byte(x.begins)) {
				w.contents[c.ID] = content{program, x.what, p.Number}
				return
			}
		}
		w.match(p, loot, "the text of a program that steals passwords", stolen)
		w.match(p, loot, "a page that runs what it is sent", webShell)
	case c.Role == ftp.Other && seq < maxShell && !wellKnown(c):
		w.match(p, shell, "a shell", atShell)
	}
}

func (w *watch) match(p *capture.Packet, kind contentKind, what string, text func() *regexp.Regexp) {
	if text().Match(p.TCP.Payload) {
		w.contents[p.Connection.ID] = content{kind, what, p.Number}
	}
}
