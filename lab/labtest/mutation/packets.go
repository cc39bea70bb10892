// Changes to a capture.

package mutation

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"io"
	"slices"

	"ftplab/lab/analysis/expect"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
	"ftplab/lab/pcapng"
)

// Excuses: reasons why a changed packet may still be right.
const (
	unclaimed = "a packet that no line is about: a bare ACK that need not be written"
	partly    = "on a connection with ... in it, the change may be among what is skipped"
	content   = "what a data connection carries is for figures and digests to check"
	starred   = "a text whose first character the want leaves open"
	lossy     = "on a connection that is declared lossy, what is sent again need not be written"
	streamed  = "packets of one direction are judged by their sequence numbers"
)

// maxPackets is how many segments, and how many bare ACKs, of a data connection are
// changed.
const maxPackets = 10

// A raw is one packet of the file, with its bytes.
type raw struct {
	time   int64
	length int
	data   []byte
	link   pcapng.LinkType
}

// readRaw reads the packets of a capture file.
func readRaw(file []byte) ([]raw, error) {
	r, err := pcapng.NewReader(bytes.NewReader(file))
	if err != nil {
		return nil, err
	}
	var all []raw
	for {
		var p pcapng.Packet
		if err := r.Next(&p); err == io.EOF {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all = append(all, raw{p.Time, p.Length, slices.Clone(p.Data), p.Link})
	}
}

// writeRaw writes packets as a classic pcap file with nanoseconds.
func writeRaw(all []raw) []byte {
	const fileHeader, packetHeader = 24, 16
	size := fileHeader
	for _, p := range all {
		size += packetHeader + len(p.data)
	}
	le := binary.LittleEndian
	b := le.AppendUint32(make([]byte, 0, size), 0xa1b23c4d)
	b = le.AppendUint16(b, 2)
	b = le.AppendUint16(b, 4)
	b = le.AppendUint32(b, 0)
	b = le.AppendUint32(b, 0)
	b = le.AppendUint32(b, 1<<18)
	b = le.AppendUint32(b, uint32(all[0].link))
	for _, p := range all {
		b = le.AppendUint32(b, uint32(p.time/1e9))
		b = le.AppendUint32(b, uint32(p.time%1e9))
		b = le.AppendUint32(b, uint32(len(p.data)))
		b = le.AppendUint32(b, uint32(p.length))
		b = append(b, p.data...)
	}
	return b
}

// snap cuts the segments of data connections short, as a recorder with a snap length
// does. Their content is not judged, and there may be thousands.
func snap(all []raw, c *recorded) {
	const headers = 160
	for i := range all {
		f := &c.frames[i]
		if f.Connection != nil && f.Connection.Role == ftp.Data && len(all[i].data) > headers {
			all[i].data = all[i].data[:headers]
		}
	}
}

// tcpOffset returns where the TCP header begins in an Ethernet frame, and where its
// data begins. It returns -1 for a frame without TCP.
func tcpOffset(data []byte) (header, payload int) {
	if len(data) < 54 {
		return -1, -1
	}
	switch binary.BigEndian.Uint16(data[12:]) {
	case 0x0800:
		header = 14 + int(data[14]&15)*4
		if data[23] != 6 {
			return -1, -1
		}
	case 0x86dd:
		header = 54
		if data[20] != 6 {
			return -1, -1
		}
	default:
		return -1, -1
	}
	if len(data) < header+20 {
		return -1, -1
	}
	return header, header + int(data[header+12]>>4)*4
}

// A packetMutator makes the mutants of one capture.
type packetMutator struct {
	raw         []raw
	capture     *recorded
	claimed     map[int]expect.Match // by packet number
	connections []expect.Connection
	skips       map[string]bool // connections with a line of ...
	all         []mutant
}

// packetMutants returns all mutants of a capture.
func packetMutants(file []byte, c *recorded, v *expect.Verdict) ([]mutant, error) {
	all, err := readRaw(file)
	if err != nil {
		return nil, err
	}
	snap(all, c)
	m := &packetMutator{raw: all, capture: c, claimed: claims(c, v), connections: v.Connections, skips: map[string]bool{}}
	for _, l := range v.Lines {
		m.skips[l.Connection] = m.skips[l.Connection] || l.From == ""
	}
	type class struct {
		conn *ftp.Identity
		bare bool
	}
	seen := map[class]int{}
	for i := range c.frames {
		f := &c.frames[i]
		if f.Connection != nil && f.Connection.Role == ftp.Data && f.Flags&(packet.SYN|packet.FIN|packet.RST) == 0 {
			k := class{f.Connection, f.Payload == 0}
			if seen[k]++; seen[k] > maxPackets {
				continue
			}
		}
		m.mutate(i)
	}
	return m.all, nil
}

// claims returns the line that each packet matched, by packet number.
func claims(c *recorded, v *expect.Verdict) map[int]expect.Match {
	claimed := map[int]expect.Match{}
	for _, l := range v.Lines {
		if l.Packet == 0 {
			continue
		}
		last := &c.frames[l.Packet-1]
		for n := l.First; n <= l.Packet; n++ {
			if f := &c.frames[n-1]; n == l.Packet || f.Connection == last.Connection && f.From == last.From && f.Payload > 0 {
				claimed[n] = l
			}
		}
	}
	return claimed
}

// add adds a mutant of a capture.
func (m *packetMutator) add(i int, why, what string, packets func() []raw) {
	m.all = append(m.all, mutant{what: fmt.Sprintf("packet %d %s", i+1, what), why: why, capture: func() []byte { return writeRaw(packets()) }})
}

// with returns a function that replaces packet i by others.
func (m *packetMutator) with(i int, others ...raw) func() []raw {
	return func() []raw { return slices.Replace(slices.Clone(m.raw), i, i+1, others...) }
}

// changed returns a function that changes some bytes of packet i, as if its sender had sent it so: with the
// checksum of before it would be damaged. The checksum 0 is that of a sender whose network card computes it.
func (m *packetMutator) changed(i int, change func(data []byte)) func() []raw {
	p := m.raw[i]
	p.data = slices.Clone(p.data)
	change(p.data)
	if header, _ := tcpOffset(p.data); header >= 0 {
		p.data[header+16], p.data[header+17] = 0, 0
	}
	return m.with(i, p)
}

// mutate adds all mutants of one packet.
func (m *packetMutator) mutate(i int) {
	f := &m.capture.frames[i]
	line, claimed := m.claimed[i+1]
	part := m.skippedPart(f)
	why := cmp.Or(part, unclaimed)
	if claimed && (f.Connection == nil || !bare(f)) {
		why = part
	}
	m.add(i, why, "dropped", m.with(i))
	m.add(i, cmp.Or(why, m.lossy(f)), "doubled", m.with(i, m.raw[i], m.raw[i]))
	m.swap(i)
	header, payload := tcpOffset(m.raw[i].data)
	if header < 0 || f.Connection == nil {
		return
	}
	for _, bit := range []byte{packet.FIN, packet.SYN, packet.RST} {
		m.add(i, part, fmt.Sprintf("flag %#x changed", bit), m.changed(i, func(b []byte) { b[header+13] ^= bit }))
	}
	m.add(i, why, "seq one more", m.changed(i, func(b []byte) {
		binary.BigEndian.PutUint32(b[header+4:], binary.BigEndian.Uint32(b[header+4:])+1)
	}))
	m.add(i, "", "from another port", m.changed(i, func(b []byte) { b[header+1] ^= 64 }))
	if f.Payload > 0 && payload < len(m.raw[i].data) {
		switch {
		case why == "" && f.Connection.Role != ftp.Control:
			why = content
		case why == "" && opensWithStar(line.Text):
			why = starred
		}
		m.add(i, why, "first byte changed", m.changed(i, func(b []byte) { b[payload] ^= 1 }))
	}
}

// skippedPart returns the excuse for a packet of a connection that the want describes
// only in part.
func (m *packetMutator) skippedPart(f *expect.Frame) string {
	for _, c := range m.connections {
		if m.skips[c.Name] && f.Connection != nil && c.ID == f.Connection.ID {
			return partly
		}
	}
	return ""
}

// lossy returns the excuse for a packet of a lossy connection.
func (m *packetMutator) lossy(f *expect.Frame) string {
	for _, c := range m.connections {
		if c.Lossy && f.Connection != nil && c.ID == f.Connection.ID {
			return lossy
		}
	}
	return ""
}

// opensWithStar reports whether the text of a line begins with a star, or a
// line has no text.
func opensWithStar(line string) bool {
	at := quoted.FindStringIndex(line)
	return at == nil || line[at[0]+1] == '*'
}

// swap exchanges a packet and the next one of its connection that a line is
// about, if they go in opposite directions.
func (m *packetMutator) swap(i int) {
	f := &m.capture.frames[i]
	x, ok := m.claimed[i+1]
	if f.Connection == nil || !ok {
		return
	}
	for k := i + 1; k < len(m.capture.frames); k++ {
		g := &m.capture.frames[k]
		y, ok := m.claimed[k+1]
		if g.Connection != f.Connection || !ok {
			continue
		}
		why := ""
		switch {
		case f.From == g.From:
			why = streamed
		case x.Packet != i+1 || y.Packet != k+1:
			why = "a packet in the middle of a range: its last byte decides"
		case bare(f) || bare(g):
			why = bareACK
		case m.skippedPart(f) != "":
			why = partly
		case x.Joined && y.Joined:
			why = joined
		}
		m.add(i, why, fmt.Sprintf("and %d swapped", k+1), func() []raw {
			packets := slices.Clone(m.raw)
			packets[i], packets[k] = packets[k], packets[i]
			packets[i].time, packets[k].time = packets[k].time, packets[i].time
			return packets
		})
		return
	}
}

// bare reports whether a packet is a bare ACK.
func bare(f *expect.Frame) bool {
	return f.Payload == 0 && f.Flags&(packet.SYN|packet.FIN|packet.RST) == 0
}
