// The rule about uploads in many small pieces.

package baseline

import (
	"bytes"
	"fmt"
	"math"

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
	leastRandom  = 256      // bytes; fewer do not show whether they are random
	maxSizes     = 64       // sizes that are remembered of two hosts
)

// uploadSizes are the uploads between two hosts.
type uploadSizes struct {
	n       int
	random  map[int64][]int // the packets of random ones, by size
	counted map[int64]int
}

func smallPieces() look {
	all := map[pairOfHosts]*uploadSizes{}
	return look{
		session: func(e *Evidence, s *session) []breach {
			for _, x := range s.Exchanges {
				if x.Sender() != ftp.Client || !completed(x) {
					continue
				}
				u := all[s.hosts()]
				if u == nil {
					if len(all) >= maxPairs {
						return nil
					}
					u = &uploadSizes{random: map[int64][]int{}, counted: map[int64]int{}}
					all[s.hosts()] = u
				}
				u.n++
				for _, c := range s.dataOf(x.Data) {
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
							observed: fmt.Sprintf("%d of the %d files that %s stored have %d bytes, and they look random", n, u.n, hosts.client, size)})
					}
				}
			}
			sortBy(found, func(b breach) int64 { return int64(b.packets[0]) })
			return found
		},
	}
}

// isNoise reports whether the data of a transfer looks random, and whether the capture has enough of
// it to tell.
func (e *Evidence) isNoise(s *session, x *ftp.Exchange) (random, enough bool) {
	for _, c := range s.dataOf(x.Data) {
		shown, _ := e.watch.shown(c.ID)
		random, enough = shown.kind == noise, c.Flow(x.Sender()).Bytes >= leastRandom && c.Missing() == 0
	}
	return random, enough
}

// add takes an upload.
func (u *uploadSizes) add(e *Evidence, c *ftp.Connection, packet int) {
	size := c.ClientFlow.Bytes
	if shown, _ := e.watch.shown(c.ID); shown.kind != noise || size > largestPiece || u.counted[size] == 0 && len(u.counted) >= maxSizes {
		return
	}
	u.counted[size]++
	u.random[size] = appendSome(u.random[size], packet)
}

// compressed are the first bytes of formats whose data looks random: compressed files, and files that
// are encrypted for their owner.
var compressed = [][]byte{
	[]byte("\x1f\x8b"), []byte("PK"), []byte("Rar!"), []byte("7z\xbc\xaf"), []byte("BZh"), []byte("\xfd7zXZ"), []byte("\x28\xb5\x2f\xfd"),
	[]byte("\xff\xd8\xff"), []byte("\x89PNG"), []byte("GIF8"), []byte("RIFF"), []byte("ID3"), []byte("\xff\xfb"), []byte("OggS"), []byte("%PDF"),
	[]byte("x\x01"), []byte("x\x9c"), []byte("x\xda"), []byte("\x16\x03"), // of zlib, as in mode Z, and of TLS
	[]byte("\x85\x01"), []byte("\x85\x02"), []byte("\x84"), []byte("\x8c"), []byte("\xc1"), []byte("\x30\x82"), // of OpenPGP and CMS
}

// isRandom reports whether bytes have about as many different values as random bytes have, and do not
// begin like a compressed file.
func isRandom(data []byte) bool {
	if len(data) < leastRandom {
		return false
	}
	for _, begin := range compressed {
		if bytes.HasPrefix(data, begin) {
			return false
		}
	}
	var seen [256]bool
	n := 0
	for _, b := range data {
		if !seen[b] {
			seen[b] = true
			n++
		}
	}
	const near = 0.93
	return float64(n) >= near*256*(1-math.Pow(255.0/256, float64(len(data))))
}
