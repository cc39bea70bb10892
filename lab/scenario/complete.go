// Checks that need the whole file: its settings against each other, and against the
// hosts that the file does not mention. They refuse everything that the network or a
// server would refuse later, because here the message can name a line.

package scenario

import (
	"cmp"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

// complete adds what the file leaves out, and does the checks that need the whole file.
func (p *parser) complete() {
	plan := &p.s.Network
	if plan.Kind == "" {
		plan.Kind = Loopback
	}
	p.defaultHost("client", "198.51.100.100", "2001:db8:1::100")
	p.defaultHost("server", "192.0.2.21", "2001:db8:2::21")
	if len(p.s.Names) > 0 {
		p.defaultHost("nameserver", "198.51.100.53", "2001:db8:3::53")
	}
	if plan.Capture == "" {
		plan.Capture = "client"
	}
	for _, c := range []struct {
		check func()
		needs string // settings; if a line of one of them has a mistake, the check would report what is none
	}{
		{p.checkHosts, "network host nat"},
		{p.checkSessions, "network host"},
		{p.checkNetwork, "network host"},
		{p.checkEffects, "network host"},
		{p.checkNames, "network host"},
		{p.checkLate, "network host deadline"},
		{p.checkPathRules, "network host"},
		{p.checkNATs, "network host"},
		{p.checkReplicas, "network host"},
		{p.checkPorts, "network host server replica"},
		{p.checkReplies, ""},
		{p.checkTLSReplies, "server"},
		{p.checkTLS, "server client program"},
		{p.checkProgram, "program"},
	} {
		if !slices.ContainsFunc(strings.Fields(c.needs), func(name string) bool { return p.lost[name] }) {
			p.try(c.check)
		}
	}
	if len(p.lost) == 0 {
		p.try(p.checkSteps)
	}
	plan.Volume = p.volume()
}

// defaultHost adds a host that the file does not mention.
func (p *parser) defaultHost(name, ipv4, ipv6 string) {
	if _, ok := p.s.Host(name); ok {
		return
	}
	plan := &p.s.Network
	address := ipv4
	switch {
	case plan.Kind == Loopback && plan.IPv6:
		address = "::1"
	case plan.Kind == Loopback:
		address = "127.0.0.1"
	case plan.IPv6:
		address = ipv6
	}
	plan.Hosts = append(plan.Hosts, Host{Name: name, Addr: netip.MustParseAddr(address)})
}

func (p *parser) checkHosts() {
	plan := &p.s.Network
	ok := tryEach(p, plan.Hosts, func(i int, h Host) {
		p.atHost(h)
		if h.Of != "" {
			p.checkOther(h)
			return
		}
		p.checkFamily("host "+h.Name, h.Addr)
		p.checkMTU(h.MTU)
		if h.Way > h.RTT {
			p.fail("host %s: the one-way delay, way=%v, cannot be longer than the round trip, rtt=%v", h.Name, h.Way, h.RTT)
		}
		if plan.Kind == Loopback {
			p.checkLoopbackHost(h)
			return
		}
		if !h.Addr.IsGlobalUnicast() {
			p.fail("host %s: %s is not the address of a single host", h.Name, h.Addr)
		}
		if j := slices.IndexFunc(plan.Hosts[:i], func(o Host) bool { return o.Addr == h.Addr }); j >= 0 {
			p.sameAddress(plan.Hosts[j], h)
		}
	})
	if ok && plan.Kind == Wire {
		p.checkSubnets()
	}
}

// sameAddress refuses two hosts with one address. The second may be one that the file does
// not mention, and the name of the first a typing mistake.
func (p *parser) sameAddress(first, second Host) {
	if second.Line == 0 {
		p.line = first.Line
		p.fail("host %s: the host %s, which every scenario has, has the address %s, too; if this line is about the host %s, write its name", first.Name, second.Name, second.Addr, second.Name)
	}
	p.fail("host %s: the host %s has the address %s already", second.Name, first.Name, second.Addr)
}

// noHost is the end of a message about a host that is not there: the others.
func (p *parser) noHost(name string) string {
	var names []string
	for _, h := range p.s.Network.Hosts {
		names = append(names, h.Name)
	}
	if hint := DidYouMean(name, names); hint != "" {
		return fmt.Sprintf("there is no host %q%s", name, hint)
	}
	return fmt.Sprintf("there is no host %q; the hosts are %s", name, sorted(names))
}

// atHost sets the line of the next errors to that of the host. A host that the file
// does not mention has none: then the line is that of the host that it conflicts with.
func (p *parser) atHost(h Host) {
	if h.Line != 0 {
		p.line = h.Line
	}
}

// checkSubnets refuses hosts whose addresses are so close that no router fits between
// their networks.
func (p *parser) checkSubnets() {
	for i, h := range p.s.Network.Hosts {
		p.atHost(h)
		_, err := Subnet(p.s.Network.Hosts, i)
		p.check(err)
	}
}

// checkFamily refuses an IPv4 address on an IPv6 network, and the reverse.
func (p *parser) checkFamily(what string, addr netip.Addr) {
	if addr.Is6() != p.s.Network.IPv6 {
		p.fail("%s has the address %s: the network is %s", what, addr, map[bool]string{true: "IPv6, as it says ipv6", false: "IPv4, as it does not say ipv6"}[p.s.Network.IPv6])
	}
}

// checkMTU refuses a link that IPv6 cannot use.
func (p *parser) checkMTU(mtu int) {
	const least = 1280
	if p.s.Network.IPv6 && mtu != 0 && mtu < least {
		p.fail("mtu %d: with ipv6 a link carries packets of %d bytes or more (RFC 8200, 5)", mtu, least)
	}
}

// checkOther checks the other address of a host.
func (p *parser) checkOther(h Host) {
	plan := &p.s.Network
	main, ok := p.s.Host(h.Of)
	switch {
	case plan.Kind == Loopback:
		p.fail("host %s: on network loopback a host has one address; network wire has hosts with two", h.Name)
	case !ok || main.Of != "" || h.Of == h.Name:
		p.fail("host %s: of=%s is not a host of its own; name a host that has no of= itself", h.Name, h.Of)
	case main.Addr.Is4() == h.Addr.Is4():
		p.fail("host %s: %s has the address %s already; the other address must be of the other IP version", h.Name, h.Of, main.Addr)
	case !h.Addr.IsGlobalUnicast():
		p.fail("host %s: %s is not the address of a single host", h.Name, h.Addr)
	case h.changesTCP() || len(h.Ports) > 0 || h.Cork:
		p.fail("host %s: an address has no options but of=; put the others into the line of host %s", h.Name, h.Of)
	case slices.Contains(plan.Places(), h.Name):
		p.fail("capture=%s: this is an address of host %s; capture=%s records both of its addresses", h.Name, h.Of, h.Of)
	case plan.NATOf(h.Of) != nil || plan.NATOf(h.Name) != nil:
		p.fail("host %s: %s is behind a NAT, which has IPv4 only", h.Name, h.Of)
	}
	p.check(plan.onlyOther(h))
}

// onlyOther refuses a second other address.
func (n Network) onlyOther(h Host) error {
	for _, o := range n.Hosts {
		if o.Name == h.Name {
			break
		}
		if o.Of == h.Of {
			return fmt.Errorf("host %s: %s is the other address of %s already", h.Name, o.Name, h.Of)
		}
	}
	return nil
}

// changesTCP reports whether an option of the host changes its path or its TCP.
func (h Host) changesTCP() bool {
	return h.Rate != 0 || h.RTT != 0 || h.Way != 0 || h.MTU != 0 || h.Window != 0 || h.Buffer != 0 || h.TTL != 0 || h.Congestion != "" || h.CWND != 0 ||
		h.NoTimestamps || h.NoWScale || h.NoSACK || h.NoDF
}

// checkLoopbackHost refuses options that loopback would ignore.
func (p *parser) checkLoopbackHost(h Host) {
	if h.changesTCP() {
		p.fail("host %s: on network loopback a host takes ports= and cork= only; network wire has hosts of their own", h.Name)
	}
	if !h.Addr.IsLoopback() {
		p.fail("host %s: %s is not a loopback address; use network wire, or keep the loopback address", h.Name, h.Addr)
	}
}

func (p *parser) checkNetwork() {
	p.line = max(1, p.networkLine)
	plan := p.s.Network
	p.checkMTU(plan.MTU)
	p.checkMTU(plan.PathMTU)
	const largestMTU = 65535 // of what Linux joins namespaces with
	if plan.Kind == Wire && plan.MTU > largestMTU {
		p.fail("mtu %d: on network wire a link carries packets of at most %d bytes", plan.MTU, largestMTU)
	}
	places := plan.Places()
	for i, name := range places {
		if _, ok := p.s.Host(name); !ok {
			p.fail("capture=%s: %s", strings.Join(places, ","), p.noHost(name))
		}
		if slices.Contains(places[:i], name) {
			p.fail("capture=%s: the host %s appears twice", strings.Join(places, ","), name)
		}
	}
}

// checkEffects refuses settings that can have no effect on the packets.
func (p *parser) checkEffects() {
	const ethernet = 1500
	plan := p.s.Network
	link, rate := cmp.Or(plan.MTU, ethernet), plan.Rate > 0
	for _, h := range plan.Hosts {
		link, rate = max(link, h.MTU), rate || h.Rate > 0
		if p.atHost(h); h.Name == "client" && h.Cork {
			p.fail("host client: cork= is about the data that the server sends; put it into the line of host server")
		}
	}
	p.line = max(1, p.networkLine)
	switch {
	case plan.Queue > 0 && !rate:
		p.fail("queue=: without a rate nothing waits for a link, and nothing is dropped; rate=8Mbit, here or of a host, gives it one")
	case plan.PathMTU > link:
		p.fail("pathmtu=%d: no link carries packets of more than %d bytes, so none is too big for the path; make it smaller, or mtu= larger", plan.PathMTU, link)
	case plan.NoICMP && plan.PathMTU == 0:
		p.fail("icmp=off: no packet is too big for the middle of the path, so no router would report one; pathmtu=1400 makes some too big")
	case !plan.Start.IsZero() && plan.TCP == LinuxTCP:
		p.fail("start= is for gVisor's TCP, and tcp=linux has the time of this machine; leave one of the two out")
	}
}

// checkNames refuses names that the name server could not answer for.
func (p *parser) checkNames() {
	tryEach(p, p.s.Names, func(_ int, n Name) {
		p.line = n.Line
		if !p.s.Network.Dual() {
			p.checkFamily("name "+n.Name, n.Addr)
		}
		p.check(n.Check())
	})
}

func (p *parser) checkLate() {
	tryEach(p, p.s.Network.Late, func(_ int, l Late) {
		p.line = l.Line
		p.checkEnds("late", l.From, l.To)
		switch {
		case p.s.Network.Kind == Loopback:
			p.fail("late: on network loopback nothing comes late; network wire has a path")
		case l.By > p.s.Deadline:
			// The run would last until the packet has arrived.
			p.fail("late: by=%v is longer than a step may take, %v; the setting deadline allows more", l.By, p.s.Deadline)
		}
	})
}

// checkEnds refuses a setting about the path between two hosts unless there is one.
func (p *parser) checkEnds(setting, from, to string) {
	for _, name := range []string{from, to} {
		if _, ok := p.s.Host(name); !ok {
			p.fail("%s: %s", setting, p.noHost(name))
		}
	}
	switch {
	case p.s.Network.isIPv6(from) != p.s.Network.isIPv6(to):
		p.fail("%s: of %s and %s, one is an IPv4 and one an IPv6 address; name two addresses of one IP version", setting, from, to)
	case from == to:
		p.fail("%s: there is no path from %s to itself", setting, from)
	}
}

func (p *parser) checkPathRules() {
	tryEach(p, p.s.Network.Rules, func(_ int, r PathRule) {
		p.line = r.Line
		p.checkEnds(string(r.Kind), r.From, r.To)
		switch {
		case p.s.Network.Kind == Loopback:
			p.fail("%s: network loopback has no path; network wire has one", r.Kind)
		case p.s.Network.isIPv6(r.From) && (r.With == HostUnreachable || r.With == Prohibited):
			p.fail("%s: with=%s is for IPv4, because gVisor's TCP ignores this message of ICMPv6; with=port and with=reset are for both", r.Kind, r.With)
		}
	})
}

func (p *parser) checkReplicas() {
	tryEach(p, p.s.Server.Replicas, func(_ int, r Replica) {
		p.line = r.Line
		_, ok := p.s.Host(r.Host)
		switch {
		case p.s.Network.Kind == Loopback:
			p.fail("replica: on network loopback all hosts are one; network wire has hosts of their own")
		case !ok:
			p.fail("replica: %s", p.noHost(r.Host))
		case p.s.Network.of(r.Host) != "":
			p.fail("replica: %s is an address of host %s", r.Host, p.s.Network.of(r.Host))
		case r.Host == "server":
			p.fail("replica: the host server has the server already")
		}
	})
}

// checkPorts refuses the port at which a server listens where the same host needs it for something else.
func (p *parser) checkPorts() {
	server, loopback := p.s.Server, p.s.Network.Kind == Loopback
	only := func(ports []PortRange) bool {
		return len(ports) > 0 && !slices.ContainsFunc(ports, func(r PortRange) bool { return r != PortRange{server.Port, server.Port} })
	}
	p.line = max(1, server.Line)
	switch {
	case server.ActivePort == server.Port:
		p.fail("server: at activeport=%d the server listens for control connections, so no data connection can come from there; choose another port", server.ActivePort)
	case only(server.DataPorts):
		p.fail("server: at dataports=%d the server listens for control connections, so no data connection can go there; choose other ports", server.Port)
	}
	for _, h := range p.s.Network.Hosts {
		if p.atHost(h); only(h.Ports) && (loopback || p.s.hasServer(h.Name)) {
			p.fail("host %s: at ports=%d the server listens for control connections, so no other connection can have this port; choose other ports", h.Name, server.Port)
		}
	}
	for _, s := range p.s.Steps {
		if p.line = s.Line; loopback && s.Port == server.Port && (s.Verb == "active" || s.Verb == "listen") {
			p.fail("%s %d: on network loopback the server listens at this port; choose another one", s.Verb, s.Port)
		}
	}
}

// hasServer reports whether the server or a replica of it is on a host.
func (s *Scenario) hasServer(host string) bool {
	return host == "server" || slices.ContainsFunc(s.Server.Replicas, func(r Replica) bool { return r.Host == host })
}

// replyCodes are the codes that the lab's server sends.
var replyCodes = []int{
	150, 200, 202, 211, 212, 213, 215, 220, 221, 226, 227, 229, 230, 250, 257, 331, 350,
	421, 425, 426, 450, 500, 501, 502, 503, 504, 522, 530, 550, 552, 553,
	234, 533, 536, // if it has TLS
	521, 534, // if it requires TLS
}

// checkReplies refuses reply texts that no client could understand or that the server
// never sends.
func (p *parser) checkReplies() {
	tryEach(p, p.s.Server.Replies, func(_ int, r Reply) {
		p.line = r.Line
		p.check(r.Check())
		if !slices.Contains(replyCodes, r.Code) {
			p.fail("reply %d: the lab's server never sends this code, so nobody would see its text; it sends %s", r.Code, strings.Trim(fmt.Sprint(slices.Sorted(slices.Values(replyCodes))), "[]"))
		}
	})
}

// accountName matches the account names that every system accepts (useradd(8)).
var accountName = regexp.MustCompile(`^[a-z_][a-z0-9_-]{0,31}$`)

// OwnServerSettings says, in messages, which settings only the lab's own server follows,
// in addition to those of TLS.
const OwnServerSettings = "replica, the sections server and replies, cork= and all of server but port= are for the lab's server"

// NeedsOwnServer reports whether the scenario has some of the [OwnServerSettings].
func (s *Scenario) NeedsOwnServer() bool {
	host, _ := s.Host("server")
	o := s.Server
	return o.Idle != 0 || o.ReadOnly || o.ReplyFirst || o.DialFirst || o.AwaitFIN || o.Wording != "" || len(o.Replies) > 0 || host.Cork ||
		o.ActivePort != 0 || len(o.Replicas) > 0 || len(o.Rules) > 0 || o.Slow != 0 || o.Nagle || o.ThirdParty || len(o.DataPorts) > 0
}

// checkTLSReplies refuses texts of replies about TLS that the server does not send, because of
// its setting tls=.
func (p *parser) checkTLSReplies() {
	mode := p.s.Server.TLS.Mode
	if len(p.s.Server.Program) > 0 {
		return
	}
	tryEach(p, p.s.Server.Replies, func(_ int, r Reply) {
		p.line = r.Line
		switch r.Code {
		case 234, 533, 536:
			if mode == "" {
				p.fail("reply %d: only a server with TLS sends this code, so nobody would see its text; `server tls=explicit` has TLS", r.Code)
			}
		case 521, 534:
			if mode != RequiredTLS {
				p.fail("reply %d: only a server that requires TLS sends this code, so nobody would see its text; `server tls=required` requires it", r.Code)
			}
		}
	})
}

// checkProgram refuses settings that only the lab's own server understands.
func (p *parser) checkProgram() {
	s := p.s.Server
	if len(s.Program) == 0 && len(s.Etc) > 0 {
		p.line = s.Etc[0].Line
		p.fail("the lab's own server reads no configuration; the setting program starts a server that does")
	}
	if s.ReplyFirst && s.DialFirst {
		p.line = s.Line
		p.fail("server: with connectfirst the data connection is open long before the 150 of replyfirst; use one of them")
	}
	if len(s.Program) == 0 {
		return
	}
	p.line = s.ProgramLine
	if _, ok := find(s.Etc, ConfigFile); !ok && strings.Contains(strings.Join(s.Program, " "), "$CONFIG") {
		p.fail("program: $CONFIG is the path of the section config, and there is none")
	}
	if p.s.NeedsOwnServer() {
		p.fail("program: a program has its own replies and habits; %s", OwnServerSettings)
	}
	tryEach(p, s.Users, func(_ int, u User) {
		if !accountName.MatchString(u.Name) || slices.Contains([]string{"anonymous", "ftp", "root"}, u.Name) {
			p.fail("user %s: a program's users are accounts of its system, with names of lower-case letters, digits, - and _, and not anonymous, ftp or root, which it has", u.Name)
		}
	})
}
