package capture_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/internal/forge"
)

func itoa(n int) string { return strconv.Itoa(n) }

// describe tells the facts of a trace in a few lines: the connections, then the
// exchanges of each forge.Session, with the packets of commands and replies.
func describe(t *capture.Capture) string {
	var b strings.Builder
	for c := range t.Connections() {
		fmt.Fprintf(&b, "%d %s", c.ID, c.Role)
		if c.Mode != "" {
			fmt.Fprintf(&b, " %s", c.Mode)
		}
		fmt.Fprintf(&b, " %s %s %s %d/%d", c.Client, c.Server, c.History, c.ClientFlow.Bytes, c.ServerFlow.Bytes)
		if c.OpenedBy != "" {
			fmt.Fprintf(&b, " by %s", c.OpenedBy)
		}
		if n := c.Missing(); n > 0 {
			fmt.Fprintf(&b, " missing %d", n)
		}
		if c.DataPort != nil {
			fmt.Fprintf(&b, " %s@%d", c.DataPort.Command, c.DataPort.Packet)
			if c.DataPort.ThirdParty {
				b.WriteString("!")
			}
		}
		if c.Transfer != nil {
			fmt.Fprintf(&b, " %s@%d=%d", c.Transfer.Command, c.Transfer.Packet, c.Transfer.Reply)
		}
		if c.SHA256 != "" {
			b.WriteString(" " + c.SHA256[:8])
		}
		if c.Proxy != nil {
			fmt.Fprintf(&b, " behind %s for %s", c.Proxy.Kind, c.Proxy.Server)
		}
		b.WriteString("\n")
	}
	for s := range t.Sessions() {
		fmt.Fprintf(&b, "session %d user %q", s.Control.ID, s.User)
		if s.TLS {
			fmt.Fprintf(&b, " TLS@%d", s.TLSFrom)
		}
		b.WriteString("\n")
		for _, r := range s.Unsolicited {
			fmt.Fprintf(&b, "  - %d@%d\n", r.Code, r.Packet)
		}
		for _, e := range s.Exchanges {
			fmt.Fprintf(&b, "  %q@%d", strings.TrimSpace(e.Command+" "+e.Argument), e.Packet)
			for _, r := range e.Replies {
				fmt.Fprintf(&b, " %d@%d", r.Code, r.Packet)
			}
			b.WriteString("\n")
		}
	}
	return b.String()
}

// read reads a capture that must be one.
func read(t testing.TB, file []byte) *capture.Capture {
	t.Helper()
	tr, err := capture.Read(bytes.NewReader(file), capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// A trap is a capture that is easily misread, and what it says.
type trap struct {
	name string
	make func(f *forge.Capture)
	want string
}

// login is what every session that begins with forge.login says.
const login = "  - 220@4\n" + loggedIn

const loggedIn = `  "USER anonymous"@6 331@8
  "PASS me@mypc.test"@10 230@12
`

// traps are all of them.
var traps = slices.Concat(trapsOfStreams, trapsOfProtocols)

// trapsOfStreams are about TCP, and what belongs together.
var trapsOfStreams = []trap{
	{"active listing", func(f *forge.Capture) {
		x := f.Login()
		x.Active(3172, "LIST", strings.Repeat("x", 164))
		x.Quit()
	}, `0 control 198.51.100.100:3171 192.0.2.21:21 ShAdDafF 75/158 by client
1 data active 198.51.100.100:3172 192.0.2.21:20 ShADaFf 0/164 by server PORT@14 LIST@18=226 ` + sum(strings.Repeat("x", 164)) + `
session 0 user "anonymous"
` + login + `  "PORT 198,51,100,100,12,100"@14 200@16
  "LIST"@18 150@23 226@30
  "QUIT"@32 221@34
`},
	{"lines cut into single bytes", func(f *forge.Capture) {
		c, s := f.Dial(forge.Client+":3171", forge.Server+":21")
		f.MSS = 1
		s.Send("220 ok\r\n")
		c.Send("USER a\r\n")
		s.Send("230 in\r\n")
	}, `0 control 198.51.100.100:3171 192.0.2.21:21 ShAdDa 8/16 by client
session 0 user "a"
  - 220@11
  "USER a"@20 230@29
`},
	{"replies of many lines", func(f *forge.Capture) {
		x := f.Login()
		x.Ask("FEAT", "211-Features:\r\n MDTM\r\n211 not the end? yes, it is\r\n211 stray")
		x.Ask("STAT", "213-Status\r\n200 is not the end\r\n213-nor is this\r\n213")
		x.Ask("NOOP", "200 OK")
	}, `0 control 198.51.100.100:3171 192.0.2.21:21 ShAdDa 53/184 by client
session 0 user "anonymous"
  - 220@4
  - 211@16
  "USER anonymous"@6 331@8
  "PASS me@mypc.test"@10 230@12
  "FEAT"@14 211@16
  "STAT"@18 213@20
  "NOOP"@22 200@24
`},
	{"pipelined commands", func(f *forge.Capture) {
		x := f.Login()
		x.Client.Send("CWD a\r\nCWD b\r\nPWD\r\n")
		x.Server.Send("250 a\r\n550 no b\r\n257 \"/a\"\r\n")
	}, `0 control 198.51.100.100:3171 192.0.2.21:21 ShAdDa 54/87 by client
session 0 user "anonymous"
` + login + `  "CWD a"@14 250@16
  "CWD b"@14 550@16
  "PWD"@14 257@16
`},
	{"Telnet commands before ABOR", func(f *forge.Capture) {
		x := f.Login()
		x.Client.Send("\xff\xf4\xff\xf2ABOR\r\n")
		x.Server.Send("226 Nothing to abort.\r\n")
		x.Client.Send("CWD caf\xff\xff\r\n")
		x.Server.Send("250 ok\r\n")
	}, `0 control 198.51.100.100:3171 192.0.2.21:21 ShAdDa 56/91 by client
session 0 user "anonymous"
` + login + `  "ABOR"@14 226@16
  "CWD caf\xff"@18 250@20
`},
	{"retransmission, reordering and overlap", func(f *forge.Capture) {
		x := f.Login()
		x.Client.SegmentAt(0, "P.", "CWD dir")
		x.Client.SegmentAt(9, "P.", "tory\r\n")          // before its turn
		x.Client.SegmentAt(3, "P.", " XXXec")            // overlaps, with other bytes
		x.Client.SegmentAt(0, "P.", "CWD directory\r\n") // all of it again
		x.Client.Seq += 15
		x.Server.ACK()
		x.Server.Send("250 ok\r\n")
	}, `0 control 198.51.100.100:3171 192.0.2.21:21 ShAdDaT 50/68 by client
session 0 user "anonymous"
` + login + `  "CWD directory"@15 250@19
`},
	{"a FIN before its data", func(f *forge.Capture) {
		x := f.Login()
		x.Ask("PASV", "227 Entering Passive Mode (192,0,2,21,14,84).")
		c, s := f.Dial(forge.Client+":24626", forge.Server+":3668")
		x.Ask("LIST", "150 Here it comes.")
		s.SegmentAt(0, "P.", strings.Repeat("y", 1167))
		s.Seq += 1167
		s.FIN()
		f.Swap(0)
		c.ACK()
		c.FIN()
		x.Server.Send("226 Done.\r\n")
	}, `0 control 198.51.100.100:3171 192.0.2.21:21 ShAdDa 47/138 by client
1 data passive 198.51.100.100:24626 192.0.2.21:3668 ShAfdtF 0/1167 by client PASV@14 LIST@21=226 ` + sum(strings.Repeat("y", 1167)) + `
session 0 user "anonymous"
` + login + `  "PASV"@14 227@16
  "LIST"@21 150@23 226@29
`},
	{"a connection without its beginning", func(f *forge.Capture) {
		c, s := f.Pair(forge.Client+":3171", forge.Server+":21")
		s.Send("230 Logged in.\r\n")
		c.Send("NOOP\r\n")
		c.SegmentAt(-1, "P.", "\x00") // a keep-alive probe
		s.ACK()
		s.Send("200 OK\r\n")
	}, `0 control 198.51.100.100:3171 192.0.2.21:21 dADaT 6/24
session 0 user ""
  - 230@1
  "NOOP"@3 200@7
`},
	{"a connection without its beginning, typed", func(f *forge.Capture) {
		c, s := f.Pair(forge.Client+":3171", forge.Server+":21")
		c.Send("N")
		c.Send("OOP\r\n")
		s.Send("200 OK\r\n")
	}, `0 control 198.51.100.100:3171 192.0.2.21:21 DadA 6/8
session 0 user ""
  "NOOP"@3 200@5
`},
	{"a probe of any byte, before a connection without its beginning", func(f *forge.Capture) {
		c, s := f.Pair(forge.Client+":3171", forge.Server+":21")
		c.ACK()
		c.SegmentAt(-1, "P.", "x")
		s.ACK()
		c.Send("NOOP\r\n")
		s.Send("200 OK\r\n")
	}, `0 control 198.51.100.100:3171 192.0.2.21:21 ADTad 6/8
session 0 user ""
  "NOOP"@4 200@6
`},
	{"captures that begin with a probe", func(f *forge.Capture) {
		for i, probe := range []string{"\x00", "\n"} {
			c, s := f.Pair(forge.Client+":317"+itoa(i), forge.Server+":21")
			c.SegmentAt(-1, "P.", probe)
			s.ACK()
			c.Send("NOOP\r\n")
			s.Send("200 OK\r\n")
		}
	}, `0 control 198.51.100.100:3170 192.0.2.21:21 DadA 6/8
1 control 198.51.100.100:3171 192.0.2.21:21 DadA 6/8
session 0 user ""
  "NOOP"@3 200@5
session 1 user ""
  "NOOP"@9 200@11
`},
	{"a connection with its end missing, and a hole", func(f *forge.Capture) {
		x := f.Login()
		x.Client.Send("CWD somewhere\r\n")
		f.Drop(1)
		x.Server.Send("250 ok\r\n")
		x.Ask("PWD", "257 \"/somewhere\"")
	}, `0 control 198.51.100.100:3171 192.0.2.21:21 ShAdDa 40/86 by client missing 15
session 0 user "anonymous"
  - 220@4
  - 250@15
  "USER anonymous"@6 331@8
  "PASS me@mypc.test"@10 230@12
  "PWD"@17 257@19
`},
	{"packets cut short by the recorder", func(f *forge.Capture) {
		x := f.Login()
		x.Ask("CWD a", "250 This is a long reply of which the recorder kept the beginning only.")
		f.Last(1).Cut(14 + 20 + 20 + 9)
		x.Ask("PWD", "257 \"/a\"")
	}, `0 control 198.51.100.100:3171 192.0.2.21:21 ShAdDa 47/143 by client
session 0 user "anonymous"
` + login + `  "CWD a"@14 250@16
  "PWD"@18 257@20
`},
	{"the same ports again", func(f *forge.Capture) {
		x := f.Login()
		x.Quit()
		c, s := f.Pair(forge.Client+":3171", forge.Server+":21")
		c.Seq, s.Seq = 70001, 80001
		c.Handshake()
		s.Send("220 again\r\n")
		c.Send("USER two\r\n")
		s.Send("530 no\r\n")
	}, `0 control 198.51.100.100:3171 192.0.2.21:21 ShAdDafF 41/74 by client
1 control 198.51.100.100:3171 192.0.2.21:21 ShAdDa 10/19 by client
session 0 user "anonymous"
` + login + `  "QUIT"@14 221@16
session 1 user "two"
  - 220@24
  "USER two"@26 530@28
`},
	{"two sessions at once, one transfer each to the same port number", func(f *forge.Capture) {
		x := f.Login()
		c, s := f.Dial("198.51.100.101:4000", forge.Server+":21")
		s.Send("220 ok\r\n")
		y := forge.Session{Capture: f, Client: c, Server: s}
		y.Ask("USER b", "230 in")
		x.Ask("PORT 198,51,100,100,12,100", "200 ok")
		y.Ask("PORT 198,51,100,101,12,100", "200 ok")
		y.Client.Send("NLST\r\n")
		d, _ := f.Dial(forge.Server+":20", "198.51.100.101:3172")
		d.Send("b")
		x.Client.Send("NLST\r\n")
		e, _ := f.Dial(forge.Server+":20", "198.51.100.100:3172")
		e.Send("aa")
		d.FIN()
		e.FIN()
	}, `0 control 198.51.100.100:3171 192.0.2.21:21 ShAdDa 69/68 by client
1 control 198.51.100.101:4000 192.0.2.21:21 ShAdDa 42/24 by client
2 data active 198.51.100.101:3172 192.0.2.21:20 ShADaF 0/1 by server PORT@27 NLST@31=0 ` + sum("b") + `
3 data active 198.51.100.100:3172 192.0.2.21:20 ShADaF 0/2 by server PORT@23 NLST@38=0 ` + sum("aa") + `
session 0 user "anonymous"
` + login + `  "PORT 198,51,100,100,12,100"@23 200@25
  "NLST"@38
session 1 user "b"
  - 220@17
  "USER b"@19 230@21
  "PORT 198,51,100,101,12,100"@27 200@29
  "NLST"@31
`},
	{"sequence numbers that wrap", func(f *forge.Capture) {
		c, s := f.Pair(forge.Client+":3171", forge.Server+":21")
		c.Seq, s.Seq = 0xfffffffa, 0xffffffff
		c.Handshake()
		s.Send("220 ok\r\n")
		c.Send("USER wrap\r\n")
		s.Send("230 in\r\n")
		c.Close()
	}, `0 control 198.51.100.100:3171 192.0.2.21:21 ShAdDaFf 11/16 by client
session 0 user "wrap"
  - 220@4
  "USER wrap"@6 230@8
`},
	{"a clock that runs backwards", func(f *forge.Capture) {
		x := f.Login()
		f.Pass(-time.Hour)
		x.Ask("NOOP", "200 OK")
	}, `0 control 198.51.100.100:3171 192.0.2.21:21 ShAdDa 41/68 by client
session 0 user "anonymous"
` + login + `  "NOOP"@14 200@16
`},
	{"an address translator between them", func(f *forge.Capture) {
		x := f.Login()
		x.Ask("PASV", "227 Entering Passive Mode (10,0,0,5,14,84)")
		c, s := f.Dial(forge.Client+":24626", forge.Server+":3668")
		x.Ask("RETR f", "150 ok")
		s.Send("data")
		s.Close()
		_ = c
		x.Server.Send("226 ok\r\n")
	}, `0 control 198.51.100.100:3171 192.0.2.21:21 ShAdDa 49/120 by client
1 data passive 198.51.100.100:24626 192.0.2.21:3668 ShAdfFa 0/4 by client PASV@14! RETR@21=226 ` + sum("data") + `
session 0 user "anonymous"
` + login + `  "PASV"@14 227@16
  "RETR f"@21 150@23 226@30
`},
	{"SIZE between PASV and RETR", func(f *forge.Capture) {
		x := f.Login()
		x.Ask("PASV", "227 Entering Passive Mode (192,0,2,21,14,84)")
		x.Ask("SIZE f", "213 4")
		_, s := f.Dial(forge.Client+":24626", forge.Server+":3668")
		x.Ask("RETR f", "150 ok")
		s.Send("data")
		s.FIN()
		x.Server.Send("226 ok\r\n")
	}, `0 control 198.51.100.100:3171 192.0.2.21:21 ShAdDa 57/129 by client
1 data passive 198.51.100.100:24626 192.0.2.21:3668 ShAdf 0/4 by client PASV@14 RETR@25=226 ` + sum("data") + `
session 0 user "anonymous"
` + login + `  "PASV"@14 227@16
  "SIZE f"@18 213@20
  "RETR f"@25 150@27 226@32
`},
	{"EPRT on IPv6", func(f *forge.Capture) {
		c, s := f.Dial("[2001:db8::100]:3171", "[2001:db8::21]:21")
		s.Send("220 ok\r\n")
		x := forge.Session{Capture: f, Client: c, Server: s}
		x.Ask("USER a", "230 in")
		x.Ask("EPRT |2|2001:db8::100|3172|", "200 ok")
		c.Send("STOR f\r\n")
		_, d := f.Dial("[2001:db8::21]:20", "[2001:db8::100]:3172")
		d.Send("upload")
		d.Close()
		s.Send("226 ok\r\n")
	}, `0 control [2001:db8::100]:3171 [2001:db8::21]:21 ShAdDa 45/32 by client
1 data active [2001:db8::100]:3172 [2001:db8::21]:20 ShAdfFa 6/0 by server EPRT@10 STOR@14=226 ` + sum("upload") + `
session 0 user "a"
  - 220@4
  "USER a"@6 230@8
  "EPRT |2|2001:db8::100|3172|"@10 200@12
  "STOR f"@14 226@24
`},
	{"a dialogue inside a data connection", func(f *forge.Capture) {
		x := f.Login()
		x.Active(3172, "STOR log.txt", "220 ready\r\nUSER a\r\n331 x\r\nPASS b\r\n230 in\r\n")
	}, `0 control 198.51.100.100:3171 192.0.2.21:21 ShAdDa 77/144 by client
1 data active 198.51.100.100:3172 192.0.2.21:20 ShAdfFa 42/0 by server PORT@14 STOR@18=226 ` +
		sum("220 ready\r\nUSER a\r\n331 x\r\nPASS b\r\n230 in\r\n") + `
session 0 user "anonymous"
` + login + `  "PORT 198,51,100,100,12,100"@14 200@16
  "STOR log.txt"@18 150@23 226@30
`},
	{"data from port 20 that nothing announces", func(f *forge.Capture) {
		s, _ := f.Pair(forge.Server+":20", forge.Client+":3172")
		s.Send("a listing")
	}, `0 data active 198.51.100.100:3172 192.0.2.21:20 dA 0/9
`}, // the capture does not show where it begins
	{"a connection refused", func(f *forge.Capture) {
		c, s := f.Pair(forge.Client+":3171", forge.Server+":21")
		c.SegmentAt(0, "S", "")
		c.Seq++
		s.SegmentAt(0, "R.", "")
	}, `0 other 198.51.100.100:3171 192.0.2.21:21 Sr 0/0 by client
`},
}

func TestTraps(t *testing.T) {
	for _, trap := range traps {
		t.Run(strings.ReplaceAll(trap.name, " ", "_"), func(t *testing.T) {
			f := forge.New()
			trap.make(f)
			tr := read(t, f.PCAP())
			if got := describe(tr); got != trap.want {
				t.Errorf("got\n%swant\n%s", got, trap.want)
			}
			wantHeard(t, trap.name, tr)
		})
	}
}

// A capture that is cut off anywhere is read up to the last whole packet.
func TestCutOff(t *testing.T) {
	f := forge.New()
	f.Login().Quit()
	whole := f.PCAP()
	for n := 24; n < len(whole); n++ {
		tr := read(t, whole[:n])
		full, at := 0, 24
		for full < len(f.Frames) && at+16+len(f.Frames[full].Data) <= n {
			at += 16 + len(f.Frames[full].Data)
			full++
		}
		if tr.Size != full || (tr.Cut != "") != (at < n) {
			t.Fatalf("first %d bytes: got %d packets, cut %q; want %d packets", n, tr.Size, tr.Cut, full)
		}
	}
}

// sum is the beginning of the digest of a text.
func sum(text string) string {
	h := sha256.Sum256([]byte(text))
	return hex.EncodeToString(h[:])[:8]
}
