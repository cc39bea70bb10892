package live

import (
	"cmp"
	"net/netip"
	"regexp"
	"slices"
	"time"

	"ftplab/lab/analysis/packet"
	"ftplab/lab/pcapng"
)

// Limits of time, by the clock of the packets.
const (
	settle    = time.Second      // after the end of a connection, for its last ACKs
	dataWait  = time.Minute      // for data connections that outlive their control connection
	idleOther = 5 * time.Minute  // after which a connection that is not FTP is forgotten
	idleFTP   = time.Hour        // after which a control connection is taken for over
	remember  = 15 * time.Minute // for which a session that ended is kept as context
)

// All sessions between two hosts are read for those that have ended. So that this is not done too often,
// one that has ended waits, unless mostAround or fewer are read for it.
const (
	mostAround = 16
	waitForOne = 50 * time.Millisecond // how long it waits, for each that is read
)

// Limits of memory.
const (
	firstBytes  = 8 << 10   // of a connection of which nothing is known yet
	maxWhole    = 256 << 20 // of the connections between two hosts that are kept with their contents
	maxHosts    = 1 << 30   // of them at all
	headersOnly = 128       // bytes of a packet whose contents are not kept
	maxContext  = 1 << 20   // bytes of sessions between two hosts that ended
	maxPlaces   = 64        // that are distinguished, as in package capture
)

// A tuple is the two ends of a connection, the lower one first.
type tuple struct{ a, b netip.AddrPort }

func tupleOf(a, b netip.AddrPort) tuple {
	if b.Compare(a) < 0 {
		return tuple{b, a}
	}
	return tuple{a, b}
}

// A pair is two hosts, the lower address first.
type pair struct{ a, b netip.Addr }

// A connection is one whose packets pass.
type connection struct {
	tuple       tuple
	hosts       *hosts
	first       int   // the number of its first packet
	last        int64 // the time of its last packet
	spool       spool
	fin         [2]bool
	right       [2]bool // a checksum was, so that a wrong one shows damage
	data        [2]bool
	rst         bool
	control     bool // it may be a control connection
	reported    bool // its session has been reported; it is context
	ignored     bool // nothing of it is kept
	announcedBy []*hosts

	// The SYN-ACK, the place where it was recorded, and the same connection at other places.
	opened    bool
	handshake handshake
	place     int
	twins     []*connection
}

// over reports whether the connection has ended.
func (c *connection) over() bool { return c.rst || c.fin[0] && c.fin[1] }

// hosts is what is known of the connections between two hosts.
type hosts struct {
	pair pair
	list []*connection // with packets
	size int64         // bytes of their packets
	cut  bool          // contents were cut off

	announced  []netip.AddrPort // in their sessions
	thirdParty []*connection
	beyond     []*hosts // the same hosts, on the other side of a NAT
	forgot     bool     // an address of another host was forgotten before a connection came to it
	crowded    bool     // there was no room for a third-party connection
}

// controls are the control connections that have not been reported.
func (h *hosts) controls() []*connection {
	var list []*connection
	for _, c := range h.list {
		if c.open() {
			list = append(list, c)
		}
	}
	return list
}

// open reports whether it may be a control connection, and has not been reported.
func (c *connection) open() bool { return c.control && !c.reported }

// waits reports whether a session between the hosts has not been reported.
func (h *hosts) waits() bool { return slices.ContainsFunc(h.list, (*connection).open) }

// A tracker follows all connections.
type tracker struct {
	store   store
	decoder packet.Decoder
	live    map[tuple]*connection
	pairs   map[pair]*hosts
	// announced are the addresses for data connections, with the hosts whose sessions
	// announced them.
	announced  map[netip.AddrPort][]*hosts
	handshakes map[handshake][]*connection
	sources    []pcapng.Source // of the packets so far, in the order of their interfaces
	names      map[pcapng.Source]string
	now        int64 // nanoseconds since 1970, by the packets
}

func newTracker() *tracker {
	return &tracker{live: map[tuple]*connection{}, pairs: map[pair]*hosts{}, announced: map[netip.AddrPort][]*hosts{}, handshakes: map[handshake][]*connection{}, names: map[pcapng.Source]string{}}
}

// add takes the next packet.
func (t *tracker) add(number int, raw *pcapng.Packet) error {
	t.now = max(t.now, raw.Time)
	p := packet.Packet{Number: number}
	t.decoder.Decode(&p, raw)
	if p.TCP == nil {
		return nil
	}
	t.noteSource(pcapng.Source{Link: raw.Link, Interface: raw.Interface}, raw.Name)
	c, dir := t.connection(&p)
	c.last = raw.Time
	err := t.keep(c, number, raw)
	if c.right[dir] = c.right[dir] || p.ChecksumRight(); c.right[dir] && p.ChecksumWrong() {
		return err
	}
	t.noteHandshake(c, &p, raw.Interface)
	flags := p.TCP.Flags
	c.fin[dir] = c.fin[dir] || flags&packet.FIN != 0
	c.rst = c.rst || flags&packet.RST != 0
	if len(p.TCP.Payload) > 0 && !c.data[dir] {
		c.data[dir] = true
		c.control = c.control || speaksFTP(p.TCP.Payload)
	}
	if c.control && len(p.TCP.Payload) > 0 {
		t.noteAnnounced(c.hosts, netip.AddrPortFrom(p.IP.Src.Unmap(), p.TCP.SrcPort), p.TCP.Payload)
	}
	if !c.control && (c.data[0] && c.data[1] || c.spool.size > firstBytes) && !c.wanted() {
		t.forget(c)
		c.ignored = true
	}
	return err
}

// noteSource notes the interface of a packet, and its name.
func (t *tracker) noteSource(s pcapng.Source, name string) {
	byInterface := func(a, b pcapng.Source) int {
		return cmp.Or(cmp.Compare(a.Interface, b.Interface), cmp.Compare(a.Link, b.Link))
	}
	if at, known := slices.BinarySearchFunc(t.sources, s, byInterface); !known && len(t.sources) < maxPlaces {
		t.sources = slices.Insert(t.sources, at, s)
		t.names[s] = name
	}
}

// connection returns the connection of a packet, and which end sent it.
func (t *tracker) connection(p *packet.Packet) (c *connection, dir int) {
	src := netip.AddrPortFrom(p.IP.Src.Unmap(), p.TCP.SrcPort)
	x := tupleOf(src, netip.AddrPortFrom(p.IP.Dst.Unmap(), p.TCP.DstPort))
	if x.a != src {
		dir = 1
	}
	c = t.live[x]
	begins := p.TCP.Flags&(packet.SYN|packet.ACK) == packet.SYN
	if c != nil && !(begins && c.over()) {
		return c, dir
	}
	at := pair{x.a.Addr(), x.b.Addr()}
	if at.b.Compare(at.a) < 0 {
		at.a, at.b = at.b, at.a
	}
	h := t.pairs[at]
	if h == nil {
		h = &hosts{pair: at}
		t.pairs[at] = h
	}
	c = &connection{tuple: x, hosts: h, first: p.Number, spool: spool{store: &t.store}}
	for _, port := range []uint16{x.a.Port(), x.b.Port()} {
		c.control = c.control || port == 21 || port == 990
	}
	t.live[x] = c
	h.list = append(h.list, c)
	t.noteAnnouncers(c)
	return c, dir
}

// ftpWords are what a client or a server of FTP says first.
var ftpWords = regexp.MustCompile(`(?i)^(?:[1-5]\d\d[ -]|(?:USER|AUTH|FEAT|OPTS|HOST|CLNT|PASS|ACCT) |(?:QUIT|NOOP|FEAT)\r?\n|PROXY TCP|CONNECT |\r\n\r\n\x00\r\nQUIT\n)`)

// speaksFTP reports whether the first data of a side may be dialogue.
func speaksFTP(data []byte) bool { return ftpWords.Match(data[:min(len(data), 64)]) }

// keep keeps a packet.
func (t *tracker) keep(c *connection, number int, raw *pcapng.Packet) error {
	if c.ignored {
		return nil
	}
	p := *raw
	if h := c.hosts; h.size > maxWhole && !c.control && len(p.Data) > headersOnly {
		p.Data = p.Data[:headersOnly]
		h.cut = true
	}
	before := c.spool.size
	err := c.spool.add(number, &p)
	c.hosts.size += c.spool.size - before
	if t.store.isFull() {
		for _, x := range t.live {
			if len(x.spool.buffer) > firstBytes/2 {
				if e := x.spool.flush(); e != nil {
					return e
				}
			}
		}
	}
	return err
}

// forget forgets the packets of a connection.
func (t *tracker) forget(c *connection) {
	c.hosts.size -= c.spool.size
	c.spool.drop()
	c.leaveAnnouncers()
	t.leaveTwins(c)
	for i, x := range c.hosts.list {
		if x == c {
			c.hosts.list = append(c.hosts.list[:i:i], c.hosts.list[i+1:]...)
			break
		}
	}
}

// remove forgets a connection altogether.
func (t *tracker) remove(c *connection) {
	t.forget(c)
	if t.live[c.tuple] == c {
		delete(t.live, c.tuple)
	}
	if len(c.hosts.list) == 0 && t.pairs[c.hosts.pair] == c.hosts {
		delete(t.pairs, c.hosts.pair)
		c.hosts.leaveBeyond()
		for len(c.hosts.announced) > 0 {
			t.forgetAnnounced(c.hosts, c.hosts.announced[0])
		}
	}
}

// ended returns the sessions between two hosts that can be reported, and have waited until they are a good
// part of all, or for long.
func (t *tracker) ended(h *hosts) []*connection {
	all, unsettled := h.controls(), t.unsettled(h)
	var list []*connection
	late := h.size > maxHosts
	for _, c := range all {
		if t.due(c, unsettled) {
			list = append(list, c)
			late = late || time.Duration(t.now-c.last) > settle+waitForOne*time.Duration(len(all))
		}
	}
	if !late && len(list)*mostAround < len(all) {
		return nil
	}
	return list
}

// due reports whether the session of a control connection can be reported. Unsettled is the first packet
// of the last data connection that goes on.
func (t *tracker) due(c *connection, unsettled int) bool {
	quiet := time.Duration(t.now - c.last)
	switch {
	case c.hosts.size > maxHosts || quiet > idleFTP:
		return true
	case !t.settled(c):
		return false
	case quiet > dataWait:
		return true
	}
	return c.first > unsettled && !slices.ContainsFunc(c.twins, func(x *connection) bool { return !t.settled(x) })
}

// settled reports whether a connection has ended, and its last ACKs have come.
func (t *tracker) settled(c *connection) bool { return c.over() && t.now-c.last >= int64(settle) }

// unsettled returns the first packet of the last connection around two hosts that goes on and is perhaps
// a data connection, or 0.
func (t *tracker) unsettled(h *hosts) (first int) {
	for _, side := range append([]*hosts{h}, h.beyond...) {
		for _, x := range slices.Concat(side.list, side.thirdParty) {
			if !x.control && !t.settled(x) {
				first = max(first, x.first)
			}
		}
	}
	return first
}

// clean forgets what is of no more use.
func (t *tracker) clean() {
	for _, c := range t.live {
		quiet := time.Duration(t.now - c.last)
		if !c.control && quiet > idleOther || c.ignored && c.over() && quiet > settle {
			if c.ignored || !c.wanted() {
				t.remove(c)
			}
		}
	}
	for _, h := range t.pairs {
		context := int64(0)
		for i := len(h.list) - 1; i >= 0; i-- {
			c := h.list[i]
			if c.reported {
				context += c.spool.size
			}
			if c.reported && (context > maxContext || t.now-c.last > int64(remember)) || !c.reported && !c.control && c.over() && t.now-c.last > int64(settle) && !c.wanted() {
				t.remove(c)
			}
		}
	}
}
