package redact

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/internal/forge"
)

// write writes a capture into a file.
func write(t *testing.T, name string, file []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const dialogueOf = `< 220 ftp.secrethost.example FTP server (Version 6.4) ready at 10.11.12.13, 00:1a:2b:3c:4d:5e, 12:34:56.
> USER alicesecret
< 331 Password required for alicesecret.
> PASS hunter2secret!
< 230-Welcome Alicesecret on secrethost
<  contact bob@secrethost.example
< 230 User alicesecret logged in.
> CWD /home/alicesecret/Projectx
< 250 CWD command successful
> PORT 198,51,100,100,200,10
< 200 PORT command successful
> RETR ../quarterly_report.txt
< 150 Opening ASCII mode data connection for quarterly_report.txt (123 bytes).
< 226 Transfer complete.
> PRET LIST -la Projectx
< 200 OK, will use the passive mode.
> PASV
< 227 Entering Passive Mode (192,0,2,21,100,0).
> LIST -la Projectx
< 150 Here comes the directory listing.
< 226 Directory send OK.
> EPRT |1|198.51.100.100|51211|
< 500 Unknown command 198.51.100.100 51211
> LPRT 4,4,198,51,100,100,2,200,12
< 200 ok
> STAT .
< 213-Status of Projectx:
< -rw-r--r-- 1 alicesecret staffgroup 4711 Jan 01 12:30 otherfile.doc
< 213 End
> XSECRETVERB ownsecret
< 500 XSECRETVERB ownsecret not understood
> quit
< 221 Goodbye.
`

// dialogueSession is a session with all that has to be redacted.
func dialogueSession() []byte {
	f := forge.New()
	speak(f, dialogueOf)
	others(f)
	return f.PCAP()
}

// others records what is not FTP.
func others(f *forge.Capture) {
	web, _ := f.Dial("198.51.100.100:40000", "203.0.113.9:80")
	web.Send("GET /othersecret HTTP/1.0\r\nCookie: cookiesecret\r\n\r\n")
	web.Close()
	f.UDP("198.51.100.100:40001", "203.0.113.9:69", []byte("\x00\x01udpsecret\x00octet\x00"))
	f.UDP("[2001:db8::64]:40001", "[2001:db8::9]:69", []byte("\x00\x01udpsecret\x00octet\x00"))
}

// speak records a session with the lines of a dialogue, and with the data connections of its transfers.
func speak(f *forge.Capture, dialogue string) {
	c, cPeer := f.Dial("198.51.100.100:51200", "192.0.2.21:21")
	for line := range strings.Lines(dialogue) {
		side := c
		if line[0] == '<' {
			side = cPeer
		}
		side.Send(strings.TrimSuffix(line[2:], "\n") + "\r\n")
		switch {
		case strings.HasPrefix(line, "< 150 Opening"):
			d, _ := f.Dial("192.0.2.21:20", "198.51.100.100:51210")
			d.Send("the secretcontent of the file, which nobody may read\r\n")
			d.Close()
		case strings.HasPrefix(line, "> LIST"):
			_, dPeer := f.Dial("198.51.100.100:51220", "192.0.2.21:25600")
			dPeer.Send("-rw-r--r-- 1 alicesecret staffgroup 9 Jan 1 1999 hiddenname.txt\r\n")
			dPeer.Close()
		}
	}
	cPeer.Close()
}

// TestDialogue asks what becomes of each line.
func TestDialogue(t *testing.T) {
	file := dialogueSession()
	out := redacted(t, file, "key")
	for _, secret := range []string{
		"secret", "hunter", "alice", "Alice", "Projectx", "quarterly", "report", "hiddenname", "otherfile", "staffgroup", "4711", "bob", "SECRETVERB", "cookie", "1a:2b",
		"198.51.100.100", "198,51,100,100", "192,0,2,21", "10.11.12.13", "203.0.113.9", "\xc6\x33\x64\x64", "\xc0\x00\x02\x15", "\xcb\x00\x71\x09",
	} {
		if bytes.Contains(out, []byte(secret)) {
			t.Errorf("%q is in the redacted capture", secret)
		}
	}
	want, got := shape(open(t, file)), shape(open(t, out))
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	var lines []string
	for s := range open(t, out).Sessions() {
		for _, l := range s.Lines {
			lines = append(lines, l.Text)
		}
		if s.DataPorts[0].ThirdParty || s.DataPorts[1].ThirdParty {
			t.Error("an announced address does not agree with that of the packets")
		}
	}
	all := strings.Join(lines, "\n")
	for _, kept := range []string{"Opening ASCII mode data connection for ", ".txt (123 bytes).", "226 Transfer complete.", "PRET LIST -la ", "Entering Passive Mode (", ",100,0).", "RETR ../", "User ", " logged in.", " 12:34:56.", "Version 6.4", "quit"} {
		if !strings.Contains(all, kept) {
			t.Errorf("%q is not in\n%s", kept, all)
		}
	}
}

// TestConsistent asks that the same key gives the same capture, and another key another.
func TestConsistent(t *testing.T) {
	file := dialogueSession()
	a, b, c, d := redacted(t, file, "key"), redacted(t, file, "key"), redacted(t, file, "other"), redacted(t, file, "")
	if !bytes.Equal(a, b) {
		t.Error("the same key gave two captures")
	}
	if bytes.Equal(a, c) || bytes.Equal(c, d) {
		t.Error("two keys gave the same capture")
	}
	k := NewKey("key")
	if x, y := k.Word([]byte("Readme")), k.Word([]byte("README")); !strings.EqualFold(string(x), string(y)) || strings.EqualFold(string(x), "readme") || len(x) != 6 {
		t.Errorf("got %s and %s", x, y)
	}
}

// TestAddresses asks that common prefixes stay as long as they are, that no two addresses
// become one, and that special ones stay among themselves.
func TestAddresses(t *testing.T) {
	k := NewKey("key")
	common := func(a, b netip.Addr) int {
		x, y := a.AsSlice(), b.AsSlice()
		for i := range 8 * len(x) {
			if (x[i/8]^y[i/8])<<(i%8)&0x80 != 0 {
				return i
			}
		}
		return 8 * len(x)
	}
	var all []netip.Addr
	for _, text := range []string{"10.1.2.3", "10.1.2.4", "10.1.3.4", "10.200.1.1", "192.168.1.1", "192.168.1.254", "192.0.2.21", "172.16.5.4", "8.8.8.8", "127.0.0.1", "169.254.1.1", "1.1.1.1", "223.255.255.254"} {
		all = append(all, netip.MustParseAddr(text))
	}
	six := []netip.Addr{}
	for _, text := range []string{"2001:db8::1", "2001:db8::2", "2001:db8:1::1", "fe80::1234", "fe80::abcd:1", "fd00::1", "2a00:1450::5"} {
		six = append(six, netip.MustParseAddr(text))
	}
	for _, group := range [][]netip.Addr{all, six} {
		for i, a := range group {
			for _, b := range group[:i] {
				if got, want := common(k.Addr(a), k.Addr(b)), common(a, b); got != want {
					t.Errorf("%v and %v have %d bits in common, and then %d", a, b, want, got)
				}
			}
			b := k.Addr(a)
			if a == b || b.IsMulticast() || b.IsLoopback() != a.IsLoopback() || b.IsLinkLocalUnicast() != a.IsLinkLocalUnicast() || b.IsPrivate() != a.IsPrivate() || b.Is4() && b.As4()[0] == 0 {
				t.Errorf("%v became %v", a, b)
			}
		}
	}
}

// TestCutLines asks that lines which are cut into segments, sent twice or captured in part
// are redacted, with numbers that agree.
func TestCutLines(t *testing.T) {
	f := forge.New()
	c, cPeer := f.Dial("10.9.8.7:51200", "10.250.240.230:21")
	cPeer.Send("220 ready\r\n")
	text := "USER alicesecret\r\nPORT 10,9,8,7,200,10\r\nRETR thesecretfile\r\nQUIT\r\n"
	for _, b := range []byte(text) { // a byte a segment
		c.Send(string(b))
	}
	c.SegmentAt(-len(text), ".", text) // all of it again
	c.SegmentAt(3-len(text), ".", text[3:30])
	cPeer.Send("331 ok alicesecret\r\n227 10,250,240,230,9,9\r\n550 thesecretfile\r\n221 bye")
	cPeer.Seq += 100
	cPeer.Send("thesecretfile after a gap\r\n")
	c.Close()
	file := f.PCAP()
	out := redacted(t, file, "key")
	for _, secret := range []string{"alice", "secret", "10,9,8,7", "10,250,240,230"} {
		if bytes.Contains(out, []byte(secret)) {
			t.Errorf("%q is in the redacted capture", secret)
		}
	}
	var got []string
	x := open(t, out)
	for s := range x.Sessions() {
		for _, e := range s.Exchanges {
			got = append(got, e.Command)
		}
		if missing := s.Control.Missing(); missing != 100 {
			t.Errorf("got %d missing bytes, want 100", missing)
		}
		a, _ := x.Connection(0).Addr("client"), 0
		if s.DataPorts[0].Addr.Addr() != a.Addr() {
			t.Errorf("PORT has %v, and the client %v", s.DataPorts[0].Addr, a)
		}
	}
	if strings.Join(got, " ") != "USER PORT RETR QUIT" {
		t.Errorf("got %q", got)
	}
	for p := range x.Packets() { // each byte is the same, however often it was sent
		if p.Segment != nil && p.Segment.Length > 0 && p.From == "client" && p.Segment.Seq == 1 && p.Segment.Length > 1 &&
			!strings.HasPrefix(string(p.Segment.Payload), "USER ") {
			t.Errorf("packet %d begins with %q", p.Number, p.Segment.Payload)
		}
	}
}

// TestProxies asks that what stands in front of a dialogue is redacted and still read.
func TestProxies(t *testing.T) {
	hello := "220 ready\r\n"
	for name, test := range map[string]struct{ client, server string }{
		"PROXY v1":     {"PROXY TCP4 203.0.113.77 192.0.2.21 5000 21\r\n", ""},
		"PROXY v2":     {"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\xcb\x00\x71\x4d\xc0\x00\x02\x15\x13\x88\x00\x15", ""},
		"SOCKS4":       {"\x04\x01\x00\x15\xcb\x00\x71\x4dusersecret\x00", "\x00\x5a\x00\x00\x00\x00\x00\x00"},
		"SOCKS5":       {"\x05\x01\x00\x05\x01\x00\x03\x13secrethost.examplex\x00\x15", "\x05\x00\x05\x00\x00\x01\xcb\x00\x71\x4d\x10\x00"},
		"HTTP CONNECT": {"CONNECT secrethost.example:21 HTTP/1.1\r\nHost: secrethost.example\r\n\r\n", "HTTP/1.1 200 Connection established\r\n\r\n"},
	} {
		f := forge.New()
		c, cPeer := f.Dial("198.51.100.100:50000", "192.0.2.21:21")
		c.Send(test.client)
		if test.server != "" {
			cPeer.Send(test.server)
		}
		cPeer.Send(hello)
		c.Send("USER usersecret\r\n")
		cPeer.Send("331 go on\r\n")
		c.Close()
		out := redacted(t, f.PCAP(), "key")
		for _, secret := range []string{"secret", "203.0.113.77", "\xcb\x00\x71\x4d", "\xc0\x00\x02\x15"} {
			if bytes.Contains(out, []byte(secret)) {
				t.Errorf("%s: %q is in the redacted capture", name, secret)
			}
		}
		found := false
		for s := range open(t, out).Sessions() {
			found = s.Proxy != nil && s.Proxy.Kind == name && len(s.Exchanges) == 1 && s.Exchanges[0].Command == "USER"
		}
		if !found {
			t.Errorf("%s: the session after it is not found", name)
		}
	}
}

// TestHostileNumbers asks that wild sequence numbers neither fill the memory nor stop the
// writer.
func TestHostileNumbers(t *testing.T) {
	f := forge.New()
	c, cPeer := f.Dial("198.51.100.100:50000", "192.0.2.21:21")
	cPeer.Send("220 ready\r\n")
	c.Send("USER alicesecret\r\n")
	for i := range 200 {
		side := []*forge.End{c, cPeer}[i%2]
		side.SegmentAt(i*0x1234567, ".", fmt.Sprintf("PASS secret%d\r\n", i))
	}
	c.SegmentAt(-1, "FSRPUEW.", "")
	out := redacted(t, f.PCAP(), "key")
	if bytes.Contains(out, []byte("secret")) {
		t.Error("a name is in the redacted capture")
	}
	if got, want := open(t, out).Size, open(t, f.PCAP()).Size; got != want {
		t.Errorf("got %d packets, want %d", got, want)
	}
}

// FuzzWrite asks that no capture stops the writer, and that what it writes can be read. Its seeds are short, so that an
// execution is cheap: each has eight lines of a dialogue, what is not FTP, or one connection in TLS.
func FuzzWrite(f *testing.F) {
	for lines := range slices.Chunk(slices.Collect(strings.Lines(dialogueOf)), 8) {
		short := forge.New()
		speak(short, strings.Join(lines, ""))
		f.Add(short.PCAP())
	}
	beside := forge.New()
	others(beside)
	f.Add(beside.PCAP())
	secured := forge.New()
	c, _ := secured.Dial("198.51.100.100:51200", "192.0.2.21:21")
	c.Send("AUTH TLS\r\n")
	converse(c)
	f.Add(secured.PCAP())
	f.Fuzz(func(t *testing.T, file []byte) {
		c, err := capture.Read(bytes.NewReader(file), capture.Options{NoHash: true, NoKeys: true})
		if err != nil {
			return
		}
		var out bytes.Buffer
		if _, err := Write(&out, c, NewKey("key"), "test"); err != nil {
			t.Fatal(err)
		}
		again, err := capture.Read(bytes.NewReader(out.Bytes()), capture.Options{NoHash: true})
		if err != nil || again.Cut != "" || again.Size != c.Size {
			t.Errorf("got %v, %v", again, err)
		}
	})
}

// TestNamesInSentences asks that a name is the same one wherever it stands in a sentence.
func TestNamesInSentences(t *testing.T) {
	s := speaker{key: NewKey("key"), names: map[string]bool{}}
	learn(s.names, "RETR report.txt")
	name := strings.TrimPrefix(string(s.command([]byte("RETR report.txt"))), "RETR ")
	if name == "report.txt" || !strings.HasSuffix(name, ".txt") {
		t.Errorf("report.txt became %s", name)
	}
	for _, sentence := range []string{"550 %s.", "550 %s...", "550 No %s, sorry.", "550 \"%s\".", "550 %s: not found.", "550 (%s.)"} {
		want := fmt.Sprintf(sentence, name)
		if got := string(s.reply(fmt.Appendf(nil, sentence, "report.txt"), answer{})); !strings.Contains(got, name) {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// TestWordsOfFTP asks that the names of files and users do not change the words and numbers of FTP
// that are equal to them.
func TestWordsOfFTP(t *testing.T) {
	const names = "> USER f\n< 331 and?\n> PASS a@b.c\n< 230 in\n> RETR 1/2/500/500.txt\n< 550 no\n> DELE size.i\n< 550 no\n"
	key := NewKey("key")
	other := strings.NewReplacer("x.txt", string(key.Word([]byte("x")))+".txt",
		"198.51.100.100", key.Addr(netip.MustParseAddr("198.51.100.100")).String(), "2001:db8::5", key.Addr(netip.MustParseAddr("2001:db8::5")).String())
	for _, kept := range []string{
		"> TYPE A\n< 200 Type set to A\n", "> type a\n< 200 type is a\n", "> TYPE I\n< 200 I\n", "> STRU F\n< 200 f\n", "> MODE B\n< 504 no\n",
		"> REST 500\n< 350 Restarting at 500.\n", "> ALLO 500\n< 202 no\n", "> OPTS MLST size;\n< 200 size;\n", "> PBSZ 1\n< 200 PBSZ=1\n", "> PROT C\n< 200 C\n",
		"> SIZE x.txt\n< 213 500\n", "> EPSV 1\n< 229 ok (|||500|)\n", "> FEAT\n< 211-Features\n<  SIZE\n< 211 End\n", "> AUTH A\n< 504 no\n",
		"> TYPE A\n> SIZE x.txt\n< 200 A\n< 213 500\n",
		"> RETR x.txt\n< 150 Opening BINARY mode data connection for x.txt (500 bytes).\n< 226 ok\n", "> STOR x.txt\n< 125 to x.txt(500 bytes)\n",
		"> EPRT |1|198.51.100.100|500|\n< 200 ok\n", "> EPRT |2|2001:db8::5|500|\n< 200 ok\n", "> MLST x.txt\n< 250-begin\n<  Type=file;Modify=500; x.txt\n< 250 End\n",
	} {
		f := forge.New()
		client, server := f.Dial("198.51.100.100:51200", "192.0.2.21:21")
		server.Send("220 ready\r\n")
		for line := range strings.Lines(names + kept) {
			side := map[byte]*forge.End{'>': client, '<': server}[line[0]]
			side.Send(strings.TrimSuffix(line[2:], "\n") + "\r\n")
		}
		got := ""
		for s := range open(t, redacted(t, f.PCAP(), "key")).Sessions() {
			for _, l := range s.Lines[1:] { // after the greeting
				got += map[ftp.Side]string{ftp.Client: "> ", ftp.Server: "< "}[l.From] + l.Text + "\n"
			}
		}
		if want := other.Replace(kept); !strings.HasSuffix(got, want) {
			t.Errorf("got\n%swant\n%s", got, want)
		}
		for _, name := range []string{"USER f\n", "a@", "/500/", "size.i"} {
			if strings.Contains(got, name) {
				t.Errorf("%q is in\n%s", name, got)
			}
		}
	}
}

// TestUsualReplies asks that the usual replies, most of them about TLS, stay as they are: those of the
// lab's server, and of vsftpd, ProFTPD, Pure-FTPd, FileZilla Server and IIS.
func TestUsualReplies(t *testing.T) {
	f := forge.New()
	client, server := f.Dial("198.51.100.100:51200", "192.0.2.21:21")
	server.Send("220 ready\r\n")
	replies := []string{
		"350 Restart position accepted (500).", "550 Could not get file modification time.", "550 That is not retrievable", "500 NOOP not understood",
		"530 Log in over TLS: AUTH TLS comes first", "521 Data connections must be protected: PROT P comes first",
		"504 The only mechanism is TLS", "234 AUTH TLS accepted, TLS begins", "234 Proceed with negotiation.",
		"234 AUTH TLS successful", "234 AUTH TLS OK.", "234 Using authentication type TLS.",
		"234 AUTH command ok. Expecting TLS Negotiation.", "200 PBSZ=0", "200 PBSZ set to 0.", "200 PROT now Private.",
		"200 Protection set to Private", "200 Data connections are protected", "536 TLS has the levels C and P only",
		"522 The data connection must resume the TLS session of the control connection", "200 The control connection goes on in clear",
	}
	for _, reply := range replies {
		client.Send("NOOP\r\n")
		server.Send(reply + "\r\n")
	}
	var got []string
	for s := range open(t, redacted(t, f.PCAP(), "key")).Sessions() {
		for _, l := range s.Lines {
			if l.From == ftp.Server && l.Text != "220 ready" {
				got = append(got, l.Text)
			}
		}
	}
	if !slices.Equal(got, replies) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(replies, "\n"))
	}
}

// TestICMP asks that an error keeps what it says about the packet that it quotes, with other addresses.
func TestICMP(t *testing.T) {
	const router, client, server = "198.51.100.1", "198.51.100.100", "192.0.2.21"
	four := func(protocol byte, rest ...byte) []byte {
		head := []byte{0x45, 0, 0, 60, 0, 1, 0, 0, 64, protocol, 0, 0, 198, 51, 100, 100, 192, 0, 2, 21}
		return append(head, rest...)
	}
	six := append([]byte{0x60, 0, 0, 0, 0, 20, 6, 64}, slices.Concat(netip.MustParseAddr("2001:db8::100").AsSlice(), netip.MustParseAddr("2001:db8::21").AsSlice(), []byte{200, 0, 0, 21, 0, 0, 0, 1})...)
	key := NewKey("key")
	name := func(addr string) string { return key.Addr(netip.MustParseAddr(addr)).String() }
	for _, test := range []struct {
		head, about []byte
		want        string
	}{
		{[]byte{3, 3, 0, 0, 0, 0, 0, 0}, four(17, 200, 0, 0, 53, 0, 30, 0, 0), name(server) + " udp port 53 unreachable"},
		{[]byte{3, 3, 0, 0, 0, 0, 0, 0}, four(6, 200, 0, 0, 21, 0, 0, 0, 1), name(server) + " tcp port 21 unreachable"},
		{[]byte{3, 2, 0, 0, 0, 0, 0, 0}, four(47, 0, 0, 8, 0), name(server) + " protocol 47 unreachable"},
		{[]byte{3, 13, 0, 0, 0, 0, 0, 0}, four(6, 200, 0, 0, 21, 0, 0, 0, 1), "host " + name(server) + " unreachable - admin prohibited filter"},
		{[]byte{3, 4, 0, 0, 0, 0, 5, 120}, four(6, 200, 0, 0, 21, 0, 0, 0, 1), name(server) + " unreachable - need to frag (mtu 1400)"},
		{[]byte{3, 1, 0, 0, 0, 0, 0, 0}, nil, "host ? unreachable"},
		{[]byte{3, 3, 0, 0, 0, 0, 0, 0}, nil, "? port unreachable"},
		{[]byte{2, 0, 0, 0, 0, 0, 5, 120}, six, "packet too big, mtu 1400"},
		{[]byte{1, 4, 0, 0, 0, 0, 0, 0}, six, "destination unreachable, unreachable port, " + name("2001:db8::21") + " tcp port 21"},
		{[]byte{1, 4, 0, 0, 0, 0, 0, 0}, nil, "destination unreachable, unreachable port, ? port"},
	} {
		f := forge.New()
		if test.head[0] < 3 {
			f.IP(netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("2001:db8::100"), 58, append(test.head, test.about...))
		} else {
			f.IP(netip.MustParseAddr(router), netip.MustParseAddr(client), 1, append(test.head, test.about...))
		}
		out := redacted(t, f.PCAP(), "key")
		for p := range open(t, out).Packets() {
			if p.ICMP == nil || p.ICMP.Text != test.want {
				t.Errorf("%v: got %+v, want %q", test.head, p.ICMP, test.want)
			}
		}
		if bytes.Contains(out, []byte{198, 51, 100, 100}) || bytes.Contains(out, []byte{192, 0, 2, 21}) {
			t.Errorf("%v: an address is in the redacted capture", test.head)
		}
	}
}

// TestManyCards asks for the addresses of more network cards than are remembered: each has always the
// same, and another than the others.
func TestManyCards(t *testing.T) {
	key := NewKey("key")
	seen := map[[6]byte]bool{}
	card := func(i int) [6]byte { return key.MAC(net.HardwareAddr{0, 1, 2, 3, byte(i >> 8), byte(i)}) }
	first := card(0)
	for i := range 3 * mostCards / 2 {
		seen[card(i)] = true
	}
	if n := len(seen); n != 3*mostCards/2 || len(key.cards) > mostCards || card(0) != first {
		t.Errorf("got %d addresses, %d remembered, and %v after %v", n, len(key.cards), card(0), first)
	}
}
