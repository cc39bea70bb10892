// Data connections whose announcement is in TLS, or protected in another way, and cannot be read.

package ftp

import (
	"net/netip"

	"ftplab/lab/analysis/packet"
)

// HiddenSessions recognizes the data connections of sessions that go on in TLS, or with another [Protection], and
// cannot be read. RFC 4217 section 7 has the hosts and the order: one of the two hosts of the session
// opens the connection to the other, while the dialogue is hidden, to a port that no service
// has by default. The client of TLS is the FTP client, whichever side opens the connection:
// this distinguishes the two modes if both ends have the same address. A connection that may
// belong to two sessions is not recognized.
type HiddenSessions struct {
	protected map[hosts]*spans[int]   // the control connections of all that are protected
	hidden    map[hosts]*spans[int]   // of those that cannot be read
	control   map[netip.AddrPort]bool // the control ports of servers
	any       bool                    // some cannot be read
}

// Add adds a session, whose last packet is closed.
func (all *HiddenSessions) Add(control, closed int, client, server netip.AddrPort, o *Outline) {
	if all.control == nil {
		all.protected, all.hidden, all.control = map[hosts]*spans[int]{}, map[hosts]*spans[int]{}, map[netip.AddrPort]bool{}
	}
	all.control[unmapped(server)] = true
	from, clear := o.protected()
	if from == 0 {
		return
	}
	if clear > from {
		closed = clear
	}
	if o.InMiddle {
		from = 0 // the session was there before its first packet
	}
	h := hosts{client.Addr().Unmap(), server.Addr().Unmap()}
	if all.protected[h] == nil {
		all.protected[h], all.hidden[h] = &spans[int]{}, &spans[int]{}
	}
	all.protected[h].add(from, closed, control)
	if o.Hidden {
		all.hidden[h].add(from, closed, control)
		all.any = true
	}
}

// Any reports whether there are sessions that cannot be read.
func (all *HiddenSessions) Any() bool { return all.any }

// Beside reports whether a connection in TLS begins while a session in TLS goes on between the same
// hosts, and is opened by the server, or goes to a port that no service has by default. Clients name
// the server on data connections, too, so that the name does not make a connection like this one a
// session.
func (all *HiddenSessions) Beside(o *Opening) bool {
	if o.TLSClient < 0 {
		return false
	}
	server := 1 - o.TLSClient
	client, at := unmapped(o.Ends[o.TLSClient]), unmapped(o.Ends[server])
	unusual := at.Port() >= packet.FirstUserPort && !all.control[at] || o.Initiator == server || o.fromDataPort(server)
	return unusual && len(during(all.protected, hosts{client.Addr(), at.Addr()}, o.FirstPacket)) > 0
}

// Match returns the purpose of a connection if it is one of these.
func (all *HiddenSessions) Match(o *Opening) (purpose Purpose, ok bool) {
	if o.Initiator < 0 {
		return all.matchOpen(o)
	}
	opener, listener := unmapped(o.Ends[o.Initiator]), unmapped(o.Ends[1-o.Initiator])
	if listener.Port() < packet.FirstUserPort || all.control[listener] {
		return purpose, false
	}
	passive := during(all.hidden, hosts{opener.Addr(), listener.Addr()}, o.FirstPacket)
	active := during(all.hidden, hosts{listener.Addr(), opener.Addr()}, o.FirstPacket)
	switch o.TLSClient {
	case -1:
	case o.Initiator:
		active = nil
	default:
		passive = nil
	}
	switch {
	case len(passive) == 1 && len(active) == 0:
		return Purpose{Role: Data, Mode: Passive, ClientDir: o.Initiator, Control: passive[0], Inferred: true}, true
	case len(active) == 1 && len(passive) == 0:
		return Purpose{Role: Data, Mode: Active, ClientDir: 1 - o.Initiator, Control: active[0], Inferred: true}, true
	}
	return purpose, false
}

// matchOpen is Match for a connection in TLS that is open already when the capture begins:
// nothing shows who opened it, and the hosts of the session show who is the client.
func (all *HiddenSessions) matchOpen(o *Opening) (purpose Purpose, ok bool) {
	purpose = Purpose{Role: Data, Control: NoConnection, Inferred: true}
	if !o.TLS {
		return purpose, false
	}
	for client := range 2 {
		end, other := unmapped(o.Ends[client]), unmapped(o.Ends[1-client])
		if end.Port() < packet.FirstUserPort || all.control[end] || o.TLSClient == 1-client {
			continue
		}
		for _, control := range during(all.hidden, hosts{end.Addr(), other.Addr()}, o.FirstPacket) {
			if ok || other.Port() < packet.FirstUserPort && !o.fromDataPort(1-client) || all.control[other] {
				return purpose, false // it may belong to two sessions, or be no data connection
			}
			purpose.ClientDir, purpose.Control, ok = client, control, true
			if o.fromDataPort(1 - client) {
				purpose.Mode = Active
			}
		}
	}
	return purpose, ok
}

// during returns the sessions between two hosts at a packet: at most two.
func during(sessions map[hosts]*spans[int], h hosts, packet int) (controls []int) {
	if sessions[h] == nil {
		return nil
	}
	return sessions[h].at(packet)
}
