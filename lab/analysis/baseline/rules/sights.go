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
	way    uint32 // a hash of the commands without their arguments
	used   bool   // the client came again, or moved a file
}

// manySights is at how many servers of one network a program tries the accounts that somebody stole. The users behind one
// address look at fewer, and with several programs.
const manySights = 12

var ofSights = maphash.MakeSeed()

// add takes the next session.
func (of *sight) add(s *session) {
	if of.packet > 0 || !s.onlyLooks() {
		of.used = true
		return
	}
	of.packet = int32(s.Control.FirstPacket)
	if user := s.user(); user != "" && !s.public() {
		of.user = uint32(maphash.String(ofSights, user)) | 1
	}
	of.way = s.way()
}

// way is a hash of the commands of a session without their arguments. A program says the same at each server.
func (s *session) way() uint32 {
	var h maphash.Hash
	h.SetSeed(ofSights)
	for _, x := range s.Exchanges {
		h.WriteString(x.Command + " ")
	}
	return uint32(h.Sum64())
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

// A looker is a client with its way to look at servers.
type looker struct {
	client netip.Addr
	way    uint32
}

// judgeSights names the clients that had a look at many servers, once at each: those outside at the servers of a private network,
// and those with another account at each server. An inventory has one account, and is made inside. Who has an account at
// most of the servers inside is no stranger there.
func judgeSights(all map[evidence.PairOfHosts]*pair) (found []breach) {
	inside, accounts := map[netip.Addr]map[netip.Addr]int{}, map[looker]map[netip.Addr]int{}
	users, owned := map[netip.Addr]map[uint32]int{}, map[netip.Addr]map[netip.Addr]int{}
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
			noteFirst(accounts, looker{hosts.Client(), of.way}, hosts.Server(), int(of.packet))
			noteFirst(owned, hosts.Client(), hosts.Server(), int(of.packet))
		}
	}
	strangers := map[netip.Addr]bool{}
	for client, servers := range inside {
		if neighbours(servers) >= scannedServers && len(owned[client])*2 < len(servers) {
			strangers[client] = true
			found = append(found, breach{hosts: evidence.Between(client, netip.Addr{}), packets: firstPackets(servers),
				observed: fmt.Sprintf("%s, outside, had a look at %d servers of a private network, once at each, and moved no file", client, len(servers))})
		}
	}
	for by, servers := range accounts {
		if neighbours(servers) >= manySights && !strangers[by.client] {
			found = append(found, breach{severity: Odd, sign: 2, hosts: evidence.Between(by.client, netip.Addr{}), packets: firstPackets(servers),
				observed: fmt.Sprintf("%s logged in at %d servers, at each with another account, once, and with the same commands, and moved no file", by.client, len(servers))})
		}
	}
	sortByFrame(found)
	return found
}
