// Declarations that match no connection: which connection the author probably meant. A
// port in the declaration is wrong, or the side that opens.

package expect

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"ftplab/lab/analysis/ftp"
)

// near returns b bound to the connection c, or nil if c is not between its hosts. A nil
// c stands for no connection, and always works.
func (h Hosts) near(b *binding, c *ftp.Connection) *binding {
	n := &binding{declaration: b.declaration, conn: c}
	if c == nil {
		return n
	}
	if n.a = h.sideA(b.declaration, c); n.a != "" {
		return n
	}
	n.near = true
	sides := []ftp.Side{ftp.Client, ftp.Server}
	if c.OpenedBy == ftp.Server {
		sides = []ftp.Side{ftp.Server, ftp.Client}
	}
	var best *binding
	for _, n.a = range sides {
		if !h.matches(n.declaration.a.host, c.Addr(n.a).Addr()) || !h.matches(n.declaration.b.host, c.Addr(n.a.Other()).Addr()) {
			continue
		}
		if best == nil || h.faults(n) < h.faults(best) {
			found := *n
			best = &found
		}
	}
	return best
}

// faults weighs what is wrong in a declaration that matches no connection: a port says more about
// which connection it means than a role of FTP, and that says more than the side that opens it.
func (h Hosts) faults(b *binding) (n int) {
	if !b.near {
		return 0
	}
	const port, role, opener = 4, 3, 1
	for _, a := range []bool{true, false} {
		declared, actual := b.declared(a), h.actual(b, a)
		if declared.port != actual.port {
			n += port
		}
		if declared.host != actual.host {
			n += role
		}
	}
	if b.conn.OpenedBy == b.a.Other() {
		n += opener
	}
	return n
}

// hasOtherPorts reports whether the connection of b has another port than its declaration.
func (h Hosts) hasOtherPorts(b *binding) bool {
	return b.declared(true).port != h.actual(b, true).port || b.declared(false).port != h.actual(b, false).port
}

// declared returns an end of a declaration.
func (d *declaration) declared(a bool) endpoint {
	if a {
		return d.a
	}
	return d.b
}

// side returns the side of its connection that an end of b is.
func (b *binding) side(a bool) ftp.Side {
	if a {
		return b.a
	}
	return b.a.Other()
}

// actual returns an end of b as the capture has it, in the words of its declaration if they are right.
func (h Hosts) actual(b *binding, a bool) endpoint {
	e := b.declared(a)
	if !b.near {
		return e
	}
	addr := b.conn.Addr(b.side(a))
	if e.port != "*" {
		e.port = fmt.Sprint(addr.Port())
	}
	if !h.matches(e.host, addr.Addr()) || !h.plays(b.declaration, e, b.conn, b.side(a)) {
		e.host = h.name(addr.Addr(), string(b.side(a)))
	}
	return e
}

// mute reports whether b, which has lines of the dialogue, is only near to its
// connection, which is a data connection and has none.
func (b *binding) mute() bool {
	return b.near && b.conn.Role == ftp.Data && b.wantsTexts()
}

// findNear gives b the nearest free connection between its hosts, the first one of several.
func (m *matching) findNear(b *binding) {
	var best *binding
	for _, c := range m.connections {
		if m.of[c] != nil {
			continue
		}
		if n := m.hosts.near(b, c); n != nil && (best == nil || m.hosts.faults(n) < m.hosts.faults(best)) {
			best = n
		}
	}
	if best != nil {
		*b, m.of[best.conn] = *best, b
	}
}

// ofAnother returns b bound to the connection c, or nil if this is what b declares, or if more than one host is wrong.
func (h Hosts) ofAnother(b *binding, c *ftp.Connection) *binding {
	d := b.declaration
	if c.Role == ftp.Control && d.b.port == "*" {
		return nil
	}
	x, y := *d, *d
	x.a.host, y.b.host = "*", "*"
	for _, a := range []ftp.Side{ftp.Client, ftp.Server} {
		if c.OpenedBy == a.Other() || !h.means(&x, c, a, true) && !h.means(&y, c, a, true) {
			continue
		}
		if n := (&binding{declaration: d, conn: c, a: a, near: true}); !n.mute() && h.near(b, c) == nil {
			return n
		}
	}
	return nil
}

// findOfAnother gives b, which has no connection, one that another host has in place of the declared one: a connection
// that no other declaration means, or whose declaration means a free one, too.
func (m *matching) findOfAnother(b *binding) {
	for _, c := range m.connections {
		n, other := m.hosts.ofAnother(b, c), m.of[c]
		if n == nil || other != nil && (c.Role != ftp.Control || !m.findFree(other)) {
			continue
		}
		*b, m.of[c] = *n, b
		return
	}
}

// findFree gives b another connection, which has no binding. It reports whether there is one.
func (m *matching) findFree(b *binding) bool {
	return !b.near && slices.ContainsFunc(m.connections, func(c *ftp.Connection) bool { return m.of[c] == nil && m.bind(b, c) })
}

// exchange exchanges the connections of declarations that match none with those of
// others, as long as both match better then. A declaration with a star may have got the
// connection that a wrong port was meant for.
func (j *judge) exchange() {
	c := costs{judge: j, known: map[pairing]priced{}}
	c.choose()
	if c.chooseSession() {
		c.choose()
	}
	c.spread()
	mistaken := func(b *binding) bool {
		return b.proto == "tcp" && (b.conn == nil && b.unseen == nil || b.near || j.capture.lacksPackets() && c.of(b) >= costMismatch)
	}
	if !slices.ContainsFunc(j.bindings, mistaken) {
		return
	}
	again, exchanged := true, false
	for again {
		again = false
		for _, b := range j.bindings {
			if mistaken(b) && len(c.known) < mostPairings {
				again = c.exchange(b) || c.replace(b) || again
			}
		}
		exchanged = exchanged || again
	}
	if exchanged && !j.capture.late { // else the order in which they began is not known
		found := slices.DeleteFunc(slices.Clone(j.bindings), func(b *binding) bool { return b.conn == nil })
		j.capture.sortAlike(found, j.hosts)
	}
}

// A pairing is a declaration and a connection that it may mean.
type pairing struct {
	*declaration
	*ftp.Connection
}

// mostPairings is how many pairings are tried: those of about sixty connections, each
// with each. Further ones are not tried.
const mostPairings = 4000

// costs are the costs of the best alignments, by pairing.
type costs struct {
	judge *judge
	known map[pairing]priced
}

// priced is the cost of a pairing, the side of the connection that the declaration names first, and the frames of the
// lines that have a label or come after one.
type priced struct {
	cost   int64
	a      ftp.Side
	frames map[*line]int
}

// exchange exchanges the connections of b and another binding, if there is one with which
// both match better.
func (c costs) exchange(b *binding) bool {
	for _, other := range c.judge.bindings {
		if other.proto != "tcp" || other.conn == nil {
			continue
		}
		x, y := c.judge.hosts.near(b, other.conn), c.judge.hosts.near(other, b.conn)
		if x == nil || y == nil || x.mute() || y.near && !other.near && (x.near || !b.near) || b.conn == nil && c.keeps(b, other, x) {
			continue
		}
		if c.better(x, y, b, other) {
			*b, *other = *x, *y
			return true
		}
	}
	return false
}

// keeps reports whether other keeps its connection although b has none, and x is b with that connection. A data
// connection that did not come may have any port; the control connection has the port that its declaration names.
func (c costs) keeps(b, other, x *binding) bool {
	switch {
	case other.conn.Role == ftp.Control && b.wantsTexts() != other.wantsTexts():
		return other.wantsTexts()
	case b.stars() > other.stars():
		return true
	}
	return c.inOrder(b, other, x)
}

// better reports whether x and y, which are b and other with their connections exchanged, match
// better than these: first of all their lines, then their ports and the sides that open, and
// then the order in which the want declares them.
func (c costs) better(x, y, b, other *binding) bool {
	after, before := c.of(x)+c.of(y), c.of(b)+c.of(other)
	if b.conn == nil { // perhaps because the capture lacks it
		return after/costMismatch < before/costMismatch || !x.near && x.conn.Role == ftp.Control && b.wantsTexts() && !other.wantsTexts()
	}
	if lines := cmp.Compare(after, before); lines != 0 {
		return lines < 0
	}
	faults := c.judge.hosts.faults
	if ends := cmp.Compare(faults(x)+faults(y), faults(b)+faults(other)); ends != 0 {
		return ends < 0
	}
	return (b.line < other.line) != (compareAges(b, other) < 0)
}

// inOrder reports whether other keeps its connection although b has none: both may mean
// the same connections, so they get them in the order of the want, and x, which is b
// with that connection, does not match much better. The end of a session is missing
// more often than one in the middle.
func (c costs) inOrder(b, other, x *binding) bool {
	return b.declaration.a == other.declaration.a && b.declaration.b == other.declaration.b && b.line > other.line && 2*c.of(x) >= c.of(other)
}

// of returns the cost of aligning the lines of b with its connection.
func (c costs) of(b *binding) int64 { return c.price(b).cost }

// price aligns the lines of b with its connection, unless that is done already. If the capture does not show
// who opened that, b.a becomes the side with which it costs less.
func (c costs) price(b *binding) priced {
	key := pairing{b.declaration, b.conn}
	best, ok := c.known[key]
	if !ok {
		best = c.align(*b)
		if x := *b; b.conn != nil && b.conn.OpenedBy == "" && !b.near {
			if x.a = b.a.Other(); c.judge.hosts.means(b.declaration, b.conn, x.a, true) {
				if turned := c.align(x); turned.cost < best.cost {
					best = turned
				}
			}
		}
		c.known[key] = best
	}
	b.a = best.a
	return best
}

// align aligns the lines of a binding with its connection. That it is not the declared one is no
// difference, unless the capture may lack that one.
func (c costs) align(b binding) priced {
	var lines int64 // except ...
	for _, l := range b.lines {
		if l.kind != kindSkip {
			lines++
		}
	}
	_, lacking := c.judge.lacking(&binding{declaration: b.declaration})
	x := priced{a: b.a, frames: map[*line]int{}}
	switch {
	case b.conn == nil && lacking:
		x.cost = costHidden * lines
		return x
	case b.conn == nil:
		x.cost = costMissing * int64(len(b.lines))
		return x
	case b.near && lacking && b.conn.Role != ftp.Control && c.judge.hosts.hasOtherPorts(&b):
		x.cost = costMissing * int64(len(b.lines)+1) // almost any connection is as near
		return x
	case b.near && lacking:
		x.cost = costMissing
	}
	b.frames = c.judge.framesOf[b.conn.ID]
	t := c.judge.newTrack(&b)
	found := t.search(anyCost)
	for _, s := range found.steps {
		if s.kind == stepMatched && (s.line.label != "" || s.line.after != nil) {
			x.frames[s.line] = found.aligner.elements[s.last].frame
		}
	}
	switch {
	case !found.whole && c.judge.capture.lacksPackets():
		x.cost += costHidden * lines // that cannot be judged
	case !found.whole:
		x.cost += costMissing*int64(len(b.lines)) + costUnwanted*int64(len(t.elements))
	default:
		x.cost += found.cost
	}
	return x
}

// misbound returns the mismatch of a declaration that matches no connection of the
// capture, or no packet.
func (j *judge) misbound(b *binding) (m Mismatch, ok bool) {
	m = Mismatch{Line: b.line, Kind: NotFound, Connection: b.name, Want: b.text, What: "there is no such connection in the capture", shown: math.MaxInt}
	absent := j.isAbsent(b)
	switch a, z := j.hosts.addressOf(b.declaration.a), j.hosts.addressOf(b.declaration.b); {
	case !absent && !b.near:
		return m, false
	case absent && b.proto == "udp":
		m.What = fmt.Sprintf("there is no such packet in the capture: none between %s and %s", a, z)
	case absent:
		m.What += fmt.Sprintf(": none%s from %s to %s", j.besides(b), a, z)
	}
	if b.near {
		var wrong []string
		m.Kind, wrong, m.Got = j.hosts.nearest(b)
		m.What += "; the nearest one " + strings.Join(wrong, " and ")
		j.at(&m, b.frames[0])
	}
	return m, true
}

// isAbsent reports whether the capture has nothing that a declaration can mean. One of UDP without a port,
// of ARP or of ICMP need not mean anything.
func (j *judge) isAbsent(b *binding) bool {
	switch d := b.declaration; {
	case b.proto == "tcp":
		return b.conn == nil
	case b.proto != "udp" || d.a.port == "*" && d.b.port == "*":
		return false
	}
	return !slices.ContainsFunc(j.bindings, func(other *binding) bool {
		return other.proto == "udp" && slices.ContainsFunc(other.frames, func(frame int) bool {
			return j.hosts.datagramBinding([]*binding{b}, j.capture.frames[frame].Other) != nil
		})
	})
}

// besides names the declarations that have all connections which b may mean: " but ctl1
// and ctl2", or "".
func (j *judge) besides(b *binding) string {
	var names []string
	for _, other := range j.bindings {
		if other.proto == "tcp" && other.conn != nil && j.hosts.sideA(b.declaration, other.conn) != "" {
			names = append(names, other.name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return " but " + strings.Join(names, ", ")
}

// addressOf writes an end of a declaration with the addresses of its host.
func (h Hosts) addressOf(e endpoint) string {
	var addrs []string
	for _, addr := range h[e.host] {
		addrs = append(addrs, addr.String())
	}
	if len(addrs) == 0 {
		return e.String()
	}
	return fmt.Sprintf("%s (%s)", e, strings.Join(addrs, " or "))
}

// nearest says in what the connection of b differs from its declaration, and how to declare
// it.
func (h Hosts) nearest(b *binding) (kind Kind, wrong []string, declaration string) {
	var ends [2]endpoint // with their ports
	for i, a := range []bool{true, false} {
		declared, actual := b.declared(a), h.actual(b, a)
		ends[i] = endpoint{actual.host, fmt.Sprint(b.conn.Addr(b.side(a)).Port())}
		if declared != actual {
			wrong = append(wrong, fmt.Sprintf("has %s, not %s", ends[i], declared))
		}
	}
	x, y := ends[0], ends[1]
	kind = Unaddressed
	if !h.matches(b.declaration.a.host, b.conn.Addr(b.a).Addr()) || !h.matches(b.declaration.b.host, b.conn.Addr(b.a.Other()).Addr()) {
		kind = OfAnother
	}
	if b.conn.OpenedBy == b.a.Other() {
		kind = Reversed
		opener, other := y.host, x.host
		if opener == other {
			opener, other = y.String(), x.String()
		}
		wrong = append(wrong, fmt.Sprintf("was opened by %s, not %s", opener, other))
		x, y = y, x
	}
	return kind, wrong, fmt.Sprintf("%s  %s > %s", b.name, x, y)
}
