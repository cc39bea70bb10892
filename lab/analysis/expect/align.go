// Alignment: which line of a connection belongs to which of its elements.

package expect

import (
	"math"
	"slices"

	"ftplab/lab/analysis/ftp"
)

// The costs of an alignment. An alignment without a mismatch, in which every line has its packet,
// costs nothing. Of those with mismatches the cheapest is the best explanation. So a line and a
// packet that differ in a number are aligned and reported as different, not as one missing line
// and one unwanted packet.
//
// A line that may match what the capture lacks, or TLS that cannot be read, costs less than any
// mismatch, however many there are of them. So there is a mismatch only if nothing of that can
// explain it.
//
// If one of several lines is missing, it is the one that says least, because the others are more
// likely about the packets that came: see [line.says]. Of lines that say as much, the later ones are
// missing, because a session that ends early lacks its end.
//
// A line takes a damaged packet only if there is no other one for it.
const (
	costEarly    = 1 << 12 // at most, for a missing line
	costSaid     = costEarly
	costHidden   = costEarly
	costDamaged  = costEarly
	costMismatch = 1 << 36
	costMissing  = 5 * costMismatch
	costUnwanted = 4 * costMismatch
	costAlike    = 3 * costMismatch // a line and an element of the same kind and direction
	// costOtherText is for two texts whose first words, a command or a reply code,
	// differ. Where ... allows other packets, a missing line costs less. So a line is
	// not aligned with another text, and that text stays free for the line that wants
	// it.
	costOtherText = 6 * costMismatch
	costSameSide  = 7 * costMismatch // of the same direction
	costPair      = 8 * costMismatch // neither
)

// maxNodes limits the search, together with the number of elements. A capture that is
// similar to the want needs a few nodes for each element.
const maxNodes = 1 << 20

// visited is, instead of a cost, the mark of a state that was visited. It is less than
// any cost.
const visited = -1

// anyCost lets an alignment cost what it may.
const anyCost = math.MaxInt64

// An aligner aligns the lines of one connection with its elements. It searches for the
// cheapest path through states, by Dijkstra's algorithm. In the first state no line and
// no element is judged, in the last state all are. Among paths that cost nothing it
// takes the one in which every line has the earliest packet.
type aligner struct {
	capture  *evidence
	elements []element
	groups   [][]*line // lines joined by |, the others alone
	texts    [2]map[int64]*ftp.Line
	lossy    bool            // retransmissions need no line
	begins   []bool          // whether a claim of several elements can begin at the element
	goesOn   []bool          // whether it can continue after the element
	bounds   map[*line]bound // frames to choose from, for `after`
	ofTexts  bool            // whether a line is a text
	unrecorded
	unread [2]hiddenRange // in TLS that cannot be read, by direction

	nodes   []node
	free    []int32           // nodes to visit next, the last one first: they cost nothing more
	buckets map[int64][]int32 // nodes to visit later, by cost, the first one first
	costs   []int64           // those of the buckets, in order
	reached map[state]int64   // the least cost so far, or visited
}

// A bound limits a line to the frames with the indexes from to to.
type bound struct{ from, to int }

// A state is a point on a path: the current group of lines, which of its lines are
// judged, the next element, and for each direction the first of the elements that a
// line must still claim as part of a longer range, or -1, or inText.
type state struct {
	group, at int32
	judged    uint16
	pending   [2]int32
}

// A node is a state that was reached, with the step to it and the node before it. A search
// makes very many, so it is small.
type node struct {
	state
	kind        stepKind
	line        *line
	first, last int32
	from        int32
	cost        int64
}

// A step continues a path.
type step struct {
	kind  stepKind
	line  *line // for matched, missing, different
	first int   // elements from first to last, for matched, unwanted, different
	last  int
	what  differences // for different
}

type stepKind uint8

const (
	stepStart stepKind = iota
	stepPassed
	stepMatched
	stepHidden // the line may match what the capture lacks; without a line, of that the retransmission
	stepUnread // the line may be in TLS that cannot be read
	stepMissing
	stepUnwanted
	stepDifferent
)

// align returns the steps of the best path that matter for the verdict, and its cost.
// The path ends early, and whole is false, if the search gave up: it took too many
// nodes, or every path costs more than most.
func (a *aligner) align(most int64) (steps []step, cost int64, whole bool) {
	a.nodes, a.free, a.buckets, a.costs, a.reached = a.nodes[:0], a.free[:0], map[int64][]int32{}, a.costs[:0], map[state]int64{}
	a.push(node{state: state{pending: [2]int32{-1, -1}}, from: -1}, 0)
	best := int32(0)
	for i := a.next(); i >= 0 && len(a.nodes) < maxNodes+4*len(a.elements); i = a.next() {
		n := a.nodes[i]
		if n.cost > most {
			break
		}
		if int(n.group) == len(a.groups) && int(n.at) == len(a.elements) && a.isOver(n.pending) {
			return a.path(i), n.cost, true
		}
		if b := a.nodes[best].state; n.group > b.group || n.group == b.group && n.at > b.at {
			best = i
		}
		a.expand(i)
	}
	return a.path(best), a.nodes[best].cost, false
}

// isOver reports whether no line has to claim more elements at the end. A text may go on after
// the end of a file that is cut off.
func (a *aligner) isOver(pending [2]int32) bool {
	for _, p := range pending {
		if p != -1 && (p != inText || !a.capture.isCut()) {
			return false
		}
	}
	return true
}

// next returns the node to visit next, the cheapest that was not visited, or -1 if none
// is left.
func (a *aligner) next() int32 {
	for {
		i := int32(-1)
		if last := len(a.free) - 1; last >= 0 {
			i, a.free = a.free[last], a.free[:last]
		} else if i = a.cheapest(); i < 0 {
			return -1
		}
		if n := &a.nodes[i]; a.reached[n.state] == n.cost {
			a.reached[n.state] = visited
			return i
		}
	}
}

// cheapest takes the first node out of the first bucket that has one.
func (a *aligner) cheapest() int32 {
	for len(a.costs) > 0 {
		if bucket := a.buckets[a.costs[0]]; len(bucket) > 0 {
			a.buckets[a.costs[0]] = bucket[1:]
			return bucket[0]
		}
		delete(a.buckets, a.costs[0])
		a.costs = a.costs[1:]
	}
	return -1
}

// path returns the steps to node i that matter for the verdict.
func (a *aligner) path(i int32) []step {
	var steps []step
	for ; i >= 0; i = a.nodes[i].from {
		n := a.nodes[i]
		if n.kind == stepPassed || n.kind == stepStart {
			continue
		}
		st := step{kind: n.kind, line: n.line, first: int(n.first), last: int(n.last)}
		if n.kind == stepDifferent {
			st.what = a.compare(n.line, a.nodes[n.from].state).what
		}
		steps = append(steps, st)
	}
	slices.Reverse(steps)
	return steps
}

// push adds a node to visit, unless its state is visited before in any case. The step to
// it costs price.
func (a *aligner) push(n node, price int64) {
	n.state = a.skipDone(n.state)
	n.cost += price
	if reached, ok := a.reached[n.state]; ok && (reached < n.cost || reached == n.cost && price > 0) {
		return
	}
	a.reached[n.state] = n.cost
	if len(a.nodes) == cap(a.nodes) {
		a.nodes = slices.Grow(a.nodes, len(a.nodes)+64) // twice as many: append grows by a quarter
	}
	a.nodes = append(a.nodes, n)
	if price == 0 {
		a.free = append(a.free, int32(len(a.nodes)-1))
		return
	}
	if _, ok := a.buckets[n.cost]; !ok {
		at, _ := slices.BinarySearch(a.costs, n.cost)
		a.costs = slices.Insert(a.costs, at, n.cost)
	}
	a.buckets[n.cost] = append(a.buckets[n.cost], int32(len(a.nodes)-1))
}

// skipDone moves a state on past groups that are judged completely, and past ...
func (a *aligner) skipDone(s state) state {
	for int(s.group) < len(a.groups) {
		g := a.groups[s.group]
		if g[0].kind != kindSkip && s.judged != 1<<len(g)-1 {
			break
		}
		s.group, s.judged = s.group+1, 0
	}
	return s
}

// skipping reports whether a ... allows any element at s.
func (a *aligner) skipping(s state) bool {
	return s.group > 0 && s.judged == 0 && a.groups[s.group-1][0].kind == kindSkip
}

// expand pushes all states that can follow node i.
func (a *aligner) expand(i int32) {
	s := a.nodes[i].state
	var group []*line
	if int(s.group) < len(a.groups) {
		group = a.groups[s.group]
	}
	ahead := int(s.at) < len(a.elements)
	if ahead {
		a.pass(i)
	}
	for k := len(group) - 1; k >= 0; k-- {
		if s.judged&(1<<k) != 0 {
			continue
		}
		if ahead {
			a.claim(i, k)
			a.hide(i, k)
		}
		a.missing(i, k)
	}
	if ahead {
		a.unwanted(i)
	}
	for dir, first := range s.pending {
		if first >= 0 {
			a.abandon(i, dir)
		}
	}
}

// unwanted treats the next element, and the pending elements before it, as elements
// that no line wants.
func (a *aligner) unwanted(i int32) {
	n := a.nodes[i]
	e := &a.elements[n.at]
	first := n.at
	if p := n.pending[e.dir()]; p >= 0 && e.hasBytes() {
		if a.hasHole(int(p), int(n.at)) {
			return // each is unwanted for itself
		}
		first = p
		n.pending[e.dir()] = -1
	} else if p >= 0 && e.inStream() {
		return
	} else if e.isUnrecorded() {
		n.pending[e.dir()] = -1
	}
	n.at++
	kind, price := stepUnwanted, int64(costUnwanted)
	switch {
	case a.isUnread(int(first), int(n.at)-1):
		price = costHidden
	case a.lossy && a.sides[e.dir()].sentAgain[int(n.at)-1]:
		kind, price = stepHidden, costHidden
	}
	a.push(node{state: n.state, kind: kind, first: first, last: n.at - 1, from: i, cost: n.cost}, price)
}

// abandon treats the pending elements of a direction as bytes that no line wants.
func (a *aligner) abandon(i int32, dir int) {
	n := a.nodes[i]
	first := n.pending[dir]
	last := first
	for k := first; k < n.at; k++ {
		if e := &a.elements[k]; e.dir() == dir && e.hasBytes() {
			last = k
		}
	}
	if a.hasHole(int(first), int(last)) {
		return
	}
	n.pending[dir] = -1
	a.push(node{state: n.state, kind: stepUnwanted, first: first, last: last, from: i, cost: n.cost}, costUnwanted)
}

// missing treats line k of the group as one without a packet. That is as wanted if it is about everything that
// a side sends, which may be nothing, and the side sends nothing.
func (a *aligner) missing(i int32, k int) {
	n := a.nodes[i]
	n.judged |= 1 << k
	l := a.groups[n.group][k]
	kind, price := stepMissing, costMissing+costSaid*l.says()+a.early(n.group)
	if end := a.sides[l.dir()].empty; a.isEmpty(l, int(n.at)) {
		a.push(node{state: n.state, kind: stepMatched, line: l, first: int32(end), last: int32(end), from: i, cost: n.cost}, 0)
		return
	}
	switch {
	case a.mayLack(l, int(n.at)):
		kind, price = stepHidden, costHidden
	case a.mayBeUnread(l, int(n.at)):
		kind, price = stepUnread, costHidden
	}
	a.push(node{state: n.state, kind: kind, line: l, first: n.at, last: n.at, from: i, cost: n.cost}, price)
}

// early is what a missing line of a group costs because other lines come after it.
func (a *aligner) early(group int32) int64 {
	return costEarly * int64(len(a.groups)-1-int(group)) / int64(len(a.groups))
}

// pass skips the next element if no line must claim it: it is a bare ACK, a
// retransmission on a lossy path, the missing rest of a text, inside ..., or part of a range that a later element
// completes.
func (a *aligner) pass(i int32) {
	n := a.nodes[i]
	e := &a.elements[n.at]
	here := n.at
	n.at++
	on := node{state: n.state, kind: stepPassed, from: i, cost: n.cost}
	outside := e.kind == elementACK || e.kind == elementRepeat && a.lossy
	if p := &on.pending[e.dir()]; e.isUnrecorded() && *p == inText {
		outside = true
		switch {
		case !a.continues(int(here)):
			*p = -1
		case e.kind != elementGap: // the next packet may have the rest, or begin with a line
			a.push(on, costHidden)
			*p = -1
		}
	}
	outside = outside || a.isRest(e) && n.pending[e.dir()] < 0
	if outside || a.skipping(a.nodes[i].state) && n.pending[e.dir()] < 0 {
		skipped := on
		if a.hasMoreLines(int(here)) {
			skipped.pending[e.dir()] = inText
		}
		a.push(skipped, 0)
	}
	if e.hasBytes() && a.goesOn[here] && (a.begins[here] || on.pending[e.dir()] >= 0) {
		if on.pending[e.dir()] < 0 {
			on.pending[e.dir()] = here
		}
		a.push(on, 0)
	}
}

// claim aligns line k of the group with the next element.
func (a *aligner) claim(i int32, k int) {
	n := a.nodes[i]
	l := a.groups[n.group][k]
	e := &a.elements[n.at]
	if n.pending[e.dir()] >= 0 && !e.hasBytes() && e.inStream() {
		return
	}
	c := a.compare(l, n.state)
	kind, cost := stepDifferent, int64(costPair)
	switch {
	case c.isUnknown() && c.goesOn:
		return // hide does that
	case c.isUnknown():
		kind, cost = stepHidden, costHidden
	case c.alike && len(c.what) == 0 && e.damaged:
		kind, cost = stepMatched, costDamaged
	case c.alike && len(c.what) == 0:
		kind, cost = stepMatched, 0
	case c.alike && c.otherText:
		cost = costOtherText
	case c.alike:
		cost = costAlike
	case e.kind == elementACK || e.kind == elementGap:
		return
	case (l.ofBytes() || l.kind == kindText) && l.fromA != e.fromA && !e.hasBytes():
		return // bytes that nobody sent are missing
	case l.fromA == e.fromA:
		cost = costSameSide
	}
	n.judged |= 1 << k
	n.at = int32(c.last) + 1
	if e.hasBytes() {
		n.pending[e.dir()] = -1
	}
	a.push(node{state: n.state, kind: kind, line: l, first: int32(c.first), last: int32(c.last), from: i, cost: n.cost}, cost)
}

// dir returns the index of the line's direction.
func (l *line) dir() int {
	if l.fromA {
		return 1
	}
	return 0
}

// dir returns the index of the element's direction.
func (e *element) dir() int {
	if e.fromA {
		return 1
	}
	return 0
}

// hasBytes reports whether the element is bytes, or bytes that were sent and are not in the
// capture. A range can continue after them.
func (e *element) hasBytes() bool {
	return e.kind == elementBytes || e.kind == elementGap
}

// inStream reports whether the element takes room in the stream. No range can continue
// after such an element, except bytes.
func (e *element) inStream() bool {
	switch e.kind {
	case elementSYN, elementBytes, elementFIN, elementGap:
		return true
	}
	return false
}
