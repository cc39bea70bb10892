// Package localhost is a [network.Host] for tests: this machine under one of
// its loopback addresses, without a cell or a recorder. Tests of FTP clients
// and servers use it; they run on any system, as any user.
package localhost

import (
	"net/netip"

	"ftplab/lab/scenario"
	"ftplab/lab/testbed/network"
)

// Host is 127.0.0.1 or ::1.
type Host struct{ *network.Machine }

// New returns the host with that address. NextPort returns the ports one after
// the other, or 0 if there are none.
func New(address string, ports ...uint16) *Host {
	plan := scenario.Host{Name: "localhost", Addr: netip.MustParseAddr(address)}
	for _, p := range ports {
		plan.Ports = append(plan.Ports, scenario.PortRange{First: p, Last: p})
	}
	return &Host{network.NewMachine(plan)}
}
