package conform

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/tcp"
)

func TestClosesAfterClient(t *testing.T) {
	for name, test := range map[string]struct {
		client, server tcp.Flow
		want           Verdict
	}{
		"at once":             {tcp.Flow{FIN: 5, FINTime: 1e9}, tcp.Flow{FIN: 6, FINTime: 2e9}, Keeps},
		"with a reset":        {tcp.Flow{FIN: 5, FINTime: 1e9}, tcp.Flow{RST: 6, RSTTime: 2e9}, Keeps},
		"never":               {tcp.Flow{FIN: 5, FINTime: 1e9}, tcp.Flow{}, Breaks},
		"much later":          {tcp.Flow{FIN: 5, FINTime: 1e9}, tcp.Flow{FIN: 6, FINTime: 9e9}, Breaks},
		"the client does not": {tcp.Flow{}, tcp.Flow{FIN: 6}, NotApplicable},
	} {
		c := &ftp.Connection{ClientFlow: test.client, ServerFlow: test.server}
		f := &facts{session: &ftp.Session{Control: c}, connections: map[int]*ftp.Connection{0: c}}
		if got := closesAfterClient(f); got.Verdict != test.want {
			t.Errorf("%s: got %v, want %s", name, got, test.want)
		}
	}
}

// TestRulesAreNamed wants what is printed of a rule to be that of no other rule.
func TestRulesAreNamed(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range slices.Concat(ServerRules(), ClientRules()) {
		name := r.RFC + r.Section + r.Text
		if seen[name] || !strings.HasSuffix(r.Text, ".") || r.Scenario == "" {
			t.Errorf("the rule %q of RFC %s, %s: want a sentence of its own and a scenario", r.Text, r.RFC, r.Section)
		}
		seen[name] = true
	}
}

func TestWriteTable(t *testing.T) {
	var b bytes.Buffer
	results := []Result{
		{Rule{RFC: "959", Section: "5.4", Text: "NOOP gets 200.", Scenario: "session"}, Finding{Keeps, "NOOP: 200 in frame 12", 12}, "c.pcapng"},
		{Rule{RFC: "959", Section: "5.4", Text: strings.Repeat("long ", 12) + "rule.", Scenario: "other"}, Finding{Breaks, "nothing; its log: boom\n\tline 7\n\tboom", 0}, ""},
	}
	if err := WriteTable(&b, results); err != nil {
		t.Fatal(err)
	}
	want := `959, 5.4         keeps          NOOP gets 200.                                       NOOP: 200 in frame 12                        session
959, 5.4         does not       long long long long long long long long long long    nothing; its log: boom                       other
                                long long rule.                                      line 7
                                                                                     boom

2 rules: 1 kept, 1 not kept, 0 not applicable
`
	if got := b.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
