package trace

import (
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/google/gopacket/layers"
)

// What a connection costs is bounded: while the capture is being read, and in the
// Trace that comes of it. A capture may hold a million SYNs that nobody answers, and
// ten thousand sessions, and reading it must not take more memory than the file and
// 64 MiB.
func TestMemory(t *testing.T) {
	for _, c := range []struct {
		name  string
		n     int
		limit int64 // bytes for each
		write func(t testing.TB, name string, n int)
	}{
		{"lone SYNs", 50_000, 45, writeSYNs}, // which take 70 bytes in the file, too
		{"refused SYNs", 50_000, 70, writeRefused},
		{"connections without data", 20_000, 180, writeProbes},
		{"sessions", 2_000, 4_100, writeSessions},
	} {
		file := filepath.Join(t.TempDir(), "capture.pcap")
		c.write(t, file, c.n)
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		before := liveHeap()
		r := &weighed{Reader: f}
		tr, err := Read(r, Options{})
		if err != nil {
			t.Fatal(err)
		}
		kept := liveHeap() - before
		if n := tr.NumConnections(); n < c.n {
			t.Errorf("%s: %d connections, want %d or more", c.name, n, c.n)
		}
		const window = 3 << 20 // the part of the file that is being read, and the desk
		if got := (r.live - before - window) / int64(c.n); got > c.limit {
			t.Errorf("%s: %d bytes for each when all packets have been read, want %d at most", c.name, got, c.limit)
		}
		if got := kept / int64(c.n); got > c.limit {
			t.Errorf("%s: %d bytes for each in the Trace, want %d at most", c.name, got, c.limit)
		}
		f.Close()
	}
}

// liveHeap is how many bytes are reachable.
func liveHeap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// A weighed reader weighs what is alive when the file has come to its end.
type weighed struct {
	io.Reader
	live int64
}

func (r *weighed) Read(b []byte) (int, error) {
	n, err := r.Reader.Read(b)
	if err == io.EOF {
		r.live = liveHeap()
	}
	return n, err
}

// writeSYNs writes SYNs of a client each.
func writeSYNs(t testing.TB, name string, n int) {
	f := newForge(t)
	client, _ := f.pair(clientIP+":3171", serverIP+":21")
	client.segment(plainSYN(), "")
	writeClients(t, name, n, f.packets)
}

// writeProbes writes connections of a client each, closed as soon as they are open.
func writeProbes(t testing.TB, name string, n int) {
	f := newForge(t)
	client, _ := f.dial(clientIP+":3171", serverIP+":80")
	client.close()
	writeClients(t, name, n, f.packets)
}

// writeRefused writes SYNs of a client each, answered by a RST.
func writeRefused(t testing.TB, name string, n int) {
	f := newForge(t)
	client, server := f.pair(clientIP+":3171", serverIP+":21")
	client.segment(plainSYN(), "")
	client.seq++
	server.segment(&layers.TCP{RST: true, ACK: true}, "")
	writeClients(t, name, n, f.packets)
}
