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

// A fetchedOrder is a short file that a client fetched, with whether the client stored a listing after it.
type fetchedOrder struct {
	path   string // "" if it was counted, or if there is none
	packet int
	listed bool
}

// A folderOrder is what a client did with short files: the last one that it removed, and how many listings answered them.
type folderOrder struct {
	removed fetchedOrder
	n       int
	packets []int
}

// folderOrders are the clients that removed short files after they fetched them, by their hosts. Many fetch such files, and
// few remove them.
type folderOrders map[evidence.PairOfHosts]*folderOrder

// ofMirror matches the names of listings that servers offer to their users.
var ofMirror = pattern.New(`(?i)(^|/)[^/]*(\bls-\w*r\b|index|dirlist|filelist|files|listing)[^/]*$`)

// add takes the next command with a path, and the last short file that the session fetched. The file may be removed before
// or after its answer is stored.
func (all folderOrders) add(e *Evidence, s *session, x *ftp.Exchange, at string, last *fetchedOrder) {
	of := all[s.Hosts()]
	switch {
	case x.Command == "RETR" && s.movesFew(x):
		*last = fetchedOrder{path: strings.Clone(at), packet: x.Packet}
		if of != nil {
			of.removed.path = ""
		}
	case x.Command == "DELE" && at == last.path && evidence.Completed(x):
		if of = bounded.Entry(s.ledger, maxPairs, all, s.Hosts()); of == nil {
			return
		}
		if of.removed, last.path = *last, ""; of.removed.listed {
			of.count(x.Packet)
		}
	case of != nil && of.removed.path != "" && at != of.removed.path && listsFolder(e, s, x, at):
		of.count(x.Packet)
	case last.path != "" && at != last.path && listsFolder(e, s, x, at):
		last.listed = true
	}
}

// listsFolder reports whether a client stores a listing of a folder, and not one that servers offer to their users.
func listsFolder(e *Evidence, s *session, x *ftp.Exchange, at string) bool {
	return x.Sender() == ftp.Client && !ofMirror.MatchString(at) && e.shortFile(s, x).folder
}

// count counts the order that was removed, as answered.
func (of *folderOrder) count(packet int) {
	of.n++
	of.packets = appendSome(appendSome(of.packets, of.removed.packet), packet)
	of.removed.path = ""
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
