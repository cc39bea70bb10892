// Listings that a client asks for again and again.

package rules

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/bounded"
	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/ftp"
)

// A listPoll is a folder that a client has listed.
type listPoll struct {
	hosts evidence.PairOfHosts
	path  string
	whole bool // with all that is below it
}

// listPolls are the listings of whole trees, and of folders that have orders for a program by their names.
type listPolls map[listPoll]*listings

// listings are those of a folder. Some are those that had something in them, which the session left alone.
type listings struct {
	poll
	some int
}

// add takes the listings of a session.
func (all listPolls) add(s *session) {
	moves := slices.ContainsFunc(s.Exchanges, func(x *ftp.Exchange) bool { return evidence.IsTransfer(x) && !x.Lists() })
	var w evidence.Walk
	for _, x := range s.Exchanges {
		w.Follow(x)
		if !x.Lists() || !evidence.Completed(x) || s.MayBeRest(x.Line) || !s.Readable(x.Packet) {
			continue
		}
		options, _, _ := strings.Cut(x.Argument, " ")
		at := listPoll{s.Hosts(), w.Listed(x.Argument), strings.HasPrefix(options, "-") && strings.Contains(options, "R")}
		if !at.whole && (moves || !hasOrders(at.path)) {
			continue
		}
		at.path = strings.Clone(at.path)
		if of := bounded.Entry(s.ledger, maxFetchedFiles, all, at); of != nil {
			of.add(x)
			if !s.listsNothing(x) {
				of.some++
			}
		}
	}
}

// hasOrders reports whether a folder, or one above it, has orders for programs by its name.
func hasOrders(folder string) bool {
	return slices.ContainsFunc(strings.Split(path.Clean(folder), "/"), commandsName.MatchString)
}

// judge names the clients that have a whole tree listed again and again, each time soon after the last one, or a folder
// with orders of which they fetch nothing: the name of a file may be the order.
func (all listPolls) judge() (found []breach) {
	for at, of := range all {
		within := time.Duration(of.last - of.first)
		b := breach{severity: Odd, sign: 2, hosts: at.hosts, packets: of.packets}
		switch {
		case of.n < polledOften:
			continue
		case at.whole && within < time.Duration(of.n)*time.Second:
			b.observed = fmt.Sprintf("%s had %s listed with all that is below it %d times within %v", at.hosts.Client(), wording.Quote(at.path), of.n, within.Round(time.Second))
		case !at.whole && of.some > 0:
			b.observed = fmt.Sprintf("%s listed %s %d times, and moved no file in these sessions; by its name the folder has orders for a program", at.hosts.Client(), wording.Quote(at.path), of.n)
		default:
			continue
		}
		found = append(found, b)
	}
	return found
}
