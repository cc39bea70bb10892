// Servers at which a client only has a look, one after the other.

package rules

import (
	"fmt"
	"net/netip"
	"strings"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/ftp"
)

// sights are the servers at which clients had a look: they left after the greeting or the login, or listed a folder. n
// counts all of them.
type sights struct {
	of map[netip.Addr]map[netip.Addr]*sight
	n  int
}

// A sight is what a client did at a server. A monitor comes again, and a user moves files.
type sight struct {
	packet, visits int
	moved          bool
	user           string // of the only login with an account
}

// add takes the next session.
func (all *sights) add(s *session) {
	of := all.of[s.Client()][s.Server()]
	if of == nil {
		if !s.ledger.Room(maxSights, all.n) {
			return
		}
		all.n++
		of = &sight{packet: s.Control.FirstPacket}
		if all.of[s.Client()] == nil {
			all.of[s.Client()] = map[netip.Addr]*sight{}
		}
		all.of[s.Client()][s.Server()] = of
	}
	of.visits++
	of.moved = of.moved || !s.onlyLooks()
	if user := s.user(); user != "" && !s.public() {
		of.user = strings.Clone(user)
	}
}

// onlyLooks reports whether a session that is whole in the capture moves and changes no file.
func (s *session) onlyLooks() bool {
	if s.Hidden || s.SecuredAt > 0 || !s.Whole || s.Lossy() || s.Control.OpenedBy != ftp.Client {
		return false
	}
	for _, x := range s.Exchanges {
		switch {
		case evidence.IsTransfer(x) && !x.Lists(), changesFile(x), x.Command == "MKD", x.Command == "RMD", x.Command == "SITE", x.Command == "SIZE", x.Command == "MDTM":
			return false
		}
	}
	return true
}

// judge names the clients that had a look at many servers, once at each: those outside at the servers of a private network,
// and those with another account at each server. An inventory has one account, and is made inside.
func (all *sights) judge() (found []breach) {
	for client, servers := range all.of {
		inside, accounts := map[netip.Addr]int{}, map[netip.Addr]int{}
		users := map[string]bool{}
		for server, of := range servers {
			if of.moved || of.visits > 1 {
				continue
			}
			if !isPrivate(client) && isPrivate(server) {
				inside[server] = of.packet
			}
			if of.user != "" && !users[of.user] {
				users[of.user] = true
				accounts[server] = of.packet
			}
		}
		b := breach{hosts: evidence.PairOfHosts{Client: client}}
		switch {
		case neighbours(inside) >= scannedServers:
			b.packets = firstPackets(inside)
			b.observed = fmt.Sprintf("%s, outside, had a look at %d servers of a private network, once at each, and moved no file", client, len(inside))
		case neighbours(accounts) >= sprayedServers:
			b.severity, b.sign, b.packets = Odd, 2, firstPackets(accounts)
			b.observed = fmt.Sprintf("%s logged in at %d servers, at each with another account and once, and moved no file", client, len(accounts))
		default:
			continue
		}
		found = append(found, b)
	}
	return found
}
