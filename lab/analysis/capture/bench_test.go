package capture_test

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/report/text"
	"ftplab/lab/internal/forge"
)

// BenchmarkTransfer reads a capture of one transfer of 1 GiB, as explain --json
// --no-hash does, and puts the time beside those of tcptrace and tshark for the
// same file in the same run: "x-tcptrace" and "x-tshark" say how many times
// faster we are. With "x-hash" it states what the SHA-256 adds, in units of what
// hashing the bytes alone takes. It also reports the peak of the heap.
func BenchmarkTransfer(b *testing.B) {
	file := filepath.Join(b.TempDir(), "transfer.pcap")
	size := writeTransfer(b, file, 1<<30)
	b.SetBytes(size)
	for b.Loop() {
		explain(b, file, capture.Options{NoHash: true})
	}
	ours := b.Elapsed() / time.Duration(b.N)
	b.ReportMetric(peakHeap(b, file)/(1<<20), "MiB-heap")
	b.ReportMetric(float64(timed(func() { explain(b, file, capture.Options{}) })-ours)/float64(timed(func() { hashAlone(b, 1<<30) })), "x-hash")
	beside(b, ours, "tcptrace", "-n", "-l", file)
	beside(b, ours, "tshark", "-q", "-z", "conv,tcp", "-r", file)
}

// beside reports as "x-" and its name how many times longer a program takes. tcptrace prints
// the facts of each connection with -l; without -n it would wait for the names of addresses.
func beside(b *testing.B, ours time.Duration, name string, args ...string) {
	b.Helper()
	if _, err := exec.LookPath(name); err != nil {
		b.Logf("%s is not installed: no ratio to it (apt install %s)", name, name)
		return
	}
	theirs := timed(func() {
		if err := exec.Command(name, args...).Run(); err != nil {
			b.Fatalf("%s: %v", name, err)
		}
	})
	b.ReportMetric(float64(theirs)/float64(ours), "x-"+name)
}

// BenchmarkSessions reads 10,000 small sessions and twice as many: "x-double" is
// how much longer the second takes, and "x-tcptrace" how much longer tcptrace takes for the first.
func BenchmarkSessions(b *testing.B) {
	var once, twice time.Duration
	files := [2]string{filepath.Join(b.TempDir(), "10k.pcap"), filepath.Join(b.TempDir(), "20k.pcap")}
	writeSessions(b, files[0], 10_000)
	writeSessions(b, files[1], 20_000)
	for b.Loop() {
		once += timed(func() { explain(b, files[0], capture.Options{}) })
		twice += timed(func() { explain(b, files[1], capture.Options{}) })
	}
	b.ReportMetric(float64(twice)/float64(once), "x-double")
	beside(b, once/time.Duration(b.N), "tcptrace", "-n", "-l", files[0])
}

func timed(f func()) time.Duration {
	begin := time.Now()
	f()
	return time.Since(begin)
}

func explain(b *testing.B, file string, opts capture.Options) {
	b.Helper()
	t, err := capture.Open(file, opts)
	if err != nil {
		b.Fatal(err)
	}
	if err := text.JSON(io.Discard, "x.pcap", t); err != nil {
		b.Fatal(err)
	}
}

// peakHeap is the most that the heap holds while a capture is read, in bytes.
func peakHeap(b *testing.B, file string) float64 {
	runtime.GC()
	done := make(chan bool)
	peak := make(chan uint64)
	go func() {
		var most uint64
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapInuse)
			select {
			case <-done:
				peak <- most
				return
			case <-time.After(time.Millisecond):
			}
		}
	}()
	explain(b, file, capture.Options{})
	close(done)
	return float64(<-peak)
}

// hashAlone hashes as many bytes as a transfer has.
func hashAlone(b *testing.B, bytes int) {
	h := sha256.New()
	chunk := make([]byte, 1460)
	for range bytes / len(chunk) {
		h.Write(chunk)
	}
	h.Sum(nil)
}

// A capturer writes packets of one size and kind fast.
type capturer struct {
	w     *bufio.Writer
	stamp uint64
	size  int64
}

func create(b testing.TB, name string) (*capturer, func()) {
	b.Helper()
	f, err := os.Create(name)
	if err != nil {
		b.Fatal(err)
	}
	c := &capturer{w: bufio.NewWriterSize(f, 1<<20)}
	c.write(classic(little, 0xa1b23c4d, 1, 0)(linkEthernet, nil))
	return c, func() {
		if err := c.w.Flush(); err != nil {
			b.Fatal(err)
		}
		f.Close()
	}
}

func (c *capturer) write(data []byte) {
	n, _ := c.w.Write(data) // Flush tells of errors
	c.size += int64(n)
}

func (c *capturer) packet(data []byte) {
	c.stamp += 12_000
	var h [16]byte
	little.PutUint32(h[:], uint32(c.stamp/1e9))
	little.PutUint32(h[4:], uint32(c.stamp%1e9))
	little.PutUint32(h[8:], uint32(len(data)))
	little.PutUint32(h[12:], uint32(len(data)))
	c.write(h[:])
	c.write(data)
}

func (c *capturer) forged(packets []forge.Frame) {
	for _, p := range packets {
		c.packet(p.Data)
	}
}

// writeTransfer writes a session with one download of the given size, in
// segments of 1460 bytes with an ACK for every 36, and returns the file's size.
func writeTransfer(b testing.TB, name string, bytes int) int64 {
	c, done := create(b, name)
	defer done()
	f := forge.New()
	x := f.Login()
	x.Ask("PASV", "227 Entering Passive Mode (192,0,2,21,14,84).")
	client, server := f.Dial(forge.Client+":24626", forge.Server+":3668")
	x.Ask("RETR big", "150 Here it comes.")
	c.forged(f.Frames)
	f.Frames = nil
	server.SegmentAt(0, "P.", strings.Repeat("g", 1460))
	client.ACK()
	data, ack := f.Frames[0].Data, f.Frames[1].Data
	f.Frames = nil
	for sent, n := 0, 1; sent < bytes; n++ {
		length := min(1460, bytes-sent)
		binary.BigEndian.PutUint16(data[16:], uint16(40+length))
		binary.BigEndian.PutUint32(data[38:], server.Seq)
		c.packet(data[:54+length])
		sent += length
		server.Seq += uint32(length)
		if n%36 == 0 {
			binary.BigEndian.PutUint32(ack[42:], server.Seq)
			c.packet(ack)
		}
	}
	server.Close()
	x.Server.Send("226 Done.\r\n")
	x.Quit()
	c.forged(f.Frames)
	return c.size
}

// writeSessions writes sessions with a transfer each, one after the other.
func writeSessions(b testing.TB, name string, sessions int) {
	f := forge.New()
	x := f.Login()
	x.Ask("PASV", "227 Entering Passive Mode (192,0,2,21,14,84).")
	_, server := f.Dial(forge.Client+":24626", forge.Server+":3668")
	x.Ask("RETR file", "150 Here it comes.")
	server.Send(strings.Repeat("z", 300))
	server.Close()
	x.Server.Send("226 Done.\r\n")
	x.Quit()
	writeClients(b, name, sessions, f.Frames)
}

// writeClients writes packets n times, each time of another client.
func writeClients(b testing.TB, name string, n int, packets []forge.Frame) {
	c, done := create(b, name)
	defer done()
	for i := range n {
		for _, p := range packets {
			at := 26 // the source address
			if p.Data[at] == 192 {
				at = 30
			}
			binary.BigEndian.PutUint16(p.Data[at+2:], uint16(i))
			p.Data[at+1] = byte(i >> 16)
			c.packet(p.Data)
		}
	}
}
