package expect

import (
	"fmt"
	"strings"
	"testing"

	"ftplab/lab/internal/forge"
)

// verdict judges a forged capture.
func verdict(t testing.TB, want string, g *recording) *Verdict {
	t.Helper()
	w, err := Parse("test.txtar", 1, want)
	if err != nil {
		t.Fatal(err)
	}
	v, err := w.Judge(g.capture(t), hosts)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// summary is the kinds of the mismatches with their lines, and the packets that
// came: "different 3 @7".
func summary(v *Verdict) string {
	var all []string
	for _, m := range v.Mismatches {
		s := fmt.Sprintf("%s %d", m.Kind, m.Line)
		if m.Packet > 0 {
			s += fmt.Sprintf(" @%d", m.Packet)
		}
		all = append(all, s)
	}
	return strings.Join(all, ", ")
}

// Lines that the cases share.
const (
	dataDeclared  = "data server.20 > client.3172\n"
	dataClosed    = "data server > client seq 1:56\ndata server > client [F.] seq 56\ndata client > server [F.] seq 1\n"
	dataHandshake = "data server > client [S]\ndata client > server [S.]\ndata server > client [.]\n"
)

const telnetDeclared = "ctl client.* > server.21\nctl ...\nctl server > client \"230 *\"\n"

// forgeTelnet logs in and sends IAC IP as urgent data, and IAC DM ABOR in another packet.
func forgeTelnet(g *recording) {
	ctl := login(g)
	ctl.Segment(".U", "\xff\xf4")
	ctl.Segment("P.", "\xff\xf2ABOR\r\n")
}

// judgements are the rules of the notation, one by one: a want, a capture, and
// what is wrong with it.
var judgements = []struct {
	name  string
	want  string
	forge func(g *recording)
	wrong string // summary
}{
	{
		name:  "Telnet bytes in packets of their own, and the text after them",
		want:  telnetDeclared + "ctl client > server [.U] length 2\nctl client > server [P.] length 8\n",
		forge: forgeTelnet,
	},
	{
		name:  "Telnet bytes in a packet of their own, and the text as a text",
		want:  telnetDeclared + "ctl client > server [.U] length 2\nctl client > server \"ABOR\"\n",
		forge: forgeTelnet,
	},
	{
		name:  "Telnet bytes as part of the text",
		want:  telnetDeclared + "ctl client > server \"ABOR\"\n",
		forge: forgeTelnet,
	},
	{
		name:  "Telnet bytes in a packet of another length",
		want:  telnetDeclared + "ctl client > server [.U] length 3\nctl client > server \"ABOR\"\n",
		forge: forgeTelnet,
		wrong: "different 4 @12",
	},
	{
		name:  "range in one segment, written in two",
		want:  dataDeclared + dataHandshake + "data server > client seq 1:31\ndata server > client seq 31:56\n",
		forge: func(g *recording) { dataConn(g) },
	},
	{
		name: "range in two segments, written in one",
		want: dataDeclared + dataHandshake + "data server > client seq 1:111\n",
		forge: func(g *recording) {
			dataConn(g).Segment(".", strings.Repeat("y", 55))
		},
	},
	{
		name:  "open-ended range",
		want:  dataDeclared + dataHandshake + "data server > client seq 1:* length 55\ndata server > client [F.] seq 56\n",
		forge: func(g *recording) { dataConn(g).Segment("F.", "") },
	},
	{
		name:  "range of a length",
		want:  dataDeclared + dataHandshake + "data server > client length 110\n",
		forge: func(g *recording) { dataConn(g).Segment(".", strings.Repeat("y", 55)) },
	},
	{
		name:  "range that is too long",
		want:  dataDeclared + dataHandshake + "data server > client seq 1:57\n",
		forge: func(g *recording) { dataConn(g) },
		wrong: "different 5 @4",
	},
	{
		name:  "range that is too short",
		want:  dataDeclared + dataHandshake + "data server > client seq 1:55\n",
		forge: func(g *recording) { dataConn(g) },
		wrong: "different 5 @4",
	},
	{
		name:  "one packet with exactly these bytes",
		want:  dataDeclared + dataHandshake + "data server > client [P.] seq 1:56\n",
		forge: func(g *recording) { dataConn(g) },
	},
	{
		name:  "two packets where one was wanted",
		want:  dataDeclared + dataHandshake + "data server > client [.] seq 1:111\n",
		forge: func(g *recording) { dataConn(g).Segment("P.", strings.Repeat("y", 55)) },
		wrong: "different 5 @4, unwanted 5 @5",
	},
	{
		name: "a reset in answer to an ACK after the end",
		want: dataDeclared + dataHandshake + dataClosed,
		forge: func(g *recording) {
			c := closedDataConn(g)
			c.Segment(".", "") // once more, to a connection that is gone
			c.Peer.Segment("R", "")
		},
	},
	{
		name: "a reset in answer to a late copy of a FIN, which acknowledges less than the end",
		want: dataDeclared + dataHandshake + dataClosed + "data server > client [F.] seq 56 ack 1\n",
		forge: func(g *recording) {
			c := closedDataConn(g)
			c.Peer.Seq-- // as it was when the FIN was sent
			c.SegmentAt(-1, "F.", "")
			c.Peer.Segment("R", "")
		},
	},
	{
		name: "a reset after the end that answers nothing",
		want: dataDeclared + dataHandshake + dataClosed,
		forge: func(g *recording) {
			c := closedDataConn(g)
			c.Peer.SegmentAt(3000, "R", "")
		},
		wrong: "unwanted 7 @8",
	},
	{
		name: "a reset after the end that acknowledges something",
		want: dataDeclared + dataHandshake + dataClosed,
		forge: func(g *recording) {
			c := closedDataConn(g)
			c.Peer.Segment("R.", "")
		},
		wrong: "unwanted 7 @8",
	},
	{
		name: "a reset before the end is acknowledged",
		want: dataDeclared + dataHandshake + dataClosed,
		forge: func(g *recording) {
			c := dataConn(g)
			c.Segment("F.", "")
			c.Peer.Segment("F.", "")
			c.Peer.Segment("R", "")
		},
		wrong: "unwanted 7 @7",
	},
	{
		name: "packets by their length",
		want: dataDeclared + dataHandshake + "data server > client [P.] length 55\ndata server > client [P.] length 7\n",
		forge: func(g *recording) {
			dataConn(g).Segment("P.", "yyyyyyy")
		},
	},
	{
		name:  "P is not looked at unless written",
		want:  dataDeclared + dataHandshake + "data server > client [.] seq 1:56\n",
		forge: func(g *recording) { dataConn(g) },
	},
	{
		name:  "P is looked at when written",
		want:  dataDeclared + dataHandshake + "data server > client [P.] seq 1:56\ndata server > client [P.] seq 56:57\n",
		forge: func(g *recording) { dataConn(g).Segment(".", "y") },
		wrong: "different 6 @5",
	},
	{
		name:  "FIN that rides on data, where that is free",
		want:  dataDeclared + dataHandshake + "data server > client seq 1:61\ndata server > client [F.] seq 61\n",
		forge: func(g *recording) { dataConn(g).Segment("F.", "yyyyy") },
	},
	{
		name:  "FIN that rides on data, where that is wanted",
		want:  dataDeclared + dataHandshake + "data server > client seq 1:56\ndata server > client [F.] seq 56:61\n",
		forge: func(g *recording) { dataConn(g).Segment("F.", "yyyyy") },
	},
	{
		name:  "FIN that rides on so many bytes",
		want:  dataDeclared + dataHandshake + "data server > client seq 1:61\ndata server > client [F.] seq 61 length 5\n",
		forge: func(g *recording) { dataConn(g).Segment("F.", "yyyyy") },
	},
	{
		name:  "FIN that rides on so many bytes, with the number of the bytes",
		want:  dataDeclared + dataHandshake + "data server > client seq 1:61\ndata server > client [F.] seq 56 length 5\n",
		forge: func(g *recording) { dataConn(g).Segment("F.", "yyyyy") },
		wrong: "different 6 @5",
	},
	{
		name:  "FIN that rides on so many bytes, which have no line",
		want:  dataDeclared + dataHandshake + "data server > client seq 1:56\ndata server > client [F.] length 5\n",
		forge: func(g *recording) { dataConn(g).Segment("F.", "yyyyy") },
		wrong: "unwanted 5 @5",
	},
	{
		name:  "FIN that comes alone, where it should ride",
		want:  dataDeclared + dataHandshake + "data server > client [F.] seq 1:56\n",
		forge: func(g *recording) { dataConn(g).Segment("F.", "") },
		wrong: "different 5 @4, unwanted 5 @5",
	},
	{
		name:  "FIN that rides, where it should come alone",
		want:  dataDeclared + dataHandshake + "data server > client seq 1:61\ndata server > client [F.] length 0\n",
		forge: func(g *recording) { dataConn(g).Segment("F.", "yyyyy") },
		wrong: "different 6 @5",
	},
	{
		name: "FIN that overtakes its data",
		want: dataDeclared + dataHandshake + "data server > client seq 1:6 after @fin\ndata server > client [F.] seq 6 @fin\n" +
			"data client > server [.] ack 1\ndata client > server [.] ack 7\n",
		forge: overtaken,
	},
	{
		name:  "FIN that overtakes its data, and should not",
		want:  dataDeclared + dataHandshake + "data server > client seq 1:6 @data\ndata server > client [F.] seq 6 after @data\n",
		forge: overtaken,
		wrong: "too early 6 @4",
	},
	{
		name: "bare ACK that is wanted and did not come",
		want: dataDeclared + dataHandshake + "data server > client seq 1:56\ndata client > server [.] ack 56\n",
		forge: func(g *recording) {
			dataConn(g)
		},
		wrong: "missing 6",
	},
	{
		name: "retransmission",
		want: dataDeclared + dataHandshake + "data server > client seq 1:56\n",
		forge: func(g *recording) {
			c := dataConn(g)
			c.SegmentAt(-55, "P.", strings.Repeat("x", 55))
		},
		wrong: "unwanted 5 @5",
	},
	{
		name: "retransmission that is expected",
		want: dataDeclared + dataHandshake + "data server > client seq 1:56\ndata server > client [P.] seq 1:56\n",
		forge: func(g *recording) {
			c := dataConn(g)
			c.SegmentAt(-55, "P.", strings.Repeat("x", 55))
		},
	},
	{
		name:  "reset",
		want:  dataDeclared + dataHandshake + "data server > client seq 1:56\n",
		forge: func(g *recording) { dataConn(g).Peer.Segment("R.", "") },
		wrong: "unwanted 5 @5",
	},
	{
		name:  "reset that is expected",
		want:  dataDeclared + dataHandshake + "data server > client seq 1:56\ndata client > server [R.]\n",
		forge: func(g *recording) { dataConn(g).Peer.Segment("R.", "") },
	},
	{
		name: "bytes that the capture lacks",
		want: dataDeclared + dataHandshake + "data server > client seq 1:56\n",
		forge: func(g *recording) {
			c := dataConn(g)
			c.Seq++
			c.Peer.Segment(".", "")
		},
		wrong: "unwanted 5",
	},
	{
		name:  "connection with another port",
		want:  dataDeclared + dataHandshake,
		forge: func(g *recording) { connect(g, "192.0.2.21:20", "198.51.100.100:3173") },
		wrong: "other ports 1 @1",
	},
	{
		name:  "connection from the other side",
		want:  "data client.* > server.20\ndata ...\n",
		forge: func(g *recording) { connect(g, "192.0.2.21:20", "198.51.100.100:3172") },
		wrong: "other side 1 @1",
	},
	{
		name:  "connection between other hosts",
		want:  "data client.* > nameserver.20\ndata ...\n",
		forge: func(g *recording) { connect(g, "192.0.2.21:20", "198.51.100.100:3172") },
		wrong: "not found 1, undeclared 0 @1",
	},
	{
		name: "a wrong port, where a star takes what it was to name",
		want: "ctl client.* > server.22\ndata client.* > server.*\n" +
			"ctl client > server [S]\nctl server > client [S.]\nctl server > client \"220 Hi.\"\n" +
			"data client > server [S]\ndata server > client [S.]\ndata server > client seq 1:6\n",
		forge: func(g *recording) {
			connect(g, "198.51.100.100:3171", "192.0.2.21:21").Peer.Segment("P.", "220 Hi.\r\n")
			connect(g, "198.51.100.100:3172", "192.0.2.21:4000").Peer.Segment("P.", "xxxxx")
		},
		wrong: "other ports 1 @1",
	},
	{
		name: "a wrong port in the first of three that are alike",
		want: "one client.* > server.22\ntwo client.* > server.21\nthree client.* > server.21\n" +
			"one client > server [S]\none server > client [S.]\none server > client \"220 One.\"\n" +
			"two client > server [S]\ntwo server > client [S.]\ntwo server > client \"220 Two.\"\n" +
			"three client > server [S]\nthree server > client [S.]\nthree server > client \"220 Three.\"\n",
		forge: func(g *recording) {
			connect(g, "198.51.100.100:3171", "192.0.2.21:21").Peer.Segment("P.", "220 One.\r\n")
			connect(g, "198.51.100.100:3172", "192.0.2.21:21").Peer.Segment("P.", "220 Two.\r\n")
			connect(g, "198.51.100.100:3173", "192.0.2.21:21").Peer.Segment("P.", "220 Three.\r\n")
		},
		wrong: "other ports 1 @1",
	},
	{
		name:  "connection that is not declared",
		want:  dataDeclared + "data ...\n",
		forge: func(g *recording) { dataConn(g); connect(g, "198.51.100.100:9", "192.0.2.21:80") },
		wrong: "undeclared 0 @5",
	},
	{
		name: "alike declarations, in the order of their SYNs",
		want: "one server.20 > client.*\ntwo server.20 > client.*\none ...\ntwo server > client [S]\ntwo client > server [S.]\ntwo server > client [.]\ntwo server > client seq 1:56\n",
		forge: func(g *recording) {
			connect(g, "192.0.2.21:20", "198.51.100.100:3174")
			dataConn(g)
		},
	},
	{
		name: "declarations of which one leaves less open",
		want: "some server.20 > *\nmore *.20 > client.3172\nsome ...\nmore ...\n",
		forge: func(g *recording) {
			dataConn(g)
			connect(g, "192.0.2.21:20", "198.51.100.100:3174")
		},
	},
	{
		name: "order of two directions",
		want: dataDeclared + dataHandshake + "data client > server [F.]\ndata server > client seq 1:56\ndata server > client [F.]\n",
		forge: func(g *recording) {
			c := dataConn(g)
			c.Segment("F.", "")
			c.Peer.Segment("F.", "")
		},
		wrong: "missing 5, unwanted 7 @6",
	},
	{
		name: "joined lines, in either order",
		want: dataDeclared + dataHandshake + "|data client > server [F.]\n|data server > client seq 1:56\n|data server > client [F.]\n",
		forge: func(g *recording) {
			c := dataConn(g)
			c.Segment("F.", "")
			c.Peer.Segment("F.", "")
		},
	},
	{
		name: "a later ACK, as the first is too early for `after`",
		want: dataDeclared + dataHandshake + "data server > client seq 1:56 @data\ndata server > client [F.]\n" +
			"data client > server [.] after @late\n" + "other client.1 > server.2\nother client > server [S] @late\n",
		forge: func(g *recording) {
			c := dataConn(g)
			c.Segment("F.", "")
			c.Peer.Segment(".", "")
			unanswered, _ := g.Pair("198.51.100.100:1", "192.0.2.21:2")
			unanswered.Segment("S", "")
			c.Peer.Segment(".", "")
		},
	},
	{
		name: "an earlier ACK for the label, as the `after` comes before the later",
		want: dataDeclared + dataHandshake + "data server > client [.] @ack\ndata server > client seq 1:* after @ack\n",
		forge: func(g *recording) {
			c := connect(g, "192.0.2.21:20", "198.51.100.100:3172")
			c.Segment(".", "")
			c.Segment(".", "")
			c.Segment("P.", "x")
		},
	},
	{
		name:  "skipping",
		want:  dataDeclared + "data server > client [S]\ndata ...\ndata server > client [F.] seq 56\n",
		forge: func(g *recording) { dataConn(g).Segment("F.", "") },
	},
	{
		name:  "skipping ends with the next line",
		want:  dataDeclared + "data server > client [S]\ndata ...\ndata server > client seq 1:56\n",
		forge: func(g *recording) { dataConn(g).Segment("F.", "") },
		wrong: "unwanted 4 @5",
	},
	{
		name:  "... after an ACK, and data came before the ACK",
		want:  dataDeclared + dataHandshake + "data client > server [.]\ndata ...\n",
		forge: pipelined,
		wrong: "unwanted 4 @5",
	},
	{
		name:  "... after the sender's ACK, and its data came before",
		want:  dataDeclared + dataHandshake + "data server > client [.] seq 11\ndata ...\n",
		forge: pipelined,
		wrong: "unwanted 4 @5",
	},
	{
		name:  "... after the other side's FIN, and data came before",
		want:  dataDeclared + dataHandshake + "data client > server [F.]\ndata ...\n",
		forge: pipelined,
		wrong: "missing 5",
	},
	{
		name:  "... after some data and its ACK, and more came before the ACK",
		want:  dataDeclared + dataHandshake + "data server > client seq 1:6\ndata client > server [.]\ndata ...\n",
		forge: pipelined,
		wrong: "unwanted 5 @5",
	},
	{
		name:  "... up to an ACK, and data came after it",
		want:  dataDeclared + "data ...\ndata client > server [.] ack 11\n|data client > server [F.]\n|data server > client [F.]\n",
		forge: pipelined,
		wrong: "unwanted 3 @8, unwanted 4 @10",
	},
	{
		name:  "... after data and the ACK of it all",
		want:  dataDeclared + dataHandshake + "data server > client seq 1:11\ndata client > server [.] ack 11\ndata ...\n",
		forge: pipelined,
	},
	{
		name:  "... after an ACK that came first",
		want:  dataDeclared + "data server > client [S]\ndata client > server [S.]\ndata server > client [.]\ndata ...\ndata server > client [F.] seq 21\n",
		forge: pipelined,
	},
	{
		name:  "UDP that is not declared, and ARP that need not be",
		want:  dataDeclared + "data ...\n",
		forge: func(g *recording) { arp(g); dataConn(g); g.UDP("198.51.100.100:9", "192.0.2.21:9", []byte("hey")) },
		wrong: "undeclared 0 @7",
	},
	{
		name: "ARP and DNS",
		want: "arp client > * arp\ndns client.* > nameserver.53 udp\n" +
			"arp client > * \"who-has 198.51.100.1 tell 198.51.100.100\"\narp * > client \"* is-at *\"\n" +
			"dns client > nameserver \"A? ftp1.example.test.\" length 35\ndns nameserver > client \"1/4/4 A 192.0.2.21\"\n",
		forge: func(g *recording) { arp(g); dns(g, "198.51.100.100", "192.0.2.53") },
	},
	{
		name:  "ARP that is declared has to be written",
		want:  "arp client > * arp\narp client > * \"who-has *\"\n",
		forge: func(g *recording) { arp(g) },
		wrong: "unwanted 2 @2",
	},
}

// TestNearest holds what is said of a connection that is not the declared one.
func TestNearest(t *testing.T) {
	g := &recording{forge.New(), false}
	connect(g, "198.51.100.100:3172", "192.0.2.21:4000")
	const lines = "data client > server [S]\ndata server > client [S.]\n"
	for _, test := range []struct{ declared, what, got string }{
		{"client.* > server.4001", "has server.4000, not server.4001", "client.3172 > server.4000"},
		{"client.9 > server.*", "has client.3172, not client.9", "client.3172 > server.4000"},
		{"client.9 > server.8", "has client.3172, not client.9 and has server.4000, not server.8", "client.3172 > server.4000"},
		{"server.4000 > client.3172", "was opened by client, not server", "client.3172 > server.4000"},
	} {
		v := verdict(t, "data "+test.declared+"\n"+lines, g)
		if len(v.Mismatches) != 1 {
			t.Fatalf("%s: want one mismatch\n%s", test.declared, v.Report())
		}
		m := v.Mismatches[0]
		if want := "there is no such connection in the capture; the nearest one " + test.what; m.What != want || m.Got != "data  "+test.got {
			t.Errorf("%s: got %q and %q, want %q and %q", test.declared, m.What, m.Got, want, test.got)
		}
		if c, _ := v.Connection("data"); c.Facts == nil {
			t.Errorf("%s: the nearest connection is not there to be measured", test.declared)
		}
	}
}

// A declaration with a star may have got the connection that a wrong declaration means. Their
// lines decide and, where they do not, the ports and the order of the declarations.
func TestNearestBesideAStar(t *testing.T) {
	const stars, active = "any server.* > client.*\nany ...\n", "data server.20 > client.3170\ndata ...\n"
	for _, test := range []struct{ name, want, first, second, got string }{
		{"the order of the file", active + stars, "20 3172", "20 3173", "server.20 > client.3172"},
		{"the order of the file, turned round", stars + active, "20 3172", "20 3173", "server.20 > client.3173"},
		{"the port that is right", active + stars, "50000 3172", "20 3173", "server.20 > client.3173"},
		{"the port that is right, in the first one", stars + active, "20 3172", "50000 3173", "server.20 > client.3172"},
		{"the lines of the star", "data server.20 > client.3170\ndata ...\nany server.* > client.*\nany ...\nany server > client seq 1:4\nany ...\n",
			"20 3173", "20 3172", "server.20 > client.3173"},
		{"the lines of the star, which match the first", stars + "any server > client seq 1:3\nany ...\n" + active, "20 3173", "20 3172", "server.20 > client.3172"},
		{"the wrong direction, in order of the file", stars + "data client.* > server.*\ndata ...\n", "20 3172", "20 3173", "server.20 > client.3173"},
		{"the wrong direction", "data client.* > server.*\ndata ...\n" + stars, "20 3172", "20 3173", "server.20 > client.3172"},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := &recording{forge.New(), false}
			for i, ports := range []string{test.first, test.second} {
				server, client, _ := strings.Cut(ports, " ")
				c := connect(g, "192.0.2.21:"+server, "198.51.100.100:"+client)
				c.Segment("P.", "abc"[:2+i])
			}
			v := verdict(t, test.want, g)
			if len(v.Mismatches) != 1 || v.Mismatches[0].Got != "data  "+test.got {
				t.Errorf("want one mismatch, of which the nearest connection is %s\n%s", test.got, v.Report())
			}
		})
	}
}

func TestJudge(t *testing.T) {
	for _, test := range judgements {
		t.Run(test.name, func(t *testing.T) {
			g := &recording{forge.New(), false}
			test.forge(g)
			v := verdict(t, test.want, g)
			if got := summary(v); got != test.wrong {
				t.Errorf("mismatches: got %q, want %q\n%s", got, test.wrong, v.Report())
			}
			if v.Pass != (test.wrong == "") {
				t.Errorf("Pass is %v", v.Pass)
			}
		})
	}
}

// pipelined is a data connection with two packets before the first ACK, and two after the other
// side's FIN.
func pipelined(g *recording) {
	c := connect(g, "192.0.2.21:20", "198.51.100.100:3172")
	c.Segment("P.", "xxxxx")
	c.Segment("P.", "xxxxx")
	c.Segment(".", "")
	c.Peer.Segment(".", "")
	c.Segment("P.", "xxxxx")
	c.Peer.Segment("F.", "")
	c.Segment("P.", "xxxxx")
	c.Segment("F.", "")
}

// overtaken is a data connection whose FIN came before its five bytes.
func overtaken(g *recording) {
	c := connect(g, "192.0.2.21:20", "198.51.100.100:3172")
	c.SegmentAt(5, "F.", "")
	c.Peer.ACK()
	c.SegmentAt(0, "P.", "xxxxx")
	c.Seq += 6
	c.Peer.ACK()
}
