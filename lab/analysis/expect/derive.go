// A want is written from a capture.

package expect

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/tcp"
)

// firstEphemeral is the first of the ports that Linux gives out when nobody asks
// for one (net.ipv4.ip_local_port_range): another run will have others.
const firstEphemeral = 32768

// maxDatagrams is up to how many packets of DNS are written line by line: more
// are not about the session.
const maxDatagrams = 20

// Derive writes a want that the capture passes, and that another capture of the
// same session passes as well: it says what does not depend on chance, and leaves
// out what does (which segments, bare ACKs, windows, ports that the kernel
// chose, which FIN is first). A connection that is too irregular to be written
// line by line is skipped as a whole.
//
// Hosts have the names that hosts gives, and those that the capture itself does;
// where there is none, they are called by their addresses.
func Derive(c *Capture, hosts Hosts) string {
	hosts = hosts.with(c.Trace.Names)
	d := &deriver{capture: c, hosts: hosts, irregular: map[string]bool{}}
	d.declare()
	text := d.write()
	for range 2 {
		w, err := Parse("derived", 1, text)
		if err != nil {
			break
		}
		v, err := w.Judge(c, hosts)
		if err != nil || v.Pass {
			break
		}
		for _, m := range v.Mismatches {
			d.irregular[m.Connection] = true
		}
		text = d.write()
	}
	return text
}

// A deriver writes a want.
type deriver struct {
	capture   *Capture
	hosts     Hosts
	tcp       []*derived
	others    []*derived
	irregular map[string]bool // connections to be skipped as a whole
	labels    map[string]bool // those given
}

// A derived is a connection with its declaration and its lines.
type derived struct {
	*track
	lines   []*derivedLine
	comment string // of the declaration
}

// A derivedLine is a line to be written.
type derivedLine struct {
	name    string
	place   int // where it goes among the lines of other connections
	frame   int
	what    string // "client > server  [S]"
	label   string
	after   *derivedLine
	comment string
	joined  bool // with the line before it
	margin  string
}

// declare makes declarations for all that the capture has.
func (d *deriver) declare() {
	names := d.names()
	j := &judge{hosts: d.hosts, capture: d.capture}
	for _, conn := range d.capture.Connections {
		a := cmp.Or(conn.OpenedBy, ftp.Client)
		decl := &declaration{name: names[conn], proto: "tcp"}
		decl.a, decl.b = d.end(conn, a, true), d.end(conn, a.Other(), false)
		if decl.a == decl.b {
			decl.b.port = fmt.Sprint(conn.Addr(a.Other()).Port())
		}
		d.tcp = append(d.tcp, &derived{track: &track{binding: &binding{declaration: decl, conn: conn, a: a}, judge: j}})
	}
	d.declareDatagrams(j)
	var bindings []*binding
	for _, t := range slices.Concat(d.tcp, d.others) {
		bindings = append(bindings, t.binding)
	}
	d.capture.distribute(bindings, d.hosts)
	for _, t := range d.tcp {
		t.track = j.newTrack(t.binding)
	}
	if d.retransmits() {
		for _, t := range d.tcp {
			t.declaration.lossy = true
		}
	}
}

// retransmits reports whether anything was sent again: then other packets may be
// in another run. What was lost on the way to the recorder was seen only once.
func (d *deriver) retransmits() bool {
	return slices.ContainsFunc(d.capture.Frames, func(f Frame) bool {
		return f.Analysis&tcp.Retransmission != 0
	}) || slices.ContainsFunc(d.tcp, func(t *derived) bool {
		return slices.ContainsFunc(t.elements, func(e element) bool { return e.kind == elementAgain })
	})
}

// names gives every TCP connection a name by its role: ctl and data, numbered if
// there are several.
func (d *deriver) names() map[*ftp.Connection]string {
	words := map[ftp.Role]string{ftp.Control: "ctl", ftp.Data: "data", ftp.Other: "other"}
	total, n := map[ftp.Role]int{}, map[ftp.Role]int{}
	for _, c := range d.capture.Connections {
		total[c.Role]++
	}
	names := map[*ftp.Connection]string{}
	for _, c := range d.capture.Connections {
		names[c] = words[c.Role]
		if n[c.Role]++; total[c.Role] > 1 {
			names[c] += fmt.Sprint(n[c.Role])
		}
	}
	return names
}

// end writes an end of a connection. A port that the kernel chose is left open:
// so is the one of whoever opens, unless it is a port of the other kind.
func (d *deriver) end(c *ftp.Connection, s ftp.Side, opens bool) endpoint {
	addr := c.Addr(s)
	e := endpoint{host: d.hosts.name(addr.Addr(), string(s)), port: fmt.Sprint(addr.Port())}
	if addr.Port() >= firstEphemeral || opens && c.Role == ftp.Other {
		e.port = "*"
	}
	return e
}

// declareDatagrams declares DNS between each two hosts, and in a last
// declaration of each protocol whatever else there is.
func (d *deriver) declareDatagrams(j *judge) {
	seen := map[string]bool{}
	add := func(name, proto string, a, b endpoint) {
		decl := &declaration{name: name, proto: proto, a: a, b: b}
		key := proto + a.String() + b.String()
		if seen[key] {
			return
		}
		seen[key] = true
		d.others = append(d.others, &derived{track: &track{binding: &binding{declaration: decl}, judge: j}})
	}
	var udp, icmp bool
	queries := 0
	for i := range d.capture.Frames {
		f := &d.capture.Frames[i]
		if f.Connection != nil || isHousekeeping(f.Other) {
			continue
		}
		proto, src, dst := datagramEnds(f.Other)
		switch {
		case proto == "udp" && f.Other.UDP.DNS != nil && !f.Other.UDP.DNS.Response && dst.Port() == 53:
			a, b := endpoint{d.hosts.name(src.Addr(), "client"), "*"}, endpoint{d.hosts.name(dst.Addr(), "nameserver"), "53"}
			if a.host != b.host && !seen["udp"+a.String()+b.String()] {
				queries++
				name := "dns"
				if queries > 1 {
					name += fmt.Sprint(queries)
				}
				add(name, "udp", a, b)
			}
		case proto == "udp" && src.Port() != 53:
			udp = true
		case proto == "icmp":
			icmp = true
		}
	}
	everybody := endpoint{"*", "*"}
	if udp {
		add("udp", "udp", everybody, everybody)
	}
	if icmp {
		add("icmp", "icmp", everybody, everybody)
	}
}

// write writes the want: the declarations, then the lines of all connections in
// the order of their packets.
func (d *deriver) write() string {
	d.labels = map[string]bool{}
	var b strings.Builder
	var all []*derivedLine
	width := 0
	for _, t := range slices.Concat(d.tcp, d.others) {
		width = max(width, len(t.name))
	}
	for _, t := range slices.Concat(d.tcp, d.others) {
		t.lines = nil
		fmt.Fprintf(&b, "%-*s  %s > %s%s\n", width, t.name, t.declaration.a, t.declaration.b, suffixOf(t.declaration))
		switch {
		case d.irregular[t.name] || t.proto != "tcp" && (t.declaration.a.host == "*" || len(t.frames) > maxDatagrams):
			t.skip("whatever it brings")
		case t.proto == "tcp":
			d.lines(t)
		default:
			d.datagramLines(t)
		}
		all = append(all, t.lines...)
	}
	b.WriteString("\n")
	d.follow()
	slices.SortStableFunc(all, func(x, y *derivedLine) int { return cmp.Compare(x.place, y.place) })
	all = d.apart(all)
	commentOnce(all)
	writeLines(&b, all)
	return b.String()
}

func suffixOf(d *declaration) string {
	switch {
	case d.lossy:
		return "  lossy"
	case d.proto != "tcp":
		return "  " + d.proto
	}
	return ""
}

// apart moves joined lines up to their neighbours: lines of other connections
// between them would part them.
func (d *deriver) apart(all []*derivedLine) []*derivedLine {
	for i := range all {
		if !all[i].joined {
			continue
		}
		for k := i; k > 0 && all[k-1].name != all[k].name; k-- {
			all[k-1], all[k] = all[k], all[k-1]
		}
	}
	return all
}

// commentOnce leaves every comment to the first line that has it.
func commentOnce(all []*derivedLine) {
	said := map[string]bool{}
	for _, l := range all {
		if said[l.comment] {
			l.comment = ""
		}
		said[l.comment] = true
	}
}

// writeLines writes the lines in columns: name, what, labels, comment.
func writeLines(b *strings.Builder, all []*derivedLine) {
	const wide = 60 // what is longer than this stands out of its column
	names, whats, labels := 0, 0, 0
	for i, l := range all {
		if l.joined || i+1 < len(all) && all[i+1].joined && all[i+1].name == l.name {
			l.margin = "|"
		}
		names = max(names, len(l.margin+l.name))
		labels = max(labels, len(l.labels()))
		if len(l.what) <= wide {
			whats = max(whats, len(l.what))
		}
	}
	for _, l := range all {
		line := fmt.Sprintf("%-*s  %-*s  %-*s", names, l.margin+l.name, whats, l.what, labels, l.labels())
		if l.comment != "" {
			line += "  # " + l.comment
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
}

func (l *derivedLine) labels() string {
	var words []string
	if l.after != nil {
		words = append(words, "after @"+l.after.label)
	}
	if l.label != "" {
		words = append(words, "@"+l.label)
	}
	return strings.Join(words, " ")
}

// skip writes that whatever comes is right.
func (t *derived) skip(comment string) {
	place, frame := 0, 0
	if len(t.frames) > 0 {
		place, frame = t.frames[0], t.frames[0]
	}
	if n := len(t.lines); n > 0 {
		place, frame = t.lines[n-1].place, t.lines[n-1].frame
	}
	t.lines = append(t.lines, &derivedLine{name: t.name, place: place, frame: frame, what: "...", comment: comment})
}
