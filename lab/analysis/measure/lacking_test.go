package measure

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/tcp"
	"ftplab/lab/internal/forge"
)

// Of a file that is cut off, a figure is right or wrong only if it is so whatever came after its end.
func TestFiguresOfAFileThatIsCutOff(t *testing.T) {
	c, v := lab()
	c.cut = true
	for _, test := range []struct {
		line     string
		ok, hide bool
	}{
		{"capture.packets = 21", false, true},
		{"capture.packets = 22", false, true},
		{"capture.packets > 20", true, false},
		{"capture.packets > 21", false, true},
		{"capture.packets != 21", false, true},
		{"capture.packets != 20", true, false},
		{"capture.packets != 22", false, true},
		{"capture.packets < 22", false, true},
		{"capture.retransmissions = 0", false, true},
		{"data.bytes.server = 10500", false, true},
		{"data.bytes.server > 10499", true, false},
		{"ctl.rtt = 107ms ± 3%", true, false},
		{"capture.packets = 20", false, false},
		{"capture.packets < 21", false, false},
		{"capture.data = 3", false, true},
		{"capture.data = 1", false, true},
		{"ctl.rtt = 112ms ± 4ms", false, false},
		{"ctl.wscale.server = none", false, false},
		{"ctl.reset-by = none", false, true},
		{"lengths.1000-2000 = 66% ± 3%", false, true},
		{"@a -> @b > 1501ms", false, false},
		{"@a -> @lost > 0s", false, true},
		{"gone.packets = 1", false, true},
	} {
		r := measure(t, test.line, c, v)
		if r.OK != test.ok || r.Unjudged != test.hide || r.Unjudged && (r.Measured != "" || r.Why != "the file is cut off in frame 22") {
			t.Errorf("%s: got %+v, want OK %v, unjudged %v", test.line, r, test.ok, test.hide)
		}
	}
	v.Connections[1].Facts.ServerFlow.SYN, v.Connections[1].Facts.ServerFlow.FIN = 4, 20
	if r := measure(t, "data.bytes.server = 10500", c, v); !r.OK {
		t.Errorf("of a stream that ended before: got %+v, want OK", r)
	}
	v.Connections[1].Facts.Role = ftp.Other
	for segments, hide := range []bool{true, false} {
		v.Connections[1].Facts.ServerFlow.Segments = segments
		if r := measure(t, "data.opened-by = client", c, v); r.OK || r.Unjudged != hide {
			t.Errorf("who is the client of a connection with %d segments: got %+v, want unjudged %v", segments, r, hide)
		}
	}
	v.Connections[1].Facts.Role = ftp.Data
	c.cut, c.headless = false, 3
	for _, test := range []struct {
		line string
		hide bool
	}{{"capture.packets = 22", false}, {"capture.data = 3", true}, {"capture.syns = 1", false}, {"ctl.commands = 99", false}} {
		if r := measure(t, test.line, c, v); r.OK || r.Unjudged != test.hide {
			t.Errorf("%s, and frame 3 has no header of TCP: got %+v, want unjudged %v", test.line, r, test.hide)
		}
	}
	c.headless, c.answer = 0, true
	for line, hide := range map[string]bool{"capture.packets = 22": true, "capture.packets = 20": false, "ctl.commands = 99": false} {
		if r := measure(t, line, c, v); r.OK || r.Unjudged != hide {
			t.Errorf("%s, and frame 1 is an answer: got %+v, want unjudged %v", line, r, hide)
		}
	}
	c.answer, c.begunBefore, c.unheard = false, "the capture begins in the middle of a connection", "the capture begins in the middle of a connection"
	v.Connections[0].Facts.ClientFlow = tcp.Flow{Packets: 2, Segments: 1, FIN: 9}
	for _, test := range []struct {
		line     string
		ok, hide bool
	}{
		{"capture.packets = 22", false, true}, {"capture.packets = 20", false, false}, {"capture.packets > 20", true, false},
		{"ctl.rtt < 1us", false, false}, {"ctl.commands = 99", false, true}, {"ctl.reply.code.FEAT = 1", false, true},
		{"data.packets = 1", false, false}, {"gone.packets = 1", false, true},
	} {
		if r := measure(t, test.line, c, v); r.OK != test.ok || r.Unjudged != test.hide {
			t.Errorf("%s, and the capture begins in the middle of ctl: got %+v, want OK %v, unjudged %v", test.line, r, test.ok, test.hide)
		}
	}
	for _, name := range append(slices.Clone(settled), growing...) {
		if name != between.name && !slices.ContainsFunc(measurements, func(m measurement) bool { return m.name == name }) {
			t.Errorf("%s is not a measurement", name)
		}
	}
}

// Of a connection that lacks what was sent, a figure is not measured if that can change it, also if
// only an acknowledgement shows what is missing, or only what came after it.
func TestFiguresWithoutWhatWasAcknowledged(t *testing.T) {
	for _, test := range []struct {
		flow tcp.Flow
		hide bool
	}{
		{tcp.Flow{Bytes: 10500}, false},
		{tcp.Flow{Bytes: 10500, Unseen: 1}, true}, // perhaps the FIN
		{tcp.Flow{Bytes: 10500, FIN: 20}, false},
		{tcp.Flow{Bytes: 10500, FIN: 20, Missing: 1}, true},
	} {
		c, v := lab()
		data := v.Connections[1].Facts
		data.ServerFlow = test.flow
		c.addConnection(data)
		for _, line := range []string{"data.bytes.server = 11000", "data.segments.server = 12", "data.segment.last.server = 768"} {
			if r := measure(t, line, c, v); r.OK || r.Unjudged != test.hide {
				t.Errorf("%s, of %+v: got %+v, want unjudged %v", line, test.flow, r, test.hide)
			}
		}
	}
}

// What the recorder says it never received is not part of the capture.
func TestFiguresWithoutWhatWasLostOnTheWay(t *testing.T) {
	for _, complete := range []bool{false, true} {
		c, v := lab()
		c.complete, c.lost[v.Connections[1].ID] = complete, true
		for _, line := range []string{
			"capture.packets = 22", "capture.packets < 22", "capture.retransmissions = 7", "lengths.1000-2000 = 1% ± 1%",
			"data.packets.server = 99", "data.bytes.server = 11000",
		} {
			if r := measure(t, line, c, v); r.Unjudged == complete {
				t.Errorf("%s, complete %v: got %+v, want unjudged %v", line, complete, r, !complete)
			}
		}
	}
}

// A capture with the control connections only does not show what counts data connections, if a dialogue says that one
// was complete, and the recorder may have lost it.
func TestFiguresWithoutDataConnections(t *testing.T) {
	g := forge.New()
	ctl := g.Login()
	ctl.Ask("PASV", "227 Here (192,0,2,21,156,64)")
	ctl.Ask("NLST", "150 Here it comes", "226 Done")
	c, err := capture.Read(strings.NewReader(string(g.PCAP())), capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, complete := range []bool{false, true} {
		c.Complete = complete
		s, err := read(c, nil, []subject{{measurement: &measurements[0]}})
		if err != nil {
			t.Fatal(err)
		}
		for line, hide := range map[string]bool{
			"capture.data = 1": true, "capture.conversations = 2": true, "capture.announced = 1": true, "capture.dataports = 1": true,
			"capture.resets = 1": true, "capture.syns = 2": true, "capture.packets = 99": true, "capture.retransmissions = 1": true,
			"capture.port.20 = 9": true, "lengths.1000-2000 = 50% ± 1%": true, "capture.data = 0": true,
			"capture.packets = 2": false, "capture.control = 2": false, "capture.port.21 = 99": false,
		} {
			r := measure(t, line, s, nil)
			if hide = hide && !complete; r.Unjudged != hide || hide && r.Why != "the capture lacks the data connection of NLST" {
				t.Errorf("%s, complete %v: got %+v, want unjudged %v", line, complete, r, hide)
			}
		}
	}
}

// A capture that begins with an answer lacks packets if the answer is for a host of a connection of FTP.
func TestFiguresAfterAnAnswer(t *testing.T) {
	for ends, lacks := range map[[2]string]bool{
		{"192.0.2.53:53", "198.51.100.100:3170"}:   true,
		{"192.0.2.53:53", "198.51.100.9:3170"}:     false,
		{"192.0.2.53:5353", "198.51.100.100:3170"}: false, // an announcement
	} {
		g := forge.New()
		g.UDP(ends[0], ends[1], []byte("\x00\x01\x85\x80\x00\x00\x00\x00\x00\x00\x00\x00"))
		g.Login()
		c, err := capture.Read(strings.NewReader(string(g.PCAP())), capture.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if s, err := read(c, nil, nil); err != nil || s.answer != lacks {
			t.Errorf("%v: got %v and error %v, want %v", ends, s.answer, err, lacks)
		}
	}
}

// TestWhoLoggedIn asks for the user of a session. If all logins failed, it is none, unless the
// capture may lack the reply to one that did not.
func TestWhoLoggedIn(t *testing.T) {
	for _, test := range []struct {
		code  int
		lost  int64
		user  string
		wrong error
	}{
		{code: 230, user: "bob"},
		{code: 530, user: "none"},
		{code: 530, lost: 20, wrong: unrecorded(0)},
	} {
		c, v := lab()
		ctl := v.Connections[0].Facts
		ctl.ServerFlow.Missing = test.lost
		session := c.sessions[ctl.ID]
		session.User = "bob"
		session.Exchanges = []*ftp.Exchange{
			{Line: &ftp.Line{Packet: 3}, Command: "USER", Argument: "bob", Replies: []*ftp.Reply{{Code: 331}}},
			{Line: &ftp.Line{Packet: 5}, Command: "PASS", Replies: []*ftp.Reply{{Code: test.code}}},
		}
		subject, err := parseSubject("ctl.user")
		if err != nil {
			t.Fatal(err)
		}
		got, err := (&scope{capture: c, verdict: v, subject: subject}).measure()
		if got.words != test.user || fmt.Sprint(err) != fmt.Sprint(test.wrong) {
			t.Errorf("PASS gets %d, %d bytes lost: got %q, %v; want %q, %v", test.code, test.lost, got.words, err, test.user, test.wrong)
		}
	}
}
