// Orders by file whose words nobody knows, but whose answers are listings of folders.

package rules

import (
	"fmt"
	"strings"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/bounded"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/internal/pattern"
)

// folderRounds is how many short files, each removed after it was fetched and answered by a listing of a folder, are no
// accident.
const folderRounds = 2

// A folderOrder is the last short file that a client fetched, and the listings that it stored after such files.
type folderOrder struct {
	path            string // "" if it was counted
	packet          int
	removed, listed bool
	n               int
	packets         []int
}

// folderOrders are the short files that clients fetched, by their hosts.
type folderOrders map[evidence.PairOfHosts]*folderOrder

// ofMirror matches the names of listings that servers offer to their users.
var ofMirror = pattern.New(`(?i)(^|/)[^/]*(\bls-\w*r\b|index|dirlist|filelist|files|listing)[^/]*$`)

// add takes the next command with a path. The file may be removed before or after its answer is stored.
func (all folderOrders) add(e *Evidence, s *session, x *ftp.Exchange, at string) {
	of := all[s.Hosts()]
	switch {
	case x.Command == "RETR" && s.movesFew(x):
		if of = bounded.Entry(s.ledger, maxPairs, all, s.Hosts()); of == nil {
			return
		}
		of.path, of.packet, of.removed, of.listed = strings.Clone(at), x.Packet, false, false
	case of == nil || of.path == "":
		return
	case x.Command == "DELE" && evidence.Completed(x) && at == of.path:
		of.removed = true
	case x.Sender() == ftp.Client && e.shortFile(s, x).folder && at != of.path && !ofMirror.MatchString(at):
		of.listed = true
	}
	if of.removed && of.listed {
		of.n++
		of.packets = appendSome(of.packets, of.packet)
		of.packets = appendSome(of.packets, x.Packet)
		of.path = ""
	}
}

// movesFew reports whether a transfer moves few bytes, so that the file may be an order.
func (s *session) movesFew(x *ftp.Exchange) bool {
	for _, c := range s.DataOf(x.Data) {
		if n := c.Flow(x.Sender()).Bytes; n > 0 && n <= largestOrder {
			return true
		}
	}
	return false
}

// judge finds the clients that list their folders as files tell them.
func (all folderOrders) judge() (found []breach) {
	for hosts, of := range all {
		if of.n < folderRounds {
			continue
		}
		b := breach{hosts: hosts, packets: of.packets,
			observed: fmt.Sprintf("%s fetched a short file, removed it and stored a listing of a folder, %d times", hosts.Client(), of.n)}
		if of.n < orderRounds {
			b.severity, b.sign = Odd, 2
		}
		found = append(found, b)
	}
	return found
}
