package lab_test

import (
	"bytes"
	"strings"
	"testing"

	"ftplab/lab"
	"ftplab/lab/scenario"
)

// What runs with other seeds have in common is passed by a run with yet another one.
func TestDeriveRuns(t *testing.T) {
	const text = `# Some are lost
network wire loss=2%% seed=5
host server 192.0.2.21 rtt=10ms
file a.bin 60000

open
login anonymous me@mypc.test
active
ls
passive epsv
type i
get a.bin
quit
`
	source := strings.ReplaceAll(text, "%%", "%")
	s, err := scenario.Parse("runs.txtar", []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	options := lab.Options{TCP: scenario.GVisorTCP}
	var want bytes.Buffer
	if err := lab.DeriveRuns(t.Context(), &want, s, options, 4); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(want.String(), `"PORT 198,51,100,100,*"`) || !strings.Contains(want.String(), `"RETR a.bin"`) {
		t.Errorf("got\n%s", want.String())
	}
	again, err := scenario.Parse("runs.txtar", []byte(source+want.String()))
	if err != nil {
		t.Fatalf("%v, in\n%s", err, want.String())
	}
	options.Seed, options.Results = 99, t.TempDir()
	result, err := lab.Run(t.Context(), again, options)
	if err != nil || result.Outcome == lab.Failed {
		t.Fatalf("got %v\n%s\n%s", err, result.Report, want.String())
	}
}

// A run that fails has nothing to derive from.
func TestDeriveRunsThatFail(t *testing.T) {
	s, err := scenario.Parse("runs.txtar", []byte("# No\nopen\nlogin nobody wrong\nquit\n"))
	if err != nil {
		t.Fatal(err)
	}
	var want bytes.Buffer
	err = lab.DeriveRuns(t.Context(), &want, s, lab.Options{TCP: scenario.GVisorTCP}, 2)
	if err == nil || !strings.Contains(err.Error(), "run 1 of 2 failed") || want.Len() > 0 {
		t.Errorf("got %v and %q", err, want.String())
	}
}

// A want is derived from the dialogue inside TLS, too, if the capture has the keys. It
// leaves the end open, since each of the two ends sends close_notify and FIN when it likes.
func TestDeriveInTLS(t *testing.T) {
	s, err := scenario.Load("../scenarios/ftps_ipv6.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var want bytes.Buffer
	if err := lab.DeriveRuns(t.Context(), &want, s, lab.Options{TCP: scenario.GVisorTCP}, 2); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{`"PROT P"`, "inside TLS: nobody", "close_notify and FIN"} {
		if !strings.Contains(want.String(), part) {
			t.Errorf("got\n%s\nwant %q in it", want.String(), part)
		}
	}
	if strings.Contains(want.String(), "ctl    client > server  [F.]") {
		t.Errorf("got the client's FIN in\n%s", want.String())
	}
}
