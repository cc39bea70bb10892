package story

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ftplab/lab/trace"
)

var update = flag.Bool("update", false, "write the stories anew; read them before they are committed")

// The story of each recorded capture is the one that somebody has read and found
// good.
func TestStories(t *testing.T) {
	files, err := filepath.Glob("../testdata/*.pcapng")
	if err != nil || len(files) == 0 {
		t.Fatalf("no captures: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".pcapng")
		t.Run(name, func(t *testing.T) {
			tr, err := trace.ReadFile(file, trace.Options{})
			if err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", name+".txt")
			got := told(t, name, tr)
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func told(t *testing.T, name string, tr *trace.Trace) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, name, tr); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// What a capture does not show is said.
func TestWhatIsMissing(t *testing.T) {
	c := &trace.Connection{LastPacket: 9, Role: trace.Control}
	d := &trace.Connection{ID: 1, Role: trace.Data, Mode: trace.Active, Control: trace.NoConnection,
		ServerFlow: trace.Flow{Segments: 2, Bytes: 1000, Missing: 500, Retransmissions: 1}}
	tr := &trace.Trace{
		Packets: 12, Truncated: 3, Cut: "the file is cut off", Dropped: 4, Unread: 2,
	}
	tr.Add(c)
	tr.Add(d)
	tr.AddSession(&trace.Session{
		Control: c, TLS: true, TLSFrom: 5, Overlong: true,
		Lines: []*trace.Line{{From: trace.Client, Text: "USER \x1b[2J", AfterGap: true}},
	})
	got := told(t, "evil\x1b.pcap", tr)
	for _, want := range []string{
		`evil\x1b.pcap: 12 packets`,
		"The file is cut off; what comes before it follows",
		"3 packets cut short by the recorder",
		"4 packets lost by the recorder",
		"2 packets of a kind of link that is not known here",
		"open already when the capture begins",
		`client  [bytes missing] USER \x1b[2J [its end is missing]`,
		"inside TLS",
		"too long to be told",
		"its end is not in the capture",
		"nothing in the capture announces it",
		"500 bytes of it are not in the capture",
		"1 retransmission\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
	if strings.ContainsAny(got, "\x1b\r\a") {
		t.Errorf("control characters in %q", got)
	}
}
