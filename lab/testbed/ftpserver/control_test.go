package ftpserver

import (
	"errors"
	"net"
	"net/textproto"
	"os"
	"strings"
	"testing"
	"time"

	"ftplab/lab/testbed/network"
	"ftplab/lab/testbed/network/localhost"
)

// pair returns the two ends of a TCP connection: a server's and a client's.
func pair(t *testing.T) (server, client network.Conn) {
	t.Helper()
	host := localhost.New("127.0.0.1")
	listener, err := host.ListenTCP(0)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	client, err = host.DialTCP(t.Context(), 0, listener.Addr().(*net.TCPAddr).AddrPort())
	if err != nil {
		t.Fatal(err)
	}
	server, err = listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close(); client.Close() })
	return server, client
}

// A client is not idle while a data connection is open, and for as long as it
// may be idle after that.
func TestIdlenessBeginsWhenTheTransferEnds(t *testing.T) {
	const idle = 20 * time.Millisecond
	conn, _ := pair(t)
	c := newControlConn(conn, &session{server: &Server{rules: &rules{}, host: localhost.New("127.0.0.1"), config: Config{Idle: idle}}})
	c.transferring(+1)
	ended := make(chan error)
	go func() {
		_, err := c.Read(make([]byte, 100))
		ended <- err
	}()
	select {
	case err := <-ended:
		t.Fatalf("during a transfer: %v", err)
	case <-time.After(5 * idle):
	}
	begun := time.Now()
	c.transferring(-1)
	if err := <-ended; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v, want %v", err, os.ErrDeadlineExceeded)
	}
	if took := time.Since(begun); took < idle {
		t.Errorf("the client was idle for %v, want %v", took, idle)
	}
}

// The library counts from the last command, however long its transfer takes.
func TestTransferIsNotIdleness(t *testing.T) {
	host := localhost.New("127.0.0.1")
	server, err := Start(host, Config{Port: host.ControlPort(), Files: []File{{Path: "huge", Size: 1 << 40}}})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close(t.Context())
	client, err := textproto.Dial("tcp", server.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	says := func(command string, code int) string {
		if command != "" {
			client.PrintfLine("%s", command)
		}
		_, text, err := client.ReadResponse(code)
		if err != nil {
			t.Fatalf("%s: %v", command, err)
		}
		return text
	}
	says("", 220)
	says("USER anonymous", 331)
	says("PASS x", 230)
	data, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", between(says("EPSV", 229), "(|||", "|)")))
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close()
	says("RETR huge", 150)
	if got := server.transfers(); got != 1 {
		t.Errorf("during a transfer: %d are known", got)
	}
	says("ABOR", 426)
	says("", 226)
	if got := server.transfers(); got != 0 {
		t.Errorf("after a transfer: %d are known", got)
	}
}

// transfers returns how many transfers keep clients from being idle.
func (s *Server) transfers() (sum int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for p := range s.open {
		if c, ok := p.(*controlConn); ok {
			c.mu.Lock()
			sum += c.data
			c.mu.Unlock()
		}
	}
	return sum
}

// The library is given one command at a time, however they come.
func TestOneCommandAtATime(t *testing.T) {
	conn, client := pair(t)
	c := newControlConn(conn, &session{server: &Server{rules: &rules{}, host: localhost.New("127.0.0.1"), config: Config{Idle: time.Minute}}})
	client.Write([]byte("NOOP\r\nSYST\r\nPBSZ 0\r\nQU"))
	for _, want := range []string{"NOOP\r\n", "SYST\r\n", "ADAT\r\n"} {
		piece := make([]byte, 100)
		n, err := c.Read(piece)
		if got := string(piece[:n]); got != want || err != nil {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
	client.Write([]byte("IT\r\n"))
	piece := make([]byte, 4)
	for _, want := range []string{"QUIT", "\r\n"} {
		n, err := c.Read(piece)
		if got := string(piece[:n]); got != want || err != nil {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
}

// A client that does not read its replies cannot hold the server up.
func TestAbandonWhileAReplyIsStuck(t *testing.T) {
	conn, _ := pair(t)
	server := &Server{rules: &rules{}, host: localhost.New("127.0.0.1"), open: make(map[part]struct{}), changed: make(chan struct{})}
	c := newControlConn(conn, &session{server: server, worded: make(map[int]int)})
	stuck := make(chan error)
	go func() {
		_, err := c.Write([]byte("200 " + strings.Repeat("x", 64<<20) + "\r\n"))
		stuck <- err
	}()
	for c.mu.TryLock() { // until Write has it
		c.mu.Unlock()
		time.Sleep(time.Millisecond)
	}
	c.abandon()
	if err := <-stuck; err == nil {
		t.Error("64 MiB that nobody reads are written")
	}
}

// A visitor counts how often it is sent away.
type visitor chan struct{}

func (v visitor) abandon() { v <- struct{}{} }

func TestWhoComesToAClosingServerIsSentAway(t *testing.T) {
	s := &Server{rules: &rules{}, host: localhost.New("127.0.0.1"), open: make(map[part]struct{}), changed: make(chan struct{}), closing: true}
	v := make(visitor)
	s.enter(v)
	<-v
}
