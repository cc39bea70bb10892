package loopback

import (
	"fmt"
	"net/netip"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"ftplab/lab/scenario"
	"ftplab/lab/testbed/network"
)

// others are those with whom a session shares lo. What they have to say to each
// other is none of the capture's business.
//
// Nothing in a frame tells whose it is. So what counts is what was there first:
// an address that is no host's, a connection that was open before the session,
// a port on which somebody listened. What others begin during the session is
// taken for the session's: in the capture it shows as a connection too many.
type others struct {
	hosts       map[netip.Addr]bool
	connections map[flow]bool
	listeners   map[netip.AddrPort]bool
	ports       map[uint16]bool // of those who listen on every address

	decoder *gopacket.DecodingLayerParser
	layers  []gopacket.LayerType
	ip4     layers.IPv4
	ip6     layers.IPv6
	tcp     layers.TCP
	udp     layers.UDP
}

// A flow is one direction of a connection.
type flow struct{ from, to netip.AddrPort }

// findOthers looks who is there before a session of these hosts.
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
		case s.State == "TIME-WAIT": // is over, and its port may well be used again
		case s.Remote.Port() != 0:
			o.connections[flow{s.Local, s.Remote}] = true
			o.connections[flow{s.Remote, s.Local}] = true
		case s.Local.Addr().IsUnspecified():
			o.ports[s.Local.Port()] = true
		default:
			o.listeners[s.Local] = true
		}
	}
	o.decoder = gopacket.NewDecodingLayerParser(layers.LayerTypeEthernet,
		&layers.Ethernet{}, &o.ip4, &o.ip6, &o.tcp, &o.udp)
	o.decoder.IgnoreUnsupported = true
	return o, nil
}

// own says whether a frame is theirs.
func (o *others) own(frame []byte) bool {
	if o == nil {
		return false
	}
	f, ok := o.flow(frame)
	return !ok || o.has(f)
}

// has says whether a flow is theirs.
func (o *others) has(f flow) bool {
	if !o.hosts[f.from.Addr()] || !o.hosts[f.to.Addr()] {
		return true
	}
	return o.connections[f] || o.listeners[f.from] || o.listeners[f.to] || o.ports[f.from.Port()] || o.ports[f.to.Port()]
}

// flow finds out between whom a frame passes, if it is of TCP or UDP.
func (o *others) flow(frame []byte) (f flow, ok bool) {
	if err := o.decoder.DecodeLayers(frame, &o.layers); err != nil {
		return f, false
	}
	var from, to netip.Addr
	for _, layer := range o.layers {
		switch layer {
		case layers.LayerTypeIPv4:
			from, _ = netip.AddrFromSlice(o.ip4.SrcIP)
			to, _ = netip.AddrFromSlice(o.ip4.DstIP)
		case layers.LayerTypeIPv6:
			from, _ = netip.AddrFromSlice(o.ip6.SrcIP)
			to, _ = netip.AddrFromSlice(o.ip6.DstIP)
		case layers.LayerTypeTCP:
			return flow{netip.AddrPortFrom(from, uint16(o.tcp.SrcPort)), netip.AddrPortFrom(to, uint16(o.tcp.DstPort))}, true
		case layers.LayerTypeUDP:
			return flow{netip.AddrPortFrom(from, uint16(o.udp.SrcPort)), netip.AddrPortFrom(to, uint16(o.udp.DstPort))}, true
		}
	}
	return f, false
}
