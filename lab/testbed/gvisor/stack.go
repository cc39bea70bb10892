package gvisor

import (
	"cmp"
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"sync"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/link/ethernet"
	"gvisor.dev/gvisor/pkg/tcpip/network/arp"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv6"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/icmp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"

	"ftplab/lab/scenario"
	"ftplab/lab/testbed/path"
)

// newStack makes a stack for a host's address, whose random numbers come from
// the seeds.
func newStack(c *clock, seeds *rand.ChaCha8, addr netip.Addr, other netip.Addr) *stack.Stack {
	var insecure, secure [32]byte
	seeds.Read(insecure[:])
	seeds.Read(secure[:])
	options := stack.Options{
		NetworkProtocols:   []stack.NetworkProtocolFactory{ipv4.NewProtocol, arp.NewProtocol},
		TransportProtocols: []stack.TransportProtocolFactory{tcp.NewProtocol, udp.NewProtocol, icmp.NewProtocol4},
		Clock:              stackClock{c},
		RandSource:         &source{generator: rand.NewChaCha8(insecure)},
		SecureRNG:          &source{generator: rand.NewChaCha8(secure)},
	}
	noDetection := ipv6.Options{DADConfigs: stack.DADConfigurations{DupAddrDetectTransmits: 0}}
	switch {
	case other.IsValid():
		options.NetworkProtocols = append(options.NetworkProtocols, ipv6.NewProtocolWithOptions(noDetection))
		options.TransportProtocols = append(options.TransportProtocols, icmp.NewProtocol6)
	case addr.Is6():
		options.NetworkProtocols = []stack.NetworkProtocolFactory{ipv6.NewProtocolWithOptions(noDetection)}
		options.TransportProtocols[2] = icmp.NewProtocol6
	}
	return stack.New(options)
}

// nic is the number of a stack's only network device.
const nic = 1

// newWireStack makes the stack of a host at a link.
func newWireStack(c *clock, seeds *rand.ChaCha8, l *link) (*stack.Stack, error) {
	e := l.end
	s := newStack(c, seeds, e.Addr, e.Other.Addr)
	if err := s.CreateNIC(nic, ethernet.New(l)); err != nil {
		return s, stackError(err)
	}
	if err := tune(s, e.Host, e.MTU); err != nil {
		return s, err
	}
	places := []path.Place{e.Place}
	if e.Other.Addr.IsValid() {
		if ttl := tcpip.DefaultTTLOption(e.Host.TTL); ttl != 0 {
			if err := errorOf(s.SetNetworkProtocolOption(protocolOf(e.Other.Addr), &ttl)); err != nil {
				return s, err
			}
		}
		places = append(places, e.OtherPlace)
	}
	var routes []tcpip.Route
	for _, p := range places {
		route, err := settle(s, p, e.KnowsGateway)
		if err != nil {
			return s, err
		}
		routes = append(routes, route)
	}
	s.SetRouteTable(routes)
	return s, nil
}

// settle gives a stack the address of a place, and returns the route to everywhere from it.
func settle(s *stack.Stack, p path.Place, knowsGateway bool) (tcpip.Route, error) {
	number, everything := protocolOf(p.Addr), header.IPv4EmptySubnet
	if p.Addr.Is6() {
		everything = header.IPv6EmptySubnet
	}
	gateway := tcpip.AddrFromSlice(p.Gateway.AsSlice())
	address := tcpip.ProtocolAddress{Protocol: number, AddressWithPrefix: tcpip.AddressWithPrefix{
		Address: tcpip.AddrFromSlice(p.Addr.AsSlice()), PrefixLen: p.Network.Bits()}}
	if err := s.AddProtocolAddress(nic, address, stack.AddressProperties{}); err != nil {
		return tcpip.Route{}, stackError(err)
	}
	if knowsGateway {
		if err := s.AddStaticNeighbor(nic, number, gateway, tcpip.LinkAddress(p.GateMAC[:])); err != nil {
			return tcpip.Route{}, stackError(err)
		}
	}
	return tcpip.Route{Destination: everything, Gateway: gateway, NIC: nic}, nil
}

// Sizes of the receive buffer that a current Linux starts with and grows to, and
// what a connection has under way at most; as on a wire of Linux's.
const (
	defaultBuffer = 131072
	largestBuffer = 6291456
	mostUnderWay  = 768 // segments
	leastSegments = 8   // that a receive buffer holds: of loopback's large ones, too
)

// Congestion is the congestion control that gVisor's TCP has, of those that a scenario can name.
const Congestion = "reno"

// tune sets a stack's TCP as the scenario asks for its host.
func tune(s *stack.Stack, h scenario.Host, mtu int) error {
	congestion := tcpip.CongestionControlOption(cmp.Or(h.Congestion, Congestion))
	if err := s.SetTransportProtocolOption(tcp.ProtocolNumber, &congestion); err != nil {
		return fmt.Errorf("gVisor's TCP has no congestion=%s; leave it out, which means %s", h.Congestion, Congestion)
	}
	sack := tcpip.TCPSACKEnabled(!h.NoSACK)
	recovery := tcpip.TCPRecovery(0) // RACK's probes send again what was not lost
	rto := tcpip.TCPMinRTOOption(leastRTO)
	reuse := tcpip.TCPTimeWaitReuseGlobal
	buffer := receiveBuffer(h)
	moderate := tcpip.TCPModerateReceiveBufferOption(buffer == 0)
	receive := tcpip.TCPReceiveBufferSizeRangeOption{Min: 1, Default: cmp.Or(buffer, max(defaultBuffer, leastSegments*mtu)), Max: cmp.Or(buffer, largestBuffer)}
	underWay := mostUnderWay
	if h.CWND != 0 {
		underWay = h.CWND
	}
	most := underWay * (mtu - 40)
	send := tcpip.TCPSendBufferSizeRangeOption{Min: 1, Default: most, Max: most}
	for _, option := range []tcpip.SettableTransportProtocolOption{&sack, &recovery, &rto, &reuse, &moderate, &receive, &send} {
		if err := s.SetTransportProtocolOption(tcp.ProtocolNumber, option); err != nil {
			return fmt.Errorf("setting up TCP: %w", stackError(err))
		}
	}
	if h.TTL == 0 {
		return nil
	}
	ttl := tcpip.DefaultTTLOption(h.TTL)
	return errorOf(s.SetNetworkProtocolOption(protocolOf(h.Addr), &ttl))
}

// errorOf is stackError, for an error that may be nil.
func errorOf(err tcpip.Error) error {
	if err == nil {
		return nil
	}
	return stackError(err)
}

// leastRTO is how long a host waits for an acknowledgement at least (RFC 6298, 2.4).
const leastRTO = time.Second

// receiveBuffer is the size of a host's receive buffer, or 0 if it grows as needed.
// gVisor gives half of a buffer to the window.
func receiveBuffer(h scenario.Host) int {
	return 2 * max(h.Window, h.Buffer)
}

// A source is where a stack's random numbers come from.
type source struct {
	mu        sync.Mutex
	generator *rand.ChaCha8
}

var _ io.Reader = (*source)(nil)

// Read implements [io.Reader].
func (s *source) Read(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.generator.Read(b)
}

// Int63 implements [math/rand.Source].
func (s *source) Int63() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return int64(s.generator.Uint64() >> 1)
}

// Seed implements [math/rand.Source]. The seed was given when it was made.
func (s *source) Seed(int64) {}
