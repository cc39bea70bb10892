package loopback

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"ftplab/lab/pcapng"
	"ftplab/lab/testbed/cell"
	"ftplab/lab/testbed/cell/celltest"
	"ftplab/lab/testbed/network"
)

// share records while others speak on lo, too.
func share(ctx context.Context, c *cell.Cell, job testJob) error {
	theirs, err := net.Listen("tcp", "127.0.0.1:2000")
	if err != nil {
		return err
	}
	everywhere, err := net.ListenUDP("udp", &net.UDPAddr{Port: 2001})
	if err != nil {
		return err
	}
	go func() {
		for {
			conn, err := theirs.Accept()
			if err != nil {
				return
			}
			go io.Copy(conn, conn)
		}
	}()
	before, err := net.Dial("tcp", "127.0.0.1:2000")
	if err != nil {
		return err
	}
	w, err := pcapng.NewWriter(c.Files[0], pcapng.PCAPNG, pcapng.Info{Interface: "lo", Remark: SharedRemark})
	if err != nil {
		return err
	}
	n, err := Open(job.Plan, Recording{Writer: w, Shared: true})
	if err != nil {
		return err
	}
	fmt.Fprintln(before, "of no concern to anybody else")
	before.Read(make([]byte, 1))
	during, err := net.Dial("tcp", "127.0.0.1:2000")
	if err != nil {
		return err
	}
	datagram, err := net.Dial("udp", "127.0.0.1:2001")
	if err != nil {
		return err
	}
	fmt.Fprintln(datagram, "nor this")
	everywhere.ReadFrom(make([]byte, 10))
	other, err := net.Dial("udp", "127.0.0.9:2001") // no address of a host
	if err != nil {
		return err
	}
	fmt.Fprintln(other, "nor this")
	if _, err := send(ctx, n.hosts["server"], n.hosts["client"], job); err != nil {
		return err
	}
	// All of theirs is open still: it is not waited for.
	if err := n.Close(network.UsualSilence); err != nil {
		return err
	}
	for _, open := range []io.Closer{theirs, everywhere, before, during, datagram, other} {
		open.Close()
	}
	return c.Send(n.Stats())
}

func TestWhatOthersSayOnASharedLoIsLeftOut(t *testing.T) {
	celltest.Need(t)
	for _, address := range []string{"127.0.0.1", "::1"} {
		path, messages := run(t, testJob{Body: "share", Plan: plan(address), Size: 1000})
		frames, err := countFrames(path)
		if err != nil {
			t.Fatal(err)
		}
		if strays := tshark(t, path, "-Y", "!(tcp.port == 20)"); len(strays) > 0 || frames < 8 {
			t.Errorf("on %s: got %d frames, of which these are others':\n%s", address, frames, strings.Join(strays, "\n"))
		}
		if want := fmt.Sprintf(`{"Received":%d,"Dropped":0}`, frames); messages[0] != want {
			t.Errorf("got counts %s, want %s", messages[0], want)
		}
	}
}
