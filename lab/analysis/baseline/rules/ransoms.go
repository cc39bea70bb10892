// Folders that somebody empties, or their files, and leaves a demand for money.

package rules

import (
	"fmt"
	"path"

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
	removed, demands []int // packets, some of them
	gone, stored     int
}

// add takes the next session.
func (h *hostage) add(e *Evidence, s *session) {
	removed, stored := map[string]int{}, 0
	s.eachPath(func(x *ftp.Exchange, w *evidence.Walk) {
		switch {
		case !completedNormally(x):
		case x.Command == "DELE" || x.Command == "RMD" || x.Command == "XRMD", s.storesNothing(x):
			removed[w.Target(x.Argument)] = x.Packet
		case x.Sender() == ftp.Client:
			stored++
			if packet := e.demandIn(s, x); packet > 0 {
				h.demands = append(h.demands, evidence.Frames(x)[0], packet)
			}
		}
	})
	h.stored += stored
	if n := len(removed); n >= fewestHeld && (n >= wipedFiles/2 || s.emptiedFolder(e, removed, stored)) {
		h.gone += n
		h.removed = append(h.removed, firstPackets(removed)[:fewestHeld]...)
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

// emptiedFolder reports whether as many files and folders of a folder were removed as a listing of it shows. A
// listing may show what the session had stored before.
func (s *session) emptiedFolder(e *Evidence, removed map[string]int, stored int) bool {
	from := map[string]int{} // how many were removed, by folder
	for at := range removed {
		from[path.Dir(at)]++
	}
	var w evidence.Walk
	for _, x := range s.Exchanges {
		if data := s.DataOf(x.Data); x.Lists() && len(data) == 1 {
			n := from[path.Clean(w.Listed(x.Argument))]
			if n >= fewestHeld && n+stored >= e.watch.entries[data[0].ID] {
				return true
			}
		}
		w.Follow(x)
	}
	return false
}

// judge finds a demand for the files that were removed.
func (h *hostage) judge() (b breach, ok bool) {
	return breach{severity: Violation, packets: append(h.removed, h.demands...),
		observed: fmt.Sprintf("%d files and folders were removed or emptied, and a text was stored that asks for money or says where to write", h.gone)}, h.gone > 0 && len(h.demands) > 0 && h.stored*heldToNotes <= h.gone
}
