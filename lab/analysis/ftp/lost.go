// Data connections whose announcement was recorded without its port, or not at all.

package ftp

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"ftplab/lab/analysis/packet"
)

// withoutPort returns the data port that a command gives or asks for, if its line, or the reply with
// the address, is cut off before the port, or if there is no reply; else nil.
func withoutPort(e *Exchange, client, server netip.AddrPort) *DataPort {
	if !announces(e.Command) {
		return nil
	}
	a := &DataPort{Command: strings.Clone(e.Command), PortLost: true, from: e.Packet, time: e.Time}
	switch e.Command {
	case "PORT", "EPRT":
		a.Mode, a.Addr, a.beginning = Active, netip.AddrPortFrom(client.Addr(), 0), strings.Clone(e.Argument)
		if e.Complete || e.Final() >= 400 {
			return nil
		}
	case "PASV", "EPSV":
		a.Mode, a.Addr = Passive, netip.AddrPortFrom(server.Addr(), 0)
		if len(e.Replies) == 0 {
			break
		}
		r := e.Replies[0]
		if r.Code != passiveCodes[e.Command] || r.Lines[len(r.Lines)-1].Complete {
			return nil
		}
		_, said, _ := strings.Cut(r.Text, "(")
		a.beginning = strings.Clone(said)
		a.ReplyPacket, a.ReplyCode, a.from, a.time = r.Packet, r.Code, r.FirstPacket, r.Time
	default:
		return nil
	}
	return a
}

// mayGoOnWith reports whether the address in a line that is cut off may end with a port.
func (a *DataPort) mayGoOnWith(port uint16) bool {
	if a.Command == "PORT" || a.Command == "PASV" {
		numbers := strings.Split(a.beginning, ",")
		high, low := strconv.Itoa(int(port>>8)), strconv.Itoa(int(port&255))
		switch len(numbers) {
		case 5:
			return strings.HasPrefix(high, numbers[4])
		case 6:
			return numbers[4] == high && strings.HasPrefix(low, numbers[5])
		}
		return true
	}
	if a.beginning == "" {
		return true
	}
	parts := strings.Split(a.beginning, a.beginning[:1])
	return len(parts) < 4 || strings.HasPrefix(strconv.Itoa(int(port)), parts[3])
}

// dropUnknown removes the data ports without a port of which the capture does not show that something is
// missing: it is whole. lossy says that lines are missing, mute that the server's are.
func (all *dataPorts) dropUnknown(lossy, mute bool) {
	all.list = slices.DeleteFunc(all.list, func(a *DataPort) bool {
		return a.PortLost && a.Mode == Passive && a.ReplyCode == 0 && !lossy && !mute
	})
}

// dropUnused removes the data ports without a port with which no transfer can have begun.
func (all *dataPorts) dropUnused() {
	all.list = slices.DeleteFunc(all.list, func(a *DataPort) bool { return a.PortLost && !a.needed })
}

// LostPorts recognizes the data connections that came to data ports whose port is not in the capture. The
// order is that of RFC 959 section 3.2: one of the two hosts of the session opens the connection to the
// other after the announcement and before the end of the transfer, to a port that no service has by
// default. If two connections did so, or one may belong to two announcements, none is recognized.
type LostPorts struct {
	between map[hosts]*spans[*lostPort] // by the host that connects, and the one that listens
	control map[netip.AddrPort]bool
}

// A lostPort is used by a connection that begins between two packets.
type lostPort struct {
	*DataPort
	control int
	found   []Opening
}

// Add adds the data ports of a session, whose last packet is closed.
func (all *LostPorts) Add(control, closed int, client, server netip.AddrPort, ports []*DataPort) {
	if all.between == nil {
		all.between, all.control = map[hosts]*spans[*lostPort]{}, map[netip.AddrPort]bool{}
	}
	all.control[unmapped(server)] = true
	for i, a := range ports {
		if !a.PortLost {
			continue
		}
		until := closed
		if i+1 < len(ports) {
			until = ports[i+1].from
		}
		if a.usedUp > 0 {
			until = a.usedUp
		}
		h := hosts{client.Addr().Unmap(), server.Addr().Unmap()}
		if a.Mode == Active {
			h = hosts{h.server, h.client}
		}
		if all.between[h] == nil {
			all.between[h] = &spans[*lostPort]{}
		}
		all.between[h].add(a.from, until, &lostPort{DataPort: a, control: control})
	}
}

// Look looks at a connection that is not known to be of FTP.
func (all *LostPorts) Look(o *Opening) {
	if o.Initiator < 0 {
		return
	}
	opener, listener := unmapped(o.Ends[o.Initiator]), unmapped(o.Ends[1-o.Initiator])
	if listener.Port() < packet.FirstUserPort || all.control[listener] {
		return
	}
	announced := all.between[hosts{opener.Addr(), listener.Addr()}]
	if announced == nil {
		return
	}
	var fit []*lostPort
	announced.each(o.FirstPacket, func(x *lostPort) bool {
		if x.mayGoOnWith(listener.Port()) {
			fit = append(fit, x)
		}
		return len(fit) < 2
	})
	if len(fit) == 1 {
		fit[0].found = append(fit[0].found, *o)
	}
}

// Join calls join for each connection that is recognized, when all have been looked at.
func (all *LostPorts) Join(join func(id int, p *Purpose)) {
	for _, list := range all.between {
		for _, s := range list.list {
			x := s.of
			if len(x.found) != 1 {
				continue
			}
			o := &x.found[0]
			listener := 1 - o.Initiator
			e := expected{DataPort: x.DataPort, control: x.control}
			x.Addr = netip.AddrPortFrom(x.Addr.Addr(), o.Ends[listener].Port())
			p := e.join(o, listener)
			p.Inferred = true
			join(o.ID, &p)
		}
	}
}
