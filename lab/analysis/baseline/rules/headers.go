// What a side hides in TCP header fields without a meaning.

package rules

import (
	"fmt"
	"math/bits"
	"strings"

	"ftplab/lab/analysis/baseline/internal/bounded"
	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
)

// A host, or a device on the way, gives a field without a meaning the same value in all packets. With fieldsOdd different
// values it may carry data, with fieldsMany it does. Options that only some systems know may change with what was received,
// but not in an acknowledgment that is repeated.
const (
	fieldsOdd  = 6
	fieldsMany = 16
)

// Nothing but data gives the reserved bits of TCP so many values, in so many packets.
const (
	reservedValues = 4
	reservedLeast  = 10
)

// A sideOf is a side of a connection.
type sideOf struct {
	connection int
	from       ftp.Side
}

// headerFields are the values without a meaning in the TCP headers of a side, with their first packets.
type headerFields struct {
	urgent   map[uint16]int // urgent pointers without URG (RFC 9293 section 3.1)
	options  map[string]int // of kinds that no RFC defines
	reserved counted        // packets with reserved bits (RFC 9293 section 3.1)
	values   uint8          // the values of these, as bits
	repeated map[string]int // these in acknowledgments that repeat the packet before
	seq, ack uint32         // of the packet before
}

// headers are the values of all sides that have some. Their number is bounded.
type headers map[sideOf]*headerFields

// packet takes the next packet of a control or data connection.
func (h headers) packet(g *bounded.Ledger, p *capture.Packet) {
	t := p.TCP
	if t.Reserved == 0 && !t.Options.Unusual() && (t.Urgent == 0 || t.Has(packet.URG)) || p.ChecksumWrong() {
		return
	}
	side := sideOf{p.Connection.ID, p.From}
	of := h[side]
	if of == nil {
		if !g.Room(maxOddSides, len(h)) {
			return
		}
		of = &headerFields{urgent: map[uint16]int{}, options: map[string]int{}, repeated: map[string]int{}}
		h[side] = of
	}
	if t.Urgent != 0 && !t.Has(packet.URG) {
		noteIn(of.urgent, t.Urgent, p.Number)
	}
	if t.Reserved != 0 {
		of.reserved.add(p.Number)
		of.values |= 1 << t.Reserved
	}
	same := t.Length == 0 && t.Flags == packet.ACK && t.RawSeq == of.seq && t.RawAck == of.ack
	of.seq, of.ack = t.RawSeq, t.RawAck
	if value := unusualOptions(t); value != "" {
		noteIn(of.options, value, p.Number)
		if same {
			noteIn(of.repeated, value, p.Number)
		}
	}
}

// noteIn notes the first packet of a value, unless there are maxNames values: a rule that counts values asks for fewer.
func noteIn[K comparable](table map[K]int, value K, packet int) {
	if table[value] == 0 && len(table) < maxNames {
		table[value] = packet
	}
}

// unusualOptions are the options of kinds that no RFC defines.
func unusualOptions(t *packet.TCP) string {
	var b strings.Builder
	t.Options.Each(func(kind byte, value []byte) {
		if packet.IsUnusualOption(kind) {
			b.WriteByte(kind)
			b.Write(value)
		}
	})
	return b.String()
}

// headersHideNothing judges what a connection has in TCP header fields without a meaning.
func headersHideNothing(e *Evidence, c *ftp.Connection) (found []breach) {
	for i, side := range []ftp.Side{ftp.Client, ftp.Server} {
		if of := e.watch.senders.sides[c.ID]; of != nil {
			found = append(found, of[i].remarks(side)...)
		}
		of := e.watch.headers[sideOf{c.ID, side}]
		if of == nil {
			continue
		}
		if n := len(of.urgent); n >= fieldsOdd {
			b := breach{packets: firstPackets(of.urgent), observed: fmt.Sprintf("packets of the %s have %d different urgent pointers without the flag URG, which have no meaning", side, n)}
			if n < fieldsMany {
				b.severity = Odd
			}
			found = append(found, b)
		}
		if n := of.reserved.n; n >= fieldsOdd && bits.OnesCount8(of.values) > 1 {
			b := breach{packets: of.reserved.packets, observed: fmt.Sprintf("%d packets of the %s have reserved bits of TCP, with different values", n, side)}
			if n < fieldsMany && (n < reservedLeast || bits.OnesCount8(of.values) < reservedValues) {
				b.severity = Odd
			}
			found = append(found, b)
		}
		if n := len(of.options); n >= fieldsMany || len(of.repeated) >= fieldsOdd {
			b := breach{packets: firstPackets(of.options), observed: fmt.Sprintf("packets of the %s have %s of kinds that no RFC defines, with different bytes", side, wording.Plural(n, "TCP option", "TCP options"))}
			if len(of.repeated) < fieldsMany {
				b.severity = Odd
			}
			found = append(found, b)
		}
	}
	return found
}
