package ftpserver

import (
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"ftplab/lab/testbed/network"
	"ftplab/lab/testbed/network/localhost"
)

// queued returns a listener with a connection in its queue, and the client's end of that.
func queued(t *testing.T) (network.Listener, network.Conn) {
	host := localhost.New("127.0.0.1")
	listener, err := host.ListenTCP(0)
	if err != nil {
		t.Fatal(err)
	}
	client, err := host.DialTCP(t.Context(), 0, listener.Addr().(*net.TCPAddr).AddrPort())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return listener, client
}

// The kernel resets a connection that it finds in the queue of a listener that
// is closed; it is turned away in order instead.
func TestConnectionInTheQueueIsTurnedAway(t *testing.T) {
	listener, client := queued(t)
	p := &passive{Listener: listener, conns: make(chan network.Conn, 1)}
	p.SetDeadline(time.Unix(1, 0)) // as Close does, before accept has looked
	p.accept()
	if _, err := client.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("got %v, want %v", err, io.EOF)
	}
}

// A connection that has come is closed before the transfer is refused, also if nobody
// has accepted it yet.
func TestConnectionInTheQueueIsRefusedFirst(t *testing.T) {
	listener, client := queued(t)
	p := &passive{Listener: listener, conns: make(chan network.Conn, 1), taken: true,
		session: &session{server: &Server{config: Config{ThirdParty: true}, changed: make(chan struct{})}}}
	var accepted atomic.Bool
	time.AfterFunc(20*time.Millisecond, func() {
		accepted.Store(true)
		p.accept()
	})
	p.refuse()
	if !accepted.Load() {
		t.Error("the transfer is refused, and the connection is still open")
	}
	if _, err := client.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("got %v, want %v", err, io.EOF)
	}
}
