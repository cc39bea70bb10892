package wire

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"time"

	"github.com/safchain/ethtool"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"ftplab/lab/scenario"
	"ftplab/lab/testbed/cell"
	"ftplab/lab/testbed/path"
)

// device is the name of the host's end of its link.
const device = "eth0"

// connect makes the link between a host and the path, configures the host's
// end, and returns the index of the path's end.
//
// The path's end has no address and answers nothing. It is in a namespace of
// its own, so that no kernel accepts the frames as its own. Its MTU is the
// largest possible; the host's gateway reports packets that are too large for
// the host.
func connect(own *cell.Namespace, h *host) (index int, err error) {
	if h.Host.Addr.Is6() || h.Other.Addr.Is6() {
		if err := cell.NeedIPv6(); err != nil {
			return 0, err
		}
	}
	far := h.farDevice()
	err = own.Do(func() error {
		veth := netlink.NewVeth(netlink.LinkAttrs{Name: far, MTU: path.LargestMTU, TxQLen: -1})
		veth.PeerName = device
		veth.PeerNamespace = netlink.NsFd(h.namespace.Handle())
		veth.PeerHardwareAddr = h.MAC[:]
		veth.PeerMTU = uint32(h.MTU)
		if err := netlink.LinkAdd(veth); err != nil {
			return fmt.Errorf("making the link: %w", err)
		}
		link, err := netlink.LinkByName(far)
		if err != nil {
			return fmt.Errorf("finding the link: %w", err)
		}
		index = link.Attrs().Index
		silence(far)
		if err := netlink.LinkSetARPOff(link); err != nil {
			return fmt.Errorf("silencing ARP on the path: %w", err)
		}
		return netlink.LinkSetUp(link)
	})
	if err != nil {
		return 0, err
	}
	return index, h.namespace.Do(h.configure)
}

// farDevice returns the name of the path's end of the host's link.
func (h *host) farDevice() string { return fmt.Sprintf("to-%d", h.number) }

// configure sets up the host's kernel, in its namespace.
func (h *host) configure() error {
	if err := withoutOffloads(device); err != nil {
		return err
	}
	settings, m := tune(h.Host, h.MTU, h.lossless)
	if h.Host.Addr.Is4() && !h.Other.Addr.Is6() {
		silence(device)
	} else {
		settings = append(settings, ipv6Settings(h.Host)...)
	}
	for _, s := range settings {
		if err := s.write(); err != nil {
			return err
		}
	}
	link, err := netlink.LinkByName(device)
	if err != nil {
		return fmt.Errorf("finding %s: %w", device, err)
	}
	if oneByOne(h.Host) {
		if err := netlink.LinkSetGSOMaxSegs(link, 1); err != nil {
			return fmt.Errorf("keeping %s to one segment a packet: %w", device, err)
		}
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return fmt.Errorf("bringing %s up: %w", device, err)
	}
	places := []path.Place{h.Place}
	if h.Other.Addr.IsValid() {
		places = append(places, h.OtherPlace)
	}
	for _, p := range places {
		if err := takeAddress(link, p); err != nil {
			return fmt.Errorf("giving %s the address %v: %w", device, p.Addr, err)
		}
		if err := h.takeGateway(link, m, p); err != nil {
			return err
		}
	}
	return nil
}

// takeGateway adds the default route of one of the host's addresses by its gateway, with
// those metrics.
func (h *host) takeGateway(link netlink.Link, m metrics, p path.Place) error {
	err := netlink.RouteAdd(&netlink.Route{
		LinkIndex:  link.Attrs().Index,
		Gw:         p.Gateway.AsSlice(),
		Window:     m.window,
		AdvMSS:     m.advMSS,
		RtoMin:     m.rtoMin,
		RtoMinLock: true,
	})
	if err != nil {
		return fmt.Errorf("routing by %v: %w", p.Gateway, err)
	}
	if !h.KnowsGateway {
		return nil
	}
	err = netlink.NeighSet(&netlink.Neigh{
		LinkIndex:    link.Attrs().Index,
		State:        netlink.NUD_PERMANENT,
		IP:           p.Gateway.AsSlice(),
		HardwareAddr: p.GateMAC[:],
	})
	if err != nil {
		return fmt.Errorf("setting the gateway's Ethernet address: %w", err)
	}
	return nil
}

// takeAddress gives a host an address. With IPv6, the kernel accepts packets
// to it only some time later, so takeAddress waits for the route that shows it.
func takeAddress(link netlink.Link, p path.Place) error {
	net := ipNet(netip.PrefixFrom(p.Addr, p.Network.Bits()))
	if err := netlink.AddrAdd(link, &netlink.Addr{IPNet: net, Flags: unix.IFA_F_NODAD}); err != nil {
		return err
	}
	const tries = 5000
	for range tries {
		routes, err := netlink.RouteGet(p.Addr.AsSlice())
		if err == nil && len(routes) > 0 && routes[0].Type == unix.RTN_LOCAL {
			return nil
		}
		time.Sleep(time.Millisecond)
	}
	return fmt.Errorf("the kernel did not accept it within %v", tries*time.Millisecond)
}

// disconnect removes the link of a host whose namespace is kept.
func (h *host) disconnect() {
	if h.Host.Name != processHost {
		return
	}
	h.namespace.Do(func() error {
		link, err := netlink.LinkByName(device)
		if err != nil {
			return err
		}
		return netlink.LinkDel(link)
	})
}

// withoutOffloads makes the kernel cut segments to size and compute checksums
// itself, because no hardware does it.
func withoutOffloads(device string) error {
	e, err := ethtool.NewEthtool()
	if err != nil {
		return fmt.Errorf("opening ethtool: %w", err)
	}
	defer e.Close()
	err = e.Change(device, map[string]bool{
		"tx-checksum-ip-generic":  false,
		"tx-generic-segmentation": false,
		"tx-tcp-segmentation":     false,
		"tx-tcp6-segmentation":    false,
		"tx-tcp-ecn-segmentation": false,
		"tx-scatter-gather":       false,
		"rx-gro":                  false,
	})
	if err != nil {
		return fmt.Errorf("turning the offloads of %s off: %w", device, err)
	}
	return nil
}

// silence turns IPv6 off on a device that does not use it. On a system without
// IPv6 there is nothing to do.
func silence(device string) {
	setting{name: "ipv6/conf/" + device + "/disable_ipv6", value: "1"}.write()
}

// write applies the setting in the namespace of the calling thread.
func (s setting) write() error {
	err := os.WriteFile("/proc/sys/net/"+s.name, []byte(s.value), 0)
	if err != nil && !(s.optional && os.IsNotExist(err)) {
		return fmt.Errorf("setting %s to %s: %w", s.name, s.value, err)
	}
	return nil
}

// ipNet converts a prefix to package net's type.
func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}

// ipv6Settings prevent what a host with IPv6 does by default: a link-local
// address, router solicitations, and duplicate address detection.
func ipv6Settings(h scenario.Host) []setting {
	conf := "ipv6/conf/" + device + "/"
	settings := []setting{
		{name: conf + "addr_gen_mode", value: "1"},
		{name: conf + "accept_ra", value: "0"},
		{name: conf + "router_solicitations", value: "0"},
		{name: conf + "accept_dad", value: "0"},
		{name: conf + "dad_transmits", value: "0"},
	}
	if h.TTL != 0 {
		settings = append(settings, setting{name: conf + "hop_limit", value: fmt.Sprint(h.TTL)})
	}
	return settings
}
