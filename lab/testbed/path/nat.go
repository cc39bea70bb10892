package path

import (
	"encoding/binary"
	"net/netip"
	"slices"

	"ftplab/lab/scenario"
)

// A nat is a router in front of one host that translates the host's address and
// its ports (RFC 3022).
//
// It keeps a translation for each connection. The host's packets make a translation,
// and so do packets from outside to a port that is forwarded to the host. The NAT drops
// all other packets from outside, including those of connections that it has forgotten.
// It translates TCP, UDP and ICMP echo. It drops the ICMP error messages of hosts. The
// error messages of the path's routers need no translation, because they quote the
// packet as its sender sent it.
type nat struct {
	scenario.NAT
	host netip.Addr // its own address

	translations []*translation // the newest last
	expected     []expectation
}

// A translation says how one connection is translated.
type translation struct {
	protocol byte
	inside   uint16         // the host's port
	outside  uint16         // the port of the NAT's address
	peer     netip.AddrPort // the other end
	last     int64          // when its last packet passed, nanoseconds

	toPeer, toHost editedStream // of TCP, when the NAT helps FTP
}

// An expectation lets in a data connection to a port that the host has announced.
type expectation struct {
	peer            netip.Addr
	inside, outside uint16
}

func newNAT(plan scenario.NAT, host netip.Addr) *nat { return &nat{NAT: plan, host: host} }

// outward returns the translated frame that leaves the NAT at the time at, or nil if
// the NAT drops it. It does not change f.
func (n *nat) outward(f frame, at int64) frame {
	f = slices.Clone(f)
	protocol := f.protocol()
	switch ports := f.ports(); {
	case protocol == protocolICMP && !f.isEcho():
		return nil
	case ports != nil:
		inside, peer := binary.BigEndian.Uint16(ports), netip.AddrPortFrom(f.destination(), binary.BigEndian.Uint16(ports[2:]))
		t := n.find(protocol, peer, at, func(t *translation) bool { return t.inside == inside })
		if s, isTCP := f.segment(); t == nil && isTCP && s.flags&(flagSYN|flagACK) != flagSYN {
			return nil // it has forgotten the connection, or never had it
		}
		if t == nil {
			outside, free := n.port(inside, protocol, peer)
			if !free {
				return nil
			}
			t = n.add(&translation{protocol: protocol, inside: inside, outside: outside, peer: peer, last: at})
		}
		f.setPort(ports[:2], t.outside)
		f = n.help(f, t, true)
	}
	f.setAddress(f.packet()[12:16], n.Addr)
	return f
}

// inward translates a frame from outside at the time at, or returns nil if the NAT
// drops it. It may change f.
func (n *nat) inward(f frame, at int64) frame {
	protocol := f.protocol()
	switch ports := f.ports(); {
	case protocol == protocolICMP && !f.isEcho():
		return nil
	case ports != nil:
		outside, peer := binary.BigEndian.Uint16(ports[2:]), netip.AddrPortFrom(f.source(), binary.BigEndian.Uint16(ports))
		t := n.find(protocol, peer, at, func(t *translation) bool { return t.outside == outside })
		if t == nil {
			if t = n.admit(f, protocol, outside, peer, at); t == nil {
				return nil
			}
		}
		f.setPort(ports[2:4], t.inside)
		f = n.help(f, t, false)
	}
	f.setAddress(f.packet()[16:20], n.host)
	return f
}

// find returns the translation of a connection and renews it. It forgets the
// connection if it was idle for too long.
func (n *nat) find(protocol byte, peer netip.AddrPort, at int64, fits func(*translation) bool) *translation {
	i := slices.IndexFunc(n.translations, func(t *translation) bool {
		return t.protocol == protocol && t.peer == peer && fits(t)
	})
	if i < 0 {
		return nil
	}
	t := n.translations[i]
	if n.Idle > 0 && at-t.last > int64(n.Idle) {
		n.translations = slices.Delete(n.translations, i, i+1)
		return nil
	}
	t.last = at
	return t
}

// admit makes the translation for a packet from outside that begins a connection, or
// returns nil if its port is not forwarded to the host.
func (n *nat) admit(f frame, protocol byte, outside uint16, peer netip.AddrPort, at int64) *translation {
	t := &translation{protocol: protocol, inside: outside, outside: outside, peer: peer, last: at}
	if s, isTCP := f.segment(); isTCP && s.flags&(flagSYN|flagACK) != flagSYN {
		return nil
	}
	i := slices.IndexFunc(n.expected, func(e expectation) bool { return e.outside == outside && e.peer == peer.Addr() })
	switch {
	case protocol == protocolTCP && i >= 0:
		t.inside = n.expected[i].inside
		n.expected = slices.Delete(n.expected, i, i+1)
	case !n.Forwards(outside):
		return nil
	}
	return n.add(t)
}

func (n *nat) add(t *translation) *translation {
	n.translations = append(n.translations, t)
	return t
}

// port returns the port of the NAT's address for a connection of the host. It
// reports false if all ports are taken.
func (n *nat) port(inside uint16, protocol byte, peer netip.AddrPort) (outside uint16, free bool) {
	if n.KeepPorts || n.Forwards(inside) {
		return inside, true
	}
	taken := func(port uint16) bool {
		return n.Forwards(port) ||
			slices.ContainsFunc(n.expected, func(e expectation) bool { return e.outside == port }) ||
			slices.ContainsFunc(n.translations, func(t *translation) bool { return t.protocol == protocol && t.outside == port })
	}
	for _, r := range n.Ports {
		for port := int(r.First); port <= int(r.Last); port++ {
			if !taken(uint16(port)) {
				return uint16(port), true
			}
		}
	}
	return 0, false
}

// expect lets in a data connection from a host to a port of the NAT's host, and returns
// the port outside the NAT.
func (n *nat) expect(inside uint16, peer netip.Addr) (outside uint16, ok bool) {
	for _, e := range n.expected {
		if e.inside == inside && e.peer == peer {
			return e.outside, true
		}
	}
	if outside, ok = n.port(inside, protocolTCP, netip.AddrPortFrom(peer, 0)); ok {
		n.expected = append(n.expected, expectation{peer, inside, outside})
	}
	return outside, ok
}

// ports returns the two ports at the beginning of a TCP segment or UDP
// datagram, and what follows them. It returns nil for other packets, and for
// fragments except the first.
func (f frame) ports() []byte {
	if f.etherType() != typeIPv4 || f.protocol() != protocolTCP && f.protocol() != protocolUDP {
		return nil
	}
	if p := f.payload(); len(p) >= udpHeader {
		return p
	}
	return nil
}

// isEcho reports whether an ICMP packet is an echo request or its reply.
func (f frame) isEcho() bool {
	const echoReply, echo = 0, 8
	m := f.payload()
	return m == nil || len(m) > 0 && (m[0] == echo || m[0] == echoReply)
}

// transportChecksum returns the checksum field of a TCP segment or a UDP
// datagram, or nil if the frame has none.
func (f frame) transportChecksum() []byte {
	if t := f.tcp(); t != nil {
		return t[16:18]
	}
	if ports := f.ports(); ports != nil && f.protocol() == protocolUDP && (ports[6] != 0 || ports[7] != 0) {
		return ports[6:8]
	}
	return nil
}

// setPort changes a port of a TCP segment or a UDP datagram.
func (f frame) setPort(field []byte, port uint16) {
	old := binary.BigEndian.Uint16(field)
	binary.BigEndian.PutUint16(field, port)
	if sum := f.transportChecksum(); sum != nil {
		correct(sum, old, port)
	}
}

// setAddress changes an address of an IPv4 packet.
func (f frame) setAddress(field []byte, addr netip.Addr) {
	sum := f.transportChecksum()
	for i, new := 0, addr.As4(); i < len(new); i += 2 {
		was, is := binary.BigEndian.Uint16(field[i:]), binary.BigEndian.Uint16(new[i:])
		copy(field[i:i+2], new[i:i+2])
		correct(f.packet()[10:12], was, is)
		if sum != nil {
			correct(sum, was, is)
		}
	}
}
