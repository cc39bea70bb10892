// Instructions to a host, on another connection, to fetch a program over FTP and run it.

package rules

import (
	"bytes"
	"fmt"
	"net/netip"
	"path"
	"slices"
	"strings"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/bounded"
	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/internal/pattern"
)

// fetchAndRun matches a line of a shell that fetches a file and runs one.
var fetchAndRun = pattern.New(`(?i)\b(ftpget|tftp|ftp|wget|curl|lftp|fetch)\b[^\r\n]*([;&|]+ *(/bin/)?(sh|bash|ash|perl|python\d?|start|cmd)\b|[;&|]+ *(\./|/tmp/|\.\\)\S|\bchmod +(\+x|[0-7]*7[0-7]*)\b)`)

// An instruction is a line for a shell that a host received.
type instruction struct {
	packet int
	time   int64
	line   string
	words  map[string]bool // in it
}

// instructions are those that hosts received in clear.
type instructions map[netip.Addr][]instruction

const (
	longestInstruction = 1 << 10 // bytes of a packet with one
)

// packet takes the next packet with data of a connection that is not FTP. A web server sends texts about such
// lines, so at well-known services only what clients send counts.
func (all instructions) packet(g *bounded.Ledger, p *capture.Packet) {
	c, data := p.Connection, p.TCP.Payload
	if len(data) > longestInstruction || wellKnown(c) && p.From == ftp.Server || p.Segment.DataSeq() >= maxPage || p.ChecksumWrong() {
		return
	}
	if !bytes.ContainsAny(data, ";&|") || !fetchAndRun.Match(data) {
		return
	}
	to := p.IP.Dst.Unmap()
	if !bounded.Takes(g, maxHosts, all, to) || !g.Room(maxOrders, len(all[to])) {
		return
	}
	t := instruction{p.Number, p.Time, string(bytes.TrimSpace(data)), map[string]bool{}}
	for word := range strings.FieldsFuncSeq(t.line, func(r rune) bool { return strings.ContainsRune(" \t\r\n;&|/\"'<>", r) }) {
		t.words[word] = true
	}
	all[to] = append(all[to], t)
}

// naming returns the last instruction to a host that names a file, shortly before the host fetches that file.
func (all instructions) naming(host netip.Addr, name string, time int64) (t instruction, ok bool) {
	for _, t := range slices.Backward(all[host]) {
		if t.time <= time && time-t.time <= int64(runTime) && t.words[name] {
			return t, true
		}
	}
	return t, false
}

// obeysOrders finds files that a client fetched after an instruction to do so.
func obeysOrders(e *Evidence, s *session) (found []breach) {
	if len(e.watch.instructions[s.Client()]) == 0 {
		return nil
	}
	s.eachPath(func(x *ftp.Exchange, _ *evidence.Walk) {
		if x.Command != "RETR" {
			return
		}
		if t, ok := e.watch.instructions.naming(s.Client(), path.Base(x.Argument), x.Time); ok {
			found = append(found, breach{packets: []int{t.packet, x.Packet},
				observed: fmt.Sprintf("%s: frame %d instructed %s to fetch and run this file: %s", wording.Quote(x.Line.Text), t.packet, s.Client(), wording.Quote(t.line))})
		}
	})
	return found
}
