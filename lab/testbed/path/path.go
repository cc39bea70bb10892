// Package path simulates everything between the hosts of a network: gateways, NATs,
// delay, the rates and queues of the links, and lost or delayed frames.
//
// It only computes: frames and times go in, frames and times come out. It reads no
// clock, opens no socket and starts no goroutine. Two networks use it: package wire,
// with Linux's TCP, and package gvisor, with TCP in user space. They pass each frame
// that a host sends to [Path.Send], and take each frame that arrives at a host from
// [End.Take] at the time that [End.Next] returns. Times are nanoseconds since 1970.
package path

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"slices"

	"ftplab/lab/scenario"
)

// A Path is everything between the hosts of a network. Only one goroutine may
// use it.
type Path struct {
	Ends []*End // of the hosts, in the order of the network's hosts

	byAddr  map[netip.Addr]*End // by the addresses that the other hosts use
	record  func(at int64, place int, frame []byte)
	least   int64 // the earliest time at which a frame may be recorded
	rules   []*rule
	began   int64 // when the first frame was sent; 0 before
	mtu     int   // of the path between the links, bytes; 0: as large as the links'
	noICMP  bool  // no router reports that a packet is too big for the path
	silent  bool  // no router reports that an address does not exist
	streams streams
	store   store
	spent   []*chunk // chunks of frames that have left the path, until Release
	queue   int64    // bytes that may wait for a link; 0 is unlimited
}

// An End is where a host's link meets the path.
type End struct {
	Place
	Host         scenario.Host
	Other        scenario.Host // the other address of the host, if it has one
	OtherPlace   Place         // of that address
	MTU          int           // of the host's link, bytes
	KnowsGateway bool          // the host knows its gateway's Ethernet address without ARP

	path    *Path
	place   int  // the number of its place in the capture; -1 is none
	nat     *nat // in front of the host, or nil
	to      map[*End]*direction
	gateway *direction            // from the host's own gateway to the host
	inbound []*direction          // the directions that lead to this end
	rules   map[*End][]*delayRule // by the destination's end
	rate    int64                 // of the link to the host, bits a second; 0 is unlimited
	free    int64                 // when the link to the host has carried all earlier frames

	recorded map[stream]int64 // the time of the last segment of each connection that passed a captured end
}

// Sizes of packets, in bytes.
const (
	usualMTU = 1500 // of an Ethernet

	// LargestMTU is the largest that a link may have: the largest IP packet.
	LargestMTU = 65535
)

// never is a time that is never reached.
const never = math.MaxInt64

// New makes the path between the hosts of a network. It calls record with each frame
// that passes the end of a captured host, and the time. A driver that is late may get to
// know of an earlier frame after a later one, so times may go back, but not beyond that of
// [Path.RecordFrom]. Place is the index of the host among the places where the capture is
// taken. The frame is valid until [Path.Release]. The error names the host whose settings
// are not possible.
func New(network scenario.Network, record func(at int64, place int, frame []byte)) (*Path, error) {
	places, err := locate(network.Hosts)
	if err != nil {
		return nil, err
	}
	p := &Path{byAddr: map[netip.Addr]*End{}, record: record, streams: newStreams(),
		mtu: network.PathMTU, noICMP: network.NoICMP, silent: network.NoHostSilent,
		queue: int64(network.Queue)}
	captured := network.Places()
	for i, h := range network.Hosts {
		if h.Of != "" {
			continue
		}
		mtu := cmp.Or(h.MTU, network.MTU, usualMTU)
		if least := leastMTU(h.Addr); mtu < least || mtu > LargestMTU {
			return nil, fmt.Errorf("host %s: its link cannot have an MTU of %d bytes; use %d to %d", h.Name, mtu, least, LargestMTU)
		}
		place := slices.Index(captured, h.Name)
		e := &End{
			Place: places[i], Host: h, MTU: mtu, path: p,
			// The other hosts' ARP requests are not in the capture. Waiting for
			// the answer would only delay what they send.
			KnowsGateway: network.ARP == scenario.ARPCached || place < 0,
			to:           map[*End]*direction{},
			gateway:      &direction{},
			place:        place,
			rate:         cmp.Or(h.Rate, network.Rate),
			rules:        map[*End][]*delayRule{},
			recorded:     map[stream]int64{},
		}
		e.inbound = append(e.inbound, e.gateway)
		if plan := network.NATOf(h.Name); plan != nil {
			e.nat = newNAT(*plan, h.Addr)
		}
		p.Ends = append(p.Ends, e)
		p.byAddr[network.Address(h, "")] = e
	}
	for i, h := range network.Hosts {
		if h.Of == "" {
			continue
		}
		e := p.named(h.Of)
		e.Other, e.OtherPlace = h, places[i]
		e.OtherPlace.MAC, e.OtherPlace.GateMAC = e.MAC, e.GateMAC // it is the same link
		p.byAddr[h.Addr] = e
	}
	for _, name := range captured {
		if p.named(name) == nil {
			return nil, fmt.Errorf("the capture is taken at %q, but there is no such host", name)
		}
	}
	return p, p.connect(network)
}

// leastMTU is the smallest MTU that a link may have (RFC 791, 3.2; RFC 8200,
// 5).
func leastMTU(addr netip.Addr) int {
	if addr.Is4() {
		return 68
	}
	return 1280
}

// Headers returns the size of the IP and TCP headers, without options, of a
// packet to the address.
func Headers(addr netip.Addr) int {
	if addr.Is4() {
		return ipv4Header + tcpHeader
	}
	return ipv6Header + tcpHeader
}

// connect makes the two directions between every two hosts.
func (p *Path) connect(network scenario.Network) error {
	for i, from := range p.Ends {
		for j, to := range p.Ends {
			if i == j {
				continue
			}
			d := &direction{
				delay: int64(from.Host.Homeward() + to.Host.Outward()),
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
		d := newDelayRule(rule)
		d.ipv6 = from.addressOf(rule.From).Is6()
		from.rules[to] = append(from.rules[to], d)
	}
	return nil
}

// addressOf returns the address of the host that has a name.
func (e *End) addressOf(name string) netip.Addr {
	if e.Other.Name == name {
		return e.Other.Addr
	}
	return e.Host.Addr
}

// at returns the host's place in the network of a frame's IP version.
func (e *End) at(f frame) Place {
	if e.Other.Addr.IsValid() && (f.etherType() == typeIPv6) == e.Other.Addr.Is6() {
		return e.OtherPlace
	}
	return e.Place
}

// named returns the end of the host with this name, or nil.
func (p *Path) named(name string) *End {
	for _, e := range p.Ends {
		if e.Host.Name == name || name != "" && e.Other.Name == name {
			return e
		}
	}
	return nil
}

// Unacknowledged describes a stream whose bytes are not all acknowledged yet,
// or returns "".
func (p *Path) Unacknowledged() string { return p.streams.open() }

// Release frees the memory of frames that were taken from the path or recorded.
func (p *Path) Release() {
	for _, c := range p.spent {
		p.store.free(c)
	}
	p.spent = p.spent[:0]
}

// RecordFrom says that no frame may be recorded before the time at any more: a frame that
// the driver sends or takes too late for its own time gets that time.
func (p *Path) RecordFrom(at int64) { p.least = at }

// recordAt records a frame that passes the end of a captured host. The times of a connection
// never go back: a host that sent a segment before another arrived did not know of that one.
func (p *Path) recordAt(e *End, at int64, f frame) {
	if e.place < 0 {
		return
	}
	var of stream // none, for what is no segment
	if s, ok := f.segment(); ok {
		of = s.connection()
	}
	at = max(at, p.least, e.recorded[of])
	e.recorded[of] = at
	p.record(at, e.place, f)
}
