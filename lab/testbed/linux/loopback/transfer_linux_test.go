package loopback

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
	"golang.org/x/sys/unix"

	"ftplab/lab/testbed/cell"
	"ftplab/lab/testbed/cell/celltest"
	"ftplab/lab/testbed/content"
	"ftplab/lab/testbed/network"
)

// A transferResult is what the cell of a transfer says of it.
type transferResult struct {
	Seconds float64 // from the first byte to the end of file
	Total   float64 // and until all was recorded
	Lost    int     // frames, as the recorder says
}

// transfer sends Size bytes from the server's port 20 to the client, recorded
// by Recorder: "" is nobody, "ftplab" is this package, else the name of a program.
func transfer(ctx context.Context, c *cell.Cell, job testJob) error {
	var result transferResult
	hosts := make(map[string]*network.Machine)
	for _, h := range job.Plan.Hosts {
		hosts[h.Name] = network.NewMachine(h)
	}
	stop := func() (written time.Time, err error) { return time.Now(), nil }
	switch job.Recorder {
	case "":
	case "ftplab":
		n, err := open(c, job)
		if err != nil {
			return err
		}
		hosts = n.hosts // which wait for the recorder
		stop = func() (written time.Time, err error) {
			err = n.Close(network.UsualSilence)
			result.Lost = int(n.Stats().Dropped)
			return time.Now(), err
		}
	default:
		r, err := startProgram(job.Recorder, c.Files[0])
		if err != nil {
			return err
		}
		stop = func() (written time.Time, err error) {
			if written, err = lastWrite(c.Files[0]); err == nil {
				result.Lost, err = r.stop()
			}
			return written, err
		}
	}
	if job.Recorder != "ftplab" { // which does so itself
		settle(job.Plan.Volume)
		if err := pin(); err != nil {
			return err
		}
	}
	seconds, err := send(ctx, hosts["server"], hosts["client"], job)
	if err != nil {
		return err
	}
	result.Seconds = seconds
	ended := time.Now()
	written, err := stop()
	if err != nil {
		return err
	}
	result.Total = seconds + max(0, written.Sub(ended)).Seconds()
	return c.Send(result)
}

// send sends Size bytes and returns how long that took. With Checked they are
// generated and compared as those of a scenario are, else they cost nothing.
func send(ctx context.Context, from, to *network.Machine, job testJob) (seconds float64, err error) {
	var source io.Reader = io.LimitReader(newNoise(), job.Size)
	var digest hash.Hash
	if job.Checked {
		source, digest = content.New(1, job.Size), sha256.New()
	}
	l, err := from.ListenTCP(20)
	if err != nil {
		return 0, err
	}
	defer l.Close()
	sent := make(chan error, 1)
	go func() {
		conn, err := l.Accept()
		if err == nil {
			_, err = io.CopyBuffer(plainWriter{conn}, plainReader{source}, make([]byte, 64<<10))
			conn.Close()
		}
		sent <- err
	}()
	conn, err := to.DialTCP(ctx, 0, netip.AddrPortFrom(from.Addr(), 20))
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	began := time.Now()
	var sink io.Writer = plainWriter{io.Discard}
	if job.Checked {
		sink = digest
	}
	got, err := io.CopyBuffer(sink, plainReader{conn}, make([]byte, 64<<10))
	if err != nil || got != job.Size {
		return 0, fmt.Errorf("got %d bytes, want %d: %w", got, job.Size, err)
	}
	seconds = time.Since(began).Seconds()
	return seconds, <-sent
}

// plain reads and writes keep io.Copy from ways of its own.
type (
	plainReader struct{ io.Reader }
	plainWriter struct{ io.Writer }
)

// noise is an endless file that costs next to nothing to read, and in which no
// stretch of a MiB is like another.
type noise struct {
	page  []byte
	pages uint64
	left  []byte
}

func newNoise() *noise {
	n := &noise{page: make([]byte, 1<<20)}
	rand.NewChaCha8([32]byte{}).Read(n.page)
	return n
}

func (n *noise) Read(b []byte) (int, error) {
	if len(n.left) == 0 {
		binary.BigEndian.PutUint64(n.page, n.pages)
		n.left = n.page
		n.pages++
	}
	count := copy(b, n.left)
	n.left = n.left[count:]
	return count, nil
}

// A program records instead of us.
type program struct {
	name   string
	cmd    *exec.Cmd
	output bytes.Buffer  // what it has said
	silent chan struct{} // closed when it has said all
}

// startProgram starts tcpdump or dumpcap and returns when it listens.
func startProgram(name string, file *os.File) (*program, error) {
	args := map[string][]string{
		"tcpdump": {"-i", "lo", "-s", "0", "-B", "262144", "-Z", "root", "-w", "-"},
		"dumpcap": {"-i", "lo", "-q", "-B", "256", "-w", file.Name()},
	}[name]
	p := &program{name: name, cmd: exec.Command(name, args...), silent: make(chan struct{})}
	p.cmd.Stdout = file
	said, err := p.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := startUnhindered(p.cmd); err != nil {
		return nil, err
	}
	ready := make(chan error, 1)
	go func() {
		defer close(p.silent)
		one := make([]byte, 1)
		for !bytes.Contains(p.output.Bytes(), []byte("istening on")) && !bytes.Contains(p.output.Bytes(), []byte("File:")) {
			if _, err := said.Read(one); err != nil {
				ready <- fmt.Errorf("%s: %s", name, &p.output)
				return
			}
			p.output.Write(one)
		}
		ready <- nil
		io.Copy(&p.output, said)
	}()
	return p, <-ready
}

// startUnhindered starts a program for which setgroups(2) seems to succeed:
// tcpdump insists on it before it works as root, and a user namespace forbids it.
func startUnhindered(cmd *exec.Cmd) error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // ends with the thread, which keeps the filter
		filter := []unix.SockFilter{
			{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}, // the system call's number
			{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.SYS_SETGROUPS, Jf: 1},
			{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO}, // errno 0
			{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
		}
		program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
		err := unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&program)), 0, 0)
		if err == nil {
			err = cmd.Start()
		}
		started <- err
	}()
	return <-started
}

// lastWrite waits until a program has written what it saw, and returns when that
// was. None says so: it is taken to be done when its file stands still for two
// seconds, as tcpdump lets one go by before it looks at the last frames.
func lastWrite(file *os.File) (time.Time, error) {
	for {
		info, err := file.Stat()
		if err != nil {
			return time.Time{}, err
		}
		if at := info.ModTime(); time.Since(at) > 2*time.Second {
			return at, nil
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// stop ends the program and returns the number of frames that it lost.
func (p *program) stop() (lost int, err error) {
	p.cmd.Process.Signal(os.Interrupt)
	<-p.silent
	p.cmd.Wait()
	said := p.output.String()
	for line := range strings.Lines(said) {
		switch {
		case strings.Contains(line, "dropped by kernel"):
			_, err = fmt.Sscanf(line, "%d packets dropped by kernel", &lost)
			return lost, err
		case strings.HasPrefix(line, "Packets received/dropped on interface"):
			var got int
			_, err = fmt.Sscanf(line[strings.Index(line, "': ")+3:], "%d/%d", &got, &lost)
			return lost, err
		}
	}
	return 0, fmt.Errorf("%s does not say what it lost: %s", p.name, said)
}

// runTransfer runs a transfer and returns its capture's path.
func runTransfer(t testing.TB, job testJob) (path string, result transferResult) {
	t.Helper()
	job.Body, job.Plan = "transfer", plan("127.0.0.1")
	job.Plan.Volume = job.Size
	path, messages := run(t, job)
	if err := json.Unmarshal([]byte(messages[0]), &result); err != nil {
		t.Fatal(err)
	}
	return path, result
}

func TestALargeTransferIsRecordedWhole(t *testing.T) {
	celltest.Need(t)
	const size = 1 << 30
	path, result := runTransfer(t, testJob{Recorder: "ftplab", Size: size})
	defer os.Remove(path)
	if result.Lost != 0 {
		t.Errorf("%d frames were lost", result.Lost)
	}
	if length := streamOf(t, path, 20); length != size {
		t.Errorf("the capture holds a stream of %d bytes, want %d", length, size)
	}
}

// streamOf reads what was sent from a port, which is noise, whole and in order, from a capture.
func streamOf(t *testing.T, path string, port layers.TCPPort) (length int64) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r, err := pcapgo.NewNgReader(file, pcapgo.DefaultNgReaderOptions)
	if err != nil {
		t.Fatal(err)
	}
	var ip layers.IPv4
	var tcp layers.TCP
	var decoded []gopacket.LayerType
	decoder := gopacket.NewDecodingLayerParser(layers.LayerTypeEthernet, &layers.Ethernet{}, &ip, &tcp)
	decoder.IgnoreUnsupported = true
	want, sent := make([]byte, 64<<10), newNoise()
	var next uint32
	for {
		data, info, err := r.ZeroCopyReadPacketData()
		if err == io.EOF {
			return length
		}
		if err != nil {
			t.Fatal(err)
		}
		if info.CaptureLength != info.Length {
			t.Fatalf("a frame of %d bytes was cut to %d", info.Length, info.CaptureLength)
		}
		if err := decoder.DecodeLayers(data, &decoded); err != nil {
			t.Fatal(err)
		}
		switch {
		case tcp.SrcPort != port:
		case tcp.SYN:
			next = tcp.Seq + 1
		case len(tcp.Payload) > 0:
			if tcp.Seq != next {
				t.Fatalf("a segment at %d, want one at %d", tcp.Seq, next)
			}
			next += uint32(len(tcp.Payload))
			io.ReadFull(sent, want[:len(tcp.Payload)])
			if !bytes.Equal(tcp.Payload, want[:len(tcp.Payload)]) {
				t.Fatalf("the segment at byte %d of the stream has other bytes than those that were sent", length)
			}
			length += int64(len(tcp.Payload))
		}
	}
}

// BenchmarkRecording compares what a transfer of 1 GiB reaches recorded, by us
// and by others, with what it reaches when nobody looks: as fast as can be, and
// as a scenario does it, which generates and checks what it transfers. A ratio
// of somebody who loses frames is that of somebody who does less.
func BenchmarkRecording(b *testing.B) {
	b.Run("raw", func(b *testing.B) { compareRecorders(b, testJob{Size: 1 << 30}) })
	b.Run("checked", func(b *testing.B) { compareRecorders(b, testJob{Size: 1 << 30, Checked: true}) })
}

func compareRecorders(b *testing.B, job testJob) {
	recorders := []string{"", "ftplab"}
	for _, name := range []string{"tcpdump", "dumpcap"} {
		if _, err := exec.LookPath(name); err == nil {
			recorders = append(recorders, name)
		}
	}
	seconds := make(map[string]float64)
	lost := make(map[string]int)
	for b.Loop() {
		for _, job.Recorder = range recorders {
			path, result := runTransfer(b, job)
			os.Remove(path)
			seconds[job.Recorder] += result.Seconds
			lost[job.Recorder] += result.Lost
			b.Logf("%8s: %.3f s, %.3f s to the end, %d lost", job.Recorder, result.Seconds, result.Total, result.Lost)
		}
	}
	for _, name := range recorders[1:] {
		b.ReportMetric(seconds[""]/seconds[name], name+"/unrecorded")
		b.ReportMetric(float64(lost[name])/float64(b.N), name+"-lost")
	}
	b.ReportMetric(float64(b.N)*float64(job.Size)/1e9/seconds["ftplab"], "GB/s")
}
