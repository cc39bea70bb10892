package report

import (
	"io"
	"strings"
	"testing"

	"ftplab/lab/analysis/report/text"
	"ftplab/lab/internal/forge"
)

// hostile is a session whose every text tries to be more than text.
func hostile(f *forge.Capture) {
	attack := `<script>alert(1)</script><img src=http://192.0.2.66/x onerror=alert(2)>"'><svg onload=alert(3)>` + "`{{.}}${alert(4)}--></script></style>]]>"
	client, server := control(f, attack)
	question(f, "198.51.100.100", "192.0.2.21", "<b>.`{{")
	question(f, "198.51.100.100", "198.51.100.100", "<b>.`{{") // a host that asks itself
	client.Send("CWD \u202egnp.exe\u2066\u200b\x1b[2J\x07\r\n")
	server.Send("550-" + attack + "\r\n \xc3(\x80\x00\r\n550 \u061c\u2028\r\n")
	client.Send("MKD javascript:alert(5)\r\n")
	server.Send("257 \"http://192.0.2.66/\" created\r\n")
	client.Send("STAT " + strings.Repeat("A", 30000) + "\r\n")
	server.Send("211 " + strings.Repeat("שלום ", 400) + "\r\n")
	active(f, client, server, 100, "LIST "+attack, attack)
	active(f, client, server, 101, "RETR </title><meta http-equiv=refresh content='0;url=http://192.0.2.66/'>", attack)
	client.Send("QUIT\r\n")
	server.Send("221 bye\r\n")
	server.Close()
}

// oneMachine is a listing of a server that runs on the client's own machine,
// which asks itself for the address first.
func oneMachine(f *forge.Capture) {
	const home = "127.0.0.1"
	question(f, home, home, "ftp.example.test")
	client, server := open(f, home+":40000", home+":21")
	server.Send("220 ready\r\n")
	client.Send("QUIT\r\n")
	server.Send("221 bye\r\n")
	server.Close()
}

// question is a question for the address of a name, in DNS.
func question(f *forge.Capture, from, to, name string) {
	dns := []byte{0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0}
	for _, label := range strings.Split(name, ".") {
		dns = append(append(dns, byte(len(label))), label...)
	}
	f.UDP(from+":5353", to+":53", append(dns, 0, 0, 1, 0, 1))
}

// TestHostToItself asks for the packets of a machine that talks to itself: what
// lies between its two parts has an arrow, what its one part sends to itself
// has none.
func TestHostToItself(t *testing.T) {
	r := read(t, oneMachine)
	if p := r.Packets.All()[0]; p.UDP == nil || p.UDP.DNS == nil {
		t.Fatalf("packet 1 is %s, want a question in DNS", text.Line(p.Packet, text.Relative))
	}
	page, md := string(html(t, r)), markdownOf(t, r)
	if want := "    1    0.000000        │ 1+ A? ftp.example.test. (34) "; !strings.Contains(md, want) {
		t.Errorf("the ladder has no line %q:\n%s", want, md)
	}
	if want := "40000 │── [S] seq 0 win 65535 ─"; !strings.Contains(md, want) {
		t.Errorf("the ladder has no line with %q:\n%s", want, md)
	}
	_, question, _ := strings.Cut(page, `id="l1"`)
	question, rest, _ := strings.Cut(question, "</li>")
	if strings.Contains(question, `class="arrow`) || !strings.Contains(question, "ftp.example.test") {
		t.Errorf("got a question of %s, want it without an arrow", question)
	}
	if !strings.Contains(rest, `class="arrow a2 b3"`) {
		t.Error("the page has no arrow from the client to the server")
	}
}

// TestNoFTPOnOneMachine asks that a connection of another protocol lies between
// the two parts of its machine.
func TestNoFTPOnOneMachine(t *testing.T) {
	r := read(t, func(f *forge.Capture) {
		_, b := open(f, "127.0.0.1:3000", "127.0.0.1:80")
		b.Close()
	})
	if md := markdownOf(t, r); !strings.Contains(md, "3000 │╌╌ [S] seq 0 win 65535 ╌") {
		t.Errorf("the connection has no arrow:\n%s", md)
	}
	html(t, r)
}

// TestHostileMarkdown asks that no text of a capture becomes markup.
func TestHostileMarkdown(t *testing.T) {
	md := markdownOf(t, read(t, hostile))
	inside := false
	for _, line := range strings.Split(md, "\n") {
		if strings.HasPrefix(line, "```") {
			inside = !inside
			continue
		}
		if !inside && strings.ContainsAny(strings.ReplaceAll(line, "\\`", ""), "<\x1b\u202e") {
			t.Errorf("markup or control characters outside a block: %q", line)
		}
		if !inside && strings.Contains(line, "{{.}}") && !strings.Contains(line, "\\`{{.}}") {
			t.Errorf("a backtick is not escaped: %q", line)
		}
	}
	if inside {
		t.Error("a block is not closed")
	}
}

// FuzzWalkthrough writes the walkthrough of any capture that can be read, in
// both forms.
func FuzzWalkthrough(f *testing.F) {
	for _, make := range []func(*forge.Capture){
		activeListing, hostile, oneMachine, func(f *forge.Capture) { download(f, 30_000) },
	} {
		c := forge.New()
		make(c)
		f.Add(c.PCAP())
	}
	f.Fuzz(func(t *testing.T, capture []byte) {
		r, err := reportOn(capture, nil)
		if err != nil {
			t.Skip(err)
		}
		r.Capture = "capture.pcap"
		if err := r.Markdown(io.Discard); err != nil {
			t.Errorf("Markdown: %v", err)
		}
		if err := r.HTML(io.Discard); err != nil {
			t.Errorf("HTML: %v", err)
		}
	})
}
