// Rules of logging in.

package baseline

import (
	"fmt"
	"net/netip"
	"time"
)

var loginRules = []Rule{
	{
		Name: "login-before-transfer", Theme: "login",
		Says:     "Nothing is transferred before the server has let somebody in (230).",
		Source:   "RFC 959, 5.4 and 6",
		Severity: Violation,
		Matters:  "A server that moves files for somebody who has not logged in is open to all, or no FTP server at all.",
		Innocent: "the server belongs to a device that asks nobody's name.",
		look:     eachSession(loginFirst),
	},
	{
		Name: "no-guessing", Theme: "login",
		Says:     "A login fails now and then; it does not fail again and again with other names and passwords.",
		Source:   "RFC 2577, 5 (protecting passwords)",
		Severity: Violation,
		Matters:  "Many failures with different credentials in a short time are a program that guesses.",
		Innocent: "a user forgot which password it was; then there are few of them, and pauses in between.",
		look:     guessing,
	},
}

func loginFirst(_ *Evidence, s *session) []breach {
	if !s.whole {
		return nil
	}
	for _, x := range s.Exchanges {
		if !isTransfer(x) || !began(x) && !completed(x) {
			continue
		}
		if s.loggedIn > 0 && s.loggedIn <= x.Replies[0].Packet {
			return nil
		}
		return []breach{{
			packets:  exchangeFrames(x),
			observed: fmt.Sprintf("%s was answered by %s, and nobody had logged in", show(x.Line.Text), show(x.Replies[0].Lines[0].Text)),
		}}
	}
	return nil
}

// A pairOfHosts is a client and a server.
type pairOfHosts struct{ client, server netip.Addr }

// A guess is a login that failed, of somebody who did not get in soon after.
type guess struct {
	login
	hosts pairOfHosts
}

// Limits of guessing: so many different credentials refused in such a time.
var guessLimits = []struct {
	count int
	in    time.Duration
}{
	{4, 5 * time.Second}, // nobody types as fast
	{6, time.Minute},
	{10, 15 * time.Minute},
}

// stubborn is how many times the same credentials may fail in a minute before
// that is unusual.
const stubborn = 10

// mistakes is how often somebody may mistype a password before the right one.
const mistakes = 3

func guessing() look {
	l := logins{
		guesses: map[pairOfHosts][]guess{}, failures: map[person][]guess{}, unanswered: map[person][]guess{}, welcome: map[person]bool{},
	}
	return look{
		session: func(_ *Evidence, s *session) []breach {
			l.add(s)
			return nil
		},
		end: func(*Evidence) []breach { return l.judge() },
	}
}

// logins are the attempts to log in, of all sessions.
type logins struct {
	guesses              map[pairOfHosts][]guess // that failed
	failures, unanswered map[person][]guess
	people               []person // those with failures, in the order of the sessions
	welcome              map[person]bool
}

// A person is a user as a client presents it to a server.
type person struct {
	pairOfHosts
	user string
}

// add takes the logins of a session.
func (all *logins) add(s *session) {
	hosts := pairOfHosts{s.client(), s.server()}
	for _, l := range s.logins {
		who := person{hosts, l.user}
		switch {
		case l.succeeded():
			all.welcome[who] = true
		case l.failed():
			if all.failures[who] == nil {
				all.people = append(all.people, who)
			}
			all.failures[who] = append(all.failures[who], guess{l, hosts})
		case l.code == 0:
			all.unanswered[who] = append(all.unanswered[who], guess{l, hosts})
		}
	}
	for _, r := range s.Unsolicited { // only the server was recorded
		if r.Code == 530 && len(s.Exchanges) == 0 {
			l := login{user: fmt.Sprint("unknown ", r.Packet), packet: r.Packet, time: r.Time, code: 530, at: r.Packet}
			all.guesses[hosts] = append(all.guesses[hosts], guess{l, hosts})
		}
	}
}

// judge looks for bursts of failures between two hosts. What is none happens to people.
func (all *logins) judge() []breach {
	var found []breach
	slips := all.sort()
	for _, pair := range sortedPairs(all.guesses) {
		list := all.guesses[pair]
		if b, ok := burst(list); ok {
			found = append(found, b)
			continue
		}
		slips = append(slips, list...)
	}
	if len(slips) > 0 {
		b := breach{
			severity: Note, filter: "ftp.response.code == 530 || ftp.response.code == 430",
			observed: plural(len(slips), "login was refused, as happens to people", "logins were refused, as happens to people"),
		}
		for _, g := range slips {
			b.packets = append(b.packets, g.at)
		}
		found = append(found, b)
	}
	return found
}

// manyPasswords are so many for one user that they are guesses, whatever the
// answers were.
const manyPasswords = 10

// sort puts failed logins among the guesses, in the order of time, and returns those of
// users who got in after a few mistakes.
func (all *logins) sort() (slips []guess) {
	for _, who := range all.people {
		list := all.failures[who]
		if all.welcome[who] && len(list) <= mistakes {
			slips = append(slips, list...)
		} else {
			all.guesses[who.pairOfHosts] = append(all.guesses[who.pairOfHosts], list...)
		}
	}
	for who, list := range all.unanswered { // perhaps only the client was recorded
		if passwords(list) >= manyPasswords {
			all.guesses[who.pairOfHosts] = append(all.guesses[who.pairOfHosts], list...)
		}
	}
	for _, list := range all.guesses {
		sortBy(list, func(g guess) int64 { return g.time })
	}
	return slips
}

// passwords counts the different passwords.
func passwords(list []guess) int {
	different := map[string]bool{}
	for _, g := range list {
		different[g.password] = true
	}
	return len(different)
}

// burst judges the failures of one client at one server.
func burst(list []guess) (breach, bool) {
	for _, limit := range guessLimits {
		for i := range list {
			different := map[[2]string]bool{}
			for _, g := range list[i:] {
				if time.Duration(g.time-list[i].time) > limit.in {
					break
				}
				different[[2]string{g.user, g.password}] = true
			}
			if len(different) >= limit.count {
				return burstOf(list, fmt.Sprintf("%d different names and passwords within %v", len(different), limit.in)), true
			}
		}
	}
	for i := range list {
		if j := i + stubborn - 1; j < len(list) && time.Duration(list[j].time-list[i].time) <= time.Minute {
			b := burstOf(list, "with the same few names and passwords")
			b.severity = Odd
			return b, true
		}
	}
	return breach{}, false
}

func burstOf(list []guess, how string) breach {
	b := breach{
		observed: fmt.Sprintf("%s did not let %s in, %d times, %s",
			list[0].hosts.server, list[0].hosts.client, len(list), how),
		filter: fmt.Sprintf("(ftp.request.command == \"PASS\" || ftp.response.code == 530) && %s", between(list[0].hosts.client, list[0].hosts.server)),
	}
	for _, g := range list {
		b.packets = append(b.packets, max(g.at, g.packet))
	}
	return b
}

// between is a display filter for what two addresses say to each other.
func between(a, b netip.Addr) string {
	field := "ip"
	if a.Is6() {
		field = "ipv6"
	}
	return fmt.Sprintf("%s.addr == %s && %s.addr == %s", field, a, field, b)
}

func sortedPairs(m map[pairOfHosts][]guess) []pairOfHosts {
	var pairs []pairOfHosts
	for p := range m {
		pairs = append(pairs, p)
	}
	sortBy(pairs, func(p pairOfHosts) int64 { return int64(m[p][0].packet) })
	return pairs
}
