package wire

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ftplab/lab/scenario"
	"ftplab/lab/testbed/network"
)

// A word is an ICMP error as a program gets to know of it.
type word struct {
	From       netip.Addr
	Type, Code byte
	Info       uint32 // the MTU, where the error is about one
}

// hearErrors has the kernel tell a socket of the ICMP errors about what it sends.
func hearErrors(conn *net.UDPConn, v6 bool) error {
	if v6 {
		return setOption(conn, unix.SOL_IPV6, unix.IPV6_RECVERR, 1)
	}
	return setOption(conn, unix.SOL_IP, unix.IP_RECVERR, 1)
}

// limitHops sets how many hops the packets that a socket sends may go.
func limitHops(conn *net.UDPConn, v6 bool, hops int) error {
	if v6 {
		return setOption(conn, unix.SOL_IPV6, unix.IPV6_UNICAST_HOPS, hops)
	}
	return setOption(conn, unix.SOL_IP, unix.IP_TTL, hops)
}

func setOption(conn *net.UDPConn, level, option, value int) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var set error
	err = raw.Control(func(fd uintptr) { set = unix.SetsockoptInt(int(fd), level, option, value) })
	return errors.Join(err, set)
}

// nextError waits for the next ICMP error about what the socket sent.
func nextError(conn *net.UDPConn) (w word, err error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return w, err
	}
	conn.SetReadDeadline(time.Now().Add(30 * time.Second))
	control := make([]byte, 512)
	var n int
	var received error
	err = raw.Read(func(fd uintptr) bool {
		_, n, _, _, received = unix.Recvmsg(int(fd), nil, control, unix.MSG_ERRQUEUE)
		return received != unix.EAGAIN
	})
	if err = errors.Join(err, received); err != nil {
		return w, fmt.Errorf("waiting for an ICMP error: %w", err)
	}
	messages, err := unix.ParseSocketControlMessage(control[:n])
	if err != nil {
		return w, err
	}
	for _, m := range messages {
		if m.Header.Type == unix.IP_RECVERR || m.Header.Type == unix.IPV6_RECVERR {
			return parseError(m.Data), nil
		}
	}
	return w, errors.New("the socket's error says nothing of an ICMP message")
}

// parseError reads the kernel's struct sock_extended_err, and after it the
// address of the host that sent the message.
func parseError(b []byte) word {
	w := word{Type: b[5], Code: b[6], Info: binary.NativeEndian.Uint32(b[8:])}
	if sender := b[16:]; binary.NativeEndian.Uint16(sender) == unix.AF_INET {
		w.From = netip.AddrFrom4([4]byte(sender[4:8]))
	} else {
		w.From = netip.AddrFrom16([16]byte(sender[8:24]))
	}
	return w
}

// traceroute has the client do as the program does: it sends datagrams that may
// go one hop, and two, and returns what comes back.
func traceroute(_ context.Context, n network.Network, e experiment) (any, error) {
	conn, err := n.Host("client").ListenUDP(5000)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if err := hearErrors(conn.(*net.UDPConn), e.Plan.IPv6); err != nil {
		return nil, err
	}
	var words []word
	for _, hops := range []int{1, 2} {
		if err := limitHops(conn.(*net.UDPConn), e.Plan.IPv6, hops); err != nil {
			return nil, err
		}
		if _, err := conn.WriteTo([]byte("who is there?"), net.UDPAddrFromAddrPort(remote(n.Host("server"), 33434))); err != nil {
			return nil, err
		}
		w, err := nextError(conn.(*net.UDPConn))
		if err != nil {
			return nil, err
		}
		words = append(words, w)
	}
	return words, nil
}

func TestTracerouteFindsTheRouter(t *testing.T) {
	v4 := twoHosts(40 * time.Millisecond)
	for _, c := range []struct {
		plan scenario.Network
		want []word
	}{
		{v4, []word{
			{From: netip.MustParseAddr("198.51.100.1"), Type: 11, Code: 0}, // time to live exceeded in transit
			{From: netip.MustParseAddr("192.0.2.21"), Type: 3, Code: 3},    // port unreachable
		}},
		{inIPv6(twoHosts(40 * time.Millisecond)), []word{
			{From: netip.MustParseAddr("2001:db8:1::1"), Type: 3, Code: 0},
			{From: netip.MustParseAddr("2001:db8:2::110"), Type: 1, Code: 4},
		}},
	} {
		var got []word
		r := experiment{Body: "traceroute", Plan: c.plan}.run(t, &got)
		if !slices.Equal(got, c.want) {
			t.Errorf("got %+v, want %+v", got, c.want)
		}
		frames := r.read(t)
		if len(frames) != 6 {
			t.Fatalf("got frames %v, want who asks for the gateway, its answer, and two datagrams with theirs", frames)
		}
		if took := frames[3].at.Sub(frames[2].at); took > time.Millisecond {
			t.Errorf("the gateway answers after %v, want at once", took)
		}
		if took := frames[5].at.Sub(frames[4].at); took < 40*time.Millisecond {
			t.Errorf("the server answers after %v, want 40 ms", took)
		}
		r.soundToTshark(t)
	}
}
