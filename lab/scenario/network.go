package scenario

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Kind names a way of building a network.
type Kind string

// The kinds of network.
const (
	Loopback Kind = "loopback" // all hosts are one machine, 127.0.0.1 or ::1
	Wire     Kind = "wire"     // each host has its own TCP, and routers connect them
)

// A Network describes the network of a scenario. The zero value of each field means the
// default of the kernel or of the network.
type Network struct {
	Kind  Kind
	Line  int // of the setting, for messages; 0 is none
	IPv6  bool
	Hosts []Host // the server's host is named "server", the first client's "client"

	MTU     int      // of every link, bytes
	Rate    int64    // of every link, bits a second; 0 is unlimited
	Queue   int      // the most bytes that wait for a link; a router drops the rest; 0 is unlimited
	Loss    float64  // share of frames lost on the path, 0 to 1
	Seed    uint64   // chooses which frames are lost: the same seed loses the same ones
	Capture string   // the host at whose end the capture is taken; "client" when empty
	AlsoAt  []string // further hosts at whose ends it is taken, each as an interface of the file
	ARP     ARP
	Late    []Late     // which frames arrive late
	Rules   []PathRule // which frames are dropped, rejected, duplicated or damaged
	NATs    []NAT      // in front of hosts
	PathMTU int        // of the middle of the path, bytes; 0 is that of the hosts' links

	NoICMP       bool      // no router reports that a packet is too big for the middle of the path
	NoHostSilent bool      // no router reports that no host has an address
	TCP          TCP       // whose TCP the scenario needs; any when empty
	Start        time.Time // when a network with virtual time begins; zero is 1 October 1985
	Volume       int64     // about how many bytes the scenario transfers; the size of the recorder's ring depends on it
}

// Places returns the hosts at whose ends the capture is taken. A packet that crosses
// several of them is judged at the first.
func (n *Network) Places() []string {
	return append([]string{cmp.Or(n.Capture, "client")}, n.AlsoAt...)
}

// Loses reports whether the path loses frames: by chance, at a full queue, or by a rule.
func (n *Network) Loses() bool {
	byRule := func(r PathRule) bool { return r.Kind == Drop || r.Kind == Corrupt }
	return n.Loss > 0 || n.Queue > 0 || slices.ContainsFunc(n.Rules, byRule)
}

// TCP names the TCP implementation of the hosts.
type TCP string

// The TCP implementations.
const (
	LinuxTCP  TCP = "linux"  // Linux's own, in network namespaces of this machine
	GVisorTCP TCP = "gvisor" // gVisor's, in user space and in virtual time, on any system
)

// ARP says what the hosts know of their gateway when the capture begins.
type ARP string

// What a host may know of its gateway.
const (
	ARPAsk    ARP = ""       // nothing: the first packet is an ARP request
	ARPCached ARP = "cached" // its MAC address, from before the capture
)

// A Host is one host: its address and path, and how its TCP differs from that of a
// current Linux.
type Host struct {
	Name string
	Addr netip.Addr
	Line int    // of the scenario file, for messages; 0 for a host that the file does not mention
	Of   string // the host whose other address this is, of the other IP version; "" for a host of its own

	Way          time.Duration // the part of RTT from the client to this host; 0 is half of RTT
	RTT          time.Duration // of the path between this host and the client
	MTU          int           // of its own link, bytes
	Rate         int64         // of the link to it, bits a second; 0 is that of the network
	Window       int           // receive window that its SYN advertises, bytes
	Buffer       int           // receive buffer, bytes: limits the window during the whole connection
	NoTimestamps bool          // no timestamp option (RFC 7323, 3)
	NoWScale     bool          // no window scale option (RFC 7323, 2)
	NoSACK       bool          // no selective acknowledgement (RFC 2018)
	NoDF         bool          // does not set Don't Fragment: no path MTU discovery (RFC 1191)
	TTL          int           // of the packets it sends
	Congestion   string        // congestion control; reno when empty
	CWND         int           // the congestion window, fixed at so many segments
	Cork         bool          // sends only full segments until the end of a transfer (TCP_CORK)
	FINApart     bool          // also sends the FIN in a packet of its own
	Ports        []PortRange   // the ports it uses, in order, when the scenario names none
}

// NetworkSettings returns the names of the settings that are about the network of the scenario, in the order of the
// manual. Loopback alone is none: it is what a machine has.
func (s *Scenario) NetworkSettings() (names []string) {
	n := s.Network
	add := func(used bool, name string) {
		if used && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	add(n.Kind == Wire || n.IPv6, "network")
	add(slices.ContainsFunc(n.Hosts, func(h Host) bool { return h.Line > 0 }), "host")
	add(len(n.NATs) > 0, "nat")
	add(len(n.Late) > 0, "late")
	for _, r := range n.Rules {
		add(true, string(r.Kind))
	}
	add(len(s.Names) > 0, "name")
	return names
}

// Other returns the host that is the other address of a host, if it has one.
func (n Network) Other(name string) (other Host, ok bool) {
	for _, h := range n.Hosts {
		if h.Of == name || h.Name != name && n.of(name) == h.Name {
			return h, true
		}
	}
	return Host{}, false
}

// Dual reports whether the network has a host with IPv4 and IPv6.
func (n Network) Dual() bool {
	return slices.ContainsFunc(n.Hosts, func(h Host) bool { return h.Of != "" })
}

// isIPv6 reports whether a host has an IPv6 address.
func (n Network) isIPv6(host string) bool {
	return slices.ContainsFunc(n.Hosts, func(h Host) bool { return h.Name == host && h.Addr.Is6() })
}

// of returns the host whose other address the host of a name is, or "".
func (n Network) of(name string) string {
	for _, h := range n.Hosts {
		if h.Name == name {
			return h.Of
		}
	}
	return ""
}

// machine returns the host that has the address which a name stands for.
func (n Network) machine(name string) string { return cmp.Or(n.of(name), name) }

// SlowestRate returns the rate of the slowest link, in bits a second; 0 is unlimited.
func (n Network) SlowestRate() (slowest int64) {
	for _, h := range n.Hosts {
		if rate := cmp.Or(h.Rate, n.Rate); rate > 0 && (slowest == 0 || rate < slowest) {
			slowest = rate
		}
	}
	return slowest
}

// Outward returns how long a packet takes from the client to the host.
func (h Host) Outward() time.Duration {
	if h.Way > 0 {
		return h.Way
	}
	return h.RTT / 2
}

// Homeward returns how long a packet takes from the host to the client.
func (h Host) Homeward() time.Duration { return h.RTT - h.Outward() }

// A PortRange is the ports First to Last, both included.
type PortRange struct{ First, Last uint16 }

// Late delays the first segments that match it.
type Late struct {
	Line             int    // of the scenario file, for messages
	From, To         string // hosts
	FromPort, ToPort uint16 // 0 is any
	Flags            Flags
	Length           int // payload, bytes; -1 is any
	Count            int // how many segments; 1 when 0
	By               time.Duration
	Overtaken        bool // they wait until a later segment has arrived, and then for By
	Optional         bool // the scenario does not fail if no packet matches
}

// PathRule returns the rule that matches the same segments.
func (l Late) PathRule() PathRule {
	return PathRule{Line: l.Line, Kind: delay, From: l.From, To: l.To, FromPort: l.FromPort, ToPort: l.ToPort,
		Flags: l.Flags, Length: l.Length, Optional: l.Optional}
}

// A PathRuleKind says what happens to a segment that matches a [PathRule].
type PathRuleKind string

// The kinds of path rules.
const (
	Drop      PathRuleKind = "drop"      // it is dropped
	Reject    PathRuleKind = "reject"    // it is dropped, and its sender gets an ICMP error or a reset
	Duplicate PathRuleKind = "duplicate" // it arrives twice
	Corrupt   PathRuleKind = "corrupt"   // one of its bits changes, so its receiver drops it

	delay PathRuleKind = "late" // of a [Late]
)

// A PathRule says what happens to some segments on the path.
type PathRule struct {
	Line             int // of the scenario file, for messages
	Kind             PathRuleKind
	From, To         string // hosts
	FromPort, ToPort uint16 // 0 is any
	Both             bool   // the segments of the other direction match, too
	Flags            Flags
	Length           int           // payload, bytes; -1 is any
	Text             string        // pattern of a line in the payload, in which * matches anything; "" is any payload
	Skip             int           // so many matching segments pass first
	Count            int           // how many; 0 is all
	After            time.Duration // since the first packet of the network
	For              time.Duration // so long, and then no longer; 0 is to the end
	Idle             time.Duration // only on connections without a packet for so long; 0 is all connections
	With             RejectWith    // what Reject sends
	Optional         bool          // the scenario does not fail if no packet matches
}

// String returns which segments the rule is about, as in a scenario.
func (r PathRule) String() string {
	words := []string{string(r.Kind), r.Direction()}
	if r.Flags != (Flags{}) {
		words = append(words, r.Flags.String())
	}
	if r.Text != "" {
		words = append(words, strconv.Quote(r.Text))
	}
	if r.Length >= 0 {
		words = append(words, fmt.Sprintf("length=%d", r.Length))
	}
	return strings.Join(words, " ")
}

// Direction returns the two ends of the rule, as in a scenario.
func (r PathRule) Direction() string {
	arrow := ">"
	if r.Both {
		arrow = "<>"
	}
	end := func(host string, port uint16) string {
		if port == 0 {
			return host
		}
		return fmt.Sprintf("%s.%d", host, port)
	}
	return fmt.Sprintf("%s %s %s", end(r.From, r.FromPort), arrow, end(r.To, r.ToPort))
}

// RejectWith says what the sender of a rejected segment gets.
type RejectWith string

// What [Reject] sends. The first three are ICMP messages of a router (RFC 792, 1812,
// 5.2.7.1, and 4443, 3.1); the last seems to come from the other host.
const (
	PortUnreachable RejectWith = "port"
	HostUnreachable RejectWith = "host"
	Prohibited      RejectWith = "prohibited"
	TCPReset        RejectWith = "reset"
)

// MatchesPayload reports whether a line of a segment's payload matches the rule's text.
func (r PathRule) MatchesPayload(payload []byte) bool {
	if r.Text == "" {
		return true
	}
	for line := range strings.Lines(string(payload)) {
		if matchesText(r.Text, strings.TrimRight(line, "\r\n")) {
			return true
		}
	}
	return false
}

// Subnet returns the network of the host at index i: a /24, or a /64 of IPv6, or a
// smaller one if another host would be in the same network. The error says why the host
// cannot have its address: there is a router between every two hosts, and no host has
// the first or the last address of an IPv4 network (RFC 1812, 4.2.3.1).
func Subnet(hosts []Host, i int) (netip.Prefix, error) {
	h := hosts[i]
	if !h.Addr.IsValid() {
		return netip.Prefix{}, fmt.Errorf("host %s has no address", h.Name)
	}
	first := hosts[max(0, slices.IndexFunc(hosts, func(h Host) bool { return h.Of == "" }))]
	if h.Of == "" && h.Addr.Is4() != first.Addr.Is4() {
		return netip.Prefix{}, fmt.Errorf("host %s is at %v and host %s at %v: a network carries IPv4 or IPv6, and both only with of=",
			first.Name, first.Addr, h.Name, h.Addr)
	}
	bits := 64
	if h.Addr.Is4() {
		bits = 24
	}
	var near *Host // the host because of which the network is smaller
	for j, other := range hosts {
		if j == i || other.Addr.Is4() != h.Addr.Is4() {
			continue
		}
		if n := commonBits(h.Addr, other.Addr) + 1; n > bits {
			bits, near = n, &hosts[j]
		}
	}
	prefix, err := h.Addr.Prefix(bits)
	switch {
	case near != nil && (err != nil || h.Addr.BitLen()-bits < 2):
		return netip.Prefix{}, fmt.Errorf("host %s at %v: too close to %s: there is a router between the networks of two hosts; choose an address in another network for one of them",
			h.Name, h.Addr, near.place())
	case prefix.Addr() == h.Addr || h.Addr.Is4() && lastOf(prefix) == h.Addr:
		err = fmt.Errorf("host %s at %v: no host can have the first or the last address of its network, %v", h.Name, h.Addr, prefix)
		if near != nil {
			err = fmt.Errorf("%w, which is that small because of %s", err, near.place())
		}
		return netip.Prefix{}, err
	}
	return prefix, nil
}

// place says, in a message, where a host is, and in which line that is written.
func (h Host) place() string {
	if h.Line == 0 {
		return fmt.Sprintf("host %s at %v, which every scenario has", h.Name, h.Addr)
	}
	return fmt.Sprintf("host %s at %v of line %d", h.Name, h.Addr, h.Line)
}

// commonBits returns how many leading bits two addresses share.
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

// lastOf returns the last address of an IPv4 network, its broadcast address.
func lastOf(p netip.Prefix) netip.Addr {
	b := p.Addr().As4()
	last := binary.BigEndian.Uint32(b[:]) | 1<<(32-p.Bits()) - 1
	binary.BigEndian.PutUint32(b[:], last)
	return netip.AddrFrom4(b)
}
