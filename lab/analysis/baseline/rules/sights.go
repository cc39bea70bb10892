// Servers at which a client only has a look, one after the other.

package rules

import (
	"cmp"
	"fmt"
	"hash/maphash"
	"net/netip"
	"slices"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/ftp"
)

// A sight is what a client did at a server. A monitor comes again, and a user moves files.
type sight struct {
	packet int32  // of the first session
	user   uint32 // a hash of the name of the account, 0 for none
	used   bool   // the client came again, or moved a file
}

var ofUsers = maphash.MakeSeed()

// add takes the next session.
func (of *sight) add(s *session) {
	if of.packet > 0 || !s.onlyLooks() {
		of.used = true
		return
	}
	of.packet = int32(s.Control.FirstPacket)
	if user := s.user(); user != "" && !s.public() {
		of.user = uint32(maphash.String(ofUsers, user)) | 1
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

// judgeSights names the clients that had a look at many servers, once at each: those outside at the servers of a private network,
// and those with another account at each server. An inventory has one account, and is made inside.
func judgeSights(all map[evidence.PairOfHosts]*pair) (found []breach) {
	inside, accounts := map[netip.Addr]map[netip.Addr]int{}, map[netip.Addr]map[netip.Addr]int{}
	users := map[netip.Addr]map[uint32]int{}
	var looks []evidence.PairOfHosts
	for hosts, pair := range all {
		if !pair.sight.used {
			looks = append(looks, hosts)
		}
	}
	slices.SortFunc(looks, func(a, b evidence.PairOfHosts) int { return cmp.Compare(all[a].sight.packet, all[b].sight.packet) })
	for _, hosts := range looks { // of the servers with one account, the first counts
		of := all[hosts].sight
		if !isPrivate(hosts.Client()) && isPrivate(hosts.Server()) {
			noteFirst(inside, hosts.Client(), hosts.Server(), int(of.packet))
		}
		if of.user != 0 && noteFirst(users, hosts.Client(), of.user, 1) {
			noteFirst(accounts, hosts.Client(), hosts.Server(), int(of.packet))
		}
	}
	for client, servers := range inside {
		if neighbours(servers) >= scannedServers {
			delete(accounts, client)
			found = append(found, breach{hosts: evidence.Between(client, netip.Addr{}), packets: firstPackets(servers),
				observed: fmt.Sprintf("%s, outside, had a look at %d servers of a private network, once at each, and moved no file", client, len(servers))})
		}
	}
	for client, servers := range accounts {
		if neighbours(servers) >= sprayedServers {
			found = append(found, breach{severity: Odd, sign: 2, hosts: evidence.Between(client, netip.Addr{}), packets: firstPackets(servers),
				observed: fmt.Sprintf("%s logged in at %d servers, at each with another account and once, and moved no file", client, len(servers))})
		}
	}
	sortByFrame(found)
	return found
}
