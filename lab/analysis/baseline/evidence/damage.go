// Packets that were damaged on their way.

package evidence

import (
	"net/netip"

	"ftplab/lab/analysis/baseline/internal/bounded"
	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
	"ftplab/lab/analysis/tcp"
)

// Damage are the wrong checksums on control connections. If the network card of the recording host
// computes checksums, all packets of this host are recorded with wrong ones. So a wrong checksum shows
// damage only if its sender has as many right ones, or very few wrong ones.
type Damage struct {
	senders map[netip.Addr]*sums
	wrong   map[int][]wrongSum // by connection
	// back are the data connections on which the receiver seems to have sent damaged bytes.
	back map[int]netip.Addr
	// broken are the connections of which all packets have wrong checksums, with the sender of the first
	// one, or the zero Addr if its header of IP is damaged. strange counts them by that sender.
	broken  map[int]netip.Addr
	strange map[netip.Addr]int
	headers sums             // of IPv4
	carried map[int]*carried // connections whose last packets have wrong headers of IPv4
	n       int              // what is remembered of wrong checksums
	ledger  *bounded.Ledger
}

// carried is what the packets with wrong headers of a connection carried. If it is acknowledged, the receiver
// did not drop them: somebody changed the addresses in the capture.
type carried struct {
	ends  [2]int64 // of what each direction carried, in relative sequence numbers
	acked [2]bool
}

// add takes the next packet with a wrong header.
func (c *carried) add(s *tcp.Segment) {
	from, to := s.Direction, 1-s.Direction
	if end := s.DataSeq() + int64(s.Length); s.Length > 0 || s.Has(packet.SYN) {
		c.ends[from] = max(c.ends[from], end)
	}
	if s.Has(packet.ACK) && c.ends[to] > 0 && s.Ack >= c.ends[to] {
		c.acked[to] = true
	}
}

// accepted reports whether both receivers have acknowledged the packets.
func (c *carried) accepted() bool { return c != nil && c.acked[0] && c.acked[1] }

// sums counts the checksums of a sender.
type sums struct{ right, wrong int }

// A wrongSum is a packet with a wrong checksum.
type wrongSum struct {
	packet int
	sender netip.Addr
}

// fewWrong is how many wrong checksums of a sender show damage, whatever else it sent.
const fewWrong = 3

// Limits of the tables.
var (
	maxSenders = bounded.Limit{Of: "hosts with control connections", Most: 1 << 17}
	maxWrong   = bounded.Limit{Of: "packets with wrong checksums", Most: 1 << 14}
	maxCarried = bounded.Limit{Of: "connections with wrong headers of IP", Most: 1 << 14}
)

func newDamage(g *bounded.Ledger) Damage {
	return Damage{ledger: g, senders: map[netip.Addr]*sums{}, wrong: map[int][]wrongSum{}, back: map[int]netip.Addr{},
		broken: map[int]netip.Addr{}, carried: map[int]*carried{}, strange: map[netip.Addr]int{}}
}

// packet takes the next packet, and reports whether every host drops it.
func (d *Damage) packet(p *capture.Packet) (dropped bool) {
	dropped = d.drops(p)
	if p.Segment == nil {
		return dropped
	}
	d.begins(p, dropped)
	switch {
	case p.Connection.Role == ftp.Control:
		d.add(p)
	case p.Connection.Role == ftp.Data && !dropped && len(p.TCP.Payload) > 0:
		d.receiver(p)
	}
	return dropped
}

// add takes the next packet of a control connection.
func (d *Damage) add(p *capture.Packet) {
	s := bounded.Entry(d.ledger, maxSenders, d.senders, p.IP.Src)
	if s == nil {
		return
	}
	if !p.ChecksumWrong() {
		s.right++
		return
	}
	s.wrong++
	if p.TCP.Length > 0 && d.ledger.Room(maxWrong, d.n) {
		d.n++
		d.wrong[p.Connection.ID] = append(d.wrong[p.Connection.ID], wrongSum{p.Number, p.IP.Src})
	}
}

// drops takes the next packet, and reports whether every host drops it because its header of IP was damaged.
// In a capture whose addresses were changed most headers are wrong, or all of some connections, and that shows nothing.
func (d *Damage) drops(p *capture.Packet) bool {
	if p.IP == nil || !p.IP.Damaged {
		d.headers.right++
		if p.Segment != nil && len(d.carried) > 0 {
			delete(d.carried, p.Connection.ID)
		}
		return false
	}
	d.headers.wrong++
	if p.Segment != nil {
		c := bounded.Entry(d.ledger, maxCarried, d.carried, p.Connection.ID)
		if c != nil {
			c.add(p.Segment)
		}
		if c.accepted() {
			return false
		}
	}
	return d.headers.right >= 4*d.headers.wrong
}

// begins takes the next packet of any connection, and whether it is dropped.
func (d *Damage) begins(p *capture.Packet, dropped bool) {
	_, broken := d.broken[p.Connection.ID]
	wrong := dropped || p.ChecksumWrong()
	switch {
	case p.Number == p.Connection.FirstPacket && wrong && d.ledger.Room(maxWrong, d.n):
		d.n++
		sender := p.IP.Src
		if dropped {
			sender = netip.Addr{}
		}
		d.broken[p.Connection.ID] = sender
		d.strange[sender]++
	case broken && !wrong:
		delete(d.broken, p.Connection.ID)
	}
}

// made reports whether damage to an address or a port made a connection of packets of others.
func (d *Damage) made(connection int) bool {
	sender, broken := d.broken[connection]
	unknown := d.senders[sender] == nil && d.strange[sender] < fewWrong
	return broken && !d.carried[connection].accepted() && (!sender.IsValid() || d.Shows(sender) || unknown)
}

// receiver takes the next packet with data of a data connection. Bytes of the receiver are rare.
func (d *Damage) receiver(p *capture.Packet) {
	t := p.Connection.Transfer
	if t != nil && p.From != t.Sender() && p.ChecksumWrong() && d.ledger.Room(maxWrong, d.n) {
		d.n++
		d.back[p.Connection.ID] = p.IP.Src
	}
}

// FromReceiver reports whether bytes of the receiver of a data connection show only damage.
func (d *Damage) FromReceiver(connection int) bool {
	sender, known := d.back[connection]
	return known && d.Shows(sender)
}

// Shows reports whether a wrong checksum of a sender shows damage.
func (d *Damage) Shows(sender netip.Addr) bool {
	s := d.senders[sender]
	return s != nil && (s.right >= s.wrong || s.wrong < fewWrong)
}

// OneOf reports whether exactly one of two packets of a connection has a wrong checksum. Then that
// packet is damaged, even if its sender has many wrong ones.
func (d *Damage) OneOf(connection, a, b int) bool {
	n := 0
	for _, w := range d.wrong[connection] {
		if w.packet == a || w.packet == b {
			n++
		}
	}
	return n == 1
}

// of returns the damaged packets of a connection, nil if it has none with a wrong checksum.
func (d *Damage) of(id int) map[int]bool {
	if len(d.wrong[id]) == 0 {
		return nil
	}
	packets := map[int]bool{}
	for _, w := range d.wrong[id] {
		if d.Shows(w.sender) {
			packets[w.packet] = true
		}
	}
	return packets
}
