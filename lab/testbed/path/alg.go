package path

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// controlPort is the port of the control connections that a NAT helps.
const controlPort = 21

// help does what a NAT with an FTP application-level gateway does with a segment of a
// control connection: it rewrites the data ports of the host in the segment, and lets
// the data connections in. A new text may have another length, so it also changes the
// sequence numbers of the rest of the connection. It does not change other packets.
//
// Like most NATs, it looks at each segment by itself: a line that is split over
// two segments is not rewritten.
func (n *nat) help(f frame, t *translation, toPeer bool) frame {
	segment, ok := f.segment()
	hosts := t.inside // the port at which the server of the control connection listens
	if !ok || !n.ALG || t.peer.Port() != controlPort && hosts != controlPort {
		return f
	}
	sent, received := &t.toPeer, &t.toHost
	if !toPeer {
		sent, received = received, sent
	}
	if toPeer && segment.length > 0 {
		f = n.rewriteLines(f, t)
	}
	s := f.tcp()
	f.renumber(s, 4, sent.edited(segment.seq))
	if segment.flags&flagACK != 0 {
		f.renumber(s, 8, received.original(segment.ack))
		f.renumberSACK(s, received)
	}
	return f
}

// The data port in a line that the host sends: PORT, EPRT, and the replies to PASV and
// EPSV.
var (
	portLine = regexp.MustCompile(`(?i)^(PORT |227 [^\r\n]*?)(\d+),(\d+),(\d+),(\d+),(\d+),(\d+)`)
	eprtLine = regexp.MustCompile(`(?i)^(EPRT \|1\|)([\d.]+)\|(\d+)\|`)
	epsvLine = regexp.MustCompile(`^(229 [^\r\n]*?\(\|\|\|)(\d+)\|`)
)

// rewriteLines rewrites the data ports in the complete lines of a segment that the host
// sends, and remembers the changes of length.
func (n *nat) rewriteLines(f frame, t *translation) frame {
	segment, _ := f.segment()
	payload := f.tcp()[dataOffset(f.tcp()):]
	var changed []byte
	offset, edits := 0, 0
	for line := range strings.Lines(string(payload)) {
		offset += len(line)
		text := line
		if strings.HasSuffix(line, "\n") {
			text = n.rewrite(line, t.peer.Addr())
		}
		if text != line {
			edits++
			t.toPeer.edit(segment.seq+uint32(offset), len(text)-len(line))
		}
		changed = append(changed, text...)
	}
	if edits == 0 {
		return f
	}
	return f.withPayload(changed)
}

// rewrite rewrites the data port in a line, if the line has one that belongs to the
// host.
func (n *nat) rewrite(line string, peer netip.Addr) string {
	if m := portLine.FindStringSubmatch(line); m != nil && strings.Join(m[2:6], ".") == n.host.String() {
		high, _ := strconv.ParseUint(m[6], 10, 8)
		low, _ := strconv.ParseUint(m[7], 10, 8)
		if port, ok := n.expect(uint16(high<<8|low), peer); ok {
			addr := strings.ReplaceAll(n.Addr.String(), ".", ",")
			return m[1] + fmt.Sprintf("%s,%d,%d", addr, port>>8, port&0xff) + line[len(m[0]):]
		}
	}
	if m := eprtLine.FindStringSubmatch(line); m != nil && m[2] == n.host.String() {
		if port, ok := n.expectText(m[3], peer); ok {
			return m[1] + n.Addr.String() + "|" + port + "|" + line[len(m[0]):]
		}
	}
	if m := epsvLine.FindStringSubmatch(line); m != nil {
		if port, ok := n.expectText(m[2], peer); ok {
			return m[1] + port + "|" + line[len(m[0]):]
		}
	}
	return line
}

// expectText is expect for a port in decimal digits.
func (n *nat) expectText(digits string, peer netip.Addr) (string, bool) {
	port, err := strconv.ParseUint(digits, 10, 16)
	if err != nil {
		return "", false
	}
	outside, ok := n.expect(uint16(port), peer)
	return strconv.Itoa(int(outside)), ok
}

// An editedStream is one direction of a connection in which text was replaced
// by text of another length.
type editedStream []edit

// An edit is one replacement.
type edit struct {
	end    uint32 // the sequence number after the replaced text
	growth int    // bytes
}

// edit remembers a replacement, unless the segment is a retransmission.
func (e *editedStream) edit(end uint32, growth int) {
	if growth != 0 && !slices.ContainsFunc(*e, func(o edit) bool { return o.end == end }) {
		*e = append(*e, edit{end, growth})
	}
}

// edited converts a sequence number of the host to that of the edited stream.
func (e editedStream) edited(seq uint32) uint32 {
	result := seq
	for _, edit := range e {
		if !after(edit.end, seq) {
			result += uint32(edit.growth)
		}
	}
	return result
}

// original is the inverse of edited.
func (e editedStream) original(seq uint32) uint32 {
	for _, edit := range slices.Backward(e) {
		if !after(e.edited(edit.end), seq) {
			var growth int
			for _, o := range e {
				if !after(o.end, edit.end) {
					growth += o.growth
				}
			}
			return seq - uint32(growth)
		}
	}
	return seq
}

// renumber changes a sequence number at an offset of the TCP header.
func (f frame) renumber(t []byte, offset int, number uint32) {
	field := t[offset : offset+4]
	for i, shift := 0, 16; i < 4; i, shift = i+2, shift-16 {
		was, is := binary.BigEndian.Uint16(field[i:]), uint16(number>>shift)
		if was != is {
			binary.BigEndian.PutUint16(field[i:], is)
			correct(t[16:18], was, is)
		}
	}
}

// renumberSACK changes the blocks of selective acknowledgments (RFC 2018, 3).
func (f frame) renumberSACK(t []byte, received *editedStream) {
	if len(*received) == 0 {
		return
	}
	const end, noOperation, sack = 0, 1, 5
	options := t[tcpHeader:dataOffset(t)]
	for i := 0; i < len(options) && options[i] != end; {
		if options[i] == noOperation {
			i++
			continue
		}
		if i+1 >= len(options) || options[i+1] < 2 || i+int(options[i+1]) > len(options) {
			return
		}
		length := int(options[i+1])
		for j := i + 2; options[i] == sack && j+4 <= i+length; j += 4 {
			binary.BigEndian.PutUint32(options[j:], received.original(binary.BigEndian.Uint32(options[j:])))
		}
		i += length
	}
	f.computeChecksum(t)
}

// withPayload returns the frame with another TCP payload.
func (f frame) withPayload(payload []byte) frame {
	head := EthernetHeader + f.ipHeader() + dataOffset(f.tcp())
	g := slices.Concat(f[:head], payload)
	h := g.packet()[:g.ipHeader()]
	binary.BigEndian.PutUint16(h[2:], uint16(len(g.packet())))
	binary.BigEndian.PutUint16(h[10:], 0)
	binary.BigEndian.PutUint16(h[10:], checksum(h))
	g.computeChecksum(g.tcp())
	return g
}

// computeChecksum sets the checksum of a TCP segment over IPv4 (RFC 9293, 3.1).
func (f frame) computeChecksum(t []byte) {
	length := uint16(len(t))
	pseudo := []byte{0, protocolTCP, byte(length >> 8), byte(length)}
	t[16], t[17] = 0, 0
	binary.BigEndian.PutUint16(t[16:], checksum(f.packet()[12:20], pseudo, t))
}
