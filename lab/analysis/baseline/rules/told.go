// Hosts that are told, on another connection, to fetch a program over FTP and to run it.

package rules

import (
	"bytes"
	"fmt"
	"net/netip"
	"path"
	"slices"
	"strings"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/internal/pattern"
)

// fetchAndRun matches a line of a shell that fetches a file and runs one.
var fetchAndRun = pattern.New(`(?i)\b(ftpget|tftp|ftp|wget|curl|lftp|fetch)\b[^\r\n]*([;&|]+ *(/bin/)?(sh|bash|ash|perl|python\d?|start|cmd)\b|[;&|]+ *(\./|/tmp/|\.\\)\S|\bchmod +(\+x|[0-7]*7[0-7]*)\b)`)

// A told is an order to a host.
type told struct {
	packet int
	time   int64
	line   string
	words  map[string]bool // in it
}

// toldTo are the orders that hosts received in clear. The last few are enough.
type toldTo map[netip.Addr][]told

const (
	maxTold      = 8       // of one host
	longestOrder = 1 << 10 // bytes of a packet with one
)

// packet takes the next packet with data of a connection that is not FTP. A server for pages sends texts about such
// orders, so only clients give orders there.
func (all toldTo) packet(p *capture.Packet) {
	c, data := p.Connection, p.TCP.Payload
	if len(data) > longestOrder || wellKnown(c) && p.From == ftp.Server || p.Segment.DataSeq() >= maxPage || p.ChecksumWrong() {
		return
	}
	if !bytes.ContainsAny(data, ";&|") || !fetchAndRun.Match(data) {
		return
	}
	to := p.IP.Dst.Unmap()
	if all[to] == nil && len(all) >= maxNames {
		return
	}
	t := told{p.Number, p.Time, string(bytes.TrimSpace(data)), map[string]bool{}}
	for word := range strings.FieldsFuncSeq(t.line, func(r rune) bool { return strings.ContainsRune(" \t\r\n;&|/\"'<>", r) }) {
		t.words[word] = true
	}
	list := append(all[to], t)
	all[to] = list[max(0, len(list)-maxTold):]
}

// orderFor is the order to a host that names a file, in the time before it fetches it.
func (all toldTo) orderFor(host netip.Addr, name string, time int64) (t told, ok bool) {
	for _, t := range slices.Backward(all[host]) {
		if t.time <= time && time-t.time <= int64(runTime) && t.words[name] {
			return t, true
		}
	}
	return t, false
}

// obeysOrders finds files that a client fetched because somebody told it so.
func obeysOrders(e *Evidence, s *session) (found []breach) {
	if len(e.watch.toldTo[s.Client()]) == 0 {
		return nil
	}
	s.eachPath(func(x *ftp.Exchange, _ *evidence.Walk) {
		if x.Command != "RETR" {
			return
		}
		if t, ok := e.watch.toldTo.orderFor(s.Client(), path.Base(x.Argument), x.Time); ok {
			found = append(found, breach{packets: []int{t.packet, x.Packet},
				observed: fmt.Sprintf("%s, which %s was told in frame %d to fetch and to run: %s", wording.Quote(x.Line.Text), s.Client(), t.packet, wording.Quote(t.line))})
		}
	})
	return found
}
