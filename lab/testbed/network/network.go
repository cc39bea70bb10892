// Package network says what a network of the lab is, and not how one is made.
//
// A network is a small thing: it has hosts; a host dials, listens and starts
// programs; everything that crosses between them is recorded. Package loopback
// and package wire each build a [Network] from what a scenario says of it. Whoever
// speaks FTP on it (packages ftpserver and ftpclient) sees the [Host] it lives on
// and cannot tell which network that is.
// What all hosts have in common, sockets, is that of [Machine].
package network

import (
	"context"
	"net"
	"net/netip"
	"os/exec"
)

// A Network is a set of hosts and all that lies between them.
type Network interface {
	// Host returns the host of that name. It panics if the plan has none:
	// a scenario's names are checked when it is parsed.
	Host(name string) Host

	// Clock is the clock of the network, and of all its hosts.
	Clock() Clock

	// Close waits until what is still under way has arrived and is recorded,
	// then takes the network down. The error says if a frame was lost by
	// the recorder or by the network's own sockets, and how many.
	Close() error
}

// A Host is one machine of a network.
type Host interface {
	// Name is the host's name in the scenario, such as "client".
	Name() string

	// Addr is the host's address.
	Addr() netip.Addr

	// NextPort is the port this host takes next where nobody names one; see
	// [Ports.Next].
	NextPort() (uint16, error)

	// DialTCP opens a connection from local to remote. A zero local port
	// leaves the choice to the host.
	DialTCP(ctx context.Context, local uint16, remote netip.AddrPort) (Conn, error)

	// ListenTCP listens on the host's address. A zero port leaves the
	// choice to the host.
	ListenTCP(port uint16) (Listener, error)

	// ListenUDP opens a UDP socket on the host's address.
	ListenUDP(port uint16) (net.PacketConn, error)

	// Clock is the network's clock.
	Clock() Clock

	// Start starts a program on the host, as [exec.Cmd.Start] does.
	Start(cmd *exec.Cmd) error
}
