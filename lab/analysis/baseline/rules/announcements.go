// Rules about the addresses that are announced for data connections.

package rules

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/bounded"
	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
)

var ownAddressRule = Rule{
	Name: "own-address", Theme: "announcements",
	Says:     "PORT, EPRT and the reply to PASV carry the address of the host that sends them.",
	Source:   "RFC 2577, 2 and 3 (the bounce attack)",
	Example:  "> PORT 203,0,113,7,31,64 from a client at 198.51.100.100",
	Severity: Violation,
	Matters:  "A server that connects to a third party on a client's request attacks it for the client, and reaches hosts that the client cannot reach.",
	Innocent: "a NAT device stands between the two, so that they announce an address which the capture does not show, or two servers exchange a file on a client's request.",
	look:     eachSession(ownAddress),
}

// A translation is a judgment of an announced address that is not its sender's, with its reason.
type translation struct {
	severity Severity
	because  string
}

func ownAddress(e *Evidence, s *session) []breach {
	type kind struct {
		translation
		addr netip.Addr
		mode ftp.Mode
	}
	groups := map[kind]*breach{}
	var order []*breach
	for _, a := range s.DataPorts {
		addr := a.Addr.Addr().Unmap()
		if !a.ThirdParty || s.spoiled(a) {
			continue
		}
		t := e.translated(s, a)
		k := kind{t, addr, a.Mode}
		b := groups[k]
		if b == nil {
			b = &breach{
				severity: t.severity,
				sign:     s.leadsAway(a, t),
				observed: fmt.Sprintf("the %s, %s, announced %s: %s", party(a.Mode), s.party(a.Mode), a.Where(), t.because),
			}
			groups[k] = b
			order = append(order, b)
		}
		b.packets = append(b.packets, a.Packet, a.ReplyPacket)
	}
	var found []breach
	for _, b := range order {
		found = append(found, *b)
	}
	return found
}

// spoiled reports whether an announcement, or the reply to it, was damaged on its way.
func (s *session) spoiled(a *ftp.DataPort) bool { return s.Unread[a.Packet] || s.Unread[a.ReplyPacket] }

// party is the side that announces the address in the given mode.
func party(m ftp.Mode) ftp.Side {
	if m == ftp.Active {
		return ftp.Client
	}
	return ftp.Server
}

// party is the address of the announcing side in its packets.
func (s *session) party(m ftp.Mode) netip.Addr {
	return s.Control.Addr(party(m)).Addr().Unmap()
}

// translated judges an announced address that is not its sender's. An attack or NAT may be
// the reason, or the capture does not show which.
func (e *Evidence) translated(s *session, a *ftp.DataPort) translation {
	addr, own := a.Addr.Addr().Unmap(), s.party(a.Mode)
	for _, c := range s.DataOf(a.Connections) {
		if c.Addr(party(a.Mode)).Addr().Unmap() == own {
			return translation{Note, "the data connection came to its own address, so a NAT device stands between the two"}
		}
	}
	if len(a.SiteToSite) > 0 {
		return translation{Odd, "where another server listens on the same client's request: the two servers exchange a file (RFC 959, 5.2, figure 2)"}
	}
	if addr.IsUnspecified() {
		return translation{Note, "which stands for the address of the control connection"}
	}
	if addr.Is4() != own.Is4() && e.watch.cards.oneHost(addr, own) {
		return translation{Odd, "another address of the same host, as both come from one network card"}
	}
	if a.Mode == ftp.Passive {
		if s.privateHosts(ftp.Passive) >= manyHosts {
			return translation{Violation, "one of several hosts to which this server sends its client"}
		}
		return e.redirected(s, a, addr, own)
	}
	elsewhere := addr != s.Server() && e.Served[evidence.Between(s.Client(), addr)]
	switch {
	case elsewhere && a.Addr.Port() >= packet.FirstUserPort:
		return translation{Odd, "a server with which the client has a session, too: probably the two servers exchange a file (RFC 959, 5.2, figure 2)"}
	case a.Addr.Port() < packet.FirstUserPort:
		return translation{Violation, "a third party's service at a low port"}
	case addr.IsLoopback() && servicePorts[a.Addr.Port()]:
		return translation{Violation, "a service of the server's own host, as clients that were made to speak FTP announce it"}
	case !servicePorts[a.Addr.Port()] && s.transferred(a, addr) && e.watch.cards.oneHost(addr, own):
		return translation{Odd, "another address of the same host, as both come from one network card, and the transfer went there"}
	case s.reached(a, addr) && (sameNetwork(addr, s.Server()) || isPrivate(addr) && !isPrivate(own)):
		return translation{Violation, "a host in the server's network, which accepted its connection"}
	case addr == s.Server():
		return translation{Violation, "the server's own address"}
	case isPrivate(addr) && sameNetwork(addr, s.Server()) && s.onlyServices(addr):
		return translation{Violation, "a service of a host in the server's network, so NAT does not explain it"}
	case s.behindNAT(a, addr, own) && s.onlyServices(addr):
		return translation{Odd, "a service of a host, and no port of a client behind a NAT device"}
	case s.behindNAT(a, addr, own) && !isPrivate(own) && e.otherAddresses(s, addr) == 0 && !s.idle(a) && len(a.Connections) == 0:
		return translation{Note, "a private address, as clients behind a NAT device have"}
	case s.behindNAT(a, addr, own):
		return translation{Odd, "its own address behind a NAT device, or a third party's"}
	case e.otherAddresses(s, addr) > 0:
		return translation{Violation, "one of several addresses that this client announced"}
	case sameNetwork(addr, own):
		return translation{Violation, "another host in its own network, so NAT does not explain it"}
	case s.idle(a):
		return translation{Violation, "and no transfer to it followed"}
	case isPrivate(own):
		return translation{Odd, "its own address behind a NAT device, or a third party's"}
	case !s.tried(a):
		return translation{Odd, "a third party's address; the capture does not show what followed"}
	}
	return translation{Violation, "a third party's address"}
}

// servicePorts are ports at which services listen for hosts of their own network: databases, caches, PHP, the interfaces of
// containers, desktops, printers and web servers inside.
var servicePorts = map[uint16]bool{1433: true, 1521: true, 2049: true, 2375: true, 3306: true, 3389: true, 5432: true, 5900: true, 5984: true,
	5985: true, 6379: true, 8080: true, 8443: true, 8500: true, 9000: true, 9100: true, 9200: true, 10250: true, 11211: true, 27017: true}

// onlyServices reports whether a client announced no other ports of an address than those of services. A client draws or
// counts its ports.
func (s *session) onlyServices(addr netip.Addr) bool {
	return !slices.ContainsFunc(s.DataPorts, func(a *ftp.DataPort) bool {
		return a.Mode == ftp.Active && a.Addr.Addr().Unmap() == addr && !servicePorts[a.Addr.Port()]
	})
}

// reached reports whether a data connection to an announced address was established.
func (s *session) reached(a *ftp.DataPort, addr netip.Addr) bool {
	for _, c := range s.DataOf(a.Connections) {
		if c.Addr(party(a.Mode)).Addr().Unmap() == addr && c.HandshakeSeen {
			return true
		}
	}
	return false
}

// transferred reports whether a transfer went over a data connection to an announced address: the
// server reported success, and the receiver sent nothing and did not reset the connection.
func (s *session) transferred(a *ftp.DataPort, addr netip.Addr) bool {
	for _, c := range s.DataOf(a.Connections) {
		x := s.transfer(c)
		if c.Addr(party(a.Mode)).Addr().Unmap() == addr && c.HandshakeSeen && c.ResetBy == "" &&
			x != nil && evidence.Completed(x) && c.Flow(x.Sender().Other()).Bytes == 0 {
			return true
		}
	}
	return false
}

// redirected judges the address of a passive announcement that is not the
// server's.
func (e *Evidence) redirected(s *session, a *ftp.DataPort, addr, own netip.Addr) translation {
	inside := isPrivate(addr) && !isPrivate(own) && addr != s.Client() && s.reached(a, addr) && (sameNetwork(addr, s.Client()) || addr.IsLinkLocalUnicast())
	switch {
	case inside && (servicePorts[a.Addr.Port()] || a.Addr.Port() < packet.FirstUserPort):
		return translation{Violation, "a service in the client's network, to which the server sends the client's data (CWE-918)"}
	case inside:
		return translation{Odd, "a host in the client's network, which accepted the connection"}
	case isPrivate(own) && isPrivate(s.Client()) && !isPrivate(addr) && s.reached(a, addr):
		return translation{Odd, "a public address, to which the client went, although both are in private networks"}
	case isPrivate(addr) != isPrivate(own) && !addr.IsLoopback():
		return translation{Note, "as a server behind a NAT device does"}
	case addr == s.Client():
		return translation{Odd, "the client's own address"}
	}
	return translation{Odd, "another server's address, as large sites with several servers use, but also an attacker's server"}
}

// leadsAway is how much it counts as a sign that a server led its client to another server: the client went there, and
// the other server is not near the first one. Servers of one site are.
func (s *session) leadsAway(a *ftp.DataPort, t translation) (sign int) {
	addr, own := a.Addr.Addr().Unmap(), s.Server()
	bits := 16
	if !own.Is4() {
		bits = 32
	}
	near, err := own.Prefix(bits)
	if a.Mode != ftp.Passive || t.severity != Odd || isPrivate(addr) || err != nil || near.Contains(addr) || !s.reached(a, addr) {
		return 0
	}
	return 1
}

// manyHosts is how many private addresses a server announces that sends its client from host to host,
// or a client that sends its server. A site has fewer servers behind one address, and a client has one.
const manyHosts = 3

// privateHosts counts the private addresses that a side announced in a mode, and that are not in its own
// network.
func (s *session) privateHosts(m ftp.Mode) int {
	hosts := map[netip.Addr]bool{}
	for _, a := range s.DataPorts {
		if addr := a.Addr.Addr().Unmap(); a.Mode == m && a.ThirdParty && isPrivate(addr) && !sameNetwork(addr, s.party(m)) && !s.spoiled(a) {
			hosts[addr] = true
		}
	}
	return len(hosts)
}

// behindNAT reports whether an announced address may be that of the client itself, before a NAT device
// translates it: a private address, not in the network in which the client seems to be, to which the
// server did not get through.
func (s *session) behindNAT(a *ftp.DataPort, addr, own netip.Addr) bool {
	return isPrivate(addr) && !sameNetwork(addr, own) && !s.reached(a, addr) && s.privateHosts(ftp.Active) < manyHosts
}

// otherAddresses counts the addresses of the same family that the client of a session announced in
// all of its sessions, without its own and the given one.
func (e *Evidence) otherAddresses(s *session, addr netip.Addr) int {
	n := 0
	for other := range e.Announced[s.Client()] {
		if other != addr && other != s.Client() && other.Is4() == addr.Is4() {
			n++
		}
	}
	return n
}

// refused reports whether the server declined the announcement.
func refused(a *ftp.DataPort) bool { return a.ReplyCode >= 400 }

// idle reports whether the server accepted an announcement, and the client did not use it.
func (s *session) idle(a *ftp.DataPort) bool { return !refused(a) && s.Whole && s.unused(a) }

// unused reports whether the session continued without a transfer that uses the
// announcement.
func (s *session) unused(a *ftp.DataPort) bool {
	x := s.next(a)
	return x != nil && !evidence.IsTransfer(x) && len(a.Connections) == 0
}

// tried reports whether the capture shows how the transfer to an announced address
// ended.
func (s *session) tried(a *ftp.DataPort) bool {
	x := s.next(a)
	return x != nil && (!evidence.IsTransfer(x) || x.Final() != 0)
}

// next is the first command after an announcement that begins a transfer, makes another
// announcement, or ends the session; nil if the capture ends before.
func (s *session) next(a *ftp.DataPort) *ftp.Exchange {
	from := s.Before(a.Packet)
	if a.Exchange >= 0 {
		from = s.Index(a.Exchange) + 1
	}
	for _, x := range s.Exchanges[from:] {
		switch x.Command {
		case "PORT", "EPRT", "PASV", "EPSV", "QUIT", "LPSV", "LPRT":
			return x
		}
		if evidence.IsTransfer(x) {
			return x
		}
	}
	return nil
}

// sameNetwork reports whether two addresses are in the same small network, so that there is
// no NAT between them.
func sameNetwork(a, b netip.Addr) bool {
	if a.Is4() != b.Is4() {
		return false
	}
	bits := 24
	if a.Is6() {
		bits = 64
	}
	network, _ := a.Prefix(bits)
	return network.Contains(b)
}

// shared is the address space for carrier-grade NAT (RFC 6598).
var shared = netip.MustParsePrefix("100.64.0.0/10")

// isPrivate reports whether an address is valid in one network only.
func isPrivate(a netip.Addr) bool {
	return a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || shared.Contains(a)
}

func without(list []int, value int) []int {
	var kept []int
	for _, v := range list {
		if v != value {
			kept = append(kept, v)
		}
	}
	return kept
}

var unprivilegedPortRule = Rule{
	Name: "unprivileged-port", Theme: "announcements",
	Says:     "The ports in PORT, EPRT, 227 and 229 are 1024 or higher.",
	Source:   "RFC 2577, 3; Frederick 2001",
	Example:  "> PORT 198,51,100,100,0,25",
	Severity: Violation,
	Matters:  "Services such as mail, web and remote shells listen below 1024. A transfer to such a port can attack them.",
	Innocent: "the server is behind a firewall that opens only one low port.",
	look:     eachSession(unprivilegedPort),
}

func unprivilegedPort(_ *Evidence, s *session) []breach {
	var found []breach
	for _, a := range s.DataPorts {
		if a.Addr.Port() >= packet.FirstUserPort || a.Addr.Port() == 0 && a.Mode == ftp.Active && refused(a) || s.spoiled(a) {
			continue
		}
		b := breach{
			packets:  []int{a.Packet, a.ReplyPacket},
			observed: fmt.Sprintf("%s announced %s", a.Command, a.Where()),
		}
		if !a.ThirdParty && (s.works(a) || a.Mode == ftp.Passive) {
			b.severity = Odd
		}
		found = append(found, b)
	}
	return found
}

// works reports whether a data connection came to an announced address, as far as the
// capture shows. For an unfinished transfer it may still come.
func (s *session) works(a *ftp.DataPort) bool {
	for _, c := range s.DataOf(a.Connections) {
		if c.HandshakeSeen {
			return true
		}
	}
	x := s.next(a)
	return a.Mode == ftp.Passive && x != nil && evidence.IsTransfer(x) && (evidence.Completed(x) || x.Final() == 0)
}

var announcementWellFormedRule = Rule{
	Name: "announcement-well-formed", Theme: "announcements",
	Says:     "PORT and 227 have six numbers up to 255. EPRT and 229 have an address and a port between bars.",
	Source:   "RFC 959, 5.3.2; RFC 2428, 2 and 3",
	Example:  "> PORT 198,51,100,100,12",
	Severity: Violation,
	Matters:  "Clients and servers do not write anything else. Fuzzers and exploits do.",
	Innocent: "a person typed the command, or removed the address before the capture was published.",
	look:     eachSession(announcementWellFormed),
}

func announcementWellFormed(_ *Evidence, s *session) []breach {
	understood := map[*ftp.Exchange]bool{}
	for _, a := range s.DataPorts {
		if a.Addr.Addr().IsValid() {
			understood[s.Announcing(a)] = true
		}
	}
	var found []breach
	for _, x := range s.Exchanges {
		if understood[x] && x.Command == "PORT" && strings.Count(x.Argument, ",") > 5 {
			b := breach{packets: []int{x.Packet}, observed: "the client said " + wording.Quote(x.Line.Text)}
			if len(strings.FieldsFunc(x.Argument, notDigit)) == 6 {
				b.severity = Odd // a comma too many
			}
			found = append(found, b)
		}
		if understood[x] || s.MayBeRest(x.Line) || !x.Line.Complete || !s.Readable(x.Packet) {
			continue
		}
		switch {
		case x.Command == "PORT" || x.Command == "EPRT":
			b := breach{packets: []int{x.Packet}, observed: "the client said " + wording.Quote(x.Line.Text)}
			if x.Argument == "" {
				b.severity = Odd
			}
			found = append(found, b)
		case x.Final() == 227 || x.Final() == 229:
			r := x.Replies[len(x.Replies)-1]
			if r.Lines[0].Complete && s.Readable(r.Packet) {
				found = append(found, breach{
					severity: Odd, packets: []int{r.Packet}, observed: "the server said " + wording.Quote(r.Lines[0].Text),
				})
			}
		}
	}
	return found
}

func notDigit(r rune) bool { return r < '0' || r > '9' }

var announcementUsedRule = Rule{
	Name: "announcement-used", Theme: "announcements",
	Says:     "A transfer follows each PORT, EPRT, PASV or EPSV.",
	Source:   "RFC 959, 3.2; RFC 2577, 8 (port stealing)",
	Example:  "> PASV twelve times in a row, without a transfer",
	Severity: Violation,
	Matters:  "Many of them in a row without a transfer scan a host, or use up the ports of the server.",
	Innocent: "the transfers were refused, or the user gave up.",
	look:     announcementsUsed,
}

// How many unused announcements in a row are odd, and how many are an attack.
const (
	idleAnnouncements = 3
	vainAnnouncements = 10
	manySessions      = 10 // with idleAnnouncements each
)

// announcementsUsed looks at each session, and at all those of a client that moved nothing.
func announcementsUsed() look {
	rows := map[evidence.PairOfHosts][]int{}
	return look{
		session: func(e *Evidence, s *session) []breach {
			row := s.unusedRow()
			if moved := slices.ContainsFunc(s.Exchanges, evidence.IsTransfer); !moved && len(row) > 1 && bounded.Takes(s.ledger, maxPairs, rows, s.Hosts()) {
				rows[s.Hosts()] = append(rows[s.Hosts()], row...)
			}
			return announcementUsed(e, s)
		},
		end: func(*Evidence) (found []breach) {
			for hosts, row := range rows {
				if len(row) >= manySessions*idleAnnouncements {
					found = append(found, breach{hosts: hosts, packets: row,
						observed: fmt.Sprintf("%s had %s announce %d data ports in many sessions, and used none", hosts.Client(), hosts.Server(), len(row))})
				}
			}
			sortByFrame(found)
			return found
		},
	}
}

// unusedRow is the longest row of announcements in a session that no transfer used.
func (s *session) unusedRow() []int {
	if s.Lossy() {
		return nil
	}
	var row, longest []int
	for _, a := range s.DataPorts {
		switch {
		case refused(a):
		case s.unused(a):
			row = append(row, a.Packet)
		default:
			row = nil
		}
		if len(row) > len(longest) {
			longest = row
		}
	}
	return longest
}

func announcementUsed(_ *Evidence, s *session) []breach {
	longest := s.unusedRow()
	if len(longest) < idleAnnouncements {
		return nil
	}
	b := breach{
		packets:  longest,
		observed: fmt.Sprintf("%d addresses in a row were announced, and none was used", len(longest)),
	}
	if len(longest) < vainAnnouncements {
		b.severity, b.sign = Odd, 1
	}
	return []breach{b}
}
