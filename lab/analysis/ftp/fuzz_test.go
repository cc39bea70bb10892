package ftp

import (
	"bytes"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"ftplab/lab/analysis/tcp"
	"ftplab/lab/internal/fuzzing"
	"ftplab/lab/internal/replycode"
)

// A script has what both sides of a dialogue say, as bytes that a fuzzer can change. It begins
// with a byte of options. A piece is its flags, its length and its data.
type script []byte

// The options of a script. The rest of the byte is a limit of the lines, 0 for MaxLines.
const (
	fromStart = 1 << iota
	isCut
	mayHaveTLS
	beginsInTLS
	limitShift = iota
)

// The flags of a piece.
const (
	fromServer  = 1 << iota
	afterGap    // missing bytes are before it
	isUrgent    // it was sent as urgent
	isAcked     // the last piece of the other side acknowledges it
	acksNotLast // it does not acknowledge the last piece of the other side
	acksMissing // it acknowledges bytes that are not in the script
)

const missingBytes = 100 // of a gap

func (s script) say(flags byte, text string) script {
	return append(append(s, flags, byte(len(text))), text...)
}

func (s script) client(text string) script { return s.say(0, text) }
func (s script) server(text string) script { return s.say(fromServer, text) }

// said are the chunks of both sides, in pieces of at most size bytes, and the streams, with zeros for
// what is missing.
func (s script) said(size int) (chunks [2][]tcp.Chunk, streams [2][]byte) {
	var last [2]int64 // where the last piece of a side begins
	var gap [2]bool   // before its next byte
	for number := 1; len(s) >= 2; number++ {
		flags, n := s[0], min(int(s[1]), len(s)-2)
		data := s[2 : 2+n]
		s = s[2+n:]
		dir := int(flags & fromServer)
		if flags&afterGap != 0 {
			streams[dir], gap[dir] = append(streams[dir], make([]byte, missingBytes)...), true
		}
		at, other := int64(len(streams[dir])), int64(len(streams[1-dir]))
		c := tcp.Chunk{Seq: at, Ack: other, Packet: number, Time: int64(number), ReadableAt: number, AckedAt: tcp.NotAcked, Urgent: flags&isUrgent != 0}
		if flags&isAcked != 0 {
			c.AckedAt = last[1-dir]
		}
		if flags&acksNotLast != 0 {
			c.Ack = last[1-dir]
		}
		if flags&acksMissing != 0 {
			c.Ack += missingBytes
		}
		last[dir], streams[dir] = at, append(streams[dir], data...)
		for piece := range slices.Chunk(data, size) {
			c.Data, c.AfterGap, gap[dir] = piece, gap[dir], false
			chunks[dir] = append(chunks[dir], c)
			c.Seq += int64(len(piece))
		}
	}
	return chunks, streams
}

// transcript is the dialogue of a script in pieces of at most size bytes.
func (s script) transcript(size int) (t Transcript, streams [2][]byte) {
	options := byte(0)
	if len(s) > 0 {
		options, s = s[0], s[1:]
	}
	chunks, streams := s.said(size)
	t = Transcript{fromStart: options&fromStart != 0, cut: options&isCut != 0, most: MaxLines, tls: options&mayHaveTLS != 0}
	if most := int(options >> limitShift); most > 0 {
		t.most = most
	}
	t.inMiddle = t.tls && options&beginsInTLS != 0
	t.client, t.server, t.proxy = behindProxy(tcp.StreamOf(chunks[0]), tcp.StreamOf(chunks[1]))
	return t, streams
}

// FuzzTranscript reads any dialogue, with any gaps and acknowledgments. Every byte comes out again in
// a line, every command in an exchange, and every line of the server in a reply. How the bytes are cut
// into pieces does not matter.
func FuzzTranscript(f *testing.F) {
	for _, s := range []script{
		script{fromStart}.server("220 ok\r\n").client("USER a\r\n").server("331 pw\r\n").client("PASS b\r\n").server("230-hi\r\n there\r\n230 in\r\n").
			client("PORT 192,0,2,1,12,100\r\n").server("200 ok\r\n").client("LIST\r\n").server("150 x\r\n").server("226 y\r\n").client("QUIT\r\n"),
		script{fromStart}.client("USER a\nPASV\r\nEPSV\r\nRETR f\r\nSTAT\r\n").
			server("220 ok\r\n230 in\r\n227 (198,51,100,1,5,6)\r\n229 x (|||99|)\r\n150 a\r\n211 b\r\n226 c\r\n"),
		script{0}.client("\xff\xf4\xff\xf2ABOR\r\n\r\n").say(isUrgent, "EPRT |2|::1|9|\r\nREIN\r\n").
			say(fromServer|afterGap, "421 bye").say(fromServer|isAcked|acksMissing, "\n2"),
		script{mayHaveTLS}.client("USER a\r\nAUTH TLS\r\n").server("220 ok\r\n234 go\r\n").
			client("\x16\x03\x01\x00\x02ab").server("\x16\x03\x03\x00\x01\x02QUIT"),
		script{mayHaveTLS | beginsInTLS}.client("ab\x17\x03\x03\x00\x02ab").say(fromServer|acksNotLast, "\x17\x03\x03\x00\x01b220 x\r\n"),
		script{3 << limitShift}.client("PROXY TCP4 192.0.2.9 192.0.2.1 1 21\r\nNOOP\nNOOP\n").server("200 a\n200 b\n"),
		script{fromStart}.client("\x05\x01\x00\x05\x01\x00\x01abcd\x00\x15USER x\n").server("\x05\x00\x05\x00\x00\x01abcd\x00\x15220 a\n"),
		script{fromStart}.client("CONNECT a:21 HTTP/1.1\r\n\r\nUSER x\n").server("HTTP/1.1 200 ok\r\n\r\n220 a\n"),
		// The answers begin with a byte that is none of their protocol's.
		script{fromStart}.client("CONNECT a:21 HTTP/1.1\r\n\r\nUSER x\n").server("\nHTTP/1.1 200 ok\r\n\r\n220 a\n"),
		script{fromStart}.client("\x04\x01\x00\x15abcdef\x00USER x\n").server("\x80\x5a\x00\x00\x00\x00\x00\x00220 a\n"),
		// The capture lacks what comes before the answer of a proxy.
		script("1y9\x05\x00\x00\x012b00!1220 "),
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		fuzzing.Burst(b, func(b []byte) { readTranscript(t, b) })
	})
}

// readTranscript reads a script whole, and in short pieces.
func readTranscript(t *testing.T, b script) {
	whole, streams := b.transcript(len(b) + 1)
	s := whole.Session()
	if len(s.Lines) > whole.most || s.Overlong && !whole.cut && len(s.Lines) < whole.most {
		t.Errorf("got %d lines of at most %d, overlong is %v", len(s.Lines), whole.most, s.Overlong)
	}
	checkLines(t, s, streams)
	if !s.TLS && !whole.inMiddle {
		checkTexts(t, s, streams)
	}
	checkCommands(t, s)
	checkReplies(t, s, len(streams[fromServer]))
	checkOutline(t, s, &whole)
	if whole.tls {
		return // a record is known by the beginning of a piece
	}
	cut, _ := b.transcript(1 + len(b)%8)
	if got, want := parts(cut.Session()), parts(s); !slices.Equal(got, want) {
		t.Errorf("in short pieces got\n%+v\nwant\n%+v", got, want)
	}
	sides := func(t Transcript) int { return clientDirection(&tcp.State{}, [2]tcp.Stream{t.client, t.server}, -1) }
	if got, want := sides(cut), sides(whole); got != want {
		t.Errorf("in short pieces the client is %d, want %d", got, want)
	}
}

// checkLines asks that the lines of each side follow each other, and have no more bytes than it said.
func checkLines(t *testing.T, s *Session, streams [2][]byte) {
	var last [2]*Line
	said := 0
	for _, l := range s.Lines {
		dir := direction(l.From)
		before, end := last[dir], int64(len(streams[dir]))
		last[dir] = l
		said += len(l.Text) + len(l.Telnet)
		if l.Seq >= l.End || l.End > end || l.FirstPacket < 1 || l.Packet < l.FirstPacket || before != nil && (l.Seq < before.End || l.Packet < before.Packet) {
			t.Errorf("%+v of %d bytes comes after %+v", l, end, before)
		}
	}
	if said > len(streams[0])+len(streams[1]) {
		t.Errorf("%d bytes in lines, of %d", said, len(streams[0])+len(streams[1]))
	}
}

// checkTexts asks that the lines of a dialogue in clear together are what was said.
func checkTexts(t *testing.T, s *Session, streams [2][]byte) {
	var ends [2]int64
	var begun [2]bool
	for _, l := range s.Lines {
		dir := direction(l.From)
		if missing := l.Seq - ends[dir]; missing != 0 && (!l.AfterGap || missing%missingBytes != 0) && (begun[dir] || s.Proxy == nil) {
			t.Errorf("%d bytes are lost before %+v", missing, l)
		}
		text, telnet := WithoutTelnet(lineOf(streams[dir][l.Seq:l.End], l.Complete), l.Complete)
		if string(text) != l.Text || !bytes.Equal(telnet, l.Telnet) {
			t.Errorf("got %+v, want %q and %x", l, text, telnet)
		}
		ends[dir], begun[dir] = l.End, true
	}
	for dir, end := range ends {
		if rest := bytes.Trim(streams[dir][end:], "\x00"); len(rest) > 0 && !s.Overlong && (begun[dir] || s.Proxy == nil) {
			t.Errorf("%q is in no line", rest)
		}
	}
}

func direction(from Side) int {
	if from == Server {
		return fromServer
	}
	return 0
}

// lineOf is a line without its end. A whole record of TLS has none.
func lineOf(b []byte, complete bool) []byte {
	if size, _ := handshakeSize(b); !complete || size == len(b) {
		return b
	}
	return bytes.TrimSuffix(bytes.TrimSuffix(b, []byte("\n")), []byte("\r"))
}

// checkCommands asks that each line of the client is a command, if it is not only Telnet's, and
// that the commands are in order.
func checkCommands(t *testing.T, s *Session) {
	commands := s.Exchanges
	for _, l := range s.Lines {
		verb, _ := cutCommand(l.Text)
		switch {
		case l.From != Client || verb == "" && (!l.Complete || len(l.Telnet) > 0):
		case len(commands) == 0 || commands[0].Line != l:
			t.Errorf("%+v is not the next command of %+v", l, commands)
			return
		default:
			commands = commands[1:]
		}
	}
	if len(commands) > 0 {
		t.Errorf("%+v is no line", commands[0])
	}
}

// checkReplies asks that each line of the server is in one reply, if it is not empty, and that a
// command has only one final reply.
func checkReplies(t *testing.T, s *Session, bytes int) {
	answers := make([]bool, bytes) // by the first byte of a line
	check := func(r *Reply) {
		if r.Code < 0 || r.Code > 999 || len(r.Lines) == 0 || r.FirstPacket != r.Lines[0].FirstPacket || r.Packet < r.FirstPacket {
			t.Errorf("got %+v", r)
		}
		for _, l := range r.Lines {
			if answers[l.Seq] || l.From != Server {
				t.Errorf("%+v is in two replies", l)
			}
			answers[l.Seq] = true
		}
	}
	for _, r := range s.Unsolicited {
		check(r)
	}
	for _, e := range s.Exchanges {
		for i, r := range e.Replies {
			check(r)
			// The final reply is the last one, or came too early, in front of all others.
			if last := i+1 == len(e.Replies) || i == 0; r.Code == 0 || !last && !replycode.Preliminary(r.Code) {
				t.Errorf("%s has %d replies, number %d is %d", e.Command, len(e.Replies), i, r.Code)
			}
		}
	}
	for _, l := range s.Lines {
		if l.From == Server && !answers[l.Seq] && strings.TrimSpace(l.Text) != "" {
			t.Errorf("%+v is in no reply", l)
		}
	}
}

// checkOutline asks that the outline is that of the session, and opens a connection to each data port.
func checkOutline(t *testing.T, s *Session, of *Transcript) {
	ends := [2]netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:3171"), netip.MustParseAddrPort("198.51.100.1:21")}
	o := of.Outline(ends[0], ends[1])
	hidden := s.Hidden || o.Protection != nil // which only the outline has
	if o.Lines != len(s.Lines) || o.TLS != s.TLS || o.TLSFrom != s.TLSFrom || o.Hidden != hidden {
		t.Errorf("got %+v, want %d lines, TLS %v from %d, hidden %v", o, len(s.Lines), s.TLS, s.TLSFrom, hidden)
	}
	var table Expected
	table.Add(0, 0, 0, ends[0], ends[1], o.DataPorts)
	table.Sort()
	for i, a := range o.DataPorts {
		if a.Exchange < -1 || a.Exchange >= len(s.Exchanges) || a.seen < 0 || a.seen > len(s.Exchanges) || !a.Addr.IsValid() && a.Mode == Passive {
			t.Errorf("got data port %+v of %d commands", a, len(s.Exchanges))
		}
		listener, initiator := ends[1], ends[0]
		if a.Mode == Active {
			listener, initiator = initiator, listener
		}
		to := netip.AddrPortFrom(listener.Addr(), a.Addr.Port())
		table.Match(&Opening{ID: i, Ends: [2]netip.AddrPort{initiator, to}, FirstPacket: a.Packet + 1, TLSClient: -1})
	}
	o.Assign(func(id int) (first, last int) { return id, id }, func(id int, by *Transfer) {
		if e := s.Exchanges[by.Exchange]; e.Sender() == "" || e.Command != by.Command || e.Argument != by.Argument {
			t.Errorf("connection %d is of %+v, which is %+v", id, by, e)
		}
	}, func(int, *Transfer) {})
}

// A part is a line, a command or a reply of a session in clear.
type part struct {
	side                Side
	text, telnet        string
	seq, end, ack       int64
	firstPacket, packet int
	complete, gap       bool
	urgent              bool
	number              int // a reply's code, of a command that of its replies
	lines               int // of a reply
}

// parts are all lines, commands and replies of a session.
func parts(s *Session) (all []part) {
	all = make([]part, 0, 4*len(s.Lines))
	replies := func(list []*Reply) {
		for _, r := range list {
			all = append(all, part{text: r.Text, seq: r.Lines[0].Seq, firstPacket: r.FirstPacket, packet: r.Packet, number: r.Code, lines: len(r.Lines)})
		}
	}
	for _, l := range s.Lines {
		all = append(all, part{l.From, l.Text, string(l.Telnet), l.Seq, l.End, l.Ack, l.FirstPacket, l.Packet, l.Complete, l.AfterGap, l.Urgent, 0, 0})
	}
	for _, e := range s.Exchanges {
		all = append(all, part{text: e.Command, telnet: e.Argument, seq: e.Seq, number: len(e.Replies)})
		replies(e.Replies)
	}
	replies(s.Unsolicited)
	return all
}
