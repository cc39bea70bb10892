// Servers that only collect passwords, in the name of others.

package rules

import (
	"fmt"
	"net/netip"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/bounded"
	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
)

// Ports of the protocols with which hosts of a link ask each other for names (RFC 4795, RFC 1002).
const (
	llmnrPort = 5355
	netbiosNS = 137
)

// named are the hosts that answered others about a name without a name server, with the packet.
type named map[evidence.PairOfHosts]int

// packet takes the next datagram.
func (n named) packet(g *bounded.Ledger, p *capture.Packet) {
	if from := p.UDP.SrcPort; from != llmnrPort && from != netbiosNS || p.UDP.DstPort == llmnrPort || p.IP.Dst.IsMulticast() {
		return
	}
	if between := (evidence.Between(p.IP.Dst.Unmap(), p.IP.Src.Unmap())); n[between] == 0 && bounded.Takes(g, maxPairs, n, between) {
		n[between] = p.Number
	}
}

// impostors are the servers with what they did about logins.
type impostors struct {
	harvests map[netip.Addr]*harvest
	proven   map[proof][]proving // who proved which password
}

// A harvest is what a server heard that let nobody in.
type harvest struct {
	users  map[string]int // with the packet of the refusal
	named  []int          // answers about its name
	honest bool           // it let somebody in, or gave somebody a second try
}

// A proof is a user with a password at a server, and a proving an attempt with it.
type proof struct {
	server         netip.Addr
	user, password string
}

type proving struct {
	packet    int
	accepted  bool
	greeting  string // without digits
	ttl       uint8
	connected bool // the time to live is known
}

func newImpostors() *impostors {
	return &impostors{harvests: map[netip.Addr]*harvest{}, proven: map[proof][]proving{}}
}

// add takes the next session.
func (all *impostors) add(e *Evidence, s *session) {
	if len(s.Logins) == 0 || !s.Whole || !bounded.Takes(s.ledger, maxHosts, all.harvests, s.Server()) {
		return
	}
	h := all.harvests[s.Server()]
	if h == nil {
		h = &harvest{users: map[string]int{}}
		all.harvests[s.Server()] = h
	}
	c := s.Control
	hungUp := (c.FirstFIN == ftp.Server || c.ResetBy == ftp.Server) && !s.Said("QUIT")
	h.honest = h.honest || s.LoggedIn > 0 || !hungUp || len(s.Logins) > 1
	if at := e.watch.named[s.Hosts()]; at > 0 {
		h.named = appendSome(h.named, at)
	}
	for _, l := range s.Logins {
		if l.Failed() && len(h.users) < maxNames {
			noteUser(h.users, l)
		}
		if s.Greeting == nil || !l.Succeeded() && !l.Failed() || isPublic(l.User) {
			continue
		}
		p := proving{packet: l.At, accepted: l.Succeeded(), greeting: digits.ReplaceAllString(s.Greeting.Text, "")}
		p.ttl, p.connected = e.watch.senders.serverTTL(c.ID)
		if of := (proof{s.Server(), l.User, l.Password}); bounded.Takes(s.ledger, maxAccounts, all.proven, of) {
			all.proven[of] = addProving(all.proven[of], p)
		}
	}
}

// addProving appends an attempt. In a row of attempts that went alike, only the first and the last count.
func addProving(list []proving, p proving) []proving {
	alike := func(q proving) bool {
		return q.accepted == p.accepted && q.greeting == p.greeting && q.ttl == p.ttl && q.connected == p.connected
	}
	if n := len(list); n > 1 && alike(list[n-1]) && alike(list[n-2]) {
		list = list[:n-1]
	}
	return append(list, p)
}

func noteUser(users map[string]int, l evidence.Login) {
	if _, known := users[l.User]; !known {
		users[l.User] = l.At
	}
}

// judge finds servers that answer for a name, take the passwords of several users and let none of them in,
// and such that take the place of another one for a while.
func (all *impostors) judge() (found []breach) {
	for server, h := range all.harvests {
		if h.honest || h.named == nil {
			continue
		}
		b := breach{severity: Note, sign: 1, hosts: evidence.Between(netip.Addr{}, server), packets: append(firstPackets(h.users), h.named...),
			observed: fmt.Sprintf("%s answers for a name by LLMNR or NetBIOS, hears the passwords of %s, refuses them and hangs up", server, wording.Plural(len(h.users), "user", "users"))}
		if len(h.users) > 1 {
			b.severity = Violation
		}
		found = append(found, b)
	}
	for of, list := range all.proven {
		for i := 1; i < len(list)-1; i++ {
			first, p, last := list[0], list[i], list[len(list)-1]
			if d := int(first.ttl) - int(p.ttl); first.accepted && last.accepted && !p.accepted && first.connected && p.connected &&
				first.greeting == last.greeting && first.greeting != p.greeting && max(d, -d) >= otherHops {
				found = append(found, breach{hosts: evidence.Between(netip.Addr{}, of.server), packets: []int{first.packet, p.packet, last.packet},
					observed: fmt.Sprintf("another server took the place of %s for a while, from another distance, and refused a password of %s that is right", of.server, wording.Quote(of.user))})
				break
			}
		}
	}
	return found
}
