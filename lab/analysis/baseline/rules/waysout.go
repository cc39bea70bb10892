// Ways out of the tree of a server in several steps, and accounts that nobody may make.

package rules

import (
	"fmt"
	"html"
	"strings"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/internal/pattern"
)

// withoutEntities decodes the numbers of characters as HTML has them, such as &#46; for a point.
func withoutEntities(path string) string {
	if !strings.Contains(path, "&#") {
		return path
	}
	return html.UnescapeString(path)
}

// stepsUp judges a client that goes up one level after the other, above the folder of the login or at the root, and then to
// a folder of the system. A person goes up until the folder stays the same.
func stepsUp(s *session) (b breach, ok bool) {
	var w evidence.Walk
	var packets []int
	levels := 0
	for _, x := range s.Exchanges {
		up := x.Command == "CDUP" || x.Command == "XCUP" || x.Command == "CWD" && x.Argument == ".."
		above := w.At == "" || w.At == "." || w.At == "/" || strings.HasPrefix(w.At, "..")
		switch {
		case !s.Readable(x.Packet):
		case up && above && x.Final() < 300:
			packets = appendSome(packets, x.Packet)
			levels++
		case levels >= climbToWalk && x.Command == "CWD" && systemFolder.MatchString(w.Target(x.Argument)):
			return breach{packets: append(packets[:min(len(packets), MaxPackets-1)], x.Packet),
				observed: fmt.Sprintf("the client went up %d levels, and then said %s", levels, wording.Quote(x.Line.Text))}, true
		case up, x.Command == "CWD" && completedNormally(x):
			packets, levels = nil, 0
		}
		w.Follow(x)
	}
	return b, false
}

// accounts matches orders of a server's own that change its accounts.
var accounts = pattern.New(`(?i)^(g?adduser|useradd|deluser|chpass|passwd|addip|delip|(change|chuser) +\S+ +(flags|homedir|ratio)|grpadd|chadmin|setpass)( |$)`)

// accountsOfNobody judges an anonymous user who changes the accounts of the server. Users with an account may be its
// administrators.
func accountsOfNobody(s *session) (b breach, ok bool) {
	if !s.public() {
		return b, false
	}
	for _, x := range s.Exchanges {
		if x.Command == "SITE" && accounts.MatchString(x.Argument) && s.Readable(x.Packet) && (!ok || completedNormally(x)) {
			b, ok = breach{packets: evidence.Frames(x), observed: wording.Quote(x.Line.Text) + " of an anonymous user changes the accounts of the server"}, true
			if !completedNormally(x) {
				b.severity, b.sign, b.observed = Odd, 2, wording.Quote(x.Line.Text)+" of an anonymous user would change the accounts of the server"
			}
		}
	}
	return b, ok
}
