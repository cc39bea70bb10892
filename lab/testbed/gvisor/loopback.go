package gvisor

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"

	"gvisor.dev/gvisor/pkg/buffer"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/stack"

	"ftplab/lab/scenario"
	"ftplab/lab/testbed/network"
)

// device is the medium of loopback: the one device of the one stack that all
// hosts share. What is sent to it arrives at once, or nearly. As on Linux a
// capture shows its packets with an Ethernet header of zeros.
type device struct {
	cable
	mtu   int
	onWay int
}

const (
	// loopbackMTU is that of Linux's loopback device, bytes.
	loopbackMTU = 65536
	// loopbackDelay is how long a packet takes from sending to arrival.
	loopbackDelay = 10 * time.Microsecond
	// largestPacket is the largest of IPv4, bytes (RFC 791, 3.1).
	largestPacket = 65535
)

// buildLoopback makes the one machine that all hosts are.
func (n *Network) buildLoopback(s scenario.Network, seeds *rand.ChaCha8) error {
	machine := scenario.Host{Name: "loopback", Addr: s.Hosts[0].Addr}
	d := &device{mtu: loopbackMTU}
	if s.MTU != 0 {
		d.mtu = s.MTU
	}
	headers := header.IPv4MinimumSize + header.TCPMinimumSize
	if machine.Addr.Is6() {
		headers = header.IPv6MinimumSize + header.TCPMinimumSize
	}
	d.cable = cable{network: n, disguise: newDisguise(n, machine, min(d.mtu, largestPacket)-headers, d.send)}
	n.medium = d
	st, err := newLoopbackStack(n.clock, seeds, d, machine)
	var local []netip.Addr
	for _, plan := range s.Hosts {
		h := &host{network: n, plan: plan, key: n.nextKey(), ports: network.NewPorts(plan), stack: st, disguise: d.disguise}
		n.hosts = append(n.hosts, h)
		if err == nil && !slices.Contains(local, plan.Addr) {
			local = append(local, plan.Addr)
			err = addLoopbackAddress(st, plan.Addr)
		}
	}
	return err
}

// newLoopbackStack makes a stack whose only device is loopback.
func newLoopbackStack(c *clock, seeds *rand.ChaCha8, d *device, machine scenario.Host) (*stack.Stack, error) {
	s := newStack(c, seeds, machine.Addr, netip.Addr{})
	if err := s.CreateNIC(nic, d); err != nil {
		return s, stackError(err)
	}
	if err := tune(s, machine, min(d.mtu, largestPacket)); err != nil {
		return s, err
	}
	everything := header.IPv4EmptySubnet
	if machine.Addr.Is6() {
		everything = header.IPv6EmptySubnet
	}
	s.SetRouteTable([]tcpip.Route{{Destination: everything, NIC: nic}})
	return s, nil
}

// addLoopbackAddress gives the stack one more address.
func addLoopbackAddress(s *stack.Stack, addr netip.Addr) error {
	address := tcpip.ProtocolAddress{Protocol: protocolOf(addr), AddressWithPrefix: tcpip.AddressWithPrefix{
		Address: tcpip.AddrFromSlice(addr.AsSlice()), PrefixLen: addr.BitLen()}}
	return errorOf(s.AddProtocolAddress(nic, address, stack.AddressProperties{}))
}

// WritePackets implements [stack.LinkWriter].
func (d *device) WritePackets(packets stack.PacketBufferList) (int, tcpip.Error) {
	for _, p := range packets.AsSlice() {
		view := p.ToView()
		frame := make([]byte, header.EthernetMinimumSize, header.EthernetMinimumSize+view.Size())
		header.Ethernet(frame).Encode(&header.EthernetFields{Type: p.NetworkProtocolNumber})
		frame = append(frame, view.AsSlice()...)
		view.Release()
		completeChecksums(frame) // gVisor leaves them out where a route is local
		d.write(frame)
	}
	return packets.Len(), nil
}

// send records a frame and has it arrive.
func (d *device) send(frame []byte) {
	n := d.network
	n.record(n.clock.nanoseconds(), 0, frame)
	d.onWay++
	n.clock.schedule(loopbackDelay, 0, func() { d.arrive(frame) })
}

// arrive hands a frame to the stack.
func (d *device) arrive(frame []byte) {
	d.network.mu.Lock()
	d.onWay--
	var arrived [][]byte
	if !d.network.over {
		arrived = d.disguise.arriving(frame)
	}
	d.network.mu.Unlock()
	d.handAll(arrived, d.hand)
}

// hand gives a frame to the stack.
func (d *device) hand(frame []byte) {
	packet := stack.NewPacketBuffer(stack.PacketBufferOptions{Payload: buffer.MakeWithData(frame[header.EthernetMinimumSize:])})
	d.dispatcher.DeliverNetworkPacket(header.Ethernet(frame).Type(), packet)
	packet.DecRef()
}

func (d *device) quiet() bool { return d.onWay == 0 && !d.disguise.holds() }

// unacknowledged implements [medium]. Nothing is lost on loopback, so frames that
// are under way or held back are all that can be unacknowledged.
func (d *device) unacknowledged() string { return "" }

// unmet implements [medium]. There is no path.
func (d *device) unmet() []network.UnmetRule { return nil }

// MTU implements [stack.LinkEndpoint].
func (d *device) MTU() uint32 { return uint32(d.mtu) }

// Capabilities implements [stack.LinkEndpoint].
func (d *device) Capabilities() stack.LinkEndpointCapabilities { return stack.CapabilityLoopback }

// LinkAddress implements [stack.LinkEndpoint].
func (d *device) LinkAddress() tcpip.LinkAddress { return "" }

// ARPHardwareType implements [stack.LinkEndpoint].
func (d *device) ARPHardwareType() header.ARPHardwareType { return header.ARPHardwareLoopback }

var _ stack.LinkEndpoint = (*device)(nil)
