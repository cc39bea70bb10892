package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ftplab/lab/testbed/network"
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
	port, err := client.NextPort()
	if err != nil {
		return nil, err
	}
	conn, err := client.DialTCP(ctx, port, remote(server, 21))
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
func greet(l network.Listener) error {
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

// refusedOften has the client dial a hundred times where nobody listens: the
// kernels alone shake, and refuse to shake, hands.
func refusedOften(ctx context.Context, n network.Network, _ experiment) (any, error) {
	for range 100 {
		conn, err := n.Host("client").DialTCP(ctx, 0, remote(n.Host("server"), 9))
		if err == nil {
			conn.Close()
		}
		if !errors.Is(err, unix.ECONNREFUSED) {
			return nil, fmt.Errorf("got %v, want %v", err, unix.ECONNREFUSED)
		}
	}
	return nil, nil
}

func TestEveryRoundTripTakesItsTime(t *testing.T) {
	const rtt = 10 * time.Millisecond
	r := experiment{Body: "refused often", Plan: twoHosts(rtt)}.run(t, nil)
	var sent time.Time
	var trips []time.Duration
	segments := r.segments(t)
	for _, s := range segments {
		if s.tcp.SYN {
			sent = s.at
			continue
		}
		trips = append(trips, s.at.Sub(sent))
	}
	if len(trips) != 100 || len(segments) != 200 {
		t.Errorf("got %d segments, %d of them answers; want 200 and 100", len(segments), len(trips))
	}
	sorted := slices.Sorted(slices.Values(trips))
	t.Logf("from %v to %v", sorted[0], sorted[len(sorted)-1])
	for i, got := range trips {
		if off := (got - rtt).Abs(); off > rtt*3/100 {
			t.Errorf("round trip %d takes %v, want %v ± 3 %%", i+1, got, rtt)
		}
	}
	if !t.Failed() {
		return
	}
	for _, s := range segments {
		t.Logf("%v %v", s.at.Sub(segments[0].at), s)
	}
}
