package report

import (
	"fmt"
	"regexp"
	"slices"

	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
)

// How much of a capture the ladder draws.
const (
	foldHead   = 8   // packets at the beginning of a data connection
	foldTail   = 8   // packets at its end
	foldLeast  = 4   // packets; fewer are not folded
	unfoldMost = 80  // packets; a reader can open a fold with fewer
	ladderMost = 600 // rows
)

// A ladder is a drawing of the packets as arrows between the hosts.
type ladder struct {
	Rows []*row
	// Tracks is the number of connections that are drawn side by side.
	Tracks int
	// More is the number of FTP packets after the last row, which are not drawn, and
	// Others the number of packets that are not FTP. Copies were recorded at another place, too, and
	// Strays at another place only, whose clock is another.
	More, Others, Copies, Strays int
}

// draw makes the ladder from the kept packets.
func (r *Report) draw() ladder {
	l := ladder{More: r.Packets.more, Others: r.Packets.others, Copies: r.Packets.copies, Strays: r.Packets.strays}
	plan := r.planFolds()
	tracks := r.surveyed.tracks
	l.Tracks = tracks.count
	for _, p := range r.packets {
		if p.Copy != nil {
			continue
		}
		if !r.drawable(p) {
			l.Others++
			continue
		}
		if len(l.Rows) >= ladderMost {
			l.More++
			continue
		}
		if plan.hidden[p.Number] {
			if fold := plan.folds[p.Number]; fold != nil {
				fold.Tracks = tracks.at(p.Number)
				l.Rows = append(l.Rows, fold)
			}
			continue
		}
		l.Rows = append(l.Rows, silenceBefore(p, tracks.before(p.Number))...)
		l.Rows = append(l.Rows, r.stagesBefore(p, tracks)...)
		w := r.newRow(p)
		w.Tracks = tracks.at(p.Number)
		l.Rows = append(l.Rows, w)
		if fold := plan.folds[p.Number]; fold != nil {
			fold.Tracks = tracks.at(p.Number)
			l.Rows = append(l.Rows, fold)
		}
		l.Rows = append(l.Rows, r.stagesAfter(p, tracks)...)
	}
	return l
}

// inLadder reports whether the packets of a connection are drawn: those of FTP and those
// beside it are, and any others only where there is no FTP.
func (r *Report) inLadder(c *ftp.Connection) bool {
	return c == nil || c.Role != ftp.Other || r.Trace.NumSessions() == 0 || r.surveyed.beside.ids[c.ID]
}

// drawable reports whether a packet is drawn: one that the verdict names, one of a connection in the ladder, and one
// that concerns the hosts in the drawing: their DNS and ARP queries, the ICMP messages that they get, and a router's
// errors about the connections in the ladder.
func (r *Report) drawable(p *Packet) bool {
	from, to := r.lanes.ends(p.Packet)
	switch {
	case r.Packets.wanted[p.Number]:
		return true
	case p.Connection != nil:
		return r.inLadder(p.Connection)
	case p.ARP != nil:
		return from >= 0 || to >= 0
	case p.UDP != nil && p.UDP.DNS != nil:
		return from >= 0 && to >= 0
	case p.ICMP != nil:
		return from >= 0 && to >= 0 || r.quotesDrawn(p.ICMP)
	}
	return false
}

// quotesDrawn reports whether an ICMP error is about a packet of a connection in the ladder.
func (r *Report) quotesDrawn(m *packet.ICMP) bool {
	if !m.About.IsTCP() {
		return false
	}
	for _, c := range r.surveyed.facts {
		if r.inLadder(c) && (c.Client == m.About.Src && c.Server == m.About.Dst || c.Server == m.About.Src && c.Client == m.About.Dst) {
			return true
		}
	}
	return false
}

// stagesBefore returns the sentences before a packet.
func (r *Report) stagesBefore(p *Packet, tracks tracks) []*row {
	c := p.Connection
	if c == nil || c.FirstPacket != p.Number || r.Notes == NoNotes {
		return nil
	}
	text := r.hosts.opens(c, r.surveyed.names.of(c).the)
	if r.surveyed.beside.ids[c.ID] {
		text += besideText(c, r.Trace.AnyHidden())
	}
	return []*row{{Stage: text, Connection: c, Tracks: tracks.before(p.Number)}}
}

// stagesAfter returns the sentences after a packet.
func (r *Report) stagesAfter(p *Packet, tracks tracks) []*row {
	c := p.Connection
	if c == nil || c.LastPacket != p.Number || r.Notes == NoNotes {
		return nil
	}
	text := r.closes(c, r.surveyed.names.of(c).the)
	if text == "" {
		return nil
	}
	return []*row{{Stage: text, Connection: c, Tracks: tracks.after(p.Number)}}
}

// folds are the packets that are not drawn one by one.
type folds struct {
	hidden map[int]bool // by packet number
	folds  map[int]*row // by the packet at the fold's place
}

// planFolds folds the middles of data connections.
func (r *Report) planFolds() folds {
	f := folds{map[int]bool{}, map[int]*row{}}
	of := map[*ftp.Connection][]*Packet{}
	for _, p := range r.packets {
		if p.Connection != nil && p.Connection.Role != ftp.Control {
			of[p.Connection] = append(of[p.Connection], p)
		}
	}
	for _, packets := range of {
		var shown *Packet // the last one that is drawn
		var run []*Packet // the kept packets after it
		var alike likeness
		for i, p := range packets {
			ends := i < foldHead || i >= len(packets)-foldTail
			repeats := alike.add(r.comments[p.Number]) > likeMost && len(r.wrong[p.Number]) == 0
			if !ends && (repeats || !r.worthDrawing(p)) {
				run = append(run, p)
				continue
			}
			f.fold(r, shown, run, p)
			shown, run = p, nil
		}
	}
	return f
}

// A likeness counts successive packets whose notes are the same except for their
// numbers.
type likeness struct {
	said  string
	times int
}

// likeMost is how many such packets are drawn.
const likeMost = 3

var numbers = regexp.MustCompile(`[0-9][0-9.,]*`)

// add takes the next note of a connection, and returns how many successive notes are
// the same. A packet without a note, such as an acknowledgement, does not interrupt
// them.
func (l *likeness) add(note string) int {
	if note == "" {
		return 0
	}
	said := numbers.ReplaceAllString(note, "0")
	if said != l.said {
		*l = likeness{said: said}
	}
	l.times++
	return l.times
}

// worthDrawing reports whether a packet is always drawn, also inside a fold.
func (r *Report) worthDrawing(p *Packet) bool {
	return remarkable(p.Segment) || r.comments[p.Number] != "" || len(r.wrong[p.Number]) > 0
}

// fold hides the packets between two packets of a connection, if there are enough; run
// has those of them that were kept.
func (f folds) fold(r *Report, before *Packet, run []*Packet, after *Packet) {
	if before == nil {
		return
	}
	passed := leftOut(before, after)
	if passed.Packets < foldLeast && passed.Packets == len(run) || passed.Packets == 0 {
		return
	}
	w := &row{Connection: before.Connection, Fold: fmt.Sprintf("%s, between frames %d and %d", foldText(passed), before.Number, after.Number)}
	if at := before.Number; len(run) == 0 {
		f.folds[at] = w
	} else {
		f.folds[run[0].Number] = w
	}
	for _, p := range run {
		f.hidden[p.Number] = true
	}
	if len(run) == passed.Packets && len(run) <= unfoldMost {
		for _, p := range run {
			w.Folded = append(w.Folded, r.newRow(p))
		}
	}
}

func foldText(p Passed) string {
	text := counted(p.Packets, "packet")
	if p.Segments > 0 {
		text += fmt.Sprintf(": %s with %s, %s without data", counted(p.Segments, "segment"), counted(p.Bytes, "byte"), grouped(int64(p.Packets-p.Segments)))
	}
	return text
}

// A trackCell is a piece of the bar that shows how long a connection lasts.
type trackCell struct {
	Kind       string // of the connection; "" for none
	Begin, End bool
}

// tracks are the bars of the connections, side by side.
type tracks struct {
	count int
	spans []trackSpan
}

type trackSpan struct {
	track       int
	kind        string
	first, last int // packets
}

// maxTracks is how many connections are drawn side by side.
const maxTracks = 6

// A trackLayer gives each connection the first track that is free while it lasts.
// Connections that begin after the last packet that may be drawn have none.
type trackLayer struct {
	tracks
	last  int
	until [maxTracks]int
}

// add takes the next connection.
func (l *trackLayer) add(c *ftp.Connection) {
	free := slices.IndexFunc(l.until[:], func(last int) bool { return last < c.FirstPacket })
	if free < 0 || c.FirstPacket > l.last {
		return
	}
	l.until[free] = c.LastPacket
	l.count = max(l.count, free+1)
	l.spans = append(l.spans, trackSpan{free, kindOf(c), c.FirstPacket, c.LastPacket})
}

// at returns the pieces next to the packet n.
func (ts tracks) at(n int) []trackCell {
	return ts.cells(func(s trackSpan) bool { return s.first <= n && n <= s.last }, n)
}

// before and after return the pieces before and after the packet n.
func (ts tracks) before(n int) []trackCell {
	return ts.cells(func(s trackSpan) bool { return s.first < n && n <= s.last }, 0)
}

func (ts tracks) after(n int) []trackCell {
	return ts.cells(func(s trackSpan) bool { return s.first <= n && n < s.last }, 0)
}

func (ts tracks) cells(lasts func(trackSpan) bool, n int) []trackCell {
	cells := make([]trackCell, ts.count)
	for _, s := range ts.spans {
		if lasts(s) {
			cells[s.track] = trackCell{s.kind, s.first == n, s.last == n}
		}
	}
	return cells
}
