package loopback

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"

	"ftplab/lab/scenario"
	"ftplab/lab/testbed/network"
)

// others are the programs with which a session shares lo. The capture leaves
// out their traffic.
//
// A frame does not show which program sent it. So the traffic of others is
// defined by what existed before the session: addresses of no host, open
// connections, and ports in LISTEN. A connection that another program opens
// during the session is recorded as if it were the session's.
type others struct {
	hosts       map[netip.Addr]bool
	connections map[flow]bool
	listeners   map[netip.AddrPort]bool
	ports       map[uint16]bool // listening on every address
}

// A flow is one direction of a connection.
type flow struct{ from, to netip.AddrPort }

// findOthers lists what exists before a session of these hosts.
func findOthers(hosts []scenario.Host) (*others, error) {
	o := &others{
		hosts:       make(map[netip.Addr]bool),
		connections: make(map[flow]bool),
		listeners:   make(map[netip.AddrPort]bool),
		ports:       make(map[uint16]bool),
	}
	for _, h := range hosts {
		o.hosts[h.Addr] = true
	}
	present, err := network.Sockets("tcp", "tcp6", "udp", "udp6")
	if err != nil {
		return nil, fmt.Errorf("loopback: %w", err)
	}
	for _, s := range present {
		switch {
		case s.State == "TIME-WAIT": // it has ended, and its port may be reused
		case s.Remote.Port() != 0:
			o.connections[flow{s.Local, s.Remote}] = true
			o.connections[flow{s.Remote, s.Local}] = true
		case s.Local.Addr().IsUnspecified():
			o.ports[s.Local.Port()] = true
		default:
			o.listeners[s.Local] = true
		}
	}
	return o, nil
}

// sent reports whether a frame belongs to another program.
func (o *others) sent(frame []byte) bool {
	if o == nil {
		return false
	}
	f, ok := flowOf(frame)
	return !ok || o.has(f)
}

// has reports whether a flow belongs to another program.
func (o *others) has(f flow) bool {
	if !o.hosts[f.from.Addr()] || !o.hosts[f.to.Addr()] {
		return true
	}
	return o.connections[f] || o.listeners[f.from] || o.listeners[f.to] || o.ports[f.from.Port()] || o.ports[f.to.Port()]
}

// flowOf returns the flow of a frame that carries TCP or UDP and is not a
// fragment.
func flowOf(frame []byte) (f flow, ok bool) {
	if len(frame) < ethernetHeader {
		return f, false
	}
	var from, to netip.Addr
	var protocol byte
	packet := frame[ethernetHeader:]
	switch binary.BigEndian.Uint16(frame[ethernetHeader-2:]) {
	case unix.ETH_P_IP: // RFC 791, 3.1
		const header, moreFragments, offset = 20, 0x2000, 0x1FFF
		if len(packet) < header || binary.BigEndian.Uint16(packet[6:])&(moreFragments|offset) != 0 {
			return f, false
		}
		from, to = netip.AddrFrom4([4]byte(packet[12:])), netip.AddrFrom4([4]byte(packet[16:]))
		protocol, packet = packet[9], packet[min(4*int(packet[0]&0xF), len(packet)):]
	case unix.ETH_P_IPV6: // RFC 8200, 3
		const header = 40
		if len(packet) < header {
			return f, false
		}
		from, to = netip.AddrFrom16([16]byte(packet[8:])), netip.AddrFrom16([16]byte(packet[24:]))
		protocol, packet = packet[6], packet[header:]
	default:
		return f, false
	}
	if protocol != unix.IPPROTO_TCP && protocol != unix.IPPROTO_UDP || len(packet) < 4 {
		return f, false
	}
	return flow{
		netip.AddrPortFrom(from, binary.BigEndian.Uint16(packet)),
		netip.AddrPortFrom(to, binary.BigEndian.Uint16(packet[2:])),
	}, true
}
