// Packets that no declaration matches.

package expect

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
)

// maxUndeclared is how many undeclared connections are listed. Further ones, such as
// the million of a scan, are only counted.
const maxUndeclared = 1000

// strays are the packets that no declaration matches, grouped by their ends.
type strays struct {
	list    []stray
	index   map[string]int // in list, by their declaration
	unnamed int            // connections that are not in list
}

// A stray is a connection that is not declared.
type stray struct {
	declared string // a declaration for it
	name     string // that it may have, for TCP
	like     string // a declaration with stars for ports that another run may not have, for TCP
	what     string
	note     string // what follows on the number of packets
	hint     string
	packets  int
	first    int // the number of the first packet
	at       time.Duration
}

// addConnection adds a TCP connection that no declaration means, with a note.
func (s *strays) addConnection(c *ftp.Connection, hosts Hosts, start int64, note string) {
	a := cmp.Or(c.OpenedBy, ftp.Client)
	name := map[ftp.Role]string{ftp.Control: "ctl", ftp.Data: "data"}[c.Role]
	s.add(stray{
		name: cmp.Or(name, "other"), like: fmt.Sprintf("%s > %s", hosts.likeEnd(c, a), hosts.likeEnd(c, a.Other())),
		declared: fmt.Sprintf("%s > %s", hosts.endName(c, a), hosts.endName(c, a.Other())),
		what:     fmt.Sprintf("TCP connection %d is not declared", c.ID),
		note:     note,
		hint:     cmp.Or(hosts.addressIn(c, a), hosts.addressIn(c, a.Other())),
		packets:  c.ClientFlow.Packets + c.ServerFlow.Packets, first: c.FirstPacket, at: time.Duration(c.FirstTime - start),
	})
}

// likeEnd is the name of an end of a connection, with a star for a port that is not a service's.
func (h Hosts) likeEnd(c *ftp.Connection, s ftp.Side) string {
	if addr := c.Addr(s); addr.Port() >= packet.FirstUserPort {
		return h.name(addr.Addr(), string(s)) + ".*"
	}
	return h.endName(c, s)
}

// addressIn says which address the host at an end of a connection has there, if it has several.
func (h Hosts) addressIn(c *ftp.Connection, s ftp.Side) string {
	addr := c.Addr(s).Addr()
	name := h.name(addr, string(s))
	if len(h[name]) < 2 {
		return ""
	}
	return fmt.Sprintf("%s has the address %s there", name, addr)
}

// addPacket adds a packet that is not TCP, unless it needs no declaration.
func (s *strays) addPacket(p *packet.Packet, start int64) {
	if isHousekeeping(p) {
		return
	}
	x := stray{packets: 1, first: p.Number, at: time.Duration(p.Time - start)}
	proto, src, dst := datagramEnds(p)
	if proto == "icmp" {
		x.declared, x.what = fmt.Sprintf("%s > %s  icmp", src.Addr(), dst.Addr()), "ICMP that is not declared"
	} else {
		x.declared, x.what = fmt.Sprintf("%s > %s  udp", tcpdumpAddr(src), tcpdumpAddr(dst)), "UDP that is not declared"
	}
	s.add(x)
}

func (s *strays) add(x stray) {
	if s.index == nil {
		s.index = map[string]int{}
	}
	if i, ok := s.index[x.declared]; ok {
		s.list[i].packets += x.packets
		return
	}
	if len(s.list) == maxUndeclared {
		s.unnamed++
		return
	}
	s.index[x.declared] = len(s.list)
	s.list = append(s.list, x)
}

// mismatches returns one mismatch for each stray, in the order of their first packets. The first
// one says how the want would declare it.
func (s *strays) mismatches(w *Want) []Mismatch {
	slices.SortStableFunc(s.list, func(a, b stray) int { return a.first - b.first })
	var all []Mismatch
	for _, x := range s.list {
		m := Mismatch{Kind: Undeclared, What: x.what, Hint: x.hint, Got: x.declared, Packet: x.first, Time: x.at, below: w.lastDeclaration()}
		if len(all) == 0 && x.like != "" && m.Hint == "" {
			name := w.unused(x.name)
			m.Hint = fmt.Sprintf("`%s %s` declares such a connection, and `%s ...` takes any packets of it", name, x.like, name)
		}
		if x.packets > 1 {
			m.What += fmt.Sprintf(" (%d packets)", x.packets)
		}
		m.What += x.note
		all = append(all, m)
	}
	if s.unnamed > 0 {
		all = append(all, Mismatch{Kind: Undeclared, What: fmt.Sprintf("%d more connections are not declared", s.unnamed), unnamed: s.unnamed, below: w.lastDeclaration()})
	}
	return all
}
