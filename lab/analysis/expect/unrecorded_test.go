package expect

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/internal/forge"
)

// cutReply is a session in which the recorder cut the reply 150 after some bytes of its text.
func cutReply(kept int) func() *recording {
	return func() *recording {
		g := &recording{forge.New(), false}
		ctl := login(g)
		const reply = "150 Here it comes.\r\n"
		ctl.Peer.Segment("P.", reply)
		g.Last(0).Cut(g.Last(0).Len() - len(reply) + kept)
		ctl.Segment(".", "")
		ctl.Peer.Segment("P.", "226 Done.\r\n")
		return g
	}
}

// snapped is the active listing, of which the recorder kept so many bytes of each packet.
func snapped(bytes int) func() *recording {
	return func() *recording {
		g := activeListing()
		for i := range g.Frames {
			g.Frames[i].Cut(bytes)
		}
		return g
	}
}

// inPieces is a session with a text in two packets, between which its sender updates its window.
func inPieces() *recording {
	g := &recording{forge.New(), false}
	ctl := login(g)
	ctl.Peer.Segment("P.", "150 Here ")
	ctl.Peer.Segment(".", "")
	ctl.Peer.Segment("P.", "it comes.\r\n")
	ctl.Segment(".", "")
	return g
}

// A line that agrees with what was recorded of a text, and needs more, cannot be judged. One
// that disagrees is a mismatch.
func TestUnrecorded(t *testing.T) {
	const login = "ctl client.* > server.21\nctl ...\nctl server > client \"230 *\"\n" // the line below it is the fourth
	const headers = 54                                                                 // of Ethernet, IP and TCP without options
	twoInOne := func() *recording {
		g := &recording{forge.New(), false}
		ctl := connect(g, "198.51.100.100:3171", "192.0.2.21:21")
		ctl.Peer.Segment("P.", "220-Hello\r\n220-more\r\n220 Go on\r\n")
		g.Last(0).Cut(g.Last(0).Len() - 12)
		ctl.Segment("P.", "QUIT\r\n")
		return g
	}
	lost := func() *recording {
		g := cutReply(20)()
		g.Drop(2) // the 150
		return g
	}
	content := func() *recording {
		g := &recording{forge.New(), false}
		dataConn(g)
		g.Last(0).Cut(headers + 20)
		return g
	}
	options := func() *recording {
		g := &recording{forge.New(), false}
		end, _ := g.Pair("192.0.2.21:20", "198.51.100.100:3172")
		end.Options = []byte{2, 4, 5, 180}
		end.Segment("S", "")
		g.Last(0).Cut(headers)
		return g
	}
	names := func() *recording {
		g := &recording{forge.New(), false}
		dns(g, "198.51.100.100", "192.0.2.53")
		g.Last(0).Cut(headers)
		g.Last(1).Cut(headers)
		return g
	}
	web := func() *recording {
		g := &recording{forge.New(), false}
		c := connect(g, "198.51.100.100:3171", "192.0.2.21:21")
		c.Segment("P.", "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		c.Peer.Segment("P.", "HTTP/1.1 200 OK\r\nServer: y\r\n\r\n")
		g.Last(0).Cut(headers + 5)
		g.Last(1).Cut(headers + 20)
		return g
	}
	for _, test := range []struct {
		name, want string
		forge      func() *recording
		wrong      string // summary
		unjudged   string // the lines, with the frame
		says       string
	}{
		{"a text with a star", login + "ctl server > client \"150 *\"\nctl server > client \"226 *\"\n", cutReply(16), "", "[4] @12",
			"test.txtar:4: ctl: from frame 12 on, the capture is incomplete (the recorder kept 70 of the 74 bytes of this frame), so line 4 cannot be judged\n"},
		{"the whole text", login + "ctl server > client \"150 Here it comes.\"\nctl server > client \"226 *\"\n", cutReply(16), "", "[4] @12", ""},
		{"the whole text, of which the LF was cut", login + "ctl server > client \"150 Here it comes.\"\nctl server > client \"226 *\"\n", cutReply(19), "", "[4] @12", ""},
		{"none of the text", login + "ctl server > client \"150 Here it comes.\" [P.] seq 59\nctl server > client \"226 *\"\n", cutReply(0), "", "[4] @12", ""},
		{"a reply code of which one digit was recorded", login + "ctl server > client \"150 *\"\nctl server > client \"226 *\"\n", cutReply(1), "", "[4] @12", ""},
		{"another text", login + "ctl server > client \"150 There it comes.\"\nctl server > client \"226 *\"\n", cutReply(16), "different 4 @12", "",
			"the text begins with \"150 Here it come\"\n"},
		{"another reply code", login + "ctl server > client \"125 *\"\nctl server > client \"226 *\"\n", cutReply(2), "different 4 @12", "", ""},
		{"a text that is too long for what is missing", login + "ctl server > client \"150 Here it comes for you.\"\nctl server > client \"226 *\"\n", cutReply(16), "different 4 @12", "", ""},
		{"a text that ends in something else", login + "ctl server > client \"150 *now\"\nctl server > client \"226 *\"\n", cutReply(17), "different 4 @12", "", ""},
		{"other flags", login + "ctl server > client \"150 *\" [.U]\nctl server > client \"226 *\"\n", cutReply(16), "different 4 @12", "", ""},
		{"no line for it", login + "ctl server > client \"226 *\"\n", cutReply(16), "unwanted 3 @12", "", ""},
		{"a line for it, and none for what follows", login + "ctl server > client \"150 *\"\n", cutReply(16), "unwanted 4 @14", "[4] @12", ""},
		{"a text that came whole elsewhere", "ctl client.* > server.21\nctl ...\nctl server > client \"226 *\"\nctl ...\n", cutReply(0), "", "", ""},
		{"the end of a packet with several lines",
			"ctl client.* > server.21\nctl client > server [S]\nctl server > client [S.]\nctl server > client \"220-Hello\"\nctl server > client \"220-more\"\nctl server > client \"220 *\"\nctl client > server \"QUIT\"\n",
			twoInOne, "", "[5 6] @4", ""},
		{"a packet that was lost", login + "ctl server > client \"150 *\"\nctl server > client \"226 *\"\n", lost, "", "[4] @12", "(packets before this frame are missing), so line 4 cannot"},
		{"a packet that was lost, and no line for it", "ctl client.* > server.21\nctl ...\nctl client > server \"PASS *\"\nctl server > client \"230-Hello\"\nctl server > client \"230 Go on\"\nctl server > client \"226 *\"\n", lost, "unwanted 5", "", "the capture lacks seq 59:79"},
		{"a text in two packets, with an ACK between them", login + "ctl ...\nctl server > client \"999 *\"\nctl ...\n", inPieces, "missing 5", "", ""},
		{"headers alone", activeWant, snapped(headers), "", "[4 7 8 9 10 11 12 13 14 15 19 22 25 26] @1", "so lines 4, 7-15, 19, 22, 25-26 cannot be judged"},
		{"headers alone, and a reply too many", strings.Replace(activeWant, "ctl   server > client  \"331 *\"\n", "", 1), snapped(headers), "unwanted 8 @7", "[4 7 8 9 10 11 12 13 14 18 21 24 25] @1", ""},
		{"four bytes of each text", activeWant, snapped(headers + 4), "", "[7 8 9 10 11 12 13 14 15 19 22 25 26] @4", "so lines 7-15, 19, 22, 25-26 cannot be judged"},
		{"four bytes of each text, and another reply code", strings.Replace(activeWant, "226", "250", 1), snapped(headers + 4), "unwanted 22 @23", "[7 8 9 10 11 12 13 14 15 19 22 25 26] @4", ""},
		{"options of TCP", dataDeclared + "data server > client [S] mss 1460 !df\n", options, "different 2 @1", "", "df is there"},
		{"options of TCP that were cut off", dataDeclared + "data server > client [S] mss 1460 df ttl 64\n", options, "", "[2] @1", ""},
		{"a name in DNS", "dns client.* > nameserver.53 udp\ndns client > nameserver \"A? ftp1.example.test.\" length 35\ndns nameserver > client \"1/4/4 *\"\n", names, "", "[2 3] @1", ""},
		{"a name in DNS, and another length", "dns client.* > nameserver.53 udp\ndns client > nameserver \"A? ftp1.example.test.\" length 36\ndns nameserver > client \"1/4/4 *\"\n", names, "different 2 @1", "[3] @2", ""},
		{"another protocol", "ctl client.* > server.21\nctl ...\nctl server > client \"220 *\"\n", web, "missing 3", "", ""},
		{"content", dataDeclared + dataHandshake + "data server > client content \"xxxxxxxxxxxxxxxxxxxx*\"\n", content, "", "[5] @4", "kept 74 of the 109 bytes of this frame"},
		{"other content", dataDeclared + dataHandshake + "data server > client content \"xxxxxxxxxxxxxxxxxxxy*\"\n", content, "different 5 @4", "",
			"the content begins with \"xxxxxxxxxxxxxxxxxxxx\"\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			v := verdict(t, test.want, test.forge())
			unjudged := ""
			for _, u := range v.Unjudged {
				unjudged = fmt.Sprintf("%v @%d", u.Lines, u.From)
			}
			report := v.Report()
			if got := summary(v); got != test.wrong || unjudged != test.unjudged || v.Pass != (test.wrong+test.unjudged == "") || !strings.Contains(report, test.says) {
				t.Errorf("got the mismatches %q and unjudged %q, want %q and %q, and %q in\n%s", got, unjudged, test.wrong, test.unjudged, test.says, report)
			}
			if strings.Contains(report, "hint:") {
				t.Errorf("got a hint, which can only be wrong:\n%s", report)
			}
		})
	}
}

// A session that is as wanted is not called wrong, wherever the recorder cut its packets.
func TestUnrecordedAnywhere(t *testing.T) {
	for _, s := range sessions {
		g := &recording{forge.New(), false}
		s.run(t, g, false)
		want := derive(t, g.capture(t), hosts)
		longest := 0
		for _, f := range g.Frames {
			longest = max(longest, len(f.Data))
		}
		for snap := longest; snap >= 54; snap-- { // the headers of Ethernet, IP and TCP
			for i := range g.Frames {
				g.Frames[i].Cut(snap)
			}
			if v := verdict(t, want, g); len(v.Mismatches) > 0 {
				t.Fatalf("%s, of which %d bytes of each packet were recorded:\n%s", s.name, snap, v.Report())
			}
		}
	}
}

// A pattern fits what is known of a text exactly if it matches one of the texts that it can be.
func TestMayGoOn(t *testing.T) {
	letters := "ab\r"
	texts := []string{""}
	for i := 0; i < len(texts) && len(texts[i]) < 4; i++ {
		for _, c := range letters {
			texts = append(texts, texts[i]+string(c))
		}
	}
	patterns := []pattern{{""}, {"a"}, {"ab"}, {"", ""}, {"a", ""}, {"", "b"}, {"a", "b"}, {"ab", "a"}, {"", "ab"}, {"a", "b", "a"}, {"", "ab", ""}, {"", "b", "ab"}}
	ends := []string{"\n", "\r\n"}
	for _, p := range patterns {
		for _, recorded := range texts {
			for more := range 5 {
				want := false
				for _, rest := range texts {
					for _, end := range ends {
						line := recorded + rest + end
						text := strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
						want = want || len(rest)+len(end) <= more && p.matches(text)
					}
				}
				for _, whole := range texts { // the CR of the line end was recorded
					want = want || more > 0 && whole+"\r" == recorded && p.matches(whole)
				}
				if got := p.mayGoOn(recorded, more); got != want {
					t.Errorf("%q, recorded %q and %d more: got %v, want %v", p, recorded, more, got, want)
				}
			}
		}
	}
}

// cutOffIn is a recording of which the file is cut off in the middle of a frame, the first one
// being frame 1.
func cutOffIn(t *testing.T, g *recording, frame int) *capture.Capture {
	t.Helper()
	file := g.PCAP()
	const header, record = 24, 16 // bytes, of pcap
	at := header
	for _, f := range g.Frames[:frame-1] {
		at += record + f.Len()
	}
	c, err := capture.Read(bytes.NewReader(file[:at+record+1]), capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if c.Cut == "" || c.Size != frame-1 {
		t.Fatalf("got %d frames, cut %q, want %d", c.Size, c.Cut, frame-1)
	}
	return c
}

// A session that is as wanted is not called wrong, wherever its file is cut off.
func TestCutOffAnywhere(t *testing.T) {
	for _, s := range sessions {
		g := &recording{forge.New(), false}
		s.run(t, g, false)
		text := derive(t, g.capture(t), hosts)
		w, err := Parse("test.txtar", 1, text)
		if err != nil {
			t.Fatal(err)
		}
		for n := 2; n <= len(g.Frames); n++ {
			v, err := w.Judge(cutOffIn(t, g, n), hosts)
			if err != nil {
				t.Fatal(err)
			}
			if len(v.Mismatches) > 0 {
				t.Fatalf("%s, which is cut off in frame %d:\n%s", s.name, n, v.Report())
			}
		}
	}
}

// What a file that is cut off shows is judged, and what may have come after its end is not.
func TestCutOff(t *testing.T) {
	const before = "ctl client.* > server.21\ndata server.20 > client.*\nctl ...\nctl client > server \"LIST\" @list\n" // the line below it is the fifth
	// strict leaves no room for another LIST after the end of the file.
	strict := strings.Replace(before, "ctl ...\n", strings.Join([]string{
		`ctl client > server [S]`, `ctl server > client [S.]`, `ctl server > client "220 *"`, `ctl client > server "USER *"`,
		`ctl server > client "331 *"`, `ctl client > server "PASS *"`, `ctl server > client "230-*"`, `ctl server > client "230 *"`,
		`ctl client > server "PORT *"`, `ctl server > client "200 *"`, ``}, "\n"), 1) // the line below it is the 14th
	session := func() *recording {
		g := &recording{forge.New(), false}
		ctl := login(g) // 10 frames
		ctl.Segment("P.", "PORT "+g.hostPort("198.51.100.100:3172")+"\r\n")
		ctl.Peer.Segment("P.", "200 Well\r\n")
		ctl.Segment("P.", "LIST\r\n")
		ctl.Peer.Segment("P.", "150 Here it ")
		ctl.Peer.Segment("P.", "comes\r\n")
		data := connect(g, "192.0.2.21:20", "198.51.100.100:3172")
		data.Segment("P.", "0123456789")
		data.Segment("P.", "0123456789")
		data.Segment("F.", "")
		ctl.Peer.Segment("P.", "226 Done\r\n")
		return g
	}
	at := map[string]int{} // the numbers of some frames
	for i, f := range session().Frames {
		for _, text := range []string{"comes", "01234", "226"} {
			if strings.Contains(string(f.Data), text) {
				at[text] = i + 1
			}
		}
	}
	for _, test := range []struct {
		name, want      string
		in              int // the frame in which the file is cut off
		wrong, unjudged string
	}{
		{"all that is there, and more", before + "ctl server > client \"150 *\"\nctl server > client \"226 *\"\ndata ...\n", at["226"], "", "ctl [6]"},
		{"a text that goes on", before + "ctl server > client \"150 Here it comes\"\nctl server > client \"226 *\"\n", at["comes"], "", "data [2] ctl [5 6]"},
		{"a text that begins otherwise", strict + "ctl server > client \"150 There *\"\nctl server > client \"226 *\"\n", at["comes"], "different 14 @15", "data [2] ctl [15]"},
		{"a text that begins otherwise, and another one may come", before + "ctl server > client \"150 There *\"\nctl server > client \"226 *\"\n", at["comes"], "", "data [2] ctl [4 5 6]"},
		{"another command", strings.Replace(strict, "LIST", "NLST", 1) + "ctl server > client \"150 *\"\ndata ...\n", at["226"], "different 13 @14", ""},
		{"another command, and one more may come", strings.Replace(before, "LIST", "NLST", 1) + "ctl server > client \"150 *\"\ndata ...\n", at["226"], "", "ctl [4 5]"},
		{"nothing is missing, and more may come", before + "ctl ...\ndata ...\n", at["226"], "", " []"},
		{"a range that goes on", before + "ctl ...\ndata ...\ndata server > client seq 1:21\ndata server > client [F.]\n", at["01234"], "", "data [7 8]"},
		{"content that goes on", before + "ctl ...\ndata ...\ndata server > client content \"0123456789012*\"\ndata ...\n", at["01234"], "", "data [7]"},
		{"content that begins otherwise", before + "ctl ...\ndata ...\ndata server > client content \"0123456788*\"\ndata ...\n", at["01234"], "different 7 @20", ""},
		{"a range that ends too early", before + "ctl ...\ndata ...\ndata server > client seq 1:6\ndata server > client [F.]\n", at["01234"], "different 7 @20", "data [8]"},
		{"no line for what is there", "ctl client.* > server.21\nctl client > server [S]\nctl server > client [S.]\nctl client > server \"USER *\"\nctl ...\nctl server > client \"226 *\"\ndata server.20 > client.*\ndata ...\n", at["226"], "unwanted 3 @4", "ctl [6]"},
		{"a port that is wrong", strings.Replace(before, ".20 > client.*", ".20 > client.9", 1) + "ctl ...\ndata ...\n", at["226"], "other ports 2 @17", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			w, err := Parse("test.txtar", 1, test.want)
			if err != nil {
				t.Fatal(err)
			}
			v, err := w.Judge(cutOffIn(t, session(), test.in), hosts)
			if err != nil {
				t.Fatal(err)
			}
			var unjudged []string
			for _, u := range v.Unjudged {
				unjudged = append(unjudged, fmt.Sprintf("%s %v", u.Connection, u.Lines))
				if u.From != test.in {
					t.Errorf("%s: from frame %d, want %d", u.Connection, u.From, test.in)
				}
			}
			first, _, _ := strings.Cut(summary(v), ",")
			if got := strings.Join(unjudged, " "); first != test.wrong || got != test.unjudged || v.Pass != (test.wrong+test.unjudged == "") {
				t.Errorf("got mismatches %q and unjudged %q, want %q and %q\n%s", first, got, test.wrong, test.unjudged, v.Report())
			}
		})
	}
}

// The first of several like declarations means the first connection, also if a file that is cut off
// lacks the second.
func TestCutOffLikeDeclarations(t *testing.T) {
	g := &recording{forge.New(), false}
	ctl := login(g)
	data := connect(g, "198.51.100.100:3172", "192.0.2.21:50000")
	data.Peer.Segment("P.", "0123456789")
	data.Segment(".", "")
	ctl.Segment("P.", "NOOP\r\n")
	const want = "ctl client.* > server.21\none client.* > server.*\ntwo client.* > server.*\nctl ...\nctl client > server \"SIZE a\"\nctl ...\none ...\none server > client seq 1:11\none ...\ntwo ...\ntwo client > server seq 1:5\ntwo ...\n"
	w, err := Parse("test.txtar", 1, want)
	if err != nil {
		t.Fatal(err)
	}
	v, err := w.Judge(cutOffIn(t, g, len(g.Frames)), hosts)
	if err != nil {
		t.Fatal(err)
	}
	if len(v.Mismatches) > 0 || v.Connections[1].ID != 1 {
		t.Errorf("one is the connection %d, want 1\n%s", v.Connections[1].ID, v.Report())
	}
}

// A connection is not called missing if the recorder cut packets before the header of TCP that may
// be its own.
func TestHeadless(t *testing.T) {
	const want = "ctl client.* > server.21\nctl client > server [S]\n"
	const ip = 40 // bytes of Ethernet and IP, and some of TCP
	for _, test := range []struct {
		name, from, to  string
		kept            int
		wrong, unjudged string
	}{
		{"between its hosts", "198.51.100.100:3171", "192.0.2.21:21", ip, "", "[1 2] @1"},
		{"between its hosts, from the server", "192.0.2.21:21", "198.51.100.100:3171", ip, "", "[1 2] @1"},
		{"less than the header of IP", "198.51.100.100:3171", "192.0.2.53:21", 20, "", "[1 2] @1"},
		{"to another host", "198.51.100.100:3171", "192.0.2.53:21", ip, "not found 1", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := &recording{forge.New(), false}
			a, _ := g.Pair(test.from, test.to)
			a.Segment("S", "")
			g.Last(0).Cut(test.kept)
			v := verdict(t, want, g)
			compareUnjudged(t, v, test.wrong, test.unjudged)
		})
	}
}

// A message does not say of an option that the recorder cut off that it is not there.
func TestOptionsCutOff(t *testing.T) {
	g := &recording{forge.New(), false}
	end, _ := g.Pair("192.0.2.21:20", "198.51.100.100:3172")
	end.Options = []byte{2, 4, 5, 180, 1, 3, 3, 7}
	end.Segment("S", "")
	g.Last(0).Cut(58)
	got := verdict(t, "data server.20 > client.3172\ndata server > client [S] win 1 mss 1460 wscale 7\n", g).Report()
	if !strings.Contains(got, " mss 1460     frame 1") {
		t.Errorf("got\n%s", got)
	}
}

// A session that is as wanted is not called wrong if the capture has one direction only.
func TestOneDirection(t *testing.T) {
	for _, side := range []netip.Addr{clientAddr, serverAddr} {
		g := activeListing()
		g.Frames = slices.DeleteFunc(g.Frames, func(f forge.Frame) bool {
			const source = 26 // of IPv4, in Ethernet
			addr, _ := netip.AddrFromSlice(f.Data[source : source+4])
			return addr == side
		})
		v := verdict(t, activeWant, g)
		if len(v.Mismatches) > 0 || len(v.Unjudged) != 2 {
			t.Errorf("without the packets of %v: want that both connections cannot be judged\n%s", side, v.Report())
		}
		v = verdict(t, strings.Replace(strings.Replace(activeWant, "226", "250", 1), "LIST", "NLST", 1), g)
		if len(v.Mismatches) == 0 {
			t.Errorf("without the packets of %v: another command and another reply are not noticed\n%s", side, v.Report())
		}
	}
	// Nor is a connection missing of which the side answered nothing that the capture has.
	g := &recording{forge.New(), false}
	login(g)
	g.Frames = slices.DeleteFunc(g.Frames, func(f forge.Frame) bool { return f.Data[29] != clientAddr.As4()[3] })
	answer := &recording{forge.New(), false}
	dns(answer, "198.51.100.100", "192.0.2.53")
	answer.Drop(1)
	for name, g := range map[string]*recording{"TCP": g, "DNS": answer} {
		const want = "ctl client.* > server.21\ndata client.* > server.50000\ndns client.* > nameserver.53 udp\nctl ...\ndata client > server [S]\ndns ...\n"
		if v := verdict(t, want, g); len(v.Mismatches) > 0 || len(v.Unjudged) == 0 {
			t.Errorf("a connection without an answer, in one direction of %s:\n%s", name, v.Report())
		}
	}
	// A SYN that nobody answers is no such capture.
	g = &recording{forge.New(), false}
	a, _ := g.Pair("198.51.100.100:3171", "192.0.2.21:21")
	a.Segment("S", "")
	if v := verdict(t, "ctl client.* > server.21\nctl client > server [S]\nctl server > client [S.]\n", g); summary(v) != "missing 3" {
		t.Errorf("a SYN without an answer: got %q, want that line 3 is missing", summary(v))
	}
}

// What may have come before the start of a capture cannot be judged.
func TestBeginsInTheMiddle(t *testing.T) {
	const alike = "one client.* > server.21\ntwo client.* > server.21\none ...\ntwo ...\n"
	const want = "ctl client.* > server.21\nold server.20 > client.*\nctl client > server [S]\nctl server > client [S.]\nctl server > client \"220 *\"\nctl client > server \"USER anonymous\"\nctl server > client \"331 *\"\nctl client > server \"PASS *\"\nctl server > client \"230-*\"\nctl server > client \"230 *\"\nold ...\n"
	for _, test := range []struct{ name, want, wrong, unjudged string }{
		{"as wanted", want, "", "old [2] ctl [3 4 5]"},
		{"another command", strings.Replace(want, "USER a", "USER b", 1), "different 6 @2", "old [2] ctl [3 4 5]"},
		{"a FIN that is perhaps lost", want + "ctl client > server [F.]\n", "", "old [2] ctl [3 4 5 12]"},
	} {
		g := &recording{forge.New(), false}
		login(g)
		g.Frames = g.Frames[4:]
		v := verdict(t, test.want, g)
		var unjudged []string
		for _, u := range v.Unjudged {
			unjudged = append(unjudged, fmt.Sprintf("%s %v", u.Connection, u.Lines))
		}
		if got := strings.Join(unjudged, " "); summary(v) != test.wrong || got != test.unjudged {
			t.Errorf("%s: got %q and unjudged %q, want %q and %q\n%s", test.name, summary(v), got, test.wrong, test.unjudged, v.Report())
		}
	}
	// Of a connection the capture may have only the reset at its end.
	g := &recording{forge.New(), false}
	end, _ := g.Pair("198.51.100.100:3171", "192.0.2.21:21")
	end.Segment("R", "")
	if v := verdict(t, want+"ctl client > server [R]\n", g); len(v.Mismatches) > 0 || len(v.Unjudged) != 2 {
		t.Errorf("a reset alone: want that neither connection can be judged\n%s", v.Report())
	}
	// The SYN of a connection that is older than the capture came before those in it.
	g = &recording{forge.New(), false}
	old, _ := g.Pair("198.51.100.100:3172", "192.0.2.21:21")
	login(g)
	old.Segment("F.", "")
	v := verdict(t, alike, g)
	if one, two := v.Connections[0], v.Connections[1]; one.ID != 1 || two.ID != 0 {
		t.Errorf("one is the connection %d and two %d, want 1, which is older than the capture, and 0", one.ID, two.ID)
	}
	// If only one such connection is left, it is the last one.
	g.Frames = g.Frames[len(g.Frames)-1:]
	if v = verdict(t, alike, g); v.Connections[0].ID != -1 || v.Connections[1].ID != 0 {
		t.Errorf("one is the connection %d and two %d, want none and 0", v.Connections[0].ID, v.Connections[1].ID)
	}
	// A connection whose SYN was lost is no older than others.
	for lost := 11; lost <= 12; lost++ {
		g = &recording{forge.New(), false}
		login(g)
		connect(g, "198.51.100.100:3172", "192.0.2.21:21").Segment("P.", "QUIT\r\n")
		g.Frames = slices.Delete(g.Frames, lost, lost+1)
		if v = verdict(t, alike, g); v.Connections[0].ID != 0 || v.Connections[1].ID != 1 {
			t.Errorf("without frame %d: one is the connection %d and two %d, want 0 and 1", lost+1, v.Connections[0].ID, v.Connections[1].ID)
		}
	}
}
