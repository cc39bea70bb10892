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

// TestJudge holds the rules of the notation, one by one.
func TestJudge(t *testing.T) {
	for _, test := range slices.Concat(packetJudgements, damagedJudgements, connectionJudgements) {
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
