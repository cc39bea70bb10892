// The rule about accounts that somebody else uses.

package baseline

import (
	"fmt"
	"net/netip"
	"path"
	"slices"
	"strings"

	"ftplab/lab/analysis/ftp"
)

var accountsKeepTheirFoldersRule = Rule{
	Name: "accounts-keep-their-folders", Theme: "login",
	Says:     "Who logs in to the account of a user from outside does not take whole folders that the user never opens at work.",
	Source:   "MITRE ATT&CK, T1078 (valid accounts) and T1039 (data from network shared drive)",
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
	away     map[netip.Addr]map[string][]int // the folders from which files were fetched, by client, with the packets
}

func usedElsewhere() look {
	all := map[userAt]*accountUse{}
	return look{
		session: func(_ *Evidence, s *session) []breach {
			user := s.user()
			if user == "" || isPublic(strings.ToLower(user)) {
				return nil
			}
			at := userAt{s.server(), user}
			u := all[at]
			if u == nil {
				if len(all) >= maxPairs {
					return nil
				}
				at.user = strings.Clone(user)
				u = &accountUse{home: map[string]bool{}, away: map[netip.Addr]map[string][]int{}}
				all[at] = u
			}
			u.add(s)
			return nil
		},
		end: func(*Evidence) (found []breach) {
			for at, u := range all {
				for client, folders := range u.away {
					if b, ok := u.judge(folders); ok {
						b.hosts = pairOfHosts{client, at.server}
						b.observed = fmt.Sprintf("%s used the account %s, which is used from private addresses otherwise, and fetched %s", client, show(at.user), b.observed)
						found = append(found, b)
					}
				}
			}
			sortBy(found, func(b breach) int64 { return int64(b.packets[0]) })
			return found
		},
	}
}

// add takes the next session of the account.
func (u *accountUse) add(s *session) {
	home := s.client().IsPrivate()
	if home {
		u.sessions++
	} else if u.away[s.client()] == nil && len(u.away) < maxNames {
		u.away[s.client()] = map[string][]int{}
	}
	s.eachPath(func(x *ftp.Exchange, w *walk) {
		if !isTransfer(x) && x.Command != "CWD" || !completed(x) {
			return
		}
		folder := w.target(x.Argument)
		if x.Command == "RETR" || x.Command == "STOR" || x.Command == "APPE" {
			folder = path.Dir(folder)
		}
		of := u.away[s.client()]
		switch {
		case home && len(u.home) < maxNames:
			u.home[strings.Clone(folder)] = true
		case !home && x.Command == "RETR" && of != nil && (of[folder] != nil || len(of) < maxNames):
			of[strings.Clone(folder)] = append(of[folder], x.Packet)
		}
	})
}

// judge judges the folders from which somebody outside fetched files.
func (u *accountUse) judge(folders map[string][]int) (b breach, ok bool) {
	if u.sessions < homeSessions {
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
	b.packets = b.packets[:min(len(b.packets), maxPackets)]
	b.observed = fmt.Sprintf("%d files of %d folders that it never opened there", files, strange)
	return b, strange >= strangeFolders && files >= strangeFiles
}
