// The rule about commands of other protocols.

package rules

import (
	"fmt"
	"slices"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/bounded"
	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/ftp"
)

var commandsAreFTPRule = Rule{
	Name: "commands-are-ftp", Theme: "dialogue",
	Says:     "Commands are words of three or four letters that RFC 959 or an extension defines.",
	Source:   "RFC 959, 4.1; RFC 5797 (the registry)",
	Example:  "> GET / HTTP/1.0",
	Severity: Violation,
	Matters:  "Commands of another protocol show a scanner, a misconfigured client, or a tunnel at the FTP port.",
	Innocent: "a person tried commands by hand, or the client uses an extension of its own.",
	look:     commandsAreFTP,
}

// commandsAreFTP judges requests of the web at last: a person may type the address of a server in a browser, and then log
// in with the right program.
func commandsAreFTP() look {
	type requests struct {
		found   []breach
		follows bool // a login
	}
	all := map[evidence.PairOfHosts]*requests{}
	return look{
		session: func(_ *Evidence, s *session) []breach {
			found, hosts := areFTP(s), s.Hosts()
			if of := all[hosts]; of != nil {
				of.follows = of.follows || s.user() != ""
			}
			if s.isWebRequest() && len(found) == 1 {
				if of := bounded.Entry(s.ledger, maxPairs, all, hosts); of != nil {
					found[0].place, found[0].hosts = s.Control.ID, hosts
					of.found = append(of.found, found[0])
					return nil
				}
			}
			return found
		},
		end: func(*Evidence) (found []breach) {
			for _, of := range all {
				if of.follows && len(of.found) == 1 {
					of.found[0].severity, of.found[0].sign = Odd, 1
				}
				found = append(found, of.found...)
			}
			sortByFrame(found)
			return found
		},
	}
}

// isWebRequest reports whether a client says nothing but a request of HTTP.
func (s *session) isWebRequest() bool {
	return len(s.Exchanges) > 0 && evidence.OtherProtocol(s.Exchanges[0].Line.Text) == "HTTP" &&
		!slices.ContainsFunc(s.Exchanges, func(x *ftp.Exchange) bool { return evidence.IsKnown(x.Command) })
}

func areFTP(s *session) []breach {
	var found []breach
	unknown := map[string]bool{}
	var packets []int
	accepted := false
	for i, x := range s.Exchanges {
		switch text := x.Line.Text; {
		case s.mayAskProxy(i):
		case s.MayBeRest(x.Line) || x.Command == "" || s.Knows(x.Command) || !evidence.IsWord(x.Command) || !s.Readable(x.Packet):
		case evidence.OtherProtocol(text) != "":
			found = append(found, breach{
				packets:  []int{x.Packet},
				observed: fmt.Sprintf("a line of %s: %s", evidence.OtherProtocol(text), wording.Quote(text)),
			})
		case x.Line.Complete:
			unknown[x.Command] = true
			accepted = accepted || completedNormally(x)
			packets = append(packets, x.Packet)
		}
	}
	if b, ok := s.bareCommands(); ok {
		found = append(found, b)
	}
	if len(unknown) == 0 {
		return found
	}
	b := breach{
		severity: Note, packets: packets,
		observed: "the client said " + wording.List(unknown),
	}
	switch n := len(unknown); {
	case n >= 5:
		b.severity, b.sign = Odd, 2
	case n >= 2:
		b.sign = 2
	case accepted:
		b.sign = 1
	}
	return append(found, b)
}

// mayAskProxy reports whether a command may ask a proxy for a connection: it is CONNECT, and the capture lacks some of the
// request, or its end.
func (s *session) mayAskProxy(i int) bool {
	if s.Exchanges[i].Command != "CONNECT" || s.Whole {
		return false
	}
	for k, x := range s.Exchanges[i:] {
		rest := s.Exchanges[i+k+1:]
		if !x.Complete || len(rest) == 0 || rest[0].Seq != x.End {
			return true
		}
		if rest[0].Text == "" {
			return false
		}
	}
	return true
}

// bareCommands notes commands that end with LF alone, which most servers take for whole ones.
func (s *session) bareCommands() (b breach, ok bool) {
	var bare counted
	for _, x := range s.Exchanges {
		if s.Whole && s.Knows(x.Command) && x.Complete && len(x.Line.Telnet) == 0 && x.End-x.Seq == int64(len(x.Line.Text))+1 {
			bare.add(x.Packet)
		}
	}
	return breach{severity: Note, sign: noSign, packets: bare.packets, expected: "A command ends with CR and LF (RFC 959, 5.3).",
		observed: wording.Plural(bare.n, "command", "commands") + " of the client ended with LF alone"}, bare.n > 0
}
