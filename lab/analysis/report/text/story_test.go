package text

import (
	"bytes"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/tcp"
	"ftplab/lab/analysis/tls"
	"ftplab/lab/internal/forge"
)

var update = flag.Bool("update", false, "write the stories anew; read them before they are committed")

// The story of each recorded capture is the one that somebody has read and found
// good.
func TestStories(t *testing.T) {
	files, err := filepath.Glob("../../capture/testdata/*.pcapng")
	if err != nil || len(files) == 0 {
		t.Fatalf("no captures: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".pcapng")
		t.Run(name, func(t *testing.T) {
			tr, err := capture.Open(file, capture.Options{})
			if err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", name+".txt")
			got := storyText(t, name, tr)
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// TestEndedBy does not say who ended a connection if the first FIN that was recorded acknowledges another one.
func TestEndedBy(t *testing.T) {
	for dropped, want := range map[bool]string{false: " server\n", true: " -\n"} {
		f := forge.New()
		client, server := f.Dial(forge.Client+":4000", forge.Server+":5000")
		server.FIN()
		if dropped {
			f.Drop(0)
		}
		client.FIN()
		server.ACK()
		c, err := capture.Read(bytes.NewReader(f.PCAP()), capture.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := storyText(t, "x", c); !strings.Contains(got, want) {
			t.Errorf("without the server's FIN %v: got\n%s", dropped, got)
		}
	}
}

// TestRefused says of a data connection that it was refused, and by which port.
func TestRefused(t *testing.T) {
	for client, want := range map[string]string{
		forge.Client: "; refused, packet 8: nobody listens at port 5000 of the server, or a firewall answers in its name\n",
		forge.Server: "; refused, packet 8: nobody listens at port 5000 of the server\n",
	} {
		f := forge.New()
		ctl, _ := f.Dial(client+":4000", forge.Server+":21")
		ctl.Say("< 220 ready\n> PASV\n< 227 Entering Passive Mode (192,0,2,21,19,136)")
		data, peer := f.Pair(client+":4001", forge.Server+":5000")
		data.Segment("S", "")
		peer.Segment("R.", "")
		if got, _ := bothOf(t, f); !strings.Contains(got, want) {
			t.Errorf("from %s: got\n%s\nwant %q in it", client, got, want)
		}
	}
}

// TestRoundTripIsSure calls only the time from a SYN to the ACK that ends the handshake a round trip, and
// only if the ACK did not wait and the capture shows which SYN was answered.
func TestRoundTripIsSure(t *testing.T) {
	for _, test := range []struct {
		syns            int
		then            func(client *forge.End)
		column, opening string
	}{
		{1, (*forge.End).ACK, " 22.00 ms ", "; the handshake takes 22.00 ms, one round trip"},
		{1, func(c *forge.End) { c.Send("USER anonymous\r\n") }, " ≥ 21.00 ms ", "; its SYN is answered after 21.00 ms\n"},
		{2, (*forge.End).ACK, " ≥ 21.00 ms ", "; its SYN is sent again, and answered 21.00 ms after the last one\n"},
	} {
		g := forge.New()
		client, server := g.Pair(forge.Client+":3171", forge.Server+":21")
		for range test.syns {
			client.SegmentAt(-1, "S", "")
			g.Pass(time.Second)
		}
		g.Pass(20*time.Millisecond - time.Second)
		server.SegmentAt(-1, "S.", "")
		test.then(client)
		server.Send("220 ready\r\n")
		tr, err := capture.Read(bytes.NewReader(g.PCAP()), capture.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := storyText(t, "forged", tr); !strings.Contains(got, test.column) || !strings.Contains(got, test.opening) {
			t.Errorf("%d SYNs: got\n%s\nwant %q and %q", test.syns, got, test.column, test.opening)
		}
	}
}

func storyText(t *testing.T, name string, tr *capture.Capture) string {
	t.Helper()
	var b bytes.Buffer
	if err := Story(&b, name, tr); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// bothOf returns the story and the JSON of a forged capture.
func bothOf(t *testing.T, f *forge.Capture) (story, facts string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "forged.pcap")
	f.Save(t, file)
	tr, err := capture.Open(file, capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	var b bytes.Buffer
	if err := JSON(&b, "forged", tr); err != nil {
		t.Fatal(err)
	}
	return storyText(t, "forged", tr), b.String()
}

// What a capture does not show is said.
func TestWhatIsMissing(t *testing.T) {
	c := ftp.Connection{Identity: ftp.Identity{LastPacket: 9, Purpose: ftp.Purpose{Role: ftp.Control}}}
	d := ftp.Connection{Identity: ftp.Identity{Purpose: ftp.Purpose{Role: ftp.Data, Mode: ftp.Active, Control: ftp.NoConnection}},
		ServerFlow: tcp.Flow{Segments: 2, Bytes: 1000, Missing: 500, Retransmissions: 1}}
	tr := capture.Made([]ftp.Connection{c, d}, []*ftp.Session{{
		Control: &c, TLS: true, TLSFrom: 5, Hidden: true, Layer: &ftp.TLSLayer{From: 5, Session: tls.NewSession(nil)}, Overlong: true,
		Lines: []*ftp.Line{{From: ftp.Client, Text: "USER \x1b[2J", AfterGap: true}},
	}})
	tr.Size, tr.Truncated, tr.Cut, tr.Dropped, tr.Unread = 12, 3, "the file is cut off", 4, 2
	got := storyText(t, "evil\x1b.pcap", tr)
	for _, want := range []string{
		`evil\x1b.pcap: 12 packets`,
		"The file is cut off; the part before it follows",
		"3 packets cut short by the recorder",
		"4 packets lost by the recorder",
		"2 packets of an unknown link type",
		"open already when the capture begins",
		`client  [bytes missing] USER \x1b[2J [its end is missing]`,
		"from here on there is TLS",
		"too long to print",
		"its end is not in the capture",
		"nothing in the capture announces it",
		"500 bytes of it are not in the capture",
		"1 retransmission\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
	if strings.ContainsAny(got, "\x1b\r\a") {
		t.Errorf("control characters in %q", got)
	}
}

// Connections of which the recorder lost the handshake are not called older than the capture.
func TestLostHandshake(t *testing.T) {
	f := forge.New()
	_, s := f.Dial(forge.Client+":3171", forge.Server+":21")
	f.Frames = f.Frames[2:]
	s.Send("220 ready\r\n")
	x := forge.Session{Capture: f, Client: s.Peer, Server: s}
	x.Ask("PASV", "227 Here (192,0,2,21,156,64)")
	opened := len(f.Frames)
	_, data := f.Dial(forge.Client+":3172", forge.Server+":40000")
	f.Frames = append(f.Frames[:opened], f.Frames[opened+2:]...)
	x.Ask("RETR a", "150 Wait")
	data.Send("abc")
	got, _ := bothOf(t, f)
	for _, want := range []string{
		"-- the control connection; the capture lacks the SYN and the SYN-ACK of a connection",
		"said; the capture lacks the SYN and the SYN-ACK of a connection",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
	if strings.Contains(got, "open already") {
		t.Errorf("open already in\n%s", got)
	}
}

// TestUnansweredSYN says of a data connection whose SYN nothing answered why that is, if an ICMP error says it.
func TestUnansweredSYN(t *testing.T) {
	for name, test := range map[string]struct {
		error bool
		want  string
	}{
		"a firewall drops it":   {false, "+-- the last packet of connection 1; nothing answered its SYN\n"},
		"a firewall rejects it": {true, "+-- the last packet of connection 1; nothing answered its SYN but an ICMP error, packet 19: 192.0.2.21 tcp port 50001 unreachable\n"},
	} {
		f := forge.New()
		x := f.Login()
		x.Ask("PASV", "227 (192,0,2,21,195,81)")
		client, _ := f.Pair(forge.Client+":41000", forge.Server+":50001")
		client.Segment("S", "")
		if test.error {
			f.IP(netip.MustParseAddr("198.51.100.1"), netip.MustParseAddr(forge.Client), 1, []byte{3, 3, 0, 0, 0, 0, 0, 0,
				0x45, 0, 0, 28, 0, 0, 0, 0, 63, 6, 0, 0, 198, 51, 100, 100, 192, 0, 2, 21, 41000 >> 8, 41000 & 255, 195, 81, 0, 0, 0, 0})
		}
		x.Ask("QUIT", "221 bye")
		if got, _ := bothOf(t, f); !strings.Contains(got, test.want) {
			t.Errorf("%s: %q is not in\n%s", name, test.want, got)
		}
	}
}

// TestOtherHost names the hosts of a data connection that are no party of its session by their
// addresses: one that took the place of a party, and the other server of a transfer between two.
func TestOtherHost(t *testing.T) {
	const other = "203.0.113.251"
	for _, test := range []struct{ name, command, reply, from, to, sender, want string }{
		{"a thief", "PASV", "227 (192,0,2,21,195,81)", other + ":41000", forge.Server + ":50001", "to", `
a host at another address than the client's connects from 203.0.113.251:41000 to 192.0.2.21:50001, as packet 16 said
3 bytes from the server, in this packet
203.0.113.251's FIN
"other_hosts":["client"]`},
		{"a forger", "PORT 198,51,100,100,195,81", "200 ok", other + ":20", forge.Client + ":50001", "from", `
a host at another address than the server's connects from 203.0.113.251:20 to 198.51.100.100:50001, as packet 14 said
3 bytes from 203.0.113.251, in this packet
203.0.113.251's FIN: end of file
"other_hosts":["server"]`},
		{"another server", "PORT 203,0,113,251,195,81", "200 ok", forge.Server + ":20", other + ":50001", "from", `
the server connects from 192.0.2.21:20 to 203.0.113.251:50001, as packet 14 said
203.0.113.251's FIN
"other_hosts":["client"]`},
		{"an address that the client ignores", "PASV", "227 (192,168,0,5,195,81)", forge.Client + ":41000", forge.Server + ":50001", "to", `
the client connects from 198.51.100.100:41000 to 192.0.2.21:50001, the port that packet 16 said
the client's FIN`},
		{"the parties", "PASV", "227 (192,0,2,21,195,81)", forge.Client + ":41000", forge.Server + ":50001", "to", `
the client connects from 198.51.100.100:41000 to 192.0.2.21:50001, as packet 16 said
the client's FIN`},
	} {
		f := forge.New()
		x := f.Login()
		x.Ask(test.command, test.reply)
		from, to := f.Dial(test.from, test.to)
		x.Ask("RETR f", "150 ok")
		if test.sender == "to" {
			from, to = to, from
		}
		from.Send("abc")
		from.Close()
		x.Ask("QUIT", "226 done", "221 bye")
		story, facts := bothOf(t, f)
		got := story + facts
		for want := range strings.SplitSeq(strings.TrimSpace(test.want), "\n") {
			if !strings.Contains(got, want) {
				t.Errorf("%s: got\n%s\nwithout\n%s", test.name, got, want)
			}
		}
		if strings.Contains(test.want, "other_hosts") != strings.Contains(got, "other_hosts") {
			t.Errorf("%s: got\n%s", test.name, facts)
		}
	}
}

// TestOtherBytes shows what another packet has for the sequence numbers of a line. A segment that
// was sent again as it was, and a keep-alive, have nothing else.
func TestOtherBytes(t *testing.T) {
	const told = "has other bytes in the same place"
	for _, test := range []struct{ name, again, want string }{
		{"forged", "530 Not logged in\r\n", "230 Logged in.....\n" + strings.Repeat(" ", 28) + "(packet 9 has other bytes in the same place: 530 Not logged in)\n"},
		{"a part", "ogged out.....\r\n", "(packet 9 has other bytes in the same place: ogged out.....)\n"},
		{"the same", "230 Logged in.....\r\n", ""},
		{"the end alone", "in.....\r\n", ""},
		{"a keep-alive", "\x00", ""},
	} {
		f := forge.New()
		c, s := f.Dial(forge.Client+":3171", forge.Server+":21")
		s.Send("220 ready\r\n")
		x := forge.Session{Capture: f, Client: c, Server: s}
		const reply = "230 Logged in....."
		x.Client.Send("USER ada\r\n")
		s.Segment("P.", reply+"\r\n")
		back := len(test.again)
		if test.name == "forged" {
			back = len(reply + "\r\n")
		}
		s.SegmentAt(-back, "P.", test.again)
		x.Ask("QUIT", "221 bye")
		got, facts := bothOf(t, f)
		if !strings.Contains(got, test.want) || strings.Contains(got, told) != (test.want != "") {
			t.Errorf("%s: got\n%s\nwant %q", test.name, got, test.want)
		}
		if strings.Contains(facts, `"other_bytes":[{"packet":9,`) != (test.want != "") {
			t.Errorf("%s: got %s", test.name, facts)
		}
	}
}

// TestLostBeforeFirst begins a capture before a reply that it lacks. The acknowledgments of one side or the other show that
// it was sent, so the next reply answers the next command.
func TestLostBeforeFirst(t *testing.T) {
	for _, server := range []bool{false, true} {
		f := forge.New()
		client, s := f.Pair(forge.Client+":3171", forge.Server+":21")
		client.Segment("P.", "CWD one\r\n")
		if server {
			s.ACK()
		}
		s.Seq += uint32(len("250 one\r\n"))
		client.Segment("P.", "CWD two\r\n")
		s.Segment("P.", "250 two\r\n")
		got, _ := bothOf(t, f)
		if !strings.Contains(got, "CWD two\n") || !strings.Contains(got, "[bytes missing] 250 two\n") || strings.Contains(got, "answers") {
			t.Errorf("got\n%s", got)
		}
	}
}

// TestStampedBytes shows, of two commands in the same place, the one that the server has taken: without a time stamp it drops
// a segment, if the two sides have agreed on these. Else it is the first one.
func TestStampedBytes(t *testing.T) {
	for _, test := range []struct {
		name, first, second string // bytes of time stamps
		want                string
	}{
		{"a first command without a time stamp", "", "ts", "CWD root\n" + strings.Repeat(" ", 28) + "(packet 8 has other bytes in the same place: CWD pub )\n"},
		{"a second command without a time stamp", "ts", "", "CWD pub \n" + strings.Repeat(" ", 28) + "(packet 9 has other bytes in the same place: CWD root)\n"},
		{"two commands with time stamps", "ts", "ts", "(packet 9 has other bytes in the same place: CWD root)\n"},
		{"two commands without time stamps", "", "", "(packet 9 has other bytes in the same place: CWD root)\n"},
	} {
		f := forge.New()
		client, server := f.Pair(forge.Client+":3171", forge.Server+":21")
		send := func(from *forge.End, flags, data string, stamped bool) {
			if stamped {
				from.Options = stamps(1, 1)
			}
			from.Segment(flags, data)
		}
		client.Seq, server.Seq = client.Seq-1, server.Seq-1
		send(client, "S", "", true)
		send(server, "S.", "", true)
		for _, line := range []string{"220 hi", "USER ada", "331 and?", "PASS x", "230 in", "CWD pub "} {
			from := client
			if line[0] <= '9' {
				from = server
			}
			send(from, "P.", line+"\r\n", line != "CWD pub " || test.first != "")
		}
		client.Seq -= uint32(len("CWD root\r\n"))
		f.Pass(10 * time.Millisecond)
		send(client, "P.", "CWD root\r\n", test.second != "")
		send(server, "P.", "250 ok\r\n", true)
		if got, _ := bothOf(t, f); !strings.Contains(got, test.want) {
			t.Errorf("%s: got\n%s\nwant %q", test.name, got, test.want)
		}
	}
}

// TestSecondAnswer lets another host answer the SYN, too. What the first one sends is no retransmission, and nothing is missing.
func TestSecondAnswer(t *testing.T) {
	f := forge.New()
	client, server := f.Dial(forge.Client+":3171", forge.Server+":21")
	server.SegmentAt(1_900_000_000, "S.", "")
	server.Send("220 hi\r\n")
	client.Send("QUIT\r\n")
	server.Send("221 bye\r\n")
	server.Close()
	if got, _ := bothOf(t, f); strings.Contains(got, "retransmission") || strings.Contains(got, "missing") || !strings.Contains(got, "server  221 bye") {
		t.Errorf("got\n%s", got)
	}
}

// The story has the dialogue in its order, and everything else at its place in it, even if
// packets overtook each other or carry several lines.
func TestOrder(t *testing.T) {
	control := ftp.Connection{Identity: ftp.Identity{FirstPacket: 1, LastPacket: 40, Purpose: ftp.Purpose{Role: ftp.Control}}, FirstFIN: ftp.Server}
	control.ServerFlow = tcp.Flow{FIN: 40, FINTime: 1, Retransmissions: 1}
	data := func(first, lastData, fin, last int) ftp.Connection {
		return ftp.Connection{Identity: ftp.Identity{FirstPacket: first, LastPacket: last, Purpose: ftp.Purpose{Role: ftp.Data}}, FirstFIN: ftp.Server,
			FirstTime: 1, LastTime: 1, ServerFlow: tcp.Flow{Segments: 1, Bytes: 9, LastData: lastData, LastDataTime: 1, FIN: fin, FINTime: 1}}
	}
	connections := []ftp.Connection{control, data(10, 16, 16, 22), data(12, 13, 14, 15), data(30, 31, 32, 33)}
	line := func(packet int, from ftp.Side, text string) *ftp.Line {
		return &ftp.Line{From: from, Text: text, FirstPacket: packet, Packet: packet, Time: 1, Complete: true}
	}
	stor := &ftp.Exchange{Line: line(24, ftp.Client, "STOR b"), Command: "STOR", Argument: "b",
		Replies: []*ftp.Reply{{Code: 150, Packet: 26}}}
	tr := capture.Made(connections, []*ftp.Session{{
		Control: &control,
		Lines: []*ftp.Line{
			line(1, ftp.Client, "NOOP"), line(1, ftp.Client, "PASV"), line(11, ftp.Server, "200 eleven"),
			line(5, ftp.Server, "late 5"), line(11, ftp.Server, "too, 11"), line(20, ftp.Server, "20"),
			line(11, ftp.Server, "late 11"), line(2, ftp.Server, "late 2"), line(11, ftp.Server, "as late, 11"),
			stor.Line, line(26, ftp.Server, "150 ok"),
		},
		Exchanges: []*ftp.Exchange{{Line: stor.Line, Command: "PORT"}, stor},
		DataPorts: []*ftp.DataPort{
			{Command: "PORT", Mode: ftp.Active, Packet: 3, Exchange: -1, Connections: []int{1, 2}},
			{Command: "PORT", Mode: ftp.Active, Packet: 24, Exchange: 0},
		},
	}})
	_, got, _ := strings.Cut(storyText(t, "x", tr), columns)
	var order []string
	for line := range strings.Lines(got) {
		words := strings.Fields(strings.Replace(line, "0.000000 ", "", 1))
		order = append(order, strings.Join(words[:min(4, len(words))], " "))
	}
	want := []string{
		"-- the control connection",
		"1 client NOOP", "1 client PASV",
		"10 +-- connection 1,", "| nothing in the",
		"11 server 200 eleven", "5 server late 5", "(captured before packet 11,", "11 server too, 11",
		"12 +-- connection 2,", "| nothing in the", "13 | 9 bytes", "14 | the server's", "15 +-- the last",
		"16 | 9 bytes", "16 | the server's",
		"20 server 20", "11 server late 11", "(captured before packet 20,", "2 server late 2", "(captured before packet 20,",
		"11 server as late,", "(captured before packet 20,",
		"22 +-- the last",
		"24 client STOR b", "26 server 150 ok", "| no connection to",
		"30 +-- connection 3,", "| nothing in the", "31 | 9 bytes", "32 | the server's", "33 +-- the last",
		"40 -- the server", "(on it, 1 retransmission",
	}
	if !slices.Equal(order, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(order, "\n"), strings.Join(want, "\n"))
	}
}

// The story has every line of a session once, whether all of them are kept while its commands are read
// or not.
func TestManyLines(t *testing.T) {
	for _, n := range []int{fewLines - 1, fewLines, fewLines + 1, 2*fewLines + 1} {
		control := ftp.Connection{Identity: ftp.Identity{FirstPacket: 1, LastPacket: n, Purpose: ftp.Purpose{Role: ftp.Control}}}
		s := &ftp.Session{Control: &control}
		var want []string
		for i := range n {
			text := fmt.Sprintf("NOOP %d", i)
			s.Lines = append(s.Lines, &ftp.Line{From: ftp.Client, Text: text, FirstPacket: i + 1, Packet: i + 1, Time: int64(i), Complete: true})
			want = append(want, "client  "+text)
		}
		var got []string
		for line := range strings.Lines(storyText(t, "x", capture.Made([]ftp.Connection{control}, []*ftp.Session{s}))) {
			if i := strings.Index(line, "client  NOOP"); i >= 0 {
				got = append(got, strings.TrimSuffix(line[i:], "\n"))
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %d of %d lines, or another order", len(got), n)
		}
	}
}
