package capture_test

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/tcp"
	"ftplab/lab/internal/forge"
)

// What is announced in a rare or malformed way is a data port if a connection comes to it.
func TestRareDataPorts(t *testing.T) {
	for _, c := range []struct {
		command, reply string
		malformed      bool
	}{
		{"LPSV", "228 Entering Long Passive Mode (4,4,192,0,2,21,2,195,81)", false},
		{"PASV", "227 192,0,2,21,195,81", false},
		{"PASV", "227 Entering Passive Mode (192.0.2.21.195.81).", true},
		{"PASV", "227 Entering Passive Mode (192.0.2.21,195,81).", true},
		{"PASV", "227 Entering Passive Mode (192.0.2.21:50001)", true},
		{"PASV", "227 Entering Passive Mode (192;0;2;21;195;81)", true},
		{"EPSV", "229 Entering Extended Passive Mode (!!!50001!)", false},
		{"EPSV", "229 Entering Extended Passive Mode ((((50001()", false},
		{"EPSV", "229 Entering Extended Passive Mode ()))50001))", false},
		{"EPSV", "229 Entering Extended Passive Mode ((|||50001|))", false},
		{"EPSV", "229 Entering Extended Passive Mode (   50001 )", true},
		{"EPSV", "229 Entering Extended Passive Mode (||50001|)", true},
		{"EPSV", "229 Entering Extended Passive Mode (|||50001)", true},
		{"EPSV", "229 Entering Extended Passive Mode (50001)", true},
		{"EPSV", "229 Entering Extended Passive Mode (|1|192.0.2.21|50001|)", true},
		{"EPSV", "229 Extended Passive Mode OK on port 50001.", true},
		{"EPSV", "227 Entering Passive Mode (192,0,2,21,195,81)", false},
		{"PASV", "229 Entering Extended Passive Mode (|||50001|)", false},
		{"EPSV", "200 EPSV ok (|||50001|)", true},
		{"PASV", "200 Entering Passive Mode (192,0,2,21,195,81)", true},
	} {
		for _, called := range []bool{true, false} {
			f := forge.New()
			x := f.Login()
			x.Ask(c.command, c.reply)
			if called {
				_, s := f.Dial(forge.Client+":40001", forge.Server+":50001")
				s.Send("data")
				s.Close()
			}
			x.Ask("LIST", "150 here", "226 done")
			tr := read(t, f.PCAP())
			s := tr.Session(0)
			if !called && c.malformed {
				if len(s.DataPorts) != 0 {
					t.Errorf("%q: a data port although nothing came to it", c.reply)
				}
				continue
			}
			if len(s.DataPorts) != 1 || s.DataPorts[0].Malformed != c.malformed || s.DataPorts[0].Addr.String() != forge.Server+":50001" {
				t.Errorf("%q: got %+v", c.reply, s.DataPorts)
				continue
			}
			if got := s.DataPorts[0].Command; got != c.command {
				t.Errorf("%s, %q: got a data port of %s", c.command, c.reply, got)
			}
			if l := s.DataPorts[0]; !l.SaidIn(&ftp.Line{From: ftp.Server, Text: c.reply, Complete: true}) {
				t.Errorf("%q does not say %s", c.reply, l.Addr)
			}
			if !called {
				continue
			}
			if x := tr.Connection(1); x.Role != ftp.Data || x.Transfer == nil || x.Transfer.Command != "LIST" {
				t.Errorf("%q: the connection is %+v", c.reply, x.Identity)
			}
		}
	}
}

// LPRT announces an address of the client (RFC 1639).
func TestLongPort(t *testing.T) {
	f := forge.New()
	x := f.Login()
	x.Ask("LPRT 4,4,198,51,100,100,2,195,81", "200 ok")
	x.Client.Send("LIST\r\n")
	s, _ := f.Dial(forge.Server+":20", forge.Client+":50001")
	s.Send("data")
	s.Close()
	tr := read(t, f.PCAP())
	if c := tr.Connection(1); c.DataPort == nil || c.DataPort.Command != "LPRT" || c.Transfer == nil {
		t.Errorf("got %+v", c.Identity)
	}
}

// A number that the recorder may have cut short is none.
func TestCutDataPort(t *testing.T) {
	for _, line := range []string{"EPRT |1|198.51.100.100|500", "PORT 198,51,100,100,195,8"} {
		f := forge.New()
		x := f.Login()
		x.Client.Send(line)
		x.Client.Seq += 4 // the rest is not in the capture
		x.Server.Send("200 ok\r\n")
		x.Client.Send("LIST\r\n")
		if ports := read(t, f.PCAP()).Session(0).DataPorts; len(ports) != 0 {
			t.Errorf("%q: got %s", line, ports[0].Addr)
		}
	}
}

// A data port is used up by its transfer, and when its session is over.
func TestUsedUpDataPort(t *testing.T) {
	f := forge.New()
	x := f.Login()
	x.Ask("PASV", "227 (192,0,2,21,195,81)")
	call := func(port int) {
		_, s := f.Dial(forge.Client+":"+itoa(port), forge.Server+":50001")
		s.Send("data")
		s.Close()
	}
	call(40001)
	x.Ask("LIST", "150 here", "226 done")
	call(40002) // nobody asked for it
	x.Ask("PASV", "227 (192,0,2,21,195,81)")
	x.Quit()
	call(40003) // after the session
	var got []string
	for c := range read(t, f.PCAP()).Connections() {
		got = append(got, string(c.Role))
	}
	if want := "[control data other other]"; fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

// A server may listen on for a second transfer, and a client's port is good for many.
func TestDataPortForMany(t *testing.T) {
	f := forge.New()
	x := f.Login()
	x.Ask("PASV", "227 (192,0,2,21,195,81)")
	for i := range 2 {
		x.Client.Send("RETR " + itoa(i) + "\r\n")
		x.Server.Send("150 here\r\n")
		_, s := f.Dial(forge.Client+":"+itoa(40100+i), forge.Server+":50001")
		s.Close()
		x.Server.Send("226 done\r\n")
	}
	x.Ask("PORT "+"198,51,100,100,195,80", "200 ok")
	for i := range 2 {
		x.Client.Send("RETR active" + itoa(i) + "\r\n")
		s, _ := f.Pair(forge.Server+":20", forge.Client+":50000")
		s.Seq += uint32(i) * 100_000
		s.Handshake()
		x.Server.Send("150 here\r\n")
		s.Close()

		x.Server.Send("226 done\r\n")
	}
	got := gist(read(t, f.PCAP()))
	for _, want := range []string{"for RETR 0", "for RETR 1", "for RETR active0", "for RETR active1"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in %s", want, got)
		}
	}
}

// A scan's probe of port 20 belongs to no forge.Session, nor does a connection from port 20 to
// one that began later.
func TestPort20(t *testing.T) {
	f := forge.New()
	c, _ := f.Pair(forge.Client+":39677", forge.Server+":20")
	c.SegmentAt(0, "S", "")
	c.Peer.SegmentAt(0, "R.", "")
	_, early := f.Dial(forge.Server+":20", forge.Client+":50000")
	early.Peer.Send("before the session")
	x := f.Login()
	f.Dial(forge.Server+":20", forge.Client+":50001")
	x.Quit()
	var got []string
	for c := range read(t, f.PCAP()).Connections() {
		got = append(got, fmt.Sprint(c.Role, " ", c.Control))
	}
	if want := "[other -1 other -1 control -1 data 2]"; fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

// A connection between two servers belongs to the sessions with both, whatever their ports are. It is
// the active server's, which opens it.
func TestSiteToSite(t *testing.T) {
	for _, ports := range [][2]string{{"21", "21"}, {"21", "2121"}, {"2121", "21"}, {"2121", "2122"}} {
		f := forge.New()
		session := func(port, server string) forge.Session {
			x := forge.Session{Capture: f}
			x.Client, x.Server = f.Dial(forge.Client+":"+port, server)
			x.Server.Send("220 ready\r\n")
			x.Ask("USER me", "230 in")
			return x
		}
		a, b := session("3171", forge.Server+":"+ports[0]), session("3172", "192.0.2.99:"+ports[1])
		a.Ask("PASV", "227 (192,0,2,21,195,81)")
		b.Ask("PORT 192,0,2,21,195,81", "200 ok")
		a.Client.Send("STOR x\r\n")
		b.Client.Send("RETR y\r\n")
		from, to := f.Dial("192.0.2.99:20", forge.Server+":50001")
		a.Server.Send("150 here\r\n")
		b.Server.Send("150 here\r\n")
		from.Send("four thousand bytes")
		from.FIN()
		to.FIN()
		a.Server.Send("226 done\r\n")
		b.Server.Send("226 done\r\n")
		tr := read(t, f.PCAP())
		for control, want := range []string{"STOR [2]", "RETR [2]"} {
			got := ""
			for _, e := range tr.Session(control).Exchanges {
				if e.Sender() != "" {
					got = fmt.Sprint(e.Command, " ", e.Data)
				}
			}
			if got != want {
				t.Errorf("ports %s, session %d: got %s, want %s", ports, control, got, want)
			}
		}
		for control := range 2 {
			port := tr.Session(control).DataPorts[0]
			if got := fmt.Sprint(port.SiteToSite, port.Connections); got != "[2] [2]" {
				t.Errorf("ports %s, session %d: between two servers are %s", ports, control, got)
			}
		}
		x := tr.Connection(2)
		if x.Control != 1 || x.Transfer.Command != "RETR" || x.Mode != ftp.Active || x.OpenedBy != ftp.Server || x.ServerFlow.Bytes == 0 {
			t.Errorf("ports %s: got %+v", ports, x.Identity)
		}
	}
}

// A transfer has the mode that the session agreed on.
func TestTransferMode(t *testing.T) {
	f := forge.New()
	x := f.Login()
	x.Active(3172, "RETR a", "data")
	x.Ask("MODE Z", "200 ok")
	x.Active(3173, "RETR b", "\x78\x9c")
	x.Ask("mode s", "200 ok")
	x.Ask("MODE C", "504 no")
	x.Active(3174, "RETR c", "data")
	var got []string
	for c := range read(t, f.PCAP()).Connections() {
		if c.Transfer != nil {
			got = append(got, c.Transfer.Argument+c.Transfer.Mode)
		}
	}
	if want := "[a bZ c]"; fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

// A client that reaches the server through a proxy asks the proxy for its data connections, too. What
// they carry begins after the proxy's reply, which may come late: it was lost, and is sent again.
func TestProxiedData(t *testing.T) {
	const proxy = "192.0.2.80:1080"
	granted4, granted5 := "\x00\x5a\x00\x00\x00\x00\x00\x00", "\x05\x00\x00\x01\x0a\x00\x00\x01\x9c\x41"
	for _, c := range []struct {
		kind, control, data string   // the requests
		replies             []string // of the proxy
		passive, announced  string
		want                ftp.Role
	}{
		{"SOCKS4", "\x04\x01\x00\x15\xc0\x00\x02\x15\x00", "\x04\x01\xc3\x51\xc0\x00\x02\x15\x00", []string{granted4},
			"PASV", "227 (192,0,2,21,195,81)", ftp.Data},
		{"SOCKS4", "\x04\x01\x00\x15\xc0\x00\x02\x15\x00", "\x04\x01\xc3\x51\xc0\x00\x02\x15\x00", []string{granted4},
			"EPSV", "229 Extended (|||50001|)", ftp.Data},
		{"SOCKS4", "\x04\x01\x00\x15\xc0\x00\x02\x15\x00", "\x04\x01\xc3\x52\xc0\x00\x02\x15\x00", []string{granted4},
			"PASV", "227 (192,0,2,21,195,81)", ftp.Other},
		{"SOCKS5", "\x05\x01\x00|\x05\x01\x00\x01\xc0\x00\x02\x15\x00\x15", "\x05\x01\x00|\x05\x01\x00\x01\xc0\x00\x02\x15\xc3\x51", []string{"\x05\x00", granted5},
			"PASV", "227 (192,0,2,21,195,81)", ftp.Data},
		{"SOCKS5", "\x05\x01\x00|\x05\x01\x00\x03\x08ftp.test\x00\x15", "\x05\x01\x00|\x05\x01\x00\x03\x08ftp.test\xc3\x51", []string{"\x05\x00", granted5},
			"EPSV", "229 Extended (|||50001|)", ftp.Data},
		{"HTTP CONNECT", "CONNECT 192.0.2.21:21 HTTP/1.1\r\n\r\n", "CONNECT 192.0.2.21:50001 HTTP/1.1\r\n\r\n", []string{"HTTP/1.1 200 ok\r\n\r\n"},
			"PASV", "227 (192,0,2,21,195,81)", ftp.Data},
	} {
		for _, variant := range []struct {
			size int
			late bool // the capture has the last reply of the proxy after the content
		}{{30, false}, {30_000, false}, {30, true}, {30_000, true}} {
			f := forge.New()
			dial := func(port, request string) (client, server *forge.End) {
				client, server = f.Dial(forge.Client+port, proxy)
				for i, part := range strings.Split(request, "|") {
					client.Send(part)
					server.Send(c.replies[i])
				}
				return client, server
			}
			client, server := dial(":3171", c.control)
			server.Send("220 ready\r\n")
			x := forge.Session{Capture: f, Client: client, Server: server}
			x.Ask("USER a", "230 in")
			x.Ask(c.passive, c.announced)
			_, data := dial(":3172", c.data)
			granted := len(f.Frames) - 2
			x.Ask("RETR a", "150 here")
			content := strings.Repeat("the content", variant.size/11)
			for rest := content; rest != ""; {
				n := min(1000, len(rest))
				data.Send(rest[:n])
				rest = rest[n:]
			}
			if variant.late {
				f.Late(len(f.Frames) - 1 - granted)
			}
			data.Close()
			x.Server.Send("226 done\r\n")
			file := f.PCAP()
			compareReadings(t, c.kind, file)
			tr := read(t, file)
			got := tr.Connection(1)
			if got.Role != c.want {
				t.Errorf("%s, %s: got the role %s, want %s", c.kind, c.announced, got.Role, c.want)
			}
			if c.want == ftp.Other || got.Role == ftp.Other {
				continue
			}
			if got.Transfer == nil || got.SHA256[:8] != sum(content) || got.Proxy == nil || got.Proxy.Kind != c.kind {
				t.Errorf("%s, %s: got %+v, SHA-256 %s, want %s", c.kind, c.announced, got.Identity, got.SHA256, sum(content))
			}
			if n, back := got.Content(ftp.Server), got.Content(ftp.Client); n != int64(len(content)) || back != 0 {
				t.Errorf("%s, %s: got %d bytes from the server, %d from the client", c.kind, c.announced, n, back)
			}
			carried := ""
			err := tr.Contents(func(_ *ftp.Identity, _ ftp.Side, b tcp.Chunk) { carried += string(b.Data) }, func(*ftp.Connection) {})
			if err != nil || carried != content {
				t.Errorf("%s, %s: it carried %d bytes, want %d (%v)", c.kind, c.announced, len(carried), len(content), err)
			}
		}
	}
}

// A connection between the hosts of a session, in the time of a transfer, is its data connection if the
// capture lacks the port that was announced.
func TestLostPort(t *testing.T) {
	const inFrame = 14 + 20 + 20 // bytes before the data
	type session struct {
		forge.Session
		f *forge.Capture
	}
	// ask sends a command with a reply of which the recorder keeps only the first bytes.
	ask := func(x session, command, reply, kept string) {
		x.Client.Send(command + "\r\n")
		x.Server.Send(reply + "\r\n")
		x.f.Last(1).Cut(inFrame + len(kept))
	}
	moves := func(x session, from, to string) {
		a, b := x.f.Dial(from, to)
		x.Ask("RETR f", "150 here")
		b.Send("abc")
		b.Close()
		_ = a
		x.Ask("NOOP", "226 done", "200 ok")
	}
	passive := func(x session) { moves(x, forge.Client+":4000", forge.Server+":50001") }
	// lose loses a command and its reply.
	lose := func(x session, command, reply string) {
		x.Client.Seq += uint32(len(command + "\r\n"))
		x.Server.Seq += uint32(len(reply + "\r\n"))
	}
	// stores opens a connection between two ends and stores a file, whose data the given end sends.
	stores := func(x session, from, to string, sender int) {
		a, b := x.f.Dial(from, to)
		x.Ask("STOR f", "150 go on")
		[]*forge.End{a, b}[sender].Send("abc")
		a.Close()
		x.Ask("NOOP", "226 done", "200 ok")
	}
	const data = "data passive 0 RETR"
	for _, test := range []struct {
		name, want string
		oneWay     bool
		makes      func(x session)
	}{
		{"227 is cut", data, false, func(x session) {
			ask(x, "PASV", "227 (192,0,2,21,195,81)", "227 (192,0,2,21,195,8")
			passive(x)
		}},
		{"227 is cut before the port", data, false, func(x session) {
			ask(x, "PASV", "227 (192,0,2,21,195,81)", "227 (192,0,")
			passive(x)
		}},
		{"229 is cut", data, false, func(x session) {
			ask(x, "EPSV", "229 ok (|||50001|)", "229 ok (|||500")
			passive(x)
		}},
		{"the client alone", data, true, func(x session) {
			x.Ask("EPSV", "229 ok (|||50001|)")
			passive(x)
		}},
		{"PORT is cut", "data active 0 RETR", false, func(x session) {
			x.Client.Send("PORT 198,51,100,100,195,81\r\n")
			x.f.Last(1).Cut(inFrame + len("PORT 198,51,100,100,19"))
			x.Server.Send("200 ok\r\n")
			moves(x, forge.Server+":4000", forge.Client+":50001")
		}},
		{"PASV and 227 are lost", "data passive 0 STOR", false, func(x session) {
			lose(x, "PASV", "227 (192,0,2,21,195,81)")
			stores(x, forge.Client+":4000", forge.Server+":50001", 0)
		}},
		{"PORT and 200 are lost", "data active 0 STOR", false, func(x session) {
			lose(x, "PORT 198,51,100,100,195,81", "200 ok")
			stores(x, forge.Server+":4000", forge.Client+":50001", 1)
		}},
		{"PORT and 200 are lost, and the server uses port 20", "data active 0 STOR", false, func(x session) {
			lose(x, "PORT 198,51,100,100,195,81", "200 ok")
			stores(x, forge.Server+":20", forge.Client+":50001", 1)
		}},
		{"PASV and 227 are lost, and the server sends", "other  -1 ", false, func(x session) {
			lose(x, "PASV", "227 (192,0,2,21,195,81)")
			stores(x, forge.Client+":4000", forge.Server+":50001", 1)
		}},
		{"PASV and 227 are lost, and there is another connection", "other  -1 ", false, func(x session) {
			lose(x, "PASV", "227 (192,0,2,21,195,81)")
			a, _ := x.f.Dial(forge.Client+":4001", forge.Server+":50002")
			a.Send("def")
			stores(x, forge.Client+":4000", forge.Server+":50001", 0)
		}},
		{"another line is lost", "other  -1 ", false, func(x session) {
			lose(x, "NOOP", "200 ok")
			x.Ask("PASV", "227 (192,0,2,21,195,82)")
			stores(x, forge.Client+":4000", forge.Server+":50001", 0)
		}},
		{"nothing is lost", "other  -1 ", false, func(x session) { stores(x, forge.Client+":4000", forge.Server+":50001", 0) }},
		{"the port is another one", "other  -1 ", false, func(x session) {
			ask(x, "EPSV", "229 ok (|||40001|)", "229 ok (|||400")
			passive(x)
		}},
		{"the first number of the port is another one", "other  -1 ", false, func(x session) {
			ask(x, "PASV", "227 (192,0,2,21,196,81)", "227 (192,0,2,21,196,8")
			passive(x)
		}},
		{"another host", "other  -1 ", false, func(x session) {
			ask(x, "EPSV", "229 ok (|||50001|)", "229 ok (|||500")
			moves(x, "203.0.113.9:4000", forge.Server+":50001")
		}},
		{"two connections", "other  -1 ", false, func(x session) {
			ask(x, "EPSV", "229 ok (|||50001|)", "229 ok (|||50")
			x.f.Dial(forge.Client+":4000", forge.Server+":50002")
			passive(x)
		}},
		{"after the transfer", "other  -1 ", false, func(x session) {
			ask(x, "EPSV", "229 ok (|||50001|)", "229 ok (|||50")
			x.Ask("RETR f", "150 here", "226 done")
			x.f.Dial(forge.Client+":4000", forge.Server+":50001")
			x.Ask("NOOP", "200 ok")
		}},
		{"no transfer", "other  -1 ", false, func(x session) {
			ask(x, "EPSV", "229 ok (|||50001|)", "229 ok (|||50")
			x.f.Dial(forge.Client+":4000", forge.Server+":50001")
			x.Ask("NOOP", "200 ok")
		}},
		{"a whole capture without a reply", "other  -1 ", false, func(x session) {
			x.Client.Send("EPSV\r\n")
			passive(x)
		}},
		{"EPSV is refused", "other  -1 ", false, func(x session) {
			ask(x, "EPSV", "522 not here", "522 not")
			passive(x)
		}},
	} {
		f := forge.New()
		test.makes(session{f.Login(), f})
		if test.oneWay {
			server := netip.MustParseAddr(forge.Server).AsSlice()
			f.Frames = slices.DeleteFunc(f.Frames, func(x forge.Frame) bool { return bytes.Equal(x.Data[26:30], server) })
		}
		c := read(t, f.PCAP()).Connection(1)
		transfer := ""
		if c.Transfer != nil {
			transfer = c.Transfer.Command
		}
		if got := fmt.Sprint(c.Role, " ", c.Mode, " ", c.Control, " ", transfer); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
		if known := c.DataPort != nil; known && !(c.Inferred && c.DataPort.PortLost && c.DataPort.Addr.Port() == 50001) {
			t.Errorf("%s: got %+v", test.name, c.DataPort)
		}
	}
}
