package wire

import (
	"context"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"ftplab/lab/network"
)

// greeting has the server greet a client, and both close.
func greeting(ctx context.Context, n network.Network, _ experiment) (any, error) {
	client, server := n.Host("client"), n.Host("server")
	l, err := server.ListenTCP(21)
	if err != nil {
		return nil, err
	}
	defer l.Close()
	served := make(chan error, 1)
	go func() { served <- greet(l) }()
	began := time.Now()
	conn, err := client.DialTCP(ctx, client.NextPort(), remote(server, 21))
	if err != nil {
		return nil, err
	}
	connected := time.Since(began)
	defer conn.Close()
	text, err := io.ReadAll(conn)
	if err != nil {
		return nil, err
	}
	if err := expect("greeting", string(text), "220 ready\r\n"); err != nil {
		return nil, err
	}
	conn.Close()
	return connected, <-served
}

// greet answers one client, and closes.
func greet(l net.Listener) error {
	conn, err := l.Accept()
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = fmt.Fprint(conn, "220 ready\r\n")
	return err
}

func TestHandshakeTakesTheRoundTrip(t *testing.T) {
	for _, rtt := range []time.Duration{10 * time.Millisecond, 84900 * time.Microsecond} {
		r := experiment{Body: "greeting", Plan: twoHosts(rtt)}.run(t, nil)
		s := r.segments(t)
		if len(s) < 2 || !s[0].tcp.SYN || !s[1].tcp.SYN || !s[1].tcp.ACK {
			t.Fatalf("the capture begins with %v", s[:min(2, len(s))])
		}
		got := s[1].at.Sub(s[0].at)
		t.Logf("rtt=%v: SYN to SYN-ACK %v", rtt, got)
		if off := (got - rtt).Abs(); off > rtt*3/100 {
			t.Errorf("rtt=%v: SYN to SYN-ACK takes %v, want %v ± 3 %%", rtt, got, rtt)
		}
		r.soundToTshark(t)
	}
}
