package expect

import (
	"fmt"
	"ftplab/lab/internal/forge"
	"strings"
	"testing"
)

// A wanted line that is in the capture is not set against another text.
func TestALineIsNotSetAgainstAnotherText(t *testing.T) {
	g := &recording{forge.New(), false}
	login(g)
	want := `ctl client.* > server.21
ctl ...
ctl server > client "230 *"
ctl client > server "PWD"
ctl server > client "257 *"
ctl ...
`
	v := verdict(t, want, g)
	if got, want := summary(v), "missing 4, missing 5"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := v.Lines[1].Packet; got != 10 {
		t.Errorf("the line of the 230 matched frame %d, want 10", got)
	}
}

// A wanted text that came elsewhere, or from the other side, is not called missing without
// its frame.
func TestWhereAMissingTextCame(t *testing.T) {
	g := &recording{forge.New(), false}
	login(g)
	const declared = "ctl client.* > server.21\nctl ...\n"
	for _, test := range []struct{ want, says string }{
		{"ctl client > server \"USER *\"\n", "it came before, in frame 6,"},
		{"ctl server > client \"230 *\"\nctl client > server \"USER *\"\nctl ...\n", "it came later, in frame 10\n"},
		{"ctl server > client \"USER *\"\nctl ...\n", "this did not come from server: client sent it, in frame 6\n"},
		{"ctl client > server \"NOOP\"\nctl ...\n", "this did not come\n"},
	} {
		if report := verdict(t, declared+test.want, g).Report(); !strings.Contains(report, test.says) {
			t.Errorf("%s: got\n%s\nwant %q in it", test.want, report, test.says)
		}
	}
}

// The first divergence of a connection is printed in full; what follows from it is
// named in one line, and stays in the verdict.
func TestReportFoldsWhatFollows(t *testing.T) {
	g := &recording{forge.New(), false}
	login(g)
	want := "ctl client.* > server.21\nctl ...\nctl server > client \"230 *\"\n"
	for i := range 10 {
		want += fmt.Sprintf("ctl client > server \"CWD %d\"\nctl server > client \"250 *\"\n", i)
	}
	v := verdict(t, want, g)
	if len(v.Mismatches) != 20 {
		t.Fatalf("got %d mismatches, want 20:\n%s", len(v.Mismatches), v.Report())
	}
	report := v.Report()
	if n := strings.Count(report, "\twant  "); n != 1 {
		t.Errorf("got %d in full, want 1:\n%s", n, report)
	}
	const folded = "test.txtar:5: ctl: 19 more differences follow, which the first one may explain (lines 5-23)\n"
	if !strings.HasSuffix(report, folded) {
		t.Errorf("got\n%s, want at its end\n%s", report, folded)
	}
}

// A connection that is not there is reported with the addresses it was looked for at, as
// a capture from elsewhere has others.
func TestMissingConnectionNamesAddresses(t *testing.T) {
	w, err := Parse("test.txtar", 1, "ctl client.* > server.21\nctl ...\n")
	if err != nil {
		t.Fatal(err)
	}
	g := &recording{forge.New(), false}
	login(g)
	v, err := w.Judge(g.capture(t), loopbackHosts)
	if err != nil {
		t.Fatal(err)
	}
	const want = "there is no such connection in the capture: none from client.* (127.0.0.1) to server.21 (127.0.0.1)"
	if len(v.Mismatches) == 0 || v.Mismatches[0].What != want {
		t.Errorf("got %+v, want %s", v.Mismatches, want)
	}
}

// Few mismatches are all printed.
func TestReportOfFewMismatches(t *testing.T) {
	g := &recording{forge.New(), false}
	login(g)
	v := verdict(t, "ctl client.* > server.21\nctl ...\nctl server > client \"230 *\"\nctl client > server \"PWD\"\n", g)
	if got := v.Report(); strings.Contains(got, "more differences") || !strings.Contains(got, "PWD") {
		t.Errorf("got\n%s, want the PWD and nothing folded", got)
	}
}
