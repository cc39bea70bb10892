// Clients that do not let the server send.

package rules

import (
	"fmt"
	"slices"
	"time"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/bounded"
	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
)

// closedMany is how many connections with a closed window keep a server busy. A program that hangs has one or a few.
const closedMany = 5

// closedDataMany is how many data connections a client leaves open for ever, with a closed window, if it wants to keep the server
// busy. A player that pauses, or a program with parallel transfers that hangs, has fewer.
const closedDataMany = 20

// A closedWindow is how long a client has kept its window at 0. Its server asks again and again whether that is still
// so, and cannot give up as long as the client answers (RFC 9293 section 3.8.6.1).
type closedWindow struct {
	since   int64 // 0 if it is open
	longest time.Duration
	packet  int // the last one of that time
}

// closedWindows are those of clients, by connection. Their number is bounded.
type closedWindows map[int]*closedWindow

// packet takes the next packet of a client.
func (all closedWindows) packet(g *bounded.Ledger, p *capture.Packet) {
	of := all[p.Connection.ID]
	switch {
	case p.TCP.Flags&(packet.SYN|packet.RST|packet.FIN) != 0 || p.ChecksumWrong():
	case p.TCP.RawWindow > 0:
		if of != nil {
			of.since = 0
		}
	case of == nil:
		if g.Room(maxClosedOnes, len(all)) {
			all[p.Connection.ID] = &closedWindow{since: p.Time, packet: p.Number}
		}
	case of.since == 0:
		of.since = p.Time
	default:
		if t := time.Duration(p.Time - of.since); t > of.longest {
			of.longest, of.packet = t, p.Number
		}
	}
}

// end forgets a connection after its last packet, unless its window was closed for long, or up to the end.
func (all closedWindows) end(connection int) {
	if of := all[connection]; of != nil && of.since == 0 && of.longest < silence {
		delete(all, connection)
	}
}

// closedFor is how long the client of a connection did not let the server send, and the last packet of that time.
func (e *Evidence) closedFor(c *ftp.Connection) (time.Duration, int) {
	if of := e.watch.closed[c.ID]; of != nil && of.longest >= silence {
		return of.longest, of.packet
	}
	return 0, 0
}

// closers are the connections whose window was closed, by hosts.
type closers map[evidence.PairOfHosts]*closing

// A closing is the connections of two hosts whose window was closed.
type closing struct {
	counted
	longest time.Duration
	silent  bool    // the server could send nothing at all on some of them
	data    counted // data connections whose window was closed for long, and up to the end
	ended   counted // all data connections whose window was closed up to the end of the capture
}

func (all closers) add(e *Evidence, c *ftp.Connection) {
	if e.watch.closed[c.ID] == nil {
		return
	}
	took, last := e.closedFor(c)
	hosts := hostsOf(c)
	atEnd := e.watch.closed[c.ID].since > 0 && c.ClientFlow.FIN+c.ClientFlow.RST == 0
	if c.Role == ftp.Data && atEnd {
		if of := bounded.Entry(e.Ledger, maxPairs, all, hosts); of != nil {
			of.ended.add(e.watch.closed[c.ID].packet)
		}
	}
	if took == 0 || c.Server.Port() != ftpPort && c.Role != ftp.Control && !(c.Role == ftp.Data && atEnd) {
		return
	}
	of := bounded.Entry(e.Ledger, maxPairs, all, hosts)
	if of == nil {
		return
	}
	of.longest = max(of.longest, took)
	if c.Role == ftp.Data {
		of.data.add(last)
		return
	}
	of.counted.add(last)
	of.silent = of.silent || c.ServerFlow.Bytes+c.ServerFlow.Missing+c.ServerFlow.Unseen == 0
}

// judge names the clients that do not let the server send.
func (all closers) judge() (found []breach) {
	for hosts, of := range all {
		if of.data.n >= closedDataMany {
			found = append(found, breach{hosts: hosts, packets: slices.Clone(of.data.packets), observed: fmt.Sprintf("%s kept its window at 0 on %d data connections to %s, and ended none of them, so the server had to wait", hosts.Client(), of.data.n, hosts.Server())})
		} else if of.ended.n >= closedDataMany {
			b := breach{hosts: hosts, packets: slices.Clone(of.ended.packets), observed: fmt.Sprintf("at the end of the capture, %s keeps its window at 0 on %d data connections to %s", hosts.Client(), of.ended.n, hosts.Server())}
			if of.ended.n < 2*closedDataMany { // for a moment, perhaps
				b.severity, b.sign = Odd, 2
			}
			found = append(found, b)
		}
		if of.n == 0 {
			continue
		}
		b := breach{hosts: hosts, packets: slices.Clone(of.packets), observed: fmt.Sprintf("%s kept its window at 0 on %s to %s, for up to %v, so the server could send nothing",
			hosts.Client(), wording.Plural(of.n, "connection", "connections"), hosts.Server(), of.longest.Round(time.Second))}
		switch {
		case of.n >= closedMany:
		case of.silent:
			b.severity, b.sign = Odd, 2
		default: // a program that hangs, or waits for its user
			b.severity = Note
		}
		found = append(found, b)
	}
	return found
}
