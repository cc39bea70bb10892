package expect

import (
	"fmt"
	"slices"
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
	named := hosts
	if g.loopback {
		named = loopbackHosts
	}
	v, err := w.Judge(g.capture(t), named)
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

// A judgement is a want, a capture, and what is wrong with it.
type judgement struct {
	name  string
	want  string
	forge func(g *recording)
	wrong string // summary
}

// ofAnotherHost are the rules about a connection that another host has in place of the declared one.
var ofAnotherHost = []judgement{
	{
		name:  "both connections of a session",
		want:  "data client.* > server.*\nctl client.* > server.21\nctl client > server [S]\nctl ...\ndata client > server [S]\ndata ...\n",
		forge: func(g *recording) { sessionOf(g, "203.0.113.9") },
		wrong: "other host 2 @1, other host 1 @5",
	},
	{
		name: "a control connection that the declaration of its data connection means, too",
		want: "ctl client.* > server.21\ndata 203.0.113.9.* > server.*\nctl client > server [S]\nctl ...\n" +
			"ctl server > client \"220 Hi.\"\ndata 203.0.113.9 > server [S]\ndata ...\n",
		forge: func(g *recording) { sessionOf(g, "203.0.113.9") },
		wrong: "other host 1 @1",
	},
	{
		name: "a control connection, where one for data is missing",
		want: "ctl client.* > server.21\nctl ...\ndata client.* > server.*\ndata ...\n",
		forge: func(g *recording) {
			for _, from := range []string{"198.51.100.100:3171", "203.0.113.9:3171"} {
				connect(g, from, "192.0.2.21:21").Peer.Segment("P.", "220 Hi.\r\n")
			}
		},
		wrong: "not found 3, undeclared 0 @5",
	},
}

// urgentJudgements are the rules about lines with flags alone, of which only [.] is a packet without data.
var urgentJudgements = []judgement{
	{
		name:  "an urgent packet with data, without its length",
		want:  telnetDeclared + "ctl client > server [.U]\nctl client > server \"ABOR\"\n",
		forge: forgeTelnet,
	},
	{
		name:  "an urgent packet with data among bare ACKs",
		want:  "ctl client.* > server.21\nctl ...\nctl client > server [.U]\nctl ...\n",
		forge: forgeTelnet,
	},
	{
		name:  "an urgent packet without data",
		want:  telnetDeclared + "ctl client > server [.U]\nctl client > server \"NOOP\"\n",
		forge: func(g *recording) { ctl := login(g); ctl.Segment(".U", ""); ctl.Segment("P.", "NOOP\r\n") },
	},
	{
		name:  "a line for the second of two packets of Telnet bytes",
		want:  telnetDeclared + "ctl client > server [.U] length 2\nctl client > server \"ABOR\"\n",
		forge: forgeTelnets,
		wrong: "different 4 @12",
	},
	{
		name:  "lines for both packets of Telnet bytes",
		want:  telnetDeclared + "ctl client > server [.] length 2\nctl client > server [.U]\nctl client > server \"ABOR\"\n",
		forge: forgeTelnets,
	},
}

// forgeTelnets logs in and sends IAC IP and IAC DM in packets of their own, and ABOR.
func forgeTelnets(g *recording) {
	ctl := login(g)
	ctl.Segment(".", "\xff\xf4")
	ctl.Segment(".U", "\xff\xf2")
	ctl.Segment("P.", "ABOR\r\n")
}

// sessionOf has the connections of a session of another host.
func sessionOf(g *recording, host string) {
	connect(g, host+":3171", "192.0.2.21:21").Peer.Segment("P.", "220 Hi.\r\n")
	connect(g, host+":3172", "192.0.2.21:4000")
}

// TestJudge holds the rules of the notation, one by one.
func TestJudge(t *testing.T) {
	for _, test := range slices.Concat(packetJudgements, damagedJudgements, connectionJudgements, ofAnotherHost, urgentJudgements) {
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
