// Monitors, which look again and again whether servers are up.

package rules

import (
	"math"
	"net/netip"

	"ftplab/lab/analysis/ftp"
)

// never is how often a server greeted that once did not.
const never = math.MinInt32

// monitorComes is how often a monitor comes to each of its servers, at least. A scan has seen enough after once.
const monitorComes = 3

// comes counts the greetings that a client gets which probed before.
func (s *scanners) comes(c *ftp.Connection) {
	x, server := s.often[c.Client.Addr()], c.Server.Addr().Unmap()
	switch {
	case x == nil || c.Server.Port() != ftpPort || len(x.came) >= maxNames && x.came[server] == 0:
	case c.ServerFlow.Bytes == 0:
		x.came[server] = never
	default:
		x.came[server]++
	}
}

// isMonitor reports whether each of these servers greeted a client again and again.
func (x *scanner) isMonitor(servers map[netip.Addr]int) bool {
	for server := range servers {
		if x.came[server] < monitorComes {
			return false
		}
	}
	return true
}
