package expect

import (
	"cmp"
	"regexp"
	"strings"
	"testing"

	"ftplab/lab/analysis/ftp"
	"ftplab/lab/internal/forge"
)

// announced is the frame in which 227 announces the data connection of passiveOnLoopback.
const announced = 13

// passiveOnLoopback is a download in passive mode between two hosts of one address.
func passiveOnLoopback() *recording {
	g := &recording{forge.New(), true}
	ctl := login(g)
	ctl.Segment("P.", "PASV\r\n")
	ctl.Peer.Segment("P.", "227 Here ("+g.hostPort("192.0.2.21:40000")+")\r\n")
	ctl.Segment("P.", "RETR file\r\n")
	data := connect(g, "198.51.100.100:41000", "192.0.2.21:40000")
	ctl.Peer.Segment("P.", "150 Here it comes\r\n")
	data.Peer.Segment("P.", "0123456789")
	data.Peer.Segment("F.", "")
	data.Segment("F.", "")
	data.Peer.Segment(".", "")
	ctl.Peer.Segment("P.", "226 Done\r\n")
	quit(ctl)
	return g
}

// after is a recording without its first frames.
func (g *recording) after(n int) *recording {
	g.Frames = g.Frames[n:]
	return g
}

// backDoorOnLoopback is a session, whole or without its beginning, and a connection that nothing in it announces.
func backDoorOnLoopback(whole bool) *recording {
	g := &recording{forge.New(), true}
	var ctl *forge.End
	if whole {
		ctl = login(g)
	} else {
		ctl, _ = g.Pair(g.at("198.51.100.100:3171").String(), g.at("192.0.2.21:21").String())
	}
	ctl.Segment("P.", "NOOP\r\n")
	ctl.Peer.Segment("P.", "200 Yes\r\n")
	door := connect(g, "198.51.100.100:41000", "192.0.2.21:6200")
	door.Peer.Segment("P.", "A back door\n")
	door.Segment("F.", "")
	door.Peer.Segment("F.", "")
	door.Segment(".", "")
	quit(ctl)
	return g
}

// Where both ends have one address, the dialogue says who is the client: a want that
// says the opposite is wrong, and the message says which side has which port.
func TestRolesOnLoopback(t *testing.T) {
	const ctl = "ctl client.* > server.21\nctl ...\n"
	tests := []struct {
		name, want, wrong, what, got string
		of                           *recording // nil for a download in passive mode
		unjudged                     bool
	}{
		{name: "as it was", want: ctl + "data client.* > server.*\ndata client > server [S]\ndata ...\ndata server > client seq 1:11\ndata ...\n"},
		{
			name:  "passive data, turned round",
			want:  ctl + "data server.* > client.*\ndata server > client [S]\ndata client > server [S.]\ndata client > server seq 1:11\ndata ...\n",
			wrong: "other side 3", what: "was opened by client, not server", got: "data  client.41000 > server.40000",
		},
		{
			name:  "a port of the other side",
			want:  ctl + "data client.* > server.41000\ndata ...\n",
			wrong: "other ports 3", what: "has server.40000, not server.41000", got: "data  client.41000 > server.40000",
		},
		{
			name:  "the control connection, turned round",
			want:  "ctl server.* > client.21\nctl ...\nctl server > client \"220 *\"\nctl ...\ndata client.* > server.*\ndata client > server [S]\ndata server > client [S.]\ndata ...\ndata server > client seq 1:11\ndata ...\n",
			wrong: "other side 1", what: "was opened by client, not server", got: "ctl  client.3171 > server.21",
		},
		{name: "announced by nothing, as it was", of: backDoorOnLoopback(true), want: ctl + "data client.* > server.6200\ndata client > server [S]\ndata ...\n"},
		{
			name: "announced by nothing, turned round", of: backDoorOnLoopback(true), want: ctl + "data server.* > client.6200\ndata server > client [S]\ndata ...\n",
			wrong: "other side 3", what: "was opened by client, not server", got: "data  client.41000 > server.6200",
		},
		{name: "announced by nothing, of another host", of: backDoorOnLoopback(true), want: ctl + "data mallory.* > client.6200\ndata mallory > client [S]\ndata ...\n"},
		{name: "perhaps announced before the capture", of: backDoorOnLoopback(false), unjudged: true, want: ctl + "data client.* > server.6200\ndata client > server [S]\ndata ...\n"},
		{name: "perhaps announced before the capture, turned round", of: backDoorOnLoopback(false), unjudged: true, want: ctl + "data server.* > client.6200\ndata server > client [S]\ndata ...\n"},
		{name: "perhaps announced before the capture, without roles", of: backDoorOnLoopback(false), want: ctl + "data 127.0.0.1.* > 127.0.0.1.6200\ndata 127.0.0.1.* > 127.0.0.1.6200 [S]\ndata ...\n"},
		{name: "nothing says, and something is wrong", of: backDoorOnLoopback(false), want: ctl + "data server.* > client.6200\ndata server > client [S]\n", wrong: "unwanted 4", what: "no line wants this", got: "data  client > server  [S.] seq 0 ack 1"},
		{name: "after the announcement", of: passiveOnLoopback().after(announced), want: ctl + "data client.* > server.*\ndata client > server [S]\ndata ...\n"},
		{
			name: "after the announcement, turned round", of: passiveOnLoopback().after(announced), want: ctl + "data server.* > client.*\ndata server > client [S]\ndata ...\n",
			wrong: "other side 3", what: "was opened by client, not server", got: "data  client.41000 > server.40000",
		},
		{name: "one end left open", want: ctl + "data server.* > *.*\ndata ...\n", wrong: "other side 3", what: "opened by", got: "data  *.41000 > server.40000"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w, err := Parse("test.txtar", 1, test.want)
			if err != nil {
				t.Fatal(err)
			}
			v, err := w.Judge(cmp.Or(test.of, passiveOnLoopback()).capture(t), Hosts{"client": {loopbackAddr}, "server": {loopbackAddr}, "mallory": {loopbackAddr}})
			if err != nil {
				t.Fatal(err)
			}
			if test.wrong == "" {
				if len(v.Mismatches) > 0 || v.Pass == test.unjudged || test.unjudged && v.Unjudged[0].Connection != "data" {
					t.Errorf("got\n%s, want no mismatch, and something unjudged: %v", v.Report(), test.unjudged)
				}
				return
			}
			if len(v.Mismatches) == 0 {
				t.Fatal("got a pass")
			}
			m := v.Mismatches[0]
			if got := strings.SplitN(summary(v), " @", 2)[0]; got != test.wrong || !strings.Contains(m.What, test.what) || m.Got != test.got {
				t.Errorf("got %s: %s: %s; want %s: %s: %s", got, m.What, m.Got, test.wrong, test.what, test.got)
			}
		})
	}
}

// A want that is derived gives no role to a connection of which nothing shows the roles.
func TestDerivedWithoutRoles(t *testing.T) {
	for _, test := range []struct {
		g    *recording
		want string
	}{
		{backDoorOnLoopback(true), "other  client.* > server.6200\n"},
		{backDoorOnLoopback(false), "other  127.0.0.1.* > 127.0.0.1.6200\n"},
		{backDoorOnLoopback(false).after(5), "other  127.0.0.1.* > 127.0.0.1.*\n"},
		{passiveOnLoopback().after(announced), "data  client.* > server.*\n"},
	} {
		if got := derive(t, test.g.capture(t), loopbackHosts); !strings.Contains(got, test.want) {
			t.Errorf("got\n%s\nwant %s", got, test.want)
		}
	}
}

// Where the lines match far better with client and server exchanged, the first
// message says so; a want that differs in other ways gets no such hint.
func TestHintAtExchangedRoles(t *testing.T) {
	const ctl = "ctl client.* > server.21\nctl ...\n"
	const declared = ctl + "data client.* > server.*\n"
	tests := []struct{ name, want, hint string }{
		{
			name: "all lines",
			want: declared + "data server > client [S]\ndata client > server [S.]\ndata server > client [.]\ndata client > server seq 1:11\ndata ...\n",
			hint: "with client and server exchanged, 4 of the 4 lines of data match",
		},
		{
			name: "and another mistake",
			want: declared + "data server > client [S]\ndata client > server [S.]\ndata server > client [.]\ndata client > server seq 1:12\ndata ...\n",
			hint: "3 of the 4 lines",
		},
		{
			name: "the declaration, too",
			want: ctl + "data server.* > client.*\ndata server > client [S]\ndata client > server [S.]\ndata ...\n",
			hint: "with server and client exchanged, 2 of the 2 lines of data match",
		},
		{name: "other numbers", want: declared + "data client > server [S]\ndata server > client [S.]\ndata client > server [.]\ndata server > client seq 1:12\ndata ...\n"},
		{name: "one line alone", want: declared + "data ...\ndata client > server seq 1:11\ndata ...\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			v := verdict(t, test.want, passiveOnLoopback())
			hint := regexp.MustCompile("(?m)^\thint: .*").FindString(v.Report())
			if v.Pass || (hint == "") != (test.hint == "") || !strings.Contains(hint, test.hint) {
				t.Errorf("got hint %q, want %q; the report is\n%s", hint, test.hint, v.Report())
			}
		})
	}
}

// A capture that ends before the second session of the want gives its connections to
// the first session, and says only of the second that they are missing.
func TestSessionsThatDidNotBegin(t *testing.T) {
	session := func(n string) string {
		return "ctl" + n + " client > server [S]\nctl" + n + " ...\nctl" + n + " server > client \"220 *\"\nctl" + n + " ...\nctl" + n + " client > server \"STAT\"\nctl" + n + " client > server \"SYST\"\nctl" + n + " client > server \"FEAT\"\nctl" + n + " ...\n" +
			"data" + n + " client > server [S]\ndata" + n + " ...\ndata" + n + " server > client seq 1:11\ndata" + n + " ...\n"
	}
	second := strings.Replace(session("2"), "ctl2 client > server \"STAT", "ctl2 client > server \"USER *\"\nctl2 ...\nctl2 client > server \"STAT", 1)
	v := verdict(t, "ctl1 client.* > server.21\ndata1 client.* > server.*\nctl2 client.* > server.21\ndata2 client.* > server.*\n"+session("1")+second, passiveOnLoopback())
	report := v.Report()
	for _, missing := range []string{
		"test.txtar:3: ctl2: there is no such connection in the capture: none but ctl1 from client.*",
		"test.txtar:4: data2: there is no such connection in the capture: none but ctl1, data1 from client.*",
	} {
		if !strings.Contains(report, missing) {
			t.Errorf("got\n%s\nwant %q", report, missing)
		}
	}
	for _, wrong := range []string{"ctl1: there is no", "data1:"} {
		if strings.Contains(report, wrong) {
			t.Errorf("got\n%s\nwant no %q", report, wrong)
		}
	}
}

// A packet with many lines of the dialogue is shown with a few of them.
func TestPacketOfAFlood(t *testing.T) {
	track := &track{}
	track.texts[0] = map[int64]*ftp.Line{}
	for i := range int64(1000) {
		track.texts[0][i] = &ftp.Line{Text: "220-spam", Packet: 7, Seq: i}
	}
	if got, want := track.said(&Frame{Number: 7}, false), strings.Repeat(" \"220-spam\"", 4)+" and 996 more"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Of a connection that is not the declared one, the report says what is wrong, and compares the lines with the
// true ends. Which end is which is a matter of the ports first, then of the roles, and then of the side that opens.
func TestNearestOnLoopback(t *testing.T) {
	const ctl, passive = "ctl client.* > server.21\nctl ...\n", "data 127.0.0.1.41000 > 127.0.0.1.40000 [S]\ndata 127.0.0.1.40000 > 127.0.0.1.41000 [S.]\ndata ...\n"
	for _, test := range []struct{ name, want, what, got string }{
		{
			"addresses, turned round", ctl + "data 127.0.0.1.40000 > 127.0.0.1.41000\n" + passive,
			"was opened by 127.0.0.1.41000, not 127.0.0.1.40000", "data  127.0.0.1.41000 > 127.0.0.1.40000",
		},
		{
			"stars, turned round", strings.ReplaceAll(ctl+"data 127.0.0.1.40000 > 127.0.0.1.41000\n"+passive, "127.0.0.1", "*"),
			"was opened by *.41000, not *.40000", "data  *.41000 > *.40000",
		},
		{"a port at the wrong end", ctl + "data *.* > *.41000\ndata ...\n", "was opened by *.41000, not *.40000", "data  *.41000 > *.40000"},
		{
			"names, exchanged", ctl + "data server.41000 > client.40000\ndata server > client [S]\ndata ...\n",
			"has client.41000, not server.41000 and has server.40000, not client.40000", "data  client.41000 > server.40000",
		},
		{"a role beside a star", ctl + "data *.41000 > client.*\ndata ...\n", "has server.40000, not client.*", "data  *.41000 > server.40000"},
		{"the wrong role at port 21", "ctl *.* > client.21\nctl ...\nany *.* > *.*\nany ...\n", "has server.21, not client.21", "ctl  *.3171 > server.21"},
	} {
		v := verdict(t, test.want, passiveOnLoopback())
		if len(v.Mismatches) != 1 || !strings.HasSuffix(v.Mismatches[0].What, "the nearest one "+test.what) || v.Mismatches[0].Got != test.got {
			t.Errorf("%s: got\n%s\nwant %s and %s", test.name, v.Report(), test.what, test.got)
		}
	}
}
