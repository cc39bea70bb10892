package byhand

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/vishvananda/netlink"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/labtest/optional"
	"ftplab/lab/pcapng"
	"ftplab/lab/scenario"
	"ftplab/lab/testbed/cell"
)

func init() { cell.Init(recordInCell) }

// A recordJob is what a cell records.
type recordJob struct {
	Source string // of the server's scenario
	Late   bool   // the capture is read only after the session
}

// recordInCell records a link between two namespaces, over which a client opens
// and ends a session.
func recordInCell(ctx context.Context, c *cell.Cell) error {
	var job recordJob
	if err := c.Spec(&job); err != nil {
		return err
	}
	far, err := link()
	if err != nil {
		return err
	}
	defer far.Close()
	s, err := scenario.Parse("small.txtar", []byte(job.Source))
	if err != nil {
		return err
	}
	reader := &lateReader{File: c.Files[0]}
	w, err := pcapng.NewWriter(reader, pcapng.PCAPNG, pcapng.Info{Interface: "near"})
	if err != nil {
		return err
	}
	if recorded, err := Recorded("near"); recorded || err != nil {
		return fmt.Errorf("before: got recorded %v, error %v, want neither", recorded, err)
	}
	if job.Late {
		dequeueTimeout, reader.comes = 400*time.Millisecond, make(chan struct{})
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ready, ended := make(chan struct{}), make(chan error, 2)
	go func() { ended <- Record(ctx, "near", w, func() { close(ready) }) }()
	select {
	case <-ready:
	case err := <-ended:
		return err
	}
	if recorded, err := Recorded("near"); !recorded || err != nil {
		return fmt.Errorf("while recording: got recorded %v, error %v, want true", recorded, err)
	}
	serving := make(chan netip.AddrPort, 1)
	serveCtx, stopServing := context.WithCancel(ctx)
	defer stopServing()
	go func() { ended <- Serve(serveCtx, s, nearAddr, 0, func(at netip.AddrPort) { serving <- at }) }()
	select {
	case at := <-serving:
		err = far.Do(func() error { return Greet(ctx, at) })
	case err = <-ended:
	}
	if err != nil {
		return err
	}
	stopServing()
	err = <-ended // the server's: then no connection is open
	stop()
	if job.Late {
		err = errors.Join(err, reader.come(ended))
	}
	return errors.Join(err, <-ended, c.Send(w.Frames()))
}

// A lateReader is a pipe whose reader starts late: until then it is full.
type lateReader struct {
	*os.File
	comes chan struct{} // nil: the reader is there from the start
}

func (l *lateReader) Write(b []byte) (int, error) {
	if l.comes != nil {
		<-l.comes
	}
	return l.File.Write(b)
}

// come starts the reader when longer than the recorder's timeout has passed
// since it was asked to stop.
func (l *lateReader) come(ended <-chan error) error {
	defer close(l.comes)
	select {
	case err := <-ended:
		return fmt.Errorf("ended before the capture was read: got error %w", err)
	case <-time.After(2 * dequeueTimeout):
		return nil
	}
}

var (
	nearAddr = netip.MustParseAddr("198.51.100.21")
	farAddr  = netip.MustParseAddr("198.51.100.100")
)

// link makes a link between this namespace (near) and a new one.
func link() (far *cell.Namespace, err error) {
	if far, err = cell.NewNamespace(); err != nil {
		return nil, err
	}
	veth := netlink.NewVeth(netlink.LinkAttrs{Name: "near"})
	veth.PeerName, veth.PeerNamespace = "far", netlink.NsFd(far.Handle())
	if err := netlink.LinkAdd(veth); err != nil {
		return nil, err
	}
	if err := far.Do(func() error { return up("far", farAddr) }); err != nil {
		return nil, err
	}
	return far, up("near", nearAddr)
}

// up gives a device of the calling thread's namespace an address.
func up(device string, addr netip.Addr) error {
	handle, err := netlink.NewHandle()
	if err != nil {
		return err
	}
	defer handle.Close()
	l, err := handle.LinkByName(device)
	if err != nil {
		return err
	}
	parsed, err := netlink.ParseAddr(netip.PrefixFrom(addr, 24).String())
	if err != nil {
		return err
	}
	return errors.Join(handle.AddrAdd(l, parsed), handle.LinkSetUp(l))
}

// TestRecord expects every frame, in both directions, up to the moment at which
// the recorder is asked to stop, with a prompt and with a late reader.
func TestRecord(t *testing.T) {
	t.Run("read at once", func(t *testing.T) { testRecord(t, recordJob{Source: small}) })
	t.Run("read late", func(t *testing.T) { testRecord(t, recordJob{Source: small, Late: true}) })
}

func testRecord(t *testing.T, job recordJob) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "capture.pcapng")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var frames int
	err = cell.Run(ctx, cell.Job{
		Spec:    job,
		Files:   []*os.File{file},
		Message: func(m json.RawMessage) { json.Unmarshal(m, &frames) },
	})
	if errors.Is(err, cell.ErrRefused) {
		optional.Missing(t, err)
	}
	if err != nil {
		t.Fatal(err)
	}
	tr, err := capture.Open(path, capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if tr.NumConnections() != 1 || tr.NumSessions() != 1 {
		t.Fatalf("got %d connections and %d sessions, want one of each", tr.NumConnections(), tr.NumSessions())
	}
	c := tr.Connection(0)
	if c.History[0] != 'S' || c.FirstFIN == "" || c.ClientFlow.Missing+c.ServerFlow.Missing > 0 || c.ResetBy != "" {
		t.Errorf("got the history %s, first FIN by %q, want a whole connection", c.History, c.FirstFIN)
	}
	if want := "220 Good morning."; tr.Session(0).Lines[0].Text != want {
		t.Errorf("got the greeting %q, want %q", tr.Session(0).Lines[0].Text, want)
	}
	if tr.Size != frames {
		t.Errorf("got %d packets in the capture, want the %d that the writer counted", tr.Size, frames)
	}
}

func TestRecordNoDevice(t *testing.T) {
	if err := Record(t.Context(), "no-such-device", nil, nil); err == nil {
		t.Error("got no error, want that there is no such device")
	}
	if _, err := Recorded("no-such-device"); err == nil {
		t.Error("got no error, want that there is no such device")
	}
}
