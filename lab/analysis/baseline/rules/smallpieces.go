// The rule about uploads in many small pieces.

package rules

import (
	"fmt"
	"maps"

	"ftplab/lab/analysis/baseline/content"
	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/bounded"
	"ftplab/lab/analysis/ftp"
)

var filesComeWholeRule = Rule{
	Name: "files-come-whole", Theme: "transfers",
	Says:     "A client does not store many small files of the same size with random bytes.",
	Source:   "MITRE ATT&CK, T1030 (data transfer size limits) and T1048 (exfiltration over another protocol)",
	Example:  "> STOR part0001 with 512 random bytes, and so on, thirty times",
	Severity: Odd, sign: 1,
	Matters:  "An intruder cuts what he takes into small encrypted pieces, which a sensor for large uploads does not see.",
	Innocent: "a device stores encrypted records of a fixed size, or a program makes copies in pieces.",
	look:     smallPieces,
}

// Limits of pieces: so many uploads between two hosts, and piecesPart of all, have one size and look
// random.
const (
	piecesLeast  = 20
	piecesPart   = 0.9
	largestPiece = 64 << 10 // bytes
	maxSizes     = 64       // sizes that are counted of two hosts
)

// uploadSizes are the uploads between two hosts.
type uploadSizes struct {
	n       int
	random  map[int64][]int // the packets of random ones, by size
	counted map[int64]int
}

func smallPieces() look {
	all := map[evidence.PairOfHosts]*uploadSizes{}
	return look{
		session: func(e *Evidence, s *session) []breach {
			for _, x := range s.Exchanges {
				if x.Sender() != ftp.Client || !evidence.Completed(x) {
					continue
				}
				if !bounded.Takes(s.ledger, maxPairs, all, s.Hosts()) {
					return nil
				}
				u := all[s.Hosts()]
				if u == nil {
					u = &uploadSizes{random: map[int64][]int{}, counted: map[int64]int{}}
					all[s.Hosts()] = u
				}
				u.n++
				for _, c := range s.DataOf(x.Data) {
					u.add(e, c, x.Packet)
				}
			}
			return nil
		},
		end: func(*Evidence) (found []breach) {
			for hosts, u := range all {
				for size, n := range u.counted {
					if n >= piecesLeast && float64(n) >= piecesPart*float64(u.n) {
						found = append(found, breach{hosts: hosts, packets: u.random[size],
							observed: fmt.Sprintf("%d of the %d files that %s stored have %d bytes, and they look random", n, u.n, hosts.Client(), size)})
					}
				}
			}
			sortByFrame(found)
			return found
		},
	}
}

// isNoise reports whether the data of a transfer looks random, and whether the capture has enough of
// it to tell.
func (e *Evidence) isNoise(s *session, x *ftp.Exchange) (random, enough bool) {
	for _, c := range s.DataOf(x.Data) {
		random, enough = e.watch.random[c.ID], c.Flow(x.Sender()).Bytes >= content.FewestReplacings && c.Missing() == 0
	}
	return random, enough
}

// add takes an upload.
func (u *uploadSizes) add(e *Evidence, c *ftp.Connection, packet int) {
	size := c.ClientFlow.Bytes
	if shown, _ := e.shown(c.ID); shown.Kind != content.Random || size > largestPiece {
		return
	}
	if u.counted[size] == 0 && len(u.counted) >= maxSizes { // the rare ones make room: nearly all pieces have one size
		maps.DeleteFunc(u.counted, func(_ int64, n int) bool { return n <= u.n/maxSizes })
		maps.DeleteFunc(u.random, func(size int64, _ []int) bool { return u.counted[size] == 0 })
	}
	u.counted[size]++
	u.random[size] = appendSome(u.random[size], packet)
}
