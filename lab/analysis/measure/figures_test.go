package measure

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"ftplab/lab/analysis/expect"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
	"ftplab/lab/analysis/tcp"
)

// lab is a capture made by hand: a control connection, and an active data
// connection on which the server sends 10 segments of 1000 bytes and one of 500,
// one every 10 ms, each two of them acknowledged.
func lab() (*survey, *expect.Verdict) {
	addr := netip.MustParseAddrPort
	connections := make([]ftp.Connection, 3)
	ctl, data, other := &connections[0], &connections[1], &connections[2]
	*ctl = ftp.Connection{
		Identity: ftp.Identity{Client: addr("198.51.100.100:3171"), Server: addr("192.0.2.21:21"), Purpose: ftp.Purpose{Role: ftp.Control}},
		OpenedBy: ftp.Client, HandshakeRTT: 107 * time.Millisecond, HandshakeSeen: true, HandshakeTimed: true,
	}
	*data = ftp.Connection{
		Identity: ftp.Identity{
			ID: 1, Client: addr("198.51.100.100:3172"), Server: addr("192.0.2.21:20"), Purpose: ftp.Purpose{Role: ftp.Data, DataPort: &ftp.DataPort{}, Transfer: &ftp.Transfer{Command: "RETR"}},
		},
		FirstTime: 1e9, LastTime: 2e9, OpenedBy: ftp.Server, SHA256: strings.Repeat("d1ce", 16),
		ServerFlow: tcp.Flow{Bytes: 10500},
	}
	*other = ftp.Connection{
		Identity:  ftp.Identity{ID: 2, Client: addr("198.51.100.100:3173"), Server: addr("192.0.2.21:20"), Purpose: ftp.Purpose{Role: ftp.Data}},
		FirstTime: 3e9,
	}
	c := newSurvey()
	add := func(f expect.Frame) {
		f.Number, f.DF = c.packets+1, true
		c.addPacket(&f)
		c.frames[f.Connection.ID] = append(c.frames[f.Connection.ID], &f)
	}
	syn := func(conn *ftp.Identity, from ftp.Side, flags uint8, window uint16, o expect.Options) {
		add(expect.Frame{Connection: conn, From: from, Flags: flags, RawWindow: window, Window: int(window), Length: 74, TTL: 64, Options: &o})
	}
	syn(&ctl.Identity, ftp.Client, packet.SYN, 65535, expect.Options{MSS: 1460, WindowScale: -1})
	syn(&ctl.Identity, ftp.Server, packet.SYN|packet.ACK, 17520, expect.Options{MSS: 1452, WindowScale: 7, SACKPermitted: true})
	add(expect.Frame{Connection: &ctl.Identity, From: ftp.Client, Flags: packet.ACK, Seq: 1, Ack: 1, Length: 54, TTL: 63, Window: 1000})
	syn(&data.Identity, ftp.Server, packet.SYN, 16384, expect.Options{WindowScale: -1})
	for i := range 11 {
		at := time.Second + time.Duration(i)*10*time.Millisecond
		size := 1000
		if i == 10 {
			size = 500
		}
		add(expect.Frame{Connection: &data.Identity, From: ftp.Server, Flags: packet.ACK, Time: at, Seq: int64(1 + 1000*i), Ack: 1, Payload: size, Length: size + 54, TTL: 64})
		if i%2 == 1 {
			add(expect.Frame{Connection: &data.Identity, From: ftp.Client, Flags: packet.ACK, Time: at, Seq: 1, Ack: int64(1001 + 1000*i), Window: 40000 - i, Length: 54, TTL: 64})
		}
	}
	add(expect.Frame{Connection: &data.Identity, From: ftp.Server, Flags: packet.RST, Time: 2 * time.Second, Seq: 10501, Length: 54, TTL: 64})
	line := func(n int) *ftp.Line { return &ftp.Line{Packet: n} }
	for i := range connections {
		c.addConnection(&connections[i])
	}
	c.sessions = map[int]*ftp.Session{0: {Control: ctl, Exchanges: []*ftp.Exchange{
		{Command: "FEAT", Replies: []*ftp.Reply{{FirstPacket: 2, Packet: 2, Lines: []*ftp.Line{line(2)}}}},
	}}}
	v := &expect.Verdict{
		Connections: []expect.Connection{{Name: "ctl", Proto: "tcp", Facts: ctl}, {Name: "data", Proto: "tcp", ID: 1, Facts: data}, {Name: "gone", Proto: "tcp", ID: -1}},
		Lines:       []expect.Match{{Label: "a", Packet: 2, Time: 0}, {Label: "b", Packet: 5, Time: 1500 * time.Millisecond}, {Label: "lost"}},
	}
	return c, v
}

func TestMeasure(t *testing.T) {
	c, v := lab()
	for _, test := range measured {
		r := measure(t, test.line, c, v)
		if r.Measured != test.measured || !r.OK {
			t.Errorf("%s: got %q, OK %v (%s), want %q and OK", test.line, r.Measured, r.OK, r.Why, test.measured)
		}
	}
}

var measured = []struct{ line, measured string }{
	{"capture.packets = 21", "21"},
	{"capture.conversations = 3", "3"},
	{"capture.control = 1", "1"},
	{"capture.data = 2", "2"},
	{"capture.other = 0", "0"},
	{"capture.announced = 1", "1"},
	{"capture.dataports = 2", "2"},
	{"capture.dataports.run = 2", "2"},
	{"capture.data.within = 2s ± 1ms", "2.0000s"},
	{"capture.port.20 = 18", "18"},
	{"capture.syns = 2", "2"},
	{"capture.resets = 1", "1"},
	{"capture.retransmissions = 0", "0"},
	{"capture.duration = 2s ± 1ms", "2.0000s"},
	{"capture.bytes = 11694", "11694"},
	{"lengths.1000-2000 = 47.6% ± 0.1%", "47.619%"},
	{"ctl.rtt = 107ms ± 3%", "107.00ms"},
	{"ctl.packets = 3", "3"},
	{"data.packets.client = 5", "5"},
	{"data.bytes.server = 10500", "10500"},
	{"data.bytes.server < 1MiB", "10500"},
	{"data.segments.server = 11", "11"},
	{"data.segment.max.server = 1000", "1000"},
	{"data.segment.last.server = 500", "500"},
	{"data.segments.full.server = 10", "10"},
	{"data.acks.client = 5", "5"},
	{"data.segments-per-ack.server = 2.2 ± 0.01", "2.2000"},
	{"data.acks-per-segment.server = 0.4545 ± 0.001", "0.45455"},
	{"data.retransmissions = 0", "0"},
	{"data.out-of-order = 0", "0"},
	{"data.duration = 1s ± 0s", "1.0000s"},
	{"data.transfer.server = 100ms ± 1us", "100.00ms"},
	{"data.throughput.server = 840kbit/s ± 1%", "840.00kbit/s"},
	{"data.throughput.server = 105kB/s ± 1%", "105.00kB/s"},
	{"data.straightness.server >= 0.98", "0.99791"},
	{"data.gap.max.server = 10ms ± 1us", "10.000ms"},
	{"data.gap.median.server = 10000us ± 1us", "10000us"},
	{"ctl.reply.segments.FEAT = 0", "0"},
	{"ctl.reply.segments.feat = 0", "0"},
	{"data.address.server = 192.0.2.21", "192.0.2.21"},
	{"data.command = retr", "RETR"},
	{`data.command = "RETR"  # a comment with "`, `"RETR"`},
	{"data.port.client = 3172", "3172"},
	{"data.sha256 = " + strings.Repeat("d1ce", 16), strings.Repeat("d1ce", 16)},
	{"data.sha256 = " + strings.Repeat("D1CE", 16), strings.Repeat("d1ce", 16)},
	{"data.sha256 != " + strings.Repeat("DEAD", 16), strings.Repeat("d1ce", 16)},
	{"ctl.mss.client = 1460", "1460"},
	{"data.mss.server = none", "none"},
	{"ctl.window.client = 65535", "65535"},
	{"ctl.wscale.client = none", "none"},
	{"ctl.wscale.server = 7", "7"},
	{"ctl.timestamps.client = no", "no"},
	{"ctl.sack.server = yes", "yes"},
	{"ctl.sack.client != yes", "no"},
	{"data.window.min.client = 39991", "39991"},
	{"data.window.max.client = 39999", "39999"},
	{"data.window.spread.client <= 1%", "0.020001%"},
	{"data.df.server = yes", "yes"},
	{"data.ttl.server = 64", "64"},
	{"@a -> @b = 1.5s ± 1ms", "1.5000s"},
	{"@b -> @a < 0s", "-1.5000s"},
}

// Only the side that opens a connection sends the ACK of the handshake. A first ACK of the other side that
// acknowledges no data is a duplicate, of a segment that came too early.
func TestAcksWithoutTheHandshake(t *testing.T) {
	for opener, want := range map[ftp.Side]string{ftp.Server: "6", ftp.Client: "5", "": "6"} {
		c, v := lab()
		data := v.Connections[1].Facts
		data.OpenedBy = opener
		first := &expect.Frame{Connection: &data.Identity, From: ftp.Client, Flags: packet.ACK, Seq: 1, Ack: 1}
		c.frames[1] = append([]*expect.Frame{first}, c.frames[1]...)
		if r := measure(t, "data.acks.client = "+want, c, v); !r.OK {
			t.Errorf("opened by %q: got %q, want %s", opener, r.Measured, want)
		}
	}
}

func measure(t testing.TB, line string, c *survey, v *expect.Verdict) Result {
	t.Helper()
	f, err := Parse("test.txtar", 1, line)
	if err != nil {
		t.Fatal(err)
	}
	return f.measure(c, v)[0]
}

// TestQuotedWords has texts with spaces, # and quotes in them.
func TestQuotedWords(t *testing.T) {
	for line, want := range map[string]string{
		`d1.argument = "a  b#c.txt"`:                    "a  b#c.txt",
		`d1.argument="a  b#c.txt"# a comment`:           "a  b#c.txt",
		`d1.argument = "say \"a\\b\" ± 5%\xc3\xa4" # "`: `say "a\b" ± 5%ä`,
		`d1.argument = it"s # a comment`:                `it"s`,
		`ctl.user = "anonymous"`:                        "anonymous",
	} {
		f, err := Parse("test.txtar", 1, line)
		if err != nil {
			t.Errorf("%s: %v", line, err)
			continue
		}
		if g := f.list[0]; !g.holds(value{words: want}) || g.holds(value{words: want + " "}) {
			t.Errorf("%s: got %q, want %q", line, g.value.words, want)
		}
	}
	for line, want := range map[string]string{
		`d1.argument = a  b.txt`:       " was expected",
		`d1.argument = "a  b.txt`:      `argument: "a  b.txt: the closing quote is missing`,
		`d1.argument = "a\$b # c" # d`: `argument: \$b # c" # d: this is not one of Go's escapes`,
		`d1.argument = "a"b`:           " was expected",
		`d1.argument = ""`:             " was expected",
		`ctl.packets = "3"`:            " was expected",
		`ctl.user = "a" ± 5%`:          " was expected",
	} {
		if _, err := Parse("test.txtar", 1, line); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got error %v, want %s", line, err, want)
		}
	}
}

// What is about one command, one reply or one segment is shown by its packets, and not by those
// of the whole dialogue.
func TestShownBy(t *testing.T) {
	c, v := lab()
	ctl := v.Connections[0].Facts
	ctl.ClientFlow.FirstData, ctl.ClientFlow.LastData = 1, 3
	session := c.sessions[0]
	session.User = "maria"
	for packet, user := range map[int]string{30: "maria", 34: "bob"} {
		session.Exchanges = append(session.Exchanges, &ftp.Exchange{Line: &ftp.Line{Packet: packet}, Command: "USER", Argument: user})
	}
	for _, f := range c.frames[1] {
		switch f.Number {
		case 10:
			f.DF = false
		case 11:
			f.Time += time.Millisecond
		}
	}
	for _, x := range session.Exchanges[1:] {
		if x.Argument == "maria" {
			x.Replies = []*ftp.Reply{{Code: 230}}
		}
	}
	session.Exchanges[0].Line = &ftp.Line{Packet: 1}
	session.Exchanges[0].Replies = append(session.Exchanges[0].Replies, &ftp.Reply{FirstPacket: 19, Packet: 19, Code: 226})
	for _, test := range []struct {
		name string
		want []int
	}{
		{"ctl.user", []int{30}},
		{"ctl.commands", []int{1, 3}},
		{"ctl.reply.segments.FEAT", []int{2}},
		{"ctl.reply.code.FEAT", []int{1, 19}},
		{"data.segment.max.server", []int{5}},
		{"data.segment.last.server", []int{20}},
		{"data.window.min.client", []int{19}},
		{"data.window.max.client", []int{7}},
		{"data.window.spread.client", []int{7, 19}},
		{"data.gap.max.server", []int{9, 11}},
		{"data.ttl.server", []int{4}},
		{"data.df.server", []int{4}},
		{"data.df.client", []int{7, 10}},
		{"@a -> @b", []int{2, 5}},
	} {
		subject, err := parseSubject(test.name)
		if err != nil {
			t.Fatal(err)
		}
		s := &scope{capture: c, verdict: v, subject: subject}
		if _, err := s.measure(); err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		if got := s.shownBy(); !slices.Equal(got, test.want) {
			t.Errorf("%s: got the packets %d, want %d", test.name, got, test.want)
		}
	}
}

func TestFiguresThatDoNotHold(t *testing.T) {
	c, v := lab()
	for _, line := range []string{
		"capture.packets = 22",
		"capture.packets != 21",
		"capture.packets < 21",
		"capture.packets > 21",
		"capture.packets <= 20",
		"capture.packets >= 22",
		"ctl.rtt = 112ms ± 4ms",
		"ctl.rtt = 112ms ± 4%",
		"ctl.rtt = 103ms ± 3ms",
		"lengths.1000-2000 = 66% ± 3%",
		"data.bytes.server = 10501",
		"data.df.server = no",
		"data.df.server != yes",
		"ctl.wscale.client = 7",
		"ctl.wscale.server = none",
		"data.sha256 = " + strings.Repeat("dead", 16),
		"data.sha256 != " + strings.Repeat("D1CE", 16),
		"@a -> @b > 1501ms",
	} {
		if r := measure(t, line, c, v); r.OK || r.Measured == "" {
			t.Errorf("%s: got OK %v, measured %q", line, r.OK, r.Measured)
		}
	}
}

func TestFiguresThatAreNotThere(t *testing.T) {
	c, v := lab()
	for _, test := range []struct{ line, why string }{
		{"gone.packets = 1", "the capture has no connection gone"},
		{"web.packets = 1", "no connection web is declared"},
		{"data.rtt < 1s", "does not show the handshake"},
		{"data.segment.last.client = 1", "nothing of the kind"},
		{"data.mss.client = 1", "does not show the client's SYN"},
		{"ctl.ttl.client = 64", "different ones, such as 64 and 63"},
		{"ctl.reply.segments.LIST = 1", "there is no LIST"},
		{"@a -> @lost > 0s", "@lost matched no packet"},
		{"@a -> @c > 0s", "no line of the want has the label @c"},
	} {
		r := measure(t, test.line, c, v)
		if r.OK || r.Measured != "" || !strings.Contains(r.Why, test.why) {
			t.Errorf("%s: got OK %v, measured %q, why %q; want why %q", test.line, r.OK, r.Measured, r.Why, test.why)
		}
	}
}

func TestMistakes(t *testing.T) {
	for _, test := range []struct{ line, want string }{
		{"ctl.rtt", "a figure is NAME = VALUE"},
		{"ctl.packets == 5", "ctl.packets: for equal values write =, as in ctl.packets = 5"},
		{"ctl.rtt 5ms", "a figure is NAME = VALUE"},
		{"ctl.speed = 5", "there is no figure"},
		{"ctl.bytes = 5", "there is no figure \"ctl.bytes\"; did you mean ctl.bytes.client or ctl.bytes.server?"},
		{"ctl.bytes.teacher = 5", "there is no figure \"ctl.bytes.teacher\"; `ftplab help figures` lists"},
		{"ctl.bytes.sever = 5", "did you mean ctl.bytes.server?"},
		{"ctl.reply.code. = 5", "there is no figure \"ctl.reply.code.\"; did you mean ctl.reply.code.LIST?"},
		{"ctl.reply.code = 5", "did you mean ctl.reply.code.LIST?"},
		{"ctl.reply.segments. = 5", "did you mean ctl.reply.segments.LIST?"},
		{"ctl.bytes. = 5", "did you mean ctl.bytes.client or ctl.bytes.server?"},
		{"capture.port. = 5", "did you mean capture.port.21?"},
		{"ctl.rtt. = 5ms ± 1ms", "did you mean ctl.rtt?"},
		{"ctl.rt = 5ms ± 1ms", "did you mean ctl.rtt?"},
		{"ctl.rtt.client = 5ms ± 1ms", "did you mean ctl.rtt?"},
		{"capture.packtes = 5", "did you mean capture.packets?"},
		{"capture.prot.21 = 5", "did you mean capture.port.21?"},
		{"ctl.reply.cod.STOR = 226", "did you mean ctl.reply.code.STOR?"},
		{"length.40-79 = 5%", "did you mean lengths.40-79?"},
		{"data.mode = pasive", "data.mode: pasive: active or passive was expected; did you mean passive?"},
		{"data.reset-by = nobody", "data.reset-by: nobody: client or server or none was expected"},
		{"data.sha256 = yes", "data.sha256: yes: a SHA-256 was expected, which has 64 hexadecimal digits"},
		{"data.sha256 = " + strings.Repeat("d1ce", 16)[1:], "which has 64 hexadecimal digits"},
		{"data.sha256 != " + strings.Repeat("d1ce", 17), "which has 64 hexadecimal digits"},
		{"data.sha256 = " + strings.Repeat("dice", 16), "which has 64 hexadecimal digits"},
		{"data.address.server = 192.0.2", "data.address.server: 192.0.2: an IP address was expected, such as 192.0.2.1"},
		{"ctl.rtt = 5ms", "a tolerance was expected"},
		{"ctl.rtt = 5 ± 1ms", "a time such as"},
		{"ctl.rtt = 5parsec ± 1ms", "a time such as"},
		{"ctl.rtt < 5ms ± 1ms", "only = takes a tolerance"},
		{"ctl.rtt = 5ms ± ", "a tolerance in the unit"},
		{"ctl.rtt = 5ms ± -1ms", "a tolerance in the unit"},
		{"ctl.rtt = 5ms ± nan%", "± nan%: a percentage from 0 to 100 was expected"},
		{"ctl.packets = 1.5", "a number such as 2"},
		{"ctl.bytes.client = 1.5", "a number of bytes"},
		{"ctl.bytes.client = 5ms", "a number of bytes"},
		{"ctl.df.client < yes", "words can only be"},
		{"ctl.df.client = yes ± 1", "words have no tolerance"},
		{"lengths.80-40 = 5% ± 1%", "two lengths"},
		{"lengths.wide = 5% ± 1%", "two lengths"},
		{"lengths.40-79 = 5 ± 1%", "a share such as"},
		{"capture.port.99999 = 0", "a port from 0 to 65535"},
		{"@a -> b = 5ms ± 1ms", "two labels"},
		{"@a = 5ms ± 1ms", "there is no figure"},
		{"data set = 5", "one name without spaces"},
	} {
		_, err := Parse("lab.txtar", 7, "# heading\n"+test.line)
		if err == nil || !strings.HasPrefix(err.Error(), "lab.txtar:8: ") || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: got error %v, want lab.txtar:8: ... %s", test.line, err, test.want)
		}
	}
}

func TestCheckKnowsTheWant(t *testing.T) {
	w, err := expect.Parse("lab.txtar", 1, "ctl client > server\nctl client > server [S] @syn\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ line, want string }{
		{"ctl.rtt < 1s", ""},
		{"capture.packets > 0", ""},
		{"data.rtt < 1s", "lab.txtar:9: data: no connection of that name"},
		{"clt.rtt < 1s", "lab.txtar:9: clt: no connection of that name is declared in the want; did you mean ctl?"},
		{"capure.packets > 0", "lab.txtar:9: capure: no connection of that name is declared in the want; did you mean capture?"},
		{"@syn -> @ack < 1s", "lab.txtar:9: @ack: no line of the want"},
		{"@sin -> @syn < 1s", "lab.txtar:9: @sin: no line of the want has this label; did you mean syn?"},
	} {
		f, err := Parse("lab.txtar", 9, test.line)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if err := f.Check(w); err != nil {
			got = err.Error()
		}
		if got == "" && test.want != "" || !strings.HasPrefix(got, test.want) {
			t.Errorf("%s: got %q, want %q", test.line, got, test.want)
		}
	}
}

// The manual lists what there is, with its unit.
func TestManualIsComplete(t *testing.T) {
	units := map[string]unit{"count": count, "bytes": bytes, "time": seconds, "share": share, "rate": rate, "ratio": ratio, "words": words}
	listed := map[string]unit{}
	row := regexp.MustCompile(`(?m)^    ([a-zA-Z][\w-]*\.[\w.-]+)\s+(count|bytes|time|share|rate|ratio|words)  `)
	for _, m := range row.FindAllStringSubmatch(Manual, -1) {
		listed[m[1]] = units[m[2]]
	}
	for _, m := range measurements {
		u, ok := listed[m.name]
		if !ok {
			t.Errorf("the manual has no %s", m.name)
		} else if u != m.unit {
			t.Errorf("%s: the manual has another unit", m.name)
		}
		delete(listed, m.name)
	}
	for name := range listed {
		t.Errorf("the manual has %s, which does not exist", name)
	}
}

func FuzzParse(f *testing.F) {
	for _, line := range []string{"ctl.rtt = 107ms ± 5ms", "lengths.1280-2559 = 66% ± 3%", "@a -> @b >= -1.5s # x", "ctl.wscale.client = none", "x.throughput.server=1MB/s+-5%"} {
		f.Add(line)
	}
	c, v := lab()
	f.Fuzz(func(t *testing.T, text string) {
		figures, err := Parse("fuzz", 1, text)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "fuzz:") {
				t.Errorf("an error without a place: %v", err)
			}
			return
		}
		for _, r := range figures.measure(c, v) {
			if r.OK && r.Measured == "" {
				t.Errorf("%s is OK and was not measured", r.Text)
			}
		}
	})
}

// The example at the beginning of the manual can be parsed.
func TestManualExample(t *testing.T) {
	example := regexp.MustCompile(`(?m)(?:^    .*\n)+`).FindString(Manual)
	f, err := Parse("manual", 1, example)
	if err != nil {
		t.Fatalf("%v, in\n%s", err, example)
	}
	if got, want := len(f.list), 7; got != want {
		t.Errorf("got %d figures, want %d", got, want)
	}
}

// A recorder near the end that is called sees the SYN answered at once. The message
// says why the round trip is so short, and only where that is the reason.
func TestHintAtShortRoundTrip(t *testing.T) {
	for _, test := range []struct {
		name             string
		answered, acked  time.Duration // after the SYN
		line, want, hint string
	}{
		{"near the called end", 50 * time.Microsecond, 40*time.Millisecond + 50*time.Microsecond, "x.rtt = 40ms ± 5%",
			"got 0.05ms, want = 40ms ± 5%", "the SYN and ACK passed 0.05ms after the SYN, and the ACK for it 40.000ms later"},
		{"near the called end, with the answer at time 0", 0, 40 * time.Millisecond, "x.rtt = 40ms ± 5%",
			"got 0ms, want = 40ms ± 5%", "the SYN and ACK passed 0ms after the SYN, and the ACK for it 40.000ms later"},
		{"near the calling end", 60 * time.Millisecond, 60*time.Millisecond + 20*time.Microsecond, "x.rtt = 40ms ± 5%", "got 60.000ms, want = 40ms ± 5%", ""},
		{"as wanted", 50 * time.Microsecond, 40 * time.Millisecond, "x.rtt <= 1ms", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			x := &ftp.Connection{OpenedBy: ftp.Server, HandshakeSeen: true, HandshakeTimed: true, HandshakeRTT: test.answered}
			c := newSurvey()
			for _, f := range []expect.Frame{
				{From: ftp.Server, Flags: packet.SYN},
				{From: ftp.Client, Flags: packet.SYN | packet.ACK, Time: test.answered},
				{From: ftp.Server, Flags: packet.ACK, Time: test.acked},
			} {
				f.Connection = &x.Identity
				c.frames[0] = append(c.frames[0], &f)
			}
			figures, err := Parse("test.txtar", 1, test.line+"\n")
			if err != nil {
				t.Fatal(err)
			}
			r := figures.measure(c, &expect.Verdict{Connections: []expect.Connection{{Name: "x", Proto: "tcp", Facts: x}}})[0]
			if got := r.Message("test.txtar"); !r.OK && !strings.Contains(got, test.want) || r.OK != (test.want == "") {
				t.Errorf("got %q, want %q", got, test.want)
			}
			if (r.Hint == "") != (test.hint == "") || !strings.Contains(r.Hint, test.hint) {
				t.Errorf("got hint %q, want %q", r.Hint, test.hint)
			}
		})
	}
}
