// How data connections are matched to the announcements and commands that they belong to.

package ftp

import (
	"cmp"
	"net/netip"
	"slices"
	"sort"

	"ftplab/lab/analysis/packet"
)

// An Opening has the facts that decide whether a connection came to an announced address.
type Opening struct {
	ID int
	// Ends are the senders of the two directions, 0 that of the first packet.
	Ends [2]netip.AddrPort
	// Initiator is the direction that opened it, -1 if no handshake was seen.
	Initiator int
	// FirstPacket and LastPacket are its first and its last packet; AnswerSYN is the packet of the
	// first SYN of the side that accepted, 0 for none.
	FirstPacket, LastPacket, AnswerSYN int
	// FirstTime is the stamp of its first packet, in nanoseconds since 1970.
	FirstTime int64
	// Data says that it carries data, and Sends which directions do, even if the capture lacks it.
	Data  bool
	Sends [2]bool
	// TLS says that it seems to be in TLS. TLSClient is the direction of the client of TLS, -1
	// if no hello shows it.
	TLS       bool
	TLSClient int
}

// MayBeData reports whether it goes to a port that no service has by default, as data connections
// do.
func (o *Opening) MayBeData() bool {
	if o.Initiator >= 0 {
		return o.Ends[1-o.Initiator].Port() >= packet.FirstUserPort
	}
	return o.Ends[0].Port() >= packet.FirstUserPort && o.Ends[1].Port() >= packet.FirstUserPort
}

// An expected connection is one that a data port announced.
type expected struct {
	*DataPort
	control   int        // the ID of the connection it was announced on
	host      netip.Addr // listens at the announced port
	initiator netip.Addr // connects to it: the other party of the session
	began     int64      // the time of the session's first packet
	closed    int        // the last packet of the session, 0 if that is not known
}

// listener is the address that the connection comes to.
func (e *expected) listener() netip.AddrPort { return netip.AddrPortFrom(e.host, e.Addr.Port()) }

// Expected is a table of the data connections that sessions announced. It is searched by the
// listening address, alone or together with the connecting host.
type Expected struct {
	list                            []expected
	byListener, byInitiator, byMode []int32 // indexes, in order, that of the packets last
}

// Add adds the data ports of a session. A connection may come to the address in the text or
// to the address of the party that announced it: with NAT, the two differ. began is the time of
// the session's first packet, closed its last packet, 0 if that is not known.
func (all *Expected) Add(control int, began int64, closed int, client, server netip.AddrPort, ports []*DataPort) {
	for _, a := range ports {
		if a.PortLost {
			continue
		}
		host, initiator := server.Addr().Unmap(), client.Addr().Unmap()
		if a.Mode == Active {
			host, initiator = initiator, host
		}
		announced := a.Addr.Addr().Unmap()
		all.list = append(all.list, expected{a, control, announced, initiator, began, closed})
		if host != announced {
			all.list = append(all.list, expected{a, control, host, initiator, began, closed})
		}
	}
}

// Sort sorts the table, which Match requires.
func (all *Expected) Sort() {
	ordered := func(compare func(x, y *expected) int) []int32 {
		order := make([]int32, len(all.list))
		for i := range order {
			order[i] = int32(i)
		}
		slices.SortStableFunc(order, func(i, j int32) int { return compare(&all.list[i], &all.list[j]) })
		return order
	}
	all.byListener = ordered(func(x, y *expected) int { return x.compare(y.listener(), anyHost, y.from) })
	all.byInitiator = ordered(func(x, y *expected) int { return x.compare(y.listener(), y.initiator, y.from) })
	all.byMode = ordered(func(x, y *expected) int { return x.compareMode(y.listener(), y.Mode, y.from) })
}

// Len is how many entries the table has.
func (all *Expected) Len() int { return len(all.list) }

// anyHost stands for any connecting host.
var anyHost netip.Addr

func (e *expected) compare(listener netip.AddrPort, initiator netip.Addr, packet int) int {
	if c := e.listener().Compare(listener); c != 0 {
		return c
	}
	if c := e.initiator.Compare(initiator); c != 0 && initiator != anyHost {
		return c
	}
	return cmp.Compare(e.from, packet)
}

// compareMode orders by the listening address, the mode and the packets.
func (e *expected) compareMode(listener netip.AddrPort, mode Mode, packet int) int {
	return cmp.Or(e.listener().Compare(listener), cmp.Compare(e.Mode, mode), cmp.Compare(e.from, packet))
}

// newest returns the last entry before a packet. If there is none, it returns one whose
// command came before the packet, since the reply with the address may have been captured
// late. It returns nil if there is none of these either.
func (all *Expected) newest(listener netip.AddrPort, initiator netip.Addr, packet int) *expected {
	order := all.byInitiator
	if initiator == anyHost {
		order = all.byListener
	}
	i := sort.Search(len(order), func(i int) bool { return all.list[order[i]].compare(listener, initiator, packet) > 0 })
	meant := func(e *expected) bool {
		return e.listener() == listener && (e.initiator == initiator || initiator == anyHost) && !e.over(packet)
	}
	if i > 0 {
		if e := &all.list[order[i-1]]; meant(e) {
			return e
		}
	}
	if i < len(order) {
		if e := &all.list[order[i]]; meant(e) && e.Packet <= packet {
			return e
		}
	}
	return nil
}

// over reports whether the data port was closed when a packet was sent, because its transfer
// or its session had ended.
func (e *expected) over(packet int) bool {
	return e.closed > 0 && packet > e.closed || e.usedUp > 0 && packet > e.usedUp && len(e.Connections) > 0
}

// Match finds the data port that a connection came to, adds the connection to it, and
// returns the purpose of the connection. An announcement to the connecting host takes
// precedence over others, and then the newest one.
func (all *Expected) Match(o *Opening) (purpose Purpose, ok bool) {
	for _, known := range []bool{true, false} {
		e, listener := all.accept(o, known)
		if e == nil {
			continue
		}
		purpose = e.join(o, listener)
		if other := all.otherEnd(o, &purpose, listener); other != nil {
			other.joined(o.ID)
			siteToSite(o.ID, e.DataPort, other.DataPort)
		}
		return purpose, true
	}
	return Purpose{}, false
}

// MatchOtherEnd finds the data port that a session of the table announced for a connection which a
// session outside the table announced, too: one between two servers. It adds the connection to the
// data port. If the connecting host is the other party of the table's session, and not of the other
// session, the connection gets a new purpose, and ok is true. party is the other party of that session.
func (all *Expected) MatchOtherEnd(o *Opening, p *Purpose, party netip.Addr) (purpose Purpose, ok bool) {
	listener := p.ClientDir
	if p.Mode == Passive {
		listener = 1 - listener
	}
	e := all.otherEnd(o, p, listener)
	if e == nil {
		return purpose, false
	}
	purpose = e.join(o, listener)
	siteToSite(o.ID, p.DataPort, e.DataPort)
	host := o.Ends[1-listener].Addr().Unmap()
	return purpose, host == e.initiator && host != party.Unmap()
}

// MatchRequested is Match for a connection that a side asked a proxy for: it came to a data port there.
func (all *Expected) MatchRequested(o *Opening, p *Proxy, asker int) (purpose Purpose, ok bool) {
	there := *o
	for _, at := range p.Listeners(o.Ends[1-asker].Addr()) {
		there.Ends[1-asker] = at
		if purpose, ok = all.Match(&there); ok {
			purpose.Proxy, purpose.asker = p, int8(asker)
			return purpose, true
		}
	}
	return purpose, false
}

// siteToSite notes that a connection between two servers came to two data ports.
func siteToSite(id int, a, b *DataPort) {
	a.SiteToSite, b.SiteToSite = append(a.SiteToSite, id), append(b.SiteToSite, id)
}

// join adds a connection to the data port, and returns the purpose of the connection.
func (e *expected) join(o *Opening, listener int) Purpose {
	client := listener
	if e.Mode == Passive {
		client = 1 - listener
	}
	e.joined(o.ID)
	return Purpose{Role: Data, Mode: e.Mode, ClientDir: client, DataPort: e.DataPort, Control: e.control}
}

// joined notes a connection that came to the data port.
func (e *expected) joined(id int) {
	e.Connections, e.uses = append(e.Connections, id), append(e.uses, -1)
}

// otherEnd returns the data port that another session announced for a connection with a purpose, nil
// if there is none. A client that makes one server send to another gives the first the
// address at which the second listens (RFC 959 section 5.2, figure 2). It looks only at the
// newest few, since a capture may announce one address very often.
func (all *Expected) otherEnd(o *Opening, of *Purpose, listener int) *expected {
	const few = 8
	at, mode := unmapped(o.Ends[listener]), Passive
	if of.Mode == Passive {
		mode = Active
	}
	i := sort.Search(len(all.byMode), func(i int) bool {
		return all.list[all.byMode[i]].compareMode(at, mode, o.FirstPacket) > 0
	})
	for _, k := range slices.Backward(all.byMode[max(0, i-few):i]) {
		e := &all.list[k]
		if e.listener() == at && e.Mode == mode && e.control != of.Control && !e.over(o.FirstPacket) {
			return e
		}
	}
	return nil
}

// accept returns the newest entry that a connection may have come to, nil for none, and the
// direction of the listening side. With known, the connecting host must be the other party
// of the session.
func (all *Expected) accept(o *Opening, known bool) (best *expected, listener int) {
	for dir := range 2 {
		if dir == o.Initiator {
			continue // this side connected, and did not listen
		}
		initiator := anyHost
		if known {
			initiator = o.Ends[1-dir].Addr().Unmap()
		}
		e := all.newest(unmapped(o.Ends[dir]), initiator, o.FirstPacket)
		if e == nil { // the SYN may have been captured early, but not its answer
			e = all.newest(unmapped(o.Ends[dir]), initiator, o.AnswerSYN)
		}
		if e != nil && (best == nil || e.from > best.from) {
			best, listener = e, dir
		}
	}
	return best, listener
}

// unmapped turns an IPv4 address that is mapped to IPv6 into plain IPv4.
func unmapped(a netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()) }

// A Port20 recognizes connections from a server's port 20 (RFC 959 section 3.2), and those in
// TLS from port 989, which is registered with IANA for the data of FTPS, as data connections
// whose announcement is not in the capture. Each belongs to the last session between the two
// hosts that began before it. If the capture has no session at all, the connection alone must look like one for data: it
// carries some, in one direction unless in TLS, and goes to a port that no service has by default.
type Port20 struct{ owners map[hosts][]owner }

type hosts struct{ client, server netip.Addr }

// An owner is a session with its first packet.
type owner struct{ control, first int }

// Add adds a session with its first packet, 0 if it is older than the capture. Sessions are added
// in their order. Those before it that did not begin before it, either, own no connection from now on.
func (all *Port20) Add(control, first int, client, server netip.AddrPort) {
	if all.owners == nil {
		all.owners = map[hosts][]owner{}
	}
	h := hosts{client.Addr().Unmap(), server.Addr().Unmap()}
	n, _ := slices.BinarySearchFunc(all.owners[h], first, func(x owner, first int) int { return x.first - first })
	all.owners[h] = append(all.owners[h][:n], owner{control, first})
}

// Match returns the purpose of a connection if it is one of these. A connection to one of these
// ports is not, since only scans open those.
func (all *Port20) Match(o *Opening) (purpose Purpose, ok bool) {
	if o.fromDataPort(0) == o.fromDataPort(1) {
		return purpose, false
	}
	server := 0
	if o.fromDataPort(1) {
		server = 1
	}
	if o.Initiator == 1-server {
		return purpose, false
	}
	purpose = Purpose{Role: Data, Mode: Active, ClientDir: 1 - server, Control: NoConnection}
	owners := all.owners[hosts{o.Ends[1-server].Addr().Unmap(), o.Ends[server].Addr().Unmap()}]
	n, _ := slices.BinarySearchFunc(owners, o.FirstPacket, func(x owner, packet int) int { return x.first - packet })
	if n > 0 {
		purpose.Control = owners[n-1].control
	}
	alone := len(all.owners) == 0 && o.Data && (o.TLS || o.Sends[0] != o.Sends[1]) && o.Ends[1-server].Port() >= packet.FirstUserPort
	return purpose, purpose.Control != NoConnection || alone
}

// fromDataPort reports whether an end is at the port from which servers open data connections.
func (o *Opening) fromDataPort(end int) bool {
	port := o.Ends[end].Port()
	return port == ftpDataPort || port == ftpsDataPort && o.TLS && o.TLSClient != end
}
