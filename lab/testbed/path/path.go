// Package path is all that lies between the hosts of a network: their
// gateways, the distance, the rates and queues of the links, and what gets lost
// or late on the way.
//
// It is arithmetic on frames and times: it reads no clock, opens no socket and
// starts nothing. A network of Linux's kernel (package wire) and one in user
// space (package gvisor) drive it: what a host sends goes in through
// [Path.Send], and what arrives at a host comes out of [End.Take] at the time
// that [End.Next] says. Times are nanoseconds since 1970.
package path

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"

	"ftplab/lab/scenario"
)

// A Path is what lies between the hosts of a network. It is for one goroutine.
type Path struct {
	Ends []*End // of the hosts, in the order of the network's

	byAddr   map[netip.Addr]*End
	captured *End
	record   func(at int64, frame []byte)
	last     int64 // time of the last frame that was recorded
	rules    []*rule
	began    int64 // when the first frame was sent; 0 before
	mtu      int   // of the path's middle, bytes; 0 is as the hosts' links
	noICMP   bool  // nobody says that a packet is too big for it
	silent   bool  // nobody says that nobody has an address
	streams  streams
	store    store
	spent    []*chunk // of frames that have left the path, until Release
	rate     int64    // of every link, bits a second; 0 is unlimited
	queue    int64    // bytes that wait for a link at most; 0 is unlimited
}

// An End is where a host's link meets the path.
type End struct {
	Place
	Host         scenario.Host
	MTU          int  // of the host's link, bytes
	KnowsGateway bool // the Ethernet address of its gateway, without asking

	path    *Path
	mss     int // the largest segment that a SYN of the host may announce
	to      map[*End]*direction
	gateway *direction            // what the host's own gateway says to it
	inbound []*direction          // all that lead here
	rules   map[*End][]*delayRule // by the end they are sent to
	free    int64                 // when the link to the host has carried what it was given
}

// Sizes of packets, in bytes.
const (
	usualMTU = 1500 // of an Ethernet

	// LargestMTU is the largest that a link may have: the largest IP packet.
	LargestMTU = 65535
)

// never is a time that does not come.
const never = math.MaxInt64

// New lays the path between the hosts of a network. Record is given each frame
// that passes the end of the captured host, in the order of time; the frame
// stays as it is until [Path.Release]. The error says which host cannot be
// where the network has it, and why.
func New(network scenario.Network, record func(at int64, frame []byte)) (*Path, error) {
	places, err := locate(network.Hosts)
	if err != nil {
		return nil, err
	}
	p := &Path{byAddr: map[netip.Addr]*End{}, record: record, streams: newStreams(),
		mtu: network.PathMTU, noICMP: network.NoICMP, silent: network.NoHostSilent,
		rate: network.Rate, queue: int64(network.Queue)}
	captured := cmp.Or(network.Capture, "client")
	for i, h := range network.Hosts {
		mtu := cmp.Or(h.MTU, network.MTU, usualMTU)
		if least := leastMTU(h.Addr); mtu < least || mtu > LargestMTU {
			return nil, fmt.Errorf("host %s: its link cannot have an MTU of %d bytes, but of %d to %d", h.Name, mtu, least, LargestMTU)
		}
		e := &End{
			Place: places[i], Host: h, MTU: mtu, path: p,
			// Of what the others ask, the captured end would see only that it
			// delays what they send.
			KnowsGateway: network.ARP == scenario.ARPCached || h.Name != captured,
			mss:          mtu - Headers(h.Addr),
			to:           map[*End]*direction{},
			gateway:      &direction{},
			rules:        map[*End][]*delayRule{},
		}
		e.inbound = append(e.inbound, e.gateway)
		p.Ends = append(p.Ends, e)
		p.byAddr[h.Addr] = e
		if h.Name == captured {
			p.captured = e
		}
	}
	if p.captured == nil {
		return nil, fmt.Errorf("the capture is to be taken at %q, and there is no such host", captured)
	}
	return p, p.lay(network)
}

// leastMTU is what every link must carry (RFC 791, 3.2; RFC 8200, 5).
func leastMTU(addr netip.Addr) int {
	if addr.Is4() {
		return 68
	}
	return 1280
}

// Headers is the size of the IP and TCP headers, without options, of a packet
// to such an address.
func Headers(addr netip.Addr) int {
	if addr.Is4() {
		return ipv4Header + tcpHeader
	}
	return ipv6Header + tcpHeader
}

// lay lays the path between every two hosts.
func (p *Path) lay(network scenario.Network) error {
	for i, from := range p.Ends {
		for j, to := range p.Ends {
			if i == j {
				continue
			}
			d := &direction{
				delay: int64(network.Hosts[i].Homeward() + network.Hosts[j].Outward()),
				loss:  network.Loss,
				dice:  rand.New(rand.NewPCG(network.Seed, uint64(i*len(p.Ends)+j))),
			}
			from.to[to] = d
			to.inbound = append(to.inbound, d)
		}
	}
	for _, rule := range network.Rules {
		from, to := p.named(rule.From), p.named(rule.To)
		if from == nil || to == nil || from == to {
			return fmt.Errorf("%s: there is no path from %q to %q", rule.Kind, rule.From, rule.To)
		}
		p.rules = append(p.rules, newRule(rule, from, to))
	}
	for _, rule := range network.Late {
		from, to := p.named(rule.From), p.named(rule.To)
		if from == nil || to == nil || from == to {
			return fmt.Errorf("late: there is no path from %q to %q", rule.From, rule.To)
		}
		from.rules[to] = append(from.rules[to], newDelayRule(rule))
	}
	return nil
}

// named returns the end of the host of that name, or nil.
func (p *Path) named(name string) *End {
	for _, e := range p.Ends {
		if e.Host.Name == name {
			return e
		}
	}
	return nil
}

// Unacknowledged names a stream of which a host has not acknowledged
// everything yet, or returns "".
func (p *Path) Unacknowledged() string { return p.streams.open() }

// Release frees the memory of frames that were taken from the path or recorded.
func (p *Path) Release() {
	for _, c := range p.spent {
		p.store.free(c)
	}
	p.spent = p.spent[:0]
}

// see records a frame that passes the end of the captured host. What would pass
// before the last one does so with it, because the driver was late.
func (p *Path) see(e *End, at int64, f frame) {
	if e == p.captured {
		p.last = max(p.last, at)
		p.record(p.last, f)
	}
}
