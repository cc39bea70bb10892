// The facts that take the whole capture: which connections are FTP, and what belongs
// together.

package capture

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"slices"
	"strings"

	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
	"ftplab/lab/analysis/tcp"
	"ftplab/lab/pcapng"
)

// limits bound the memory that a capture takes.
type limits struct {
	// kept is how much memory the connections of a capture may take, in bytes, to
	// be kept. Those of a larger one are read again when they are looked at.
	kept int
	// live is how many connections are followed at the same time for their facts.
	live int
	// waiting is how many connections wait for one with a lower ID to end.
	waiting int
	// batch is what may be recorded of sessions that go on, or wait for one with a lower ID
	// to end, bytes.
	batch int
}

var normal = limits{kept: 8 << 20, live: 16 << 10, waiting: 8 << 10, batch: 16 << 20}

// connectionMemory is about what each connection takes, in addition to what is recorded of it.
const connectionMemory = 1200

// findFacts reads the file, once if its connections can be kept, else twice.
func (c *Capture) findFacts() error {
	all, err := c.readFirst()
	if err != nil {
		return err
	}
	f := &facts{c: c, openings: make([]opening, len(c.spans))}
	if all != nil {
		for _, l := range all.live {
			f.add(l)
		}
	} else if err := f.readAgain(); err != nil {
		return err
	}
	f.join()
	c.findProtected(f)
	if all != nil {
		c.keep(all.live)
		return c.keepProtected()
	}
	return nil
}

// readFirst reads the file for what can be counted, and for the connections: which there
// are, and everything about them. If that is too much to be kept, it returns nil.
func (c *Capture) readFirst() (*everything, error) {
	x := identities{newest: newTuples[newest]()}
	all := &everything{c: c}
	var clock clock
	var doubling doubling
	var relays relays
	place, several := 0, false // the interface of the first packet, and whether there is another one
	d := &packet.Decoder{Details: true}
	r, err := c.file.reader()
	if err != nil {
		return nil, err
	}
	err = c.file.packetsOf(r, d, func(p *packet.Packet, raw *pcapng.Packet) bool {
		if c.learnKeys(r) && c.Size > 0 {
			all = nil // some of it was read without them
		}
		if c.Size == 0 {
			place = raw.Interface
		}
		if several = raw.Interface != place && c.file.places == nil; several {
			return false
		}
		c.count(p, raw, d)
		clock.note(p)
		doubling.note(p)
		if p.TCP == nil {
			return true
		}
		relays.packet(p)
		id, begins := x.find(p)
		if all != nil && !all.add(p, id, begins) {
			all = nil
		}
		return true
	})
	var damage *pcapng.Damage
	switch {
	case several:
		return nil, errSeveralPlaces
	case errors.As(err, &damage):
		c.Cut = damage.Error()
	case err != nil:
		return nil, err
	}
	if c.learnKeys(r) {
		all = nil
	}
	c.describe(r)
	c.Disorder, c.Doubled = clock.disorder(), doubling.text()
	c.spans, c.reused, c.turns, c.Relays = x.spans, x.reused, x.turns, relays.found
	return all, nil
}

// describe takes what the file says in addition to its packets.
func (c *Capture) describe(r *pcapng.Reader) {
	c.Received, c.Dropped, c.Names = r.Received(), r.Dropped(), r.Names()
	c.Interfaces = r.Interfaces()
	c.Complete = c.Dropped == 0 && (c.complete || c.Received == uint64(c.Size))
	if flaw := r.Flaw(); flaw != "" {
		c.Flaw = flaw + "; ftplab reads on, but other programs may stop there"
	}
	if c.file.places != nil {
		for i := range r.Interfaces() {
			c.Places = append(c.Places, placeName(r.Interfaces(), i))
		}
		c.Clocks = c.file.places.clocks.text(r.Interfaces())
		c.Complete = c.Complete && (c.Clocks == "" || len(c.Lost) == 0)
		c.Translations, c.Rewritings = c.file.places.translations(r.Interfaces()), c.file.places.rewritings(r.Interfaces())
	}
}

// learnKeys takes the keys that the file has up to the packet that was read last, and reports whether there are new ones.
func (c *Capture) learnKeys(r *pcapng.Reader) bool {
	logs := r.Secrets()[c.KeyLogs:]
	for _, log := range logs {
		if !c.closed {
			c.keys.Read(strings.NewReader(log))
		}
	}
	c.KeyLogs += len(logs)
	return len(logs) > 0 && !c.closed
}

// count counts a packet of the first reading.
func (c *Capture) count(p *packet.Packet, raw *pcapng.Packet, d *packet.Decoder) {
	if c.Size++; c.Size == 1 {
		c.Start = p.Time
	}
	if len(raw.Data) < raw.Length {
		c.Truncated++
	}
	if p.Copy != nil && p.Away == nil {
		c.Copies++
	}
	if p.Away != nil {
		c.Lost = append(c.Lost, LostPacket{p.Number, p.Time, *p.Away})
	}
	switch {
	case d.Unknown:
		c.Unread++
	case d.Details && (p.ARP != nil || p.ICMP != nil || p.UDP != nil && p.UDP.DNS != nil):
		c.OtherPackets = append(c.OtherPackets, p.Clone())
		d.Details = len(c.OtherPackets) < MaxOtherPackets
	}
}

// everything is the connections of a capture that is small enough to keep them all.
type everything struct {
	c      *Capture
	live   []*live // by ID
	pool   tcp.Pool
	memory int
}

// add takes a segment, and reports whether the connections still fit into memory.
func (e *everything) add(p *packet.Packet, id int, begins bool) bool {
	if begins {
		l := &live{id: id}
		l.Keys, l.ControlPorts = e.c.keys, e.c.ports
		l.Begin(netip.AddrPortFrom(p.IP.Src, p.TCP.SrcPort), netip.AddrPortFrom(p.IP.Dst, p.TCP.DstPort))
		if e.c.hash {
			l.Hashes = &e.pool
		}
		e.live = append(e.live, l)
		e.memory += connectionMemory
	}
	l := e.live[id]
	l.Add(p, &l.segment)
	if p.TCP.Length > 0 {
		before := l.RecordedSize()
		l.Data(p, &l.segment)
		e.memory += l.RecordedSize() - before
	}
	return e.memory+e.pool.Size() <= e.c.limits.kept
}

// facts puts together what the connections tell.
type facts struct {
	c        *Capture
	openings []opening // by ID
	ends     []byte    // the addresses of all
	at21     []found   // control connections at port 21, 990, or one of Options.ControlPorts
	others   []found   // at other ports
	named    []found   // that only the name in a ClientHello shows to be FTP
	requests []request // of connections, to proxies
}

// An opening is an ftp.Opening in few bytes.
type opening struct {
	ends      uint32 // where they begin in facts.ends
	answer    uint32 // the packet of the answering SYN
	time      int64  // of its first packet
	initiator int8
	six, data bool
	sends     [2]bool // data was sent in a direction, even if it is not in the capture
	tls       bool    // it seems to be in TLS
	tlsClient int8    // the direction of the client of TLS, -1 if that is not known
}

// A found control connection was recognized by its dialogue.
type found struct {
	session
	client int // direction
	closed int // its last packet if the capture has its end, else 0
}

// A request asks a proxy for a connection.
type request struct {
	id    int // of the connection to the proxy
	proxy *ftp.Proxy
	asker int // direction
}

// readAgain reads the file for the facts, in parts if too many connections go on at the
// same time.
func (f *facts) readAgain() error {
	for lo := 0; lo < len(f.c.spans); {
		hi, err := f.c.follow(reading{
			lo: lo, hi: len(f.c.spans), most: f.c.limits.live,
			records: func(int) bool { return true },
			done: func(l *live) bool {
				f.add(l)
				return false
			},
		})
		if err != nil {
			return err
		}
		lo = hi
	}
	return nil
}

// add takes a connection when all of its packets have passed.
func (f *facts) add(l *live) {
	o := &f.openings[l.id]
	o.initiator, o.data, o.time = int8(l.Initiator()), l.DataSegments() > 0, l.FirstTime
	for dir := range o.sends {
		flow := l.Flow(dir)
		o.sends[dir] = flow.Segments > 0 || flow.Missing > 0
	}
	if proxy, asker := l.Requested(); proxy != nil {
		f.requests = append(f.requests, request{l.id, proxy, asker})
	}
	o.tls, o.tlsClient = l.SeemsTLS(), int8(l.TLSClient())
	if o.initiator >= 0 {
		o.answer = uint32(l.Halves[1-o.initiator].SYN)
	}
	o.ends, o.six = uint32(len(f.ends)), !l.Ends[0].Addr().Is4()
	for _, end := range l.Ends {
		if ip := end.Addr(); ip.Is4() {
			b := ip.As4()
			f.ends = append(f.ends, b[:]...)
		} else {
			b := ip.As16()
			f.ends = append(f.ends, b[:]...)
		}
		f.ends = binary.BigEndian.AppendUint16(f.ends, end.Port())
	}
	client := l.ClientDirection()
	if client < 0 {
		return
	}
	t := l.Transcript(client, f.c.mostLines(), f.c.keys)
	s := found{session{l.id, t.Outline(l.Ends[client], l.Ends[1-client]), l.RecordedSize()}, client, 0}
	if l.FirstFIN() >= 0 || l.FirstRST() >= 0 {
		s.closed = l.LastPacket
	}
	switch {
	case l.AtControlPort():
		f.at21 = append(f.at21, s)
	case l.Named() && s.User == "":
		f.named = append(f.named, s)
	default:
		f.others = append(f.others, s)
	}
}

// opening returns what decides which data port a connection came to.
func (f *facts) opening(id int) ftp.Opening {
	o := &f.openings[id]
	size := 6
	if o.six {
		size = 18
	}
	end := func(b []byte) netip.AddrPort {
		ip, _ := netip.AddrFromSlice(b[:size-2])
		return netip.AddrPortFrom(ip, binary.BigEndian.Uint16(b[size-2:]))
	}
	at := f.ends[o.ends:]
	return ftp.Opening{
		ID: id, Ends: [2]netip.AddrPort{end(at), end(at[size:])}, Initiator: int(o.initiator),
		FirstPacket: int(f.c.spans[id].first), LastPacket: int(f.c.spans[id].last), AnswerSYN: int(o.answer), FirstTime: o.time,
		Data: o.data, Sends: o.sends, TLS: o.tls, TLSClient: int(o.tlsClient),
	}
}

// join finds out what the connections are for.
func (f *facts) join() {
	c := f.c
	c.purposes = make([]*ftp.Purpose, len(c.spans))
	// First the connections to ports 21, 990 and those of Options.ControlPorts, and the data connections that they
	// announce, only then those to other ports: a data connection that
	// carries the record of a dialogue is not one itself. Last are those of which nothing but
	// the name of the server can be read.
	for _, group := range [][]found{f.at21, f.others} {
		f.joinAnnounced(group)
	}
	f.joinAnnounced(f.besideNone(f.named))
	f.at21, f.others, f.named, f.requests = nil, nil, nil, nil
	c.sessions = slices.Clip(c.sessions)
	slices.SortStableFunc(c.sessions, func(a, b session) int { return a.control - b.control })
	f.joinLost()
	f.joinHidden()
	f.joinPort20()
	for i := range c.sessions {
		s := &c.sessions[i]
		s.Assign(
			func(id int) (first, last int) {
				if f.openings[id].sends != [2]bool{} {
					last = int(c.spans[id].last)
				}
				return int(c.spans[id].first), last
			},
			func(id int, t *ftp.Transfer) {
				if c.purposes[id].Control == s.control { // else it is the other end of a transfer between two servers
					c.purposes[id].Transfer = t
				}
			},
			func(id int, t *ftp.Transfer) {
				if p := c.purposes[id]; p.Control == s.control {
					p.Suppose(t, f.openings[id].sends)
				}
			},
		)
	}
	f.joinUnannounced()
	f.compareHosts()
	c.makeOthers()
	c.clients = make([]int8, len(f.openings))
	for id, o := range f.openings {
		c.clients[id] = f.clientOf(id, &o)
	}
}

// clientOf returns the direction of the client of a connection that is not FTP: of TLS, or else the side that opened it. If
// the capture does not show who did, the side whose port no service has by default is likely to be it.
func (f *facts) clientOf(id int, o *opening) int8 {
	switch {
	case o.tlsClient >= 0:
		return o.tlsClient
	case o.initiator >= 0:
		return o.initiator
	}
	ends := f.opening(id).Ends
	if ends[0].Port() < packet.FirstUserPort && ends[1].Port() >= packet.FirstUserPort {
		return 1
	}
	return 0
}

// joinAnnounced makes sessions of control connections, and joins the connections that
// came to the ports which these announced.
func (f *facts) joinAnnounced(group []found) {
	c := f.c
	slices.SortStableFunc(group, func(a, b found) int { return a.control - b.control })
	var all ftp.Expected
	for _, s := range group {
		if c.purposes[s.control] != nil {
			continue
		}
		c.purposes[s.control] = &ftp.Purpose{
			Role: ftp.Control, ClientDir: s.client, Control: ftp.NoConnection, TLSFrom: s.TLSFrom, ClearFrom: s.ClearFrom, Greeted: s.Greeted,
		}
		c.sessions = append(c.sessions, s.session)
		ends, began := f.opening(s.control).Ends, f.openings[s.control].time
		if f.openings[s.control].initiator < 0 {
			began = 0 // the session was there before
		}
		all.Add(s.control, began, s.closed, ends[s.client], ends[1-s.client], s.DataPorts)
	}
	if all.Len() == 0 {
		return
	}
	all.Sort()
	f.joinOtherEnds(&all)
	f.joinMatching(all.Match)
	f.joinMatching(all.MatchLate)
	f.joinRequested(&all)
}

// joinOtherEnds joins the data connections of the sessions before that the sessions of the table
// announced, too: each between two servers, of which one is at the port of FTP.
func (f *facts) joinOtherEnds(all *ftp.Expected) {
	for id, p := range f.c.purposes {
		if p == nil || p.DataPort == nil {
			continue
		}
		party := f.c.purposes[p.Control].ClientDir
		if p.Mode == ftp.Active {
			party = 1 - party
		}
		o := f.opening(id)
		if p, ok := all.MatchOtherEnd(&o, p, f.opening(p.Control).Ends[party].Addr()); ok {
			f.c.purposes[id] = &p
		}
	}
}

// joinRequested joins the connections that were requested from proxies.
func (f *facts) joinRequested(all *ftp.Expected) {
	for _, r := range f.requests {
		if f.c.purposes[r.id] != nil {
			continue
		}
		o := f.opening(r.id)
		if p, ok := all.MatchRequested(&o, r.proxy, r.asker); ok {
			f.c.purposes[r.id] = &p
		}
	}
}

// joinPort20 joins connections from a server's port 20 that nothing announced.
func (f *facts) joinPort20() {
	c := f.c
	var all ftp.Port20
	for _, s := range c.sessions {
		ends, client := f.opening(s.control).Ends, c.purposes[s.control].ClientDir
		all.Add(s.control, f.began(s.control), ends[client], ends[1-client])
	}
	f.joinMatching(all.Match)
}

// began is the packet with which a session began, or 0 if it was there before the capture.
func (f *facts) began(control int) int {
	if f.openings[control].initiator < 0 {
		return 0
	}
	return int(f.c.spans[control].first)
}

// compareHosts compares the hosts of the data connections with those of their sessions.
func (f *facts) compareHosts() {
	c := f.c
	for id, p := range c.purposes {
		if p == nil || p.Role != ftp.Data || p.Control == ftp.NoConnection {
			continue
		}
		control, client := f.opening(p.Control).Ends, c.purposes[p.Control].ClientDir
		p.CompareHosts(f.opening(id).Ends, control[client], control[1-client], c.find(p.Control).Proxy)
	}
}

// joinMatching joins the matching connections that have no purpose yet.
func (f *facts) joinMatching(match func(*ftp.Opening) (ftp.Purpose, bool)) {
	for id := range f.c.spans {
		if f.c.purposes[id] != nil {
			continue
		}
		o := f.opening(id)
		if p, ok := match(&o); ok {
			f.c.purposes[id] = &p
		}
	}
}
