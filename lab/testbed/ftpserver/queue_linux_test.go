package ftpserver

import (
	"io"
	"net"
	"testing"
	"time"

	"ftplab/lab/testbed/network"
	"ftplab/lab/testbed/network/localhost"
)

// The kernel resets a connection that it finds in the queue of a listener that
// is closed; it is turned away in order instead.
func TestConnectionInTheQueueIsTurnedAway(t *testing.T) {
	host := localhost.New("127.0.0.1")
	listener, err := host.ListenTCP(0)
	if err != nil {
		t.Fatal(err)
	}
	client, err := host.DialTCP(t.Context(), 0, listener.Addr().(*net.TCPAddr).AddrPort())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	p := &passive{Listener: listener, conns: make(chan network.Conn, 1)}
	p.SetDeadline(time.Unix(1, 0)) // as Close does, before accept has looked
	p.accept()
	if _, err := client.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("got %v, want %v", err, io.EOF)
	}
}
