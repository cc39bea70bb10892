// Probes with flags that no TCP sends.

package rules

import (
	"fmt"
	"net/netip"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/bounded"
	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
)

// strangePorts is how many ports of a server get packets with impossible flags, and strangeKinds how many combinations of
// these one server gets, if that is no fault of one program.
const strangePorts, strangeKinds = 3, 3

// strangeFlags are the first packets to ports with flags that no TCP sends, by client and server. Every segment after
// the SYN has an ACK (RFC 9293 section 3.10.7.4), and a SYN does not end a connection.
type strangeFlags struct {
	ports  map[evidence.PairOfHosts]map[uint16]int
	kinds  map[evidence.PairOfHosts]map[uint8]int // combinations of flags, without FIN alone: a simple program may end a connection so
	n      int                                    // of all
	ledger *bounded.Ledger
}

// isStrange reports whether no TCP sends a packet without data that has these flags.
func isStrange(flags uint8) bool {
	if flags&packet.SYN != 0 {
		return flags&(packet.FIN|packet.RST) != 0
	}
	return flags&(packet.ACK|packet.RST) == 0
}

// packet takes the next packet with TCP.
func (f *strangeFlags) packet(p *capture.Packet) {
	if !isStrange(p.TCP.Flags) || p.TCP.Length > 0 || p.ChecksumWrong() {
		return
	}
	hosts := evidence.Between(p.IP.Src.Unmap(), p.IP.Dst.Unmap())
	if _, known := f.ports[hosts][p.TCP.DstPort]; !known {
		if !f.ledger.Room(maxProbes, f.n) {
			return
		}
		f.n++
		noteFirst(f.ports, hosts, p.TCP.DstPort, p.Number)
	}
	if p.TCP.Flags != packet.FIN {
		noteFirst(f.kinds, hosts, p.TCP.Flags, p.Number)
	}
}

// unaskedAnswers are SYNs with ACK that answer no SYN, by who sent and who received them. A host gets
// them when somebody scans it, or sends SYNs in its name to others.
type unaskedAnswers map[evidence.PairOfHosts]*counted

// unaskedLeast is how many of them one host sends to another. Fewer may answer SYNs that the recorder lost.
const unaskedLeast = 10

// add takes a connection, and reports whether it is such an answer, which a RST refused.
func (u unaskedAnswers) add(g *bounded.Ledger, c *ftp.Connection) bool {
	from, to := c.Client, c.Server
	if c.ClientFlow.SYN == 0 {
		from, to = to, from
	}
	if c.Role == ftp.Data || c.OpenedBy != "" || c.ClientFlow.SYN+c.ServerFlow.SYN == 0 || c.ResetBy == "" || c.ClientFlow.Segments+c.ServerFlow.Segments > 0 {
		return false
	}
	of := bounded.Entry(g, maxPairs, u, evidence.Between(from.Addr().Unmap(), to.Addr().Unmap()))
	if of != nil {
		of.add(c.FirstPacket)
	}
	return true
}

// judge names the hosts that sent many.
func (u unaskedAnswers) judge() (found []breach) {
	for hosts, of := range u {
		if of.n >= unaskedLeast {
			found = append(found, breach{hosts: hosts, packets: of.packets,
				observed: fmt.Sprintf("%s sent %d SYNs with ACK to %s that answer no SYN, and a RST refused each of them", hosts.Client(), of.n, hosts.Server())})
		}
	}
	sortByFrame(found)
	return found
}

// judge names the clients that sent such packets, and are no scanners that are known already.
func (f *strangeFlags) judge(known []breach) (found []breach) {
	named := map[evidence.PairOfHosts]bool{}
	for _, b := range known {
		named[b.hosts] = true
	}
	single := map[netip.Addr][]breach{} // those about one server each, by client
	for hosts, ports := range f.ports {
		if named[hosts] {
			continue
		}
		kinds := f.kinds[hosts]
		b := breach{hosts: hosts, packets: firstPackets(ports),
			observed: fmt.Sprintf("%s sent packets with flags that no TCP sends to %s of %s", hosts.Client(), wording.Plural(len(ports), "port", "ports"), hosts.Server())}
		switch {
		case len(kinds) >= strangeKinds:
			b.packets = firstPackets(kinds)
			b.observed += fmt.Sprintf(", in %d combinations", len(kinds))
			found = append(found, b)
		case len(ports) >= strangePorts:
			found = append(found, b)
		case len(kinds) > 0:
			b.severity, b.sign = Odd, 2
			single[hosts.Client()] = append(single[hosts.Client()], b)
		}
	}
	for client, list := range single {
		sortByFrame(list)
		if len(list) >= scannedServers {
			all := breach{hosts: evidence.Between(client, netip.Addr{}), observed: fmt.Sprintf("%s sent packets with flags that no TCP sends to %d hosts", client, len(list))}
			for _, b := range list {
				all.packets = appendSome(all.packets, b.packets[0])
			}
			list = []breach{all}
		}
		found = append(found, list...)
	}
	sortByFrame(found)
	return found
}

// leftovers are packets that look like probes without a SYN. One that comes from a port at which its sender accepts
// connections is no probe, but the end of an older connection.
type leftovers struct {
	list   []ftp.Identity
	serves map[netip.AddrPort]bool // ports that accepted a connection
}

// note takes a connection, which shows a service if it was accepted.
func (l *leftovers) note(g *bounded.Ledger, c *ftp.Connection) {
	if c.HandshakeSeen && c.OpenedBy != "" && c.ClientFlow.Bytes+c.ServerFlow.Bytes > 0 {
		if at := c.Addr(c.OpenedBy.Other()); bounded.Takes(g, maxProbes, l.serves, at) {
			l.serves[at] = true
		}
	}
}

// add keeps a packet until all services are known, and reports whether there was room for it.
func (l *leftovers) add(g *bounded.Ledger, c *ftp.Connection) bool {
	room := g.Room(maxProbes, len(l.list))
	if room {
		l.list = append(l.list, ftp.Identity{Client: c.Client, Server: c.Server, FirstPacket: c.FirstPacket})
	}
	return room
}

// probes calls probe for those that do not come from a service.
func (l *leftovers) probes(probe func(*ftp.Identity)) {
	for i := range l.list {
		if x := &l.list[i]; !l.serves[x.Client] {
			probe(x)
		}
	}
}
