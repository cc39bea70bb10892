package scenario

import (
	"net/netip"
	"slices"
	"time"
)

// A NAT is a router in front of one host that translates its address and its
// ports (NAPT, RFC 3022). Other hosts know the host by the NAT's address.
type NAT struct {
	Line      int // of the scenario file, for messages
	Host      string
	Addr      netip.Addr    // the address by which the other hosts know the host
	ALG       bool          // rewrites FTP: an application-level gateway (RFC 2663, 2.9)
	Ports     []PortRange   // for its translations, in order
	KeepPorts bool          // translates addresses and not ports
	Forward   []PortRange   // ports of Addr that are forwarded to the same ports of the host
	Idle      time.Duration // silence after which it forgets a connection; 0 is never
}

// natPorts are the ports that a NAT uses by default: those that old versions of Linux
// used for masquerading.
var natPorts = []PortRange{{61000, 65095}}

var natOptions = []option[NAT]{
	{"alg", "rewrites FTP on port 21 (an application-level gateway, RFC 2663, 2.9): it changes the address and the port in PORT, EPRT and the replies 227 and 229, and lets the data connection in", func(_ *parser, n *NAT, _ string) { n.ALG = true }},
	{"ports=61000-|keep", "the ports that it uses in order, one for each connection; 61000-65095 by default; keep: it does not change the ports", func(p *parser, n *NAT, v string) {
		if n.KeepPorts = v == "keep"; !n.KeepPorts {
			n.Ports = p.ports(v)
		}
	}},
	{"forward=21,50000-50010", "ports of ADDRESS that are forwarded to the same ports of HOST; nobody can connect to other ports", func(p *parser, n *NAT, v string) { n.Forward = p.ports(v) }},
	{"idle=5m", "after this time without a packet the NAT forgets a connection, and drops its later packets", func(p *parser, n *NAT, v string) { n.Idle = p.someTime("idle", v) }},
}

// natSetting is the entry of the table of settings.
var natSetting = setting{
	name: "nat", args: "HOST ADDRESS", least: 2, most: -1, options: usages(natOptions), parse: (*parser).setNAT,
	does: "On the wire, HOST is behind a NAT that translates its address and its ports (RFC 3022): the other hosts see ADDRESS, and cannot reach HOST by its own address. " +
		"The NAT lets in packets of HOST's connections, and no others. A capture at HOST's own end (capture=HOST) shows its own address; elsewhere it shows ADDRESS. " +
		"In a want, the name of the host means the address that it has in the capture, or both if the capture is taken on both sides of the NAT. " +
		"The settings drop, reject, duplicate and corrupt apply between the NAT and the other hosts.",
	example: "nat client 203.0.113.7 alg",
}

func (p *parser) setNAT(words []string) {
	n := NAT{Line: p.line, Host: words[0], Addr: p.address(words[1]), Ports: natPorts}
	setOptions(p, "nat", natOptions, &n, words[2:])
	p.s.Network.NATs = append(p.s.Network.NATs, n)
}

// checkNATs refuses NATs that no network could have.
func (p *parser) checkNATs() {
	plan := p.s.Network
	tryEach(p, plan.NATs, func(i int, n NAT) {
		p.line = n.Line
		host, ok := p.s.Host(n.Host)
		switch {
		case plan.Kind == Loopback:
			p.fail("nat: network loopback has no routers; network wire has them")
		case plan.IPv6:
			p.fail("nat: a NAT is for IPv4, and the network is ipv6")
		case !ok:
			p.fail("nat: %s", p.noHost(n.Host))
		case !n.Addr.Is4() || !n.Addr.IsGlobalUnicast():
			p.fail("nat %s: %s is not the address of a single host", n.Host, n.Addr)
		case slices.ContainsFunc(plan.NATs[:i], func(o NAT) bool { return o.Host == n.Host }):
			p.fail("nat: host %s is behind a NAT already", n.Host)
		case n.Addr == host.Addr:
			p.fail("nat %s: %s is the host's own address, which the setting host changes, such as: host %s 192.168.1.2", n.Host, n.Addr, n.Host)
		}
		p.checkNATAddress(n, plan.NATs[:i])
	})
}

// checkNATAddress refuses an address that is in the network of a host, or that
// another NAT has.
func (p *parser) checkNATAddress(n NAT, others []NAT) {
	for j, h := range p.s.Network.Hosts {
		if subnet, err := Subnet(p.s.Network.Hosts, j); err == nil && subnet.Contains(n.Addr) {
			p.fail("nat %s: %s is in the network of host %s, %s", n.Host, n.Addr, h.Name, subnet)
		}
	}
	for _, o := range others {
		if o.Addr == n.Addr {
			p.fail("nat %s: the NAT of host %s has the address %s; each host is behind a NAT of its own", n.Host, o.Host, n.Addr)
		}
	}
}

// NATOf returns the NAT in front of a host, or nil.
func (n Network) NATOf(host string) *NAT {
	i := slices.IndexFunc(n.NATs, func(o NAT) bool { return o.Host == host })
	if i < 0 {
		return nil
	}
	return &n.NATs[i]
}

// Address returns the address by which a host is known at a place, which is a
// host, too: its own at its own place, and that of its NAT elsewhere.
func (n Network) Address(host Host, place string) netip.Addr {
	if nat := n.NATOf(host.Name); nat != nil && host.Name != place {
		return nat.Addr
	}
	return host.Addr
}

// Addresses returns the addresses by which a host is known at the places of the capture.
func (n Network) Addresses(host Host) (all []netip.Addr) {
	for _, place := range n.Places() {
		if addr := n.Address(host, place); !slices.Contains(all, addr) {
			all = append(all, addr)
		}
	}
	return all
}

// Forwards reports whether a port of the NAT's address leads to the host.
func (n NAT) Forwards(port uint16) bool {
	return slices.ContainsFunc(n.Forward, func(r PortRange) bool { return r.First <= port && port <= r.Last })
}
