package expect

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"ftplab/lab/analysis/ftp"
	"ftplab/lab/internal/forge"
)

// connectionJudgements are the rules about what belongs together: packets and their connection, and the order of packets.
var connectionJudgements = []judgement{
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
		name: "a wrong port, which another one has",
		want: "one server.20 > client.3173\ntwo server.20 > client.3173\none server > client [S]\none ...\none server > client seq 1:3\ntwo server > client [S]\ntwo ...\ntwo server > client seq 1:4\n",
		forge: func(g *recording) {
			connect(g, "192.0.2.21:20", "198.51.100.100:3172").Segment("P.", "xx")
			connect(g, "192.0.2.21:20", "198.51.100.100:3173").Segment("P.", "xxx")
		},
		wrong: "other ports 1 @1",
	},
	{
		name: "a wrong port, of two that are left over",
		want: "data client.* > server.4001\ndata client > server [S]\ndata ...\ndata client > server seq 1:4\n",
		forge: func(g *recording) {
			connect(g, "198.51.100.100:3172", "192.0.2.21:5000").Segment("P.", "xx")
			connect(g, "198.51.100.100:3173", "192.0.2.21:6000").Segment("P.", "xxx")
		},
		wrong: "other ports 1 @5, undeclared 0 @1",
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
		wrong: "misplaced 5 @6",
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
		name:  "UDP to a port that no packet has",
		want:  "dns client.* > nameserver.53 udp\nother client.* > nameserver.54 udp\ndns ...\nother client > nameserver \"UDP\"\n",
		forge: func(g *recording) { dns(g, "198.51.100.100", "192.0.2.53") },
		wrong: "not found 2",
	},
	{
		name:  "UDP that an earlier declaration takes, and UDP without a port",
		want:  "dns client.* > nameserver.53 udp\ndns2 client.* > nameserver.53 udp\nany server > nameserver udp\ndns ...\ndns2 ...\nany ...\n",
		forge: func(g *recording) { dns(g, "198.51.100.100", "192.0.2.53") },
	},
	{
		name:  "ARP that is declared has to be written",
		want:  "arp client > * arp\narp client > * \"who-has *\"\n",
		forge: func(g *recording) { arp(g) },
		wrong: "unwanted 2 @2",
	},
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

// A data connection that did not come is missing. Its declaration does not take the control connection, although the
// stars in it may mean that one and the lines of both match worse then.
func TestNoDataConnection(t *testing.T) {
	for _, declared := range []string{
		"ctl client.* > server.21\ndata client.* > server.*\n", "data client.* > server.*\nctl client.* > server.21\n",
		"ctl client.* > server.*\ndata client.* > server.*\n", "data client.* > server.*\nctl client.* > server.*\n",
	} {
		for _, lines := range []string{"data client > server [S]\ndata ...\n", "data ...\ndata server > client content \"Hello.\"\ndata ...\n"} {
			for _, loopback := range []bool{false, true} {
				g := &recording{forge.New(), loopback}
				quit(login(g))
				want := declared + "ctl ...\nctl client > server \"RETR README\"\nctl server > client \"150 *\"\nctl ...\n" + lines
				v := verdict(t, want, g)
				ctl, _ := v.Connection("ctl")
				data, _ := v.Connection("data")
				if ctl.Facts == nil || data.Facts != nil || len(v.Mismatches) != 3 {
					t.Errorf("%son loopback %v: want two lines of ctl that did not come, and no data\n%s", want, loopback, v.Report())
				}
			}
		}
	}
}

// If the capture has more connections with the same ends than the want declares, the lines say which one is not declared,
// and `after`. The last one is it if they leave it open.
func TestLeftOver(t *testing.T) {
	for _, test := range []struct {
		name     string
		declared []int // the download that each declaration means, from 1
		sizes    []int // those of the downloads
		left     int
	}{
		{"the first one", []int{2, 3}, []int{10, 20, 30}, 1},
		{"one in the middle", []int{1, 3, 4, 5}, []int{10, 20, 30, 40, 50}, 2},
		{"two of five", []int{2, 4, 5}, []int{10, 20, 30, 40, 50}, 1},
		{"the last one, as all are alike", []int{1, 2}, []int{10, 10, 10}, 3},
		{"one of three that are alike, by the label", []int{1, 3}, []int{10, 10, 10}, 2},
	} {
		labels := strings.HasSuffix(test.name, "label")
		g := &recording{forge.New(), false}
		ctl := login(g)
		want := "ctl client.* > server.21\n"
		for _, d := range test.declared {
			want += fmt.Sprintf("d%d client.* > server.*\n", d)
		}
		want += "ctl ...\n"
		for i, size := range test.sizes {
			ctl.Segment("P.", fmt.Sprintf("RETR %d\r\n", i+1))
			data := connect(g, fmt.Sprintf("198.51.100.100:%d", 4000+i), "192.0.2.21:5000")
			data.Peer.Segment("P.", strings.Repeat("x", size))
			want += fmt.Sprintf("ctl client > server \"RETR %d\" @r%d\nctl ...\n", i+1, i+1)
		}
		for _, d := range test.declared {
			name, after := fmt.Sprint("d", d), "\n"
			if labels {
				after = fmt.Sprintf(" after @r%d\n", d)
			}
			want += name + " client > server [S]" + after + name + fmt.Sprintf(" ...\n%s server > client seq 1:%d\n", name, test.sizes[d-1]+1)
		}
		v := verdict(t, want, g)
		if len(v.Mismatches) == 0 || v.Mismatches[0].Got != fmt.Sprintf("client.%d > server.5000", 3999+test.left) || len(v.Mismatches) != len(test.sizes)-len(test.declared) {
			t.Errorf("%s: want nothing but that connection %d is not declared; got\n%s", test.name, test.left, v.Report())
		}
	}
}

// A connection with very many packets is not kept, if it is left over.
func TestLargeLeftOver(t *testing.T) {
	conns := []*ftp.Connection{{}, {}, {}, {}}
	for i, packets := range []int{9 * mostLeft, mostLeft - 5, 6, 5} {
		conns[i].ID, conns[i].ClientFlow.Packets = i, packets
	}
	m := matching{connections: conns, of: map[*ftp.Connection]*binding{conns[0]: {}}}
	var left []int
	for _, c := range (&judge{}).leftOver(&m) {
		left = append(left, c.ID)
	}
	if !slices.Equal(left, []int{1, 3}) {
		t.Errorf("got the connections %v, want 1 and 3", left)
	}
}

// twoSessions are two sessions, in the first of which the client downloads two files.
func twoSessions() *recording {
	g := &recording{forge.New(), false}
	ctl := login(g)
	for _, port := range []string{"40000", "40001"} {
		ctl.Segment("P.", "PASV\r\n")
		ctl.Peer.Segment("P.", "227 Here ("+g.hostPort("192.0.2.21:"+port)+")\r\n")
		data := connect(g, "198.51.100.100:"+port, "192.0.2.21:"+port)
		ctl.Segment("P.", "RETR "+port+"\r\n")
		ctl.Peer.Segment("P.", "150 Wait\r\n")
		data.Peer.Segment("P.", port)
		data.Peer.Segment("F.", "")
		data.Segment("F.", "")
		data.Peer.Segment(".", "")
		ctl.Peer.Segment("P.", "226 Done\r\n")
	}
	quit(ctl)
	ctl = connect(g, "198.51.100.100:3172", "192.0.2.21:21")
	ctl.Peer.Segment("P.", "220 Welcome\r\n")
	ctl.Segment("P.", "USER ann\r\n")
	return g
}

// Declarations with the same ends have their connections in the order in which these began, also if the
// recorder lost handshakes or whole connections.
func TestOrderOfConnections(t *testing.T) {
	const want = "c1 client.* > server.21\nd1 client.* > server.*\nd2 client.* > server.*\nc2 client.* > server.21\n" +
		"c1 client > server [S]\nc1 ...\nc1 client > server \"RETR 40001\" @second\nc1 ...\n" +
		"d1 client > server [S]\nd1 ...\nd2 client > server [S]\nd2 ...\nd2 server > client [F.] after @second\nd2 ...\n" +
		"c2 client > server [S]\nc2 ...\n"
	const handshake, all = 2, 1000
	for _, test := range []struct {
		name     string
		lost     map[uint16]int // packets, by the port of the client
		want     string         // the ports of the clients, in the order of the declarations
		unjudged string
	}{
		{"nothing", nil, "3171 40000 40001 3172", ""},
		{"the handshake of the first download", map[uint16]int{40000: handshake}, "3171 40000 40001 3172", "d1 [9] the capture lacks the SYN and the SYN-ACK of a connection"},
		{"that of the second", map[uint16]int{40001: handshake}, "3171 40000 40001 3172", "d2 [11] the capture lacks the SYN and the SYN-ACK of a connection"},
		{"that of the second, and that of the other session", map[uint16]int{40001: handshake, 3172: handshake}, "3171 40000 40001 3172",
			"d2 [11] the capture lacks the SYN and the SYN-ACK of a connection, c2 [15] the capture lacks the SYN and the SYN-ACK of a connection"},
		{"the first download", map[uint16]int{40000: all}, "3171 0 40001 3172", "d1 [2 9] the capture lacks the data connection of RETR 40000"},
		{"the second", map[uint16]int{40001: all}, "3171 40000 0 3172", "d2 [3 11 13] the capture lacks the data connection of RETR 40001"},
		{"both", map[uint16]int{40000: all, 40001: all}, "3171 0 0 3172",
			"d1 [2 9] the capture lacks the data connection of RETR 40000, d2 [3 11 13] the capture lacks the data connection of RETR 40001"},
	} {
		g := twoSessions()
		lost := map[uint16]int{}
		var kept []forge.Frame
		i := 0
		for p := range g.capture(t).Packets() {
			port := p.Connection.Client.Port()
			if lost[port]++; lost[port] > test.lost[port] {
				kept = append(kept, g.Frames[i])
			}
			i++
		}
		g.Frames = kept
		v := verdict(t, want, g)
		var ports, unjudged []string
		for _, c := range v.Connections {
			port := uint16(0)
			if c.Facts != nil {
				port = c.Facts.Client.Port()
			}
			ports = append(ports, fmt.Sprint(port))
		}
		for _, u := range v.Unjudged {
			unjudged = append(unjudged, fmt.Sprint(u.Connection, " ", u.Lines, " ", u.Why))
		}
		if got := strings.Join(ports, " "); got != test.want || len(v.Mismatches) > 0 {
			t.Errorf("without %s: the ports are %s and wrong is %q, want %s and nothing", test.name, got, summary(v), test.want)
		}
		if got := strings.Join(unjudged, ", "); got != test.unjudged {
			t.Errorf("without %s: not judged is %q, want %q", test.name, got, test.unjudged)
		}
	}
}

// If the want declares one session of several, all its connections are those of one, also where a data connection of
// another one fits better.
func TestOneOfSeveralSessions(t *testing.T) {
	type session struct {
		user string
		size int
	}
	for _, test := range []struct {
		name     string
		sessions []session
		judged   int // the ID of the control connection
		wrong    int // lines
	}{
		{"the first one", []session{{"a", 10}, {"b", 10}}, 0, 0},
		{"the second one", []session{{"b", 20}, {"a", 10}}, 2, 0},
		{"the other one has the data", []session{{"a", 20}, {"b", 10}}, 0, 1},
		{"the one before has the data", []session{{"b", 10}, {"a", 20}}, 2, 1},
		{"the one in the middle", []session{{"b", 10}, {"a", 20}, {"c", 10}}, 2, 1},
	} {
		g := &recording{forge.New(), false}
		for i, s := range test.sessions {
			ctl := connect(g, fmt.Sprintf("198.51.100.100:%d", 4000+i), "192.0.2.21:21")
			say := func(command, reply string) {
				ctl.Segment("P.", command+"\r\n")
				ctl.Peer.Segment("P.", reply+"\r\n")
			}
			ctl.Peer.Segment("P.", "220 Hi\r\n")
			say("USER "+s.user, "230 Fine")
			say("PASV", "227 Entering Passive Mode ("+g.hostPort(fmt.Sprintf("192.0.2.21:%d", 5000+i))+")")
			say("RETR x", "150 Here")
			data := connect(g, fmt.Sprintf("198.51.100.100:%d", 6000+i), fmt.Sprintf("192.0.2.21:%d", 5000+i))
			data.Peer.Segment("P.", strings.Repeat("x", s.size))
		}
		v := verdict(t, "ctl client.* > server.21\ndata client.* > server.*\nctl ...\nctl client > server \"USER a\"\nctl ...\ndata ...\ndata server > client seq 1:11\n", g)
		ctl, _ := v.Connection("ctl")
		data, _ := v.Connection("data")
		if ctl.ID != test.judged || data.ID != test.judged+1 || len(v.Mismatches) != test.wrong+2*(len(test.sessions)-1) {
			t.Errorf("%s: got ctl %d, data %d, want %d, %d, and %d wrong lines\n%s", test.name, ctl.ID, data.ID, test.judged, test.judged+1, test.wrong, v.Report())
		}
		if want := fmt.Sprintf("; ctl is connection %d, whose session is judged\n", test.judged); strings.Count(v.Report(), want) != len(test.sessions)-1 {
			t.Errorf("%s: want %q in\n%s", test.name, want, v.Report())
		}
	}
}
