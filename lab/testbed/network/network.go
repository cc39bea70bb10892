// Package network says what a network of the lab is, and not how one is made.
//
// A network is a small thing: it has hosts; a host dials, listens and starts
// programs; everything that crosses between them is recorded. A scenario's
// settings become a [Plan]; package loopback and package wire each build a
// [Network] from one. Whoever speaks FTP on it (packages ftpserver and
// ftpclient) sees the [Host] it lives on and cannot tell which network that is.
// What all hosts have in common, sockets, is that of [Machine].
package network

import (
	"context"
	"net"
	"net/netip"
	"os/exec"
	"time"
)

// A Network is a set of hosts and all that lies between them.
type Network interface {
	// Host returns the host of that name. It panics if the plan has none:
	// a scenario's names are checked when it is parsed.
	Host(name string) Host

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

	// NextPort is the port this host takes next where nobody names one: the
	// next of its plan's Ports, or 0, any, when it has none (or no more).
	NextPort() uint16

	// DialTCP opens a connection from local to remote. A zero local port
	// leaves the choice to the kernel.
	DialTCP(ctx context.Context, local uint16, remote netip.AddrPort) (*net.TCPConn, error)

	// ListenTCP listens on the host's address. A zero port leaves the
	// choice to the kernel.
	ListenTCP(port uint16) (*net.TCPListener, error)

	// ListenUDP opens a UDP socket on the host's address.
	ListenUDP(port uint16) (*net.UDPConn, error)

	// Start starts a program on the host, as [exec.Cmd.Start] does.
	Start(cmd *exec.Cmd) error
}

// Kind names a way of building a network.
type Kind string

// The kinds of network.
const (
	Loopback Kind = "loopback" // every host is this machine, 127.0.0.1 or ::1
	Wire     Kind = "wire"     // every host has a kernel stack of its own, on a routed path
)

// A Plan is what a scenario's settings ask of its network. The zero value of
// every field is the kernel's or the network's own default.
type Plan struct {
	Kind  Kind
	IPv6  bool
	Hosts []HostPlan // the server's host is named "server", the first client's "client"

	MTU     int     // of every link, bytes
	Rate    int64   // of every link, bits a second; 0 is unlimited
	Queue   int     // bytes that wait for a link at most; 0 is unlimited; what comes beyond is dropped, as on any router
	Loss    float64 // share of frames lost on the path, 0 to 1
	Seed    uint64  // which frames: the same seed loses the same ones
	Capture string  // the host at whose end the capture is taken; "client" when empty
	ARP     ARP
	Late    []Late // frames that are overtaken, on purpose
	Volume  int64  // bytes the scenario moves, about: sizes the recorder's ring
}

// ARP says what the hosts know of their gateway when the capture begins.
type ARP string

// What a host may know of its gateway.
const (
	ARPAsk    ARP = ""       // nothing: the first packet is its question
	ARPCached ARP = "cached" // its MAC address, from before the capture
)

// A HostPlan is one host: where it is, and how its TCP differs from a current Linux.
type HostPlan struct {
	Name string
	Addr netip.Addr
	Line int // of the scenario file, for messages

	RTT          time.Duration // of the path between this host and the client
	MTU          int           // of its own link, bytes
	Window       int           // receive window that its SYN advertises, bytes
	Buffer       int           // receive buffer, bytes: bounds the window for the whole connection
	NoTimestamps bool          // no timestamp option (RFC 7323, 3)
	NoWScale     bool          // no window scale option (RFC 7323, 2)
	NoSACK       bool          // no selective acknowledgement (RFC 2018)
	NoDF         bool          // does not set Don't Fragment: no path MTU discovery (RFC 1191)
	TTL          int           // of the packets it sends
	Congestion   string        // congestion control; reno when empty
	CWND         int           // segments under way at most, as with a congestion window of so many
	Cork         bool          // sends only full segments until the end of a transfer (TCP_CORK)
	FINApart     bool          // and the FIN in a packet of its own
	Ports        []PortRange   // the ports it takes, in order, whenever it needs one that nobody names
}

// A PortRange is the ports First to Last, both included.
type PortRange struct{ First, Last uint16 }

// Late delays the first segments that match it behind their turn, so that what
// the same side sends next overtakes them.
type Late struct {
	Line             int    // of the scenario file, for messages
	From, To         string // hosts
	FromPort, ToPort uint16 // 0 is any
	Flags            string // as tcpdump prints them, such as "[P.]"; "" is any
	Length           int    // payload, bytes; -1 is any
	Count            int    // how many segments; 1 when 0
	By               time.Duration
}
