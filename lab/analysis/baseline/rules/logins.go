// Rules about logins.

package rules

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/wording"
)

var loginBeforeTransferRule = Rule{
	Name: "login-before-transfer", Theme: "login",
	Says:     "Clients log in before they ask for files, and no transfer starts before the login has succeeded (230).",
	Source:   "RFC 959, 5.4 and 6",
	Example:  "< 220 > PASV < 227 > RETR secret < 150, without USER",
	Severity: Violation,
	Matters:  "A server that transfers files without a login is open to everybody, or is not an FTP server.",
	Innocent: "the server belongs to a device that needs no login.",
	look:     eachSession(loginFirst),
}

// manyEarly is how many kinds of commands about files a client sends before any USER if it tries what
// the server allows to strangers. Scripts that go on after a failed login have sent USER.
const manyEarly = 3

// earlyCommands finds commands about files before the first USER that were all refused.
func earlyCommands(s *session) (b breach, ok bool) {
	kinds := map[string]int{}
	for _, x := range s.Exchanges {
		if x.Command == "USER" {
			break
		}
		if evidence.AboutFiles[x.Command] && x.Final() >= 500 {
			kinds[x.Command] = x.Packet
		}
	}
	if len(kinds) < manyEarly || s.LoggedIn > 0 {
		return b, false
	}
	return breach{severity: Odd, sign: 2, packets: firstPackets(kinds),
		observed: fmt.Sprintf("before any USER, the client sent %d kinds of commands about files, which were refused", len(kinds))}, true
}

func loginFirst(_ *Evidence, s *session) []breach {
	if b, ok := earlyCommands(s); ok && s.Whole {
		return []breach{b}
	}
	for i, x := range s.Exchanges {
		if !evidence.IsTransfer(x) || !evidence.Began(x) && !evidence.Completed(x) {
			continue
		}
		if s.LoggedIn > 0 && s.LoggedInAt <= x.Replies[0].Lines[0].Seq {
			return nil
		}
		if !s.Whole && !s.IsStranger(i) {
			return nil
		}
		return []breach{{
			packets:  evidence.Frames(x),
			observed: fmt.Sprintf("%s was answered by %s, and no login had succeeded", wording.Quote(x.Line.Text), wording.Quote(x.Replies[0].Lines[0].Text)),
		}}
	}
	return nil
}

var noGuessingRule = Rule{
	Name: "no-guessing", Theme: "login",
	Says:     "A login fails now and then. It does not fail repeatedly with different names and passwords.",
	Source:   "RFC 2577, 5 (protecting passwords)",
	Example:  "> USER root > PASS pass1 < 530 > USER root > PASS pass2 < 530, and so on",
	Severity: Violation,
	Matters:  "A program that guesses passwords causes many failures with different credentials, quickly or slowly, from one client or from many.",
	Innocent: "a user forgot the password, and tries up to five.",
	look:     guessing,
}

// A guess is a failed login of a user who did not succeed soon after it.
type guess struct {
	evidence.Login
	hosts evidence.PairOfHosts
}

// Limits of guessing: how many different credentials were refused within a time, 0 for any.
// Clients behind one address are many people, so names count less than passwords for one name.
var guessLimits = []struct {
	count int
	in    time.Duration
}{
	{4, 5 * time.Second}, // faster than people type
	{6, time.Minute},
	{10, 0},
}

// guessedPasswords is how many different passwords for one account are guesses. People who forgot
// theirs try fewer: servers close a session after three, and they come back once.
const guessedPasswords = 6

// How many of the common passwords are guesses, and how many are a sign of it.
const (
	famousGuesses = 4
	famousSigns   = 3
)

// famous are the passwords at the beginning of lists of common passwords, and default
// passwords of devices.
var famous = wording.Set(`123456 12345678 123456789 1234567890 12345 1234567 1234 111111 123123 000000 654321 666666 888888 password
	password1 password123 passw0rd p@ssw0rd p@ssword pass pass123 pass1234 qwerty qwerty123 qwertyuiop 1q2w3e4r 1qaz2wsx abc123 letmein
	welcome welcome1 admin admin123 admin1234 administrator root root123 toor test test123 guest user user123 ftp ftpuser ftp123
	iloveyou monkey dragon master sunshine princess football baseball shadow superman login hello hello123 secret changeme default
	alpine raspberry ubuntu oracle mysql postgres tomcat backup support service manager super system 54321 jesus michael trustno1`)

// isFamous reports whether a password is common, or is the user's name.
func isFamous(user, password string) bool {
	p := strings.ToLower(password)
	return famous[p] || p == strings.ToLower(user) || p == "" && rules(user)
}

// rules reports whether a user may do everything at the server. Devices have no password for him at first.
func rules(user string) bool {
	return strings.EqualFold(user, "root") || strings.EqualFold(user, "admin") || strings.EqualFold(user, "administrator")
}

// aroundName is how many digits and signs around a common word or the user's name still make a password that is easy to guess.
const aroundName = 5

// isEasy reports whether a password is common, or is a common word or the user's name with a few digits or signs around
// it. People who mistype their password do not come close to such ones.
func isEasy(user, password string) bool {
	word := wordIn(password)
	return isFamous(user, password) || word != "" && len(password)-len(word) <= aroundName && (famous[word] || word == wordIn(user))
}

// manyTries is how many different credentials are unusual.
const manyTries = 5

// stubborn is how often the same credentials fail in a minute before that is unusual.
const stubborn = 10

// mistakes is how often a user may mistype a password before the right one.
const mistakes = 3

func guessing() look {
	l := logins{
		guesses: map[evidence.PairOfHosts][]guess{}, failures: map[person][]guess{}, unanswered: map[person][]guess{}, welcome: map[person]int{}, right: map[person]string{},
		servers: map[netip.Addr]map[netip.Addr]int{}, clients: map[userAt]map[netip.Addr]int{}, tried: map[userAt]map[string]bool{},
		knocks: map[netip.Addr]map[netip.Addr]int{}, asked: map[evidence.PairOfHosts]map[string]int{}, unknown: map[evidence.PairOfHosts]int{},
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
	guesses              map[evidence.PairOfHosts][]guess // that failed
	failures, unanswered map[person][]guess
	people               []person                                // those with failures, in the order of the sessions
	welcome              map[person]int                          // those who got in, with the packet of the first time
	right                map[person]string                       // the passwords of those who got in after failures
	accepted             map[netip.Addr][]person                 // those who got in from a client that was also refused, in their order
	servers              map[netip.Addr]map[netip.Addr]int       // that refused a client, with the packet of the first time
	clients              map[userAt]map[netip.Addr]int           // that were refused with the name of a user
	tried                map[userAt]map[string]bool              // the passwords that were refused for a user
	unknown              map[evidence.PairOfHosts]int            // attempts of which the capture lacks too much
	knocks               map[netip.Addr]map[netip.Addr]int       // servers to which a client gave one easy password; see knock
	asked                map[evidence.PairOfHosts]map[string]int // the names that were given without a password, with their packets
}

// A person is a user as a client presents it to a server.
type person struct {
	evidence.PairOfHosts
	user string
}

// add takes the logins of a session.
func (all *logins) add(s *session) {
	hosts := s.Hosts()
	for _, l := range s.Logins {
		who := person{hosts, l.User}
		switch {
		case l.Succeeded():
			if !all.isWelcome(who) {
				who.user = strings.Clone(who.user)
				all.welcome[who] = l.At
				if all.failures[who] != nil {
					all.right[who] = strings.Clone(l.Password)
				}
			}
		case l.Failed() && !l.Known:
			all.unknown[hosts]++ // the name may be another's, or the reply that to another command
		case l.Failed():
			all.across(hosts, l)
			if all.failures[who] == nil {
				all.people = append(all.people, who)
			}
			all.failures[who] = append(all.failures[who], guess{l, hosts})
		case l.Code == 0 || l.Code >= 400: // a server may close, with 421
			all.unanswered[who] = append(all.unanswered[who], guess{l, hosts})
		}
	}
	if !s.Whole && len(s.Logins) == 0 {
		all.unknown[hosts]++
	}
	all.ask(s)
	all.knock(s)
	before, heard := 0, int64(1)
	for _, r := range s.Unsolicited { // only the server was recorded
		again := r.Code == before // each command of a client that is not logged in is refused with 530, too
		ack := r.Lines[0].Ack
		if before = r.Code; r.Code == 530 && !again && len(s.Exchanges) == 0 {
			l := evidence.Login{User: unheardUser(ack-heard, r.Packet), Packet: r.Packet, Time: r.Time, Code: 530, At: r.Packet}
			all.guesses[hosts] = append(all.guesses[hosts], guess{l, hosts})
		}
		if r.Code == 530 || r.Code == 230 {
			heard = ack
		}
	}
}

// unheardUser stands for a name and a password that were refused in a packet, and of which the capture has only the
// acknowledgement of so many bytes. Those of the same length may be the same.
func unheardUser(bytes int64, packet int) string {
	if bytes <= 0 {
		return fmt.Sprint("unknown ", packet)
	}
	return fmt.Sprintf("unknown, of %d bytes", bytes)
}

// isWelcome reports whether somebody got in.
func (all *logins) isWelcome(who person) bool { return all.welcome[who] > 0 }

// acceptedAmongRefused returns those who got in from a client that was also refused, in their order.
func (all *logins) acceptedAmongRefused() map[netip.Addr][]person {
	accepted := map[netip.Addr][]person{}
	for who := range all.welcome {
		if all.servers[who.Client()] != nil {
			accepted[who.Client()] = append(accepted[who.Client()], who)
		}
	}
	for _, people := range accepted {
		slices.SortStableFunc(people, func(a, b person) int {
			return cmp.Or(cmp.Compare(all.welcome[a], all.welcome[b]), cmp.Compare(a.user, b.user))
		})
	}
	return accepted
}

// judge looks for guesses between two hosts. Other failures are noted as mistakes.
func (all *logins) judge() []breach {
	all.accepted = all.acceptedAmongRefused()
	slips := all.sort()
	found := all.judgeAccounts()
	for _, pair := range sortedPairs(all.guesses) {
		list := all.guesses[pair]
		if b, ok := all.burst(list); ok {
			found = append(found, b)
			continue
		}
		slips = append(slips, list...)
	}
	found = append(found, all.judgeAcross(found)...)
	found = append(found, all.judgeAsked()...)
	if len(slips) > 0 {
		b := breach{
			severity: Note,
			observed: wording.Plural(len(slips), "login was refused, which is common", "logins were refused, ") + howFew(slips),
		}
		for _, g := range slips {
			b.packets = append(b.packets, g.At)
		}
		found = append(found, b)
	}
	return found
}

// manyPasswords is how many passwords for one user are guesses even if the replies are not in the
// capture.
const manyPasswords = 10

// isFamous reports whether everybody tries these credentials first, and isEasy whether they are no mistake of their owner.
func (g guess) isFamous() bool { return !g.Cut && isFamous(g.User, g.Password) }
func (g guess) isEasy() bool   { return !g.Cut && isEasy(g.User, g.Password) }

// sort adds failed logins to the guesses, in the order of time. It returns those of users who
// logged in after a few mistakes.
func (all *logins) sort() (slips []guess) {
	for _, who := range all.people {
		list := all.failures[who]
		if all.isWelcome(who) && len(list) <= mistakes && !slices.ContainsFunc(list, func(g guess) bool { return g.isFamous() || g.isEasy() && !isTransposed(g.Password, all.right[who]) }) {
			slips = append(slips, list...)
		} else {
			all.guesses[who.PairOfHosts] = append(all.guesses[who.PairOfHosts], list...)
		}
	}
	for who, list := range all.unanswered { // only the client may have been recorded
		refused := slices.DeleteFunc(slices.Clone(list), func(g guess) bool { return g.Code == 0 })
		if passwords(list) >= manyPasswords || passwords(refused) >= guessedPasswords {
			all.guesses[who.PairOfHosts] = append(all.guesses[who.PairOfHosts], list...)
		}
	}
	for _, list := range all.guesses {
		slices.SortStableFunc(list, func(a, b guess) int { return cmp.Compare(a.Time, b.Time) })
	}
	return slips
}

// mostPasswords is the user with the most different passwords, and how many these are.
// Anonymous users give any password.
func mostPasswords(list []guess) (user string, most int) {
	of := map[string]map[string]bool{}
	for _, g := range list {
		if isPublic(g.User) {
			continue
		}
		if of[g.User] == nil {
			of[g.User] = map[string]bool{}
		}
		of[g.User][g.Password] = true
		if n := len(of[g.User]); n > most {
			user, most = g.User, n
		}
	}
	return user, most
}

// passwords counts the different passwords.
func passwords(list []guess) int {
	different := map[string]bool{}
	for _, g := range list {
		different[g.Password] = true
	}
	return len(different)
}

// burst judges the failures of one client at one server.
func (all *logins) burst(list []guess) (breach, bool) {
	for _, limit := range guessLimits {
		if n := mostWithin(list, limit.in); n >= limit.count {
			took := time.Duration(list[len(list)-1].Time - list[0].Time)
			how := fmt.Sprintf("%s in %s", credentials(list), wording.Quantity(took.Seconds(), "seconds"))
			if limit.in > 0 && took > limit.in {
				how += fmt.Sprintf(", of which %d differ within %v", n, limit.in)
			}
			b := all.burstOf(list, how)
			switch other, stuffed := all.stuffed(list); {
			case stuffed:
				b.observed += fmt.Sprintf(", each name once, until it accepted another one, %s", wording.Quote(other))
			case all.isOutdated(list):
				b.severity, b.sign = Odd, 2
				b.observed += ", one password for each name"
			case all.mistyped(list):
				b.severity, b.sign = Odd, 2
				b.observed += ", each a slip of the fingers away from the right one"
			}
			return b, true
		}
	}
	if user, n := mostPasswords(list); n >= guessedPasswords {
		b := all.burstOf(list, fmt.Sprintf("with %d different passwords for %s", n, wording.Quote(user)))
		if all.forgot(list) {
			b.severity, b.sign = Odd, 2
		}
		return b, true
	}
	tried, accepted := map[string]bool{}, 0 // accepted is 1 if the guesses found a password
	for i, g := range list {
		if !g.isEasy() {
			continue
		}
		tried[g.Password] = true
		again := slices.ContainsFunc(list[:i], func(h guess) bool { return h.User == g.User && h.Password != g.Password && h.isEasy() })
		if again && all.isWelcome(person{g.hosts, g.User}) {
			accepted = 1
		}
	}
	if n := len(tried); n+accepted >= famousSigns {
		b := all.burstOf(list, fmt.Sprintf("%d of the passwords among those that everybody tries first, or like the user's name: %s", n, wording.List(tried)))
		if n < famousGuesses {
			b.severity, b.sign = Odd, 2
		}
		return b, true
	}
	if n := mostWithin(list, 0); n >= manyTries {
		b := all.burstOf(list, credentials(list))
		b.severity, b.sign = Odd, 2
		return b, true
	}
	for i := range list {
		if j := i + stubborn - 1; j < len(list) && time.Duration(list[j].Time-list[i].Time) <= time.Minute {
			b := all.burstOf(list, "with the same few names and passwords")
			b.severity = Odd
			return b, true
		}
	}
	return breach{}, false
}

// manyOutdated is how many names with one password each are no longer the devices or people behind one
// address, whose passwords the server has changed.
const manyOutdated = 20

// retries is how often programs try again with a password that is outdated.
const retries = 3

// isOutdated reports whether each user has one password, which is not common. Guesses of one password
// for many users differ from outdated passwords: programs try again with these.
func (all *logins) isOutdated(list []guess) bool {
	passwords, of, tries := map[string]bool{}, map[string]string{}, map[string]int{}
	for _, g := range list {
		if before, known := of[g.User]; known && before != g.Password || g.Password == "" || isFamous(g.User, g.Password) {
			return false
		}
		of[g.User] = g.Password
		passwords[g.Password] = true
		tries[g.User]++
	}
	missing := 0
	for _, n := range tries {
		missing += max(0, retries-n)
	}
	if missing > all.unknown[list[0].hosts] && len(passwords) < len(of) {
		return false
	}
	return len(of) < manyOutdated
}

// stuffedNames is how many names a server refuses, each with its own password, before it is a list of stolen
// credentials that is tried.
const stuffedNames = 7

// stuffed reports whether a client tried many names, each once, until the server accepted another one. Accounts with
// outdated passwords are tried again, and a program that looks after many accounts gets in at most of them.
func (all *logins) stuffed(list []guess) (other string, ok bool) {
	refused := map[string]bool{}
	for _, g := range list {
		if refused[g.User] {
			return "", false
		}
		refused[g.User] = true
	}
	accepted := 0
	for _, who := range all.accepted[list[0].hosts.Client()] {
		if who.PairOfHosts == list[0].hosts && !refused[who.user] {
			other, accepted = cmp.Or(other, who.user), accepted+1
		}
	}
	return other, len(refused) >= stuffedNames && accepted > 0 && accepted*refusedToAccepted <= len(refused)
}

// mostWithin is the largest number of different credentials within a time, 0 for any.
func mostWithin(list []guess, in time.Duration) int {
	most := 0
	counts := map[[2]string]int{}
	for i, j := 0, 0; j < len(list); j++ {
		counts[[2]string{list[j].User, list[j].Password}]++
		for in > 0 && time.Duration(list[j].Time-list[i].Time) > in {
			k := [2]string{list[i].User, list[i].Password}
			if counts[k]--; counts[k] == 0 {
				delete(counts, k)
			}
			i++
		}
		most = max(most, len(counts))
	}
	return most
}

func (all *logins) burstOf(list []guess, how string) breach {
	hosts := list[0].hosts
	b := breach{
		hosts:    hosts,
		observed: fmt.Sprintf("%s refused %s %d times, %s", hosts.Server(), hosts.Client(), len(list), how),
	}
	for _, g := range list {
		b.packets = append(b.packets, max(g.At, g.Packet))
		if all.isWelcome(person{hosts, g.User}) && !strings.HasSuffix(b.observed, " later") {
			b.observed += fmt.Sprintf("; it accepted %s later", wording.Quote(g.User))
		}
	}
	return b
}

func sortedPairs(m map[evidence.PairOfHosts][]guess) []evidence.PairOfHosts {
	var pairs []evidence.PairOfHosts
	for p := range m {
		pairs = append(pairs, p)
	}
	slices.SortStableFunc(pairs, func(a, b evidence.PairOfHosts) int { return cmp.Compare(m[a][0].Packet, m[b][0].Packet) })
	return pairs
}
