package scenario

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"time"
)

// Kind names a way of building a network.
type Kind string

// The kinds of network.
const (
	Loopback Kind = "loopback" // every host is one machine, 127.0.0.1 or ::1
	Wire     Kind = "wire"     // every host has a TCP of its own, on a routed path
)

// A Network is what a scenario asks of its network. The zero value of every
// field is the kernel's or the network's own default.
type Network struct {
	Kind  Kind
	IPv6  bool
	Hosts []Host // the server's host is named "server", the first client's "client"

	MTU     int      // of every link, bytes
	Rate    int64    // of every link, bits a second; 0 is unlimited
	Queue   int      // bytes that wait for a link at most; 0 is unlimited; a router drops what comes beyond
	Loss    float64  // share of frames lost on the path, 0 to 1
	Seed    uint64   // chooses which frames: the same seed loses the same ones
	Capture string   // the host at whose end the capture is taken; "client" when empty
	AlsoAt  []string // other hosts at whose ends it is taken, each as an interface of the file
	ARP     ARP
	Late    []Late     // frames that others overtake
	Rules   []PathRule // what else becomes of frames on the path
	NATs    []NAT      // in front of hosts
	PathMTU int        // of the middle of the path, bytes; 0 is as the hosts' links

	NoICMP       bool      // no router says that a packet is too big for the middle of the path
	NoHostSilent bool      // no router says that nobody has an address
	TCP          TCP       // whose TCP the scenario needs; any when empty
	Start        time.Time // when a network with a time of its own begins; 1 October 1985 when zero
	Volume       int64     // about how many bytes the scenario moves; sizes the recorder's ring
}

// Places are the hosts at whose ends the capture is taken. What crosses several of
// them is judged at the first.
func (n *Network) Places() []string {
	return append([]string{cmp.Or(n.Capture, "client")}, n.AlsoAt...)
}

// TCP names whose TCP the hosts have.
type TCP string

// The kinds of TCP.
const (
	LinuxTCP  TCP = "linux"  // Linux's own, in network namespaces of this machine
	GVisorTCP TCP = "gvisor" // gVisor's, in user space and in virtual time, on any system
)

// ARP says what the hosts know of their gateway when the capture begins.
type ARP string

// What a host may know of its gateway.
const (
	ARPAsk    ARP = ""       // nothing: the first packet is its question
	ARPCached ARP = "cached" // its MAC address, from before the capture
)

// A Host is one host: where it is, and how its TCP differs from a current Linux.
type Host struct {
	Name string
	Addr netip.Addr
	Line int // of the scenario file, for messages; 0 for a host that the file does not mention

	Way          time.Duration // of RTT, from the client to this host; half of it when 0
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
	CWND         int           // segments in flight at most, as with a congestion window of so many
	Cork         bool          // sends only full segments until the end of a transfer (TCP_CORK)
	FINApart     bool          // and the FIN in a packet of its own
	Ports        []PortRange   // the ports it takes, in order, whenever it needs one that nobody names
}

// Outward is how long a packet takes from the client to the host.
func (h Host) Outward() time.Duration {
	if h.Way > 0 {
		return h.Way
	}
	return h.RTT / 2
}

// Homeward is how long a packet takes from the host to the client.
func (h Host) Homeward() time.Duration { return h.RTT - h.Outward() }

// A PortRange is the ports First to Last, both included.
type PortRange struct{ First, Last uint16 }

// Late delays the first segments that match it, so that what the same side
// sends next overtakes them.
type Late struct {
	Line             int    // of the scenario file, for messages
	From, To         string // hosts
	FromPort, ToPort uint16 // 0 is any
	Flags            Flags
	Length           int // payload, bytes; -1 is any
	Count            int // how many segments; 1 when 0
	By               time.Duration
}

// A PathRuleKind is what becomes of a segment that matches a [PathRule].
type PathRuleKind string

// What becomes of it.
const (
	Drop      PathRuleKind = "drop"      // it vanishes
	Reject    PathRuleKind = "reject"    // it vanishes, and a router tells the sender: port unreachable
	Duplicate PathRuleKind = "duplicate" // it arrives twice
	Corrupt   PathRuleKind = "corrupt"   // a bit of it changes, so its receiver drops it
)

// A PathRule is about segments on the path.
type PathRule struct {
	Line             int // of the scenario file, for messages
	Kind             PathRuleKind
	From, To         string // hosts
	FromPort, ToPort uint16 // 0 is any
	Both             bool   // the segments of the other direction match, too
	Flags            Flags
	Length           int           // payload, bytes; -1 is any
	Skip             int           // so many that match are let pass first
	Count            int           // how many; 0 is all
	After            time.Duration // since the first packet of the network
	Idle             time.Duration // for which nothing was to be seen of the connection; 0 is whether or not
}

// Subnet returns the network that the host at index i is in: a /24, or a /64 of
// IPv6, and smaller where another host would be in the same. The error says why
// the host cannot be there: a router stands between every two hosts, and the
// first address of an IPv4 network and the last are no host's (RFC 1812, 4.2.3.1).
func Subnet(hosts []Host, i int) (netip.Prefix, error) {
	h := hosts[i]
	if !h.Addr.IsValid() {
		return netip.Prefix{}, fmt.Errorf("host %s has no address", h.Name)
	}
	if h.Addr.Is4() != hosts[0].Addr.Is4() {
		return netip.Prefix{}, fmt.Errorf("host %s is at %v and host %s at %v: a network carries IPv4 or IPv6, not both",
			hosts[0].Name, hosts[0].Addr, h.Name, h.Addr)
	}
	bits := 64
	if h.Addr.Is4() {
		bits = 24
	}
	for j, other := range hosts {
		if j != i {
			bits = max(bits, commonBits(h.Addr, other.Addr)+1)
		}
	}
	prefix, err := subnetOf(h.Addr, bits)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("host %s at %v: %w", h.Name, h.Addr, err)
	}
	return prefix, nil
}

func subnetOf(addr netip.Addr, bits int) (netip.Prefix, error) {
	prefix, err := addr.Prefix(bits)
	if err != nil || addr.BitLen()-bits < 2 {
		return prefix, errors.New("too near to another host's address; between the networks of two hosts there is a router")
	}
	if prefix.Addr() == addr || addr.Is4() && lastOf(prefix) == addr {
		return prefix, fmt.Errorf("the first or last address of its network, %v, is no host's", prefix)
	}
	return prefix, nil
}

// commonBits is how many leading bits two addresses share.
func commonBits(a, b netip.Addr) int {
	n := 0
	for n < a.BitLen() {
		p, err := a.Prefix(n + 1)
		if err != nil || !p.Contains(b) {
			break
		}
		n++
	}
	return n
}

// lastOf is the last address of a network of IPv4, its broadcast address.
func lastOf(p netip.Prefix) netip.Addr {
	b := p.Addr().As4()
	last := binary.BigEndian.Uint32(b[:]) | 1<<(32-p.Bits()) - 1
	binary.BigEndian.PutUint32(b[:], last)
	return netip.AddrFrom4(b)
}
