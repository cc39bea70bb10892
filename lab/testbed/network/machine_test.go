package network_test

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ftplab/lab/scenario"
	"ftplab/lab/testbed/network"
	"ftplab/lab/testbed/network/localhost"
)

// TestNextPort takes all ports of a host, and of one that has none.
func TestNextPort(t *testing.T) {
	host := scenario.Host{Name: "server", Ports: []scenario.PortRange{{First: 3170, Last: 3171}, {First: 65535, Last: 65535}}}
	first, second := network.NewMachine(host), network.NewMachine(host)
	for _, want := range []uint16{3170, 3171, 65535} {
		if got, err := first.NextPort(); got != want || err != nil {
			t.Errorf("got port %d, error %v, want %d", got, err, want)
		}
	}
	if got, err := first.NextPort(); err == nil || !strings.Contains(err.Error(), "host server has used all of its ports=3170-3171,65535") {
		t.Errorf("got port %d, error %v, want that all are taken", got, err)
	}
	if got, err := second.NextPort(); got != 3170 || err != nil {
		t.Errorf("another machine of the same name: got port %d, error %v, want 3170", got, err)
	}
	for range 3 {
		if got, err := network.NewMachine(scenario.Host{}).NextPort(); got != 0 || err != nil {
			t.Errorf("without ports: got port %d, error %v, want 0, any", got, err)
		}
	}
}

// TestDialAgain dials from a port that an earlier connection, which this side
// has closed first, keeps in TIME-WAIT: to another port, as active transfers do.
func TestDialAgain(t *testing.T) {
	m := network.NewMachine(scenario.Host{Name: "server", Addr: netip.MustParseAddr("127.0.0.1")})
	if m.Name() != "server" || m.Addr() != netip.MustParseAddr("127.0.0.1") {
		t.Errorf("got %s at %s, want server at 127.0.0.1", m.Name(), m.Addr())
	}
	local := localhost.New("127.0.0.1").ControlPort()
	for range 2 {
		l, err := m.ListenTCP(0)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		dialled, err := m.DialTCP(t.Context(), local, l.Addr().(*net.TCPAddr).AddrPort())
		if err != nil {
			t.Fatalf("from port %d: %v", local, err)
		}
		accepted, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		got := dialled.LocalAddr().(*net.TCPAddr).AddrPort()
		if got != netip.AddrPortFrom(m.Addr(), local) {
			t.Errorf("dialled from %s, want %s and port %d", got, m.Addr(), local)
		}
		dialled.Close()
		accepted.Read(make([]byte, 1)) // until the end
		accepted.Close()
	}
}

// TestSendUnless sends while the machine says that there is no room: nothing is sent, and
// the wait ends with the connection, or at its deadline.
func TestSendUnless(t *testing.T) {
	m := network.NewMachine(scenario.Host{Name: "server", Addr: netip.MustParseAddr("127.0.0.1")})
	var full atomic.Bool
	m.SendUnless(full.Load)
	l, err := m.ListenTCP(0)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	peer, err := m.DialTCP(context.Background(), 0, netip.MustParseAddrPort(l.Addr().String()))
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	const size = 1 << 20
	sent := make(chan error, 1)
	go func() {
		_, err := io.Copy(conn, io.LimitReader(rand.Reader, size))
		sent <- err
	}()
	if _, err := io.CopyN(io.Discard, peer, size); err != nil {
		t.Fatal(err)
	}
	if err := <-sent; err != nil {
		t.Fatal(err)
	}

	full.Store(true)
	conn.SetDeadline(time.Now().Add(time.Millisecond))
	if n, err := conn.Write([]byte("x")); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("at the deadline: got %d, %v", n, err)
	}
	conn.SetDeadline(time.Time{})
	go func() {
		_, err := conn.Write([]byte("x"))
		sent <- err
	}()
	conn.Close()
	if err := <-sent; !errors.Is(err, net.ErrClosed) {
		t.Errorf("closed: got %v", err)
	}
	if n, err := peer.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("the peer got %d bytes, %v", n, err)
	}
}
