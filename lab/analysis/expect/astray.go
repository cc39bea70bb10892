// Connections that were recorded, but not where they should have been.

package expect

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"ftplab/lab/analysis/ftp"
)

// An astray is a connection that an earlier place of the capture lacks, or of which it has other packets than a later one:
// it is at the end of a host that sent some of the packets, and every packet passes the end of the host that sends it. The
// want is about what is recorded there. Between that place and the one where the connection is read, a NAT may change
// ports, a gateway lines, and every router the times to live, and packets may be lost. So what is as wanted is judged, and
// nothing is called wrong.
type astray struct {
	*ftp.Connection
	why string
}

// mostHeadless is how many connections of an end that lack their start are kept.
const mostHeadless = 64

// findAstray finds them, if the capture was taken at the ends of several hosts.
func (j *judge) findAstray() {
	interfaces := j.capture.source.Interfaces
	isEnd := func(name string) bool { return j.hosts[name] != nil }
	if len(interfaces) < 2 || !slices.ContainsFunc(interfaces, isEnd) {
		return
	}
	type reading struct { // of what a side sent
		id   int
		from ftp.Side
	}
	first := map[int]int{}     // the first interface with packets that are read of each connection, by its ID
	parted := map[int][2]int{} // the connections with packets of one side that were recorded at two, but none at both
	homes := map[reading]int{}
	for p := range j.capture.source.Packets() {
		x := p.Connection
		if x == nil {
			continue
		}
		if known, ok := first[x.ID]; !ok || p.Interface < known {
			first[x.ID] = p.Interface
		}
		r := reading{x.ID, p.From}
		if home, ok := homes[r]; !ok && p.Away == nil {
			homes[r] = p.Interface
		} else if ok && p.Away == nil && home != p.Interface {
			parted[x.ID] = [2]int{min(home, p.Interface), max(home, p.Interface)}
		}
	}
	headless := map[netip.AddrPort][]*ftp.Connection{} // those that lack their start, by their ends
	for x := range j.capture.source.Connections() {
		for _, end := range []netip.AddrPort{x.Client, x.Server} {
			if x.LacksStart() && len(headless[end]) < mostHeadless {
				copied := *x
				headless[end] = append(headless[end], &copied)
			}
		}
	}
	mayBegin := func(x *ftp.Connection) func(*ftp.Connection) bool {
		return func(y *ftp.Connection) bool { return first[y.ID] < first[x.ID] && j.hosts.mayBegin(x, y) }
	}
	for x := range j.capture.source.Connections() {
		earlier, why := interfaces[:min(first[x.ID], len(interfaces))], ""
		if i := slices.IndexFunc(earlier, func(name string) bool { return j.hosts.sent(name, x) }); i >= 0 {
			why = fmt.Sprintf("at %s there is no packet of this connection", earlier[i])
		} else if at, ok := parted[x.ID]; ok && at[1] < len(interfaces) && j.hosts.sent(interfaces[at[0]], x) {
			why = fmt.Sprintf("%s and %s have packets of this connection, but none in common", interfaces[at[0]], interfaces[at[1]])
		}
		if all := headless[x.Addr(cmp.Or(x.OpenedBy, ftp.Client))]; why == "" && slices.ContainsFunc(all, mayBegin(x)) {
			why = fmt.Sprintf("%s alone has the SYN of a connection, and it may be this one", interfaces[min(first[x.ID], len(interfaces)-1)])
		}
		if why != "" {
			copied := *x
			j.astray = append(j.astray, astray{&copied, why})
		}
	}
}

// mayBegin reports whether x may be the SYN of y, which lacks its start: y came later, from the same end to the same host,
// which a NAT gives another address where x was recorded.
func (h Hosts) mayBegin(x, y *ftp.Connection) bool {
	side := x.OpenedBy
	if side == "" || x.Flow(side).Packets != 1 || x.Flow(side.Other()).Packets > 0 || y.FirstPacket < x.FirstPacket {
		return false
	}
	here, there := x.Addr(side.Other()).Addr(), y.Client.Addr()
	if y.Client == x.Addr(side) {
		there = y.Server.Addr()
	}
	for _, all := range h {
		if here != there && slices.Contains(all, here) && slices.Contains(all, there) {
			return true
		}
	}
	return false
}

// sent reports whether a host sent some of the packets of a connection, or received some of one whose start the capture
// lacks. Others may send a reset in its name.
func (h Hosts) sent(host string, c *ftp.Connection) bool {
	return slices.ContainsFunc([]ftp.Side{ftp.Client, ftp.Server}, func(side ftp.Side) bool {
		f := c.Flow(side)
		return (f.Packets > f.RST || f.Packets == 0 && c.LacksStart()) && slices.Contains(h[host], c.Addr(side).Addr())
	})
}

// isAstray reports whether a connection is astray.
func (j *judge) isAstray(id int) bool { return j.astrayWith(id) != nil }

// astrayWith returns the astray connection with an ID, or nil.
func (j *judge) astrayWith(id int) *astray {
	i, found := slices.BinarySearchFunc(j.astray, id, func(x astray, id int) int { return x.ID - id })
	if !found {
		return nil
	}
	return &j.astray[i]
}

// A doubt says why nothing that is about a connection can be called wrong, and from which packet on.
type doubt struct {
	from int
	why  string
}

func (x *astray) doubt() *doubt { return &doubt{x.FirstPacket, x.why} }

// doubts finds the doubts about the mismatches of a verdict.
type doubts struct {
	*judge
	verdict *Verdict
	unbound []*astray          // that no declaration is bound to
	meant   map[ends]*astray   // the first of these that a declaration with such ends may mean, nil for none
	listed  map[unjudgable]int // where the verdict lists what cannot be judged
}

// An unjudgable is a connection and why it cannot be judged.
type unjudgable struct{ connection, why string }

func (j *judge) newDoubts(v *Verdict) *doubts {
	d := &doubts{judge: j, verdict: v, meant: map[ends]*astray{}, listed: map[unjudgable]int{}}
	for i := range j.astray {
		if x := &j.astray[i]; j.framesOf[x.ID] == nil {
			d.unbound = append(d.unbound, x)
		}
	}
	for i, u := range slices.Backward(v.Unjudged) {
		d.listed[unjudgable{u.Connection, u.Why}] = i
	}
	return d
}

// astrayOf returns the astray connection that a declaration is bound to, or one that it may mean and that none is bound
// to: the rest of its own, if one place stopped before another one began. It returns nil if there is none.
func (d *doubts) astrayOf(b *binding) *astray {
	if b.conn != nil {
		if x := d.astrayWith(b.conn.ID); x != nil {
			return x
		}
	}
	if b.proto != "tcp" {
		return nil
	}
	e := ends{b.declaration.a, b.declaration.b}
	if x, known := d.meant[e]; known {
		return x
	}
	d.meant[e] = nil
	isMeant := func(x *astray) bool { return d.hosts.sideA(b.declaration, x.Connection) != "" }
	if i := slices.IndexFunc(d.unbound, isMeant); i >= 0 {
		d.meant[e] = d.unbound[i]
	}
	return d.meant[e]
}

// doubtOf returns the doubt about a binding, or nil: it is astray, only another place has some of its packets, with numbers
// or times that cannot be compared.
func (d *doubts) doubtOf(b *binding) *doubt {
	if x := d.astrayOf(b); x != nil {
		return x.doubt()
	}
	if b.conn == nil || len(b.frames) == 0 {
		return nil
	}
	if last := &d.capture.frames[b.frames[len(b.frames)-1]]; last.rest != "" {
		return &doubt{last.Number, fmt.Sprintf("only %s has other packets of this connection, and they cannot be read with these", last.rest)}
	}
	return nil
}

// doubtOfOrder returns the doubt about the order of the packets of two lines, or nil.
func (j *judge) doubtOfOrder(l *line, of map[string]*doubt) *doubt {
	this, that := &j.capture.frames[j.matched[l].frame], &j.capture.frames[j.matched[l.after].frame]
	if clocks := j.capture.source.Clocks; clocks != "" && this.Place != that.Place {
		return &doubt{min(this.Number, that.Number), clocks}
	}
	return of[l.after.conn.name]
}

// setDoubtsApart moves the mismatches about which there is a doubt to what cannot be judged.
func (j *judge) setDoubtsApart(v *Verdict) {
	all := j.newDoubts(v)
	of := map[string]*doubt{} // by the name of the connection
	for i, b := range j.bindings {
		if d := all.doubtOf(b); d != nil {
			of[b.name], v.Connections[i].Doubt, v.Doubt = d, d.why, d.why
		}
	}
	lines := map[int]*line{}
	for _, l := range j.want.lines {
		lines[l.number] = l
	}
	var judged []Mismatch
	for _, m := range v.Mismatches {
		d := of[m.Connection]
		if d == nil && m.Kind == TooEarly {
			d = j.doubtOfOrder(lines[m.Line], of)
		}
		if d == nil {
			judged = append(judged, m)
		} else {
			all.add(d, m)
		}
	}
	v.Mismatches = judged
	for i := range v.Unjudged {
		slices.Sort(v.Unjudged[i].Lines)
		v.Unjudged[i].Lines = slices.Compact(v.Unjudged[i].Lines)
	}
	for _, x := range all.unbound {
		d := x.doubt()
		v.Doubt = d.why
		all.add(d, Mismatch{Kind: Undeclared})
	}
}

// add adds a mismatch to what cannot be judged. Its line may be there already.
func (d *doubts) add(about *doubt, m Mismatch) {
	v, key := d.verdict, unjudgable{m.Connection, about.why}
	i, known := d.listed[key]
	if !known {
		i = len(v.Unjudged)
		v.Unjudged = append(v.Unjudged, Unjudged{Connection: m.Connection, From: about.from, Lines: []int{}, Why: about.why, Unrecorded: true})
		d.listed[key] = i
	}
	if u := &v.Unjudged[i]; m.Kind != Unwanted && m.Kind != Undeclared {
		u.Lines = append(u.Lines, m.Line)
	}
}
