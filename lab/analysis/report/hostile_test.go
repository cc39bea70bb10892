package report

import (
	"bytes"
	"encoding/binary"
	"io"
	"net/netip"
	"strings"
	"testing"

	"ftplab/lab/analysis/report/text"
)

// hostile is a session whose every text tries to be more than text.
func hostile(w io.Writer) {
	f := newForge(w)
	attack := `<script>alert(1)</script><img src=http://192.0.2.66/x onerror=alert(2)>"'><svg onload=alert(3)>` + "`{{.}}${alert(4)}--></script></style>]]>"
	client, server := f.control(attack)
	f.question("198.51.100.100", "192.0.2.21", "<b>.`{{")
	f.question("198.51.100.100", "198.51.100.100", "<b>.`{{") // a host that asks itself
	client.send("CWD \u202egnp.exe\u2066\u200b\x1b[2J\x07\r\n")
	server.send("550-" + attack + "\r\n \xc3(\x80\x00\r\n550 \u061c\u2028\r\n")
	client.send("MKD javascript:alert(5)\r\n")
	server.send("257 \"http://192.0.2.66/\" created\r\n")
	client.send("STAT " + strings.Repeat("A", 30000) + "\r\n")
	server.send("211 " + strings.Repeat("שלום ", 400) + "\r\n")
	f.active(client, server, 100, "LIST "+attack, attack)
	f.active(client, server, 101, "RETR </title><meta http-equiv=refresh content='0;url=http://192.0.2.66/'>", attack)
	client.send("QUIT\r\n")
	server.send("221 bye\r\n")
	server.close()
}

// oneMachine is a listing of a server that runs on the client's own machine,
// which asks itself for the address first.
func oneMachine(w io.Writer) {
	f := newForge(w)
	const home = "127.0.0.1"
	f.question(home, home, "ftp.example.test")
	client, server := f.dial(home+":40000", home+":21")
	server.send("220 ready\r\n")
	client.send("QUIT\r\n")
	server.send("221 bye\r\n")
	server.close()
}

// question is a question for the address of a name, in DNS.
func (f *forge) question(from, to, name string) {
	be := binary.BigEndian
	dns := []byte{0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0}
	for _, label := range strings.Split(name, ".") {
		dns = append(append(dns, byte(len(label))), label...)
	}
	dns = append(dns, 0, 0, 1, 0, 1)
	p := []byte{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0}
	p = be.AppendUint16(p, uint16(28+len(dns)))
	p = append(p, 0, 0, 0x40, 0, 64, 17, 0, 0)
	for _, addr := range []string{from, to} {
		p = append(p, netip.MustParseAddr(addr).AsSlice()...)
	}
	p = be.AppendUint16(be.AppendUint16(p, 5353), 53)
	p = append(be.AppendUint16(p, uint16(8+len(dns))), 0, 0)
	f.record(append(p, dns...))
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
	r := read(t, func(w io.Writer) {
		_, b := newForge(w).dial("127.0.0.1:3000", "127.0.0.1:80")
		b.close()
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
	for _, make := range []func(io.Writer){
		activeListing, hostile, oneMachine, func(w io.Writer) { download(w, 30_000) },
	} {
		var b bytes.Buffer
		make(&b)
		f.Add(b.Bytes())
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
