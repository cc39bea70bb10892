package capture_test

import (
	"bytes"
	"strings"
	"testing"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/internal/forge"
)

// trapsOfProtocols are about which connections are FTP dialogue, and where it ends.
var trapsOfProtocols = []trap{
	{"a control connection on another port", func(f *forge.Capture) {
		c, s := f.Dial(forge.Client+":3171", forge.Server+":2121")
		s.Send("220 ok\r\n")
		x := forge.Session{Capture: f, Client: c, Server: s}
		x.Ask("USER a", "230 in")
		x.Ask("EPSV", "229 Entering Extended Passive Mode (|||50001|)")
		d, e := f.Dial(forge.Client+":3172", forge.Server+":50001")
		x.Ask("RETR f", "150 ok")
		e.Send("file")
		e.Close()
		_ = d
	}, `0 control 198.51.100.100:3171 192.0.2.21:2121 ShAdDa 22/72 by client
1 data passive 198.51.100.100:3172 192.0.2.21:50001 ShAdfFa 0/4 by client EPSV@10 RETR@17=0 ` + sum("file") + `
session 0 user "a"
  - 220@4
  "USER a"@6 230@8
  "EPSV"@10 229@12
  "RETR f"@17 150@19
`},
	{"a client that calls from port 21", func(f *forge.Capture) {
		c, s := f.Dial(forge.Client+":21", forge.Server+":2121")
		s.Send("220 ok\r\n")
		x := forge.Session{Capture: f, Client: c, Server: s}
		x.Ask("USER a", "230 in")
		x.Ask("QUIT", "221 bye")
	}, `0 control 198.51.100.100:21 192.0.2.21:2121 ShAdDa 14/25 by client
session 0 user "a"
  - 220@4
  "USER a"@6 230@8
  "QUIT"@10 221@12
`},
	{"mail and the web are left alone", func(f *forge.Capture) {
		c, s := f.Dial(forge.Client+":3171", "192.0.2.25:25")
		s.Send("220 mail.example.test ESMTP\r\n")
		x := forge.Session{Capture: f, Client: c, Server: s}
		x.Ask("EHLO a", "250-mail\r\n250 HELP")
		x.Ask("MAIL FROM:<a@b>", "250 ok")
		x.Ask("QUIT", "221 bye")
		c, s = f.Dial(forge.Client+":3172", "192.0.2.80:80")
		c.Send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		s.Send("HTTP/1.1 200 OK\r\n\r\n220 not FTP\r\nUSER x\r\n")
		c, s = f.Dial(forge.Client+":3173", "192.0.2.110:110")
		s.Send("+OK\r\n")
		forge.Session{Capture: f, Client: c, Server: s}.Ask("USER a", "+OK")
	}, `0 other 198.51.100.100:3171 192.0.2.25:25 ShAdDa 31/66 by client
1 other 198.51.100.100:3172 192.0.2.80:80 ShADad 27/40 by client
2 other 198.51.100.100:3173 192.0.2.110:110 ShAdDa 8/10 by client
`},
	{"news is left alone", func(f *forge.Capture) {
		for i, greeting := range []string{"200 news.example.test, you may post", "201 news.example.test, for readers"} {
			c, s := f.Dial(forge.Client+":317"+itoa(i), "192.0.2.119:119")
			s.Send(greeting + "\r\n")
			x := forge.Session{Capture: f, Client: c, Server: s}
			x.Ask("MODE READER", "200 go on")
			x.Ask("LIST", "215 list follows\r\nalt.test 1 2 y\r\n.")
			x.Ask("QUIT", "205 bye")
		}
		c, s := f.Pair(forge.Client+":3172", "192.0.2.119:119")
		x := forge.Session{Capture: f, Client: c, Server: s}
		x.Ask("AUTHINFO USER a", "381 password?")
		x.Ask("LIST", "215 list follows\r\nalt.test 1 2 y\r\n.")
		x.Ask("QUIT", "205 bye")
	}, `0 other 198.51.100.100:3170 192.0.2.119:119 ShAdDa 25/94 by client
1 other 198.51.100.100:3171 192.0.2.119:119 ShAdDa 25/93 by client
2 other 198.51.100.100:3172 192.0.2.119:119 DadA 29/61
`},
	{"mail without its beginning is left alone", func(f *forge.Capture) {
		c, s := f.Pair(forge.Client+":3171", "192.0.2.25:587")
		x := forge.Session{Capture: f, Client: c, Server: s}
		x.Ask("AUTH LOGIN", "334 VXNlcm5hbWU6", "235 in")
	}, `0 other 198.51.100.100:3171 192.0.2.25:587 DadA 12/26
`},
	{"only the greeting names FTP", func(f *forge.Capture) {
		for i, greeting := range []string{
			"220 ProFTPD Server (Default Installation) [host]", "220-Welcome.\r\n220 (vsFTPd 3.0.5)",
			"220 mx.example.test ESMTP for FTP users", "220 ftp.example.test ready", "220 FTP.EXAMPLE.TEST ready", "200 FTP news",
		} {
			c, s := f.Dial(forge.Client+":317"+itoa(i), forge.Server+":2121")
			s.Send(greeting + "\r\n")
			x := forge.Session{Capture: f, Client: c, Server: s}
			x.Ask("HELP", "214 ask root")
			x.Ask("QUIT", "221 bye")
		}
	}, `0 control 198.51.100.100:3170 192.0.2.21:2121 ShAdDa 12/73 by client
1 control 198.51.100.100:3171 192.0.2.21:2121 ShAdDa 12/57 by client
2 other 198.51.100.100:3172 192.0.2.21:2121 ShAdDa 12/64 by client
3 other 198.51.100.100:3173 192.0.2.21:2121 ShAdDa 12/51 by client
4 other 198.51.100.100:3174 192.0.2.21:2121 ShAdDa 12/51 by client
5 other 198.51.100.100:3175 192.0.2.21:2121 ShAdDa 12/37 by client
session 0 user ""
  - 220@4
  "HELP"@6 214@8
  "QUIT"@10 221@12
session 1 user ""
  - 220@17
  "HELP"@19 214@21
  "QUIT"@23 221@25
`},
	{"234 to something else is left alone", func(f *forge.Capture) {
		c, s := f.Pair(forge.Client+":3171", forge.Server+":2121")
		forge.Session{Capture: f, Client: c, Server: s}.Ask("XTLS", "234 go on")
	}, `0 other 198.51.100.100:3171 192.0.2.21:2121 DadA 6/11
`},
	{"a session at another port that begins with 200", func(f *forge.Capture) {
		c, s := f.Pair(forge.Client+":3171", forge.Server+":2121")
		s.Send("200 Type set.\r\n")
		x := forge.Session{Capture: f, Client: c, Server: s}
		x.Ask("PASV", "227 (192,0,2,21,0,99)")
		x.Ask("LIST", "425 no")
	}, `0 control 198.51.100.100:3171 192.0.2.21:2121 dADa 12/46
session 0 user ""
  - 200@1
  "PASV"@3 227@5
  "LIST"@7 425@9
`},
	{"one side at another port", func(f *forge.Capture) {
		for i, lines := range []string{
			"220 ok,331 who,230 in,227 (192;0;2;21;0;99)", "211-Features:, EPRT, EPSV, MDTM, PASV,211 End,331 who,257 is", // servers of FTP
			"220 ok,250 you,354 go,250 queued,221 bye", "200 hello,215 list,211 group,205 bye", // of mail and news
		} {
			_, s := f.Pair(forge.Client+":317"+itoa(i), forge.Server+":2121")
			for line := range strings.SplitSeq(lines, ",") {
				s.Segment("P.", line+"\r\n")
			}
		}
		for i, lines := range []string{"USER a,PASS b,PASV,TYPE I,RETR c", "USER a,PASS b,STAT,LIST,RETR 1,DELE 1,QUIT"} { // of FTP and mail
			c, _ := f.Pair(forge.Client+":318"+itoa(i), forge.Server+":2121")
			for line := range strings.SplitSeq(lines, ",") {
				c.Segment("P.", line+"\r\n")
			}
		}
	}, `0 control 198.51.100.100:3170 192.0.2.21:2121 d 0/48
1 control 198.51.100.100:3171 192.0.2.21:2121 d 0/69
2 other 192.0.2.21:2121 198.51.100.100:3172 D 46/0
3 other 192.0.2.21:2121 198.51.100.100:3173 D 41/0
4 control 198.51.100.100:3180 192.0.2.21:2121 D 38/0
5 other 198.51.100.100:3181 192.0.2.21:2121 D 50/0
session 0 user ""
  - 220@1
  - 331@2
  - 230@3
  - 227@4
session 1 user ""
  - 211@10
  - 331@11
  - 257@12
session 4 user "a"
  "USER a"@22
  "PASS b"@23
  "PASV"@24
  "TYPE I"@25
  "RETR c"@26
`},
	{"TLS at another port", func(f *forge.Capture) {
		c, s := f.Dial(forge.Client+":3171", forge.Server+":2121")
		s.Send("220 ok\r\n")
		x := forge.Session{Capture: f, Client: c, Server: s}
		x.Ask("AUTH TLS", "234 go on")
		c.Send("\x16\x03\x01\x00\x05hello")
	}, `0 control 198.51.100.100:3171 192.0.2.21:2121 ShAdDa 20/19 by client
session 0 user "" TLS@10
  - 220@4
  "AUTH TLS"@6 234@8
`},
	{"TLS after AUTH", func(f *forge.Capture) {
		c, s := f.Dial(forge.Client+":3171", forge.Server+":21")
		s.Send("220 ok\r\n")
		x := forge.Session{Capture: f, Client: c, Server: s}
		x.Ask("AUTH TLS", "234 go on")
		c.Send("\x16\x03\x01\x00\x05hello")
		s.Send("\x16\x03\x03\x00\x05hello")
		c.Send("\x17\x03\x03\x00\x08QUIT\r\n\r\n")
	}, `0 control 198.51.100.100:3171 192.0.2.21:21 ShAdDa 33/29 by client
session 0 user "" TLS@10
  - 220@4
  "AUTH TLS"@6 234@8
`},
	{"TLS in segments of a byte", func(f *forge.Capture) {
		c, s := f.Dial(forge.Client+":3171", forge.Server+":21")
		s.Send("220 ok\r\n")
		x := forge.Session{Capture: f, Client: c, Server: s}
		x.Ask("AUTH TLS", "234 go on")
		f.MSS = 1
		c.Send("\x16\x03\x01\x00\x05he\nlo")
		s.Send("\x16\x03\x03\x00\x05he\nlo")
	}, `0 control 198.51.100.100:3171 192.0.2.21:21 ShAdDa 20/29 by client
session 0 user "" TLS@10
  - 220@4
  "AUTH TLS"@6 234@8
`},
	{"bytes like those of TLS", func(f *forge.Capture) {
		x := f.Login()
		f.MSS = 1
		x.Ask("\x16\x03QUIT", "\x16")
		x.Ask("PWD", "257 \"/\"")
	}, `0 control 198.51.100.100:3171 192.0.2.21:21 ShAdDa 48/72 by client
session 0 user "anonymous"
  - 220@4
  - 0@25
` + loggedIn + `  "\x16\x03QUIT"@21
  "PWD"@31 257@41
`},
	{"bytes like those of TLS, beside holes and at the end", func(f *forge.Capture) {
		x := f.Login()
		x.Client.Send("\x16")
		x.Client.Seq += 6
		x.Client.Send("\x03\x01NOOP\r\n")
		x.Client.Seq += 6
		x.Client.Send("\x16\x03")
	}, `0 control 198.51.100.100:3171 192.0.2.21:21 ShAdDa 46/60 by client missing 12
session 0 user "anonymous"
` + login + `  "\x16"@14
  "\x03\x01NOOP"@16
  "\x16\x03"@18
`},
	{"AUTH refused", func(f *forge.Capture) {
		x := f.Login()
		x.Ask("AUTH TLS", "550 no")
		x.Ask("PWD", "257 \"/\"")
	}, `0 control 198.51.100.100:3171 192.0.2.21:21 ShAdDa 50/77 by client
session 0 user "anonymous"
` + login + `  "AUTH TLS"@14 550@16
  "PWD"@18 257@20
`},
}

// TestPort20Alone has no session, only a connection from port 20, which anything may use.
func TestPort20Alone(t *testing.T) {
	for _, test := range []struct {
		name, client string
		answers      bool
		want         ftp.Role
	}{
		{"data to a port of a client", ":3172", false, ftp.Data},
		{"a request to a web server", ":80", false, ftp.Other},
		{"a conversation with a port of a client", ":3172", true, ftp.Other},
	} {
		f := forge.New()
		server, client := f.Dial(forge.Server+":20", forge.Client+test.client)
		server.Send("GET / HTTP/1.0\r\n\r\n")
		if test.answers {
			client.Send("HTTP/1.0 200 OK\r\n\r\n")
		}
		for c := range read(t, f.PCAP()).Connections() {
			if c.Role != test.want {
				t.Errorf("%s: got %s, want %s", test.name, c.Role, test.want)
			}
		}
	}
}

// TestUnaskedHelloElsewhere has a server on another port take a ClientHello for a command.
func TestUnaskedHelloElsewhere(t *testing.T) {
	for greeting, want := range map[string]ftp.Role{"220 FTP ready\r\n": ftp.Control, "220 ready\r\n": ftp.Other} {
		f := forge.New()
		c, s := f.Dial(forge.Client+":3171", forge.Server+":2121")
		s.Send(greeting)
		c.Send(hello(""))
		s.Send("500 what?\r\n")
		if got := read(t, f.PCAP()).Connection(0); got.Role != want || want == ftp.Control && got.TLSFrom > 0 {
			t.Errorf("%q: got the role %s, TLS from %d, want %s", greeting, got.Role, got.TLSFrom, want)
		}
	}
}

// TestControlPorts has connections on which too little is said to show FTP, unless the port is known.
func TestControlPorts(t *testing.T) {
	for _, test := range []struct{ name, server, client string }{
		{"a greeting", "220 FTP server ready.\r\n", ""},
		{"a refusal", "421 Busy.\r\n", ""},
		{"an unknown command", "220 ready\r\n", "XYZZY\r\n"},
		{"a handshake of TLS", "", hello("")},
	} {
		for _, tight := range []bool{false, true} { // so that the file is read once, or again
			for port, want := range map[uint16]ftp.Role{2121: ftp.Control, 2122: ftp.Other} {
				f := forge.New()
				c, s := f.Dial(forge.Client+":3171", forge.Server+":2121")
				s.Send(test.server)
				c.Send(test.client)
				options := capture.Options{ControlPorts: []uint16{port}}
				if tight {
					options = capture.KeepNothing(options)
				}
				read, err := capture.Read(bytes.NewReader(f.PCAP()), options)
				if err != nil {
					t.Fatal(err)
				}
				if got := read.Connection(0); got.Role != want || got.Client.Port() != 3171 {
					t.Errorf("%s, port %d known: got the role %s and the client %s, want %s", test.name, port, got.Role, got.Client, want)
				}
			}
		}
	}
}
