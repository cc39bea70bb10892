// The rule about what anonymous users exchange.

package baseline

import (
	"fmt"
	"net/netip"
	"path"
	"strings"

	"ftplab/lab/analysis/ftp"
)

var sharingRules = []Rule{
	{
		Name: "uploads-are-not-shared", Theme: "transfers",
		Says:     "What an anonymous user stores is not fetched by other anonymous users.",
		Source:   "CERT Advisory CA-1993-10 (anonymous FTP activity)",
		Severity: Odd, sign: 2,
		Matters:  "Strangers exchange stolen software and films over servers that everybody may write.",
		Innocent: "the server is for the exchange of files among people without accounts.",
		look:     sharedUploads,
	},
	{
		Name: "no-search-for-room", Theme: "requests",
		Says:     "An anonymous user does not try one folder after the other until one can be written.",
		Source:   "CERT Advisory CA-1993-10 (anonymous FTP activity)",
		Severity: Violation,
		Matters:  "Those who exchange stolen goods look for servers that everybody may write. Their programs try the usual names of folders.",
		Innocent: "a user looks for the folder that is meant for uploads.",
		look:     eachSession(searchesRoom),
	},
}

// How many folders that may not be written are a search, and how many a sign of one.
const (
	triedFolders = 5
	someFolders  = 3
)

func searchesRoom(_ *Evidence, s *session) []breach {
	if !s.public() {
		return nil
	}
	tried, writes := map[string]int{}, 0
	s.eachPath(func(x *ftp.Exchange, w *walk) {
		folder := w.target(x.Argument)
		switch {
		case x.Final() < 500:
			return
		case x.Command == "MKD" || x.Command == "XMKD" || x.Sender() == ftp.Client:
			folder = path.Dir(folder)
			writes++
		case x.Command != "CWD" && x.Command != "XCWD":
			return
		}
		if tried[folder] == 0 {
			tried[folder] = x.Packet
		}
	})
	if writes == 0 {
		return nil
	}
	for folder := range tried { // a client that makes the folders of a path names each of them
		for up := path.Dir(folder); up != folder; folder, up = up, path.Dir(up) {
			delete(tried, up)
		}
	}
	b := breach{packets: firstPackets(tried), observed: fmt.Sprintf("an anonymous user tried %d folders, and was refused in all of them", len(tried))}
	switch {
	case len(tried) < someFolders:
		return nil
	case len(tried) < triedFolders:
		b.severity, b.sign = Odd, 1
	}
	return []breach{b}
}

// sharedAmong is the number of other clients that fetch a file before it counts as shared. One
// may be the owner of the server, who looks at what was sent in.
const sharedAmong = 2

// A sharedFile is a file that an anonymous user stored, with the clients that fetched it.
type sharedFile struct {
	owner    netip.Addr
	packet   int
	fetchers map[netip.Addr]int
}

func sharedUploads() look {
	type place struct {
		server netip.Addr
		path   string
	}
	files := map[place]*sharedFile{}
	return look{
		session: func(_ *Evidence, s *session) []breach {
			if !s.public() {
				return nil
			}
			s.eachPath(func(x *ftp.Exchange, w *walk) {
				if !completed(x) {
					return
				}
				at := place{s.server(), w.target(x.Argument)}
				switch f := files[at]; {
				case x.Sender() == ftp.Client && f == nil && len(files) < maxPairs:
					at.path = strings.Clone(at.path)
					files[at] = &sharedFile{s.client(), x.Packet, map[netip.Addr]int{}}
				case x.Command == "RETR" && f != nil && f.owner != s.client() && len(f.fetchers) < maxPackets:
					if _, known := f.fetchers[s.client()]; !known {
						f.fetchers[s.client()] = x.Packet
					}
				}
			})
			return nil
		},
		end: func(*Evidence) (found []breach) {
			for at, f := range files {
				n := len(f.fetchers)
				if n == 0 {
					continue
				}
				b := breach{hosts: pairOfHosts{f.owner, at.server}, packets: append([]int{f.packet}, firstPackets(f.fetchers)...),
					observed: fmt.Sprintf("%s stored %s as an anonymous user, and %s fetched it", f.owner, show(at.path), plural(n, "other client", "other clients"))}
				if n < sharedAmong {
					b.severity, b.sign = Note, 1
				}
				found = append(found, b)
			}
			sortBy(found, func(b breach) int64 { return int64(b.packets[0]) })
			return found
		},
	}
}
