// The judge of a capture.

package expect

import (
	"math"
	"slices"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
)

// Judge judges a capture. All differences are in the Verdict. The error is an [*scenario.Error]
// for a host of the want that is not among hosts, or the error of reading the capture.
func (w *Want) Judge(c *capture.Capture, hosts Hosts) (*Verdict, error) {
	if err := w.checkHosts(hosts); err != nil {
		return nil, err
	}
	j := &judge{want: w, hosts: hosts, capture: &evidence{source: c}, matched: map[*line]matched{}, bounds: map[*line]bound{}}
	j.capture.findLacking()
	j.findAstray()
	j.bindings, j.left = j.bind()
	j.gather()
	j.exchange()
	ctl := j.soleControl()
	for _, x := range slices.Concat(j.left, j.others) {
		j.strays.addConnection(x, j.hosts, c.Start, j.strayNote(x, ctl))
	}
	for _, b := range j.bindings {
		if b.conn != nil {
			b.frames = j.framesOf[b.conn.ID]
		}
		if _, lacking := j.lacking(b); !lacking && !j.isAbsent(b) {
			j.tracks = append(j.tracks, j.newTrack(b))
		}
	}
	for _, t := range j.tracks {
		t.align()
	}
	j.follow()
	j.findUnsure()
	v := j.verdict()
	return v, c.Err()
}

// A judge judges one capture.
type judge struct {
	want     *Want
	hosts    Hosts
	capture  *evidence
	bindings []*binding
	left     []*ftp.Connection // that declarations may mean, and none is bound to
	others   []*ftp.Connection // of other sessions than the one that is judged
	framesOf map[int][]int     // the indexes of the packets of each connection that declarations may mean
	tracks   []*track
	strays   strays
	astray   []astray   // in the order of their IDs
	headless []headless // of the packets that may belong to a declared connection
	quoted   []quoted   // packets that the capture lacks
	matched  map[*line]matched
	bounds   map[*line]bound
	unsure   map[*line]bool // the lines with a label that may mean a packet which the capture lacks
}

// gather reads the packets of the connections that declarations may mean, and those that are not TCP.
func (j *judge) gather() {
	c := j.capture.source
	meant, asked := map[int]bool{}, map[int]bool{}
	j.framesOf = map[int][]int{}
	j.capture.contents = map[sender]*content{}
	content := slices.ContainsFunc(j.bindings, func(b *binding) bool { return hasContent(b.lines) })
	add := func(x *ftp.Connection, texts bool) {
		meant[x.ID] = true
		asked[x.ID] = content || x.Role == ftp.Other && texts || x.Role == ftp.Control && x.LacksStart()
	}
	for _, b := range j.bindings {
		if b.conn != nil {
			add(b.conn, b.wantsTexts())
		}
	}
	for _, x := range j.left {
		add(x, true)
	}
	for p := range c.Packets() {
		i := len(j.capture.frames)
		if p.Connection != nil {
			if id := p.Connection.ID; meant[id] {
				j.framesOf[id] = append(j.framesOf[id], i)
				j.capture.frames = append(j.capture.frames, FrameOf(p, c.Start))
				if asked[id] {
					j.capture.keep(p)
				}
			}
			continue
		}
		j.addQuoted(&p.Packet)
		if b := j.hosts.datagramBinding(j.bindings, &p.Packet); b != nil {
			b.frames = append(b.frames, i)
			j.capture.frames = append(j.capture.frames, FrameOf(p, c.Start))
			continue
		}
		if p.Headless() {
			j.addHeadless(&p.Packet)
			continue
		}
		j.strays.addPacket(&p.Packet, c.Start)
	}
	if len(j.quoted) > 0 || len(meant) < c.NumConnections() {
		for x := range c.Connections() {
			j.quoted = slices.DeleteFunc(j.quoted, func(q quoted) bool { return q.isOf(x) })
			if !meant[x.ID] && !j.isAstray(x.ID) {
				j.strays.addConnection(x, j.hosts, c.Start, "")
			}
		}
	}
	j.capture.sessions = c.SessionsOf(meant)
}

// lacksSome reports whether the recorder cut packets of a connection short, or the capture lacks
// packets before or after those it has.
func (c *evidence) lacksSome(conn *ftp.Connection) bool {
	return conn.CutShort() > 0 || c.lacksPackets()
}

// lacksEnd reports whether the capture lacks what a side sent after all that it has of it.
func lacksEnd(conn *ftp.Connection) bool { return conn.ClientFlow.Unseen+conn.ServerFlow.Unseen > 0 }

// isText reports whether a line is a text.
func (l *line) isText() bool { return l.kind == kindText }

// matched has the frames that a line matched, by their index.
type matched struct {
	frame, first, packets int
	late                  bool
}

// A track is one connection: its lines and its elements, and how they are aligned.
type track struct {
	*binding
	judge *judge
	aligner
	orders []aligner // those of the streams and of the packets, or one if these are the same, and a mix if one was tried
	steps  []step
	cost   int64
	whole  bool // the alignment was not given up

	claimed []bool // by element, of the alignment; nil until it is asked for
}

func (j *judge) newTrack(b *binding) *track {
	t := &track{binding: b, judge: j}
	t.capture, t.bounds, t.aligner.lossy = j.capture, j.bounds, b.declaration.lossy
	for i, l := range b.lines {
		if i > 0 && l.group == b.lines[i-1].group {
			last := len(t.groups) - 1
			t.groups[last] = append(t.groups[last], l)
			continue
		}
		t.groups = append(t.groups, []*line{l})
	}
	if b.proto != "tcp" {
		t.elements = j.datagrams(b)
		t.setOrders()
		return t
	}
	t.findUnnumbered()
	var forth, back cuts
	for _, l := range b.lines {
		if l.fromA {
			forth.addLine(t.asKnown(l))
		} else {
			back.addLine(t.asKnown(l))
		}
	}
	t.texts[1] = j.capture.dialogue(b.conn, b.a, &forth)
	t.texts[0] = j.capture.dialogue(b.conn, b.a.Other(), &back)
	t.ofTexts = t.wantsTexts()
	forth.texts, back.texts = t.ofTexts, t.ofTexts
	divide := func() {
		t.elements = j.capture.elementsOf(b.frames, b.a, t.aligner.lossy, forth, back)
		t.textsAfterTelnet()
		t.leaveOutUnnumbered()
		t.thin()
	}
	divide()
	if beside := t.besideSkips(); len(beside) > 0 {
		forth.beside, back.beside = beside, beside
		divide()
	}
	t.setOrders()
	return t
}

// wantsTexts reports whether a line of the declaration is a text.
func (d *declaration) wantsTexts() bool {
	return slices.ContainsFunc(d.lines, (*line).isText)
}

// textsAfterTelnet lets a text begin after packets that contain only the Telnet
// commands before it, so that those packets can have their own lines.
func (t *track) textsAfterTelnet() {
	open := [2]*ftp.Line{}
	for i := range t.elements {
		e := &t.elements[i]
		if e.kind != elementBytes {
			continue
		}
		if text := t.texts[e.dir()][e.start]; text != nil {
			open[e.dir()] = text
			continue
		}
		text := open[e.dir()]
		if text != nil && e.start < text.End && e.start-text.Seq <= int64(len(text.Telnet)) && e.start == t.capture.frames[e.frame].Seq {
			t.texts[e.dir()][e.start] = text
		}
	}
}

// datagrams returns the elements of a declaration that is not for TCP: its packets.
func (j *judge) datagrams(b *binding) []element {
	var all []element
	for _, i := range b.frames {
		_, src, dst := datagramEnds(j.capture.frames[i].Other)
		all = append(all, element{kind: elementDatagram, fromA: j.hosts.isForth(b.declaration, src, dst), frame: i, first: i, packets: 1, order: 2 * i})
	}
	return all
}

// dialogue returns the FTP lines that a side sent, by their first sequence number, and
// adds their borders to cuts.
func (c *evidence) dialogue(conn *ftp.Connection, from ftp.Side, cuts *cuts) map[int64]*ftp.Line {
	texts := map[int64]*ftp.Line{}
	var lines []*ftp.Line
	if s := c.sessions[conn.ID]; s != nil {
		lines = s.Lines
	} else if conn.Role == ftp.Other && conn.TLS == nil && (c.lacksSome(conn) || lacksEnd(conn)) { // perhaps too short to be known as FTP
		lines = c.contents[sender{conn.ID, from}].lines(from)
	}
	lines = append(c.before(lines, conn, from), lines...)
	for _, l := range lines {
		if l.From == from {
			texts[l.Seq] = l
			cuts.at = append(cuts.at, l.Seq, l.End)
		}
	}
	return texts
}

// before returns the end of the line in the middle of which the capture begins, if the dialogue that
// was recognised comes after it.
func (c *evidence) before(dialogue []*ftp.Line, conn *ftp.Connection, from ftp.Side) []*ftp.Line {
	first := slices.IndexFunc(dialogue, func(l *ftp.Line) bool { return l.From == from })
	if first < 0 || conn.Role != ftp.Control || conn.TLS != nil || !conn.LacksStart() {
		return nil
	}
	lines := c.contents[sender{conn.ID, from}].lines(from)
	if len(lines) == 0 || lines[0].End != dialogue[first].Seq {
		return nil
	}
	return lines[:1]
}

// thin drops bare ACKs that cannot change the alignment, because a long transfer
// consists mostly of them: those that no line can match and, in a run of ACKs that the
// same lines match, all except as many at each end as there are lines.
func (t *track) thin() {
	if len(t.elements) < 1000 {
		return
	}
	lines := t.fittingACKs()
	var kept []element
	run := map[string][]element{}
	flush := func() {
		for _, acks := range run {
			if n := len(lines); len(acks) > 2*n {
				acks = append(acks[:n], acks[len(acks)-n:]...)
			}
			kept = append(kept, acks...)
		}
		clear(run)
	}
	for _, e := range t.elements {
		if e.kind != elementACK {
			flush()
			kept = append(kept, e)
			continue
		}
		if key := t.matching(lines, &e); key != "" {
			run[key] = append(run[key], e)
		}
	}
	flush()
	sortElements(kept)
	t.elements = kept
}

// besideSkips returns the frames at which ... may begin or end, if the track has one beside
// another line. Bytes that no line asks for are one element, at the place of their last packet.
// So ... would also skip those that came before it.
func (t *track) besideSkips() (frames []int) {
	skips := 0
	for _, l := range t.lines {
		if l.kind == kindSkip {
			skips++
		}
	}
	if skips == 0 || skips == len(t.lines) {
		return nil
	}
	frames = append(t.claimableFrames(0), t.claimableFrames(1)...)
	slices.Sort(frames)
	return frames
}

// claimableFrames returns the frames of the elements of a direction that a line may claim.
func (t *track) claimableFrames(dir int) (frames []int) {
	lines := t.fittingACKs()
	for _, e := range t.elements {
		if e.dir() == dir && e.kind != elementGap && (e.kind != elementACK || t.matching(lines, &e) != "") {
			frames = append(frames, e.frame)
		}
	}
	return frames
}

// fittingACKs returns the lines that an element of the kind elementACK can match.
func (t *track) fittingACKs() (lines []*line) {
	for _, l := range t.lines {
		if l.fitsACK() || l.kind == kindRST {
			lines = append(lines, l)
		}
	}
	return lines
}

// matching returns the numbers of the lines that match an element of the kind elementACK.
func (t *track) matching(lines []*line, e *element) string {
	var key []byte
	for i, l := range lines {
		var d differences
		if l.fromA == e.fromA {
			if d.whole(l, &t.capture.frames[e.frame]); len(d) == 0 {
				key = append(key, byte(i), byte(i>>8))
			}
		}
	}
	return string(key)
}

// claimable finds out where claims of more than one element can begin, and after which
// elements they can continue.
func (t *track) claimable() (begins, goesOn []bool) {
	begins, goesOn = make([]bool, len(t.elements)), make([]bool, len(t.elements))
	inText := [2]int64{} // the end of the current text
	remains := t.findRemains()
	starts, claims := [2]map[int64]bool{{}, {}}, [2]extents{} // of the lines that are ranges, by direction
	for _, l := range t.lines {
		if l = t.asKnown(l); l.kind == kindRange {
			dir, p := l.dir(), l.seq.widest()
			starts[dir][p.start], claims[dir] = true, append(claims[dir], p)
		}
	}
	claims[0].sort()
	claims[1].sort()
	for i := range t.elements {
		e := &t.elements[i]
		if !e.hasBytes() {
			continue
		}
		if e.kind == elementBytes {
			dir := e.dir()
			if text := t.texts[dir][e.start]; text != nil {
				inText[dir], begins[i] = text.End, true
			}
			f := &t.capture.frames[e.frame]
			cut := e.end < f.Seq+int64(f.Payload) // the packet continues in another element
			begins[i] = begins[i] || cut && e.start == f.Seq
			goesOn[i] = cut || e.end < inText[dir] || remains[i]
		}
		if e.isUnrecorded() && remains[i] {
			begins[i], goesOn[i] = true, true
		}
		dir := e.dir()
		begins[i] = begins[i] || starts[dir][e.start] || starts[dir][math.MinInt64]
		goesOn[i] = goesOn[i] || claims[dir].reach(e.start) > e.end
	}
	return begins, goesOn
}

// align aligns the track and notes which frames its lines matched.
func (t *track) align() {
	t.take(t.search(anyCost))
}

// take makes an alignment that of the track.
func (t *track) take(x alignment) {
	t.aligner, t.steps, t.cost, t.whole, t.claimed = *x.aligner, x.steps, x.cost, x.whole, nil
	for _, l := range t.lines {
		delete(t.judge.matched, l)
	}
	for _, s := range t.steps {
		if s.kind != stepMatched {
			continue
		}
		last := t.elements[s.last]
		m := matched{frame: last.frame, first: last.frame}
		for _, e := range t.elements[s.first : s.last+1] {
			if e.fromA != last.fromA || e.kind == elementACK {
				continue
			}
			m.first = min(m.first, e.first)
			m.late = m.late || e.late
			if e.kind != elementFIN || s.first == s.last {
				m.packets += e.packets
			}
		}
		t.judge.matched[s.line] = m
	}
}

// follow checks every `after`. If it is broken, but the line can match another packet
// that is late enough, or the labelled line one that is early enough, that line is
// aligned again.
func (j *judge) follow() {
	for changed := true; changed; {
		changed = false
		for _, l := range j.want.lines {
			if j.inOrder(l) {
				continue
			}
			from := bound{from: j.matched[l.after].frame + 1, to: len(j.capture.frames)}
			to := bound{from: 0, to: j.matched[l].frame - 1}
			changed = changed || j.confine(l, from) || j.confine(l.after, to)
		}
	}
}

// inOrder reports whether a line satisfies its `after`, as far as its packets are
// known.
func (j *judge) inOrder(l *line) bool {
	if l.after == nil {
		return true
	}
	this, ok := j.matched[l]
	that, ok2 := j.matched[l.after]
	return !ok || !ok2 || this.frame > that.frame
}

// confine limits a line to some packets, if its connection can then be aligned with no other
// mismatches.
func (j *judge) confine(l *line, b bound) bool {
	old, had := j.bounds[l]
	if had {
		b = bound{max(b.from, old.from), min(b.to, old.to)}
	}
	j.bounds[l] = b
	for _, t := range j.tracks {
		if t.declaration != l.conn {
			continue
		}
		if found, ok := t.alignAgain(l); ok {
			t.take(found)
			return true
		}
	}
	delete(j.bounds, l)
	if had {
		j.bounds[l] = old
	}
	return false
}

// alignAgain aligns the track after a line of it was bound to other packets. The result is false if
// that gives other mismatches, or the line nothing.
func (t *track) alignAgain(l *line) (found alignment, ok bool) {
	found = t.search(t.cost - t.cost%costMismatch + costMismatch - 1)
	return found, found.whole && matches(found.steps, l)
}

// matches reports whether the line has a packet in an alignment, or may match what the capture
// lacks or what cannot be read.
func matches(steps []step, l *line) bool {
	return slices.ContainsFunc(steps, func(s step) bool {
		return (s.kind == stepMatched || s.kind == stepHidden || s.kind == stepUnread) && s.line == l
	})
}
