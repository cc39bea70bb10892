package story

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ftplab/lab/analysis/trace"
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

// The dialogue is told in its order, and all else has its place in it, whatever was
// overtaken or stands in the same packet.
func TestOrder(t *testing.T) {
	control := &trace.Connection{FirstPacket: 1, LastPacket: 40, Role: trace.Control, FirstFIN: trace.Server}
	control.ServerFlow = trace.Flow{FIN: 40, FINTime: 1, Retransmissions: 1}
	data := func(id, first, lastData, fin, last int) *trace.Connection {
		return &trace.Connection{ID: id, FirstPacket: first, LastPacket: last, Role: trace.Data, FirstFIN: trace.Server,
			FirstTime: 1, LastTime: 1, ServerFlow: trace.Flow{Segments: 1, Bytes: 9, LastData: lastData, LastDataTime: 1, FIN: fin, FINTime: 1}}
	}
	tr := &trace.Trace{Packets: 40}
	tr.Add(control)
	for _, c := range []*trace.Connection{data(1, 10, 16, 16, 22), data(2, 12, 13, 14, 15), data(3, 30, 31, 32, 33)} {
		tr.Add(c)
	}
	line := func(packet int, from trace.Side, text string) *trace.Line {
		return &trace.Line{From: from, Text: text, FirstPacket: packet, Packet: packet, Time: 1, Complete: true}
	}
	stor := &trace.Exchange{Line: line(24, trace.Client, "STOR b"), Command: "STOR", Argument: "b",
		Replies: []*trace.Reply{{Code: 150, Packet: 26}}}
	tr.AddSession(&trace.Session{
		Control: control,
		Lines: []*trace.Line{
			line(1, trace.Client, "NOOP"), line(1, trace.Client, "PASV"), line(11, trace.Server, "200 eleven"),
			line(5, trace.Server, "late 5"), line(11, trace.Server, "too, 11"), line(20, trace.Server, "20"),
			line(11, trace.Server, "late 11"), line(2, trace.Server, "late 2"), line(11, trace.Server, "as late, 11"),
			stor.Line, line(26, trace.Server, "150 ok"),
		},
		Exchanges: []*trace.Exchange{{Line: stor.Line, Command: "PORT"}, stor},
		Announcements: []*trace.Announcement{
			{Command: "PORT", Mode: trace.Active, Packet: 3, Exchange: -1, Connections: []int{1, 2}},
			{Command: "PORT", Mode: trace.Active, Packet: 24, Exchange: 0},
		},
	})
	_, got, _ := strings.Cut(told(t, "x", tr), columns)
	var order []string
	for line := range strings.Lines(got) {
		words := strings.Fields(strings.Replace(line, "0.000000 ", "", 1))
		order = append(order, strings.Join(words[:min(4, len(words))], " "))
	}
	want := []string{
		"-- the control connection",
		"1 client NOOP", "1 client PASV",
		"10 +-- connection 1,", "| nothing in the",
		"11 server 200 eleven", "5 server late 5", "(captured before packet 11,", "11 server too, 11",
		"12 +-- connection 2,", "| nothing in the", "13 | 9 bytes", "14 | the server's", "15 +-- the last",
		"16 | 9 bytes", "16 | the server's",
		"20 server 20", "11 server late 11", "(captured before packet 20,", "2 server late 2", "(captured before packet 20,",
		"11 server as late,", "(captured before packet 20,",
		"22 +-- the last",
		"24 client STOR b", "26 server 150 ok", "| no connection to",
		"30 +-- connection 3,", "| nothing in the", "31 | 9 bytes", "32 | the server's", "33 +-- the last",
		"40 -- the server", "(on it, 1 retransmission",
	}
	if !slices.Equal(order, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(order, "\n"), strings.Join(want, "\n"))
	}
}

// An answer that was captured before its command is told behind it.
func TestEarlyAnswer(t *testing.T) {
	tr := &trace.Trace{Packets: 9}
	tr.Add(&trace.Connection{FirstPacket: 1, LastPacket: 9, Role: trace.Control})
	line := func(packet int, from trace.Side, text string) *trace.Line {
		return &trace.Line{From: from, Text: text, FirstPacket: packet, Packet: packet, Time: 1, Complete: true}
	}
	tr.AddSession(&trace.Session{Control: tr.Connection(0), Lines: []*trace.Line{
		line(4, trace.Client, "PWD"), line(2, trace.Server, "257-a"), line(3, trace.Server, "257 b"),
		line(6, trace.Client, "NOOP"), line(5, trace.Server, "200 ok"), line(5, trace.Server, "200 too"), line(7, trace.Client, "QUIT"),
	}})
	_, got, _ := strings.Cut(told(t, "x", tr), columns)
	var order []string
	for line := range strings.Lines(strings.ReplaceAll(got, " 0.000000 ", "")) {
		order = append(order, strings.Join(strings.Fields(line), " "))
	}
	want := []string{
		"-- the control connection is open already when the capture begins",
		"4 client PWD", "2 server 257-a", "(captured before packet 4, but said after it)",
		"3 server 257 b", "(captured before packet 4, but said after it)",
		"6 client NOOP", "5 server 200 ok", "(captured before packet 6, but said after it)", "5 server 200 too", "7 client QUIT",
		"-- the last packet of the control connection; its end is not in the capture",
	}
	for i := range order {
		order[i] = strings.TrimPrefix(order[i], "1 ")
		order[i] = strings.TrimPrefix(order[i], "9 ")
	}
	if !slices.Equal(order, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(order, "\n"), strings.Join(want, "\n"))
	}
}

// A command is not said to be sent late when it was only captured late.
func TestLateCommand(t *testing.T) {
	for _, c := range []struct {
		answer int // its packet
		want   string
	}{
		{2, "for RETR a, which was captured only in packet 4\n"},
		{5, "for RETR a, which is sent only then, in packet 4\n"},
	} {
		tr := &trace.Trace{Packets: 9}
		tr.Add(&trace.Connection{FirstPacket: 1, LastPacket: 9, Role: trace.Control})
		tr.Add(&trace.Connection{ID: 1, FirstPacket: 3, LastPacket: 3, Role: trace.Data, Transfer: &trace.Transfer{Command: "RETR", Argument: "a", Packet: 4}})
		retr := &trace.Line{From: trace.Client, Text: "RETR a", FirstPacket: 4, Packet: 4, Complete: true}
		tr.AddSession(&trace.Session{Control: tr.Connection(0), Lines: []*trace.Line{retr},
			Exchanges: []*trace.Exchange{{Line: retr, Command: "RETR", Argument: "a", Replies: []*trace.Reply{{Code: 150, FirstPacket: c.answer, Packet: c.answer}}}}})
		if got := told(t, "x", tr); !strings.Contains(got, c.want) {
			t.Errorf("%q is not in\n%s", c.want, got)
		}
	}
}
