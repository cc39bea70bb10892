package gvisor

import (
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
)

// A cable is what the [stack.LinkEndpoint] of every network has in common.
type cable struct {
	network    *Network
	disguise   *disguise
	dispatcher stack.NetworkDispatcher
}

// WritePackets implements [stack.LinkWriter]. The packets begin with an
// Ethernet header.
func (c *cable) WritePackets(packets stack.PacketBufferList) (int, tcpip.Error) {
	for _, p := range packets.AsSlice() {
		view := p.ToView()
		frame := append([]byte(nil), view.AsSlice()...)
		view.Release()
		c.write(frame)
	}
	return packets.Len(), nil
}

// write takes a frame that the stack sends.
func (c *cable) write(frame []byte) {
	c.network.mu.Lock()
	defer c.network.mu.Unlock()
	if !c.network.over {
		c.disguise.leaving(frame)
	}
}

// handAll delivers frames to the stack. Each waits until the stack is done with
// the frame before it.
func (c *cable) handAll(frames [][]byte, hand func(frame []byte)) {
	for i, frame := range frames {
		if i == 0 {
			hand(frame)
			continue
		}
		c.network.clock.schedule(0, 0, func() { hand(frame) })
	}
}

// Attach implements [stack.LinkEndpoint].
func (c *cable) Attach(d stack.NetworkDispatcher) { c.dispatcher = d }

// IsAttached implements [stack.LinkEndpoint].
func (c *cable) IsAttached() bool { return c.dispatcher != nil }

// The other methods of [stack.LinkEndpoint] do nothing: a cable has no state to
// change, and frames have their headers already.

func (c *cable) SetMTU(uint32)                                {}
func (c *cable) MaxHeaderLength() uint16                      { return 0 }
func (c *cable) SetLinkAddress(tcpip.LinkAddress)             {}
func (c *cable) Capabilities() stack.LinkEndpointCapabilities { return 0 }
func (c *cable) Wait()                                        {}
func (c *cable) AddHeader(*stack.PacketBuffer)                {}
func (c *cable) ParseHeader(*stack.PacketBuffer) bool         { return true }
func (c *cable) Close()                                       {}
func (c *cable) SetOnCloseAction(func())                      {}
