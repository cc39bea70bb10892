// Facts that only packets show, collected while the capture is read.

package rules

import (
	"bytes"
	"encoding/binary"
	"net/netip"

	"ftplab/lab/analysis/baseline/content"
	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/bounded"
	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/tcp"
)

// ftpPort is where FTP servers listen.
const ftpPort = 21

// A watch collects facts from packets. Its memory is bounded.
type watch struct {
	ledger *bounded.Ledger
	// repeats are segments of control connections that were sent again, or before others that
	// may have their bytes, too, by connection.
	repeats                map[int][]repeat
	repeated, repeatsBytes int // how many there are, and how much data they have
	// heads are the first bytes of each side of connections to port 21 that are not FTP.
	heads map[int]*heads
	// backwards is the largest step back of the time stamps (ns), and its packet;
	// forwards is the longest pause.
	backwards, forwards leap
	last                int64
	overlaps            overlaps
	senders             senders
	syns                laterSYNs
	fingerprints        fingerprints
	lands               counted // packets whose sender is their receiver
	rewritten           counted // packets put together from fragments that contradict each other
	tinyFirst, repeats6 counted // packets with too short a first fragment, and with too many headers of IPv6
	// datagrams are questions that were asked without TCP.
	datagrams    datagrams
	strange      strangeFlags
	closed       closedWindows
	channels     channels
	headers      headers
	spellers     spellers
	instructions instructions
	neighbours   neighbourhood
	steering     steering
	crowds       crowds
	lookups      lookups
	// bleeds are the first packets with a heartbeat that asks for too much, by control connection.
	bleeds map[int]int
	cards  cards
	named  named
	// contents are what the first bytes of connections show, and planted what intruders put into files, by connection.
	contents, planted map[int]shownContent
	files             map[int]*content.File // by data connection that is open
	pages             map[storedPage][]byte // the beginnings of those that clients stored, which they may continue
	reader            content.Reader
	commandFiles      commandFiles
	ordered           pageOrders
	logs              logTexts
	random            map[int]bool // data connections with files that look random
	blanking          blanking
	entries           map[int]int // how many files and folders a listing has, by data connection
}

// A repeat is a retransmitted segment.
type repeat struct {
	packet  int
	from    ftp.Side
	seq     int64
	payload []byte
}

type heads [2]head

// A head is the first bytes of one direction.
type head struct {
	packet int
	data   []byte
	from   ftp.Side
	next   int64 // the relative sequence number after the data
	cut    bool  // the recorder cut a packet short
}

// asksForMore reports whether a segment begins with a heartbeat of TLS in clear that asks for more bytes
// than it has (RFC 6520 section 4).
func asksForMore(data []byte) bool {
	const head, about, request = 5, 3, 1 // bytes of a record's header, and of a message's
	if len(data) < head+about || data[0] != 24 || data[1] != 3 || data[head] != request {
		return false
	}
	has, asks := int(binary.BigEndian.Uint16(data[3:])), int(binary.BigEndian.Uint16(data[head+1:]))
	return has <= len(data)-head && asks+about > has
}

// A leap is a step of the clock.
type leap struct {
	packet int
	by     int64 // ns
}

const (
	maxHead = 128
)

func newWatch(g *bounded.Ledger) *watch {
	return &watch{
		ledger:       g,
		repeats:      map[int][]repeat{},
		heads:        map[int]*heads{},
		contents:     map[int]shownContent{},
		planted:      map[int]shownContent{},
		files:        map[int]*content.File{},
		pages:        map[storedPage][]byte{},
		commandFiles: commandFiles{},
		ordered:      pageOrders{of: map[webPage]usedPage{}, last: map[int]*pageOrder{}},
		logs:         logTexts{},
		random:       map[int]bool{},
		named:        named{},
		datagrams: datagrams{ledger: g, broadcast: map[[2]uint16]bool{}, ports: map[evidence.PairOfHosts]map[uint16]question{}, protocols: map[evidence.PairOfHosts]map[int]int{},
			echoes: map[netip.Addr]map[netip.Addr]int{}, addresses: map[netip.Addr]map[netip.Addr]int{}},
		strange:      strangeFlags{ledger: g, ports: map[evidence.PairOfHosts]map[uint16]int{}, kinds: map[evidence.PairOfHosts]map[uint8]int{}},
		closed:       closedWindows{},
		channels:     newChannels(g),
		headers:      headers{},
		spellers:     spellers{hosts: map[evidence.PairOfHosts]*[spelledFields]*spelling{}},
		instructions: instructions{},
		blanking:     newBlanking(g),
		bleeds:       map[int]int{},
		entries:      map[int]int{},
		cards:        cards{},
		senders:      senders{sides: map[int]*[2]side{}, ttls: map[int]uint8{}, ledger: g},
		syns:         laterSYNs{of: map[[2]netip.AddrPort][]int{}},
		fingerprints: fingerprints{},
		lookups:      lookups{ledger: g, names: map[string]resolved{}, forged: map[string]*unasked{}},
		overlaps:     overlaps{ledger: g, newest: map[flow]int{}, found: map[int][]overlap{}},
		neighbours:   newNeighbourhood(g),
		steering:     newSteering(g),
		crowds:       newCrowds(g),
	}
}

// packet takes the next packet, and whether every host drops it.
func (w *watch) packet(p *capture.Packet, dropped bool) {
	w.look(p, dropped)
	if c := p.Connection; c != nil && p.Number == c.LastPacket {
		w.senders.end(c)
		w.closed.end(c.ID)
		delete(w.files, c.ID)
		w.ordered.end(c.ID)
	}
}

func (w *watch) look(p *capture.Packet, dropped bool) {
	w.clock(p)
	if dropped {
		return
	}
	w.cards.packet(w.ledger, p)
	if p.Segment == nil {
		w.datagram(p)
		return
	}
	w.segment(p)
	if len(p.TCP.Payload) > 0 {
		w.payload(p)
	}
}

// datagram takes a packet that is not of TCP.
func (w *watch) datagram(p *capture.Packet) {
	w.datagrams.packet(p)
	w.channels.packet(p)
	w.neighbours.packet(p)
	w.steering.packet(p)
	w.crowds.packet(p)
	if p.UDP != nil {
		w.named.packet(w.ledger, p)
	}
	if p.UDP != nil && p.UDP.DNS != nil {
		w.lookups.packet(p)
	}
}

// segment takes a packet of TCP.
func (w *watch) segment(p *capture.Packet) {
	w.land(p)
	w.strange.packet(p)
	w.syns.packet(w.ledger, p)
	if p.Connection.Role == ftp.Other {
		w.spellers.refused(w.ledger, p)
	} else {
		if p.IP.Rewritten {
			w.rewritten.add(p.Number)
		}
		w.evades(p)
		w.headers.packet(w.ledger, p)
		w.spellers.packet(w.ledger, p)
		w.neighbours.route(p)
	}
	if p.From == ftp.Client {
		w.closed.packet(w.ledger, p)
	}
	switch p.Connection.Role {
	case ftp.Control:
		if w.bleeds[p.Connection.ID] == 0 && asksForMore(p.TCP.Payload) && w.ledger.Room(maxContents, len(w.bleeds)) {
			w.bleeds[p.Connection.ID] = p.Number
		}
		w.senders.packet(p)
		w.neighbours.pass(p)
	case ftp.Data:
		w.senders.packet(p)
	}
}

// payload takes the bytes of a segment.
func (w *watch) payload(p *capture.Packet) {
	switch c := p.Connection; c.Role {
	case ftp.Data:
		w.overlaps.packet(p)
		w.data(p)
	case ftp.Control:
		if c.Server.Port() == ftpPort && p.From == ftp.Client && p.Segment.DataSeq() == 1 && !p.Segment.Damaged && isBinary(content.Protocol(p.TCP.Payload)) {
			w.head(p)
		}
		if p.Segment.Analysis&(tcp.Retransmission|tcp.OutOfOrder|tcp.LostSegment) != 0 {
			w.repeat(p)
		}
	case ftp.Other:
		w.content(p)
		w.instructions.packet(w.ledger, p)
		w.ordered.packet(w.ledger, p)
		if c.Client.Port() == ftpPort || c.Server.Port() == ftpPort {
			w.head(p)
		}
	}
}

// clock finds steps of the recorder's clock.
func (w *watch) clock(p *capture.Packet) {
	if w.last != 0 {
		by := p.Time - w.last
		if by < w.backwards.by {
			w.backwards = leap{p.Number, by}
		}
		if by > w.forwards.by {
			w.forwards = leap{p.Number, by}
		}
	}
	w.last = p.Time
}

// repeat keeps the payload of a retransmitted segment, to compare it with the first one.
func (w *watch) repeat(p *capture.Packet) {
	id := p.Connection.ID
	if len(p.TCP.Payload) < 2 || !w.ledger.Room(maxRepeats, w.repeatsBytes) || !w.ledger.Room(maxRepeated, w.repeated) {
		return // one byte may be that of a keep-alive
	}
	w.repeats[id] = append(w.repeats[id], repeat{p.Number, p.From, p.Segment.Seq, bytes.Clone(p.TCP.Payload)})
	w.repeatsBytes += len(p.TCP.Payload)
	w.repeated++
}

// head keeps the first bytes on a connection to port 21.
func (w *watch) head(p *capture.Packet) {
	h := w.heads[p.Connection.ID]
	if h == nil {
		h = &heads{}
		w.heads[p.Connection.ID] = h
	}
	for i := range h {
		if h[i].packet == 0 {
			h[i].packet, h[i].from, h[i].next = p.Number, p.From, p.Segment.DataSeq()
		}
		if h[i].from == p.From {
			h[i].cut = h[i].cut || p.TCP.Length > len(p.TCP.Payload)
			h[i].add(p.Segment.DataSeq(), p.TCP.Payload)
			return
		}
	}
}

// add appends the bytes that follow those so far. It leaves out retransmitted ones.
func (h *head) add(seq int64, data []byte) {
	if seq > h.next || seq+int64(len(data)) <= h.next {
		return
	}
	data = data[h.next-seq:]
	h.next += int64(len(data))
	h.data = append(h.data, data[:min(maxHead-len(h.data), len(data))]...)
}

// beginsLikeReply reports whether data begins with a reply code.
func beginsLikeReply(data []byte) bool {
	if len(data) < 4 || data[3] != ' ' && data[3] != '-' {
		return false
	}
	for _, c := range data[:3] {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}
