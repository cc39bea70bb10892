package scenario

import (
	"strings"
	"testing"
)

const withTwin = `# A title
network wire
host server 192.0.2.21 rtt=35ms

open
login anonymous me@mypc.test
quit

-- twin --
open
quit
-- files/README --
Welcome.
-- server --
on 1st LIST: reply 450 No.
-- want --
ctl client.* > server.21
ctl ...
`

// A twin has the settings and files of its scenario and other steps, and no want.
func TestTwin(t *testing.T) {
	s, err := Parse("x.txtar", []byte(withTwin))
	if err != nil {
		t.Fatal(err)
	}
	twin, err := ParseTwin(s)
	if err != nil {
		t.Fatal(err)
	}
	if len(twin.Steps) != 2 || twin.Steps[0].Verb != "open" || len(twin.Files) != 1 || twin.Want.Line != 0 || len(twin.Server.Rules) != 0 || len(twin.Network.Hosts) != len(s.Network.Hosts) {
		t.Errorf("got %+v", twin)
	}
	// A mistake has its line in the file.
	if s, err = Parse("x.txtar", []byte(strings.Replace(withTwin, "twin --\nopen\nquit", "twin --\nopen\nquack", 1))); err != nil {
		t.Fatal(err)
	}
	if _, err := ParseTwin(s); err == nil || !strings.HasPrefix(err.Error(), "x.txtar:11: ") {
		t.Errorf("got %v, want a mistake in line 11", err)
	}
}
