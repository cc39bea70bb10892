package baseline

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/baseline/profile"
	"ftplab/lab/internal/forge"
)

// hostile is a session whose texts try to be markup, and to break out of it.
var hostile = session1("> CWD <script>alert(1)</script>\x1b[31m\u202egpj.exe `|*_\n< 550 no\n> SITE EXEC \"><img src=x onerror=alert(2)>\n< 500 no\n> <b>BOLD</b> x\n< 500 no")

// TestAssessmentJSON holds the JSON against what the manual promises.
func TestAssessmentJSON(t *testing.T) {
	var b bytes.Buffer
	if err := forged(t, ruleTests["own-address"].breaks).WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Verdict  string
		Findings []map[string]any
	}
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Verdict != "not normal FTP" || len(got.Findings) != 1 {
		t.Fatalf("got %s", b.String())
	}
	var keys []string
	for k := range got.Findings[0] {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	want := []string{"expected", "filter", "observed", "packets", "rule", "severity", "why"}
	if !slices.Equal(keys, want) {
		t.Errorf("got keys %v, want %v", keys, want)
	}

	b.Reset()
	if err := forged(t, session1("")).WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(strings.Fields(b.String()), ""), `{"verdict":"normal","judged":{"sessions":1,"whole":1,"parts":0,"hidden":0,"lacks_start":0,"lacks_end":0,"lost":0,"lost_data":0,"lost_connections":0,"dropped":0,"cut_short":0,"damaged":0,"full":[]},"findings":[]}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestWritten looks for the parts of a finding in each of its forms.
func TestWritten(t *testing.T) {
	a := forged(t, ruleTests["own-address"].breaks)
	for form, write := range map[string]func(*bytes.Buffer) error{
		"text":     func(b *bytes.Buffer) error { return a.WriteText(b, "x.pcap") },
		"markdown": func(b *bytes.Buffer) error { return a.WriteMarkdown(b, "x.pcap") },
		"html":     func(b *bytes.Buffer) error { return a.WriteHTML(b, "x.pcap", nil) },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"x.pcap", "not normal FTP", "own-address", "frames 9, 10", "203.0.113.7", "RFC 2577", "frame.number in {9..10}", "0 of 1 session whole, 1 in part; 1 data connection not recorded"} {
			if !strings.Contains(b.String(), want) {
				t.Errorf("%s: got no %q in\n%s", form, want, b.String())
			}
		}
	}
}

// TestVerdictColour looks at how the page shows each verdict: green is normal alone.
func TestVerdictColour(t *testing.T) {
	for verdict, want := range map[Verdict]string{
		IsNormal: `<span class="pass">normal</span>`, IsUnusual: `<span class="">unusual</span>`, NotNormal: `<span class="fail">not normal FTP</span>`,
	} {
		var b bytes.Buffer
		if err := (&Assessment{Verdict: verdict}).WriteHTML(&b, "x.pcap", nil); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), want) {
			t.Errorf("got no %s in\n%s", want, b.String())
		}
	}
}

// TestHostileText writes what a capture says, which must stay text.
func TestHostileText(t *testing.T) {
	a := forged(t, hostile)
	if a.Verdict != NotNormal {
		t.Fatalf("got %v, want %s for SITE EXEC", a, NotNormal)
	}
	var text, md, html bytes.Buffer
	for _, err := range []error{a.WriteText(&text, "x"), a.WriteMarkdown(&md, "x"), a.WriteHTML(&html, "x", nil)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, bad := range []string{"\x1b", "\u202e"} {
		for form, b := range map[string]*bytes.Buffer{"text": &text, "markdown": &md, "html": &html} {
			if strings.Contains(b.String(), bad) {
				t.Errorf("%s: got a raw %q", form, bad)
			}
		}
	}
	for _, bad := range []string{"<script>alert", "<img", "<b>"} {
		if strings.Contains(html.String(), bad) || strings.Contains(md.String(), bad) {
			t.Errorf("got a raw %q", bad)
		}
	}
}

// TestShowPage draws a profile.
func TestShowPage(t *testing.T) {
	var b bytes.Buffer
	if err := WriteHTML(&b, profile.Normal()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"What normal FTP looks like", "The server speaks first", "<rect", "Round trip time", "RETR, then QUIT"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("got no %q", want)
		}
	}
}

// FuzzCheck damages captures: whatever is read must be judged without a panic, and
// learned.
func FuzzCheck(f *testing.F) {
	for _, test := range attacks {
		c := forge.New()
		test.play(c)
		f.Add(c.PCAP()[:min(len(c.PCAP()), 4000)])
	}
	normal := profile.Normal()
	f.Fuzz(func(t *testing.T, file []byte) {
		e, err := gather(file)
		if err != nil {
			return
		}
		a := check(t, e, normal)
		var b bytes.Buffer
		if err := a.WriteJSON(&b); err != nil {
			t.Error(err)
		}
		if err := learn(t, e, "x").Write(&b); err != nil {
			t.Error(err)
		}
	})
}

// listing is a session with an active listing to the given port.
func listing(f *forge.Capture, port uint16) {
	t := dial(f, fmt.Sprintf("%s:%d", aClient, port-1), aServer+":21").Say(hello).Say(fmt.Sprintf("> PORT 198,51,100,100,%d,%d\n< 200 ok\n> LIST\n< 150 here", port/256, port%256))
	download(f, aServer+":20", fmt.Sprintf("%s:%d", aClient, port), opener, 55)
	t.Say("< 226 done").Say(bye).Peer.Close()
}

// BenchmarkSessions checks captures of many small sessions. The time for each must
// not rise with their number.
func BenchmarkSessions(b *testing.B) {
	for _, n := range []int{1000, 10_000} {
		f := forge.New()
		for i := range n {
			listing(f, 1025+uint16(i*2))
		}
		benchmarkCheck(b, f, n, "session", "sessions")
	}
}

// BenchmarkRepeats checks sessions in which each command is sent again, and each second one gets a line that is no reply.
// The time for each must not rise with their number.
func BenchmarkRepeats(b *testing.B) {
	for _, n := range []int{5000, 20_000} {
		f := forge.New()
		t := dial(f, aClient+":4000", aServer+":21").Say(hello)
		for range n {
			t.Say("> NOOP\n< 200 ok")
			f.Frames = append(f.Frames, *f.Last(1))
			t.Say("> NOOP\n< what?")
			f.Pass(11 * time.Second)
		}
		t.Say(bye).Peer.Close()
		benchmarkCheck(b, f, n, "command", "commands")
	}
}

// BenchmarkCommands checks sessions of many commands of which the capture lacks one. The time for each must not rise
// with their number.
func BenchmarkCommands(b *testing.B) {
	for _, n := range []int{2500, 25_000} {
		f := forge.New()
		t := dial(f, aClient+":4000", aServer+":21").Say(hello).Say("> NOOP\n< 200 ok")
		f.Drop(1) // the command
		for i := range n {
			t.Say(fmt.Sprintf("> DELE /%d/wtmp\n< 250 ok\n< 226 done", i))
		}
		t.Say(bye).Peer.Close()
		benchmarkCheck(b, f, n, "command", "commands")
	}
}

// benchmarkCheck checks a capture with so many of something, and reports the time for each.
func benchmarkCheck(b *testing.B, f *forge.Capture, n int, one, many string) {
	b.Run(wording.Plural(n, one, many), func(b *testing.B) {
		for range b.N {
			e, err := gather(f.PCAP())
			if err != nil {
				b.Fatal(err)
			}
			e.Check(profile.Normal())
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/"+one)
	})
}
