// Files that somebody removes one by one, at any pace, and folders that go with all that is in them.

package rules

import (
	"fmt"
	"net/netip"
	"path"
	"slices"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/bounded"
	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/internal/pattern"
)

// tolls are the documents that were removed in all sessions of two hosts and not fetched in the same one, and how many files
// came to each server. A program that makes room for new files removes as many as come.
type tolls struct {
	of   map[evidence.PairOfHosts]*toll
	came map[netip.Addr]int
}

// A toll is the documents that were removed, and how many of them are of leisure.
type toll struct {
	counted
	leisure int
}

// ofLeisure matches names of pictures, songs and films. People sort them out by the dozen, so they count half.
var ofLeisure = pattern.New(`(?i)\.(jpe?g|png|gif|webp|bmp|mp[34]|wav|avi)$`)

// moves takes the files that a session moved.
func (t *tolls) moves(s *session) {
	if n := s.Commands["STOR"] + s.Commands["STOU"] + s.Commands["APPE"]; n > 0 && bounded.Takes(s.ledger, maxHosts, t.came, s.Server()) {
		t.came[s.Server()] += n
	}
	s.pair.fetched += int32(s.Commands["RETR"])
}

// add takes what a session removed. A name with a day of a calendar is that of a file that becomes old.
func (t *tolls) add(s *session, w *wiper) {
	for at, packet := range w.gone {
		if name := path.Base(at); !document.MatchString(name) || calendar.MatchString(name) || w.folders[path.Dir(at)] {
			continue
		}
		of := bounded.Entry(s.ledger, maxPairs, t.of, s.Hosts())
		if of == nil {
			return
		}
		if of.n++; ofLeisure.MatchString(at) {
			of.leisure++
		}
		of.packets = append(of.packets, packet)
	}
	if of := t.of[s.Hosts()]; of != nil {
		slices.Sort(of.packets)
		of.packets = of.packets[:min(len(of.packets), MaxPackets)]
	}
}

// judge names the clients that removed many documents, and more than came.
func (t *tolls) judge(e *Evidence) (found []breach) {
	for hosts, of := range t.of {
		moved := t.came[hosts.Server()]
		if pair := e.pairs[hosts]; pair != nil {
			moved += int(pair.fetched)
		}
		if n := of.n; n-of.leisure/2 >= wipedFiles && moved*10 < n {
			found = append(found, breach{hosts: hosts, packets: of.packets,
				observed: fmt.Sprintf("%s deleted %d documents at %s one by one, which it had not fetched, and hardly any file came", hosts.Client(), n, hosts.Server())})
		}
	}
	return found
}

// wholeTree matches an order of a server's own to remove the root, or all that is in it.
var wholeTree = pattern.New(`(?i)^(RMDIR|RMD|RMTREE|DELTREE|EXEC +(/bin/)?rm|RM)( +-\w+)* +"?([a-z]:)?[/\\]\*?"?$`)

// rootRemoved judges a client that removes the root, with all that is in it.
func rootRemoved(_ *Evidence, s *session) (b breach, ok bool) {
	s.eachPath(func(x *ftp.Exchange, w *evidence.Walk) {
		all := x.Command == "RMDA" && w.Target(x.Argument) == "/" || x.Command == "SITE" && wholeTree.MatchString(x.Argument)
		if all && (b.packets == nil || completedNormally(x)) {
			b = breach{packets: evidence.Frames(x), observed: wording.Quote(x.Line.Text) + " would remove the root and all that is in it"}
			if completedNormally(x) {
				b.severity, b.observed = Violation, wording.Quote(x.Line.Text)+" removes the root and all that is in it"
			}
		}
	})
	return b, b.packets != nil
}
