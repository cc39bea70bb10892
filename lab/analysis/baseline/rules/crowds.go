// Packets of very many hosts at once, to a host with a session.

package rules

import (
	"fmt"
	"net/netip"
	"time"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/bounded"
	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/packet"
)

// How many hosts send to one within burstTime in a flood, of which mostCounted are counted, and how long the datagrams of
// a flood are that other servers were made to send.
const (
	manySenders  = 500
	longDatagram = 200  // bytes
	manyErrors   = 20   // of ICMP about connections that do not exist
	nameServers  = 53   // their answers have many senders
	mostCounted  = 4096 // senders of a burst; manySenders are a flood
)

// A crowd is what comes to a host.
type crowd struct {
	of   string
	host netip.Addr
}

// senderCount are the hosts that sent within the last burstTime, and how many did so at most.
type senderCount struct {
	from    int64
	hosts   map[netip.Addr]bool
	densest int
	packets []int // of the first flood, or else of the last burstTime
}

// crowds count senders, by their receivers, and errors of ICMP about connections.
type crowds struct {
	ledger  *bounded.Ledger
	counts  map[crowd]*senderCount
	senders int                       // in the tables of all counts
	errors  map[[2]netip.AddrPort]int // by the ends that they quote, with the packet
}

func newCrowds(g *bounded.Ledger) crowds {
	return crowds{ledger: g, counts: map[crowd]*senderCount{}, errors: map[[2]netip.AddrPort]int{}}
}

// packet takes the next packet without TCP.
func (c *crowds) packet(p *capture.Packet) {
	const tcp = 6
	switch {
	case p.ICMP != nil && p.ICMP.About.Protocol == tcp && p.ICMP.About.Src.Port() > 0:
		if a := [2]netip.AddrPort{p.ICMP.About.Src, p.ICMP.About.Dst}; bounded.Takes(c.ledger, maxQuoted, c.errors, a) {
			c.errors[a] = p.Number
		}
	case p.UDP != nil && p.UDP.SrcPort < packet.FirstUserPort && p.UDP.SrcPort != nameServers && p.UDP.DstPort != p.UDP.SrcPort && p.UDP.Length >= longDatagram:
		c.add(p, "long answers of a service that it did not ask")
	case p.IP != nil && p.IP.Fragment && p.UDP == nil && p.ICMP == nil:
		c.add(p, "pieces of packets")
	}
}

func (c *crowds) add(p *capture.Packet, of string) {
	key := crowd{of, p.IP.Dst.Unmap()}
	if key.host.IsMulticast() {
		return
	}
	s := bounded.Entry(c.ledger, maxHosts, c.counts, key)
	if s == nil {
		return
	}
	if s.hosts == nil || time.Duration(p.Time-s.from) > burstTime {
		c.senders -= len(s.hosts)
		s.from, s.hosts = p.Time, map[netip.Addr]bool{}
		if s.densest < manySenders {
			s.packets = nil
		}
	}
	if !s.hosts[p.IP.Src] && len(s.hosts) < mostCounted && c.ledger.Room(maxFlooders, c.senders) {
		s.hosts[p.IP.Src] = true
		c.senders++
	}
	s.densest = max(s.densest, len(s.hosts))
	s.packets = appendSome(s.packets, p.Number)
}

// judge finds the floods to hosts with a session, and errors about connections between them that nobody opened: somebody
// guesses their ports to end or slow them.
func (c *crowds) judge(e *Evidence) (found []breach) {
	sessions := e.sessionsOf()
	for to, s := range c.counts {
		if hosts, has := sessions[to.host]; has && s.densest >= manySenders {
			found = append(found, breach{hosts: hosts, packets: s.packets,
				observed: fmt.Sprintf("%d hosts send %s within %v %s", s.densest, to.host, burstTime, to.of)})
		}
	}
	guessed := map[evidence.PairOfHosts]map[netip.AddrPort]int{}
	for ends, packet := range c.errors {
		hosts := evidence.Between(ends[0].Addr().Unmap(), ends[1].Addr().Unmap())
		if !e.Served[hosts] {
			hosts = hosts.Reversed()
		}
		if guessed[hosts] == nil {
			guessed[hosts] = map[netip.AddrPort]int{}
		}
		guessed[hosts][ends[0]] = packet
	}
	for hosts, ports := range guessed {
		if e.Served[hosts] && len(ports) >= manyErrors {
			found = append(found, breach{hosts: hosts, packets: firstPackets(ports),
				observed: fmt.Sprintf("errors of ICMP about %d connections of %s and %s that do not exist (RFC 5927)", len(ports), hosts.Client(), hosts.Server())})
		}
	}
	sortByFrame(found)
	return found
}
