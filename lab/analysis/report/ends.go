package report

import (
	"fmt"

	"ftplab/lab/analysis/ftp"
)

// An ending is how a connection ended.
type ending int

const (
	endedByReset  ending = iota
	neverAnswered        // nothing answered its SYN
	stillOpen            // when the capture ended
	endLacking           // the capture lacks its end
	closedByBoth
)

// endTexts say how connections ended, other than closed by both sides.
var endTexts = [closedByBoth]string{
	endedByReset:  "%s ended with a reset",
	neverAnswered: "no SYN-ACK answered the SYN of %s",
	stillOpen:     "%s did not end before the capture did",
	endLacking:    "the capture lacks the end of %s",
}

// An endSurvey counts the connections by how they ended.
type endSurvey [closedByBoth + 1]struct{ ftp, other int }

// add takes the next connection. One without an answer says nothing, so nothing shows that it is not FTP.
func (x *endSurvey) add(c *ftp.Connection) {
	how := endingOf(c)
	if c.Role == ftp.Other && how != neverAnswered {
		x[how].other++
	} else {
		x[how].ftp++
	}
}

// endingOf returns how a connection ended.
func endingOf(c *ftp.Connection) ending {
	switch {
	case c.ResetBy != "":
		return endedByReset
	case c.Unanswered():
		return neverAnswered
	case c.ClientFlow.FIN == 0 && c.ClientFlow.Unseen > 0, c.ServerFlow.FIN == 0 && c.ServerFlow.Unseen > 0:
		return endLacking
	case c.ClientFlow.FIN == 0 || c.ServerFlow.FIN == 0:
		return stillOpen
	}
	return closedByBoth
}

// texts says how the connections ended that were not closed by both sides.
func (x *endSurvey) texts() []string {
	var all []string
	for how, text := range endTexts {
		var which string
		switch n := x[how]; {
		case n.ftp > 0 && n.other > 0:
			which = fmt.Sprintf("%s of FTP and %d of others", counted(n.ftp, "connection"), n.other)
		case n.ftp > 0:
			which = counted(n.ftp, "connection")
		case n.other > 0:
			which = counted(n.other, "connection") + " other than FTP"
		default:
			continue
		}
		all = append(all, fmt.Sprintf(text, which))
	}
	return all
}
