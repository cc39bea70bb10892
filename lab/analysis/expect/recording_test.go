// Captures are forged, packet by packet, for the tests of this package.

package expect

import (
	"bytes"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/internal/forge"
)

var (
	clientAddr = netip.MustParseAddr("198.51.100.100")
	serverAddr = netip.MustParseAddr("192.0.2.21")
	nameAddr   = netip.MustParseAddr("192.0.2.53")
	// loopbackAddr is that of all hosts on loopback.
	loopbackAddr  = netip.MustParseAddr("127.0.0.1")
	loopbackHosts = Hosts{"client": {loopbackAddr}, "server": {loopbackAddr}}
	hosts         = Hosts{"client": {clientAddr}, "server": {serverAddr}, "nameserver": {nameAddr}}
)

// A recording is a capture in the making, of hosts with addresses of their own or of one that
// is all of them.
type recording struct {
	*forge.Capture
	loopback bool
}

// at is where an address is in this recording.
func (g *recording) at(addr string) netip.AddrPort {
	a := netip.MustParseAddrPort(addr)
	if g.loopback {
		a = netip.AddrPortFrom(loopbackAddr, a.Port())
	}
	return a
}

// hostPort is where an address is, as PORT and 227 write it.
func (g *recording) hostPort(addr string) string { return forge.HostPort(g.at(addr)) }

// connect opens a connection, and returns the end that opened it.
func connect(g *recording, from, to string) *forge.End {
	a, b := g.Pair(g.at(from).String(), g.at(to).String())
	b.Seq = 4294967291 // the numbers wrap
	a.Window, a.Options = 65535, []byte{2, 4, 5, 172}
	b.Window, b.Options = 17520, []byte{2, 4, 5, 172}
	a.Handshake()
	return a
}

// arp is a question for the gateway and its answer.
func arp(g *recording) {
	client, gateway := append([]byte{2, 0, 0, 0, 0, 1}, clientAddr.AsSlice()...), []byte{2, 0, 0, 0, 0, 2, 198, 51, 100, 1}
	header := []byte{8, 6, 0, 1, 8, 0, 6, 4, 0}
	unknown := append(make([]byte, 6), gateway[6:]...)
	g.Frame(slices.Concat(gateway[:6], client[:6], header, []byte{1}, client, unknown))
	g.Frame(slices.Concat(client[:6], gateway[:6], header, []byte{2}, gateway, client))
}

// capture reads what was forged.
func (g *recording) capture(t testing.TB) *capture.Capture {
	t.Helper()
	c, err := capture.Read(bytes.NewReader(g.PCAP()), capture.Options{})
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
	Ports      []uint16
}

// ForgedPairs are the active listing with a want written by hand, and every
// session with a derived one. Two of these have addresses or stars in place of names.
func ForgedPairs(t testing.TB) []Pair {
	pairs := []Pair{{"active listing", activeWant, activeListing().PCAP(), hosts, nil}}
	for _, s := range sessions {
		g := &recording{forge.New(), false}
		s.run(t, g, false)
		pairs = append(pairs, Pair{"derived: " + s.name, derive(t, g.capture(t), hosts), g.PCAP(), hosts, nil})
	}
	two := twoSessions()
	pairs = append(pairs, Pair{"two sessions", derive(t, two.capture(t), hosts), two.PCAP(), hosts, nil})
	for _, s := range sessions[:4] { // the last two are not of FTP alone
		g := &recording{forge.New(), true}
		s.run(t, g, false)
		pairs = append(pairs, Pair{"on loopback: " + s.name, derive(t, g.capture(t), loopbackHosts), g.PCAP(), loopbackHosts, nil})
		if s.name == "active" {
			literal := derive(t, g.capture(t), Hosts{})
			starred := strings.ReplaceAll(literal, loopbackAddr.String()+".", "*.")
			pairs = append(pairs, Pair{"addresses", literal, g.PCAP(), Hosts{}, nil}, Pair{"stars", starred, g.PCAP(), Hosts{}, nil})
		}
	}
	g := &recording{forge.New(), false}
	connect(g, "198.51.100.100:3171", "192.0.2.21:2121").Peer.Send("220 ready\r\n")
	return append(pairs, Pair{"a greeting at another port", greetingWant, g.PCAP(), hosts, []uint16{2121}})
}

const greetingWant = `ctl client.3171 > server.2121

ctl client > server [S]
ctl server > client [S.]
ctl client > server [.]
ctl server > client "220 *"
`

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

func login(g *recording) *forge.End {
	ctl := connect(g, "198.51.100.100:3171", "192.0.2.21:21")
	ctl.Peer.Segment("P.", "220 Welcome\r\n")
	ctl.Segment(".", "")
	ctl.Segment("P.", "USER anonymous\r\n")
	ctl.Peer.Segment("P.", "331 Send your address\r\n")
	ctl.Segment("P.", "PASS me@mypc.test\r\n")
	ctl.Peer.Segment("P.", "230-Hello\r\n")
	ctl.Peer.Segment("P.", "230 Go on\r\n")
	ctl.Segment(".", "")
	return ctl
}

func quit(ctl *forge.End) {
	ctl.Segment("P.", "QUIT\r\n")
	ctl.Peer.Segment("P.", "221 Bye\r\n")
	ctl.Peer.Segment("F.", "")
	ctl.Segment("F.", "")
	ctl.Peer.Segment(".", "")
}

func activeListing() *recording {
	g := &recording{forge.New(), false}
	ctl := login(g)
	ctl.Segment("P.", "PORT 198,51,100,100,12,100\r\n")
	ctl.Peer.Segment("P.", "200 Fine\r\n")
	ctl.Segment("P.", "LIST\r\n")
	data := connect(g, "192.0.2.21:20", "198.51.100.100:3172")
	ctl.Peer.Segment("P.", "150 Here it comes\r\n")
	data.Segment("P.", "-rw-r--r-- 1 ftp ftp 164 Jan  1 00:00 README and mor\r\n"[:30])
	data.Segment("P.", "-rw-r--r-- 1 ftp ftp 164 Jan  1 00:00 README and moreit\r\n"[30:55])
	data.Peer.Segment(".", "")
	data.Segment("F.", "")
	ctl.Peer.Segment("P.", "226 Done\r\n")
	data.Peer.Segment(".", "")
	data.Peer.Segment("F.", "")
	data.Segment(".", "")
	quit(ctl)
	return g
}

// dataConn is an active data connection on which 55 bytes came, up to before
// the FINs.
func dataConn(g *recording) *forge.End {
	c := connect(g, "192.0.2.21:20", "198.51.100.100:3172")
	c.Segment("P.", strings.Repeat("x", 55))
	return c
}

// closedDataConn is the same, closed by both sides, the server first.
func closedDataConn(g *recording) *forge.End {
	c := dataConn(g)
	c.Segment("F.", "")
	c.Peer.Segment("F.", "")
	c.Segment(".", "")
	return c
}

// dns is a question for an address and an answer with four authority and four
// additional records, 215 bytes in all.
func dns(g *recording, client, server string) {
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
	g.UDP(client+":3170", server+":53", question)
	g.UDP(server+":53", client+":3170", answer)
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
