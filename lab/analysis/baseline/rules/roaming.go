// The rule about accounts that somebody else uses.

package rules

import (
	"fmt"
	"net/netip"
	"path"
	"slices"
	"strings"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/bounded"
	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/ftp"
)

var accountsKeepTheirFoldersRule = Rule{
	Name: "accounts-keep-their-folders", Theme: "login",
	Says:     "Somebody who logs in to a user's account from outside does not take whole folders that the user never opens at work. After a user has used a server, the server does not log in elsewhere with his name and password.",
	Source:   "MITRE ATT&CK, T1078 (valid accounts), T1039 (data from network shared drive) and T1570 (lateral tool transfer)",
	Example:  "> CWD /sales > STOR week1.csv, several times from 10.20.4.17; then from 203.0.113.66 all files of /hr, /finance and /design",
	Severity: Odd, sign: 2,
	Matters:  "A stolen password works from everywhere. The thief takes what he finds, and the user's own work shows what he needs.",
	Innocent: "the user works at home, on something new.",
	look:     usedElsewhere,
}

// An account is used by somebody else if it was used at work in homeSessions, and then from outside for
// strangeFiles in strangeFolders, all of them new.
const (
	homeSessions   = 2
	strangeFolders = 3
	strangeFiles   = 8
)

// An accountUse is where an account was used, and for which folders.
type accountUse struct {
	sessions int // from private addresses
	home     map[string]bool
	more     bool                            // home has no room for some
	away     map[netip.Addr]map[string][]int // the folders from which files were fetched, by client, with the packets
}

func usedElsewhere() look {
	all, taken := map[userAt]*accountUse{}, steppingStones{}
	folders := 0 // of all
	return look{
		session: func(e *Evidence, s *session) []breach {
			user := s.user()
			if user == "" || isPublic(strings.ToLower(user)) {
				return nil
			}
			found := taken.add(e, s, user)
			at := userAt{s.Server(), user}
			u := all[at]
			if u == nil {
				if !bounded.Takes(s.ledger, maxAccounts, all, at) {
					return found
				}
				at.user = strings.Clone(user)
				u = &accountUse{home: map[string]bool{}, away: map[netip.Addr]map[string][]int{}}
				all[at] = u
			}
			folders += u.add(s, folders)
			return found
		},
		end: func(*Evidence) (found []breach) {
			for at, u := range all {
				for client, folders := range u.away {
					if b, ok := u.judge(folders); ok {
						b.hosts = evidence.Between(client, at.server)
						b.observed = fmt.Sprintf("%s used the account %s, which is used from private addresses otherwise, and fetched %s", client, wording.Quote(at.user), b.observed)
						found = append(found, b)
					}
				}
			}
			sortByFrame(found)
			return found
		},
	}
}

// add takes the next session of the account, and returns how many folders are new. There are so many of all accounts.
func (u *accountUse) add(s *session, folders int) (added int) {
	home := s.Client().IsPrivate()
	if home {
		u.sessions++
	}
	s.eachPath(func(x *ftp.Exchange, w *evidence.Walk) {
		if !evidence.IsTransfer(x) && x.Command != "CWD" || !evidence.Completed(x) {
			return
		}
		folder := w.Target(x.Argument)
		if x.Command == "RETR" || x.Command == "STOR" || x.Command == "APPE" {
			folder = path.Dir(folder)
		}
		if !home && x.Command != "RETR" {
			return
		}
		of := u.away[s.Client()]
		known := home && u.home[folder] || !home && of[folder] != nil
		if !known && !s.ledger.Room(maxFolders, folders+added) {
			u.more = u.more || home
			return
		}
		if !known {
			folder = strings.Clone(folder)
			added++
		}
		switch {
		case home:
			u.home[folder] = true
		case of == nil:
			u.away[s.Client()] = map[string][]int{folder: {x.Packet}}
		default:
			of[folder] = append(of[folder], x.Packet)
		}
	})
	return added
}

// judge judges the folders from which somebody outside fetched files. If the user opens more folders
// at work than are remembered, any of them may be his.
func (u *accountUse) judge(folders map[string][]int) (b breach, ok bool) {
	if u.sessions < homeSessions || u.more {
		return b, false
	}
	strange, files := 0, 0
	for folder, packets := range folders {
		if u.home[folder] {
			return b, false
		}
		strange, files = strange+1, files+len(packets)
		b.packets = append(b.packets, packets...)
	}
	slices.Sort(b.packets)
	b.packets = b.packets[:min(len(b.packets), MaxPackets)]
	b.observed = fmt.Sprintf("%d files of %d folders that it never opened there", files, strange)
	return b, strange >= strangeFolders && files >= strangeFiles
}

// steppingStones are the accounts with which somebody logged in at servers that are clients of other servers, too.
type steppingStones struct {
	both map[netip.Addr]bool // these servers; nil before the first session
	used map[credential]stay
}

// A credential is an account at a server with its password.
type credential struct {
	server         netip.Addr
	user, password string
}

// A stay is the session with a credential that ended last: the packet of its login, and when it ended.
type stay struct {
	packet int
	end    int64
}

// add takes the next session of an account. It finds a server that logs in elsewhere with the credentials with which
// somebody had logged in at it. A proxy does so while the first session lasts. Who logs in at a host from that host
// itself is a user of it, and goes on from there as he likes.
func (all *steppingStones) add(e *Evidence, s *session, user string) (found []breach) {
	if all.both == nil {
		all.both, all.used = e.bothRoles(), map[credential]stay{}
	}
	if s.Client() == s.Server() || !all.both[s.Client()] && !all.both[s.Server()] {
		return nil
	}
	i := slices.IndexFunc(s.Logins, func(l evidence.Login) bool { return l.Succeeded() && l.User == user && l.Password != "" })
	if i < 0 {
		return nil
	}
	l := s.Logins[i]
	if before, known := all.used[credential{s.Client(), user, l.Password}]; known && before.end < s.Control.FirstTime {
		found = append(found, breach{packets: []int{before.packet, l.Packet},
			observed: fmt.Sprintf("%s, at which somebody had logged in as %s, logged in at %s with the same name and password", s.Client(), wording.Quote(user), s.Server())})
	}
	at := credential{s.Server(), user, l.Password}
	if before, known := all.used[at]; all.both[s.Server()] && bounded.Takes(s.ledger, maxAccounts, all.used, at) && (!known || before.end < s.Control.LastTime) {
		at.user, at.password = strings.Clone(user), strings.Clone(l.Password)
		all.used[at] = stay{l.Packet, s.Control.LastTime}
	}
	return found
}

// bothRoles are the hosts that are a server of one session and the client of another.
func (e *Evidence) bothRoles() map[netip.Addr]bool {
	clients, both := map[netip.Addr]bool{}, map[netip.Addr]bool{}
	for hosts := range e.Served {
		clients[hosts.Client()] = true
	}
	for hosts := range e.Served {
		if clients[hosts.Server()] && hosts.Client() != hosts.Server() {
			both[hosts.Server()] = true
		}
	}
	return both
}
