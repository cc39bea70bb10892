package worker

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ftplab/lab"
)

// ask makes a call, and reads its result.
func ask[R any](t *testing.T, w *Worker, name string, argument any) R {
	t.Helper()
	text, err := json.Marshal(argument)
	if err != nil {
		t.Fatal(err)
	}
	result, err := w.Call(name, text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	var r R
	if err := json.Unmarshal(result, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

const listing = "# A listing\nfile a.txt 10\nopen\nlogin anonymous me@mypc.test\npassive\nls\nquit\n"

func runSource(t *testing.T, w *Worker, source string) session {
	t.Helper()
	return ask[session](t, w, "run", map[string]string{"name": "mine", "source": source})
}

// TestMistakes asks for the lines of mistakes in each of the languages of a scenario.
func TestMistakes(t *testing.T) {
	w := New(t.TempDir())
	for _, test := range []struct {
		source string
		line   int
		want   string
	}{
		{"# Title\nopn\n", 2, "did you mean open?"},
		{"# Title\nopen\nquit\n-- want --\nctl client.* > server.21\nctl client >\n", 6, ""},
		{"# Title\nopen\nquit\n-- figures --\nnonsense\n", 5, "a figure is"},
		{"# Title\nnetwork wire tcp=linux\nopen\nquit\n", 2, "or run in a browser; leave tcp=linux out"},
		{"# Title\nprogram /usr/sbin/no-such-server\nopen\nquit\n", 2, "or in a browser"},
		{"# Title\nopen\nrun no-such-client\nquit\n", 3, "or in a browser"},
		{"", 1, "open, login anonymous, ls, quit"},
		{"# Title\nprogram /bin/true\nopen\nquit\n", 2, "or in a browser"},
	} {
		s := runSource(t, w, test.source)
		if len(s.Mistakes) == 0 {
			t.Errorf("%q: got no mistake", test.source)
			continue
		}
		if m := s.Mistakes[0]; m.Line != test.line || !strings.Contains(m.Message, test.want) {
			t.Errorf("%q: got line %d: %s; want line %d and %q", test.source, m.Line, m.Message, test.line, test.want)
		}
	}
}

// TestRun asks that each packet of a ladder has its moment, and each match its packet.
func TestRun(t *testing.T) {
	w := New(t.TempDir())
	s := runSource(t, w, listing+"-- want --\nctl client.* > server.21\ndata client.* > server.*\n\nctl client > server [S]\nctl ...\ndata ...\nctl server > client \"999 *\"\n")
	if s.Outcome != lab.Failed || s.Said != "✗ failed: something is not as the scenario says" || s.Class != "fail" || len(s.Differences) == 0 {
		t.Errorf("got outcome %s, %q, class %q and %d differences of a want that is not met", s.Outcome, s.Said, s.Class, len(s.Differences))
	}
	if len(s.Matches) == 0 || s.Matches[0] != (match{Line: 12, Packet: 1}) {
		t.Errorf("got the matches %v, want line 12 and packet 1 first", s.Matches)
	}
	if len(s.Moments) != s.Frames {
		t.Errorf("got %d moments of %d packets", len(s.Moments), s.Frames)
	}
	for _, m := range s.Moments {
		if !strings.Contains(s.Ladder, fmt.Sprintf(`id="l%d"`, m.Packet)) {
			t.Errorf("the ladder has no packet %d", m.Packet)
		}
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(s.Capture), "walkthrough.html")); err == nil {
		t.Error("the walkthrough is written, although nobody asked for it")
	}
}

// TestReasons asks which list says why a session has failed.
func TestReasons(t *testing.T) {
	w := New(t.TempDir())
	for _, test := range []struct {
		source                         string
		failures, figures, differences int
	}{
		{strings.Replace(listing, "ls\n", "get no-such-file\n", 1), 1, 0, 0},
		{strings.Replace(listing, "open\n", "network wire\nhost server 192.0.2.21 rtt=85ms\nopen\n", 1) + "-- want --\nctl client.* > server.21\ndata client.* > server.*\n\nctl ...\ndata ...\n-- figures --\nctl.rtt = 20ms ± 3%\n", 0, 1, 0},
		{listing + "-- want --\nctl client.* > server.21\n\nctl client > server [S]\nctl client > server [S]\nctl ...\n", 0, 0, 1},
	} {
		s := runSource(t, w, test.source)
		if len(s.Failures) != test.failures || len(s.Figures) != test.figures || (len(s.Differences) > 0) != (test.differences > 0) || s.Outcome != lab.Failed {
			t.Errorf("%s: got %v, outcome %s, the failures %v, the figures %v and the differences %v", test.source, s.Mistakes, s.Outcome, s.Failures, s.Figures, s.Differences)
		}
	}
}

// TestCapture opens a capture, and reads its packets in pages and by themselves.
func TestCapture(t *testing.T) {
	w := New(t.TempDir())
	s := runSource(t, w, listing)
	for _, name := range []string{"story", "verdict", "files"} {
		if _, err := w.Call(name, []byte("{}")); err == nil {
			t.Errorf("%s: got an answer without a capture", name)
		}
	}
	if o := ask[summary](t, w, "open", map[string]string{"path": s.Capture, "name": "mine.pcapng"}); o.Packets != s.Frames || o.Sessions != 1 {
		t.Fatalf("got %d packets and %d sessions, want %d and 1", o.Packets, o.Sessions, s.Frames)
	}
	page := func(after, connection, count int, text string) found {
		return ask[found](t, w, "packets", search{after, connection, text, count})
	}
	all := page(0, -1, 1000, "")
	if len(all.Packets) != s.Frames || !all.Done {
		t.Fatalf("got %d packets, done %v, want all %d", len(all.Packets), all.Done, s.Frames)
	}
	var paged []line
	for f := (found{}); !f.Done; {
		after := 0
		if len(paged) > 0 {
			after = paged[len(paged)-1].Packet
		}
		f = page(after, -1, 7, "")
		paged = append(paged, f.Packets...)
	}
	if fmt.Sprint(paged) != fmt.Sprint(all.Packets) {
		t.Errorf("in pages of 7 got\n%v\nwant\n%v", paged, all.Packets)
	}
	if f := page(10, -1, 1, ""); len(f.Packets) != 1 || f.Packets[0].Packet != 11 {
		t.Errorf("after packet 10 got %v, want packet 11", f.Packets)
	}
	for _, p := range page(0, 1, 1000, "").Packets {
		if p.Connection != 1 || p.Role != "data" {
			t.Errorf("of connection 1 got %v", p)
		}
	}
	if f := page(0, -1, 1000, "PASV"); len(f.Packets) != 1 {
		t.Errorf("PASV is found in %d packets, want 1", len(f.Packets))
	}
	files := ask[[]extracted](t, w, "extract", nothing{})
	if len(files) != 1 || files[0].Connection != 1 {
		t.Fatalf("got the files %v, want that of connection 1", files)
	}
	if _, err := os.Stat(files[0].Path); err != nil {
		t.Error(err)
	}
}

// TestUnreadable asks for a sentence about what cannot be read.
func TestUnreadable(t *testing.T) {
	w := New(t.TempDir())
	path := filepath.Join(t.TempDir(), "poem.pcap")
	if err := os.WriteFile(path, []byte("Roses are red, violets are blue."), 0o666); err != nil {
		t.Fatal(err)
	}
	argument, _ := json.Marshal(map[string]string{"path": path, "name": "poem.pcap"})
	for _, test := range []struct{ call, argument, want string }{
		{"open", string(argument), "not a capture"},
		{"sing", "{}", `no call "sing"`},
		{"open", "[", "makes no sense"},
	} {
		_, err := w.Call(test.call, []byte(test.argument))
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), path) {
			t.Errorf("%s %s: got the error %v, want one with %q", test.call, test.argument, err, test.want)
		}
	}
}

// TestNothingToComplete asks for completions where there are none: the page gets an empty
// list, which has a length, and not null.
func TestNothingToComplete(t *testing.T) {
	source := "# A listing\nopen\n-- files/README --\nop"
	got := ask[map[string]any](t, New(t.TempDir()), "complete", map[string]any{"source": source, "offset": len(source)})
	if list, ok := got["list"].([]any); !ok || len(list) != 0 {
		t.Errorf("got the list %#v, want an empty one", got["list"])
	}
}
