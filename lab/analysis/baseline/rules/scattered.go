// Searches for servers whose addresses lie anywhere.

package rules

import (
	"net/netip"

	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
)

// A search tries scatteredServers at a system port, or scatteredUsers at another one. Not one in hardlyAny answers, and
// most of what the client tries is this port. Peers of file sharing have many ports, and some of them answer.
const (
	scatteredServers, scatteredUsers = 30, 60
	hardlyAny                        = 10
)

// answers counts a connection that its client uses.
func (s *scanners) answers(c *ftp.Connection) {
	at := netip.AddrPortFrom(c.Client.Addr(), c.Server.Port())
	if c.Role != ftp.Data && c.ClientFlow.Bytes > 0 && (s.served[at] > 0 || len(s.served) < maxServed) {
		s.served[at]++
	}
}

// scattered reports whether a client searches for servers at a port, wherever they are. Nobody finds one in IPv6 in this way.
func (s *scanners) scattered(client netip.Addr, x *scanner, port uint16) bool {
	hosts, all := 0, 0
	for at, servers := range x.servers {
		for server := range servers {
			if server.Is4() {
				all++
				if at == port {
					hosts++
				}
			}
		}
	}
	few := scatteredUsers
	if port < packet.FirstUserPort {
		few = scatteredServers
	}
	return hosts >= few && hosts*2 > all && s.served[netip.AddrPortFrom(client, port)]*hardlyAny < hosts
}
