// FINs after which their sender goes on.

package rules

import (
	"fmt"

	"ftplab/lab/analysis/ftp"
)

var finIsFinalRule = Rule{
	Name: "fin-is-final", Theme: "TCP",
	Says:     "A side sends nothing new after its FIN.",
	Source:   "RFC 9293, 3.6 and 3.10.4; Ptacek and Newsham 1998 (insertion)",
	Example:  "a FIN of the client, and after it > DELE plan.doc with the number of the FIN",
	Severity: Violation,
	Matters:  "A FIN that does not reach the receiver ends the connection only for those who watch it, so the rest passes unseen. No TCP sends data that is numbered after its FIN.",
	Innocent: "a program wrote the capture.",
	look:     eachConnection(finIsFinal),
}

func finIsFinal(_ *Evidence, c *ftp.Connection) (found []breach) {
	for _, side := range []ftp.Side{ftp.Client, ftp.Server} {
		f := c.Flow(side)
		if c.Role == ftp.Other {
			continue
		}
		if f.RefutedFIN > 0 {
			found = append(found, breach{packets: []int{f.RefutedFIN},
				observed: fmt.Sprintf("after the FIN of the %s in frame %d, the %s acknowledged data in the place of this FIN, so the FIN did not reach it", side, f.RefutedFIN, side.Other())})
		}
		if f.AfterFIN > 0 {
			found = append(found, breach{packets: []int{f.FIN, f.AfterFIN},
				observed: fmt.Sprintf("data of the %s in frame %d is numbered after its FIN in frame %d", side, f.AfterFIN, f.FIN)})
		}
	}
	return found
}
