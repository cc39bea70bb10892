package capture_test

import (
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/report/text"
	"ftplab/lab/internal/forge"
)

// What a connection costs is bounded: while the capture is being read, and in the
// Capture that comes of it. A capture may hold a million SYNs that nobody answers, and
// as many sessions, and reading it must not take more memory than the file and 64 MiB.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: large captures")
	}
	for _, c := range []struct {
		name  string
		n     int
		share int64 // of what they take in the file, in per cent
		write func(t testing.TB, name string, n int)
	}{
		{"lone SYNs", 50_000, 75, writeSYNs},
		{"refused SYNs", 50_000, 60, writeRefused},
		{"connections without data", 20_000, 50, writeProbes},
		{"connections that are not FTP", 5_000, 95, writePages},
		{"longer connections that are not FTP", 5_000, 40, writeLongPages},
		{"greetings", 20_000, 75, writeGreetings},
		{"sessions", 5_000, 70, writeSessions},
		{"long sessions", 2_000, 60, writeChats},
	} {
		file := filepath.Join(t.TempDir(), "capture.pcap")
		c.write(t, file, c.n)
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		limit := fileSize(t, f) * c.share / 100
		before := liveHeap()
		r := &weighed{File: f, size: fileSize(t, f)}
		tr, err := capture.Read(r, capture.KeepNothing(capture.Options{}))
		if err != nil {
			t.Fatal(err)
		}
		kept := liveHeap() - before
		if n := tr.NumConnections(); n < c.n {
			t.Errorf("%s: %d connections, want %d or more", c.name, n, c.n)
		}
		const window = 3 << 20 // the part of the file that is being read, and connections that go on
		if got := r.live - before - window; got > limit {
			t.Errorf("%s: %d bytes when all packets have been read, want %d at most", c.name, got, limit)
		}
		if kept > limit {
			t.Errorf("%s: %d bytes in the Capture, want %d at most", c.name, kept, limit)
		}
		t.Logf("%s: file %d, kept %d, live %d, limit %d", c.name, r.size, kept, r.live-before, limit)
		f.Close()
	}
}

// A session takes room while it is looked at, and none when it is let go: long lines
// do not stay for the sake of the short ones that stand where they did.
func TestSessionsAreLetGo(t *testing.T) {
	const sessions, size, most = 300, 50_000, 1 << 20
	f := forge.New()
	x := f.Login()
	x.Ask("SITE "+strings.Repeat("x", size), "200 ok")
	x.Quit()
	file := filepath.Join(t.TempDir(), "capture.pcap")
	writeClients(t, file, sessions, f.Frames)
	tr, err := capture.Open(file, capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	before, seen := liveHeap(), 0
	for s := range tr.Sessions() {
		if seen++; len(s.Exchanges) == 0 || seen < sessions {
			continue
		}
		if grown := liveHeap() - before; grown > most {
			t.Errorf("the last of %d sessions keeps %d bytes, want %d at most", sessions, grown, most)
		}
	}
	if seen != sessions {
		t.Errorf("got %d sessions, want %d", seen, sessions)
	}
}

func TestJSONOfALongSession(t *testing.T) {
	writeLongSessions(t, func(w io.Writer, t *capture.Capture) error { return text.JSON(w, "x.pcap", t) })
}

// writeLongSessions lets a long session be written, and fails if the whole of it is in
// memory while that is done: also if it never happens that all commands are answered.
func writeLongSessions(t *testing.T, write func(io.Writer, *capture.Capture) error) {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: large captures")
	}
	for name, speak := range map[string]func(x forge.Session, i int){
		"question and answer": func(x forge.Session, _ int) { x.Ask("NOOP", "200 ok") },
		"one answer missing": func(x forge.Session, i int) {
			if i == 0 {
				x.Client.Send("NOOP\r\n")
			}
			x.Ask("NOOP", "200 ok")
		},
		"one command ahead": func(x forge.Session, i int) {
			if x.Client.Send("NOOP\r\n"); i > 0 {
				x.Server.Send("200 ok\r\n")
			}
		},
		"the client alone": func(x forge.Session, _ int) { x.Client.Send("NOOP\r\n") },
		"empty lines":      func(x forge.Session, _ int) { x.Ask("NOOP", "", "200 ok") },
	} {
		writeLongSession(t, name, speak, write)
	}
}

func writeLongSession(t *testing.T, name string, speak func(forge.Session, int), write func(io.Writer, *capture.Capture) error) {
	t.Helper()
	const commands = 20_000
	const most = 180 * commands // bytes; a ftp.Session takes more than twice as many
	f := forge.New()
	x := f.Login()
	for i := range commands {
		speak(x, i)
	}
	tr := read(t, f.PCAP())
	f, x = nil, forge.Session{}
	before := liveHeap()
	w := &weigher{every: commands * 10}
	if err := write(w, tr); err != nil {
		t.Fatal(err)
	}
	if w.times < 3 {
		t.Errorf("%s: weighed %d times, want more", name, w.times)
	}
	if grown := w.most - before; grown > most {
		t.Errorf("%s: writing takes %d bytes, want %d at most", name, grown, most)
	}
}

// A weigher weighs what is alive each time that so many bytes more have been written.
type weigher struct {
	every, written, times int
	most                  int64
}

func (w *weigher) Write(b []byte) (int, error) {
	if w.written += len(b); w.written > w.every {
		w.written, w.times = 0, w.times+1
		w.most = max(w.most, liveHeap())
	}
	return len(b), nil
}

func fileSize(t *testing.T, f *os.File) int64 {
	t.Helper()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// liveHeap is how many bytes are reachable.
func liveHeap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// A weighed file weighs what is alive when it has been read to its end.
type weighed struct {
	*os.File
	size, live int64
}

func (r *weighed) ReadAt(b []byte, at int64) (int, error) {
	n, err := r.File.ReadAt(b, at)
	if at+int64(n) == r.size {
		r.live = max(r.live, liveHeap())
	}
	return n, err
}

// writeSYNs writes SYNs of a client each.
func writeSYNs(t testing.TB, name string, n int) {
	f := forge.New()
	client, _ := f.Pair(forge.Client+":3171", forge.Server+":21")
	client.SegmentAt(0, "S", "")
	writeClients(t, name, n, f.Frames)
}

// writeProbes writes connections of a client each, closed as soon as they are open.
func writeProbes(t testing.TB, name string, n int) {
	f := forge.New()
	client, _ := f.Dial(forge.Client+":3171", forge.Server+":80")
	client.Close()
	writeClients(t, name, n, f.Frames)
}

// writeGreetings writes sessions of one command, which nobody answers.
func writeGreetings(t testing.TB, name string, n int) {
	f := forge.New()
	client, server := f.Dial(forge.Client+":3171", forge.Server+":21")
	server.Send("220 x\r\n")
	client.Send("USER a\r\n")
	writeClients(t, name, n, f.Frames)
}

// writePages writes downloads of a client each, from a server that is none of FTP, which
// are just too small for a look at whether they are.
func writePages(t testing.TB, name string, n int) { writeDownloads(t, name, n, 4<<10-100) }

// writeLongPages writes the same, but they are just large enough.
func writeLongPages(t testing.TB, name string, n int) { writeDownloads(t, name, n, 4<<10) }

func writeDownloads(t testing.TB, name string, n, size int) {
	f := forge.New()
	f.MSS = 1400
	client, server := f.Dial(forge.Client+":3171", forge.Server+":80")
	client.Send("GET / HTTP/1.0\r\n\r\n")
	server.Send(strings.Repeat("x", size))
	server.Close()
	writeClients(t, name, n, f.Frames)
}

// writeChats writes sessions of many packets.
func writeChats(t testing.TB, name string, n int) {
	f := forge.New()
	x := f.Login()
	for range 20 {
		x.Ask("NOOP", "200 ok")
	}
	x.Quit()
	writeClients(t, name, n, f.Frames)
}

// writeRefused writes SYNs of a client each, answered by a RST.
func writeRefused(t testing.TB, name string, n int) {
	f := forge.New()
	client, server := f.Pair(forge.Client+":3171", forge.Server+":21")
	client.SegmentAt(0, "S", "")
	client.Seq++
	server.SegmentAt(0, "R.", "")
	writeClients(t, name, n, f.Frames)
}
