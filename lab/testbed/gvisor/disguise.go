package gvisor

import (
	"encoding/binary"
	"net/netip"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip/header"

	"ftplab/lab/scenario"
)

// A disguise stands between a host's stack and its link, and makes gVisor's TCP
// look like that of the scenario's host where gVisor has no setting for it. It
// changes, delays or answers segments, and nothing else:
//
//   - It removes options that the host does not have from a SYN, in both
//     directions, so that the stack believes that its peer lacks them. It sets the
//     host's window there.
//   - gVisor leaves room for selective acknowledgements in every segment. So the
//     disguise adds that room to the MSS of a SYN that arrives, and segments become
//     as large as Linux's.
//   - gVisor acknowledges every segment at once. The disguise delays bare
//     acknowledgements, as Linux does; see [connection.delays].
//   - gVisor sends a FIN in a packet of its own. On a corked connection the disguise
//     sends the last data and the FIN together.
//   - gVisor drops a FIN that arrives before its data. The disguise keeps it until
//     the data has arrived; see [connection.early].
//   - gVisor's RST carries an acknowledgement. The disguise removes it where the
//     RST answers a segment with an acknowledgement (RFC 9293, 3.5.2).
//   - gVisor sends no urgent data. The disguise sets URG and the urgent pointer.
//   - gVisor does not set Don't Fragment. The disguise does.
//
// Its caller holds the network's mu.
type disguise struct {
	network *Network
	clock   *clock
	host    scenario.Host
	mss     int                // largest segment that the host's link can carry
	send    func(frame []byte) // puts a frame on the link

	connections map[ends]*connection
}

// ends are the addresses of a connection, as its host sees them.
type ends struct{ local, remote netip.AddrPort }

// A connection is the state of one of the host's connections.
type connection struct {
	mss        int     // that the peer announced, or the host can carry
	timestamps [2]bool // in the SYN that left, and in the one that arrived

	acknowledged uint32 // the last acknowledgement that left
	stackACK     uint32 // the last that the stack sent; it may be held
	lastACK      []byte // the last frame that left and only acknowledged
	largest      int    // payload that arrived, bytes
	received     int64  // when the last payload or FIN arrived; 0 before one has
	dialogue     bool   // the host answers what it gets, so acknowledgements can wait for the answer
	atOnce       int    // acknowledgements that were not held back
	held         []byte // an acknowledgement that waits
	release      *event // of held

	answering int64  // when the last segment with an acknowledgement arrived
	expected  uint32 // what it acknowledged

	urgent    int      // bytes that leave next and are urgent
	closing   bool     // the host has closed it while it was corked
	closed    bool     // its FIN has left
	last      *segment // data that waits for the FIN
	lastEvent *event   // of last

	fin      []byte // a FIN that arrived before its data
	untilFIN bool   // the data has arrived: what acknowledges it waits for the FIN
	finAt    uint32 // its sequence number
}

func newDisguise(n *Network, h scenario.Host, mss int, send func([]byte)) *disguise {
	return &disguise{network: n, clock: n.clock, host: h, mss: mss, send: send, connections: map[ends]*connection{}}
}

// holds reports whether a segment waits.
func (d *disguise) holds() bool {
	for _, c := range d.connections {
		if c.held != nil || c.last != nil {
			return true
		}
	}
	return false
}

// of returns the state of a connection.
func (d *disguise) of(local, remote netip.AddrPort) *connection {
	key := ends{local, remote}
	c := d.connections[key]
	if c == nil {
		c = &connection{mss: d.mss, largest: leastFull}
		d.connections[key] = c
	}
	return c
}

// leaving takes a frame that the host's stack sends.
func (d *disguise) leaving(frame []byte) {
	s, ok := parseSegment(frame)
	if !ok {
		d.send(frame)
		return
	}
	if s.opens() {
		delete(d.connections, ends{s.from(), s.to()}) // of an earlier connection
	}
	c := d.of(s.from(), s.to())
	if s.flags().Contains(header.TCPFlagSyn) {
		window := largestUnscaled / d.mss * d.mss // what Linux announces
		if d.host.Window != 0 {
			window = min(d.host.Window, largestUnscaled)
		}
		options, found := d.options(s, 0)
		c.timestamps[0] = found.timestamps
		s = s.withOptions(options, uint16(window))
	}
	if s.flags() == header.TCPFlagRst|header.TCPFlagAck && c.answering == d.clock.nanoseconds() {
		s = s.reset(c.expected)
	}
	if payload := len(s.tcp.Payload()); payload > 0 && c.urgent > 0 {
		s.setUrgent(min(c.urgent, payload))
		c.urgent -= min(c.urgent, payload)
	}
	s.setDontFragment(!d.host.NoDF)
	if s.flags().Contains(header.TCPFlagAck) {
		c.stackACK = s.tcp.AckNumber()
	}
	if c.untilFIN && s.bareACK() && s.tcp.AckNumber() == c.finAt {
		return
	}
	c.untilFIN = false
	if d.joins(c, &s) || d.delays(c, s) {
		return
	}
	d.emit(c, s)
}

// emit sends a segment. It drops a delayed acknowledgement that the segment
// replaces.
func (d *disguise) emit(c *connection, s segment) {
	if s.flags().Contains(header.TCPFlagAck) {
		d.clock.cancel(c.release)
		c.held = nil
		c.acknowledged = s.tcp.AckNumber()
		if s.bareACK() {
			c.lastACK = s.frame
		}
	}
	if len(s.tcp.Payload()) > 0 && d.clock.nanoseconds()-c.received < int64(delayedACK) {
		c.dialogue = true
	}
	c.closed = c.closed || s.flags().Contains(header.TCPFlagFin)
	if s.flags().Contains(header.TCPFlagRst) {
		delete(d.connections, ends{s.from(), s.to()})
	}
	d.send(s.frame)
}

// largestUnscaled is the largest window that a SYN can announce (RFC 7323, 2.2).
const largestUnscaled = 65535

// How Linux delays acknowledgements (tcp_input.c, tcp_timer.c; RFC 9293, 3.8.6.3).
const (
	delayedACK = 40 * time.Millisecond
	quickACKs  = 16  // of a connection that is not dialogue
	leastFull  = 536 // bytes of a full segment, before a larger one has come
)

// delays holds back a bare acknowledgement, and reports whether it did. It does
// not if the segment acknowledges a second full segment or repeats an earlier
// acknowledgement, nor at the beginning of a connection on which the host sends
// nothing.
func (d *disguise) delays(c *connection, s segment) bool {
	progress := s.tcp.AckNumber() - c.acknowledged
	switch {
	case !s.bareACK() || c.closed || c.received == 0 || progress == 0 || progress > uint32(c.largest):
		return false
	case !c.dialogue && c.atOnce < quickACKs:
		c.atOnce++
		return false
	}
	d.clock.cancel(c.release)
	c.held = s.frame
	c.release = d.after(delayedACK, func() { d.releaseACK(c) })
	return true
}

// after calls a function after d, with the network's mu held.
func (d *disguise) after(wait time.Duration, do func()) *event {
	return d.clock.schedule(wait, 0, func() {
		d.network.mu.Lock()
		defer d.network.mu.Unlock()
		if !d.network.over {
			do()
		}
	})
}

// releaseACK sends an acknowledgement that has waited for long enough.
func (d *disguise) releaseACK(c *connection) {
	if frame := c.held; frame != nil {
		c.dialogue = false // there was no answer to wait for
		s, _ := parseSegment(frame)
		d.emit(c, s)
	}
}

// joins holds back the last data of a corked connection until the FIN comes, and
// reports whether it does. If the FIN does not come at once, the data is sent
// without it.
func (d *disguise) joins(c *connection, s *segment) bool {
	if !c.closing {
		return false
	}
	if last := c.last; last != nil {
		d.clock.cancel(c.lastEvent)
		c.last = nil
		if s.bareFIN() && s.tcp.SequenceNumber() == last.end() {
			*s = s.withPayload(last.tcp.SequenceNumber(), last.tcp.Payload())
			s.tcp.SetFlags(uint8(s.flags() | header.TCPFlagPsh))
			s.updateChecksums()
			return false
		}
		d.emit(c, *last)
	}
	if len(s.tcp.Payload()) == 0 {
		return false
	}
	waiting := *s
	c.last = &waiting
	c.lastEvent = d.after(0, func() {
		if c.last != nil {
			c.last = nil
			d.emit(c, waiting)
		}
	})
	return true
}

// arriving takes a frame for the host, and returns the frames that its stack gets
// instead, in this order.
func (d *disguise) arriving(frame []byte) [][]byte {
	s, ok := parseSegment(frame)
	if !ok {
		return [][]byte{frame}
	}
	if s.opens() {
		delete(d.connections, ends{s.to(), s.from()})
	}
	c := d.of(s.to(), s.from())
	if s.flags().Contains(header.TCPFlagAck) {
		c.answering, c.expected = d.clock.nanoseconds(), s.tcp.AckNumber()
	}
	switch {
	case s.flags().Contains(header.TCPFlagSyn):
		options, found := d.options(s, d.mss)
		c.timestamps[1] = found.timestamps
		if found.mss != 0 {
			c.mss = found.mss
		}
		return [][]byte{s.withOptions(options, s.tcp.WindowSize()).frame}
	case s.bareFIN():
		return d.early(c, s)
	case len(s.tcp.Payload()) > 0:
		c.received = d.clock.nanoseconds()
		c.largest = max(c.largest, len(s.tcp.Payload()))
		c.dialogue = c.dialogue || s.flags().Contains(header.TCPFlagFin)
	}
	if c.fin != nil {
		if fin, _ := parseSegment(c.fin); fin.tcp.SequenceNumber() == s.end() {
			c.fin, c.untilFIN, c.finAt = nil, true, s.end()
			return [][]byte{frame, fin.frame}
		}
	}
	return [][]byte{frame}
}

// early keeps a FIN whose data has not arrived, and repeats the last
// acknowledgement (RFC 9293, 3.10.7.4). The stack gets the FIN after the data. Its
// acknowledgement of the data alone is dropped, because Linux acknowledges both
// together.
func (d *disguise) early(c *connection, fin segment) [][]byte {
	c.received, c.dialogue = d.clock.nanoseconds(), true
	if missing := int32(fin.tcp.SequenceNumber() - c.stackACK); missing <= 0 || c.lastACK == nil {
		return [][]byte{fin.frame}
	}
	c.fin, c.dialogue = fin.frame, false // what comes now is acknowledged at once
	if last, ok := parseSegment(c.lastACK); ok && last.tcp.AckNumber() == c.stackACK {
		d.send(append([]byte(nil), c.lastACK...))
	}
	return nil
}

// segmentSize is how much data a full segment of the connection has, bytes.
func (c *connection) segmentSize() int {
	const timestamps = 12 // bytes of the option and its padding
	if c.timestamps[0] && c.timestamps[1] {
		return c.mss - timestamps
	}
	return c.mss
}

// Kinds of TCP options (RFC 9293, 3.2; RFC 7323; RFC 2018).
const (
	optionEnd = iota
	optionNOP
	optionMSS
	optionWindowScale
	optionSACKPermitted
	optionTimestamps = 8
)

// options returns a SYN's options without those that the host does not have. If
// most is not 0, the MSS is at most that, and what gVisor takes off it for
// selective acknowledgements is added.
func (d *disguise) options(s segment, most int) (kept []byte, found synOptions) {
	sack := false
	mss := -1 // where it is in kept
	for o := s.tcp.Options(); len(o) > 0 && o[0] != optionEnd; {
		if o[0] == optionNOP {
			o = o[1:]
			continue
		}
		if len(o) < 2 || int(o[1]) < 2 || int(o[1]) > len(o) {
			break
		}
		option := o[:o[1]]
		o = o[o[1]:]
		switch {
		case option[0] == optionTimestamps && d.host.NoTimestamps, option[0] == optionWindowScale && d.host.NoWScale,
			option[0] == optionSACKPermitted && d.host.NoSACK:
			continue
		case option[0] == optionTimestamps:
			found.timestamps = true
		case option[0] == optionSACKPermitted:
			sack = true
		case option[0] == optionMSS && len(option) == 4:
			mss = len(kept)
		}
		kept = append(kept, option...)
	}
	if most != 0 && mss >= 0 {
		found.mss = min(most, int(binary.BigEndian.Uint16(kept[mss+2:])))
		binary.BigEndian.PutUint16(kept[mss+2:], uint16(found.mss+roomForSACK(found.timestamps, sack)))
	}
	return pad(kept), found
}

// synOptions are what is found in a SYN.
type synOptions struct {
	timestamps bool
	mss        int // 0 if there is none
}

// roomForSACK is what gVisor leaves in a segment for selective acknowledgements:
// as many blocks of 8 bytes as fit into the options, and 4 bytes before them.
func roomForSACK(timestamps, sack bool) int {
	switch {
	case !sack:
		return 0
	case timestamps:
		return 4 + 3*8
	}
	return 4 + 4*8
}

// pad lines options up as Linux does: to whole words, window scale and
// timestamps after the bytes that do nothing.
func pad(options []byte) []byte {
	for len(options)%4 != 0 {
		options = append(options, optionNOP)
	}
	return options
}
