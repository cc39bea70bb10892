// The rule about who opens a data connection.

package rules

import (
	"fmt"
	"net/netip"

	"ftplab/lab/analysis/ftp"
)

var dataWithThePartnerRule = Rule{
	Name: "data-with-the-partner", Theme: "data connections",
	Says:     "The other party of the control connection opens the data connection.",
	Source:   "RFC 2577, 4 (restricted access) and 8 (port stealing)",
	Example:  "< 227 (192,0,2,21,100,0) to one host; another host connects to that port",
	Severity: Violation,
	Matters:  "Another host that connects to the announced port receives the file, or sends its own instead.",
	Innocent: "one party has several addresses: a site with many servers, a network with two providers, a NAT device with many addresses, or the third host of RFC 959, 5.2.",
	look:     withPartners,
}

// withPartners checks each data connection, and remembers the first refused connection to each port by each host.
func withPartners() look {
	refused := map[attempt]int{}
	return look{
		connection: func(_ *Evidence, c *ftp.Connection) []breach {
			if c.OpenedBy == "" || c.Role != ftp.Other || c.ResetBy != c.OpenedBy.Other() || c.ClientFlow.Bytes+c.ServerFlow.Bytes > 0 {
				return nil
			}
			if by := (attempt{c.Addr(c.OpenedBy).Addr().Unmap(), c.Addr(c.OpenedBy.Other())}); refused[by] == 0 && len(refused) < maxRefusals {
				refused[by] = c.FirstPacket
			}
			return nil
		},
		data: func(e *Evidence, s *session, c *ftp.Connection) []breach { return withPartner(e, s, c, refused) },
	}
}

func withPartner(e *Evidence, s *session, c *ftp.Connection, refused map[attempt]int) []breach {
	if c.DataPort == nil {
		return nil
	}
	initiator := party(c.Mode).Other()
	partner, came := s.Control.Addr(initiator).Addr().Unmap(), c.Addr(initiator).Addr().Unmap()
	if came == partner {
		return nil
	}
	b := breach{
		packets:  []int{c.DataPort.Packet, c.FirstPacket},
		observed: fmt.Sprintf("%s opened the data connection that %s had announced to %s", came, c.DataPort.Command, partner),
	}
	x := s.transfer(c)
	too := s.cameToo(c, initiator, partner)
	switch {
	case too != nil && isCopy(c, too):
		return nil
	case c.ClientFlow.Bytes+c.ServerFlow.Bytes == 0:
		b.severity = Odd
	case x != nil && x.Final() == 425:
		b.observed += ", which says that it opened none"
	case x != nil && !s.protected() && !s.Lossy() && c.Content(x.Sender()) == 0 && c.Content(x.Sender().Other()) > 1:
		b.packets = append(b.packets, c.Flow(x.Sender().Other()).FirstData)
		b.observed += fmt.Sprintf(", and its data flows in the wrong direction for %s", x.Command)
	case too != nil:
		b.packets = append(b.packets, too.FirstPacket)
		b.observed += ", which opened one to the same port itself"
	case refused[attempt{partner, c.Addr(initiator.Other())}] > c.FirstPacket:
		b.packets = append(b.packets, refused[attempt{partner, c.Addr(initiator.Other())}])
		b.observed += ", which came too late, and was refused"
	case e.watch.cards.oneHost(came, partner):
		b.severity = Odd
		b.observed += ": another address of the same host, as both come from one network card"
	case initiator == ftp.Server && !sameNetwork(came, partner) && s.opensItself(partner) > 0:
		b.packets = append(b.packets, s.opensItself(partner))
		b.observed += ", which opens its data connections itself, and is in another network"
	default:
		b.severity = Odd
	}
	return []breach{b}
}

// cameToo is a connection that the partner opened to the data port that another host used, nil for none. A partner with
// several addresses opens one connection only.
func (s *session) cameToo(c *ftp.Connection, initiator ftp.Side, partner netip.Addr) *ftp.Connection {
	for _, other := range s.DataOf(c.DataPort.Connections) {
		if other != c && (other.OpenedBy == initiator || isCopy(c, other)) && other.Addr(initiator).Addr().Unmap() == partner {
			return other
		}
	}
	return nil
}

// isCopy reports whether two connections to the same data port are one, recorded on both sides of a NAT: both
// carry data, and come from the same port or carry the same bytes. A server sends a file to one of two connections only.
func isCopy(c, other *ftp.Connection) bool {
	if c.Server != other.Server && c.Client != other.Client {
		return false
	}
	carries := func(c *ftp.Connection) bool { return c.ClientFlow.Bytes+c.ServerFlow.Bytes+c.Missing() > 0 }
	samePorts := c.Client.Port() == other.Client.Port() && c.Server.Port() == other.Server.Port()
	return carries(c) && carries(other) && (samePorts || c.SHA256 != "" && c.SHA256 == other.SHA256)
}
