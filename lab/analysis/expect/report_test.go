package expect

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"ftplab/lab/internal/forge"
)

// A wanted line that is in the capture is not set against another text.
func TestALineIsNotSetAgainstAnotherText(t *testing.T) {
	g := &recording{forge.New(), false}
	login(g)
	want := `ctl client.* > server.21
ctl ...
ctl server > client "230 *"
ctl client > server "PWD"
ctl server > client "257 *"
ctl ...
`
	v := verdict(t, want, g)
	if got, want := summary(v), "missing 4, missing 5"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := v.Lines[1].Packet; got != 10 {
		t.Errorf("the line of the 230 matched frame %d, want 10", got)
	}
}

// A line that is missing after ... is shown at the packet of the last line before it, or else at the end of the connection.
func TestMissingAfterSkip(t *testing.T) {
	for lines, at := range map[string]string{
		"ctl ...\nctl server > client \"226 *\"\nctl ...\n":                                                            `"NOOP"`,
		"ctl ...\nctl client > server \"USER *\"\nctl ...\nctl server > client \"226 *\"\nctl ...\n":                   `"USER anonymous"`,
		"ctl ...\nctl client > server \"USER *\"\nctl ...\nctl client > server \"X\"\nctl server > client \"226 *\"\n": `"USER anonymous"`,
	} {
		g := &recording{forge.New(), false}
		ctl := login(g)
		for range 9 {
			ctl.Segment("P.", "NOOP\r\n")
		}
		v := verdict(t, "ctl client.* > server.21\n"+lines, g)
		i := slices.IndexFunc(v.Mismatches, func(m Mismatch) bool { return strings.Contains(m.Want, "226") })
		if i < 0 || !strings.Contains(strings.Join(v.Mismatches[i].Around, "\n"), at) {
			t.Errorf("%s: want the packet of %s\n%s", lines, at, v.Report())
		}
	}
}

// Bytes that nobody sent are missing. They are not set against a FIN of the other side, which has no bytes.
func TestBytesAreNotSetAgainstAFIN(t *testing.T) {
	g := &recording{forge.New(), false}
	data := connect(g, "192.0.2.21:20", "198.51.100.100:3172")
	data.Peer.Segment("F.", "")
	data.Segment("F.", "")
	for _, bytes := range []string{"seq 1:10", `content "Welcome.\n"`, "[P.] length 9", `"220 *"`} {
		for fins, wrong := range map[string]string{
			"data client > server [F.]\ndata server > client [F.]\n": "missing 5",
			"data server > client [F.]\ndata client > server [F.]\n": "missing 5, misplaced 7 @4", // the FINs have the other order, too
		} {
			v := verdict(t, dataDeclared+dataHandshake+"data server > client "+bytes+"\n"+fins, g)
			if got := summary(v); got != wrong {
				t.Errorf("%s: got %q, want %q\n%s", bytes, got, wrong, v.Report())
			}
		}
	}
}

// In a session that ends early, the lines of its end are missing, also if earlier ones say the same.
func TestSessionEndsEarly(t *testing.T) {
	lines := []string{`client > server "PASV"`, `server > client "227 *"`, `client > server "LIST"`, `server > client "150 *"`, `server > client "226 *"`}
	texts := []string{"PASV", "227 Here (192,0,2,21,156,64)", "LIST", "150 Here", "226 Done"}
	const first = 4 // the line of the file with the first PASV
	want := "ctl client.* > server.21\nctl ...\nctl server > client \"230 *\"\n"
	for _, rest := range []string{"\n", "\nctl ...\n"} {
		want += "ctl " + strings.Join(lines, "\nctl ") + rest
	}
	for n := range texts {
		g := &recording{forge.New(), false}
		ctl := login(g)
		for i, text := range texts[:n+1] {
			end := ctl
			if strings.Contains(lines[i], "server > client") {
				end = ctl.Peer
			}
			end.Segment("P.", text+"\r\n")
		}
		v := verdict(t, want, g)
		for _, m := range v.Lines {
			if came := m.Line < first+n+1; (m.Packet > 0) != came && m.Text != "ctl ..." {
				t.Errorf("after %s: line %d matched packet %d, and it came is %v\n%s", texts[n], m.Line, m.Packet, came, v.Report())
			}
		}
	}
}

// A wanted text that came elsewhere, or from the other side, is not called missing without
// its frame.
func TestWhereAMissingTextCame(t *testing.T) {
	g := &recording{forge.New(), false}
	login(g)
	const declared = "ctl client.* > server.21\nctl ...\n"
	for _, test := range []struct{ want, says string }{
		{"ctl client > server \"USER *\"\n", "it came before, in frame 6,"},
		{"ctl server > client [P.] seq 48:59\nctl client > server \"USER *\"\nctl ...\n", "such a packet came later, in frame 10\n"},
		{"ctl server > client \"USER *\"\nctl ...\n", "this did not come from server: client sent it, in frame 6\n"},
		{"ctl client > server \"NOOP\"\nctl ...\n", "this did not come\n"},
	} {
		if report := verdict(t, declared+test.want, g).Report(); !strings.Contains(report, test.says) {
			t.Errorf("%s: got\n%s\nwant %q in it", test.want, report, test.says)
		}
	}
}

// A wanted packet that came elsewhere is not called missing without its frame: before or
// after its place, from the other side, or on another connection.
func TestWhereAMissingPacketCame(t *testing.T) {
	const declared = "ctl client.* > server.21\nold server.20 > client.3172\nnew server.20 > client.3173\n"
	const closed = "old ...\nold server > client [F.] seq 56\nold client > server [F.]\nold ...\n"
	const rest = "ctl ...\nnew ...\n"
	for _, test := range []struct{ want, says string }{
		{rest + closed + "old server > client [P.] seq 1:56\n", "this did not come here: such a packet came before, in frame 15, "},
		{rest + closed + "old server > client [R.]\n", "this did not come here: such a packet came on new, in frame 23\n"},
		{rest + closed + "old server > client [P.] seq 1:31\n", "this did not come here: such a packet came on new, in frame 22\n"},
		{rest + "old ...\nold client > server [P.] seq 1:56\nold ...\n", "this did not come from client: server sent such a packet, in frame 15\n"},
		{rest + closed + "old server > client [F.] seq 57\n", "this did not come\n"},
		{"ctl ...\nold ...\nnew server > client [S]\nnew client > server [S.]\nnew server > client [P.] seq 1:56\nnew ...\n", "\thint: such a packet came on old, in frame 15\n"},
	} {
		g := &recording{forge.New(), false}
		login(g)
		closedDataConn(g)
		c := connect(g, "192.0.2.21:20", "198.51.100.100:3173")
		c.Segment("P.", strings.Repeat("y", 30))
		c.Segment("R.", "")
		if report := verdict(t, declared+test.want, g).Report(); !strings.Contains(report, test.says) {
			t.Errorf("%s: got\n%s\nwant %q in it", test.want, report, test.says)
		}
	}
}

// Two lines in the wrong order are one mismatch, which names the line that the packet came after or before.
func TestLinesInTheWrongOrder(t *testing.T) {
	const ctl = "ctl client.* > server.21\nctl ...\n"
	const data = "data server.20 > client.3172\ndata ...\ndata server > client [P.] seq 1:56\n"
	for _, test := range []struct{ want, says string }{
		{ctl + `ctl server > client "220 *"
ctl server > client "331 *"
ctl client > server "USER *"
ctl client > server "PASS *"
ctl ...
data server.20 > client.3172
data ...
`, "test.txtar:5: ctl: this came before the packet of line 4\n\twant  ctl client > server \"USER *\"\n\tgot   ctl  client > server  \"USER anonymous\"     frame 6,"},
		{ctl + data + "data client > server [F.]\ndata server > client [F.] seq 56 ack 1\n", "test.txtar:6: data: this came after the packet of line 7\n\twant  data client > server [F.]\n"},
	} {
		g := &recording{forge.New(), false}
		login(g)
		closedDataConn(g)
		v := verdict(t, test.want, g)
		if report := v.Report(); len(v.Mismatches) != 1 || !strings.HasPrefix(report, test.says) {
			t.Errorf("%s: got\n%s\nwant one mismatch, which begins with %q", test.want, report, test.says)
		}
	}
}

// A text that its sender did not end is not called another packet, and did not come elsewhere.
func TestTextWithoutEnd(t *testing.T) {
	for _, test := range []struct{ want, says string }{
		{"ctl ...\nctl server > client \"150 *\"\n", "this did not come whole: only its beginning is in the capture, in frame 12\n"},
		{"ctl ...\nctl server > client \"230 *\"\nctl server > client \"150 *\"\nctl server > client [F.]\n", "the end of the text \"150 Here it come\" is not in the capture\n"},
	} {
		g := &recording{forge.New(), false}
		ctl := login(g)
		ctl.Peer.Segment("P.", "150 Here it come")
		ctl.Segment(".", "")
		ctl.Peer.Segment("F.", "")
		report := verdict(t, "ctl client.* > server.21\n"+test.want, g).Report()
		if !strings.Contains(report, test.says) || strings.Contains(report, "hint") {
			t.Errorf("got\n%s\nwant no hint, and %q", report, test.says)
		}
	}
}

// Of several texts that a missing line may mean, the nearest is named: a server answers NOOP
// after the 226, and has said 200 long before, too.
func TestWhereAMissingTextCameNearest(t *testing.T) {
	g := &recording{forge.New(), false}
	ctl := login(g)
	for _, line := range []string{"<TYPE I", ">200 Binary", "<PWD", ">257 x", "<RETR a", ">150 Here", "<NOOP", ">226 Done", ">200 OK"} {
		if text := line[1:] + "\r\n"; line[0] == '<' {
			ctl.Segment("P.", text)
		} else {
			ctl.Peer.Segment("P.", text)
		}
	}
	const want = `ctl client.* > server.21
ctl ...
ctl server > client "150 *"
ctl client > server "NOOP"
ctl server > client "200 *"
ctl server > client "226 *"
ctl ...
`
	if report := verdict(t, want, g).Report(); !strings.Contains(report, "this did not come here: it came later, in frame 20\n") {
		t.Errorf("got\n%s\nwant that it came in frame 20", report)
	}
}

// The packets around a mismatch have the beginning of a long text, and the mismatch all of it.
func TestLongTextAround(t *testing.T) {
	g := &recording{forge.New(), false}
	ctl := login(g)
	ctl.Segment("P.", "CWD "+strings.Repeat("é", 500)+"\r\n")
	ctl.Peer.Segment("P.", "500 No\r\n")
	report := verdict(t, "ctl client.* > server.21\nctl ...\nctl client > server \"CWD b\"\nctl server > client \"500 *\"\n", g).Report()
	if want := `"CWD ` + strings.Repeat("é", 58) + `"… (1004 bytes)`; !strings.Contains(report, "> ") || !strings.Contains(report, want) {
		t.Errorf("got\n%s\nwant in it %s", report, want)
	}
	if want := `got   ctl  client > server  "CWD ` + strings.Repeat("é", 500) + `"`; !strings.Contains(report, want) {
		t.Errorf("got\n%s\nwant in it %s", report, want)
	}
}

// A text that differs from one that came in capital letters only, or that is almost a
// command, is reported with what it may mean.
func TestWhatATextMayMean(t *testing.T) {
	g := &recording{forge.New(), false}
	login(g)
	const declared = "ctl client.* > server.21\nctl ...\n"
	for _, test := range []struct{ line, hint string }{
		{"client > server \"user Anonymous\"", "did you mean \"USER anonymous\", as in frame 6? Capital letters matter"},
		{"client > server \"pass *\"", "did you mean \"PASS me@mypc.test\", as in frame 8? Capital letters matter"},
		{"client > server \"user somebody\"", "did you mean \"USER anonymous\", as in frame 6? Capital letters matter"},
		{"server > client \"331\"", "a text is the whole line: write \"331 *\" for \"331 Send your address\", in frame 7"},
		{"client > server \"USER\"", "a text is the whole line: write \"USER *\" for \"USER anonymous\", in frame 6"},
		{"client > server \"UESR anonymous\"", "FTP has no such command; did you mean USER?"},
		{"client > server \"PSAV\"", "FTP has no such command; did you mean PASV?"},
		{"client > server \"PASV\"", ""},
		{"client > server \"LIS*\"", ""},
		{"server > client \"PSAV\"", ""},
		{"server > client \"230 Stop\"", ""},
	} {
		v := verdict(t, declared+"ctl "+test.line+"\nctl ...\n", g)
		if len(v.Mismatches) != 1 {
			t.Fatalf("%s: got %d mismatches, want 1", test.line, len(v.Mismatches))
		}
		if got := v.Mismatches[0].Hint; got != test.hint {
			t.Errorf("%s: got the hint %q, want %q", test.line, got, test.hint)
		}
	}
}

// The first divergence of a connection is printed in full; what follows from it is
// named in one line, and stays in the verdict.
func TestReportFoldsWhatFollows(t *testing.T) {
	g := &recording{forge.New(), false}
	login(g)
	want := "ctl client.* > server.21\nctl ...\nctl server > client \"230 *\"\n"
	for i := range 10 {
		want += fmt.Sprintf("ctl client > server \"CWD %d\"\nctl server > client \"250 *\"\n", i)
	}
	v := verdict(t, want, g)
	if len(v.Mismatches) != 20 {
		t.Fatalf("got %d mismatches, want 20:\n%s", len(v.Mismatches), v.Report())
	}
	report := v.Report()
	if n := strings.Count(report, "\twant  "); n != 1 {
		t.Errorf("got %d in full, want 1:\n%s", n, report)
	}
	const folded = "test.txtar:5: ctl: 19 more differences follow, which the first one may explain (lines 5-23)\n"
	if !strings.HasSuffix(report, folded) {
		t.Errorf("got\n%s, want at its end\n%s", report, folded)
	}
}

// The first mismatch of a report is the one that the packets show first, whatever the order
// of the want. Connections that are not there come after what came, and then what no line
// declares.
func TestMismatchesInTheOrderOfPackets(t *testing.T) {
	const ctl = "ctl client.* > server.21\n"
	for _, test := range []struct{ name, want, mismatches string }{
		{"the data connection is written first",
			dataDeclared + ctl + dataHandshake + "data server > client seq 1:60\ndata ...\nctl ...\nctl client > server \"PASS *\"\nctl server > client \"530 *\"\nctl ...\n",
			"missing 10, different 6 @20"},
		{"a missing line, at the packet that came instead",
			ctl + dataDeclared + "ctl ...\nctl client > server \"LIST\"\nctl server > client \"150 *\"\nctl client > server \"NOOP\"\nctl server > client \"226 *\"\nctl ...\n" +
				dataHandshake + "data server > client seq 1:60\ndata ...\n",
			"different 12 @20, missing 6"},
		{"a missing line, at the end of its connection",
			ctl + dataDeclared + "ctl ...\nctl client > server [R.]\n" + dataHandshake + "data server > client seq 1:56\ndata server > client [F.]\ndata client > server [R.]\n",
			"different 10 @25, missing 4"},
		{"a packet that came before the one it should follow",
			dataDeclared + ctl + "data server > client [S] after @done\ndata ...\nctl client > server [S] mss 1\nctl ...\nctl server > client \"226 *\" @done\nctl ...\n",
			"different 5 @1, too early 3 @15"},
		{"a connection that is not there, and one that is not declared",
			"old nameserver.20 > client.3173\n" + ctl + "old ...\nctl ...\nctl server > client \"226 *\"\nctl client > server \"NOOP\"\nctl ...\n",
			"missing 6, not found 1, undeclared 0 @15"},
	} {
		t.Run(test.name, func(t *testing.T) {
			v := verdict(t, test.want, activeListing())
			if got := summary(v); got != test.mismatches {
				t.Errorf("got %s, want %s\n%s", got, test.mismatches, v.Report())
			}
		})
	}
}

// A connection that is not declared is reported at the last declaration, and its hint is right.
func TestUndeclaredConnection(t *testing.T) {
	want := "ctl client.* > server.21\nctl ...\n"
	v := verdict(t, want, activeListing())
	report := v.Report()
	if place := "test.txtar:1: TCP connection 1 is not declared ("; !strings.HasPrefix(report, place) {
		t.Errorf("got %s, want %s", report, place)
	}
	_, hint, _ := strings.Cut(report, "hint: ")
	parts := strings.Split(hint, "`")
	if len(parts) != 5 || parts[1] != "data server.20 > client.*" {
		t.Fatalf("got the hint %q, want a declaration and its line in backquotes", hint)
	}
	if v := verdict(t, want+parts[1]+"\n"+parts[3]+"\n", activeListing()); !v.Pass {
		t.Errorf("with the lines of the hint: %s", v.Report())
	}
	w, err := Parse("test.txtar", 8, "# nothing\n") // below its section's name
	if err != nil {
		t.Fatal(err)
	}
	v, err = w.Judge(activeListing().capture(t), hosts)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := v.Report(), "test.txtar:7: TCP connection 0 is not declared ("; !strings.HasPrefix(got, want) || !strings.Contains(got, "hint: `ctl client.* > server.21`") {
		t.Errorf("without declarations: got %s, want %s", got, want)
	}
}

// Of the many connections of other sessions, three are named, and the others counted.
func TestManyUndeclaredConnections(t *testing.T) {
	g := &recording{forge.New(), false}
	login(g)
	for port := range 9 {
		connect(g, "192.0.2.21:20", fmt.Sprintf("198.51.100.100:%d", 4000+port))
	}
	v := verdict(t, "ctl client.* > server.21\nctl ...\n", g)
	report := v.Report()
	if n := strings.Count(report, "is not declared"); len(v.Mismatches) != 9 || n != 3 || !strings.HasSuffix(report, "\ntest.txtar:1: 6 more are not declared\n") {
		t.Errorf("got %d mismatches and the report\n%s\nwant 9, 3 of them named", len(v.Mismatches), report)
	}
}

// A connection that is not there is reported with the addresses it was looked for at, as
// a capture from elsewhere has others.
func TestMissingConnectionNamesAddresses(t *testing.T) {
	w, err := Parse("test.txtar", 1, "ctl client.* > server.21\nctl ...\n")
	if err != nil {
		t.Fatal(err)
	}
	g := &recording{forge.New(), false}
	login(g)
	v, err := w.Judge(g.capture(t), loopbackHosts)
	if err != nil {
		t.Fatal(err)
	}
	const want = "there is no such connection in the capture: none from client.* (127.0.0.1) to server.21 (127.0.0.1)"
	if len(v.Mismatches) == 0 || v.Mismatches[0].What != want {
		t.Errorf("got %+v, want %s", v.Mismatches, want)
	}
}

// Few mismatches are all printed.
func TestReportOfFewMismatches(t *testing.T) {
	g := &recording{forge.New(), false}
	login(g)
	v := verdict(t, "ctl client.* > server.21\nctl ...\nctl server > client \"230 *\"\nctl client > server \"PWD\"\n", g)
	if got := v.Report(); strings.Contains(got, "more differences") || !strings.Contains(got, "PWD") {
		t.Errorf("got\n%s, want the PWD and nothing folded", got)
	}
}

// TestLinesText names one line, which several mismatches may have, and several.
func TestLinesText(t *testing.T) {
	for want, lines := range map[string][]int{"line 50": {50, 50}, "line 7": {7}, "lines 34, 36-38": {34, 36, 37, 38},
		"lines 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, ..., 28": {2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28}} {
		if got := linesText(lines); got != want {
			t.Errorf("%v: got %q, want %q", lines, got, want)
		}
	}
}

// A text that a pattern does not match is printed whole if it is short, and else around the first difference.
func TestUnmatched(t *testing.T) {
	count := ""
	for i := range 60 {
		count += fmt.Sprintf("%03d", i)
	}
	end := count[3:]
	for _, test := range []struct {
		is     string
		wanted pattern
		got    string
		want   string
	}{
		{"is", pattern{"a"}, "b\r\n\x00", `the text is "b\r\n\x00"`},
		{"begins with", pattern{"a"}, "b", `the text begins with "b"`},
		{"is", pattern{count}, count[:100] + "*" + count[101:], `the text differs from byte 101 on: it is …"00310320\*303403503603703"…, not …"003103203303403503603703"…`},
		{"is", pattern{count}, "\x00" + count, `the text differs from byte 1 on: it is "\x00000001002003004"…, not "0000010020030040"…`},
		{"is", pattern{count}, count + "!", `the text differs from byte 181 on: it is …"57058059!", not …"57058059"`},
		{"is", pattern{count + "!"}, count, `the text differs from byte 181 on: it is …"57058059", not …"57058059!"`},
		{"is", pattern{"0", "x\n", ""}, count, `the text has no "x\n" from byte 2 on: it is "00000100200300400"… there`},
		{"is", pattern{"000", "059", "9"}, count, `the text has no "9" from byte 181 on: it is …"57058059" there`},
		{"is", pattern{"000", "!" + end}, count, `the text has no "!001002003004005"… from byte 4 on: it is "0000010020030040050"… there`},
		{"is", pattern{"000", "x"}, count, `the text differs at byte 180, seen from its end: it is …"057058059", not "x"`},
		{"is", pattern{"000", "0a6057058059"}, count, `the text differs at byte 170, seen from its end: it is …"3054055056057058059", not "0a6057058059"`},
		{"begins with", pattern{count + "!"}, count, `the text begins with "0000010020030040"…`},
		{"begins with", pattern{"000", "059", "9"}, count, `the text begins with "0000010020030040"…`},
		{"begins with", pattern{"1", ""}, count, `the text differs from byte 1 on: it is "0000010020030040"…, not "1"`},
		{"is", pattern{""}, strings.Repeat("\xff", 60), `the text differs from byte 1 on: it is "` + strings.Repeat(`\xff`, 16) + `"…, not ""`},
	} {
		if got := (unmatched{"the text", test.is, test.wanted, test.got}).String(); got != test.want {
			t.Errorf("%q:\n got %s\nwant %s", test.wanted, got, test.want)
		}
	}
}
