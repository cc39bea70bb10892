// Guesses that show only where several clients, servers or accounts are compared.

package rules

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/bounded"
	"ftplab/lab/analysis/baseline/internal/wording"
)

// How many servers may refuse one client, and how many clients may fail with one user name.
const (
	sprayedServers = 10
	// and how many servers, if the client only tried what everybody tries first, or to log in anonymously
	famousServers = 5
	publicServers = 8
	// and how many times as many servers refuse a stolen password as accept it
	refusedToAccepted = 3
	manyClients       = 10
	// and how many clients may fail with how many different names
	crowdOfClients = 20
	crowdOfNames   = 8
)

// A userAt is the name of a user at a server.
type userAt struct {
	server netip.Addr
	user   string
}

// across adds a failure to the counts of servers by client and of clients by user.
func (all *logins) across(hosts evidence.PairOfHosts, l evidence.Login) {
	noteFirst(all.servers, hosts.Client(), hosts.Server(), l.At)
	if at := (userAt{hosts.Server(), l.User}); !isPublic(l.User) && !l.CutName {
		noteFirst(all.clients, at, hosts.Client(), l.At)
		if all.tried[at] == nil {
			all.tried[at] = map[string]bool{}
		}
		if len(all.tried[at]) < guessedPasswords {
			all.tried[at][l.Password] = true
		}
	}
}

// isPublic reports whether a user is one who may log in with any password.
func isPublic(user string) bool { return user == "anonymous" || user == "ftp" }

// isStale reports whether all clients gave the same password for an account, and it is not a common
// one. Programs do that after the owner of the account has changed its password.
func (all *logins) isStale(at userAt) bool {
	for password := range all.tried[at] {
		return len(all.tried[at]) == 1 && password != "" && !isFamous(at.user, password)
	}
	return false
}

// judgeAccounts judges the failures of several clients with the same account. It finds one
// breach for each server, and takes the guesses of these clients out.
func (all *logins) judgeAccounts() []breach {
	byAccount := map[userAt][]guess{}
	for pair, list := range all.guesses {
		for _, g := range list {
			at := userAt{pair.Server(), g.User}
			byAccount[at] = append(byAccount[at], g)
		}
	}
	type attacked struct {
		clients map[netip.Addr]bool
		users   map[string]bool
		guesses []guess
	}
	servers := map[netip.Addr]*attacked{}
	for at, list := range byAccount {
		clients := map[netip.Addr]bool{}
		for _, g := range list {
			clients[g.hosts.Client()] = true
		}
		if _, n := mostPasswords(list); n < guessedPasswords || len(clients) < 2 {
			continue
		}
		a := cmp.Or(servers[at.server], &attacked{clients: map[netip.Addr]bool{}, users: map[string]bool{}})
		servers[at.server] = a
		a.users[wording.Quote(at.user)] = true
		delete(all.clients, at)
		maps.Copy(a.clients, clients)
	}
	var found []breach
	for server, a := range servers {
		for client := range a.clients {
			pair := evidence.Between(client, server)
			a.guesses = append(a.guesses, all.guesses[pair]...)
			delete(all.guesses, pair)
		}
		b := breach{hosts: evidence.Between(netip.Addr{}, server), observed: fmt.Sprintf("%s refused %d clients %d times, %s", server, len(a.clients), len(a.guesses), credentials(a.guesses))}
		if len(a.users) > 1 {
			b.observed += ", most of them for " + wording.List(a.users)
		}
		for _, g := range a.guesses {
			b.packets = append(b.packets, max(g.At, g.Packet))
		}
		slices.Sort(b.packets)
		found = append(found, b)
	}
	sortByFrame(found)
	return found
}

// credentials says with how many names and passwords somebody was refused.
func credentials(list []guess) string {
	names, passwords := map[string]bool{}, map[string]bool{}
	for _, g := range list {
		if !g.Known {
			return fmt.Sprintf("with %d different logins", mostWithin(list, 0))
		}
		names[g.User] = true
		if g.Password != "" {
			passwords[g.Password] = true
		}
	}
	words := fmt.Sprintf("with %d names", len(names))
	if len(names) == 1 {
		words = "with the name " + wording.Quote(list[0].User)
	}
	if len(passwords) == 0 {
		return words + " and no password"
	}
	return words + " and " + wording.Plural(len(passwords), "password", "different passwords")
}

// askedNames is how many names a client gives without a password if it looks for names that exist.
const askedNames = 5

// ask takes the names that a client gave in a session without a password, although the server
// asked for one.
func (all *logins) ask(s *session) {
	if !s.Whole || s.Said("PASS") || !bounded.Takes(s.ledger, maxPairs, all.asked, s.Hosts()) {
		return
	}
	for i, x := range s.Exchanges {
		if x.Command == "USER" && (x.Final() == 331 || x.Final() == 332) && (i+1 < len(s.Exchanges) || s.Ended()) {
			noteFirst(all.asked, s.Hosts(), x.Argument, x.Packet)
		}
	}
}

// judgeAsked judges the names that a client gave without passwords.
func (all *logins) judgeAsked() (found []breach) {
	for hosts, names := range all.asked {
		if len(names) < askedNames {
			continue
		}
		refused := map[string]bool{}
		for _, g := range all.guesses[hosts] {
			if _, asked := names[g.User]; g.Password == "" && !asked {
				refused[g.User] = true
			}
		}
		b := breach{hosts: hosts, packets: firstPackets(names),
			observed: fmt.Sprintf("%s gave %s the names of %d users and no password, which shows whether they exist, or carries data in the names", hosts.Client(), hosts.Server(), len(names)+len(refused))}
		if len(refused) > 0 {
			b.observed += fmt.Sprintf("; the server asked for %d passwords, and refused %s", len(names), wording.Plural(len(refused), "name", "names"))
		}
		found = append(found, b)
	}
	sortByFrame(found)
	return found
}

// judgeAcross judges the failures of one client at many servers, and of many clients with one
// name. It leaves out the clients of the breaches that are known already.
func (all *logins) judgeAcross(known []breach) []breach {
	var found []breach
	judged := map[netip.Addr]bool{}
	for _, b := range known {
		if b.severity == "" { // a few failures at each of many servers are more than they are at one
			judged[b.hosts.Client()] = true
		}
	}
	failed := all.failedBy()
	for client, servers := range all.servers {
		if judged[client] {
			continue
		}
		if b, ok := all.sprayed(client, servers, failed[client]); ok {
			found = append(found, b)
		}
	}
	for at, clients := range all.clients {
		fresh := maps.Clone(clients)
		maps.DeleteFunc(fresh, func(client netip.Addr, _ int) bool {
			return judged[client] || all.isWelcome(person{evidence.Between(client, at.server), at.user})
		})
		if len(fresh) >= manyClients {
			b := breach{packets: firstPackets(fresh),
				observed: fmt.Sprintf("%s refused %d clients that all gave the user name %s", at.server, len(fresh), wording.Quote(at.user))}
			if all.isStale(at) {
				b.severity, b.sign = Note, noSign
				b.observed += " and the same password, as after a change of it"
			}
			found = append(found, b)
		}
	}
	if len(found) == 0 {
		found = all.crowds(judged)
	}
	found = append(found, all.knockedAt()...)
	sortByFrame(found)
	return found
}

// knock remembers a session of which the capture has one side only, in which the client gives one of the passwords that
// everybody tries first, and says nothing else.
func (all *logins) knock(s *session) {
	if s.BothSides() || len(s.Logins) != 1 || len(s.Exchanges) > 2 || !isFamous(s.Logins[0].User, s.Logins[0].Password) || isPublic(s.Logins[0].User) || !bounded.Takes(s.ledger, maxHosts, all.knocks, s.Client()) {
		return
	}
	noteFirst(all.knocks, s.Client(), s.Server(), s.Logins[0].Packet)
}

// knockedAt names the clients that did so at many servers. The servers may have let them in.
func (all *logins) knockedAt() (found []breach) {
	for client, servers := range all.knocks {
		if len(servers) >= publicServers {
			found = append(found, breach{severity: Odd, sign: 2, hosts: evidence.Between(client, netip.Addr{}), packets: firstPackets(servers),
				observed: fmt.Sprintf("%s gave %d servers a password that everybody tries first, and said nothing else", client, len(servers))})
		}
	}
	return found
}

// failedBy is who failed to log in, by client.
func (all *logins) failedBy() map[netip.Addr][]person {
	failed := map[netip.Addr][]person{}
	for _, who := range all.people {
		failed[who.Client()] = append(failed[who.Client()], who)
	}
	return failed
}

// sprayed judges the failures of one client at many servers. Failed is as whom it failed.
func (all *logins) sprayed(client netip.Addr, servers map[netip.Addr]int, failed []person) (b breach, ok bool) {
	b = breach{hosts: evidence.Between(client, netip.Addr{}), packets: firstPackets(servers), observed: fmt.Sprintf("%d servers refused %s", len(servers), client)}
	switch n := len(servers); {
	case n < famousServers:
		return b, false
	case n >= publicServers && all.failedOnlyWith(failed, func(g guess) bool { return g.isFamous() || isPublic(g.User) }),
		all.failedOnlyWith(failed, guess.isFamous):
		b.observed += ", which tried only what everybody tries first"
		return b, true
	case n < sprayedServers:
		return b, false
	}
	if user, ok := all.hasOutdated(failed); ok {
		b.observed += ", with one name and one password"
		if accepted := all.acceptedBy(client, user); accepted > 0 && accepted*refusedToAccepted <= len(servers) {
			b.observed += fmt.Sprintf("; %d accepted the name", accepted)
		} else {
			b.severity, b.sign = Odd, 2
		}
	}
	return b, true
}

// failedOnlyWith reports whether all failures of people are of a kind.
func (all *logins) failedOnlyWith(failed []person, kind func(guess) bool) bool {
	return !slices.ContainsFunc(failed, func(who person) bool {
		return slices.ContainsFunc(all.failures[who], func(g guess) bool { return !kind(g) })
	})
}

// acceptedBy is at how many servers a client logged in as a user.
func (all *logins) acceptedBy(client netip.Addr, user string) (servers int) {
	for _, who := range all.accepted[client] {
		if who.user == user {
			servers++
		}
	}
	return servers
}

// hasOutdated reports whether people failed with one name and one password only, which are not common, and the name.
// A program that looks after many servers does so after one of them got a new password.
func (all *logins) hasOutdated(failed []person) (user string, ok bool) {
	credentials := map[[2]string]bool{}
	for _, who := range failed {
		for _, g := range all.failures[who] {
			credentials[[2]string{g.User, g.Password}] = true
		}
	}
	if len(credentials) != 1 {
		return "", false
	}
	only := slices.Collect(maps.Keys(credentials))[0]
	user, password := only[0], only[1]
	return user, password != "" && !famous[user] && !isFamous(user, password)
}

// crowds judges the failures of many clients with many names, of which none got in.
func (all *logins) crowds(judged map[netip.Addr]bool) (found []breach) {
	type crowd struct {
		clients map[netip.Addr]int
		names   int
		famous  int // how many of the names are common in guesses
	}
	crowds := map[netip.Addr]*crowd{}
	for at, clients := range all.clients {
		c := crowds[at.server]
		if c == nil {
			c = &crowd{clients: map[netip.Addr]int{}}
			crowds[at.server] = c
		}
		before := len(c.clients)
		for client, packet := range clients {
			if !judged[client] && !all.isWelcome(person{evidence.Between(client, at.server), at.user}) {
				c.clients[client] = packet
			}
		}
		if len(c.clients) > before {
			c.names++
			if famous[at.user] {
				c.famous++
			}
		}
	}
	for server, c := range crowds {
		if len(c.clients) >= crowdOfClients && c.names >= crowdOfNames {
			b := breach{severity: Odd, packets: firstPackets(c.clients),
				observed: fmt.Sprintf("%s refused %d clients with %d user names, and none of them got in", server, len(c.clients), c.names)}
			if c.famous*2 >= c.names {
				b.severity = Violation
				b.observed += "; most of the names are among those that everybody tries first"
			}
			found = append(found, b)
		}
	}
	return found
}

// howFew says why several refused logins are no guesses.
func howFew(slips []guess) string {
	different := map[[2]string]bool{}
	for _, g := range slips {
		different[[2]string{g.User, g.Password}] = true
	}
	switch n := len(different); {
	case len(slips) == 1:
		return ""
	case n == 1 && slips[0].Cut:
		return "and the recorder cut off what may differ in their names and passwords"
	case n == 1:
		return "all with the same name and password"
	case len(slips) > manyTries:
		return fmt.Sprintf("with %d different names and passwords", n)
	}
	return "few enough to be mistakes"
}
