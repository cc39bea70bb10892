// Logs of a system from which somebody takes himself out.

package rules

import (
	"bytes"
	"fmt"
	"strings"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/bounded"
	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/internal/pattern"
)

// logName matches names of logs.
var logName = pattern.New(`(?i)(^|[/_.-])(\w*log|messages|secure)([_.-]?\d+)?$`)

// fewMentions is how often a log names the client that fetches it if its lines are about the client.
const fewMentions = 2

// A logText is what the text of a log says about the client that transfers it.
type logText struct {
	address  []byte // of the client
	mentions int
}

// logTexts are the logs that were transferred, by data connection.
type logTexts map[int]*logText

// packet takes the next packet of a data connection.
func (all logTexts) packet(g *bounded.Ledger, p *capture.Packet) {
	c := p.Connection
	of := all[c.ID]
	if of == nil {
		if p.Segment.DataSeq() != 1 || c.Moves() == nil || c.Moves().Lists() || !logName.MatchString(c.Moves().Argument) || !g.Room(maxContents, len(all)) {
			return
		}
		of = &logText{address: []byte(c.Client.Addr().Unmap().String())}
		all[c.ID] = of
	}
	of.mentions += mentions(p.TCP.Payload, of.address)
}

// mentions counts an address in a text. A part of another address is none.
func mentions(text, address []byte) (n int) {
	digits := "0123456789"
	if bytes.ContainsRune(address, ':') { // which is in front of a port after an address of IPv4
		digits += "abcdef:"
	}
	inside := func(b byte) bool { return strings.IndexByte(digits, b) >= 0 }
	for {
		before, after, found := bytes.Cut(text, address)
		if !found {
			return n
		}
		if (len(before) == 0 || !inside(before[len(before)-1])) && (len(after) == 0 || !inside(after[0])) {
			n++
		}
		text = after
	}
}

// cleanedLogs finds logs that a client fetches and stores again, shorter, without the lines about itself.
func cleanedLogs(e *Evidence, s *session) (found []breach) {
	type fetched struct {
		packet   int
		mentions int
		bytes    int64
	}
	if len(e.watch.logs) == 0 || !s.Said("RETR") || !s.Said("STOR") {
		return nil
	}
	logs := map[string]fetched{}
	s.eachPath(func(x *ftp.Exchange, w *evidence.Walk) {
		data := s.DataOf(x.Data)
		if len(data) != 1 || !evidence.Completed(x) || data[0].Missing() > 0 || data[0].TLS != nil {
			return
		}
		of := e.watch.logs[data[0].ID]
		if of == nil {
			return
		}
		at, size := w.Target(x.Argument), data[0].Flow(x.Sender()).Bytes
		switch before, known := logs[at]; {
		case x.Command == "RETR" && of.mentions >= fewMentions:
			logs[strings.Clone(at)] = fetched{x.Packet, of.mentions, size}
		case x.Command == "STOR" && known && of.mentions == 0 && size < before.bytes:
			found = append(found, breach{severity: Violation, packets: []int{before.packet, x.Packet},
				observed: fmt.Sprintf("%s: the log named %s %d times when it was fetched, and not at all when it was stored again", wording.Quote(x.Line.Text), s.Client(), before.mentions)})
		}
	})
	return found
}
