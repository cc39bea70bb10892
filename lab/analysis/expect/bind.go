// Binding: which connection of the capture each declaration means.

package expect

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"

	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
)

// A binding is a declaration and the connection of the capture that it means.
type binding struct {
	*declaration
	// conn is the TCP connection, nil if the capture has none, and a the side
	// of it that the declaration names first.
	conn *ftp.Connection
	a    ftp.Side
	// near says that conn is not what was declared, but similar: between the same
	// addresses, with other ports, opened by the other side, or with other roles of FTP.
	near bool
	// unseen is the data port to which the connection came, if the capture lacks it; else nil.
	unseen *unseen
	// frames are the indexes of its packets.
	frames []int
}

// sideA returns the side of c that d names first, or "" if d does not mean c.
func (h Hosts) sideA(d *declaration, c *ftp.Connection) ftp.Side {
	for _, a := range []ftp.Side{ftp.Client, ftp.Server} {
		if c.OpenedBy != "" && c.OpenedBy != a {
			continue
		}
		if h.means(d, c, a, true) {
			return a
		}
	}
	return ""
}

// means reports whether d can mean c, with a as the side that d names first. If ports
// is set, the ports count, too.
func (h Hosts) means(d *declaration, c *ftp.Connection, a ftp.Side, ports bool) bool {
	return h.meets(d.a, c.Addr(a), ports) && h.meets(d.b, c.Addr(a.Other()), ports) && h.fits(d, c, a)
}

// fits reports whether the hosts that d names can be those sides of c, with a as the side that d names
// first. If the hosts named client and server share an address, as on loopback, the FTP roles of
// the dialogue decide.
func (h Hosts) fits(d *declaration, c *ftp.Connection, a ftp.Side) bool {
	return h.plays(d, d.a, c, a) && h.plays(d, d.b, c, a.Other())
}

// plays reports whether the host of e, an end of d, can be that side of c, which has its address.
func (h Hosts) plays(d *declaration, e endpoint, c *ftp.Connection, side ftp.Side) bool {
	switch {
	case !e.isParty() || !h.shareAddress() || c.DataPort != nil && c.DataPort.ThirdParty:
		return true
	case c.Role == ftp.Other && (!c.ShowsRoles() || d.namesAnother()):
		return true
	}
	return e.host == string(side)
}

// isParty reports whether an end names a party of FTP.
func (e endpoint) isParty() bool { return e.host == string(ftp.Client) || e.host == string(ftp.Server) }

// namesAnother reports whether a declaration names a host that is no party of FTP.
func (d *declaration) namesAnother() bool {
	return d.a.host != "*" && !d.a.isParty() || d.b.host != "*" && !d.b.isParty()
}

// unknownRoles returns what cannot be judged of a declaration that gives the roles of FTP to the sides of a
// connection between two hosts of one address, of which nothing shows these roles. The result is false for others.
func (h Hosts) unknownRoles(b *binding) (u Unjudged, ok bool) {
	d := b.declaration
	if b.conn == nil || !h.hidesRoles(b.conn) || !d.a.isParty() && !d.b.isParty() || d.namesAnother() {
		return u, false
	}
	return Unjudged{Connection: b.name, From: b.conn.FirstPacket, Lines: []int{b.line}, Unrecorded: true, Why: "nothing in it shows which side of this connection is the client"}, true
}

// hidesRoles reports whether neither the addresses of a connection nor anything else shows which side is the client.
func (h Hosts) hidesRoles(c *ftp.Connection) bool {
	return h.shareAddress() && c.Client.Addr() == c.Server.Addr() && !c.ShowsRoles()
}

// shareAddress reports whether the client and the server have the same address.
func (h Hosts) shareAddress() bool {
	return slices.ContainsFunc(h[string(ftp.Client)], func(a netip.Addr) bool { return slices.Contains(h[string(ftp.Server)], a) })
}

func (h Hosts) meets(e endpoint, addr netip.AddrPort, port bool) bool {
	if port && e.port != "*" && e.port != strconv.Itoa(int(addr.Port())) {
		return false
	}
	return h.matches(e.host, addr.Addr())
}

// bind finds a connection for each declaration. If it is possible to find one for every
// declaration, with all stars in them, it does. Declarations with the same ends get
// connections in the order of their SYNs. A declaration that matches no connection gets
// an unused one between its hosts. The others that declarations may mean are left over.
func (j *judge) bind() (all []*binding, left []*ftp.Connection) {
	var tcp []*binding
	for _, d := range j.want.declarations {
		b := &binding{declaration: d}
		all = append(all, b)
		if d.proto == "tcp" {
			tcp = append(tcp, b)
		}
	}
	m := matching{hosts: j.hosts, connections: j.candidates(tcp), byPorts: map[[2]string][]*ftp.Connection{}, of: map[*ftp.Connection]*binding{}, taken: map[ends]int{}}
	for _, x := range m.connections {
		a, b := strconv.Itoa(int(x.Client.Port())), strconv.Itoa(int(x.Server.Port()))
		ports := [2]string{min(a, b), max(a, b)}
		m.byPorts[ports] = append(m.byPorts[ports], x)
	}
	// Declarations with fewer stars choose first.
	slices.SortStableFunc(tcp, func(x, y *binding) int { return cmp.Compare(x.stars(), y.stars()) })
	none := map[ends]bool{} // that found none, so that others with the same ends find none, either
	for _, b := range tcp {
		if e := (ends{b.declaration.a, b.declaration.b}); !none[e] {
			none[e] = !m.find(b, map[ends]bool{})
		}
	}
	j.bindUnseen(tcp)
	for _, b := range all {
		if b.proto == "tcp" && b.conn == nil && b.unseen == nil {
			m.findNear(b)
		}
	}
	for _, b := range all {
		if b.proto == "tcp" && b.conn == nil && b.unseen == nil && !j.capture.lacksPackets() {
			m.findOfAnother(b)
		}
	}
	j.capture.sortAlike(all, j.hosts)
	return all, j.leftOver(&m)
}

// mostLeft is how many packets of the connections that are left over are kept. A connection for which there is no room
// is no choice for a declaration.
const mostLeft = 1 << 16

// leftOver returns the connections that are not bound.
func (j *judge) leftOver(m *matching) (left []*ftp.Connection) {
	packets := 0
	for _, c := range m.connections {
		n := c.ClientFlow.Packets + c.ServerFlow.Packets
		if m.of[c] == nil && !j.isAstray(c.ID) && packets+n <= mostLeft {
			left, packets = append(left, c), packets+n
		}
	}
	return left
}

// candidates returns the connections that declarations may be bound to, in the order of
// their IDs, but those that are astray last. For each declaration it takes those of both
// kinds that it means, with or without its ports, but only some more than there are declarations.
func (j *judge) candidates(tcp []*binding) []*ftp.Connection {
	c := j.capture.source
	var all [2][]*ftp.Connection
	var meant, near [2][]int // how many of a kind a declaration may mean
	ofAnother := make([]int, len(tcp))
	for kind := range all {
		meant[kind], near[kind] = make([]int, len(tcp)), make([]int, len(tcp))
	}
	const more = 20 // than the declarations, of which the lines choose
	most := len(tcp) + more
	takesAll := c.NumConnections() <= most // so that nothing has to be counted
	for x := range c.Connections() {
		wanted, kind := false, 0
		if j.isAstray(x.ID) {
			kind = 1
		}
		for i, b := range tcp {
			n := j.hosts.near(b, x)
			switch {
			case n == nil:
				if kind == 0 && !j.capture.lacksPackets() && ofAnother[i] < most && j.hosts.ofAnother(b, x) != nil {
					ofAnother[i]++
					wanted = true
				}
			case !n.near && meant[kind][i] < most:
				meant[kind][i]++
				wanted = true
			case near[kind][i] < most:
				near[kind][i]++
				wanted = true
			}
			if wanted && takesAll {
				break
			}
		}
		if wanted {
			copied := *x
			all[kind] = append(all[kind], &copied)
		}
	}
	return slices.Concat(all[0], all[1])
}

// stars counts the stars of the declaration.
func (d *declaration) stars() int {
	n := 0
	for _, word := range []string{d.a.host, d.a.port, d.b.host, d.b.port} {
		if word == "*" {
			n++
		}
	}
	return n
}

// A matching pairs declarations and connections, by augmenting paths.
type matching struct {
	hosts       Hosts
	connections []*ftp.Connection
	byPorts     map[[2]string][]*ftp.Connection // by the ports of both ends, the lower word first
	of          map[*ftp.Connection]*binding
	taken       map[ends]int // how many of the possible connections are bound, or not meant
}

// ends are the two ends of a declaration.
type ends [2]endpoint

// possible returns the connections that a declaration can mean by its ports.
func (m *matching) possible(d *declaration) []*ftp.Connection {
	if d.a.port == "*" || d.b.port == "*" {
		return m.connections
	}
	return m.byPorts[[2]string{min(d.a.port, d.b.port), max(d.a.port, d.b.port)}]
}

// find finds a connection for b: a free one or, if there is none, one whose binding can find another.
// Declarations with the same ends mean the same connections. So of each ends, one is tried, and looked
// for free connections from where the last one was found: a connection that is bound stays so.
func (m *matching) find(b *binding, tried map[ends]bool) bool {
	e := ends{b.declaration.a, b.declaration.b}
	if tried[e] {
		return false
	}
	tried[e] = true
	possible := m.possible(b.declaration)
	for ; m.taken[e] < len(possible); m.taken[e]++ {
		if c := possible[m.taken[e]]; m.of[c] == nil && m.bind(b, c) {
			return true
		}
	}
	for _, c := range possible {
		if m.hosts.sideA(b.declaration, c) != "" && m.find(m.of[c], tried) {
			return m.bind(b, c)
		}
	}
	return false
}

// bind binds b to a connection if it means it.
func (m *matching) bind(b *binding, c *ftp.Connection) bool {
	a := m.hosts.sideA(b.declaration, c)
	if a != "" {
		m.of[c], b.conn, b.a = b, c, a
	}
	return a != ""
}

// sortAlike gives declarations with the same ends their connections in the order in which these
// began. Those that are older than the capture come first. If there are fewer
// connections than declarations, the last ones get none, or the first ones if the capture begins
// in the middle of a session and is not cut off.
func (c *evidence) sortAlike(all []*binding, h Hosts) {
	alike := map[ends][]*binding{}
	for _, b := range all {
		if b.proto == "tcp" && !b.near {
			e := ends{b.declaration.a, b.declaration.b}
			alike[e] = append(alike[e], b)
		}
	}
	for _, group := range alike {
		var found []binding
		for _, b := range group {
			if b.conn != nil || b.unseen != nil {
				found = append(found, *b)
			}
		}
		slices.SortFunc(found, func(x, y binding) int { return compareAges(&x, &y) })
		lacking := make([]binding, len(group)-len(found))
		if c.late && !c.isCut() {
			found = append(lacking, found...)
		} else {
			found = append(found, lacking...)
		}
		for i, b := range group {
			if b.conn, b.unseen = found[i].conn, found[i].unseen; b.conn != nil {
				b.a = h.sideA(b.declaration, b.conn)
			}
		}
	}
}

// compareAges compares bindings by when their connections began.
func compareAges(x, y *binding) int {
	xBegan, xID := x.began()
	yBegan, yID := y.began()
	return cmp.Or(cmp.Compare(xBegan, yBegan), cmp.Compare(xID, yID))
}

// began returns the packet with which the connection of a binding began, and its ID.
func (b *binding) began() (packet, id int) {
	if b.conn == nil {
		return b.unseen.announced, ftp.NoConnection
	}
	return b.conn.Began(), b.conn.ID
}

// datagramBinding returns the first declaration that matches a packet which is not TCP,
// in either direction.
func (h Hosts) datagramBinding(bindings []*binding, p *packet.Packet) *binding {
	proto, src, dst := datagramEnds(p)
	for _, b := range bindings {
		if b.proto != proto || proto == "" {
			continue
		}
		if h.isForth(b.declaration, src, dst) || h.isForth(b.declaration, dst, src) {
			return b
		}
	}
	return nil
}

// isForth reports whether a packet from src to dst goes from the end that d
// names first to the other.
func (h Hosts) isForth(d *declaration, src, dst netip.AddrPort) bool {
	return h.meets(d.a, src, true) && h.meets(d.b, dst, true)
}
