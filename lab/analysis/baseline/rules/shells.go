// Shells on control connections.

package rules

import (
	"fmt"

	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/internal/pattern"
)

// shellLine matches lines that a shell prints: its greeting, a prompt, what id says.
var shellLine = pattern.New(`^Microsoft Windows \[Version|^uid=\d+\([^)]*\) gid=|^[A-Z]:\\[^<>"|]*>|^(ba|da|z)?sh-\d+\.\d+[#$]( |$)|^[\w-]+@[\w.-]+:[~/][^#$]*[#$]( |$)`)

// shellLines is how many such lines are no quotation.
const shellLines = 2

// shellOnControl finds a shell in the place of the dialogue. Its lines need no beginning, and no answers.
func shellOnControl(s *session) (b breach, ok bool) {
	for _, side := range []ftp.Side{ftp.Client, ftp.Server} {
		for _, l := range s.strays(side) {
			if shellLine.MatchString(l.Text) {
				b.packets = appendSome(b.packets, l.Packet)
				b.observed = fmt.Sprintf("the %s says what a shell prints: %s", side, wording.Quote(l.Text))
			}
		}
	}
	return b, len(b.packets) >= shellLines
}
