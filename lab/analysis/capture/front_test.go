package capture_test

import (
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/report"
	"ftplab/lab/analysis/report/text"
	"ftplab/lab/internal/forge"
)

// What stands in front of a dialogue belongs to no dialogue: headers of proxies, and the
// words by which a client asks one for a connection.
func TestProxies(t *testing.T) {
	const name = "\x0fftp.example.com"
	for _, c := range []struct {
		kind   string
		port   string
		words  []string // by turns, the client's first
		client string
		server string
	}{
		{"PROXY v1", "21", []string{"PROXY TCP4 203.0.113.5 192.0.2.21 51000 21\r\n"}, "203.0.113.5:51000", "192.0.2.21:21"},
		{"PROXY v1", "21", []string{"PROXY UNKNOWN\r\n"}, "invalid AddrPort", ""},
		{"PROXY v1", "2121", []string{"PROXY TCP6 2001:db8::5 2001:db8::21 51000 21\r\n"}, "[2001:db8::5]:51000", "[2001:db8::21]:21"},
		{"PROXY v2", "21", []string{"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\xcb\x00\x71\x05\xc0\x00\x02\x15\xc7\x38\x00\x15"}, "203.0.113.5:51000", "192.0.2.21:21"},
		{"PROXY v2", "21", []string{"\r\n\r\n\x00\r\nQUIT\n\x20\x00\x00\x00"}, "invalid AddrPort", ""},
		{"SOCKS4", "1080", []string{"\x04\x01\x00\x15\xc0\x00\x02\x15me\x00", "\x00\x5a\x00\x00\x00\x00\x00\x00"}, "invalid AddrPort", "192.0.2.21:21"},
		{"SOCKS4", "1080", []string{"\x04\x01\x00\x15\x00\x00\x00\x01\x00ftp.example.com\x00", "\x00\x5a\x00\x00\x00\x00\x00\x00"}, "invalid AddrPort", "ftp.example.com:21"},
		{"SOCKS5", "1080", []string{"\x05\x01\x00", "\x05\x00", "\x05\x01\x00\x03" + name + "\x00\x15", "\x05\x00\x00\x01\x0a\x00\x00\x01\x04\x38"}, "invalid AddrPort", "ftp.example.com:21"},
		{"SOCKS5", "1080", []string{"\x05\x02\x00\x02", "\x05\x02", "\x01\x02me\x03pwd", "\x01\x00", "\x05\x01\x00\x01\xc0\x00\x02\x15\x00\x15", "\x05\x00\x00\x01\x0a\x00\x00\x01\x04\x38"}, "invalid AddrPort", "192.0.2.21:21"},
		{"HTTP CONNECT", "3128", []string{"CONNECT ftp.example.com:21 HTTP/1.1\r\nHost: ftp.example.com:21\r\n\r\n", "HTTP/1.1 200 Connection established\r\n\r\n"}, "invalid AddrPort", "ftp.example.com:21"},
		{"HTTP CONNECT", "8080", []string{"CONNECT 192.0.2.21:21 HTTP/1.1\r\n\r\n", "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 9\r\n\r\nwho goes?",
			"CONNECT 192.0.2.21:21 HTTP/1.1\r\nProxy-Authorization: Basic bWU6cHdk\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n"}, "invalid AddrPort", "192.0.2.21:21"},
	} {
		f := forge.New()
		client, server := f.Dial(forge.Client+":3171", forge.Server+":"+c.port)
		begin := len(f.Frames)
		for i, words := range c.words {
			[]*forge.End{client, server}[i%2].Send(words)
		}
		end := len(f.Frames)
		server.Send("220 ready\r\n")
		x := forge.Session{Capture: f, Client: client, Server: server}
		x.Ask("USER a", "331 password?")
		x.Ask("PASS b", "230 in")
		x.Ask("QUIT", "221 bye")
		tr := read(t, f.PCAP())
		if got, want := gist(tr), "user a; - 220; USER a 331; PASS b 230; QUIT 221"; got != want {
			t.Errorf("%s: got %s, want %s", c.kind, got, want)
			continue
		}
		p := tr.Session(0).Proxy
		if p == nil || p.Kind != c.kind || p.Client.String() != c.client || p.Server != c.server {
			t.Errorf("got %+v, want %s of %s to %s", p, c.kind, c.client, c.server)
		}
		whole := f.Frames
		again := func(what string, frames []forge.Frame) {
			f.Frames = frames
			tr := read(t, f.PCAP())
			if got, want := gist(tr), "user a; - 220; USER a 331; PASS b 230; QUIT 221"; got != want {
				t.Errorf("%s %s: got %s, want %s", c.kind, what, got, want)
			} else if p := tr.Session(0).Proxy; p == nil || p.Kind != c.kind {
				t.Errorf("%s %s: got %+v", c.kind, what, p)
			}
		}
		proxyHeader := strings.HasPrefix(c.kind, "PROXY")
		for lost := begin; lost < end && !proxyHeader; lost++ {
			again(fmt.Sprintf("without frame %d", lost+1), slices.Delete(slices.Clone(whole), lost, lost+1))
			if lost > begin { // else it may be a web server's answer
				again(fmt.Sprintf("without frame %d and the handshake", lost+1), slices.Delete(slices.Clone(whole), lost, lost+1)[begin:])
			}
		}
		if lost := end; proxyHeader { // the greeting
			f.Frames = slices.Delete(slices.Clone(whole), lost, lost+1)
			if p := read(t, f.PCAP()).Session(0).Proxy; p == nil || p.Kind != c.kind {
				t.Errorf("%s without the greeting: got %+v", c.kind, p)
			}
		}
		const headers, sure = 14 + 20 + 20, 5 // bytes of Ethernet, IP and TCP, and those of a message that show what it is
		for snap := headers + sure; snap < headers+200; snap++ {
			frames := slices.Clone(whole)
			for i := range frames[begin:end] {
				frames[begin+i].Cut(snap)
			}
			again(fmt.Sprintf("cut after %d bytes", snap), frames)
		}
	}
}

// An address that a proxy stands for is not a third party's.
func TestDataPortBehindProxy(t *testing.T) {
	f := forge.New()
	c, s := f.Dial(forge.Client+":3171", forge.Server+":21")
	c.Send("PROXY TCP4 203.0.113.5 192.0.2.99 51000 21\r\n")
	s.Send("220 ready\r\n")
	x := forge.Session{Capture: f, Client: c, Server: s}
	x.Ask("PORT 203,0,113,5,195,80", "200 ok")
	x.Ask("PASV", "227 (192,0,2,99,195,81)")
	x.Ask("PORT 203,0,113,6,195,80", "200 ok")
	var got []bool
	for _, a := range read(t, f.PCAP()).Session(0).DataPorts {
		got = append(got, a.ThirdParty)
	}
	if want := "[false false true]"; fmt.Sprint(got) != want {
		t.Errorf("third party's: got %v, want %s", got, want)
	}
}

// tlsRecord is a record of TLS that nobody can read.
func tlsRecord(kind byte, size int) string {
	return string([]byte{kind, 3, 3, byte(size >> 8), byte(size)}) + strings.Repeat("\x8f\n", size/2)
}

// clientHello is a record that begins as a ClientHello does.
const clientHello = "\x16\x03\x01\x00\x2c\x01\x00\x00\x28\x03\x03"

func hello(extensions string) string {
	return clientHello + extensions + strings.Repeat("R", 0x2c-6-len(extensions))
}

// After CCC the dialogue is in clear again (RFC 4217).
func TestClearCommandChannel(t *testing.T) {
	for _, lost := range []bool{false, true} {
		f := forge.New()
		x := greeted(f)
		x.Ask("AUTH TLS", "234 go")
		x.Client.Send(hello(""))
		x.Server.Send(tlsRecord(0x16, 500)[:100])
		x.Server.Send(tlsRecord(0x16, 500)[100:] + tlsRecord(0x17, 50))
		x.Client.Send(tlsRecord(0x17, 40) + tlsRecord(0x17, 44)[:3])
		if x.Client.Send(tlsRecord(0x17, 44)[3:]); lost {
			f.Drop(1)
		}
		x.Server.Send(tlsRecord(0x15, 18))
		x.Client.Send(tlsRecord(0x15, 18))
		x.Ask("PASV", "227 (192,0,2,21,0,99)")
		connect(f, 99)
		x.Ask("LIST", "150 here", "226 done")
		tr := read(t, f.PCAP())
		if got, want := gist(tr), "user ; - 220; AUTH TLS 234; PASV 227; LIST 150 226; 1 for LIST"; got != want {
			t.Errorf("lost %v: got %s, want %s", lost, got, want)
		}
		if s := tr.Session(0); !s.TLS || s.TLSFrom == 0 {
			t.Errorf("lost %v: no TLS in between", lost)
		}
	}
}

// Without keys, the side that sends the ClientHello is the client of a data connection: this
// decides its mode, also where both ends have one address.
func TestHiddenDataConnections(t *testing.T) {
	const away = "192.0.2.21"
	for _, c := range []struct {
		server       string // its address; the client's is 127.0.0.1
		fromServer   bool   // it opens the connection
		helloFromToo bool   // the side that opens sends the ClientHello
		want         string
	}{
		{"127.0.0.1", false, true, "data passive"},
		{"127.0.0.1", true, false, "data active"},
		{away, false, true, "data passive"},
		{away, true, false, "data active"},
		{away, false, false, "other "},
		{away, true, true, "other "},
	} {
		f := forge.New()
		client, server := f.Dial("127.0.0.1:40000", c.server+":21")
		server.Send("220 ready\r\n")
		forge.Session{Capture: f, Client: client, Server: server}.Ask("AUTH TLS", "234 go")
		client.Send(hello(""))
		server.Send(tlsRecord(0x16, 500) + tlsRecord(0x14, 2) + tlsRecord(0x17, 50))
		client.Send(tlsRecord(0x14, 2) + tlsRecord(0x17, 40))
		from, to := "127.0.0.1:41000", c.server+":42000"
		if c.fromServer {
			from, to = c.server+":41000", "127.0.0.1:42000"
		}
		opener, listener := f.Dial(from, to)
		if !c.helloFromToo {
			opener, listener = listener, opener
		}
		opener.Send(hello(""))
		listener.Send(tlsRecord(0x16, 500))
		listener.Close()
		client.Send(tlsRecord(0x17, 40))
		server.Close()
		tr := read(t, f.PCAP())
		if !tr.Session(0).Hidden {
			t.Fatal("the session is not hidden")
		}
		data := tr.Connection(1)
		if got := fmt.Sprintf("%s %s", data.Role, data.Mode); got != c.want {
			t.Errorf("%+v: got %s", c, got)
			continue
		}
		want := netip.MustParseAddr("127.0.0.1")
		if data.Role == ftp.Data && (data.Client.Addr() != want || data.Server.Addr() != netip.MustParseAddr(c.server) || !data.Inferred || data.Control != 0) {
			t.Errorf("%+v: got %+v", c, data.Identity)
		}
	}
}

// realHello is the first record of a client.
func realHello(t *testing.T) string {
	client, server := net.Pipe()
	go tls.Client(client, &tls.Config{ServerName: "ftp.example.test"}).Handshake()
	defer server.Close()
	header := make([]byte, 5)
	if _, err := io.ReadFull(server, header); err != nil {
		t.Fatal(err)
	}
	body := make([]byte, int(header[3])<<8|int(header[4]))
	if _, err := io.ReadFull(server, body); err != nil {
		t.Fatal(err)
	}
	return string(header) + string(body)
}

// A client begins TLS on a data connection, and the server sends the file in clear.
func TestDataInClearFromOneSide(t *testing.T) {
	const content = "all can read this\n"
	f := forge.New()
	x := entered(f)
	x.Ask("PASV", "227 (192,0,2,21,0,99)")
	client, server := f.Dial(forge.Client+":40099", forge.Server+":99")
	x.Ask("RETR a", "150 here")
	client.Send(realHello(t))
	server.Send(content)
	server.Close()
	x.Server.Send("226 done\r\n")
	tr := read(t, f.PCAP())
	data := tr.Connection(1)
	if got, want := data.SHA256, fmt.Sprintf("%x", sha256.Sum256([]byte(content))); got != want {
		t.Errorf("got the SHA-256 %q, want %s", got, want)
	}
	var story, page strings.Builder
	if err := text.Story(&story, "a.pcap", tr); err != nil {
		t.Fatal(err)
	}
	r, err := report.New(tr, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Markdown(&page); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(story.String(), data.SHA256); n != 1 {
		t.Errorf("the SHA-256 of the file is there %d times, want once", n)
	}
	for _, c := range []struct {
		name, got string
		want, not []string
	}{
		{"story", story.String(), []string{"the client begins TLS, and the server sends in clear", "they are not TLS", data.SHA256}, []string{"goes on in TLS"}},
		{"page", strings.Join(strings.Fields(page.String()), " "), []string{"The client begins TLS on this connection, but the server does not.", "in clear: 18 bytes", "It carried 18 bytes."}, []string{"TLS begins on this connection, too", "decrypted from TLS"}},
	} {
		for _, want := range c.want {
			if !strings.Contains(c.got, want) {
				t.Errorf("%s: %q is not in\n%s", c.name, want, c.got)
			}
		}
		for _, not := range c.not {
			if strings.Contains(c.got, not) {
				t.Errorf("%s: %q is in\n%s", c.name, not, c.got)
			}
		}
	}
}

// TLS that the server did not agree to is none.
func TestUnaskedHello(t *testing.T) {
	f := forge.New()
	x := greeted(f)
	x.Client.Send(hello("\n"))
	x.Server.Send("500 what?\r\n500 what?\r\n")
	x.Ask("QUIT", "221 bye")
	s := read(t, f.PCAP()).Session(0)
	if s.TLS || len(s.Exchanges) != 2 || !s.Exchanges[0].Unasked() || s.Exchanges[1].Command != "QUIT" {
		t.Errorf("got TLS %v, %d commands", s.TLS, len(s.Exchanges))
	}
	for answer, want := range map[string]int{"500 what?\r\n": 2, "": 1} { // to a line that begins like a record, and to a part of a hello
		f := forge.New()
		x := greeted(f)
		x.Client.Send("\x16\x03\x00\x00\x20\x01\x00\x00\x1c\x03\x00\r\n")
		if answer != "" {
			x.Server.Send(answer)
		}
		x.Client.Send("HELP\r\n")
		x.Server.Send("500 what?\r\n")
		if s := read(t, f.PCAP()).Session(0); len(s.Exchanges) != want || !s.Exchanges[0].Unasked() || len(s.Exchanges[0].Replies) != 1 {
			t.Errorf("%q: got %d commands", answer, len(s.Exchanges))
		}
	}
	f = forge.New()
	x = greeted(f)
	x.Client.Send("AUTH TLS\r\n")
	x.Server.Send("234 go\r\n")
	x.Client.Send(hello(""))
	if !read(t, f.PCAP()).Session(0).TLS {
		t.Error("a hello without an answer: got no TLS")
	}
}

// oldHello is a ClientHello in the form of SSL 2, with line ends among its ciphers.
func oldHello(version string) string {
	ciphers := "\x01\x00\x80\x00\x00\x0a\x0a\x0d\x0a"
	body := "\x01" + version + "\x00\x09\x00\x00\x00\x10" + ciphers + "challenge\n0123\n5"
	return string([]byte{0x80, byte(len(body))}) + body
}

// TestOldHello has clients of SSL 2 that a server does not understand, and one that it does.
func TestOldHello(t *testing.T) {
	for _, version := range []string{"\x00\x02", "\x03\x01"} {
		for _, at := range []int{0, 1, 2, 7, 20} {
			f := forge.New()
			x := greeted(f)
			x.Client.Send(oldHello(version)[:at])
			x.Client.Send(oldHello(version)[at:])
			x.Server.Send("500 what?\r\n")
			x.Ask("QUIT", "221 bye")
			s := read(t, f.PCAP()).Session(0)
			if s.TLS || len(s.Exchanges) != 2 || !s.Exchanges[0].Unasked() || s.Exchanges[0].Line.Text != oldHello(version) || s.Exchanges[1].Command != "QUIT" {
				t.Errorf("%q, cut at %d: got TLS %v, %d commands", version, at, s.TLS, len(s.Exchanges))
			}
		}
	}
	f := forge.New()
	x := greeted(f)
	x.Ask("AUTH TLS", "234 go")
	x.Client.Send(oldHello("\x03\x01"))
	x.Server.Send(tlsRecord(0x16, 500))
	x.Client.Send(tlsRecord(0x16, 100) + tlsRecord(0x14, 2) + tlsRecord(0x17, 50))
	x.Server.Send(tlsRecord(0x14, 2) + tlsRecord(0x17, 40))
	s := read(t, f.PCAP()).Session(0)
	if !s.TLS || len(s.Exchanges) != 1 || len(s.Lines) != 3 {
		t.Errorf("an old hello that the server agreed to: got TLS %v and %v", s.TLS, s.Lines)
	}
	f = forge.New()
	x = greeted(f)
	x.Ask("\x80\x0aé", "500 what?")
	x.Ask("\xff\xf4\xffABOR", "226 done")
	x.Ask("\xff\xfb\x01NOOP", "200 ok")
	x.Ask("\xff\xfd\x01NOOP", "200 ok")
	if s := read(t, f.PCAP()).Session(0); len(s.Exchanges) != 5 {
		t.Errorf("lines that begin like an old hello: got %d commands, want 5", len(s.Exchanges))
	}
}

// Lines in clear before TLS, and of a side that is not in TLS, are not lost where the capture begins
// in the middle of a session. The rest of a record is no line.
func TestClearBesideTLS(t *testing.T) {
	for _, test := range []struct {
		name, server, want string
		inMiddle           bool
		begins             func(x forge.Session)
	}{
		{"before TLS", tlsRecord(0x16, 500), `["AUTH TLS" "234 go on"]`, false, func(x forge.Session) { x.Ask("AUTH TLS", "234 go on") }},
		{"one side", "421 Timeout.\r\n", `["421 Timeout."]`, true, func(forge.Session) {}},
		{"the rest of a record", tlsRecord(0x17, 50)[20:] + tlsRecord(0x17, 50), `[]`, true, func(forge.Session) {}},
	} {
		f := forge.New()
		c, s := f.Pair(forge.Client+":3171", forge.Server+":21")
		test.begins(forge.Session{Capture: f, Client: c, Server: s})
		for range 4 {
			c.Send(tlsRecord(0x17, 40))
		}
		s.Send(test.server)
		session := read(t, f.PCAP()).Session(0)
		got := []string{}
		for _, l := range session.Lines {
			got = append(got, l.Text)
		}
		if fmt.Sprintf("%q", got) != test.want || session.Layer == nil || session.Layer.InMiddle != test.inMiddle {
			t.Errorf("%s: got %q, %+v", test.name, got, session.Layer)
		}
	}
}

// A session inside TLS from its first byte is one, at its port or by the name of its
// protocol; other TLS is not.
func TestImplicitTLS(t *testing.T) {
	for _, c := range []struct {
		port       string
		extensions string
		much       int // bytes that follow
		want       string
	}{
		{"990", "", 100, "control"},
		{"990", "", 500_000, "control"},
		{"2990", "\x00\x10\x00\x06\x00\x04\x03ftp", 100, "control"},
		{"2990", "\x00\x10\x00\x06\x00\x04\x03ftp", 500_000, "control"},
		{"2990", "\x00\x10\x00\x0b\x00\x09\x08ftp-data", 100, "other"},
		{"443", "", 100, "other"},
	} {
		f := forge.New()
		client, server := f.Dial(forge.Client+":3171", forge.Server+":"+c.port)
		client.Send(hello(c.extensions))
		server.Send(tlsRecord(0x16, 500))
		for range c.much/10_000 + 1 {
			client.Send(tlsRecord(0x17, min(c.much, 10_000)))
		}
		server.Close()
		tr := read(t, f.PCAP())
		if got := string(tr.Connection(0).Role); got != c.want {
			t.Errorf("port %s, %q, %d bytes: got %s, want %s", c.port, c.extensions, c.much, got, c.want)
			continue
		}
		if s := tr.Session(0); c.want == "control" && (!s.TLS || s.TLSFrom != 4 || len(s.Exchanges) != 0) {
			t.Errorf("port %s: got TLS %v from %d, %d commands", c.port, s.TLS, s.TLSFrom, len(s.Exchanges))
		}
	}
}

// A client names the server on data connections in TLS as well. Beside a session in TLS between the
// same hosts, a connection to a port that is not of a service is one of these, even if it names FTP;
// others are sessions.
func TestNamedDataConnections(t *testing.T) {
	const (
		server = "\x00\x00\x00\x15\x00\x13\x00\x00\x10ftp.example.test"
		ends   = true
	)
	for _, c := range []struct {
		control  string // port of the session
		ended    bool   // before the other connection
		from, to string
		want     string // of the other connection
	}{
		{"21", !ends, forge.Client + ":3172", forge.Server + ":50001", "data passive"},
		{"21", !ends, forge.Server + ":20", forge.Client + ":50001", "data active"},
		{"990", !ends, forge.Client + ":3172", forge.Server + ":50001", "data passive"},
		{"990", !ends, forge.Server + ":989", forge.Client + ":50001", "data active"},
		{"2990", !ends, forge.Client + ":3172", forge.Server + ":50001", "data passive"},
		{"2990", !ends, forge.Server + ":989", forge.Client + ":50001", "data active"},
		{"2990", !ends, forge.Client + ":3172", forge.Server + ":2990", "control"},
		{"2990", !ends, forge.Client + ":3172", "192.0.2.99:2991", "control"},
		{"2990", !ends, "198.51.100.101:3172", forge.Server + ":2991", "control"},
		{"2990", ends, forge.Client + ":3172", forge.Server + ":2991", "control"},
	} {
		f := forge.New()
		x := forge.Session{Capture: f}
		x.Client, x.Server = f.Dial(forge.Client+":3171", forge.Server+":"+c.control)
		if c.control == "21" {
			x.Server.Send("220 ready\r\n")
			x.Ask("AUTH TLS", "234 go on")
		}
		x.Client.Send(hello(server))
		x.Server.Send(tlsRecord(0x16, 500))
		x.Client.Send(tlsRecord(0x17, 40))
		if c.ended {
			x.Server.Close()
		}
		opener, listener := f.Dial(c.from, c.to)
		if opener.Addr.Addr() == x.Server.Addr.Addr() {
			opener, listener = listener, opener
		}
		opener.Send(hello(server))
		listener.Send(tlsRecord(0x16, 500))
		listener.Close()
		if !c.ended {
			x.Client.Send(tlsRecord(0x17, 40))
			x.Server.Close()
		}
		tr := read(t, f.PCAP())
		other := tr.Connection(1)
		if got := strings.TrimSpace(fmt.Sprint(other.Role, " ", other.Mode)); got != c.want {
			t.Errorf("a session at port %s, then from %s to %s: got %s, want %s", c.control, c.from, c.to, got, c.want)
		}
		if want := 1 + strings.Count(c.want, "control"); tr.NumSessions() != want {
			t.Errorf("a session at port %s, then from %s to %s: got %d sessions, want %d", c.control, c.from, c.to, tr.NumSessions(), want)
		}
	}
}

// Telnet's commands and urgent data are kept with their line, and a byte 255 that begins
// none stays in it.
func TestTelnetBytes(t *testing.T) {
	f := forge.New()
	x := entered(f)
	x.Client.Send("\xff\xf4\xff\xf2ABOR\r\n")
	x.Server.Send("226 done\r\n")
	for _, line := range []string{"MKD ab\xff", "MKD \xffab", "MKD a\xff\xffb", "MKD a\xff\xfb\x06b"} {
		x.Ask(line, "257 made")
	}
	var got []string
	for _, e := range read(t, f.PCAP()).Session(0).Exchanges[1:] {
		got = append(got, fmt.Sprintf("%q %x", e.Text, e.Telnet))
	}
	want := []string{`"ABOR" fff4fff2`, `"MKD ab\xff" `, `"MKD \xffab" `, `"MKD a\xffb" `, `"MKD ab" fffb06`}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
