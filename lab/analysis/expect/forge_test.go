// Captures are forged, packet by packet, for the tests of this package.

package expect

import (
	"bytes"
	"ftplab/lab/analysis/capture"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
)

var (
	clientAddr = netip.MustParseAddr("198.51.100.100")
	serverAddr = netip.MustParseAddr("192.0.2.21")
	nameAddr   = netip.MustParseAddr("192.0.2.53")
	// loopbackAddr is that of all hosts on loopback.
	loopbackAddr  = netip.MustParseAddr("127.0.0.1")
	loopbackHosts = Hosts{"client": loopbackAddr, "server": loopbackAddr}
	hosts         = Hosts{"client": clientAddr, "server": serverAddr, "nameserver": nameAddr}
)

// A forged is one frame of a capture that is being made.
type forged struct {
	at     time.Duration
	layers []gopacket.SerializableLayer
}

func (f *forged) tcp() *layers.TCP {
	for _, l := range f.layers {
		if tcp, ok := l.(*layers.TCP); ok {
			return tcp
		}
	}
	return nil
}

func (f *forged) ip() *layers.IPv4 { return f.layers[1].(*layers.IPv4) }

func (f *forged) payload() gopacket.Payload {
	p, _ := f.layers[len(f.layers)-1].(gopacket.Payload)
	return p
}

func (f *forged) setPayload(b []byte) { f.layers[len(f.layers)-1] = gopacket.Payload(b) }

// A forge makes frames, a millisecond apart.
type forge struct {
	frames []*forged
	// loopback puts all hosts on one address.
	loopback bool
}

func (g *forge) add(l ...gopacket.SerializableLayer) *forged {
	f := &forged{at: time.Duration(len(g.frames)) * time.Millisecond, layers: l}
	g.frames = append(g.frames, f)
	return f
}

var (
	clientMAC = net.HardwareAddr{2, 0, 0, 0, 0, 1}
	serverMAC = net.HardwareAddr{2, 0, 0, 0, 0, 2}
)

// A line of TCP, as two ends see it. A opens it.
type forgedConn struct {
	forge *forge
	ends  [2]netip.AddrPort // B, A
	isn   [2]uint32
	sent  [2]uint32 // relative: the next sequence number
	acked [2]uint32 // what the other side has acknowledged to this one
	win   [2]uint16
}

func (g *forge) connect(a, b string) *forgedConn {
	c := g.connection(a, b)
	c.send(true, "S", "")
	c.send(false, "S.", "")
	c.send(true, ".", "")
	return c
}

func (g *forge) connection(a, b string) *forgedConn {
	ends := [2]netip.AddrPort{netip.MustParseAddrPort(b), netip.MustParseAddrPort(a)}
	if g.loopback {
		for i := range ends {
			ends[i] = netip.AddrPortFrom(loopbackAddr, ends[i].Port())
		}
	}
	return &forgedConn{
		forge: g, ends: ends,
		isn: [2]uint32{4294967290, 1000}, win: [2]uint16{17520, 65535},
	}
}

func index(fromA bool) (from, to int) {
	if fromA {
		return 1, 0
	}
	return 0, 1
}

// send makes one packet that follows in the stream.
func (c *forgedConn) send(fromA bool, flags, payload string) *forged {
	if c.forge.loopback {
		payload = strings.NewReplacer("198,51,100,100", "127,0,0,1", "192,0,2,21", "127,0,0,1").Replace(payload)
	}
	from, to := index(fromA)
	f := c.packet(fromA, flags, payload, c.sent[from], c.sent[to])
	c.sent[from] += uint32(len(payload))
	if bits := parseFlags(flags); bits.SYN || bits.FIN {
		c.sent[from]++
	}
	return f
}

func parseFlags(s string) (t layers.TCP) {
	for _, c := range s {
		switch c {
		case 'S':
			t.SYN = true
		case 'F':
			t.FIN = true
		case 'R':
			t.RST = true
		case 'P':
			t.PSH = true
		case 'U':
			t.URG = true
		case '.':
			t.ACK = true
		}
	}
	return t
}

// packet makes a packet with any numbers.
func (c *forgedConn) packet(fromA bool, flags, payload string, seq, ack uint32) *forged {
	from, to := index(fromA)
	t := parseFlags(flags)
	t.SrcPort, t.DstPort = layers.TCPPort(c.ends[from].Port()), layers.TCPPort(c.ends[to].Port())
	t.Seq, t.Window = c.isn[from]+seq, c.win[from]
	if t.ACK {
		t.Ack = c.isn[to] + ack
	}
	if t.SYN {
		t.Options = []layers.TCPOption{{OptionType: layers.TCPOptionKindMSS, OptionLength: 4, OptionData: []byte{5, 172}}}
	}
	ip := &layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolTCP, Flags: layers.IPv4DontFragment,
		SrcIP: c.ends[from].Addr().AsSlice(), DstIP: c.ends[to].Addr().AsSlice()}
	_ = t.SetNetworkLayerForChecksum(ip)
	return c.forge.add(ethernet(fromA, layers.EthernetTypeIPv4), ip, &t, gopacket.Payload(payload))
}

func ethernet(forth bool, t layers.EthernetType) *layers.Ethernet {
	e := &layers.Ethernet{SrcMAC: clientMAC, DstMAC: serverMAC, EthernetType: t}
	if !forth {
		e.SrcMAC, e.DstMAC = e.DstMAC, e.SrcMAC
	}
	return e
}

// udp makes a datagram.
func (g *forge) udp(from, to string, payload []byte) *forged {
	a, b := netip.MustParseAddrPort(from), netip.MustParseAddrPort(to)
	ip := &layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolUDP, SrcIP: a.Addr().AsSlice(), DstIP: b.Addr().AsSlice()}
	u := &layers.UDP{SrcPort: layers.UDPPort(a.Port()), DstPort: layers.UDPPort(b.Port())}
	_ = u.SetNetworkLayerForChecksum(ip)
	return g.add(ethernet(true, layers.EthernetTypeIPv4), ip, u, gopacket.Payload(payload))
}

// arp makes a question for the gateway and its answer.
func (g *forge) arp() {
	gateway := []byte{198, 51, 100, 1}
	g.add(ethernet(true, layers.EthernetTypeARP), &layers.ARP{AddrType: 1, Protocol: 0x800, HwAddressSize: 6, ProtAddressSize: 4, Operation: 1,
		SourceHwAddress: clientMAC, SourceProtAddress: clientAddr.AsSlice(), DstHwAddress: make([]byte, 6), DstProtAddress: gateway})
	g.add(ethernet(false, layers.EthernetTypeARP), &layers.ARP{AddrType: 1, Protocol: 0x800, HwAddressSize: 6, ProtAddressSize: 4, Operation: 2,
		SourceHwAddress: serverMAC, SourceProtAddress: gateway, DstHwAddress: clientMAC, DstProtAddress: clientAddr.AsSlice()})
}

// pcap writes the frames as a capture file, each stamped by its place.
func (g *forge) pcap(t testing.TB) []byte {
	t.Helper()
	var out bytes.Buffer
	w := pcapgo.NewWriterNanos(&out)
	if err := w.WriteFileHeader(65536, layers.LinkTypeEthernet); err != nil {
		t.Fatal(err)
	}
	start := time.Unix(1700000000, 0)
	for i, f := range g.frames {
		buf := gopacket.NewSerializeBuffer()
		if err := gopacket.SerializeLayers(buf, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, f.layers...); err != nil {
			t.Fatal(err)
		}
		b := buf.Bytes()
		at := start.Add(time.Duration(i) * time.Millisecond)
		if err := w.WritePacket(gopacket.CaptureInfo{Timestamp: at, CaptureLength: len(b), Length: len(b)}, b); err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}

// capture reads what was forged.
func (g *forge) capture(t testing.TB) *capture.Capture {
	t.Helper()
	c, err := capture.Read(bytes.NewReader(g.pcap(t)), capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A Pair is a want and a forged capture that passes it, for the tests of other
// packages.
type Pair struct {
	Name, Want string
	Capture    []byte
	Hosts      Hosts
}

// ForgedPairs are the active listing with a want written by hand, and every
// session with a derived one.
func ForgedPairs(t testing.TB) []Pair {
	pairs := []Pair{{"active listing", activeWant, activeListing().pcap(t), hosts}}
	for _, s := range sessions {
		g := &forge{}
		s.run(t, g, false)
		pairs = append(pairs, Pair{"derived: " + s.name, derive(t, g.capture(t), hosts), g.pcap(t), hosts})
	}
	for _, s := range sessions[:4] { // the last two are not of FTP alone
		g := &forge{loopback: true}
		s.run(t, g, false)
		pairs = append(pairs, Pair{"on loopback: " + s.name, derive(t, g.capture(t), loopbackHosts), g.pcap(t), loopbackHosts})
	}
	return pairs
}

const activeWant = `ctl   client.*  > server.21
data  server.20 > client.3172

ctl   client > server  [S] win 65535 mss 1452 !wscale df  # the client opens the control connection
ctl   server > client  [S.] win 17520
ctl   client > server  [.]
ctl   server > client  "220 *"
ctl   client > server  "USER anonymous"  length 16
ctl   server > client  "331 *"
ctl   client > server  "PASS *"
ctl   server > client  "230-Hello"
ctl   server > client  "230 *"
ctl   client > server  "PORT 198,51,100,100,12,100"  # 12*256+100 = 3172: "call me there"
ctl   server > client  "200 *"
ctl   client > server  "LIST"                 @list
data  server > client  [S]         after @list       # the server dials, from port 20
data  client > server  [S.]
data  server > client  [.]                    @open
ctl   server > client  "150 *"     after @open
data  server > client  seq 1:56
data  server > client  [F.] seq 56            @eof   # end of file IS this FIN
ctl   server > client  "226 *"     after @eof
data  client > server  [F.] ack 57
data  server > client  [.]  ack 2
ctl   client > server  "QUIT"
ctl   server > client  "221 *"
|ctl  server > client  [F.]                          # both close: the FINs may cross
|ctl  client > server  [F.]
`

func login(g *forge) *forgedConn {
	ctl := g.connect("198.51.100.100:3171", "192.0.2.21:21")
	ctl.send(false, "P.", "220 Welcome\r\n")
	ctl.send(true, ".", "")
	ctl.send(true, "P.", "USER anonymous\r\n")
	ctl.send(false, "P.", "331 Send your address\r\n")
	ctl.send(true, "P.", "PASS me@mypc.test\r\n")
	ctl.send(false, "P.", "230-Hello\r\n")
	ctl.send(false, "P.", "230 Go on\r\n")
	ctl.send(true, ".", "")
	return ctl
}

func quit(ctl *forgedConn) {
	ctl.send(true, "P.", "QUIT\r\n")
	ctl.send(false, "P.", "221 Bye\r\n")
	ctl.send(false, "F.", "")
	ctl.send(true, "F.", "")
	ctl.send(false, ".", "")
}

func activeListing() *forge {
	g := &forge{}
	ctl := login(g)
	ctl.send(true, "P.", "PORT 198,51,100,100,12,100\r\n")
	ctl.send(false, "P.", "200 Fine\r\n")
	ctl.send(true, "P.", "LIST\r\n")
	data := g.connect("192.0.2.21:20", "198.51.100.100:3172")
	ctl.send(false, "P.", "150 Here it comes\r\n")
	data.send(true, "P.", "-rw-r--r-- 1 ftp ftp 164 Jan  1 00:00 README and mor\r\n"[:30])
	data.send(true, "P.", "-rw-r--r-- 1 ftp ftp 164 Jan  1 00:00 README and moreit\r\n"[30:55])
	data.send(false, ".", "")
	data.send(true, "F.", "")
	ctl.send(false, "P.", "226 Done\r\n")
	data.send(false, ".", "")
	data.send(false, "F.", "")
	data.send(true, ".", "")
	quit(ctl)
	return g
}

// dataConn is an active data connection on which 55 bytes came, up to before
// the FINs.
func dataConn(g *forge) *forgedConn {
	c := g.connect("192.0.2.21:20", "198.51.100.100:3172")
	c.send(true, "P.", strings.Repeat("x", 55))
	return c
}

// closedDataConn is the same, closed by both sides, the server first.
func closedDataConn(g *forge) *forgedConn {
	c := dataConn(g)
	c.send(true, "F.", "")
	c.send(false, "F.", "")
	c.send(true, ".", "")
	return c
}

// dns is a question for an address and an answer with four authority and four
// additional records, 215 bytes in all.
func (g *forge) dns(t testing.TB) {
	name := []byte("\x04ftp1\x07example\x04test\x00")
	question := append([]byte{0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0}, name...)
	question = append(question, 0, 1, 0, 1)
	answer := append([]byte{0, 1, 0x85, 0x80, 0, 1, 0, 1, 0, 4, 0, 4}, question[12:]...)
	answer = append(answer, 0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 0, 0, 4, 192, 0, 2, 21)
	for range 4 {
		answer = append(answer, 0xc0, 12, 0, 2, 0, 1, 0, 0, 1, 0, 0, 4, 1, 'n', 0xc0, 12)
	}
	for range 4 {
		answer = append(answer, 0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 0, 0, 4, 192, 0, 2, 53)
	}
	g.udp("198.51.100.100:3170", "192.0.2.53:53", question)
	g.udp("192.0.2.53:53", "198.51.100.100:3170", answer)
}

// derive derives a want from a capture.
func derive(t testing.TB, c *capture.Capture, hosts Hosts) string {
	t.Helper()
	var b strings.Builder
	if err := Derive(&b, c, hosts); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
