package path

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"ftplab/lab/scenario"
)

// A home is a client behind a NAT, and a server.
type home struct {
	t              *testing.T
	path           *Path
	client, server *End
	now            int64 // nanoseconds
}

func newHome(t *testing.T, plan scenario.NAT) *home {
	t.Helper()
	plan.Host, plan.Addr = "client", netip.MustParseAddr("203.0.113.7")
	if plan.Ports == nil {
		plan.Ports = []scenario.PortRange{{First: 61000, Last: 61009}}
	}
	network := scenario.Network{Hosts: []scenario.Host{at("client", "192.168.1.100"), at("server", "192.0.2.21")}, NATs: []scenario.NAT{plan}}
	p, err := New(network, func(int64, int, []byte) {})
	if err != nil {
		t.Fatal(err)
	}
	return &home{t, p, p.Ends[0], p.Ends[1], 1}
}

// A packet is what a test sends, and what it gets.
type packet struct {
	from, to  string // address and port
	seq, ack  uint32
	syn, acks bool
	sack      [2]uint32
	text      string
	udp, echo bool // not TCP
}

// send sends a packet from one end, and returns what arrives at the other; "" is
// nothing.
func (h *home) send(from, to *End, p packet) string {
	h.t.Helper()
	h.now++
	f := h.frame(p)
	f.address(from.MAC, from.GateMAC)
	h.path.Send(from, f, h.now)
	arrival, _, ok := to.Next()
	if !ok {
		return ""
	}
	got := to.Take(arrival)
	if got == nil {
		return ""
	}
	return h.describe(got)
}

// frame serializes a packet.
func (h *home) frame(p packet) frame {
	src, dst := netip.MustParseAddrPort(p.from), netip.MustParseAddrPort(p.to)
	ip := &layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolTCP, SrcIP: src.Addr().AsSlice(), DstIP: dst.Addr().AsSlice()}
	payload := gopacket.Payload(p.text)
	switch {
	case p.udp:
		ip.Protocol = layers.IPProtocolUDP
		udp := &layers.UDP{SrcPort: layers.UDPPort(src.Port()), DstPort: layers.UDPPort(dst.Port())}
		udp.SetNetworkLayerForChecksum(ip)
		return made(h.t, ethernet(layers.EthernetTypeIPv4), ip, udp, payload)
	case p.echo:
		ip.Protocol = layers.IPProtocolICMPv4
		return made(h.t, ethernet(layers.EthernetTypeIPv4), ip, &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(8, 0), Id: 7}, payload)
	}
	tcp := &layers.TCP{SrcPort: layers.TCPPort(src.Port()), DstPort: layers.TCPPort(dst.Port()), Seq: p.seq, Ack: p.ack, SYN: p.syn, ACK: p.acks, Window: 1000}
	if p.sack[1] != 0 {
		data := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, p.sack[0]), p.sack[1])
		tcp.Options = []layers.TCPOption{{OptionType: 1}, {OptionType: 1}, {OptionType: 5, OptionLength: 10, OptionData: data}}
	}
	tcp.SetNetworkLayerForChecksum(ip)
	return made(h.t, ethernet(layers.EthernetTypeIPv4), ip, tcp, payload)
}

// describe decodes a frame with gopacket, and compares it with one that has the
// same fields and checksums of gopacket's.
func (h *home) describe(raw []byte) string {
	h.t.Helper()
	decoded := gopacket.NewPacket(raw, layers.LayerTypeEthernet, gopacket.Default)
	ip := decoded.Layer(layers.LayerTypeIPv4).(*layers.IPv4)
	again := []gopacket.SerializableLayer{decoded.Layer(layers.LayerTypeEthernet).(*layers.Ethernet), ip}
	text := ""
	switch {
	case ip.Protocol == layers.IPProtocolTCP:
		tcp := decoded.Layer(layers.LayerTypeTCP).(*layers.TCP)
		tcp.SetNetworkLayerForChecksum(ip)
		again = append(again, tcp, gopacket.Payload(tcp.Payload))
		text = fmt.Sprintf("%v:%d > %v:%d seq %d", ip.SrcIP, tcp.SrcPort, ip.DstIP, tcp.DstPort, tcp.Seq)
		if tcp.ACK {
			text += fmt.Sprintf(" ack %d", tcp.Ack)
		}
		for _, o := range tcp.Options {
			if o.OptionType == layers.TCPOptionKindSACK {
				text += fmt.Sprintf(" sack %d-%d", binary.BigEndian.Uint32(o.OptionData), binary.BigEndian.Uint32(o.OptionData[4:]))
			}
		}
		if len(tcp.Payload) > 0 {
			text += fmt.Sprintf(" %q", tcp.Payload)
		}
	case ip.Protocol == layers.IPProtocolUDP:
		udp := decoded.Layer(layers.LayerTypeUDP).(*layers.UDP)
		udp.SetNetworkLayerForChecksum(ip)
		again = append(again, udp, gopacket.Payload(udp.Payload))
		text = fmt.Sprintf("%v:%d > %v:%d udp", ip.SrcIP, udp.SrcPort, ip.DstIP, udp.DstPort)
	default:
		again = append(again, gopacket.Payload(ip.Payload))
		text = fmt.Sprintf("%v > %v icmp", net.IP(ip.SrcIP), ip.DstIP)
	}
	if want := made(h.t, again...); !bytes.Equal(raw, want) {
		h.t.Errorf("%s: a length or a checksum is wrong: got\n%x\nwant\n%x", text, raw, []byte(want))
	}
	return text
}

// check compares what came with what should.
func (h *home) check(what, got, want string) {
	h.t.Helper()
	if got != want {
		h.t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

const (
	inside  = "192.168.1.100:3000" // the client's control connection
	outside = "203.0.113.7:61000"  // the same, as the server sees it
	control = "192.0.2.21:21"
)

func TestNATTranslates(t *testing.T) {
	h := newHome(t, scenario.NAT{Forward: []scenario.PortRange{{First: 2000, Last: 2001}}})
	h.check("a SYN", h.send(h.client, h.server, packet{from: inside, to: control, seq: 5, syn: true}), outside+" > "+control+" seq 5")
	h.check("its answer", h.send(h.server, h.client, packet{from: control, to: outside, seq: 9, ack: 6, syn: true, acks: true}), control+" > "+inside+" seq 9 ack 6")
	h.check("another connection", h.send(h.client, h.server, packet{from: "192.168.1.100:3001", to: control, syn: true}), "203.0.113.7:61001 > "+control+" seq 0")
	h.check("a stranger", h.send(h.server, h.client, packet{from: "192.0.2.21:99", to: outside, syn: true}), "")
	h.check("a forwarded port", h.send(h.server, h.client, packet{from: "192.0.2.21:99", to: "203.0.113.7:2001", syn: true}), "192.0.2.21:99 > 192.168.1.100:2001 seq 0")
	h.check("its answer", h.send(h.client, h.server, packet{from: "192.168.1.100:2001", to: "192.0.2.21:99", syn: true, acks: true}), "203.0.113.7:2001 > 192.0.2.21:99 seq 0 ack 0")
	h.check("no SYN of an unknown connection", h.send(h.client, h.server, packet{from: "192.168.1.100:3002", to: control, acks: true}), "")
	h.check("a datagram", h.send(h.client, h.server, packet{from: "192.168.1.100:53", to: "192.0.2.21:53", udp: true, text: "odd"}), "203.0.113.7:61000 > 192.0.2.21:53 udp")
	h.check("its answer", h.send(h.server, h.client, packet{from: "192.0.2.21:53", to: "203.0.113.7:61000", udp: true}), "192.0.2.21:53 > 192.168.1.100:53 udp")
	h.check("an echo request", h.send(h.client, h.server, packet{from: inside, to: control, echo: true}), "203.0.113.7 > 192.0.2.21 icmp")
	h.check("the host's own address", h.send(h.server, h.client, packet{from: control, to: inside, seq: 9, acks: true}), "")
}

func TestNATKeepsPorts(t *testing.T) {
	h := newHome(t, scenario.NAT{KeepPorts: true})
	h.check("a SYN", h.send(h.client, h.server, packet{from: inside, to: control, syn: true}), "203.0.113.7:3000 > "+control+" seq 0")
}

func TestNATRunsOutOfPorts(t *testing.T) {
	h := newHome(t, scenario.NAT{Ports: []scenario.PortRange{{First: 61000, Last: 61000}}})
	h.check("the first", h.send(h.client, h.server, packet{from: inside, to: control, syn: true}), outside+" > "+control+" seq 0")
	h.check("the second", h.send(h.client, h.server, packet{from: "192.168.1.100:3001", to: control, syn: true}), "")
}

func TestNATForgets(t *testing.T) {
	h := newHome(t, scenario.NAT{Idle: time.Second})
	h.check("a SYN", h.send(h.client, h.server, packet{from: inside, to: control, syn: true}), outside+" > "+control+" seq 0")
	h.now += int64(900 * time.Millisecond)
	h.check("in time", h.send(h.server, h.client, packet{from: control, to: outside, acks: true}), control+" > "+inside+" seq 0 ack 0")
	h.now += int64(1100 * time.Millisecond)
	h.check("too late", h.send(h.client, h.server, packet{from: inside, to: control, acks: true}), "")
	h.check("from outside", h.send(h.server, h.client, packet{from: control, to: outside, acks: true, text: "421 Bye\r\n"}), "")
	if open := h.path.Unacknowledged(); open != "" {
		t.Errorf("the path waits for %s, which will not come", open)
	}
	h.check("another SYN", h.send(h.client, h.server, packet{from: inside, to: control, syn: true}), outside+" > "+control+" seq 0")
}

// TestALG has a NAT rewrite a PORT, which becomes longer, so that the numbers of
// all that follows change.
func TestALG(t *testing.T) {
	h := newHome(t, scenario.NAT{ALG: true})
	const port, rewritten = "PORT 192,168,1,100,12,98\r\n", "PORT 203,0,113,7,238,73\r\n" // one byte shorter
	h.check("a SYN", h.send(h.client, h.server, packet{from: inside, to: control, seq: 99, syn: true}), outside+" > "+control+" seq 99")
	send := func(what string, seq uint32, text, want string) {
		t.Helper()
		h.check(what, h.send(h.client, h.server, packet{from: inside, to: control, seq: seq, ack: 500, acks: true, text: text}), outside+" > "+control+want)
	}
	answer := func(what string, p packet, want string) {
		t.Helper()
		p.from, p.to, p.seq, p.acks = control, outside, 500, true
		h.check(what, h.send(h.server, h.client, p), control+" > "+inside+want)
	}
	send("a PORT", 100, port, fmt.Sprintf(" seq 100 ack 500 %q", rewritten))
	answer("its acknowledgment", packet{ack: 125}, " seq 500 ack 126")
	answer("an earlier acknowledgment", packet{ack: 100}, " seq 500 ack 100")
	send("the same PORT again", 100, port, fmt.Sprintf(" seq 100 ack 500 %q", rewritten))
	send("what follows", 126, "LIST\r\n", ` seq 125 ack 500 "LIST\r\n"`)
	answer("an acknowledgment of a part", packet{ack: 125, sack: [2]uint32{131, 140}}, " seq 500 ack 126 sack 132-141")
	send("another address", 132, "PORT 10,0,0,1,12,98\r\n", ` seq 131 ack 500 "PORT 10,0,0,1,12,98\r\n"`)
	send("half a line", 153, "PORT 192,168,1,100,", ` seq 152 ack 500 "PORT 192,168,1,100,"`)
	send("two lines", 172, "NOOP\r\neprt |1|192.168.1.100|3171|\r\n", ` seq 171 ack 500 "NOOP\r\neprt |1|203.0.113.7|61002|\r\n"`)
	send("and then", 208, "QUIT\r\n", ` seq 206 ack 500 "QUIT\r\n"`)
	answer("the last acknowledgment", packet{ack: 212}, " seq 500 ack 214")

	data := packet{from: "192.0.2.21:20", to: "203.0.113.7:61001", syn: true}
	h.check("the data connection", h.send(h.server, h.client, data), "192.0.2.21:20 > 192.168.1.100:3170 seq 0")
	data.from = "192.0.2.21:99"
	h.check("a second one", h.send(h.server, h.client, data), "")
}

// TestALGOfServer has a NAT rewrite what a server announces.
func TestALGOfServer(t *testing.T) {
	h := newHome(t, scenario.NAT{ALG: true, Forward: []scenario.PortRange{{First: 21, Last: 21}}})
	const peer, behind, ahead = "192.0.2.21:4000", "192.168.1.100:21", "203.0.113.7:21"
	h.check("a SYN", h.send(h.server, h.client, packet{from: peer, to: ahead, syn: true}), peer+" > "+behind+" seq 0")
	for _, text := range [][2]string{
		{"227 Entering Passive Mode (192,168,1,100,195,80).\r\n", "227 Entering Passive Mode (203,0,113,7,238,72).\r\n"},
		{"229 Extended (|||50001|)\r\n", "229 Extended (|||61001|)\r\n"},
		{"227 =192,168,1,100,195,80\r\n", "227 =203,0,113,7,238,72\r\n"}, // the same port once more
		{"200 192,168,1,100,195,80\r\n", "200 192,168,1,100,195,80\r\n"},
	} {
		got := h.send(h.client, h.server, packet{from: behind, to: peer, seq: 1000, acks: true, text: text[0]})
		h.check(text[0], got, fmt.Sprintf("%s > %s seq 1000 ack 0 %q", ahead, peer, text[1]))
	}
	h.check("the data connection", h.send(h.server, h.client, packet{from: "192.0.2.21:4001", to: "203.0.113.7:61000", syn: true}), "192.0.2.21:4001 > 192.168.1.100:50000 seq 0")
}

// TestNATPassesReports has a router say that a packet is too big. It speaks of
// the packet as the client knows it.
func TestNATPassesReports(t *testing.T) {
	h := newHome(t, scenario.NAT{})
	h.path.mtu = 100
	f := h.frame(packet{from: inside, to: control, syn: true, text: string(make([]byte, 100))})
	f[EthernetHeader+6] |= 0x40 // Don't Fragment
	f.address(h.client.MAC, h.client.GateMAC)
	h.path.Send(h.client, f, 1)
	arrival, _, ok := h.client.Next()
	if !ok {
		t.Fatal("nothing comes back")
	}
	got := frame(h.client.Take(arrival))
	if got == nil {
		t.Fatal("the NAT drops the report")
	}
	quoted := got.packet()[ipv4Header+8:]
	if src := netip.AddrFrom4([4]byte(quoted[12:16])); src != netip.MustParseAddr("192.168.1.100") || got.destination() != src {
		t.Errorf("got a report to %v about a packet from %v, want the client's own address", got.destination(), src)
	}
}
