// Data connections are joined to what announced and used them.

package ftp

import (
	"cmp"
	"net/netip"
	"slices"
	"sort"
	"strings"
)

// An Opening is what decides whether a connection came to an announced address.
type Opening struct {
	ID int
	// Ends are the senders of the two directions, 0 that of the first packet.
	Ends [2]netip.AddrPort
	// Initiator is the direction that opened it, -1 if no handshake was seen.
	Initiator int
	// FirstPacket is its first packet; AnswerSYN is the packet of the first SYN of
	// the side that was called, 0 for none.
	FirstPacket, AnswerSYN int
	// Data says that it carries data.
	Data bool
}

// An expected connection is one that a data port announced.
type expected struct {
	*DataPort
	control int        // the ID of the connection it was announced on
	host    netip.Addr // who is to be called, at the announced port
	caller  netip.Addr // and by whom: the other party of the session
	closed  int        // the packet behind which the session is over, 0 if that is not known
}

// listener is where a call would come to.
func (e *expected) listener() netip.AddrPort { return netip.AddrPortFrom(e.host, e.Addr.Port()) }

// Expected is a table of the data connections that sessions announced. They are found
// by who listens, or by that and who calls.
type Expected struct {
	list                 []expected
	byListener, byCaller []int32 // indexes, in order, that of the packets last
}

// Add takes in the data ports of a session. An announced address may be that in the text
// or that of the party which announced it: behind an address translator, the two differ. The
// session was over behind the packet closed; 0 says that this is not known.
func (all *Expected) Add(control, closed int, client, server netip.AddrPort, ports []*DataPort) {
	for _, a := range ports {
		host, caller := server.Addr().Unmap(), client.Addr().Unmap()
		if a.Mode == Active {
			host, caller = caller, host
		}
		announced := a.Addr.Addr().Unmap()
		all.list = append(all.list, expected{a, control, announced, caller, closed})
		if host != announced {
			all.list = append(all.list, expected{a, control, host, caller, closed})
		}
	}
}

// Sort puts the table in order; then connections can be matched.
func (all *Expected) Sort() {
	ordered := func(compare func(x, y *expected) int) []int32 {
		order := make([]int32, len(all.list))
		for i := range order {
			order[i] = int32(i)
		}
		slices.SortStableFunc(order, func(i, j int32) int { return compare(&all.list[i], &all.list[j]) })
		return order
	}
	all.byListener = ordered(func(x, y *expected) int { return x.compare(y.listener(), anybody, y.from) })
	all.byCaller = ordered(func(x, y *expected) int { return x.compare(y.listener(), y.caller, y.from) })
}

// Len is how many entries the table has.
func (all *Expected) Len() int { return len(all.list) }

// anybody may be the caller.
var anybody netip.Addr

func (e *expected) compare(listener netip.AddrPort, caller netip.Addr, packet int) int {
	if c := e.listener().Compare(listener); c != 0 {
		return c
	}
	if c := e.caller.Compare(caller); c != 0 && caller != anybody {
		return c
	}
	return cmp.Compare(e.from, packet)
}

// newest returns the last entry before a packet. If there is none it is one that had been
// asked for before the packet: the reply with the address may have been captured late. It
// is nil if there is none of these either.
func (all *Expected) newest(listener netip.AddrPort, caller netip.Addr, packet int) *expected {
	order := all.byCaller
	if caller == anybody {
		order = all.byListener
	}
	i := sort.Search(len(order), func(i int) bool { return all.list[order[i]].compare(listener, caller, packet) > 0 })
	meant := func(e *expected) bool {
		return e.listener() == listener && (e.caller == caller || caller == anybody) && !e.over(packet)
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

// over reports whether no connection could come to the data port any more when a packet
// passed: its transfer had ended, or its session.
func (e *expected) over(packet int) bool {
	return e.closed > 0 && packet > e.closed || e.usedUp > 0 && packet > e.usedUp && len(e.Connections) > 0
}

// Match finds the data port that a connection came to, notes the connection there, and
// returns what the connection is for. The newest announcement counts; one whose other
// party is the caller counts more than one whose is not.
func (all *Expected) Match(o *Opening) (purpose Purpose, ok bool) {
	for _, known := range []bool{true, false} {
		e, listener := all.accept(o, known)
		if e == nil {
			continue
		}
		client := listener
		if e.Mode == Passive {
			client = 1 - listener
		}
		e.joined(o.ID)
		if other := all.otherEnd(o, e, listener); other != nil {
			other.joined(o.ID)
			e.SiteToSite, other.SiteToSite = append(e.SiteToSite, o.ID), append(other.SiteToSite, o.ID)
		}
		return Purpose{Role: Data, Mode: e.Mode, Client: client, DataPort: e.DataPort, Control: e.control}, true
	}
	return Purpose{}, false
}

// joined notes a connection that came to the data port.
func (e *expected) joined(id int) {
	e.Connections, e.uses = append(e.Connections, id), append(e.uses, -1)
}

// otherEnd returns the data port that another session announced for the same connection,
// nil if there is none: a client that has one server send to another hands the address
// that this one listens at to that one (RFC 959 section 5.2, figure 2).
func (all *Expected) otherEnd(o *Opening, of *expected, listener int) *expected {
	at := unmapped(o.Ends[listener])
	i := sort.Search(len(all.byListener), func(i int) bool { return all.list[all.byListener[i]].compare(at, anybody, o.FirstPacket) > 0 })
	for i--; i >= 0 && all.list[all.byListener[i]].listener() == at; i-- {
		e := &all.list[all.byListener[i]]
		if e.control != of.control && e.Mode != of.Mode && !e.over(o.FirstPacket) {
			return e
		}
	}
	return nil
}

// accept returns the newest entry that a connection may have come to, and the direction of
// the side that listened; nil if there is none. With known, the caller must be the
// other party of the session.
func (all *Expected) accept(o *Opening, known bool) (best *expected, listener int) {
	for dir := range 2 {
		if dir == o.Initiator {
			continue // an announced address is one that is called
		}
		caller := anybody
		if known {
			caller = o.Ends[1-dir].Addr().Unmap()
		}
		e := all.newest(unmapped(o.Ends[dir]), caller, o.FirstPacket)
		if e == nil { // the call may have been captured early; nobody takes it before
			e = all.newest(unmapped(o.Ends[dir]), caller, o.AnswerSYN)
		}
		if e != nil && (best == nil || e.from > best.from) {
			best, listener = e, dir
		}
	}
	return best, listener
}

// unmapped is an address of IPv4 as itself, even if it is written as one of IPv6.
func unmapped(a netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()) }

// A Port20 takes connections from a server's port 20 (RFC 959 section 3.2) for data
// connections whose announcement is not in the capture. Each belongs to the last session
// between the two hosts that had begun, if there is one.
type Port20 struct{ owners map[hosts][]owner }

type hosts struct{ client, server netip.Addr }

// An owner is a session, and the packet with which it begins.
type owner struct{ control, first int }

// Add takes in a session that begins with a packet, in the order of the sessions.
func (all *Port20) Add(control, first int, client, server netip.AddrPort) {
	if all.owners == nil {
		all.owners = map[hosts][]owner{}
	}
	h := hosts{client.Addr().Unmap(), server.Addr().Unmap()}
	all.owners[h] = append(all.owners[h], owner{control, first})
}

// Match returns what a connection is for if it is one of these. One that was called at
// port 20 is none: a scan does that.
func (all *Port20) Match(o *Opening) (purpose Purpose, ok bool) {
	if (o.Ends[0].Port() == ftpDataPort) == (o.Ends[1].Port() == ftpDataPort) {
		return purpose, false
	}
	server := 0
	if o.Ends[1].Port() == ftpDataPort {
		server = 1
	}
	if o.Initiator == 1-server {
		return purpose, false
	}
	purpose = Purpose{Role: Data, Mode: Active, Client: 1 - server, Control: NoConnection}
	for _, x := range all.owners[hosts{o.Ends[1-server].Addr().Unmap(), o.Ends[server].Addr().Unmap()}] {
		if x.first < o.FirstPacket {
			purpose.Control = x.control
		}
	}
	return purpose, purpose.Control != NoConnection || len(all.owners) == 0 && o.Data
}

// senders are the commands that move data over a data connection, with the side that
// sends it.
var senders = map[string]Side{
	"RETR": Server, "LIST": Server, "NLST": Server, "MLSD": Server,
	"STOR": Client, "STOU": Client, "APPE": Client,
}

// Sender is the side that sends the data which the command moves over a data
// connection, "" if it moves none.
func (e *Exchange) Sender() Side { return senders[e.Command] }

// Sender is the side that sends the data.
func (t *Transfer) Sender() Side { return senders[t.Command] }

// A transferCommand is a command that moves data over a data connection.
type transferCommand struct {
	Transfer
	firstPacket int
	finalPacket int  // of the reply that ended it, 0 for none
	began       bool // the server said that it begins
	joined      bool // a data connection belongs to it
}

// transfers are the commands of a session that move data, as far as it has been read.
type transfers struct {
	list     []transferCommand
	commands int    // so far
	mode     string // agreed on so far
}

// add takes the next command.
func (all *transfers) add(e *Exchange) {
	final := e.Final()
	switch {
	case e.Command == "MODE" && final == 200:
		all.mode = strings.TrimPrefix(capitals(strings.TrimSpace(strings.Clone(e.Argument))), "S")
	case e.Command == "REIN" && final == 220:
		all.mode = ""
	case e.Sender() != "":
		t := Transfer{all.commands, strings.Clone(e.Command), strings.Clone(e.Argument), e.Packet, final, all.mode}
		x := transferCommand{Transfer: t, firstPacket: e.FirstPacket, began: e.began()}
		if n := len(e.Replies); n > 0 && t.Reply > 0 {
			x.finalPacket = e.Replies[n-1].Packet
		}
		all.list = append(all.list, x)
	}
	all.commands++
}

// between returns those from one command on, up to another.
func (all *transfers) between(from, to int) []transferCommand {
	at := func(command int) int {
		return sort.Search(len(all.list), func(i int) bool { return all.list[i].Exchange >= command })
	}
	return all.list[at(from):at(max(from, to))]
}

// Assign calls assign for the data connections of each data port of a session that were
// used by one of the commands between it and the next data port. Afterwards the
// commands are forgotten.
//
// A malformed address to which nothing came is no data port.
func (o *Outline) Assign(firstPacket func(id int) int, assign func(id int, t *Transfer)) {
	o.DataPorts = slices.DeleteFunc(o.DataPorts, func(a *DataPort) bool { return a.Malformed && len(a.Connections) == 0 })
	for i, a := range o.DataPorts {
		last := o.transfers.commands
		if i+1 < len(o.DataPorts) {
			last = o.DataPorts[i+1].seen // the one that announces moves no data itself
		}
		among := o.transfers.between(a.seen, last)
		free := among
		for n, id := range a.Connections {
			for len(free) > 0 && free[0].joined {
				free = free[1:]
			}
			candidates := free
			if len(free) == 0 {
				candidates = among
			}
			if x := chosen(candidates, firstPacket(id), a.Mode); x != nil {
				x.joined = true
				a.uses[n] = x.Exchange
				t := x.Transfer
				assign(id, &t)
			}
		}
	}
	o.transfers = transfers{}
}

// chosen is the command, of some, that a data connection belongs to; nil for none. The
// server opens an active one for the last command before its first packet; a passive one
// may be opened before its command is sent, and belongs to the first that was not refused.
// If the first of them is free, only those that are count.
func chosen(among []transferCommand, firstPacket int, mode Mode) *transferCommand {
	if len(among) == 0 {
		return nil
	}
	best := &among[0]
	for i := range among {
		x := &among[i]
		switch {
		case x.joined && !among[0].joined:
		case mode == Active && x.firstPacket <= firstPacket:
			best = x
		case mode == Passive && x.began:
			return x
		}
	}
	return best
}

// EachUse calls use for every data connection of a session that one of its commands used,
// with the index of that.
func EachUse(ports []*DataPort, use func(exchange, id int)) {
	for _, a := range ports {
		for n, exchange := range a.uses {
			if exchange >= 0 {
				use(exchange, a.Connections[n])
			}
		}
	}
}

// began reports whether the server said that it begins the transfer.
func (e *Exchange) began() bool {
	for _, r := range e.Replies {
		if preliminary(r.Code) {
			return true
		}
	}
	return false
}
