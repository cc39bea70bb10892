// Derivation: writing a want from a capture.

package expect

import (
	"cmp"
	"fmt"
	"io"
	"net/netip"
	"strings"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
)

// firstEphemeral is the first of the ports that a system chooses by chance: gVisor's TCP
// from 16000 on, Linux from 32768 on (net.ipv4.ip_local_port_range). Another run has other
// ports. The port of a server's control connection is seldom chance, so firstOfLinux counts
// for it.
const (
	firstEphemeral = 16000
	firstOfLinux   = 32768
)

// maxDatagrams is how many DNS packets are written line by line. A capture with more
// has DNS of other programs.
const maxDatagrams = 20

// maxJudged is how many connections a capture may have for the want to be judged as a
// whole. For more connections, each is judged by itself. Each declaration has both ports,
// so that it matches only its own connection.
const maxJudged = 1000

// Derive writes a want that the capture passes, and that another capture of the same
// session passes, too. It leaves out everything that depends on chance: how data is
// segmented, bare ACKs, windows, ports that the kernel chose, which FIN is first. It leaves
// open what the capture lacks, and a connection that is too irregular for single lines.
//
// The names of hosts come from hosts and from the capture; a host without a name is
// written as its address.
//
// Derive reads the capture several times, and keeps one connection at a time in memory.
func Derive(w io.Writer, c *capture.Capture, hosts Hosts) error {
	d := &deriver{capture: c, evidence: evidence{source: c}, hosts: hosts.With(c.Names), preferred: hosts, irregular: map[string]bool{}}
	if err := d.survey(); err != nil {
		return err
	}
	if c.NumConnections() > maxJudged {
		return d.write(w)
	}
	for {
		text, err := d.text()
		if err != nil {
			return err
		}
		v, err := d.judged(text)
		if err != nil {
			return err
		}
		if v.Pass {
			_, err = io.WriteString(w, text)
			return err
		}
		if !d.leaveOpen(v) {
			reason, _, _ := strings.Cut(v.Report(), "\n")
			return fmt.Errorf("the capture does not pass the want that is derived from it: %s", reason)
		}
	}
}

// text writes the want as a string.
func (d *deriver) text() (string, error) {
	var b strings.Builder
	err := d.write(&b)
	return b.String(), err
}

// judged judges the capture by the want that was derived from it.
func (d *deriver) judged(text string) (*Verdict, error) {
	w, err := Parse("derived", 1, text)
	if err != nil {
		return nil, err
	}
	return w.Judge(d.capture, d.hosts)
}

// leaveOpen marks the connections that do not pass as irregular. It reports whether there are
// new ones.
func (d *deriver) leaveOpen(v *Verdict) bool {
	known := len(d.irregular)
	for _, m := range v.Mismatches {
		d.irregular[m.Connection] = true
	}
	for _, u := range v.Unjudged {
		d.irregular[u.Connection] = true
	}
	return len(d.irregular) > known
}

// A deriver writes the want of a capture.
type deriver struct {
	capture  *capture.Capture
	evidence evidence // without packets
	hosts    Hosts
	// preferred are those of the hosts whose names are written, if an address has others, too.
	preferred Hosts
	names     connectionNames
	others    []*declaration // for packets that are not TCP
	// lossy says that the capture has retransmissions. Then another run may have other
	// retransmissions. (A packet that was lost before the recorder was seen only once.)
	lossy bool
	// interrupted are the data connections whose command was followed by another
	// command before its final reply.
	interrupted map[int]bool
	irregular   map[string]bool // connections to skip, by name
}

// survey collects the facts that need the whole capture.
func (d *deriver) survey() error {
	d.evidence.findLacking()
	d.names = connectionNames{total: map[ftp.Role]int{}}
	for c := range d.capture.Connections() {
		d.names.add(c)
		d.lossy = d.lossy || c.ClientFlow.Retransmissions+c.ServerFlow.Retransmissions > 0
	}
	d.interrupted = map[int]bool{}
	for s := range d.capture.Dialogues(false) {
		d.findInterrupted(s)
	}
	if err := d.capture.Err(); err != nil {
		return err
	}
	datagrams := datagramNames{hosts: d.hosts, preferred: d.preferred, seen: map[string]bool{}}
	live := liveFrames{}
	err := d.capture.Follow(func(p *capture.Packet) {
		if p.Connection == nil {
			datagrams.add(&p.Packet)
		} else if !d.lossy {
			live.add(p, d.capture.Start)
		}
	}, func(c *ftp.Connection, _ *ftp.Session) {
		d.lossy = d.lossy || repeats(live.take(c.ID))
	})
	d.others = datagrams.declarations()
	return err
}

// findInterrupted notes the data connections of a session whose command was interrupted.
func (d *deriver) findInterrupted(s *capture.Dialogue) {
	of := map[int][]int{} // data connections, by the index of their command
	for _, a := range s.DataPorts {
		for _, id := range a.Connections {
			if t := d.capture.TransferOf(id); t != nil {
				of[t.Exchange] = append(of[t.Exchange], id)
			}
		}
	}
	i := 0
	var before *ftp.Exchange
	s.Read(ftp.Handler{Exchange: func(x *ftp.Exchange) {
		if before != nil && interrupts(x, before) {
			for _, id := range of[i-1] {
				d.interrupted[id] = true
			}
		}
		before = x
		i++
	}})
}

// interrupts reports whether command x was sent before the final reply to the command
// before it.
func interrupts(x, before *ftp.Exchange) bool {
	n := len(before.Replies)
	return n > 0 && x.Packet < before.Replies[n-1].Packet
}

// repeats reports whether a connection has retransmissions.
func repeats(frames []Frame) bool {
	e := evidence{frames: frames}
	all := make([]int, len(frames))
	for i := range all {
		all[i] = i
	}
	for _, x := range e.elementsOf(all, ftp.Client, false, cuts{}, cuts{}) {
		if x.kind == elementRepeat {
			return true
		}
	}
	return false
}

// liveFrames are the packets of the connections that have not ended, by ID.
type liveFrames map[int][]Frame

func (l liveFrames) add(p *capture.Packet, start int64) {
	l[p.Connection.ID] = append(l[p.Connection.ID], FrameOf(p, start))
}

// take returns the packets of a connection that has ended.
func (l liveFrames) take(id int) []Frame {
	frames := l[id]
	delete(l, id)
	return frames
}

// connectionNames gives every TCP connection a name by its role: ctl and data, numbered if
// there are several.
type connectionNames struct {
	total   map[ftp.Role]int
	numbers []uint32 // its number among the connections of its role, by ID
}

func (n *connectionNames) add(c *ftp.Connection) {
	n.total[c.Role]++
	n.numbers = append(n.numbers, uint32(n.total[c.Role]))
}

// of returns the name of a connection, when all have been added.
func (n *connectionNames) of(c *ftp.Connection) string {
	word := map[ftp.Role]string{ftp.Control: "ctl", ftp.Data: "data", ftp.Other: "other"}[c.Role]
	if n.total[c.Role] > 1 {
		word += fmt.Sprint(n.numbers[c.ID])
	}
	return word
}

// declare returns the declaration of a connection, and the side that opened it. If the capture has no
// SYN of it, the announcement of the port says who did. It names no host if nothing shows which one is which.
func (d *deriver) declare(c *ftp.Connection) (*declaration, ftp.Side) {
	a := cmp.Or(c.OpenedBy, ftp.Client)
	if c.OpenedBy == "" && c.Mode == ftp.Active {
		a = ftp.Server
	}
	decl := &declaration{name: d.names.of(c), proto: "tcp", lossy: d.lossy}
	decl.a, decl.b = d.end(c, a, true), d.end(c, a.Other(), false)
	addr := [2]netip.Addr{c.Addr(a).Addr(), c.Addr(a.Other()).Addr()}
	if d.hosts.hidesRoles(c) {
		decl.a.host, decl.b.host = addr[0].Unmap().String(), addr[1].Unmap().String()
	} else {
		decl.a.host, decl.b.host = d.hosts.apart(d.preferred, addr[0], addr[1], string(a), string(a.Other()))
	}
	return decl, a
}

// end returns an end of a connection without its host. It has a star for a port that the kernel chose:
// that of the side that opens, unless it is below the ports that the kernel chooses
// from. It also has one for a data port whose announcement is in TLS that cannot be read.
func (d *deriver) end(c *ftp.Connection, s ftp.Side, opens bool) endpoint {
	addr := c.Addr(s)
	e := endpoint{port: fmt.Sprint(addr.Port())}
	first := uint16(firstEphemeral)
	if !opens && c.Role != ftp.Data {
		first = firstOfLinux
	}
	if d.capture.NumConnections() > maxJudged {
		return e
	}
	if addr.Port() >= first || opens && c.Role == ftp.Other || !opens && c.Inferred {
		e.port = "*"
	}
	return e
}

// suffix returns the words after the ends of a declaration.
func (d *declaration) suffix() string {
	switch {
	case d.lossy:
		return "  lossy"
	case d.proto != "tcp":
		return "  " + d.proto
	}
	return ""
}

// datagramNames finds the declarations for packets that are not TCP: one for DNS
// between each two hosts, and a last one for the other packets of each protocol.
type datagramNames struct {
	hosts     Hosts
	preferred Hosts
	seen      map[string]bool
	dns       []*declaration
	udp, icmp bool
}

// add takes the next packet.
func (n *datagramNames) add(p *packet.Packet) {
	if isHousekeeping(p) {
		return
	}
	proto, asks, answers := datagramEnds(p)
	if proto == "udp" && asks.Port() == 53 {
		asks, answers = answers, asks
	}
	switch {
	case proto == "udp" && answers.Port() == 53 && asks.Addr() != answers.Addr():
		n.addDNS(asks.Addr(), answers.Addr())
	case proto == "udp": // for DNS on one host, the two sides could not be distinguished
		n.udp = true
	case proto == "icmp":
		n.icmp = true
	}
}

// addDNS adds the declaration for DNS between two hosts, unless there is one.
func (n *datagramNames) addDNS(client, server netip.Addr) {
	asks, answers := n.hosts.apart(n.preferred, client, server, "client", "nameserver")
	a, b := endpoint{asks, "*"}, endpoint{answers, "53"}
	key := a.String() + b.String()
	if n.seen[key] {
		return
	}
	n.seen[key] = true
	name := "dns"
	if len(n.dns) > 0 {
		name += fmt.Sprint(len(n.dns) + 1)
	}
	n.dns = append(n.dns, &declaration{name: name, proto: "udp", a: a, b: b})
}

// declarations returns the declarations.
func (n *datagramNames) declarations() []*declaration {
	all, everybody := n.dns, endpoint{"*", "*"}
	if n.udp {
		all = append(all, &declaration{name: "udp", proto: "udp", a: everybody, b: everybody})
	}
	if n.icmp {
		all = append(all, &declaration{name: "icmp", proto: "icmp", a: everybody, b: everybody})
	}
	return all
}
