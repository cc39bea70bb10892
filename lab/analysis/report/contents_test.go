package report

import (
	"bytes"
	"strings"
	"testing"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/report/text"
	"ftplab/lab/internal/forge"
)

// TestContents asks that the page shows a text as text and anything else by its digest.
func TestContents(t *testing.T) {
	f := forge.New()
	c, cPeer := f.Dial("198.51.100.100:2000", "192.0.2.21:21")
	cPeer.Send("220 ready\r\n")
	for i, x := range []struct{ command, data string }{
		{"LIST", "total 1\r\n-rw-r--r-- <script>alert(1)</script> ``` \x1b[2J\r\n"},
		{"RETR picture.png", "\x89PNG\r\n\x1a\n\x00\x00\x00"},
		{"RETR long.txt", strings.Repeat("long ", 10_000)},
	} {
		c.Send("PASV\r\n")
		cPeer.Send("227 (192,0,2,21,100," + string(rune('0'+i)) + ")\r\n")
		_, dPeer := f.Dial("198.51.100.100:300"+string(rune('0'+i)), "192.0.2.21:2560"+string(rune('0'+i)))
		c.Send(x.command + "\r\n")
		cPeer.Send("150 here\r\n")
		for data := x.data; data != ""; {
			n := min(len(data), 1460)
			dPeer.Send(data[:n])
			data = data[n:]
		}
		dPeer.Close()
		cPeer.Send("226 done\r\n")
	}
	c.Close()
	trace, err := capture.Read(bytes.NewReader(f.PCAP()), capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := New(trace, nil)
	if err != nil {
		t.Fatal(err)
	}
	var html, md strings.Builder
	if err := r.HTML(&html); err != nil {
		t.Fatal(err)
	}
	if err := r.Markdown(&md); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"-rw-r--r-- &lt;script&gt;alert(1)&lt;/script&gt; ``` \\x1b[2J", "image/png · SHA-256 ", "50,000 bytes from the server", "ftplab explain --extract writes all of it",
	} {
		if !strings.Contains(html.String(), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, want := range []string{"````\ntotal 1\n-rw-r--r-- <script>alert(1)</script> ``` \\x1b[2J\n````", "image/png · SHA-256 "} {
		if !strings.Contains(md.String(), want) {
			t.Errorf("the Markdown lacks %q", want)
		}
	}
	if strings.Contains(html.String(), "<script>alert") || len(html.String()) > 200_000 {
		t.Errorf("the page has markup of the capture, or is of %d bytes", len(html.String()))
	}
}

// TestBehindFIN asks that the page and the story name bytes behind a FIN, of which some come before it.
func TestBehindFIN(t *testing.T) {
	r := read(t, func(f *forge.Capture) {
		s := f.Login()
		s.Ask("PASV", "227 (192,0,2,21,8,0)")
		s.Client.Send("RETR a\r\n")
		_, peer := f.Dial("198.51.100.100:1001", "192.0.2.21:2048")
		peer.SegmentAt(0, "P.", "a bad program, and more")
		peer.Send("a good program")
		peer.Close()
		s.Server.Send("226 done\r\n")
		s.Quit()
	})
	var story strings.Builder
	if err := text.Story(&story, "x.pcap", r.Trace); err != nil {
		t.Fatal(err)
	}
	const want = "with 9 bytes numbered after the FIN, which no TCP sends"
	for form, got := range map[string]string{"page": string(html(t, r)), "Markdown": markdownOf(t, r), "story": story.String()} {
		if !strings.Contains(got, want) {
			t.Errorf("the %s lacks %q", form, want)
		}
	}
	if reason := want + "; so there is no SHA-256\n"; !strings.Contains(story.String(), reason) {
		t.Errorf("got\n%s\nwant %q", &story, reason)
	}
}

// TestRelays asks that the page and the Markdown name a network card that passes on the packets of a session.
func TestRelays(t *testing.T) {
	r := read(t, func(f *forge.Capture) {
		f.Login().Quit()
		f.Relay(0x66)
	})
	for form, got := range map[string]string{"page": string(html(t, r)), "Markdown": markdownOf(t, r)} {
		for _, want := range []string{"the network card 02:00:00:00:00:66 passes on 20 packets", "by ARP, 192.0.2.21 belongs to 2 network cards"} {
			if !strings.Contains(got, want) {
				t.Errorf("the %s lacks %q", form, want)
			}
		}
	}
}
