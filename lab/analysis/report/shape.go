package report

import (
	"slices"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
	"ftplab/lab/analysis/tcp"
)

// Limits of the points of time-sequence graphs: maxPoints in all. For each connection,
// the first and the last points are kept, and between them the extremes of at most
// maxRuns runs.
const (
	maxPoints = 600_000
	maxFirst  = 8192
	maxLast   = 4096
	maxRuns   = 512
)

// A point has what is needed of a packet to make a Point of the graph of either side.
type point struct {
	packet         int
	time           int64
	seq, end       int64
	ack, window    int64 // window is the edge
	from           ftp.Side
	syn, fin, rst  bool
	repeats, isACK bool // repeats: a retransmission
	sacks          []tcp.SACKBlock
}

func pointOf(p *capture.Packet) point {
	t := p.Segment
	q := point{
		packet: p.Number, time: p.Time, from: p.From,
		seq: t.Seq, end: t.Seq + int64(t.Length),
		syn: t.Has(packet.SYN), fin: t.Has(packet.FIN), rst: t.Has(packet.RST),
		repeats: t.Analysis&tcp.Retransmission != 0,
	}
	if t.Has(packet.ACK) {
		q.isACK, q.ack, q.window = true, t.Ack, t.Ack+int64(t.Window)
		q.sacks = slices.Clone(t.SACK)
	}
	return q
}

// seenFrom converts a point to a Point of the graph of the data that a side sent.
func (p point) seenFrom(side ftp.Side) (Point, bool) {
	if p.from == side {
		return Point{Packet: p.packet, Time: p.time, Data: true, Seq: p.seq, End: p.end,
			Syn: p.syn, Fin: p.fin, Retransmission: p.repeats}, p.end > p.seq || p.syn || p.fin
	}
	return Point{Packet: p.packet, Time: p.time, End: p.ack, Window: p.window, SACK: p.sacks}, p.isACK && !p.rst
}

// A shape has the time-sequence points of a connection, in bounded memory. Its zero
// value is empty.
//
// The middle of a long connection is divided into runs of equally many packets, and
// only the extremes of each run are kept. When there are too many runs, each two
// neighbours become one.
type shape struct {
	total  int // points added
	first  []point
	last   []point // a ring once it is full
	oldest int     // of the ring
	runs   []run
	length int // packets in each run but the last
}

// add takes the next point, and returns how many more are kept than before.
func (s *shape) add(p point, room bool) int {
	s.total++
	switch {
	case len(s.first) < maxFirst && room && len(s.last) == 0:
		s.first = append(s.first, p)
	case len(s.last) < maxLast && room:
		s.last = append(s.last, p)
	case len(s.last) < maxLast:
		return 0
	default:
		old := s.last[s.oldest]
		s.last[s.oldest] = p
		s.oldest = (s.oldest + 1) % maxLast
		return s.addToRuns(old)
	}
	return 1
}

func (s *shape) addToRuns(p point) int {
	before := len(s.runs)
	if s.length == 0 {
		s.length = 1
	}
	if before == 0 || s.runs[before-1].packets == s.length {
		if before == maxRuns {
			s.halve()
		}
		s.runs = append(s.runs, run{})
	}
	s.runs[len(s.runs)-1].add(p)
	return (len(s.runs) - before) * len(run{}.sides) * 4
}

// halve joins each two neighbouring runs.
func (s *shape) halve() {
	for i := range len(s.runs) / 2 {
		s.runs[i] = s.runs[2*i].join(s.runs[2*i+1])
	}
	s.runs = slices.Clip(s.runs[:len(s.runs)/2])
	s.length *= 2
}

// left returns how many points were not kept.
func (s *shape) left() int { return s.total - len(s.all()) }

// all returns the points that are kept, in the order of the capture.
func (s *shape) all() []point {
	all := slices.Clone(s.first)
	for _, r := range s.runs {
		all = append(all, r.points()...)
	}
	all = append(all, s.last[s.oldest:]...)
	return append(all, s.last[:s.oldest]...)
}

// A run has the extremes of some neighbouring points, for each of the two sides.
type run struct {
	packets int
	sides   [2]struct {
		any, acks         bool
		lowest, highest   point // by sequence number
		narrowest, widest point // by the edge of the window
	}
}

func (r *run) add(p point) {
	r.packets++
	s := &r.sides[sideIndex(p.from)]
	if !s.any || p.seq < s.lowest.seq {
		s.lowest = p
	}
	if !s.any || p.end > s.highest.end {
		s.highest = p
	}
	s.any = true
	if !p.isACK {
		return
	}
	if !s.acks || p.window < s.narrowest.window {
		s.narrowest = p
	}
	if !s.acks || p.window >= s.widest.window {
		s.widest = p
	}
	s.acks = true
}

// sideIndex is 0 for the client and 1 for the server.
func sideIndex(s ftp.Side) int {
	if s == ftp.Server {
		return 1
	}
	return 0
}

// join returns a run of the points of both, r's first.
func (r run) join(later run) run {
	packets := r.packets + later.packets
	for _, p := range later.points() {
		r.add(p)
	}
	r.packets = packets
	return r
}

// points returns the extremes in the order of the capture.
func (r run) points() []point {
	var points []point
	for _, s := range r.sides {
		if s.any {
			points = append(points, s.lowest, s.highest)
		}
		if s.acks {
			points = append(points, s.narrowest, s.widest)
		}
	}
	slices.SortStableFunc(points, func(a, b point) int { return a.packet - b.packet })
	return slices.CompactFunc(points, func(a, b point) bool { return a.packet == b.packet })
}
