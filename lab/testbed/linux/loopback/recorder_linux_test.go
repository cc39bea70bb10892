package loopback

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/gopacket/pcapgo"
	"golang.org/x/sys/unix"

	"ftplab/lab/pcapng"
	"ftplab/lab/scenario"
	"ftplab/lab/testbed/cell"
	"ftplab/lab/testbed/cell/celltest"
	"ftplab/lab/testbed/network"
)

// fillDisk records to a disk of 1 MiB, and hands the parent what is on it.
func fillDisk(ctx context.Context, c *cell.Cell, job testJob) error {
	small, err := smallDisk(1 << 20)
	if err != nil {
		return err
	}
	defer small.Close()
	w, err := pcapng.NewWriter(small, pcapng.PCAPNG, pcapng.Info{Interface: "lo"})
	if err != nil {
		return err
	}
	failed := make(chan error, 1)
	n, err := Open(job.Plan, Recording{Writer: w, Failed: func(err error) { failed <- err }})
	if err != nil {
		return err
	}
	if _, err := send(ctx, n.hosts["server"], n.hosts["client"], job); err != nil {
		return err
	}
	err = n.Close(network.UsualSilence)
	if err == nil || !errors.Is(err, unix.ENOSPC) || !strings.Contains(err.Error(), fmt.Sprintf("the capture ends with frame %d", w.Frames())) {
		return fmt.Errorf("closing with a full disk: got error %v, want that, and with which frame it ends", err)
	}
	if told := <-failed; told == nil || !strings.Contains(err.Error(), told.Error()) {
		return fmt.Errorf("the session was told %q, want what Close returned, %q", told, err)
	}
	c.Send(w.Frames())
	small.Seek(0, io.SeekStart)
	_, err = io.Copy(c.Files[0], small)
	return err
}

// smallDisk makes a file on a disk with that much space, which only this has.
func smallDisk(size int) (file *os.File, err error) {
	done := make(chan error)
	go func() {
		done <- func() error {
			// Only what is opened on this thread is on the disk. It ends here.
			runtime.LockOSThread()
			if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
				return err
			}
			if err := unix.Mount("small", "/tmp", "tmpfs", 0, fmt.Sprintf("size=%d", size)); err != nil {
				return err
			}
			file, err = os.Create("/tmp/capture.pcapng")
			return err
		}()
	}()
	return file, <-done
}

func TestAFullDiskIsOneErrorAndLeavesWholeFrames(t *testing.T) {
	celltest.Need(t)
	path, messages := run(t, testJob{Body: "fill disk", Plan: plan("127.0.0.1"), Size: 8 << 20})
	want, _ := strconv.Atoi(messages[0])
	got, err := countFrames(path)
	if err != nil || got != want || got < 10 {
		t.Errorf("read %d frames, %v, want the %d that were said to be there", got, err, want)
	}
}

// countFrames reads a capture to its end.
func countFrames(path string) (frames int, err error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	r, err := pcapgo.NewNgReader(file, pcapgo.DefaultNgReaderOptions)
	if err != nil {
		return 0, err
	}
	for {
		if _, _, err := r.ZeroCopyReadPacketData(); err == io.EOF {
			return frames, nil
		} else if err != nil {
			return frames, err
		}
		frames++
	}
}

// speakOnce connects client and server, and waits for the end of the job's
// second file before it goes on.
func speakOnce(ctx context.Context, c *cell.Cell, job testJob) error {
	failed := make(chan error, 1)
	w, err := pcapng.NewWriter(c.Files[0], pcapng.PCAPNG, pcapng.Info{Interface: "lo"})
	if err != nil {
		return err
	}
	n, err := Open(job.Plan, Recording{Writer: w, Failed: func(err error) { failed <- err }})
	if err != nil {
		return err
	}
	small := job
	small.Size = 100
	if _, err := send(ctx, n.hosts["server"], n.hosts["client"], small); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, c.Files[1]); err != nil {
		return err
	}
	if _, err := send(ctx, n.hosts["server"], n.hosts["client"], job); err != nil {
		return err
	}
	if job.Size > 1<<20 { // the reader is gone
		if err := <-failed; !errors.Is(err, unix.EPIPE) {
			return fmt.Errorf("the session was told %v, want that the pipe is broken", err)
		}
	}
	return n.Close(network.UsualSilence)
}

// runLive runs speakOnce with a pipe for its capture, of which watch reads.
func runLive(t *testing.T, size int64, watch func(live io.ReadCloser, goOn func())) error {
	t.Helper()
	live, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	goOnIn, goOn, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer goOnIn.Close()
	live.SetReadDeadline(time.Now().Add(time.Minute)) // a failure instead of a hang
	watched := make(chan bool)
	go func() {
		watch(live, func() { goOn.Close() })
		live.Close()
		goOn.Close()
		close(watched)
	}()
	err = cell.Run(context.Background(), cell.Job{
		Spec:  testJob{Body: "speak once", Plan: plan("127.0.0.1"), Size: size},
		Files: []*os.File{out, goOnIn},
	})
	out.Close()
	<-watched
	return err
}

func TestFramesAreSeenWhileTheSessionLasts(t *testing.T) {
	celltest.Need(t)
	err := runLive(t, 100, func(live io.ReadCloser, goOn func()) {
		r, err := pcapgo.NewNgReader(live, pcapgo.DefaultNgReaderOptions)
		if err != nil {
			t.Errorf("reading along: %v", err)
			return
		}
		frames := 0
		for ; err == nil; frames++ {
			if frames == 3 { // the session waits until its first frames are seen
				goOn()
			}
			_, _, err = r.ReadPacketData()
		}
		if err != io.EOF || frames < 15 {
			t.Errorf("read %d frames, and then %v, want the session to its end", frames, err)
		}
	})
	if err != nil {
		t.Error(err)
	}
}

func TestAReaderThatGoesAwayIsOneError(t *testing.T) {
	celltest.Need(t)
	err := runLive(t, 4<<20, func(live io.ReadCloser, goOn func()) {
		io.ReadFull(live, make([]byte, 100))
		live.Close()
		goOn()
	})
	if err == nil || !strings.HasPrefix(err.Error(), "capture: the reader of |1 is gone, after frame ") || strings.Contains(err.Error(), "\n") {
		t.Errorf("got error %v, want one that says that the reader is gone", err)
	}
}

// leaveOpen forgets a connection.
func leaveOpen(ctx context.Context, c *cell.Cell, job testJob) error {
	n, err := open(c, job)
	if err != nil {
		return err
	}
	server := n.Host("server")
	l, err := server.ListenTCP(21)
	if err != nil {
		return err
	}
	conn, err := n.Host("client").DialTCP(ctx, 4000, netip.AddrPortFrom(server.Addr(), 21))
	if err != nil {
		return err
	}
	accepted, err := l.Accept()
	if err != nil {
		return err
	}
	accepted.Close()
	err = n.Close(network.UsualSilence)
	want := "loopback: connections that were not closed: 127.0.0.1:21 to 127.0.0.1:4000 in FIN-WAIT-2, 127.0.0.1:4000 to 127.0.0.1:21 in CLOSE-WAIT"
	if err == nil || err.Error() != want {
		return fmt.Errorf("got error %v, want %s", err, want)
	}
	conn.Close()
	return nil
}

func TestAConnectionThatNobodyClosesIsAnError(t *testing.T) {
	celltest.Need(t)
	path, _ := run(t, testJob{Body: "leave open", Plan: plan("127.0.0.1")})
	if got, err := countFrames(path); got != 5 || err != nil {
		t.Errorf("got %d frames, %v, want the 5 that there were", got, err)
	}
}

// TestACellKilledLeavesACaptureToRepair kills cells while they transfer.
func TestACellKilledLeavesACaptureToRepair(t *testing.T) {
	celltest.Need(t)
	folder := t.TempDir()
	step := 1
	if testing.Short() {
		step = 5
	}
	for i := 0; i < 20; i += step {
		path := filepath.Join(folder, strconv.Itoa(i))
		file, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		err = cell.Run(context.Background(), cell.Job{
			Spec:  testJob{Body: "transfer and tell", Plan: plan("127.0.0.1"), Size: 1 << 30},
			Files: []*os.File{file},
			Message: func(m json.RawMessage) {
				pid, _ := strconv.Atoi(string(m))
				time.Sleep(time.Duration(i) * 2 * time.Millisecond) // so that some end in the middle of a block
				syscall.Kill(pid, syscall.SIGKILL)
			},
		})
		file.Close()
		if err == nil {
			t.Fatal("got no error from a cell that was killed")
		}
		if err := pcapng.Repair(path); err != nil {
			t.Fatal(err)
		}
		if frames, err := countFrames(path); err != nil {
			t.Errorf("killed after %d ms: after %d frames: %v", 2*i, frames, err)
		}
		os.Remove(path)
	}
}

// transferAndTell transfers, and first tells the parent whom to kill.
func transferAndTell(ctx context.Context, c *cell.Cell, job testJob) error {
	n, err := open(c, job)
	if err != nil {
		return err
	}
	self, err := os.Readlink("/proc/self")
	if err != nil {
		return err
	}
	pid, _ := strconv.Atoi(self)
	c.Send(pid)
	if _, err := send(ctx, n.hosts["server"], n.hosts["client"], job); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// TestSendersWaitWhenTheDiskStands records to a pipe whose reader rests.
func TestSendersWaitWhenTheDiskStands(t *testing.T) {
	celltest.Need(t)
	if testing.Short() {
		t.Skip("it takes seconds")
	}
	live, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "capture.pcapng")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	copied := make(chan error)
	go func() {
		_, err := io.CopyN(file, live, 32<<20)
		time.Sleep(time.Second) // in which lo would carry GBs
		if err == nil {
			_, err = io.Copy(file, live)
		}
		copied <- err
	}()
	job := testJob{Body: "transfer", Plan: plan("127.0.0.1"), Size: 600 << 20, Recorder: "ftplab"}
	job.Plan.Volume = job.Size
	err = cell.Run(context.Background(), cell.Job{Spec: job, Files: []*os.File{out}})
	out.Close()
	if err := errors.Join(err, <-copied); err != nil {
		t.Fatal(err)
	}
	if length := streamOf(t, path, 20); length != job.Size {
		t.Errorf("the capture holds %d bytes of the stream, want %d", length, job.Size)
	}
}

// dialAgain opens connections from one port, one after the other.
func dialAgain(ctx context.Context, c *cell.Cell, job testJob) error {
	n, err := open(c, job)
	if err != nil {
		return err
	}
	client, server := n.Host("client"), n.Host("server")
	for range 3 {
		port, err := client.NextPort()
		if err != nil {
			return err
		}
		l, err := client.ListenTCP(port)
		if err != nil {
			return err
		}
		conn, err := server.DialTCP(ctx, 20, netip.MustParseAddrPort(l.Addr().String()))
		if err != nil {
			return err
		}
		accepted, err := l.Accept()
		if err != nil {
			return err
		}
		conn.Close() // first: so port 20 is in TIME-WAIT
		accepted.Read(make([]byte, 1))
		accepted.Close()
		l.Close()
	}
	return n.Close(network.UsualSilence)
}

func TestActiveModeUsesItsPortAgain(t *testing.T) {
	celltest.Need(t)
	job := testJob{Body: "dial again", Plan: plan("127.0.0.1")}
	job.Plan.Hosts[0].Ports = []scenario.PortRange{{First: 3170, Last: 3171}, {First: 4000, Last: 4000}}
	path, _ := run(t, job)
	got := tshark(t, path, "-Y", "tcp.flags.syn == 1 && tcp.flags.ack == 0", "-T", "fields", "-e", "tcp.srcport", "-e", "tcp.dstport")
	want := []string{"20\t3170", "20\t3171", "20\t4000"}
	if !slices.Equal(got, want) {
		t.Errorf("got connections %q, want %q", got, want)
	}
}

func TestAnMTUIsKept(t *testing.T) {
	celltest.Need(t)
	job := testJob{Body: "echo", Plan: plan("127.0.0.1"), Size: 100_000}
	job.Plan.MTU = 1500
	path, _ := run(t, job)
	sizes := tshark(t, path, "-Y", "tcp.len > 0", "-T", "fields", "-e", "frame.len")
	full := 0
	for _, size := range sizes {
		if n, _ := strconv.Atoi(size); n == 1514 {
			full++
		} else if n > 1514 {
			t.Fatalf("a frame is %d bytes long, with an MTU of 1500", n)
		}
	}
	if full < 2*100_000/1448/2 {
		t.Errorf("%d frames of %d are full, want most", full, len(sizes))
	}
}
