// Captures of our own making. Packets are built by gopacket, which knows nothing
// of the code under test; only what no library writes (a damaged file, a clock
// that runs backwards) is written by hand.

package capture_test

import (
	"bytes"
	"encoding/binary"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
)

// A forge makes packets, one every millisecond.
type forge struct {
	t       testing.TB
	packets []forged
	clock   time.Time
	mss     int // segments are cut to it; 0: one segment for each call of send
}

// A forged is a packet, and how much of it is captured (0: all).
type forged struct {
	at   time.Time
	data []byte
	snap int
}

func newForge(t testing.TB) *forge {
	return &forge{t: t, clock: time.Date(2001, 10, 4, 12, 0, 0, 123456000, time.UTC)}
}

// A peer is an end of a forged connection.
type peer struct {
	f    *forge
	addr netip.AddrPort
	seq  uint32 // of the next byte
	to   *peer
}

// pair makes the two ends of a connection that is open already.
func (f *forge) pair(client, server string) (c, s *peer) {
	c = &peer{f: f, addr: netip.MustParseAddrPort(client), seq: 1001}
	s = &peer{f: f, addr: netip.MustParseAddrPort(server), seq: 4000000001}
	c.to, s.to = s, c
	return c, s
}

// dial opens a connection.
func (f *forge) dial(client, server string) (c, s *peer) {
	c, s = f.pair(client, server)
	c.handshake()
	return c, s
}

// handshake opens a connection from p.
func (p *peer) handshake() {
	p.seq--
	p.to.seq--
	p.segment(&layers.TCP{SYN: true, Window: 64240}, "")
	p.seq++
	p.to.segment(&layers.TCP{SYN: true, ACK: true, Window: 65160}, "")
	p.to.seq++
	p.ack()
}

// send sends text, and the other side acknowledges it.
func (p *peer) send(text string) {
	size := len(text)
	if p.f.mss > 0 {
		size = p.f.mss
	}
	for len(text) > 0 {
		n := min(size, len(text))
		p.segment(&layers.TCP{ACK: true, PSH: true}, text[:n])
		p.seq += uint32(n)
		text = text[n:]
	}
	p.to.ack()
}

func (p *peer) ack() { p.segment(&layers.TCP{ACK: true}, "") }

func (p *peer) fin() {
	p.segment(&layers.TCP{ACK: true, FIN: true}, "")
	p.seq++
}

// at sends text at a distance from the next byte, and leaves that where it is.
func (p *peer) at(distance int, text string) {
	seq := p.seq
	p.seq += uint32(distance)
	p.segment(&layers.TCP{ACK: true, PSH: true}, text)
	p.seq = seq
}

// close closes a connection, p first.
func (p *peer) close() {
	p.fin()
	p.to.fin()
	p.ack()
}

// segment sends a segment with the next sequence number.
func (p *peer) segment(h *layers.TCP, text string) {
	h.SrcPort, h.DstPort = layers.TCPPort(p.addr.Port()), layers.TCPPort(p.to.addr.Port())
	h.Seq = p.seq
	if h.ACK {
		h.Ack = p.to.seq
	}
	if h.Window == 0 && h.Padding == nil {
		h.Window = 502
	}
	h.Padding = nil
	ip, next := p.network(layers.IPProtocolTCP)
	h.SetNetworkLayerForChecksum(next)
	p.f.packet(append(ip, h), text)
}

// network returns Ethernet and IP headers from p to its peer.
func (p *peer) network(protocol layers.IPProtocol) ([]gopacket.SerializableLayer, gopacket.NetworkLayer) {
	ether := &layers.Ethernet{SrcMAC: mac(p.addr), DstMAC: mac(p.to.addr), EthernetType: layers.EthernetTypeIPv4}
	if p.addr.Addr().Is4() {
		ip := &layers.IPv4{Version: 4, TTL: 64, Protocol: protocol, SrcIP: p.addr.Addr().AsSlice(), DstIP: p.to.addr.Addr().AsSlice()}
		return []gopacket.SerializableLayer{ether, ip}, ip
	}
	ether.EthernetType = layers.EthernetTypeIPv6
	ip := &layers.IPv6{Version: 6, HopLimit: 64, NextHeader: protocol, SrcIP: p.addr.Addr().AsSlice(), DstIP: p.to.addr.Addr().AsSlice()}
	return []gopacket.SerializableLayer{ether, ip}, ip
}

func mac(a netip.AddrPort) net.HardwareAddr {
	ip := a.Addr().AsSlice()
	return net.HardwareAddr{2, 0, 0, 0, 0, ip[len(ip)-1]}
}

// packet adds a packet of the given layers.
func (f *forge) packet(stack []gopacket.SerializableLayer, text string) {
	buffer := gopacket.NewSerializeBuffer()
	stack = append(stack, gopacket.Payload(text))
	err := gopacket.SerializeLayers(buffer, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, stack...)
	if err != nil {
		f.t.Fatal(err)
	}
	data := bytes.Clone(buffer.Bytes())
	f.packets = append(f.packets, forged{at: f.clock, data: data[:unpadded(data)]})
	f.clock = f.clock.Add(time.Millisecond)
}

// unpadded is the length of an Ethernet frame without the padding that gopacket
// adds to a short one.
func unpadded(frame []byte) int {
	switch binary.BigEndian.Uint16(frame[12:]) {
	case 0x0800:
		return 14 + int(binary.BigEndian.Uint16(frame[16:]))
	case 0x0806:
		return 14 + 28
	}
	return len(frame)
}

// swap exchanges the last two packets but n, as a network that lets one overtake
// the other would: the stamps stay in order.
func (f *forge) swap(n int) {
	i := len(f.packets) - 2 - n
	a, b := &f.packets[i], &f.packets[i+1]
	a.data, b.data = b.data, a.data
}

// late moves the last packet but n behind the others, as swap does.
func (f *forge) late(n int) {
	for ; n > 0; n-- {
		f.swap(n - 1)
	}
}

// drop leaves out the last packet but n.
func (f *forge) drop(n int) {
	i := len(f.packets) - 1 - n
	f.packets = append(f.packets[:i], f.packets[i+1:]...)
}

// pcap returns the packets as a pcap file, written by gopacket.
func (f *forge) pcap() []byte {
	var file bytes.Buffer
	w := pcapgo.NewWriter(&file)
	if err := w.WriteFileHeader(262144, layers.LinkTypeEthernet); err != nil {
		f.t.Fatal(err)
	}
	for _, p := range f.packets {
		captured := p.captured()
		info := gopacket.CaptureInfo{Timestamp: p.at, CaptureLength: len(captured), Length: len(p.data)}
		if err := w.WritePacket(info, captured); err != nil {
			f.t.Fatal(err)
		}
	}
	return file.Bytes()
}

func (p forged) captured() []byte {
	if p.snap > 0 {
		return p.data[:min(p.snap, len(p.data))]
	}
	return p.data
}

// A session is a control connection with a party on each side.
type session struct {
	f              *forge
	client, server *peer
}

const (
	clientIP = "198.51.100.100"
	serverIP = "192.0.2.21"
)

// login opens a session and logs in.
func (f *forge) login() session {
	c, s := f.dial(clientIP+":3171", serverIP+":21")
	s.send("220 FTP server ready.\r\n")
	x := session{f, c, s}
	x.ask("USER anonymous", "331 Guest login ok.")
	x.ask("PASS me@mypc.test", "230 Logged in.")
	return x
}

// ask sends a command and its replies.
func (x session) ask(command string, replies ...string) {
	x.client.send(command + "\r\n")
	for _, r := range replies {
		x.server.send(r + "\r\n")
	}
}

// active makes a transfer in active mode, from the server if data is from it.
func (x session) active(port int, command, data string) {
	ip := netip.AddrPortFrom(x.client.addr.Addr(), uint16(port))
	x.ask("PORT "+hostPort(ip), "200 PORT command successful.")
	x.client.send(command + "\r\n")
	s, c := x.f.dial(serverIP+":20", ip.String())
	x.server.send("150 Opening data connection.\r\n")
	from := s
	if strings.HasPrefix(command, "STOR") || strings.HasPrefix(command, "APPE") {
		from = c
	}
	if data != "" {
		from.send(data)
	}
	from.close()
	x.server.send("226 Transfer complete.\r\n")
}

// quit ends a session.
func (x session) quit() {
	x.ask("QUIT", "221 Goodbye.")
	x.server.close()
}

// hostPort writes an address as PORT and 227 do.
func hostPort(a netip.AddrPort) string {
	var port [2]byte
	binary.BigEndian.PutUint16(port[:], a.Port())
	numbers := append(a.Addr().AsSlice(), port[:]...)
	var text []string
	for _, n := range numbers {
		text = append(text, itoa(int(n)))
	}
	return strings.Join(text, ",")
}

// segmentOf sends a segment with text, and moves on behind it.
func (p *peer) segmentOf(text string) {
	p.segment(&layers.TCP{ACK: true, PSH: true}, text)
	p.seq += uint32(len(text))
}

func plainRST() *layers.TCP { return &layers.TCP{RST: true, ACK: true} }
