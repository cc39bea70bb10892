// Data connections whose announcement is not in the capture at all.

package ftp

import "net/netip"

// Unannounced recognizes the data connections of transfers if the recorder lost the command that announces them, and
// its reply. Such a connection is between the two hosts of the session, and goes to a port that no service has by
// default. It begins after the transfer before this one, and before the end of this one (RFC 959 section 3.2), and ends
// after the command. Its data goes only in the direction of the command. If this is so of two connections, or of one for
// two transfers, none is recognized.
type Unannounced struct {
	between map[hosts]*spans[*unannounced]
	control map[netip.AddrPort]bool
}

// An unannounced transfer has a data connection that begins between two packets.
type unannounced struct {
	transferCommand
	control int
	outline *Outline
	found   []arrival
}

// An arrival is a connection that may be the data connection of a transfer.
type arrival struct {
	id, client int // client is the direction of the FTP client
	mode       Mode
}

// Add adds the transfers of a session that have no data connection yet. first and last are the packets of the session;
// first is 0 for a session that was there before the capture.
func (all *Unannounced) Add(control, first, last int, client, server netip.AddrPort, o *Outline) {
	if all.between == nil {
		all.between, all.control = map[hosts]*spans[*unannounced]{}, map[netip.AddrPort]bool{}
	}
	all.control[unmapped(server)] = true
	if o.transfers == nil {
		return
	}
	h, gaps, mayLack := hosts{client.Addr().Unmap(), server.Addr().Unmap()}, o.transfers.gaps, o.transfers.lacksLines
	for _, x := range o.transfers.list {
		if x.announces {
			continue
		}
		for len(gaps) > 0 && gaps[0] <= x.firstPacket {
			gaps, mayLack = gaps[1:], true
		}
		until := x.finalPacket
		if until == 0 {
			until = last
		}
		if mayLack && x.began && !x.announced && !x.joined {
			if all.between[h] == nil {
				all.between[h] = &spans[*unannounced]{}
			}
			all.between[h].add(first, until, &unannounced{transferCommand: x, control: control, outline: o})
		}
		first, mayLack = max(x.Packet, x.finalPacket), false
	}
	o.transfers = nil
}

// Any reports whether there are such transfers.
func (all *Unannounced) Any() bool { return len(all.between) > 0 }

// Look looks at a connection that no transfer has. Who opened it is not known of one without a SYN.
func (all *Unannounced) Look(o *Opening) {
	if !o.MayBeData() || o.Sends[0] == o.Sends[1] {
		return
	}
	ends := [2]netip.AddrPort{unmapped(o.Ends[0]), unmapped(o.Ends[1])}
	var fit []*unannounced
	var as arrival
	for client, mode := range modesOf(o) {
		h := hosts{ends[client].Addr(), ends[1-client].Addr()}
		if all.between[h] == nil || all.control[ends[0]] && o.Initiator != 0 || all.control[ends[1]] && o.Initiator != 1 {
			continue
		}
		all.between[h].each(o.FirstPacket, func(x *unannounced) bool {
			if o.Sends[client] == (x.Sender() == Client) && o.LastPacket > x.firstPacket {
				fit, as = append(fit, x), arrival{o.ID, client, mode}
			}
			return len(fit) < 2
		})
	}
	if len(fit) == 1 {
		fit[0].found = append(fit[0].found, as)
	}
}

// modesOf returns in which mode a connection would be if each of its two directions were that of the client.
func modesOf(o *Opening) [2]Mode {
	switch o.Initiator {
	case 0:
		return [2]Mode{Passive, Active}
	case 1:
		return [2]Mode{Active, Passive}
	}
	return [2]Mode{}
}

// Join calls join for each connection that is recognized, when all have been looked at.
func (all *Unannounced) Join(join func(id int, p *Purpose)) {
	for _, list := range all.between {
		for _, s := range list.list {
			x := s.of
			if len(x.found) != 1 {
				continue
			}
			a, t := x.found[0], x.Transfer
			x.outline.inferred = append(x.outline.inferred, use{x.Exchange, a.id})
			join(a.id, &Purpose{Role: Data, Mode: a.mode, ClientDir: a.client, Control: x.control, Transfer: &t, Inferred: true})
		}
	}
}
