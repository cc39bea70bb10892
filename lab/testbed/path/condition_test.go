package path

import (
	"strings"
	"testing"

	"ftplab/lab/scenario"
)

// TestUnmetRules sends segments of a session past rules, and looks at what is said about
// those that no segment met.
func TestUnmetRules(t *testing.T) {
	syn, _ := synFrame(t, false, 64, 1460).segment()
	from := syn.from.Port() // the client's
	client, server := &End{}, &End{}
	finSYN := flags(t, "[SF]")
	for name, test := range map[string]struct {
		rule scenario.PathRule
		want string // part of the message; "" is none
	}{
		"met":              {scenario.PathRule{Length: -1}, ""},
		"met, both ways":   {scenario.PathRule{Length: -1, Both: true, FromPort: from}, ""},
		"met, never idle":  {scenario.PathRule{Length: -1, Idle: 1e9}, ""},
		"met, too late":    {scenario.PathRule{Length: -1, After: 60e9}, ""},
		"optional":         {scenario.PathRule{Length: 77, Optional: true}, ""},
		"a port":           {scenario.PathRule{Length: -1, ToPort: 20}, "server.21. Correct the port"},
		"a length":         {scenario.PathRule{Length: 99}, "the nearest lengths were 100, 6, 0. Correct"},
		"flags":            {scenario.PathRule{Length: -1, Flags: finSYN}, "[FS]: no packet met this rule; those with these ports had the flags [S], [.]. Correct"},
		"a text":           {scenario.PathRule{Length: -1, Text: "LISTE *"}, `the nearest lines were "LIST", "PASV". Correct`},
		"too many to pass": {scenario.PathRule{Length: -1, Skip: 3}, "only 3 packets met this rule, and skip=3"},
		"one to pass":      {scenario.PathRule{Length: 6, Skip: 1}, "only 1 packet met this rule, and skip=1"},
	} {
		t.Run(name, func(t *testing.T) {
			test.rule.Kind, test.rule.From, test.rule.To, test.rule.Line = scenario.Drop, "client", "server", 7
			r := newRule(test.rule, client, server)
			for _, data := range []string{"", "PASV\r\n", "LIST\r\n" + strings.Repeat("x", 94)} {
				s := with(syn, flagACK, 1, 1, len(data))
				if data == "" {
					s = with(syn, flagSYN, 0, 0, 0)
				}
				r.claims(s, []byte(data), client, server, 0, 0)
			}
			unmet := (&Path{rules: []*rule{r}}).Unmet()
			switch {
			case test.want == "" && len(unmet) > 0:
				t.Errorf("got %q, want no message", unmet[0].Message)
			case test.want != "" && (len(unmet) != 1 || unmet[0].Line != 7 || !strings.Contains(unmet[0].Message, test.want)):
				t.Errorf("got %+v, want one of line 7 with %q", unmet, test.want)
			}
		})
	}
}

// TestUnmetDirection has rules for a direction in which nothing goes, one of them about
// late segments.
func TestUnmetDirection(t *testing.T) {
	p, _ := between(t, scenario.Network{
		Late:  []scenario.Late{{Line: 3, From: "server", To: "client", Length: -1}, {Line: 5, From: "client", To: "server", Length: -1, By: 1}},
		Rules: []scenario.PathRule{{Line: 4, Kind: scenario.Reject, From: "server", To: "client", Length: -1}},
	})
	send(t, p, 100)
	unmet := p.Unmet()
	if len(unmet) != 2 || unmet[0].Line != 3 || unmet[1].Line != 4 ||
		!strings.HasPrefix(unmet[0].Message, "late server > client: no packet met this rule; no TCP packet went from server to client.") {
		t.Errorf("got %+v, want those of lines 3 and 4", unmet)
	}
}

// TestUnmetByAnother has late rules after one that takes the segments.
func TestUnmetByAnother(t *testing.T) {
	p, _ := between(t, scenario.Network{
		Late: []scenario.Late{
			{Line: 3, From: "client", To: "server", Length: -1, By: 1},
			{Line: 4, From: "client", To: "server", Length: -1, By: 1, Flags: flags(t, "[R]")},
			{Line: 5, From: "client", To: "server", Length: -1, By: 1},
		},
	})
	send(t, p, 100)
	unmet := p.Unmet()
	if len(unmet) != 2 || unmet[0].Line != 4 || unmet[1].Line != 5 || !strings.Contains(unmet[0].Message, "had the flags [") ||
		!strings.Contains(unmet[1].Message, "no packet met this rule; a rule above took those that fit. Remove one of the two rules, or add") {
		t.Errorf("got %+v, want those of lines 4 and 5", unmet)
	}
}
