package gvisor

import (
	"gvisor.dev/gvisor/pkg/buffer"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/stack"

	"ftplab/lab/testbed/path"
)

// A link is a host's end of its cable: a [stack.LinkEndpoint] towards the host's
// stack.
type link struct {
	cable
	wire *wire
	end  *path.End

	// Of the next frame to arrive. The network's mu is held.
	arrival   *event
	arrivesAt int64
}

func newLink(w *wire, e *path.End) *link {
	l := &link{wire: w, end: e}
	l.cable = cable{network: w.network, disguise: newDisguise(w.network, e.Host, e.MTU-path.Headers(e.Addr), l.send)}
	return l
}

// send puts a frame of the host on its way.
func (l *link) send(frame []byte) {
	l.wire.path.Send(l.end, frame, l.network.clock.nanoseconds())
	l.wire.path.Release()
	for _, each := range l.wire.links {
		each.expect()
	}
}

// expect plans the arrival of the next frame. The caller holds the network's mu.
func (l *link) expect() {
	at, _, ok := l.end.Next()
	if ok && l.arrival != nil && l.arrivesAt == at {
		return
	}
	clock := l.network.clock
	clock.cancel(l.arrival)
	l.arrival = nil
	if ok {
		l.arrivesAt = at
		l.arrival = clock.scheduleAt(at, l.arrive)
	}
}

// arrive hands the frame that arrives now to the host.
func (l *link) arrive() {
	n := l.network
	n.mu.Lock()
	l.arrival = nil
	var arrived [][]byte
	if !n.over {
		if frame := l.end.Take(n.clock.nanoseconds()); frame != nil {
			arrived = l.disguise.arriving(append([]byte(nil), frame...))
		}
		l.wire.path.Release()
		l.expect()
	}
	n.mu.Unlock()
	l.handAll(arrived, l.hand)
}

// hand gives a frame to the host's stack.
func (l *link) hand(frame []byte) {
	packet := stack.NewPacketBuffer(stack.PacketBufferOptions{Payload: buffer.MakeWithData(frame)})
	l.dispatcher.DeliverNetworkPacket(0, packet)
	packet.DecRef()
}

// MTU implements [stack.LinkEndpoint]. It includes room for options that the
// stack subtracts although its segments do not have them; see [disguise].
func (l *link) MTU() uint32 {
	return uint32(l.end.MTU + header.EthernetMinimumSize + header.TCPOptionsMaximumSize)
}

// LinkAddress implements [stack.LinkEndpoint].
func (l *link) LinkAddress() tcpip.LinkAddress { return tcpip.LinkAddress(l.end.MAC[:]) }

// ARPHardwareType implements [stack.LinkEndpoint].
func (l *link) ARPHardwareType() header.ARPHardwareType { return header.ARPHardwareEther }

var _ stack.LinkEndpoint = (*link)(nil)
