// Package network defines the interfaces of a network that FTP servers and
// clients run on: hosts, connections, listeners and a clock.
//
// A network has hosts; a host dials, listens and starts programs; everything
// that crosses between the hosts is recorded. Packages loopback, wire and
// gvisor each build a [Network] from a scenario's settings. An FTP server or
// client (packages ftpserver and ftpclient) sees its [Host] and cannot tell
// which of the three it is. [Machine] implements a host with the sockets of
// this machine.
package network

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os/exec"
	"time"
)

// A Network is a set of hosts and everything between them.
type Network interface {
	// Host returns the host with that name. It panics if the plan has none,
	// because the names are checked when the scenario is parsed.
	Host(name string) Host

	// Clock is the clock of the network, and of all its hosts.
	Clock() Clock

	// Close waits until all frames under way have arrived and are recorded, and
	// everything is acknowledged. Then it removes the network. It gives up when
	// no frame was sent for the time silence while something is not
	// acknowledged; the error is then [ErrUnacknowledged]. [ErrIncomplete] says how
	// many frames were lost by the recorder or by the network's own sockets.
	Close(silence time.Duration) error

	// UnmetRules returns the rules of the path that no packet has met. It is
	// called after Close.
	UnmetRules() []UnmetRule
}

// An UnmetRule is a rule of a scenario's path that no packet has met, so it never had an
// effect.
type UnmetRule struct {
	Line    int    // of the scenario file
	Message string // what the rule asks for, what came nearest, and what to do
}

// UsualSilence is how long Close waits for an acknowledgement after a successful
// session. TCP retransmits a segment sooner than that.
const UsualSilence = 10 * time.Second

// ErrUnacknowledged says that a host has not acknowledged what another has sent.
var ErrUnacknowledged = errors.New("not everything is acknowledged")

// ErrIncomplete says that the network or its recorder could not do their work. That is no result
// of the session, and a judge cannot know what the capture lacks.
var ErrIncomplete = errors.New("the recording is incomplete")

// LessWork is what a user can do if the machine is too busy for the recorder.
const LessWork = "run fewer scenarios at once (--parallel 1), wait until the machine is less busy, or use --tcp gvisor, which loses none"

// A Host is one machine of a network.
type Host interface {
	// Name is the host's name in the scenario, such as "client".
	Name() string

	// Addr is the host's address.
	Addr() netip.Addr

	// NextPort returns the port that this host uses next if the caller does not
	// choose one; see [Ports.Next].
	NextPort() (uint16, error)

	// DialTCP opens a connection from local to remote. If the local port is
	// zero, the host chooses one.
	DialTCP(ctx context.Context, local uint16, remote netip.AddrPort) (Conn, error)

	// ListenTCP listens on the host's address. If the port is zero, the host
	// chooses one.
	ListenTCP(port uint16) (Listener, error)

	// ListenUDP opens a UDP socket on the host's address.
	ListenUDP(port uint16) (net.PacketConn, error)

	// Clock is the network's clock.
	Clock() Clock

	// Start starts a program on the host, as [exec.Cmd.Start] does.
	Start(cmd *exec.Cmd) error
}

// An ArrivalStopper is a [Host] whose network can be stopped: no frame arrives at a host
// until release is called. What the hosts send meanwhile is on its way, and the capture
// shows its times as if nothing had been stopped.
type ArrivalStopper interface{ StopArrivals() (release func()) }

// StopArrivals stops the host's network until release is called, if it is an
// [ArrivalStopper]. A program that sends and closes in between does both before its peer
// can answer, even if the machine is busy. A network in virtual time needs no stop, as its
// time does not pass while a program runs. On loopback there is none.
func StopArrivals(h Host) (release func()) {
	if s, ok := h.(ArrivalStopper); ok {
		return s.StopArrivals()
	}
	return func() {}
}
