package report

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"ftplab/lab/internal/forge"
	"ftplab/lab/labtest/optional"
	"ftplab/lab/outcome"
)

// TestLengthsAgreeWithTshark holds the table of packet lengths against that of
// tshark.
func TestLengthsAgreeWithTshark(t *testing.T) {
	tshark := optional.Tool(t, "tshark", "apt install tshark")
	name := filepath.Join(t.TempDir(), "capture.pcap")
	long := func(f *forge.Capture) { download(f, 100_000) }
	c := forge.New()
	long(c)
	c.Save(t, name)
	out, err := exec.Command(tshark, "-r", name, "-q", "-z", "plen,tree").Output()
	if err != nil {
		t.Fatal(err)
	}
	r := read(t, long)
	ranges := 0
	for _, m := range regexp.MustCompile(`(?m)^ (\d+-\d+|5120 and greater)\s+(\d+)\s+(\S+)\s+(\S+)\s+(\S+)\s+\S+\s+(\S+)%`).FindAllStringSubmatch(string(out), -1) {
		l := &r.Packets.Lengths
		if got := l.Range(ranges); got != m[1] {
			t.Errorf("got range %s, tshark has %s", got, m[1])
		}
		c := l.Counts[ranges]
		got := []string{strconv.Itoa(c.Packets), "-", "-", "-", strconv.FormatFloat(l.Share(ranges), 'f', 2, 64)}
		if c.Packets > 0 {
			got[1], got[2], got[3] = strconv.FormatFloat(c.Average(), 'f', 2, 64), strconv.Itoa(c.Min), strconv.Itoa(c.Max)
		}
		if got, want := strings.Join(got, " "), strings.Join(m[2:], " "); got != want {
			t.Errorf("%s: got %s, tshark has %s", m[1], got, want)
		}
		ranges++
	}
	if ranges != len(r.Packets.Lengths.Counts) {
		t.Errorf("tshark has %d ranges, want %d:\n%s", ranges, len(r.Packets.Lengths.Counts), out)
	}
}

func TestLengthsText(t *testing.T) {
	var l Lengths
	for _, n := range []int{54, 60, 1506} {
		l.Add(n)
	}
	var b strings.Builder
	if err := l.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"40-79        2  66.67 %    57.00    54    60", "1280-2559        1  33.33 %  1506.00  1506  1506", "all        3            540.00"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("got no %q in\n%s", want, b.String())
		}
	}
}

// TestTimeSequences asks for every segment and every ACK of a small download.
func TestTimeSequences(t *testing.T) {
	var b strings.Builder
	if err := read(t, func(f *forge.Capture) { download(f, 10*1452) }).TimeSequences(&b); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	for _, want := range []string{
		"Data connection, 192.0.2.21:29022 > 198.51.100.100:24001: the download of file.bin",
		"14,520 bytes in 10 segments, answered by 6 packets",
		"25  1.423010  data            1:1453   1452",
		"27  1.424020   ACK                            2905          68440",
		"40  1.429100   FIN       14521:14521      0",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no line %q", want)
		}
	}
	if n := strings.Count(text, " data "); n != 10 {
		t.Errorf("got %d segments, want 10", n)
	}
	if t.Failed() {
		t.Log(text)
	}
	b.Reset()
	if err := read(t, activeListing).TimeSequences(&b); err != nil || !strings.HasPrefix(b.String(), "No connection") {
		t.Errorf("got %q, %v for a capture without a long transfer", b.String(), err)
	}
}

func TestIndex(t *testing.T) {
	var b bytes.Buffer
	err := Index(&b, []Run{
		{Name: "active_list", Chapter: "First", Title: "A <b>listing</b>", Mode: "active", Network: "loopback", Outcome: outcome.Passed, Seconds: 0.0512, Frames: 1031, Bytes: 12_345, Capture: "capture.pcapng"},
		{Name: "bad one", Title: "B", Outcome: outcome.Failed, Failures: 2, Frames: 5, Bytes: 900, Capture: "capture.pcap"},
		{Name: "none", Title: "C", Outcome: outcome.Error, Error: "no namespace <here>"},
		{Name: "earlier", Title: "D", Outcome: outcome.Error, Error: "no disk", Earlier: true, Frames: 7, Capture: "capture.pcapng"},
		{Name: "bare", Title: "E", Outcome: outcome.Recorded, Capture: "capture.pcapng", Log: "server.log"},
		{Name: "bare-by-hand", Title: "F", Outcome: outcome.Recorded, ByHand: true, Capture: "capture.pcapng"},
	})
	if err != nil {
		t.Fatal(err)
	}
	page := b.String()
	for _, want := range []string{
		"<h1>1 passed, 1 failed, 2 recorded, 2 errors</h1>",
		`<a href="earlier/walkthrough.html">D</a>`, "no disk<br>The results are those of an earlier run.",
		`<span class="">recorded</span>`, `<a href="bare/server.log">server's log</a>`, `<a href="bare/verdict.json">`,
		`<a href="bare-by-hand/walkthrough.html">`,
		`<h2>First</h2>`, `<a href="active_list/walkthrough.html">A &lt;b&gt;listing&lt;/b&gt;</a>`, `<a href="active_list/capture.pcapng">capture, 12.3 kB</a>`,
		`<a href="bad%20one/walkthrough.md">text</a>`, "✗ failed: 2 differences", "✓ passed", "1,031", " · 0.05 s</p>",
		"A &lt;b&gt;listing&lt;/b&gt;", "no namespace &lt;here&gt;",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the index has no %q", want)
		}
	}
	for _, missing := range []string{"none/walkthrough", "bare-by-hand/verdict.json", "·  s"} {
		if strings.Contains(page, missing) {
			t.Errorf("the index has %q, and there is no such file or time", missing)
		}
	}
}
