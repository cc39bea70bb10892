package report

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"regexp"
	"strings"
	"testing"

	"ftplab/lab/analysis/expect"
	"ftplab/lab/analysis/measure"
	"ftplab/lab/internal/forge"
	"ftplab/lab/scenario"
)

// markdownOf writes a report as Markdown.
func markdownOf(t testing.TB, r *Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.Markdown(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestTextLadder reads a whole ladder as it is drawn with characters.
func TestTextLadder(t *testing.T) {
	md := markdownOf(t, read(t, activeListing))
	_, ladder, _ := strings.Cut(md, "```\n")
	ladder, _, _ = strings.Cut(ladder, "```\n")
	want, err := os.ReadFile("testdata/active.ladder.txt")
	if err != nil {
		t.Fatal(err)
	}
	if ladder != string(want) {
		t.Errorf("got\n%s\nwant\n%s", ladder, want)
	}
}

// TestLongNamesInTextLadder has hosts with long names and addresses: each can be read above the
// ladder, in lines one below the other.
func TestLongNamesInTextLadder(t *testing.T) {
	address := netip.MustParseAddr("2001:1db8:1111:2222:3333:4444:5555:6666")
	for _, n := range []int{1, 2, 3, 5} {
		for _, length := range []int{6, 14, 20, 39, 40, 46, 100, 253} {
			var hosts lanes
			for i := range n {
				hosts = append(hosts, lane{Name: strings.Repeat(string(rune('G'+i)), length), Addr: address})
			}
			var b bytes.Buffer
			newTextLadder(&b, hosts).head()
			for _, l := range hosts {
				if got := strings.Count(b.String(), l.Name[:1]); got != length {
					t.Errorf("%d hosts: got %d characters of a name of %d:\n%s", n, got, length, b.String())
				}
			}
			if got := strings.Count(b.String(), address.String()); got != n {
				t.Errorf("%d hosts: got %d addresses:\n%s", n, got, b.String())
			}
		}
	}
}

// TestStory checks that the story of a capture that no run made contains only facts.
func TestStory(t *testing.T) {
	for name, test := range map[string]struct {
		make func(*forge.Capture)
		want string
	}{
		"listing": {activeListing, "The client 198.51.100.100 talks to the FTP server 192.0.2.21 on port 21, logs in as anonymous and gives 5 commands. " +
			"1 data connection, opened by the server (active mode), carried 164 bytes. Every connection was closed from both sides."},
		"download": {func(f *forge.Capture) { download(f, 5000) }, "The client 198.51.100.100 talks to the FTP server 192.0.2.21 on port 21, logs in as anonymous and gives 5 commands. " +
			"1 data connection, opened by the client (passive mode), carried 5,000 bytes. Every connection was closed from both sides."},
		"no FTP": {func(f *forge.Capture) {
			a, _ := open(f, "198.51.100.100:3000", "192.0.2.80:80")
			a.Close()
		}, "There is no FTP in this capture: 6 packets, 1 connection of TCP."},
		"nothing": {func(*forge.Capture) {}, "There is no FTP in this capture: 0 packets, 0 connections of TCP."},
	} {
		t.Run(name, func(t *testing.T) {
			r := read(t, test.make)
			if got := strings.Join(r.Story(), "\n"); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			html(t, r)
			markdownOf(t, r)
		})
	}
}

// TestNothingIsLost counts the packets of a long transfer that the ladder
// draws, folds and leaves out: together they are all of them.
func TestNothingIsLost(t *testing.T) {
	for _, size := range []int64{0, 1000, 30_000, 200_000, 5 << 20} {
		r := read(t, func(f *forge.Capture) { download(f, size) })
		r.prepare()
		l := r.draw()
		drawn := 0
		last := map[any]*Packet{}
		for _, w := range l.Rows {
			if w.Packet == nil {
				continue
			}
			drawn++
			c := w.Packet.Connection
			if before := last[c]; before != nil {
				if p := leftOut(before, w.Packet); p.Packets > 0 {
					drawn += p.Packets
				}
			}
			last[c] = w.Packet
		}
		if drawn+l.More != r.Trace.Size {
			t.Errorf("%d bytes: %d packets are drawn or folded, %d left out; want %d together", size, drawn, l.More, r.Trace.Size)
		}
		folded := 0
		for _, w := range l.Rows {
			if w.Fold != "" {
				folded++
			}
		}
		if wantFold := size >= 30_000; wantFold != (folded > 0) {
			t.Errorf("%d bytes: got %d folds", size, folded)
		}
	}
}

// judged is a report on a scenario with a verdict that has all there can be.
func judged(t *testing.T) *Report {
	v := &expect.Verdict{
		File: "a_listing.txtar",
		Lines: []expect.Match{
			{Line: 10, Packet: 1, Comment: "the client dials"},
			{Line: 11, Packet: 14, Comment: "call me there", Note: "arrived out of order"},
			{Line: 12, Packet: 0, Comment: "never came"},
		},
		Mismatches: []expect.Mismatch{
			{Line: 13, Kind: expect.Different, Connection: "data", What: "seq is 165, not 169", Packet: 27,
				Want: "data server > client [F.] seq 169", Got: "data server > client [F.] seq 165", Around: []string{"26 …", "> 27 …"}},
		},
	}
	r := judgedBy(t, v, activeListing)
	source := "# A listing\n# One sentence. Another `one`.\n\nnetwork wire\nhost server 192.0.2.21 rtt=107ms\nopen\n"
	s, err := scenario.Parse("a_listing.txtar", []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	r.Scenario = s
	r.Command = "ftplab run a_listing"
	r.Figures = []measure.Result{{Line: 20, Name: "ctl.rtt", Wanted: "= 107ms ± 5ms", Measured: "1ms", Comment: "the distance"}}
	return r
}

// TestManyDifferences asks that the page and the Markdown fold differences as the console does.
func TestManyDifferences(t *testing.T) {
	r := judged(t)
	first := r.Verdict.Mismatches[0]
	for i := range 5 {
		next := first
		next.Line += i + 1
		r.Verdict.Mismatches = append(r.Verdict.Mismatches, next)
	}
	const want, not = "more differences follow, which the first one may explain", "line 16"
	for _, text := range []string{string(html(t, r)), markdownOf(t, r)} {
		if !strings.Contains(text, want) || strings.Contains(text, not) {
			t.Errorf("want %q, and no %q, in\n%s", want, not, text)
		}
	}
}

// TestFailedScenario asks that the page of a failed scenario shows the line
// that was wanted beside the packet that came, in all its forms.
func TestFailedScenario(t *testing.T) {
	r := judged(t)
	if r.Passed() {
		t.Error("the report passed, and it has a mismatch")
	}
	page := string(html(t, r))
	for _, want := range []string{
		"✗ failed", "Where it differed", "seq is 165, not 169", "a_listing.txtar, line 13",
		`<a href="#l27">frame 27</a>`, `<li class="p data rtl wrong fall10" id="l27"`,
		"✗ seq is 165, not 169; wanted: data server &gt; client [F.] seq 169",
		"= 107ms ± 5ms", `<span class="fail">✗ failed</span></td>`, "the client dials", "call me there. Arrived out of order.",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %q", want)
		}
	}
	md := markdownOf(t, r)
	for _, want := range []string{
		"**✗ failed**", "want  data server > client [F.] seq 169", "✗ seq is 165, not 169; wanted:",
		"| `ctl.rtt` | = 107ms ± 5ms | 1ms | ✗ failed | the distance |", "Another \\`one\\`.",
	} {
		if !strings.Contains(md, want) {
			t.Errorf("the Markdown has no %q", want)
		}
	}
}

// TestLastWords asks that the last lines of a program stand below the line that says how it
// failed, on lines of their own. The capture has no packet, and so no time.
func TestLastWords(t *testing.T) {
	r := judgedBy(t, nil, func(*forge.Capture) {})
	r.Scenario = &scenario.Scenario{Name: "mine"}
	r.Failures = []string{"mine.txtar:3: run ./client: exit status 3; it ends with\n\tno <route>\n\tgiving\x1b[1m up"}
	page := string(html(t, r))
	if want := "exit status 3; it ends with</strong></p>\n\n<pre tabindex=\"0\">no &lt;route&gt;\ngiving\\x1b[1m up\n</pre>"; !strings.Contains(page, want) {
		t.Errorf("the page has no %q", want)
	}
	md := markdownOf(t, r)
	if want := "exit status 3; it ends with\n        no <route>\n        giving\\x1b[1m up\n"; !strings.Contains(md, want) {
		t.Errorf("the Markdown has no %q:\n%s", want, md)
	}
	if strings.Contains(page+md, "1970") {
		t.Error("a capture without packets began in 1970")
	}
}

// TestWantedPacketsAreKept asks that a packet with a comment is drawn although
// it stands in the middle of a long transfer.
func TestWantedPacketsAreKept(t *testing.T) {
	v := &expect.Verdict{Lines: []expect.Match{{Packet: 4000, Comment: "one ACK for two segments"}}}
	page := string(html(t, judgedBy(t, v, func(f *forge.Capture) { download(f, 10<<20) })))
	if !strings.Contains(page, "one ACK for two segments") {
		t.Error("the page lacks the comment on packet 4000")
	}
}

// TestUnreachableIsDrawn asks for a router's ICMP error in the ladder, with the want's comment on it: if it is about a
// connection there, or if a line of the want is about it. Any other is counted.
func TestUnreachableIsDrawn(t *testing.T) {
	const comment = "The firewall says no."
	wanted := &expect.Verdict{Lines: []expect.Match{{Packet: 4, Comment: comment}}}
	for name, test := range map[string]struct {
		v       *expect.Verdict
		port    byte // of the quoted SYN
		comment int
		undrawn string
	}{
		"of a connection here, in the want": {wanted, 99, 1, ""},
		"of a connection here":              {nil, 99, 0, ""},
		"of another, in the want":           {wanted, 98, 1, ""},
		"of another":                        {nil, 98, 0, "Not drawn: 1 packet not of FTP."},
	} {
		r := judgedBy(t, test.v, func(f *forge.Capture) {
			client, _ := open(f, "198.51.100.100:3171", "192.0.2.21:21")
			f.IP(netip.MustParseAddr("198.51.100.1"), netip.MustParseAddr("198.51.100.100"), 1, []byte{3, 3, 0, 0, 0, 0, 0, 0,
				0x45, 0, 0, 28, 0, 0, 0, 0, 63, 6, 0, 0, 198, 51, 100, 100, 192, 0, 2, 21, 12, test.port, 0, 21, 0, 0, 0, 0})
			client.Close()
		})
		ladder := markdownOf(t, r)
		if n := strings.Count(ladder, "# "+comment); n != test.comment {
			t.Errorf("%s: the comment is %d times in the Markdown, want %d", name, n, test.comment)
		}
		page := string(html(t, r))
		if got := strings.Contains(page, comment); got != (test.comment > 0) {
			t.Errorf("%s: the comment is on the page: %t", name, got)
		}
		if got := r.draw().undrawn(); got != test.undrawn {
			t.Errorf("%s: got %q, want %q", name, got, test.undrawn)
		}
	}
}

// TestLinks asks that every link of a page leads to a place in it.
func TestLinks(t *testing.T) {
	for name, r := range map[string]*Report{
		"failed":   judged(t),
		"download": read(t, func(f *forge.Capture) { download(f, 1<<20) }),
		"crowd":    read(t, crowd),
	} {
		page := string(html(t, r))
		links := regexp.MustCompile(`href="#([^"]+)"`).FindAllStringSubmatch(page, -1)
		for _, link := range links {
			if !strings.Contains(page, ` id="`+link[1]+`"`) {
				t.Errorf("%s: the link #%s leads nowhere", name, link[1])
			}
		}
		if len(links) < 40 {
			t.Errorf("%s: got %d links", name, len(links))
		}
	}
}

// crowd is a thousand sessions of a dozen clients.
func crowd(f *forge.Capture) {
	for i := range 1000 {
		client, server := open(f, fmt.Sprintf("198.51.100.%d:%d", i%12+1, 10000+i), "192.0.2.21:21")
		server.Send("220 FTP server ready.\r\n")
		client.Send("USER u\r\n")
		server.Send("530 No.\r\n")
		client.Close()
	}
}

// TestCrowd asks that the page of a capture with very many sessions stays
// small, and says what it leaves out.
func TestCrowd(t *testing.T) {
	page := html(t, read(t, crowd))
	if len(page) > 1_000_000 {
		t.Errorf("got a page of %d bytes, want at most a million", len(page))
	}
	for _, want := range []string{
		"1,000 sessions of FTP between 12 clients and 1 server.", "more packets of FTP.",
		"The list ends here; the capture has 12,000 packets.", "And 986 more connections", "And 800 more.",
	} {
		if !strings.Contains(string(page), want) {
			t.Errorf("the page has no %q", want)
		}
	}
}

// TestComments holds the comments of the capture against the notes of the page. A line's
// own comment does not replace the note that is made of the packet.
func TestComments(t *testing.T) {
	r := judged(t)
	got := r.Comments()
	for packet, want := range map[int]string{
		1:  "The client opens the control connection. The client dials",
		10: "The password is in clear: anyone who records the path can read it.",
		14: "call me there. Arrived out of order. The client listens at 198.51.100.100, port 12 × 256 + 100 = 3172.",
		20: "The server opens the data connection, which PORT announced, for the listing.",
	} {
		if got[packet] != want {
			t.Errorf("packet %d: got %q, want %q", packet, got[packet], want)
		}
	}
	notes := 0
	for _, w := range r.draw().Rows {
		if c := w.Connection; w.Stage != "" && strings.Contains(w.Stage, "is closed.") {
			if !strings.HasSuffix(got[c.LastPacket], w.Stage) {
				t.Errorf("packet %d: got the comment %q, want the page's %q at its end", c.LastPacket, got[c.LastPacket], w.Stage)
			}
			notes++
		}
		if w.Packet == nil || w.Comment == "" {
			continue
		}
		notes++
		if !strings.Contains(got[w.Packet.Number], upperFirst(w.Comment)) && !strings.Contains(got[w.Packet.Number], w.Comment) {
			t.Errorf("packet %d: got the comment %q, want the page's %q in it", w.Packet.Number, got[w.Packet.Number], w.Comment)
		}
	}
	if notes < 15 {
		t.Errorf("got %d notes on the page, want at least 15", notes)
	}
}

func TestFileComment(t *testing.T) {
	got := FileComment(judged(t).Scenario, "ftplab run a_listing", "Linux's")
	want := "a_listing: A listing\nMade by: ftplab run a_listing\nNetwork: wire: a routed path, recorded at the client's end\nTCP: Linux's"
	if got != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

// TestSameNumbers holds the numbers of the page and of the Markdown against
// the trace.
func TestSameNumbers(t *testing.T) {
	r := read(t, func(f *forge.Capture) { download(f, 100_000) })
	page, md := string(html(t, r)), markdownOf(t, r)
	for _, c := range r.conversations() {
		for _, number := range []string{c.BytesServer, c.PacketsServer, c.PacketsClient, c.Duration, c.Start} {
			if !strings.Contains(page, `<td class="n">`+number+"</td>") {
				t.Errorf("%s: the page has no cell %s", c.Name, number)
			}
			if !strings.Contains(md, "| "+number+" |") {
				t.Errorf("%s: the Markdown has no cell %s", c.Name, number)
			}
		}
	}
	for _, fact := range []string{"100,000 bytes in 69 segments, answered by 35 packets"} {
		if !strings.Contains(page, fact) || !strings.Contains(md, fact) {
			t.Errorf("page or Markdown lacks %q", fact)
		}
	}
}

// The list says how many packets of the whole capture it shows, also where it leaves out
// the middle of a transfer.
func TestListCountsAllPackets(t *testing.T) {
	r := read(t, func(f *forge.Capture) { download(f, 1_000_000) })
	v := r.view()
	if want := fmt.Sprintf(" of %d packets shown", r.Trace.Size); !strings.HasSuffix(v.Shown, want) || strings.HasPrefix(v.Shown, fmt.Sprint(r.Trace.Size)) {
		t.Errorf("got %q, want fewer%s", v.Shown, want)
	}
}

// A comment that only repeats the sentence about a connection which begins is left out.
func TestJoinComment(t *testing.T) {
	const sentence = "The client opens control connection 1."
	for comment, want := range map[string]string{
		"": sentence,
		"the client opens the control connection": sentence,
		"the client dials":                        sentence + " The client dials",
	} {
		if got := joinComment(sentence, comment); got != want {
			t.Errorf("%q: got %q, want %q", comment, got, want)
		}
	}
}

// Two texts become sentences, with one full stop between them.
func TestJoin(t *testing.T) {
	for _, test := range []struct{ a, b, want string }{
		{"", "the end", "the end"},
		{"The listing", "it follows.", "The listing. It follows."},
		{"The listing.", "it follows.", "The listing. It follows."},
		{`"Call me at port 3172."`, "“Call me there”: the client listens.", `"Call me at port 3172." “Call me there”: the client listens.`},
		{`"Here it comes"`, "a code of 1xx.", `"Here it comes". A code of 1xx.`},
	} {
		if got := join(test.a, test.b); got != test.want {
			t.Errorf("join(%q, %q): got %q, want %q", test.a, test.b, got, test.want)
		}
	}
}
