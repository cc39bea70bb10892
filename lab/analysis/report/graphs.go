package report

import (
	"fmt"
	"html/template"
	"io"
	"slices"

	"ftplab/lab/analysis/report/chart"
)

// Which transfers are drawn.
const (
	graphLeast = 4 // segments; a graph of fewer shows nothing
	maxGraphs  = 3 // the largest ones
)

// A graph is the time-sequence graph of a transfer, as the page shows it.
type graph struct {
	ID, Title, Facts string
	Thinned          string // a sentence about thinning, if points were left out
	Again            bool   // there are retransmissions
	Holes, SACK      bool   // there are some
	Whole, Zoom      template.HTML
	Data             graphData
}

// graphData are the points for the script that moves the zoom. Each number of a list is
// the difference from the one before; times are in microseconds.
type graphData struct {
	// Segments are (time, distance from the end of the segment before, length).
	Segments []int64 `json:"segments"`
	// Acks are (time, acknowledged, window).
	Acks []int64 `json:"acks"`
	// Again are the indexes of the retransmissions.
	Again []int `json:"again"`
	// Sacks are (index of the ACK, distance of the block from what is acknowledged, length).
	Sacks []int64 `json:"sacks"`
	// Holes are (time, how long it lasts, sequence number, length), no differences.
	Holes []int64 `json:"holes"`
	// Start is the time of the origin, in microseconds after the first packet, and Span
	// is the length of the graph. From and To are the range that the zoom shows first.
	Start int64 `json:"start"`
	Span  int64 `json:"span"`
	From  int64 `json:"from"`
	To    int64 `json:"to"`
}

// sequences returns the time-sequence data of the transfers, the largest first.
func (r *Report) sequences() []*Sequence {
	var all []*Sequence
	for _, c := range r.surveyed.graphs {
		from := sentBy(c)
		if c.Flow(from).Segments < graphLeast {
			continue
		}
		if s := r.Packets.Sequence(c, from); s != nil && len(s.Points) > 0 {
			all = append(all, s)
		}
	}
	slices.SortStableFunc(all, func(a, b *Sequence) int {
		return int(min(max(b.Connection.Flow(b.From).Bytes-a.Connection.Flow(a.From).Bytes, -1), 1))
	})
	return all
}

// TimeSequences prints the points of the time-sequence graphs of all transfers
// as tables: segments, acknowledgements and the edge of the window.
func (r *Report) TimeSequences(w io.Writer) error {
	r.prepare()
	all := r.sequences()
	if len(all) == 0 {
		_, err := fmt.Fprintf(w, "No connection has carried %s.\n", counted(graphLeast, "segment"))
		return err
	}
	for i, s := range all {
		if i > 0 {
			fmt.Fprintln(w)
		}
		c := s.Connection
		fmt.Fprintf(w, "%s, %s > %s: %s\n%s\n", upperFirst(r.surveyed.names.of(c).long), c.Addr(s.From), c.Addr(s.From.Other()), transferName(c), sequenceFacts(s))
		if s.Thinned() {
			fmt.Fprintf(w, "Thinned: %s of %s, of the middle of the transfer the extremes.\n", grouped(int64(len(s.Points))), counted(s.Packets, "packet"))
		}
		if err := s.WriteText(w, r.Trace.Start); err != nil {
			return err
		}
	}
	return nil
}

func (r *Report) graphs() (list []graph, more string) {
	all := r.sequences()
	for i, s := range all[:min(len(all), maxGraphs)] {
		list = append(list, r.graph(fmt.Sprintf("graph%d", i+1), s))
	}
	if n := len(all) - len(list); n > 0 {
		more = fmt.Sprintf("%s not drawn; ftplab explain --time-sequence prints their points.", counted(n, "smaller transfer"))
	}
	return list, more
}

func (r *Report) graph(id string, s *Sequence) graph {
	c := s.Connection
	g := graph{
		ID:    id,
		Title: upperFirst(r.surveyed.names.of(c).long) + ": " + transferName(c),
		Facts: sequenceFacts(s),
		Again: slices.ContainsFunc(s.Points, func(p Point) bool { return p.Retransmission }),
		SACK:  slices.ContainsFunc(s.Points, func(p Point) bool { return len(p.SACK) > 0 }),
		Holes: len(s.Holes) > 0,
	}
	if s.Thinned() {
		g.Thinned = fmt.Sprintf("%s of %s are drawn, of the middle of the transfer the extremes", grouped(int64(len(s.Points))), counted(s.Packets, "packet"))
	}
	view := newSequenceView(s, r.Trace.Start)
	g.Whole = view.plot(id+"-whole", "Time-sequence graph of "+transferName(c), g.Facts, view.from, view.to)
	from, to := view.firstZoom()
	g.Zoom = view.plot(id+"-zoom", "Part of the time-sequence graph", "", from, to)
	g.Data = view.data(from, to)
	return g
}

// sequenceFacts returns the measurements of a transfer in one line.
func sequenceFacts(s *Sequence) string {
	flow := s.Connection.Flow(s.From)
	text := fmt.Sprintf("%s in %s", counted(flow.Bytes, "byte"), counted(flow.Segments, "segment"))
	at := ""
	if s.Place != "" {
		at = " at " + visible(s.Place)
	}
	if flow.Elsewhere > 0 {
		text += fmt.Sprintf(", %d of them not recorded%s", flow.Elsewhere, at)
	}
	if s.Answers > 0 {
		text += fmt.Sprintf(", answered by %s", counted(s.Answers, "packet"))
	}
	if t := s.transferTime(); t > 0 {
		text += fmt.Sprintf("; %s from the first segment to the last%s, %s", duration(t), at, bitRate(flow.Bytes, t))
	}
	if low, high := s.windows(); high > 0 {
		text += fmt.Sprintf("; the window lay between %s and %s bytes", grouped(low), grouped(high))
	}
	return text + s.holesText() + "."
}

// holesText counts the holes; "" for none.
func (s *Sequence) holesText() string {
	if len(s.Holes) == 0 {
		return ""
	}
	longest, open := int64(0), 0
	for _, h := range s.Holes {
		longest = max(longest, h.To-h.From)
		if h.Open {
			open++
		}
	}
	text := fmt.Sprintf("; %s in what the recorder saw, for at most %s", counted(len(s.Holes), "hole"), duration(longest))
	if open > 0 {
		text += fmt.Sprintf(", %d never filled", open)
	}
	return text
}

// transferTime returns the time from the first segment to the last, in nanoseconds.
func (s *Sequence) transferTime() int64 {
	first, last := int64(-1), int64(-1)
	for _, p := range s.Points {
		if p.Data && p.End > p.Seq {
			if first < 0 {
				first = p.Time
			}
			last = p.Time
		}
	}
	return last - first
}

// windows returns the smallest and the largest window of the receiver.
func (s *Sequence) windows() (low, high int64) {
	low = -1
	for _, p := range s.Points {
		if w := p.Window - p.End; !p.Data {
			if low < 0 || w < low {
				low = w
			}
			high = max(high, w)
		}
	}
	return max(low, 0), high
}

func bitRate(bytes, nanos int64) string {
	rate := float64(bytes) * 8 / (float64(nanos) / 1e9)
	switch {
	case rate >= 1e9:
		return fmt.Sprintf("%.2f Gbit/s", rate/1e9)
	case rate >= 1e6:
		return fmt.Sprintf("%.2f Mbit/s", rate/1e6)
	}
	return fmt.Sprintf("%.1f kbit/s", rate/1e3)
}

// A sequenceView draws parts of a Sequence. Its times are nanoseconds after
// the capture's first packet.
type sequenceView struct {
	*Sequence
	start    int64 // of the capture
	from, to int64 // the first and the last point
}

func newSequenceView(s *Sequence, start int64) *sequenceView {
	v := &sequenceView{Sequence: s, start: start}
	v.from, v.to = s.Points[0].Time, s.Points[0].Time
	for _, p := range s.Points {
		v.from, v.to = min(v.from, p.Time), max(v.to, p.Time)
	}
	v.from, v.to = v.from-start, max(v.to-start, v.from-start+1000)
	return v
}

// How much the zoom shows at first: enough to see the steps of the acknowledgements,
// and few enough to count them.
const (
	zoomSegments = 24
	zoomAcks     = 8
)

// firstZoom chooses the part that is enlarged at first: the first hole with what is
// around it, or else from the middle, but not from where points were thinned.
func (v *sequenceView) firstZoom() (from, to int64) {
	first, until := len(v.Points)/2, int64(0)
	switch {
	case v.Thinned():
		first = maxFirst / 2
	case len(v.Holes) > 0:
		hole := v.Holes[0]
		first = slices.IndexFunc(v.Points, func(p Point) bool { return p.Time >= hole.From })
		first, until = max(first-zoomAcks, 0), hole.To
	}
	segments, acks := 0, 0
	for _, p := range v.Points[first:] {
		if p.Data {
			segments++
		} else {
			acks++
		}
		if segments >= zoomSegments && acks >= zoomAcks && p.Time > until {
			from := v.Points[first].Time - v.start
			return from, max(p.Time-v.start, from+1000)
		}
	}
	return v.from, v.to
}

// plot draws the points between two times.
func (v *sequenceView) plot(id, title, text string, from, to int64) template.HTML {
	x := chart.Axis{Min: float64(from), Max: float64(to), Unit: chart.Nanoseconds, Title: "time since the first packet"}
	low, high := v.extent(from, to)
	y := chart.Axis{Min: float64(low), Max: float64(high), Unit: chart.Bytes, Title: "sequence number"}
	segments, again := &chart.Bars{X: x, Y: y}, &chart.Bars{X: x, Y: y}
	acks, windows := &chart.Steps{X: x, Y: y}, &chart.Steps{X: x, Y: y}
	sacks, holes := &chart.Bars{X: x, Y: y}, &chart.Boxes{X: x, Y: y}
	for _, h := range v.Holes {
		holes.Add(float64(h.From-v.start), float64(h.To-v.start), float64(h.Seq), float64(h.End))
	}
	for _, p := range v.Points {
		at := float64(p.Time - v.start)
		switch {
		case !p.Data:
			acks.Add(at, float64(p.End))
			windows.Add(at, float64(p.Window))
			for _, b := range p.SACK {
				if at >= x.Min && at <= x.Max {
					sacks.Add(at, float64(b.Left), float64(b.Right))
				}
			}
		case at < x.Min || at > x.Max:
		case p.Retransmission:
			again.Add(at, float64(p.Seq), float64(p.End))
		default:
			segments.Add(at, float64(p.Seq), float64(p.End))
		}
	}
	return chart.Plot{
		ID: id, Title: title, Text: text, X: x, Y: y, Height: 300,
		Curves: []chart.Curve{{Class: "window", Path: windows}, {Class: "sack", Path: sacks}, {Class: "ack", Path: acks}, {Class: "hole", Path: holes}, {Class: "segment", Path: segments}, {Class: "again", Path: again}},
	}.SVG()
}

// extent are the sequence numbers that the picture of a period has to show. The
// window's edge gets a seventh of the height at most: what matters is below it.
func (v *sequenceView) extent(from, to int64) (low, high int64) {
	edge := int64(0)
	low = -1
	for _, p := range v.Points {
		if at := p.Time - v.start; at < from || at > to {
			continue
		}
		bottom := p.Seq
		if !p.Data {
			bottom = p.End
			edge = max(edge, p.Window)
		}
		if low < 0 || bottom < low {
			low = bottom
		}
		high = max(high, p.End)
	}
	low = max(low, 0)
	high = max(high, low+1)
	high = max(high, min(edge, high+(high-low)/6))
	margin := max((high-low)/25, 1)
	return max(low-margin, 0), high + margin
}

// data packs the points for the page's script.
func (v *sequenceView) data(from, to int64) graphData {
	const micro = 1000
	d := graphData{Start: v.from / micro, Span: (v.to - v.from) / micro, From: (from - v.from) / micro, To: (to - v.from) / micro}
	var segmentTime, end, ackTime, ack int64
	for _, p := range v.Points {
		at := (p.Time-v.start)/micro - d.Start
		if p.Data {
			if p.Retransmission {
				d.Again = append(d.Again, len(d.Segments)/3)
			}
			d.Segments = append(d.Segments, at-segmentTime, p.Seq-end, p.End-p.Seq)
			segmentTime, end = at, p.End
			continue
		}
		for _, b := range p.SACK {
			d.Sacks = append(d.Sacks, int64(len(d.Acks)/3), b.Left-p.End, b.Right-b.Left)
		}
		d.Acks = append(d.Acks, at-ackTime, p.End-ack, p.Window-p.End)
		ackTime, ack = at, p.End
	}
	for _, h := range v.Holes {
		d.Holes = append(d.Holes, (h.From-v.start)/micro-d.Start, (h.To-h.From)/micro, h.Seq, h.End-h.Seq)
	}
	return d
}

// only returns the part of the sequence between two times.
func (v *sequenceView) only(from, to int64) *Sequence {
	s := *v.Sequence
	s.Points = slices.DeleteFunc(slices.Clone(s.Points), func(p Point) bool {
		return p.Time-v.start < from || p.Time-v.start > to
	})
	return &s
}
