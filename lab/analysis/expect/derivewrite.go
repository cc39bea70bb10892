// Derivation of the whole want, from the lines of the connections.

package expect

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
)

// A derived is a connection with its declaration and its lines.
type derived struct {
	*track
	lines   []*derivedLine
	overlap [2]int // packets between which commands and replies cross; see crossing
}

// A derivedLine is a line to be written.
type derivedLine struct {
	place   int    // its place among the lines of other connections, as a packet's index
	frame   int    // its packet
	what    string // "client > server  [S]", or "..."
	comment string
	joined  bool // with the line before it
}

// write writes the want: the declarations, then the lines of all connections in
// the order of their packets.
func (d *deriver) write(w io.Writer) error {
	s := &sheet{spool: &spool{}}
	defer s.spool.close()
	others := make([]*binding, len(d.others))
	for i, o := range d.others {
		others[i] = &binding{declaration: o}
	}
	frames, live := make([][]Frame, len(others)), liveFrames{}
	err := d.capture.Follow(func(p *capture.Packet) {
		if p.Connection != nil {
			live.add(p, d.capture.Start)
			return
		}
		b := d.hosts.datagramBinding(others, &p.Packet)
		if i := slices.Index(others, b); b != nil && len(frames[i]) <= maxDatagrams {
			frames[i] = append(frames[i], FrameOf(p, d.capture.Start))
		}
	}, func(c *ftp.Connection, session *ftp.Session) {
		s.add(c.ID, d.connection(c, session, live.take(c.ID)))
	})
	if err != nil {
		return err
	}
	for i, b := range others {
		s.add(d.capture.NumConnections()+i, d.datagrams(b, frames[i]))
	}
	if err := d.declarations(w); err != nil {
		return err
	}
	return s.write(w)
}

// declarations writes the declarations, one below the other.
func (d *deriver) declarations(w io.Writer) error {
	width := 0
	for role, n := range d.names.total {
		name := d.names.of(&ftp.Connection{Identity: ftp.Identity{ID: d.names.lastOf(role), Purpose: ftp.Purpose{Role: role}}})
		if n > 0 {
			width = max(width, len(name))
		}
	}
	for _, o := range d.others {
		width = max(width, len(o.name))
	}
	var err error
	write := func(o *declaration) {
		if err == nil {
			_, err = fmt.Fprintf(w, "%-*s  %s > %s%s\n", width, o.name, o.a, o.b, o.suffix())
		}
	}
	for c := range d.capture.Connections() {
		decl, _ := d.declare(c)
		write(decl)
	}
	for _, o := range d.others {
		write(o)
	}
	if err == nil {
		_, err = io.WriteString(w, "\n")
	}
	return cmp.Or(err, d.capture.Err())
}

// lastOf returns the highest number among the connections of a role.
func (n *connectionNames) lastOf(role ftp.Role) int {
	return max(0, slices.Index(n.numbers, uint32(n.total[role])))
}

// judge returns a judge of one connection, or of one declaration that is not for TCP.
func (d *deriver) judge(frames []Frame, session *ftp.Session) *judge {
	e := d.evidence
	e.frames, e.sessions = frames, map[int]*ftp.Session{}
	if session != nil {
		e.sessions[session.Control.ID] = session
	}
	return &judge{hosts: d.hosts, capture: &e, matched: map[*line]matched{}, bounds: map[*line]bound{}}
}

// A passage is the text about one connection.
type passage struct {
	name   string
	frames []Frame
	lines  []*derivedLine
	// cause is the packet that caused the connection, word a name for it, and control
	// the connection with that packet. cause is 0 for none.
	cause, control int
	word           string
}

// connection writes the lines of a connection.
func (d *deriver) connection(c *ftp.Connection, session *ftp.Session, frames []Frame) passage {
	decl, a := d.declare(c)
	b := &binding{declaration: decl, conn: c, a: a, frames: make([]int, len(frames))}
	for i := range b.frames {
		b.frames[i] = i
	}
	j := d.judge(frames, session)
	t := &derived{track: j.newTrack(b)}
	t.aligner = t.orders[len(t.orders)-1]
	t.overlap = crossing(session)
	irregular := d.irregular[decl.name]
	if !irregular {
		d.lines(t)
		irregular = !t.holds()
	}
	if irregular {
		t.lines = nil
		t.skip("any packets")
	}
	p := passage{name: decl.name, frames: frames, lines: t.lines}
	if c.Role == ftp.Data && c.OpenedBy != "" && len(t.lines) > 0 && t.lines[0].what != "..." {
		syn := frames[t.lines[0].frame].Number
		if cause, word := cause(c, syn); cause < syn {
			p.cause, p.word, p.control = cause, word, c.Control
		}
	}
	return p
}

// datagrams writes the lines of a declaration that is not for TCP.
func (d *deriver) datagrams(b *binding, frames []Frame) passage {
	for i := range frames {
		b.frames = append(b.frames, i)
	}
	t := &derived{track: d.judge(frames, nil).newTrack(b)}
	if d.irregular[b.name] || b.declaration.a.host == "*" || len(frames) > maxDatagrams {
		t.skip("any packets")
	} else {
		d.datagramLines(t)
	}
	return passage{name: b.name, frames: frames, lines: t.lines}
}

// holds reports whether the connection passes its own lines. If it does, their packets are then
// those that they match.
func (t *derived) holds() bool {
	if len(t.lines) == 1 && t.lines[0].what == "..." {
		return true
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%s  %s > %s%s\n\n", t.name, t.declaration.a, t.declaration.b, t.declaration.suffix())
	for i, l := range t.lines {
		margin := ""
		if t.hasMargin(i) {
			margin = "|"
		}
		fmt.Fprintf(&text, "%s%s  %s\n", margin, t.name, l.what)
	}
	w, err := Parse("derived", 1, text.String())
	if err != nil {
		return false
	}
	j := &judge{want: w, hosts: t.judge.hosts, capture: t.capture, matched: map[*line]matched{}, bounds: map[*line]bound{}}
	own := j.newTrack(&binding{declaration: w.declarations[0], conn: t.conn, a: t.a, frames: t.frames})
	found := own.search(0)
	for _, s := range found.steps {
		if s.kind == stepMatched {
			t.lines[s.line.number-w.lines[0].number].frame = found.aligner.elements[s.last].frame
		}
	}
	return found.whole
}

// skip writes a line "...", unless the last line is one. Its comment is the last that is not "".
func (t *derived) skip(comment string) {
	last := &derivedLine{}
	if n := len(t.lines); n > 0 {
		last = t.lines[n-1]
	}
	if last.what != "..." {
		last = &derivedLine{place: last.place, frame: last.frame, what: "..."}
		t.lines = append(t.lines, last)
	}
	last.comment = cmp.Or(comment, last.comment)
}

// A sheet has the lines of all connections. Their texts are in a spool. What is needed
// to sort them is in memory.
type sheet struct {
	spool  *spool
	lines  sheetLines
	causes []sheetCause
	labels map[int32]string // by line
	after  map[int32]int32  // for a line, the line that it comes after
}

// A sheetLine is a line on a sheet.
type sheetLine struct {
	place, packet uint32 // packet numbers
	connection    int32  // its ID; higher numbers are declarations that are not for TCP
	size          uint32
	at            int64 // in the spool
	name, what    uint8 // their lengths, up to 255
	joined, skips bool
}

// sheetLines are in blocks: a slice of all of them would be copied when it grows.
type sheetLines struct {
	blocks [][]sheetLine
	n      int
}

const sheetBlock = 8 << 10

func (l *sheetLines) add(x sheetLine) {
	if l.n%sheetBlock == 0 {
		l.blocks = append(l.blocks, make([]sheetLine, 0, sheetBlock))
	}
	last := len(l.blocks) - 1
	l.blocks[last] = append(l.blocks[last], x)
	l.n++
}

func (l *sheetLines) at(i int32) *sheetLine { return &l.blocks[i/sheetBlock][i%sheetBlock] }

// A sheetCause says which packet a connection's first line comes after.
type sheetCause struct {
	connection, control int
	line                int32
	packet              int
	word                string
}

// add adds the lines of a connection.
func (s *sheet) add(id int, p passage) {
	if p.cause > 0 {
		s.causes = append(s.causes, sheetCause{id, p.control, int32(s.lines.n), p.cause, p.word})
	}
	number := func(frame int) uint32 {
		if frame >= len(p.frames) {
			return math.MaxUint32
		}
		return uint32(p.frames[frame].Number)
	}
	for _, l := range p.lines {
		at, size := s.spool.add(p.name, l.what, l.comment)
		s.lines.add(sheetLine{
			place: number(l.place), packet: number(l.frame), connection: int32(id),
			name: uint8(len(p.name)), what: uint8(min(len(l.what), math.MaxUint8)),
			joined: l.joined, skips: l.what == "...", at: at, size: uint32(size),
		})
	}
}

// follow gives labels to the lines that connections come after: the line that announced
// the port and, if the server connects, the command.
func (s *sheet) follow() {
	type key struct{ connection, packet uint32 }
	last := map[key]int32{} // the last line of a connection that is about a packet
	for _, c := range s.causes {
		last[key{uint32(c.control), uint32(c.packet)}] = -1
	}
	for i := range int32(s.lines.n) {
		l := s.lines.at(i)
		k := key{uint32(l.connection), l.packet}
		if _, wanted := last[k]; wanted && !l.skips {
			last[k] = i
		}
	}
	slices.SortStableFunc(s.causes, func(a, b sheetCause) int { return a.connection - b.connection })
	s.labels, s.after = map[int32]string{}, map[int32]int32{}
	given := map[string]int{}
	for _, c := range s.causes {
		line := last[key{uint32(c.control), uint32(c.packet)}]
		if line < 0 {
			continue
		}
		s.after[c.line] = line
		if s.labels[line] != "" {
			continue
		}
		label := strings.ToLower(c.word)
		if given[label]++; given[label] > 1 {
			label += fmt.Sprint(given[label])
		}
		s.labels[line] = label
	}
}

// order puts the lines in the order of their packets, but keeps joined lines together:
// no line of another connection may come between them.
func (s *sheet) order() []int32 {
	order := make([]int32, s.lines.n)
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(i, j int32) int {
		a, b := s.lines.at(i), s.lines.at(j)
		return cmp.Or(cmp.Compare(a.place, b.place), cmp.Compare(a.connection, b.connection), cmp.Compare(i, j))
	})
	for i := range order {
		if !s.lines.at(order[i]).joined {
			continue
		}
		for k := i; k > 0 && s.lines.at(order[k-1]).connection != s.lines.at(order[k]).connection; k-- {
			order[k-1], order[k] = order[k], order[k-1]
		}
	}
	return order
}

// write writes the lines in columns: name, what, labels, comment.
func (s *sheet) write(w io.Writer) error {
	const wide = 60 // a longer text does not widen its column
	s.follow()
	order := s.order()
	margin := func(i int) string {
		l := s.lines.at(order[i])
		if !l.joined {
			if i+1 == len(order) {
				return ""
			}
			if next := s.lines.at(order[i+1]); !next.joined || next.connection != l.connection {
				return ""
			}
		}
		return "|"
	}
	names, whats, labels := 0, 0, 0
	for i, k := range order {
		l := s.lines.at(k)
		names = max(names, len(margin(i))+int(l.name))
		labels = max(labels, len(s.label(k)))
		if l.what <= wide {
			whats = max(whats, int(l.what))
		}
	}
	said := map[string]bool{} // a comment is written only once
	for i, k := range order {
		name, what, comment, err := s.spool.read(s.lines.at(k).at, int(s.lines.at(k).size))
		if err != nil {
			return err
		}
		line := fmt.Sprintf("%-*s  %-*s  %-*s", names, margin(i)+name, whats, what, labels, s.label(k))
		if comment != "" && !said[comment] {
			line += "  # " + comment
			said[comment] = true
		}
		if _, err := io.WriteString(w, strings.TrimRight(line, " ")+"\n"); err != nil {
			return err
		}
	}
	return nil
}

// label returns the end of a line: its own label, and that of the line it comes after.
func (s *sheet) label(line int32) string {
	var words []string
	if after, ok := s.after[line]; ok {
		words = append(words, "after @"+s.labels[after])
	}
	if label := s.labels[line]; label != "" {
		words = append(words, "@"+label)
	}
	return strings.Join(words, " ")
}
