// Folders that somebody empties, or their files, and leaves a demand for money.

package rules

import (
	"fmt"
	"maps"
	"path"
	"strings"

	"ftplab/lab/analysis/baseline/content"
	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/ftp"
)

// How many files and folders are removed for a ransom, and how many times as many somebody removes as he stores.
// One who renews a web site stores as many as he removes.
const (
	fewestHeld  = 5
	heldToNotes = 5
)

// A hostage is what the sessions between two hosts have removed and stored. A file that is stored without a byte is
// removed.
type hostage struct {
	removed, demands []int           // packets, some of them
	gone, stored     int             // stored counts without the notes
	notes            map[string]bool // the names of texts that demand money, often the same in each folder; maxNames of them are enough
}

// add takes the next session.
func (h *hostage) add(e *Evidence, s *session) {
	removed, stored := map[string]int{}, map[string]int{} // by path, and by folder
	fetched, noted := map[string]bool{}, map[string]bool{}
	s.eachPath(func(x *ftp.Exchange, w *evidence.Walk) {
		at := w.Target(x.Argument)
		switch {
		case !completedNormally(x):
		case x.Command == "DELE" || x.Command == "RMD" || x.Command == "XRMD", s.storesNothing(x):
			removed[at] = x.Packet
		case x.Command == "RETR":
			fetched[at] = true
		case x.Sender() == ftp.Client:
			delete(removed, at) // it is there again
			stored[path.Dir(at)]++
			packet := e.demandIn(s, x)
			if packet == 0 {
				h.stored++
				return
			}
			noted[path.Dir(at)] = true
			if len(h.notes) < maxNames {
				h.notes[strings.Clone(path.Base(at))] = true
			}
			h.demands = appendSome(appendSome(h.demands, evidence.Frames(x)[0]), packet)
		}
	})
	maps.DeleteFunc(removed, func(at string, _ int) bool { return fetched[at] && !noted[path.Dir(at)] }) // they were handed over
	if n := s.emptied(e, removed, stored); n > 0 {
		h.gone += n
		for _, packet := range firstPackets(removed)[:min(n, fewestHeld)] {
			h.removed = appendSome(h.removed, packet)
		}
	}
}

// demandIn is the packet of an upload that demands money, 0 for none.
func (e *Evidence) demandIn(s *session, x *ftp.Exchange) int {
	for _, c := range s.DataOf(x.Data) {
		for _, shown := range e.shows(c.ID) {
			if shown.Kind == content.Demand {
				return shown.packet
			}
		}
	}
	return 0
}

// emptied counts the files and folders that the session removed from folders in which a listing of it shows no others,
// or all that it removed, if these are many. A listing may show what the session had stored before.
func (s *session) emptied(e *Evidence, removed, stored map[string]int) (n int) {
	if len(removed) >= wipedFiles/2 {
		return len(removed)
	}
	from := map[string]int{} // how many were removed, by folder
	for at := range removed {
		from[path.Dir(at)]++
	}
	var w evidence.Walk
	for _, x := range s.Exchanges {
		if entries := e.listed(s, x); entries > 0 {
			at := path.Clean(w.Listed(x.Argument))
			if from[at]+stored[at] >= entries {
				n += from[at]
				delete(from, at)
			}
		}
		w.Follow(x)
	}
	return n
}

// judge finds a demand for the files that were removed.
func (h *hostage) judge() (b breach, ok bool) {
	return breach{severity: Violation, packets: append(h.removed, h.demands...),
		observed: fmt.Sprintf("%d files and folders were removed or emptied, and a text was stored that asks for money or says where to write", h.gone)}, h.gone >= fewestHeld && len(h.notes) > 0 && (h.stored+len(h.notes))*heldToNotes <= h.gone
}
