package report

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/expect"
	"ftplab/lab/analysis/packet"
	"ftplab/lab/analysis/tcp"
	"ftplab/lab/internal/forge"
)

// Notes are shown, hidden until a click, or left out with all else that gives answers.
func TestNotes(t *testing.T) {
	for _, test := range []struct {
		notes                  Notes
		shown, hidden, stories int
	}{{"", 1, 0, 1}, {ShowNotes, 1, 0, 1}, {HideNotes, 0, 1, 1}, {NoNotes, 0, 0, 0}} {
		r := read(t, activeListing)
		r.Notes = test.notes
		var b bytes.Buffer
		if err := r.HTML(&b); err != nil {
			t.Fatal(err)
		}
		page := b.String()
		for what, want := range map[string]int{`<p class="comment">`: test.shown, `<details class="comment">`: test.hidden, `<p class="lead">`: test.stories, `<li class="stage`: test.stories} {
			if got := strings.Contains(page, what); got != (want > 0) {
				t.Errorf("notes %q: the page has %s: %v", test.notes, what, got)
			}
		}
	}
}

// A comment of the scenario takes the place of a note that only says what such a packet means,
// and stands before one that says what this packet has.
func TestCommentsTakeThePlaceOfGlosses(t *testing.T) {
	const comment = "The author's sentence."
	notes := read(t, activeListing).Comments()
	for packet, kept := range map[int]string{
		2:  "SYN and ACK: the server agrees, 1 ms after the SYN.",
		4:  "", // the greeting
		6:  "", // USER
		8:  "", // 331
		10: "", // PASS
		14: "The client listens at 198.51.100.100, port 12 × 256 + 100 = 3172.",
		18: "", // LIST
		23: "", // 150
		25: "Here comes the listing: 164 bytes in 1 segment.",
		27: "", // FIN
		28: "", // FIN
		30: "", // 226
		36: "", // FIN
	} {
		if notes[packet] == "" {
			t.Errorf("packet %d: without a comment there is no note", packet)
		}
		v := &expect.Verdict{Lines: []expect.Match{{Packet: packet, Comment: comment}}}
		if got, want := judgedBy(t, v, activeListing).Comments()[packet], join(comment, kept); got != want {
			t.Errorf("packet %d: got %q, want %q", packet, got, want)
		}
	}
}

// A note stands beside a comment if it has a figure, or a new name, that the comment does not have.
func TestCommentsWithFacts(t *testing.T) {
	const end, failed = "The client has nothing more to send: this FIN is the end of the upload of a.bin.", "The client has nothing more to send, but the reply 426 says that this was not all of the upload of a.bin."
	const port = "The client listens at 198.51.100.100, port 12 × 256 + 100 = 3172."
	resolution := func(f *forge.Capture) {
		question(f, forge.Client, "203.0.113.53", "ftp.example.test")
		f.Control().Say(forge.Login)
	}
	for _, test := range []struct {
		forge         func(f *forge.Capture)
		note, comment string
		stays         bool
	}{
		{activeListing, port, "12*256+100 = 3172", true},
		{activeListing, port, "At 198.51.100.100, and its port is 12*256+100 = 3172.", false},
		{activeListing, "Here comes the listing: 164 bytes in 1 segment.", "The listing has 164 bytes.", true},
		{activeListing, "Here comes the listing: 164 bytes in 1 segment.", "164 bytes, in one segment.", false},
		{upload(forge.Client, "226"), end, "That was all.", false}, // the first data has the name
		{upload(forge.Client, "426"), failed, "That was all.", true},
		{upload(forge.Client, "426"), failed, "Not all, as 426 says.", false},
		{resolution, "A question to the name server: the address of ftp.example.test?", "Who is that?", true},
		{resolution, "A question to the name server: the address of ftp.example.test?", "Who is ftp.example.test?", false},
	} {
		found := false
		for packet, note := range read(t, test.forge).Comments() {
			if note == test.note {
				found = true
				v := &expect.Verdict{Lines: []expect.Match{{Packet: packet, Comment: test.comment}}}
				if got := judgedBy(t, v, test.forge).Comments()[packet]; (got != test.comment) != test.stays {
					t.Errorf("%q: got %q; the note stays: %v", test.note, got, test.stays)
				}
			}
		}
		if !found {
			t.Errorf("there is no note %q", test.note)
		}
	}
}

// upload is an upload from a host in passive mode, with a reply code at its end.
func upload(from, code string) func(f *forge.Capture) {
	return func(f *forge.Capture) {
		client := f.Control().Say(forge.Login)
		client.Say("> PASS\n< 230 OK\n> PASV\n< 227 Entering Passive Mode (192,0,2,21,19,136)\n> STOR a.bin\n< 150 OK")
		data, _ := f.Dial(from+":4001", forge.Server+":5000")
		data.Send("Hello.\n")
		data.Close()
		client.Say("< " + code + " OK" + forge.Quit)
		client.Peer.Close()
	}
}

// The notes name who did it, and say of a FIN only what the reply to the transfer allows.
func TestNotesOnTransfers(t *testing.T) {
	for _, test := range []struct {
		from, code string
		want       []string
	}{
		{forge.Client, "226", []string{"The client has nothing more to send: this FIN is the end of the upload of a.bin.", "The server closes its direction too.", "The password is empty."}},
		{forge.Client, "426", []string{"The client has nothing more to send, but the reply 426 says that this was not all of the upload of a.bin."}},
		{"203.0.113.66", "226", []string{"203.0.113.66 has nothing more to send: this FIN is the end of the upload of a.bin."}},
	} {
		var all []string
		for _, note := range read(t, upload(test.from, test.code)).Comments() {
			all = append(all, note)
		}
		for _, want := range test.want {
			if got := strings.Join(all, "\n"); !strings.Contains(got, want) {
				t.Errorf("from %s, %s: got\n%s\nwant %q in it", test.from, test.code, got, want)
			}
		}
	}
}

// A note on 226 calls the transfer complete only if nothing in the capture contradicts that.
func TestNotesOn226(t *testing.T) {
	const complete = "The transfer is complete. The data connection closes"
	const says = "The server says that the transfer is complete. "
	end := func(s *forge.End) { s.Close() }
	for _, test := range []struct {
		size, opening string
		before, after func(sender *forge.End) // the reply
		want          string
	}{
		{"213 7", "150 Here.", end, nil, complete},
		{"213 7", "150 Here.", nil, end, complete},
		{"213 8", "150 Here.", end, nil, says + "But it announced 8 bytes, and 7 bytes came."},
		{"550 no", "150 Here it is (8 bytes).", end, nil, says + "But it announced 8 bytes, and 7 bytes came."},
		{"213 8", "150 Here.", func(s *forge.End) { s.RST() }, nil, says + "But the server reset the data connection, in frame "},
		{"213 14", "150 Here.", nil, func(s *forge.End) { s.Send("Hello.\n"); s.Close() }, says + "Data still comes after this reply: nothing keeps the order of two connections."},
	} {
		var all []string
		r := read(t, func(f *forge.Capture) {
			client := f.Control().Say(forge.Login)
			client.Say("> PASS\n< 230 OK\n> TYPE I\n< 200 OK\n> SIZE a\n< " + test.size + "\n> PASV\n< 227 Here (192,0,2,21,19,136)\n> RETR a\n< " + test.opening)
			_, data := f.Dial(forge.Client+":4001", forge.Server+":5000")
			data.Send("Hello.\n")
			if test.before != nil {
				test.before(data)
			}
			client.Say("< 226 Done.")
			if test.after != nil {
				test.after(data)
			}
			client.Say(strings.TrimPrefix(forge.Quit, "\n"))
			client.Peer.Close()
		})
		for _, note := range r.Comments() {
			all = append(all, note)
		}
		got := strings.Join(all, "\n")
		if !strings.Contains(got, test.want) || strings.Contains(got, says) && test.want == complete || strings.Contains(got, complete) && test.want != complete {
			t.Errorf("SIZE: %s, RETR: %s: got\n%s\nwant %q in it", test.size, test.opening, got, test.want)
		}
	}
}

// A reset is explained, unless the scenario does.
func TestGlosses(t *testing.T) {
	reset := func(f *forge.Capture) {
		client := f.Control().Say("< 220 ready\n> QUIT\n< 221 Bye")
		client.RST()
	}
	notes := read(t, reset).Comments()
	const sentence = "RST: the client ends the connection at once; data that was still on its way is lost."
	for packet, note := range notes {
		if !strings.HasPrefix(note, sentence) {
			continue
		}
		v := &expect.Verdict{Lines: []expect.Match{{Packet: packet, Comment: "It is gone."}}}
		if got := judgedBy(t, v, reset).Comments()[packet]; got != strings.Replace(note, sentence, "It is gone.", 1) {
			t.Errorf("got %q, want the comment in the place of %q", got, sentence)
		}
		return
	}
	t.Errorf("got the notes %v, want one that is %q", notes, sentence)
}

// A note on a packet that is sent again says what is in it.
func TestSentAgain(t *testing.T) {
	for _, test := range []struct {
		flags  uint8
		length int
		want   string
	}{
		{packet.SYN, 0, "Sent again: this SYN has been seen before."},
		{packet.SYN | packet.ACK, 0, "Sent again: this SYN with ACK has been seen before."},
		{packet.FIN | packet.ACK, 0, "Sent again: this FIN has been seen before."},
		{packet.FIN | packet.ACK, 9, "Sent again: this data has been seen before."},
		{packet.ACK, 9, "Sent again: this data has been seen before."},
		{packet.ACK, 0, ""},
	} {
		p := &Packet{Packet: &capture.Packet{Packet: packet.Packet{Number: 1, TCP: &packet.TCP{Flags: test.flags, Length: test.length}},
			Segment: &tcp.Segment{Analysis: tcp.Retransmission}}}
		n := newNotes([]*Packet{p}, nil, nil, nil)
		n.packet(p)
		if got := n.text[1]; got != test.want {
			t.Errorf("flags %b, length %d: got %q, want %q", test.flags, test.length, got, test.want)
		}
	}
}

// A note on a command says that somebody else sent it, or may have, if its sender does not know of it.
func TestInjected(t *testing.T) {
	for n, want := range []string{"", "Somebody else may have sent this: the client's later frame 11 is", "Somebody else sent this: the client's later frames 11 and 12 are"} {
		r := read(t, func(f *forge.Capture) {
			c := f.Control().Say(forge.Login).Say("> DELE a.txt\n< 250 ok")
			for range n {
				c.SegmentAt(-len("DELE a.txt\r\n"), ".", "")
			}
		})
		comment := r.Comments()[9]
		if !strings.Contains(comment, want) || strings.Contains(comment, "omebody else") != (n > 0) {
			t.Errorf("%d packets: got %q, want %q", n, comment, want)
		}
	}
}

// A note says that a reply answers nothing.
func TestSurplusReply(t *testing.T) {
	comments := read(t, func(f *forge.Capture) { f.Control().Say(forge.Login).Say("> PWD\n< 257 \"/\"\n< 257 \"/x\"") }).Comments()
	for packet, want := range map[int]bool{4: false, 10: false, 11: true} {
		if got := strings.Contains(comments[packet], "answers no command"); got != want {
			t.Errorf("packet %d: got %q", packet, comments[packet])
		}
	}
}

// Notes say where a mechanism of RFC 2228 begins and ends to protect the dialogue.
func TestProtection(t *testing.T) {
	comments := read(t, func(f *forge.Capture) {
		f.Control().Say("< 220 ready\n> AUTH GSSAPI\n< 334 go on\n> ADAT YII=\n< 235 done\n> ENC Q0ND\n< 632 MjAw\n> NOOP\n< 200 ok")
	}).Comments()
	for packet, want := range map[int]string{9: "protected by GSSAPI (RFC 2228), and cannot be read", 11: "in clear again"} {
		if !strings.Contains(comments[packet], want) {
			t.Errorf("packet %d: got %q, want %q", packet, comments[packet], want)
		}
	}
}

// Notes name the Telnet commands in a line, and say which packets are urgent.
func TestTelnet(t *testing.T) {
	comments := read(t, func(f *forge.Capture) {
		c := f.Control().Say(forge.Login)
		c.Segment(".", "\xff\xf4")
		c.Urgent = 2
		c.Segment("U.", "\xff\xf2")
		c.Send("ABOR\r\n")
		c.Peer.Send("226 No transfer.\r\n")
		c.Send("\xff\xf1PWD\r\n")
	}).Comments()
	for packet, want := range map[int]string{
		9:  "The line in frames 9 to 11 has Telnet's IAC IP IAC DM (RFC 854).",
		10: "It is sent as urgent data, with the urgent pointer 2 (RFC 959, section 4.1.3).",
		11: "Stop the transfer.",
		15: "The line has Telnet's IAC NOP (RFC 854). In which directory are we?",
	} {
		if got := comments[packet]; got != want {
			t.Errorf("packet %d: got %q, want %q", packet, got, want)
		}
	}
}

// If there are several clients, notes and the story say which one they mean.
func TestSeveralClients(t *testing.T) {
	r := read(t, func(f *forge.Capture) {
		f.Control().Say(forge.Login)
		c, _ := f.Dial("203.0.113.50:3000", forge.Server+":21")
		c.Say(forge.Login + "\n> PORT 203,0,113,50,12,100\n< 200 ok\n> LIST\n< 150 Here.")
		from, _ := f.Dial(forge.Server+":20", "203.0.113.50:3172")
		from.Send("a\r\n")
		from.Close()
		c.Say("< 226 Done.\n> PASV\n< 227 Here (192,0,2,21,19,136)\n> LIST\n< 150 Here.")
		_, from = f.Dial("203.0.113.50:4001", forge.Server+":5000")
		from.Send("a\r\n")
		from.Close()
		c.Say("< 226 Done.")
	})
	notes := ""
	for _, note := range r.Comments() {
		notes += note + "\n"
	}
	for text, want := range map[string]string{
		notes:                        "Client 2 listens at 203.0.113.50, port 12 × 256 + 100 = 3172.",
		strings.Join(r.Story(), " "): "1 opened by the server (active mode) and 1 opened by client 2 (passive mode)",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("got %q, want %q in it", text, want)
		}
	}
}

func TestLinkRFCs(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"as <b> (RFC 959, 3.2)", `as &lt;b&gt; (<a href="https://www.rfc-editor.org/rfc/rfc959#section-3.2" rel="noreferrer">RFC 959, 3.2</a>)`},
		{"RFC 2428 and", `<a href="https://www.rfc-editor.org/rfc/rfc2428" rel="noreferrer">RFC 2428</a> and`},
		{`RFC "959"`, `RFC &#34;959&#34;`},
	} {
		if got := string(linkRFCs(test.text)); got != test.want {
			t.Errorf("%s: got %s, want %s", test.text, got, test.want)
		}
	}
}

// Of packets whose notes say the same one after the other, few are drawn.
func TestLikeNotes(t *testing.T) {
	var l likeness
	var got []int
	for _, note := range []string{"3 segments wait after byte 1,449", "4 segments wait after byte 1,449", "", "5 segments wait after byte 1,449", "the hole is filled", "6 segments wait after byte 9"} {
		got = append(got, l.add(note))
	}
	for i, want := range []int{1, 2, 0, 3, 1, 1} {
		if got[i] != want {
			t.Errorf("note %d: got %d, want %d", i, got[i], want)
		}
	}
}

// Segments that are sent again, one after the other, have notes that say the same: the
// ladder draws few of them and folds the others.
func TestLikeNotesAreFolded(t *testing.T) {
	const segments, size = 60, 100
	r := read(t, func(f *forge.Capture) {
		_, from := open(f, "198.51.100.100:24001", "192.0.2.21:29022")
		data := strings.Repeat("x", size)
		for range segments {
			from.Segment(".", data)
		}
		f.Pass(time.Second)
		for i := range segments {
			from.SegmentAt((i-segments)*size, ".", data)
		}
	})
	r.prepare()
	drawn := 0
	for _, w := range r.draw().Rows {
		if w.Packet != nil && w.Comment != "" {
			drawn++
		}
	}
	if most := foldHead + foldTail + 2*likeMost; drawn == 0 || drawn > most {
		t.Errorf("%d packets with notes are drawn, want 1 to %d", drawn, most)
	}
}
