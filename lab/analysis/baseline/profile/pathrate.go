// How fast paths are, for the generator.

package profile

import (
	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/traffic"
)

// pathRates are the rates at which data connections delivered data, by the connection's ID.
//
// How long a transfer took depends on the round trip as much as on the path's rate, because TCP
// begins slowly (RFC 5681, 3.1). But while a window arrives, its segments are as far apart as the
// slowest link has put them. So the rate of a path is that of the fastest piece of a transfer. It
// is measured by what the receiver acknowledges, which is right in captures of both sides.
type pathRates map[int]delivery

// A delivery is what the receiver of a transfer has acknowledged.
type delivery struct {
	at, acked int64   // where the piece begins: nanoseconds since 1970, bytes
	best      float64 // rate of the pieces so far, bits of data a second
}

const (
	ratePiece   = traffic.Large / 4 // bytes
	fastestRate = 10e9              // bits a second that make a difference
)

// packet takes note of an acknowledgement.
func (r pathRates) packet(p *capture.Packet) {
	acked := p.Segment.Ack - 1 // the SYN is no data
	if p.Connection.Role != ftp.Data || acked < ratePiece {
		return
	}
	d, known := r[p.Connection.ID]
	switch {
	case !known && len(r) >= maxSYNs, known && acked-d.acked < ratePiece:
		return
	case known:
		d.best = max(d.best, rateOf(acked-d.acked, p.Time-d.at))
	}
	d.at, d.acked = p.Time, acked
	r[p.Connection.ID] = d
}

// rateOf is the rate of so many bytes in so many nanoseconds, bits a second.
func rateOf(bytes, took int64) float64 {
	if took <= 0 {
		return fastestRate
	}
	return min(8e9*float64(bytes)/float64(took), fastestRate)
}

// ofPath is the rate of a connection's path in bits a second, with those of the headers; 0 if it
// did not move enough.
func (r pathRates) ofPath(c *ftp.Connection, both habits) float64 {
	headers := 14 + 20 + 20 // of Ethernet, IPv4 and TCP
	if c.Client.Addr().Is6() {
		headers += 20
	}
	if both.client.Timestamps && both.server.Timestamps {
		headers += 12 // RFC 7323, 3.2
	}
	data := c.ClientFlow.Wire + c.ServerFlow.Wire
	if data == 0 {
		return 0
	}
	segments := c.ClientFlow.Segments + c.ServerFlow.Segments
	return min(r[c.ID].best*(1+float64(headers*segments)/float64(data)), fastestRate)
}

// A sending is what it takes to send lines on the path of a session.
type sending struct {
	rate   float64 // bits a second, 0 if no transfer shows it
	header int     // bytes of the options of TCP in a segment
}

// sendingOf is the sending of a session, by its fastest transfer.
func (l *trafficLearner) sendingOf(s *evidence.Session) sending {
	var p sending
	for _, c := range connectionsOf(s) {
		p.rate = max(p.rate, l.rates.ofPath(c, l.habits.of(c.ID)))
	}
	if both := l.habits.of(s.Control.ID); both.client.Timestamps && both.server.Timestamps {
		p.header = 12 // RFC 7323, 3.2
	}
	return p
}

// ownTime is the part of a time that a server itself took, in seconds. The time given has no round
// trip in it. Of it, ownTime subtracts what it takes to send the lines of a command and its reply
// beyond the SYN and its answer, which the round trip contains. A rest of less than 0.1 ms, or less
// than two packets without data take, counts as 0: a command can wait for acknowledgments.
func (p sending) ownTime(all float64, lines ...*ftp.Line) float64 {
	const (
		synOptions = 20 // bytes: MSS, window scale, SACK and timestamps
		empty      = 14 + 20 + 20
		least      = 1e-4 // seconds
	)
	if p.rate == 0 {
		p.rate = fastestRate
	}
	bytes := 2 * (p.header - synOptions)
	for _, l := range lines {
		bytes += int(l.End - l.Seq)
	}
	own := all - 8*float64(max(0, bytes))/p.rate
	if own < max(least, 8*2*float64(empty+p.header)/p.rate) {
		return 0
	}
	return own
}
