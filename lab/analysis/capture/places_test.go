package capture_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
	"ftplab/lab/internal/forge"
)

// placed writes a pcapng file with an interface for each name, by gopacket. At says
// at which interfaces a packet is recorded.
func placed(t testing.TB, f *forge.Capture, names []string, at func(i int, p forge.Frame) []int) []byte {
	return placedAs(t, f, names, at, func(_ int, data []byte) []byte { return data })
}

// placedAs does what placed does. Change makes of a packet what it is at a place.
func placedAs(t testing.TB, f *forge.Capture, names []string, at func(i int, p forge.Frame) []int, change func(place int, data []byte) []byte) []byte {
	var file bytes.Buffer
	describe := func(name string) pcapgo.NgInterface {
		return pcapgo.NgInterface{Name: name, LinkType: layers.LinkTypeEthernet, TimestampResolution: 9}
	}
	w, err := pcapgo.NewNgWriterInterface(&file, describe(names[0]), pcapgo.DefaultNgWriterOptions)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names[1:] {
		if _, err := w.AddInterface(describe(name)); err != nil {
			t.Fatal(err)
		}
	}
	for i, p := range f.Frames {
		var there [][]byte
		for place := range names {
			data := bytes.Clone(p.Data)
			data[22] -= byte(place) // the TTL, which a router on the way has counted down
			there = append(there, change(place, data))
		}
		for _, place := range at(i, p) {
			data := there[place]
			info := gopacket.CaptureInfo{Timestamp: p.At.Add(time.Duration(place) * 100 * time.Microsecond), CaptureLength: len(data), Length: len(data), InterfaceIndex: place}
			if err := w.WritePacket(info, data); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// fromServer reports whether the server's end of the forged path sent a packet.
func fromServer(p forge.Frame) bool { return bytes.Equal(p.Data[26:30], []byte{192, 0, 2, 21}) }

// What crosses two places is read at the first. The same packet at the other place is
// no retransmission, and the two directions of a tap are one connection.
func TestPlaces(t *testing.T) {
	for _, test := range places {
		t.Run(test.name, func(t *testing.T) {
			f := forge.New()
			x := f.Login()
			x.Ask("NOOP", "200 Fine.")
			c, err := capture.Read(bytes.NewReader(placed(t, f, test.names, test.at)), capture.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if c.NumConnections() != 1 || c.NumSessions() != 1 {
				t.Fatalf("got %d connections and %d sessions, want one of each", c.NumConnections(), c.NumSessions())
			}
			x0 := c.Connection(0)
			if again := x0.ClientFlow.Retransmissions + x0.ServerFlow.Retransmissions; again != 0 || x0.ClientFlow.OutOfOrder != 0 {
				t.Errorf("got %d retransmissions, want none", again)
			}
			if got, want := x0.ClientFlow.Packets+x0.ServerFlow.Packets, len(f.Frames); got != want {
				t.Errorf("got %d packets of the connection, want %d", got, want)
			}
			if got, want := c.Copies, test.copies(len(f.Frames)); got != want || len(c.Places) != test.places {
				t.Errorf("got %d copies and the places %q, want %d and %d places", got, c.Places, want, test.places)
			}
			copies := 0
			for p := range c.Packets() {
				if (p.Copy != nil) != (p.Connection == nil) || p.Copy != nil && (p.Copy.Place != "server" || p.Copy.Src.Port() == 0) {
					t.Errorf("packet %d: got the copy %+v of connection %v", p.Number, p.Copy, p.Connection)
				}
				if p.Copy != nil {
					copies++
				} else if p.From == ftp.Client && p.TCP.DstPort != 21 {
					t.Errorf("packet %d: got the client as its sender", p.Number)
				}
			}
			if copies != c.Copies {
				t.Errorf("got %d copies among the packets, want %d", copies, c.Copies)
			}
		})
	}
}

// A packet that was recorded at one of two places only is read there, unless something between them
// changes packets, or very many are alike.
func TestLostBetweenPlaces(t *testing.T) {
	var lost []int // of the packets of the session
	for _, test := range []struct {
		name  string
		at    func(i int, p forge.Frame) []int
		again int // how often the last packet is sent again
		away  int
	}{
		{"nothing is lost", func(int, forge.Frame) []int { return []int{0, 1} }, 0, 0},
		{"a reply and a FIN", func(i int, p forge.Frame) []int {
			if slices.Contains(lost, i) {
				return []int{1}
			}
			return []int{1, 0}
		}, 0, 2},
		{"a reply, a FIN and very many packets that are alike", func(i int, p forge.Frame) []int {
			if fromServer(p) && i > lost[0] {
				return []int{1}
			}
			return []int{1, 0}
		}, 2000, 0},
		{"a reply, and the server's end has other segments", func(i int, p forge.Frame) []int {
			switch {
			case slices.Contains(lost, i):
				return []int{1}
			case bytes.Contains(p.Data, []byte("230 ")):
				return []int{0}
			}
			return []int{0, 1}
		}, 0, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := forge.New()
			x := f.Login()
			x.Ask("NOOP", "200 Fine.")
			x.Quit()
			x.Server.ACK()
			for range test.again {
				f.Frame(bytes.Clone(f.Last(0).Data))
			}
			lost = nil
			for i, p := range f.Frames {
				if bytes.Contains(p.Data, []byte("200 Fine")) || fromServer(p) && p.Data[14+20+13]&1 != 0 {
					lost = append(lost, i)
				}
			}
			c, err := capture.Read(bytes.NewReader(placed(t, f, []string{"client", "server"}, test.at)), capture.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			away := 0
			for p := range c.Packets() {
				if p.Away == nil {
					continue
				}
				away++
				if *p.Away != (packet.Away{Place: "server", Home: "client"}) || p.Connection == nil || p.Segment.Analysis != 0 {
					t.Errorf("packet %d: got %+v and the analysis %v of connection %v", p.Number, p.Away, p.Segment.Analysis, p.Connection)
				}
			}
			if len(c.Lost) != test.away || away > 0 && c.Lost[0].Away != (packet.Away{Place: "server", Home: "client"}) {
				t.Errorf("got the lost packets %+v, want %d", c.Lost, test.away)
			}
			if x0 := c.Connection(0); away != test.away || x0.ServerFlow.Retransmissions+x0.ServerFlow.OutOfOrder > 0 {
				t.Errorf("got %d packets that were lost, want %d; %d were sent again, want none", away, test.away, x0.ServerFlow.Retransmissions)
			}
		})
	}
}

// A nat gives the packets of the forged client other addresses, and ports that are higher by 1000. As
// an application-level gateway it rewrites PORT.
type nat struct {
	outside netip.Addr
	port    string // the argument of PORT outside; "" for no gateway
	grown   int    // how much longer the control connection is by that

	proxied uint32 // is added to the client's sequence numbers: with a proxy, they are other ones
	bridge  bool   // does not count down the time to live
	marks   bool   // rewrites the IDs of IP
	sums    bool   // computes the checksums anew
	loses   string // a packet with this is not recorded inside
	first   bool   // the first place is outside, not the second one
}

// at makes of a packet what it is at the first place or at the second one.
func (n *nat) at(place int, data []byte) []byte {
	if n.first == (place == 0) {
		return n.change(data)
	}
	return data
}

// change makes of a packet what it is outside.
func (n *nat) change(data []byte) []byte {
	ip, tcp := data[14:], data[34:]
	addr, port, number, growing := ip[16:20], tcp[2:], tcp[8:], tcp[13]&0x10 != 0 // of the receiver
	if !fromServer(forge.Frame{Data: data}) {
		addr, port, number, growing = ip[12:16], tcp, tcp[4:], true
	}
	add := func(b []byte, n int) { binary.BigEndian.PutUint32(b, binary.BigEndian.Uint32(b)+uint32(n)) }
	shift := int(n.proxied)
	if binary.BigEndian.Uint16(tcp) == 21 || binary.BigEndian.Uint16(tcp[2:]) == 21 {
		shift += n.grown
	}
	copy(addr, n.outside.AsSlice())
	binary.BigEndian.PutUint16(port, binary.BigEndian.Uint16(port)+1000)
	if n.bridge {
		ip[8]++
	}
	if n.marks {
		ip[5]++
	}
	if growing {
		add(number, shift)
	}
	if before, _, ok := bytes.Cut(data, []byte("PORT 1")); ok && n.port != "" {
		inside := len(data)
		data = append(bytes.Clone(before), "PORT "+n.port+"\r\n"...)
		n.grown += len(data) - inside
		binary.BigEndian.PutUint16(data[16:], uint16(len(data)-14))
	}
	if n.sums {
		tcp := data[34:]
		copy(tcp[16:], []byte{0, 0})
		sum := 6 + uint32(len(tcp))
		for i, b := range slices.Concat(data[26:34], tcp) {
			sum += uint32(b) << (8 * (1 - i%2))
		}
		binary.BigEndian.PutUint16(tcp[16:], ^uint16(sum%0xffff))
	}
	return data
}

// activeSession is a session with a transfer in active mode, and one whose connection is refused. Its
// connections have other initial sequence numbers each.
func activeSession() *forge.Capture {
	f := forge.New()
	dial := func(from, to string) (a, b *forge.End) {
		a, b = f.Pair(from, to)
		a.Seq, b.Seq = uint32(len(f.Frames)*100_003), uint32(len(f.Frames)*200_017+5)
		return a, b
	}
	client, server := dial(forge.Client+":3171", forge.Server+":21")
	client.Handshake()
	client.Say(forge.Login)
	client.Say("> NOOP\n < 200 Fine\n > PORT 198,51,100,100,12,100\n < 200 Okay\n > LIST")
	to, from := dial(forge.Server+":20", forge.Client+":3172")
	to.Handshake()
	to.Send("listing")
	to.Close()
	client.Say("< 150 Here\n < 226 Done\n > PORT 198,51,100,100,12,101\n < 200 Okay\n > LIST")
	to, from = dial(forge.Server+":20", forge.Client+":3173")
	to.Segment("S", "")
	from.Segment("R.", "")
	client.Say("< 425 Refused" + forge.Quit)
	server.Close()
	return f
}

// bothSides is such a session on both sides of a NAT with a gateway.
func bothSides(t testing.TB) []byte {
	n := nat{outside: netip.MustParseAddr("203.0.113.7"), port: "203,0,113,7,16,76"}
	return placedAs(t, activeSession(), []string{"client", "server"}, func(int, forge.Frame) []int { return []int{0, 1} }, n.at)
}

// What crosses a NAT between two places is one session, with the addresses of the first. What a NAT
// does not explain is two.
func TestNATBetweenPlaces(t *testing.T) {
	high, low := netip.MustParseAddr("203.0.113.7"), netip.MustParseAddr("100.64.0.9")
	for name, test := range map[string]struct {
		nat       nat
		sessions  int
		rewritten bool
		lost      int // packets that are read at the second place
	}{
		"a NAT":                          {nat: nat{outside: high}, sessions: 1},
		"the address outside is low":     {nat: nat{outside: low}, sessions: 1},
		"seen from outside":              {nat: nat{outside: low, first: true}, sessions: 1},
		"a gateway, PORT is as long":     {nat: nat{outside: low, port: "100,64,0,9,101,16,000"[:21]}, sessions: 1, rewritten: true},
		"a gateway, PORT is shorter":     {nat: nat{outside: low, port: "100,64,0,9,16,76"}, sessions: 1, rewritten: true},
		"a gateway, PORT is longer":      {nat: nat{outside: high, port: "203,000,113,007,016,076"}, sessions: 1, rewritten: true},
		"a gateway seen from outside":    {nat: nat{outside: high, port: "203,0,113,7,16,76", first: true}, sessions: 1, rewritten: true},
		"the NAT rewrites IDs":           {nat: nat{outside: high, marks: true}, sessions: 1},
		"a reply is lost before the NAT": {nat: nat{outside: low, loses: "200 Fine"}, sessions: 1, lost: 1},
		"a proxy":                        {nat: nat{outside: high, proxied: 77}, sessions: 2},
		"no router":                      {nat: nat{outside: high, bridge: true}, sessions: 2},
	} {
		t.Run(name, func(t *testing.T) {
			f := activeSession()
			n := test.nat
			names, outside := []string{"client", "server"}, 1
			if n.first {
				names, outside = []string{"server", "client"}, 0
			}
			file := placedAs(t, f, names, func(_ int, p forge.Frame) []int {
				if n.loses != "" && bytes.Contains(p.Data, []byte(n.loses)) {
					return []int{outside}
				}
				return []int{0, 1}
			}, n.at)
			c := read(t, file)
			if c.NumSessions() != test.sessions || c.NumConnections() != 3*test.sessions {
				t.Fatalf("got %d sessions and %d connections, want %d and %d", c.NumSessions(), c.NumConnections(), test.sessions, 3*test.sessions)
			}
			if test.sessions > 1 {
				if len(c.Translations) != 0 || c.Copies != 0 {
					t.Errorf("got the translations %v and %d copies, want none", c.Translations, c.Copies)
				}
				return
			}
			own, other := netip.MustParseAddr(forge.Client), n.outside
			if n.first {
				own, other = other, own
			}
			if want := []capture.Translation{{Home: names[0], Place: names[1], From: own, To: other}}; !slices.Equal(c.Translations, want) {
				t.Errorf("got the translations %v, want %v", c.Translations, want)
			}
			if got := len(c.Rewritings) > 0; got != test.rewritten {
				t.Errorf("got the rewritings %v, want some: %v", c.Rewritings, test.rewritten)
			}
			if want := len(f.Frames) - test.lost; c.Copies != want {
				t.Errorf("got %d copies, want %d", c.Copies, want)
			}
			for x := range c.Connections() {
				if x.Client.Addr() != own || x.ClientFlow.Retransmissions+x.ServerFlow.Retransmissions+x.ClientFlow.OutOfOrder+x.ServerFlow.OutOfOrder > 0 || x.Role != ftp.Control && x.Role != ftp.Data {
					t.Errorf("got %+v, want a connection of FTP from %v where everything was sent once", x, own)
				}
			}
			lost := 0
			for p := range c.Packets() {
				switch {
				case p.Rest != "":
					t.Errorf("packet %d: the rest is said to be at %s", p.Number, p.Rest)
				case p.Away != nil:
					if lost++; p.Away.Here.Addr() != other || p.IP.Dst != own || !p.ChecksumWrong() { // the forged NAT leaves it as it was
						t.Errorf("packet %d: got %+v to %v", p.Number, p.Away, p.IP.Dst)
					}
				case p.Copy != nil && (p.Copy.Here.Addr() != other || p.Copy.There.Addr() != own || p.Copy.Home != names[0] || p.Copy.Place != names[1]):
					t.Errorf("packet %d: got the copy %+v", p.Number, p.Copy)
				}
			}
			if lost != test.lost {
				t.Errorf("got %d packets that are read at the second place, want %d", lost, test.lost)
			}
		})
	}
}

// A session that crosses a NAT is one, whichever packets of a handshake a place lacks.
func TestNATWithoutHandshake(t *testing.T) {
	const syn, synACK, ack = 1, 2, 4
	for lost := syn; lost <= syn|synACK|ack; lost++ {
		for place := range 2 {
			n, accepted := nat{outside: netip.MustParseAddr("203.0.113.7"), port: "203,0,113,7,16,76"}, true
			file := placedAs(t, activeSession(), []string{"client", "server"}, func(_ int, p forge.Frame) []int {
				const flags = 14 + 20 + 13 // in Ethernet and IPv4
				kind := map[byte]int{2: syn, 18: synACK, 16: ack}[p.Data[flags]]
				accepted = accepted && !bytes.Contains(p.Data, []byte("226 Done"))
				if kind&lost != 0 && accepted {
					return []int{1 - place}
				}
				return []int{0, 1}
			}, n.at)
			if c := read(t, file); c.NumSessions() != 1 || c.NumConnections() != 3 || len(c.Translations) != 1 {
				t.Errorf("without %03b at place %d: got %d sessions, %d connections and the translations %v, want 1, 3 and one", lost, place, c.NumSessions(), c.NumConnections(), c.Translations)
			}
		}
	}
}

// A session that crosses two NATs is one at all three places, whichever of them lacks the SYN-ACKs.
func TestTwoNATsWithoutHandshake(t *testing.T) {
	for lacking := range 3 {
		nats := []nat{1: {outside: netip.MustParseAddr("100.64.0.9")}, 2: {outside: netip.MustParseAddr("203.0.113.7")}}
		file := placedAs(t, activeSession(), []string{"client", "middle", "server"}, func(_ int, p forge.Frame) []int {
			if p.Data[14+20+13] == 18 {
				return slices.DeleteFunc([]int{0, 1, 2}, func(place int) bool { return place == lacking })
			}
			return []int{0, 1, 2}
		}, func(place int, data []byte) []byte {
			if place == 0 {
				return data
			}
			return nats[place].change(data)
		})
		if c := read(t, file); c.NumSessions() != 1 || c.NumConnections() != 3 || len(c.Translations) != 2 {
			t.Errorf("without the SYN-ACKs at place %d: got %d sessions, %d connections and the translations %v, want 1, 3 and two", lacking, c.NumSessions(), c.NumConnections(), c.Translations)
		}
	}
}

// A session that crosses a gateway is one, whatever one of the places lacks: all before a packet, all from it, ten
// packets, or two. Nothing of it is sent again, and each packet has the numbers that it has where it is read, if that
// place has something on both sides of the line that the gateway rewrites.
func TestGatewayBetweenPlaces(t *testing.T) {
	for n, gateway := range []nat{{port: "203,0,113,7,16,76"}, {port: "203,000,113,007,016,076"}, {port: "203,0,113,7,16,76", first: true}} {
		gateway.outside, gateway.sums = netip.MustParseAddr("203.0.113.7"), true
		f := activeSession()
		cut := func(lost func(place, i int) bool) *capture.Capture {
			n := gateway
			return read(t, placedAs(t, f, []string{"client", "server"}, func(i int, _ forge.Frame) []int {
				return slices.DeleteFunc([]int{0, 1}, func(place int) bool { return lost(place, i) })
			}, n.at))
		}
		numbers := map[int64][3]uint32{} // where they are read, by the time
		for p := range cut(func(place, _ int) bool { return false }).Packets() {
			if p.Copy == nil {
				numbers[p.Time/1e6] = [3]uint32{p.TCP.RawSeq, p.TCP.RawAck, uint32(p.TCP.SrcPort)}
			}
		}
		check := func(what string, between bool, lost func(place, i int) bool) {
			c, again := cut(lost), 0
			for p := range c.Packets() {
				if want := numbers[p.Time/1e6]; between && p.Away != nil && want != [3]uint32{p.TCP.RawSeq, p.TCP.RawAck, uint32(p.TCP.SrcPort)} {
					t.Errorf("%+v, without %s: packet %d has the numbers %d and %d, want %d", gateway, what, p.Number, p.TCP.RawSeq, p.TCP.RawAck, want)
				}
			}
			for x := range c.Connections() {
				again += x.ClientFlow.Retransmissions + x.ServerFlow.Retransmissions + x.ClientFlow.OutOfOrder + x.ServerFlow.OutOfOrder
			}
			if c.NumSessions() != 1 || c.NumConnections() > 3 || again > 0 {
				t.Errorf("%+v, without %s: got %d sessions, %d connections and %d packets again, want 1, 3 at most and none", gateway, what, c.NumSessions(), c.NumConnections(), again)
			}
		}
		for i := range f.Frames {
			for at := range 2 {
				check(fmt.Sprintf("those before %d at place %d", i, at), false, func(place, k int) bool { return place == at && k < i })
				check(fmt.Sprintf("those from %d at place %d", i, at), false, func(place, k int) bool { return place == at && k >= i })
				check(fmt.Sprintf("ten from %d at place %d", i, at), true, func(place, k int) bool { return place == at && k >= i && k < i+10 })
				for j := range i {
					if n > 0 || testing.Short() {
						break
					}
					check(fmt.Sprintf("%d at place %d and %d at place 0", i, at, j), true, func(place, k int) bool { return place == at && k == i || place == 0 && k == j })
				}
			}
		}
	}
}

// Connections that no one accepted have one number in common at most. That proves no NAT if nothing
// else does.
func TestRefusedBetweenPlaces(t *testing.T) {
	f := forge.New()
	client, server := f.Pair(forge.Client+":3171", forge.Server+":21")
	client.Segment("S", "")
	server.Segment("R.", "")
	n := nat{outside: netip.MustParseAddr("203.0.113.7")}
	c := read(t, placedAs(t, f, []string{"client", "server"}, func(int, forge.Frame) []int { return []int{0, 1} }, n.at))
	if c.NumConnections() != 2 || len(c.Translations) > 0 {
		t.Errorf("got %d connections and the translations %v, want 2 and none", c.NumConnections(), c.Translations)
	}
}

// places are places at which a session is recorded.
var places = []struct {
	name   string
	names  []string
	at     func(i int, p forge.Frame) []int
	copies func(packets int) int
	places int
}{
	{"one", []string{"client"}, func(int, forge.Frame) []int { return []int{0} }, func(int) int { return 0 }, 0},
	{"both ends", []string{"client", "server"}, func(int, forge.Frame) []int { return []int{0, 1} }, func(n int) int { return n }, 2},
	{"the server's end sees its packets first", []string{"client", "server"}, func(_ int, p forge.Frame) []int {
		if fromServer(p) {
			return []int{1, 0}
		}
		return []int{0, 1}
	}, func(n int) int { return n }, 2},
	{"a tap", []string{"rx", "tx"}, func(_ int, p forge.Frame) []int {
		if fromServer(p) {
			return []int{1}
		}
		return []int{0}
	}, func(int) int { return 0 }, 2},
	{"the parts of a link", []string{"a", "b"}, func(i int, _ forge.Frame) []int { return []int{i % 2} }, func(int) int { return 0 }, 2},
}
