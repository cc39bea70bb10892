package loopback

import (
	"errors"
	"fmt"
	"time"

	"github.com/safchain/ethtool"
	"github.com/vishvananda/netlink"

	"ftplab/lab/pcapng"
	"ftplab/lab/scenario"
	"ftplab/lab/testbed/cell"
	"ftplab/lab/testbed/network"
)

// device is the network's only device.
const device = "lo"

// Recording configures how a network is recorded.
type Recording struct {
	Writer *pcapng.Writer // gets all frames; the network closes it

	// Failed is called, once, if recording fails while the network is in use,
	// so that the session can stop. It may be nil.
	Failed func(error)

	// Shared says that other programs use lo too, as in a cell made in place.
	// Traffic on ports that were in use before the network was opened is then
	// left out of the capture.
	Shared bool
}

// A Network is the loopback network. It implements [network.Network].
type Network struct {
	hosts    map[string]*network.Machine
	recorder *recorder
}

// Open makes the network of a plan on this process's lo and starts to record
// it. Its error wraps [cell.ErrRefused] if the plan uses IPv6 and this system
// has none.
func Open(plan scenario.Network, r Recording) (*Network, error) {
	if plan.IPv6 {
		if err := cell.NeedIPv6(); err != nil {
			return nil, err
		}
	}
	if plan.MTU != 0 {
		if r.Shared {
			return nil, errors.New("loopback: the MTU cannot be set, because the loopback device is shared with the machine or the container")
		}
		if err := setMTU(plan.MTU); err != nil {
			return nil, fmt.Errorf("loopback: setting the MTU to %d: %w", plan.MTU, err)
		}
	}
	if !r.Shared {
		settle(plan.Volume)
	}
	if plan.IPv6 && !r.Shared {
		if err := addIPv6(); err != nil {
			return nil, fmt.Errorf("loopback: adding an address: %w", err)
		}
	}
	n := &Network{hosts: make(map[string]*network.Machine)}
	for _, h := range plan.Hosts {
		n.hosts[h.Name] = network.NewMachine(h)
	}
	var err error
	n.recorder, err = record(plan, r)
	if err != nil {
		return nil, err
	}
	if !n.recorder.holds {
		for _, h := range n.hosts {
			h.SendUnless(n.recorder.behind)
		}
	}
	return n, nil
}

// addIPv6 gives lo an address besides ::1. Programs that ask getaddrinfo(3) with
// AI_ADDRCONFIG, as lftp and Net::FTP do, find no IPv6 address of any host on a
// machine that has only ::1.
func addIPv6() error {
	link, err := netlink.LinkByName(device)
	if err != nil {
		return err
	}
	address, err := netlink.ParseAddr("2001:db8::1/128")
	if err != nil {
		return err
	}
	return netlink.AddrAdd(link, address)
}

// setMTU limits the IP packets on lo to that many bytes. It also turns off
// segmentation offload, by which the kernel puts several segments into one
// frame.
func setMTU(mtu int) error {
	tool, err := ethtool.NewEthtool()
	if err != nil {
		return err
	}
	defer tool.Close()
	err = tool.Change(device, map[string]bool{
		"tx-tcp-segmentation": false, "tx-tcp6-segmentation": false,
		"tx-generic-segmentation": false, "rx-gro": false,
	})
	if err != nil {
		return err
	}
	link, err := netlink.LinkByName(device)
	if err != nil {
		return err
	}
	return netlink.LinkSetMTU(link, mtu)
}

// Host implements [network.Network].
func (n *Network) Host(name string) network.Host {
	h, ok := n.hosts[name]
	if !ok {
		panic("loopback: the plan has no host " + name)
	}
	return h
}

// Clock implements [network.Network]: it is the system's.
func (n *Network) Clock() network.Clock { return network.WallClock }

// Close waits until every connection has ended, which the programs must have
// closed, and until all frames are recorded. It fails if frames are missing
// from the capture or a connection is still open.
func (n *Network) Close(time.Duration) error {
	return n.recorder.close()
}

// UnmetRules implements [network.Network]. This network has no path.
func (n *Network) UnmetRules() []network.UnmetRule { return nil }

// Stats returns the recorder's counts. They are final when Close has returned.
func (n *Network) Stats() pcapng.Stats {
	return n.recorder.stats
}
