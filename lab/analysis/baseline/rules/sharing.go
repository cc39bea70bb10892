// Rules about anonymous users who look for servers to exchange files, and who exchange them.

package rules

import (
	"fmt"
	"maps"
	"net/netip"
	"path"
	"strings"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/bounded"
	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/ftp"
)

var noSearchForRoomRule = Rule{
	Name: "no-search-for-room", Theme: "requests",
	Says:     "An anonymous user does not try one folder after the other until one can be written.",
	Source:   "CERT Advisory CA-1993-10 (anonymous FTP activity)",
	Example:  "> CWD /pub > MKD a < 550, and the same in /incoming, /upload, /home and /wwwroot",
	Severity: Violation,
	Matters:  "Those who exchange stolen goods look for servers that everybody may write. Their programs try the usual names of folders.",
	Innocent: "a user looks for the folder that is meant for uploads.",
	look:     eachSession(searchesRoom),
}

// How many folders an anonymous user tries in vain in a search.
const (
	triedFolders = 5 // writes were refused in so many
	someFolders  = 3 // they were missing, or writes were refused
)

func searchesRoom(_ *Evidence, s *session) []breach {
	if !s.public() {
		return nil
	}
	written, missing, own := map[string]int{}, map[string]int{}, map[string]bool{}
	s.eachPath(func(x *ftp.Exchange, w *evidence.Walk) {
		at := w.Target(x.Argument)
		makes := x.Command == "MKD" || x.Command == "XMKD"
		switch {
		case x.Final() < 500:
		case makes || x.Sender() == ftp.Client:
			own[at] = makes
			if written[path.Dir(at)] == 0 {
				written[path.Dir(at)] = x.Packet
			}
		case x.Command == "CWD" || x.Command == "XCWD":
			missing[at] = x.Packet
		}
	})
	// A client that stores a tree makes its folders, and each folder of a path. Those do not count.
	maps.DeleteFunc(written, func(folder string, _ int) bool { return own[folder] })
	for folder := range written {
		for up := path.Dir(folder); up != folder; folder, up = up, path.Dir(up) {
			delete(written, up)
		}
	}
	refused := len(written)
	maps.Copy(missing, written)
	switch all := len(missing); {
	case refused >= triedFolders:
		return []breach{{packets: firstPackets(written), observed: fmt.Sprintf("an anonymous user tried to write in %d folders, and was refused", refused)}}
	case refused > 0 && all >= someFolders:
		return []breach{{severity: Odd, sign: 1, packets: firstPackets(missing),
			observed: fmt.Sprintf("an anonymous user tried %d folders, which were missing or could not be written", all)}}
	}
	return nil
}

var uploadsAreNotSharedRule = Rule{
	Name: "uploads-are-not-shared", Theme: "transfers",
	Says:     "What an anonymous user stores is not fetched by other anonymous users.",
	Source:   "CERT Advisory CA-1993-10 (anonymous FTP activity)",
	Example:  "> STOR movie.r00 of an anonymous user, and > RETR movie.r00 of two others",
	Severity: Odd, sign: 2,
	Matters:  "Strangers exchange stolen software and films over servers that everybody may write.",
	Innocent: "the server is for the exchange of files among people without accounts.",
	look:     sharedUploads,
}

// sharedAmong is how many other clients must fetch a file before it counts as shared. A single one
// may be the owner of the server, who looks at what was sent.
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
			s.eachPath(func(x *ftp.Exchange, w *evidence.Walk) {
				if !evidence.Completed(x) {
					return
				}
				at := place{s.Server(), w.Target(x.Argument)}
				switch f := files[at]; {
				case x.Sender() == ftp.Client && f == nil:
					if !bounded.Takes(s.ledger, maxPublicUploads, files, at) {
						return
					}
					at.path = strings.Clone(at.path)
					files[at] = &sharedFile{s.Client(), x.Packet, map[netip.Addr]int{}}
				case x.Command == "RETR" && f != nil && f.owner != s.Client() && len(f.fetchers) < MaxPackets:
					if _, known := f.fetchers[s.Client()]; !known {
						f.fetchers[s.Client()] = x.Packet
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
				b := breach{hosts: evidence.Between(f.owner, at.server), packets: append([]int{f.packet}, firstPackets(f.fetchers)...),
					observed: fmt.Sprintf("%s stored %s as an anonymous user, and %s fetched it", f.owner, wording.Quote(at.path), wording.Plural(n, "other client", "other clients"))}
				if n < sharedAmong {
					b.severity, b.sign = Note, 1
				}
				found = append(found, b)
			}
			sortByFrame(found)
			return found
		},
	}
}
