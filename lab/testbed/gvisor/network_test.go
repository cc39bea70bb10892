package gvisor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"ftplab/lab/pcapng"
	"ftplab/lab/scenario"
	"ftplab/lab/testbed/network"
)

// begin is when the tests' networks begin.
var begin = time.Date(2001, time.September, 11, 9, 0, 0, 0, time.UTC)

// A lab is a network and the capture that it writes.
type lab struct {
	*Network
	t       *testing.T
	capture bytes.Buffer
}

// open builds a network. The zero hosts are a client, and a server 40 ms away;
// on loopback they are at 127.0.0.1 and 127.0.0.2.
func open(t *testing.T, n scenario.Network) *lab {
	t.Helper()
	if n.Hosts == nil {
		n.Hosts = twoHosts()
	}
	if n.Kind == scenario.Loopback {
		for i := range n.Hosts {
			n.Hosts[i].Addr, n.Hosts[i].RTT = netip.AddrFrom4([4]byte{127, 0, 0, byte(1 + i)}), 0
		}
	}
	l := &lab{t: t}
	w, err := pcapng.NewWriter(&l.capture, pcapng.PCAPNG, pcapng.Info{})
	if err != nil {
		t.Fatal(err)
	}
	if l.Network, err = New(t.Context(), n, w, Builder{Seed: 1, Start: begin}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close(network.UsualSilence) })
	return l
}

func twoHosts() []scenario.Host {
	return []scenario.Host{
		{Name: "client", Addr: netip.MustParseAddr("198.51.100.100")},
		{Name: "server", Addr: netip.MustParseAddr("192.0.2.21"), RTT: 40 * time.Millisecond},
	}
}

// connect opens a connection from the client to the server.
func (l *lab) connect() (client, server network.Conn) {
	l.t.Helper()
	listener, err := l.Host("server").ListenTCP(21)
	if err != nil {
		l.t.Fatal(err)
	}
	defer listener.Close()
	accepted := make(chan network.Conn)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			l.t.Error(err)
		}
		accepted <- conn
	}()
	client, err = l.Host("client").DialTCP(l.t.Context(), 4000, netip.AddrPortFrom(l.Host("server").Addr(), 21))
	if err != nil {
		l.t.Fatal(err)
	}
	return client, <-accepted
}

// packets closes the network and returns what was recorded.
func (l *lab) packets() (all []gopacket.Packet) {
	l.t.Helper()
	if err := l.Close(network.UsualSilence); err != nil {
		l.t.Fatal(err)
	}
	r, err := pcapng.NewReader(bytes.NewReader(l.capture.Bytes()))
	if err != nil {
		l.t.Fatal(err)
	}
	for {
		data, info, err := r.ReadPacketData()
		if err == io.EOF {
			return all
		}
		if err != nil {
			l.t.Fatal(err)
		}
		p := gopacket.NewPacket(data, layers.LayerTypeEthernet, gopacket.Default)
		p.Metadata().CaptureInfo = info
		all = append(all, p)
	}
}

// lines are the TCP packets of a connection to port 21, as tcpdump would print
// them: who sent it, its flags, its numbers and its payload's length.
func (l *lab) lines() (lines []string) {
	l.t.Helper()
	first := map[layers.TCPPort]uint32{}
	for _, p := range l.packets() {
		tcp, ok := p.Layer(layers.LayerTypeTCP).(*layers.TCP)
		if !ok {
			continue
		}
		if tcp.SYN {
			first[tcp.SrcPort] = tcp.Seq
		}
		from := "client"
		if tcp.SrcPort == 21 {
			from = "server"
		}
		line := fmt.Sprintf("%s %s %d", from, flagsOf(tcp), tcp.Seq-first[tcp.SrcPort])
		if n := len(tcp.Payload); n > 0 {
			line += fmt.Sprintf(" length %d", n)
		}
		if tcp.ACK {
			line += fmt.Sprintf(" ack %d", tcp.Ack-first[tcp.DstPort])
		}
		lines = append(lines, line)
	}
	return lines
}

func flagsOf(t *layers.TCP) string {
	text := ""
	for _, f := range []struct {
		is     bool
		letter string
	}{{t.SYN, "S"}, {t.FIN, "F"}, {t.RST, "R"}, {t.PSH, "P"}, {t.ACK, "."}} {
		if f.is {
			text += f.letter
		}
	}
	return "[" + text + "]"
}

// wantLines compares lines, from the one at index from on.
func wantLines(t *testing.T, got []string, from int, want ...string) {
	t.Helper()
	if got = got[min(from, len(got)):]; strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// converse has the server greet, the client answer, and both close.
func converse(t *testing.T, client, server net.Conn) {
	t.Helper()
	done := make(chan error, 1)
	go func() {
		_, err := io.WriteString(server, "hello\r\n")
		answer := make([]byte, 4)
		if err == nil {
			_, err = io.ReadFull(server, answer)
		}
		done <- errors.Join(err, server.Close())
	}()
	greeting := make([]byte, 7)
	if _, err := io.ReadFull(client, greeting); err != nil || string(greeting) != "hello\r\n" {
		t.Errorf("got %q, %v, want the greeting", greeting, err)
	}
	if _, err := io.WriteString(client, "bye\n"); err != nil {
		t.Error(err)
	}
	if n, err := client.Read(greeting); n != 0 || err != io.EOF {
		t.Errorf("got %d bytes, %v, want the end", n, err)
	}
	if err := errors.Join(<-done, client.Close()); err != nil {
		t.Error(err)
	}
}

func TestWire(t *testing.T) {
	l := open(t, scenario.Network{Kind: scenario.Wire})
	client, server := l.connect()
	converse(t, client, server)
	if passed := l.Clock().Now().Sub(begin); passed < 120*time.Millisecond || passed > 121*time.Millisecond {
		t.Errorf("got %v passed, want three round trips of 40 ms, and some microseconds", passed)
	}
	lines := l.lines()
	wantLines(t, lines, 0,
		"client [S] 0",
		"server [S.] 0 ack 1",
		"client [.] 1 ack 1",
		"server [P.] 1 length 7 ack 1",
		"client [.] 1 ack 8",
		"client [P.] 1 length 4 ack 8",
		"server [.] 8 ack 5",
		"server [F.] 8 ack 5",
		"client [F.] 5 ack 9",
		"server [.] 9 ack 6",
	)
}

func TestLoopback(t *testing.T) {
	l := open(t, scenario.Network{Kind: scenario.Loopback})
	client, server := l.connect()
	converse(t, client, server)
	for i, p := range l.packets() {
		if e := p.Layer(layers.LayerTypeEthernet).(*layers.Ethernet); e.SrcMAC.String() != "00:00:00:00:00:00" {
			t.Errorf("packet %d: got the Ethernet source %v, want zeros", i+1, e.SrcMAC)
		}
	}
}

// On loopback a receiver has room for several of its large segments, so that none
// waits for a delayed acknowledgement.
func TestLoopbackIsFast(t *testing.T) {
	l := open(t, scenario.Network{Kind: scenario.Loopback})
	client, server := l.connect()
	const size = 8 << 20
	go func() {
		server.Write(make([]byte, size))
		server.Close()
	}()
	began := l.Clock().Now()
	if n, err := io.Copy(io.Discard, client); n != size || err != nil {
		t.Errorf("got %d bytes, %v, want %d", n, err, size)
	}
	client.Close()
	if took := l.Clock().Now().Sub(began); took > 200*time.Millisecond {
		t.Errorf("got %d bytes in %v of the network's time, want less than 200ms", size, took)
	}
}

// TestReproducible asks for the same bytes from the same seed, and for others
// from another.
func TestReproducible(t *testing.T) {
	captures := map[uint64][]byte{}
	for _, seed := range []uint64{1, 2, 1} {
		var capture bytes.Buffer
		w, err := pcapng.NewWriter(&capture, pcapng.PCAPNG, pcapng.Info{System: "any"})
		if err != nil {
			t.Fatal(err)
		}
		n, err := New(t.Context(), scenario.Network{Kind: scenario.Wire, Hosts: twoHosts()}, w, Builder{Seed: seed, Start: begin})
		if err != nil {
			t.Fatal(err)
		}
		l := &lab{t: t, Network: n}
		client, server := l.connect()
		converse(t, client, server)
		if err := n.Close(network.UsualSilence); err != nil {
			t.Fatal(err)
		}
		if before, ok := captures[seed]; ok && !bytes.Equal(before, capture.Bytes()) {
			t.Errorf("seed %d: got two different captures of %d and %d bytes", seed, len(before), capture.Len())
		}
		captures[seed] = capture.Bytes()
	}
	if bytes.Equal(captures[1], captures[2]) {
		t.Error("got the same capture from two seeds")
	}
}

func TestDeadlines(t *testing.T) {
	l := open(t, scenario.Network{Kind: scenario.Wire})
	client, server := l.connect()
	defer server.Close()
	before := l.Clock().Now()
	client.SetReadDeadline(before.Add(24 * time.Hour))
	if _, err := client.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v, want %v", err, os.ErrDeadlineExceeded)
	}
	if passed := l.Clock().Now().Sub(before); passed != 24*time.Hour {
		t.Errorf("got %v passed, want a day", passed)
	}
	client.SetReadDeadline(time.Time{})
	read := make(chan error)
	go func() {
		_, err := client.Read(make([]byte, 1))
		read <- err
	}()
	network.Sleep(t.Context(), l.Clock(), time.Second)
	client.SetDeadline(time.Unix(1, 0))
	if err := <-read; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("moved to the past: got %v, want %v", err, os.ErrDeadlineExceeded)
	}
	client.Close()
	if _, err := client.Read(nil); !errors.Is(err, net.ErrClosed) {
		t.Errorf("closed: got %v, want %v", err, net.ErrClosed)
	}
}

func TestRefusedAndGivenUp(t *testing.T) {
	l := open(t, scenario.Network{Kind: scenario.Wire})
	to := netip.AddrPortFrom(l.Host("server").Addr(), 21)
	if _, err := l.Host("client").DialTCP(t.Context(), 0, to); err == nil || !strings.Contains(err.Error(), "refused") {
		t.Errorf("got %v, want that the connection was refused", err)
	}
	ctx, cancel := network.WithTimeout(t.Context(), l.Clock(), 10*time.Second)
	defer cancel()
	nobody := netip.MustParseAddrPort("203.0.113.9:21")
	if _, err := l.Host("client").DialTCP(ctx, 0, nobody); err == nil {
		t.Error("got a connection to nobody")
	}
	wantLines(t, l.lines()[:2], 0, "client [S] 0", "server [R.] 0 ack 1")
}

// TestDialAgain dials between the ports of connections that this side has closed first, and that are
// in TIME-WAIT, as a server does from port 20 if the client asks for the same port again.
func TestDialAgain(t *testing.T) {
	for _, kind := range []scenario.Kind{scenario.Wire, scenario.Loopback} {
		l := open(t, scenario.Network{Kind: kind})
		for i := range 3 {
			listener, err := l.Host("client").ListenTCP(3170)
			if err != nil {
				t.Fatalf("%v, connection %d: %v", kind, i+1, err)
			}
			dialled, err := l.Host("server").DialTCP(t.Context(), 20, netip.AddrPortFrom(l.Host("client").Addr(), 3170))
			if err != nil {
				t.Fatalf("%v, connection %d: %v", kind, i+1, err)
			}
			accepted, err := listener.Accept()
			if err != nil {
				t.Fatal(err)
			}
			listener.Close()
			converse(t, accepted, dialled)
			network.Sleep(t.Context(), l.Clock(), time.Second) // until the last ACK has come
		}
		syns := 0
		for _, line := range l.lines() {
			if strings.Contains(line, "[S] 0") {
				syns++
			}
			if strings.Contains(line, "R") {
				t.Errorf("%v: got %s, want no reset", kind, line)
			}
		}
		if syns != 3 {
			t.Errorf("%v: got %d SYNs, want 3", kind, syns)
		}
	}
}

func TestUDP(t *testing.T) {
	for _, kind := range []scenario.Kind{scenario.Wire, scenario.Loopback} {
		l := open(t, scenario.Network{Kind: kind})
		in, err := l.Host("server").ListenUDP(53)
		if err != nil {
			t.Fatal(err)
		}
		out, err := l.Host("client").ListenUDP(0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := out.WriteTo([]byte("who?"), in.LocalAddr()); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, 10)
		n, from, err := in.ReadFrom(got)
		if err != nil || string(got[:n]) != "who?" || from.String() != out.LocalAddr().String() {
			t.Errorf("%s: got %q from %v, %v", kind, got[:n], from, err)
		}
		in.SetReadDeadline(l.Clock().Now().Add(time.Second))
		if _, _, err := in.ReadFrom(got); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: got %v, want %v", kind, err, os.ErrDeadlineExceeded)
		}
		in.Close()
		out.Close()
		if _, _, err := in.ReadFrom(got); !errors.Is(err, net.ErrClosed) {
			t.Errorf("%s: got %v, want %v", kind, err, net.ErrClosed)
		}
		l.Close(network.UsualSilence)
	}
}

// A connection that waits in the queue is reset when its listener is closed,
// unless the queue is.
func TestCloseQueue(t *testing.T) {
	l := open(t, scenario.Network{Kind: scenario.Wire})
	listener, err := l.Host("server").ListenTCP(21)
	if err != nil {
		t.Fatal(err)
	}
	client, err := l.Host("client").DialTCP(t.Context(), 0, netip.AddrPortFrom(l.Host("server").Addr(), 21))
	if err != nil {
		t.Fatal(err)
	}
	network.Sleep(t.Context(), l.Clock(), time.Second) // until the last ACK has arrived
	listener.(network.QueueCloser).CloseQueue()
	listener.Close()
	if _, err := client.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("got %v, want %v", err, io.EOF)
	}
	client.Close()
	if _, err := listener.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("got %v, want %v", err, net.ErrClosed)
	}
}

func TestOneNetworkAtATime(t *testing.T) {
	open(t, scenario.Network{Kind: scenario.Wire})
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := New(ctx, scenario.Network{Kind: scenario.Wire, Hosts: twoHosts()}, nil, Builder{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want %v", err, context.DeadlineExceeded)
	}
}

func TestNewSaysWhatIsNotThere(t *testing.T) {
	hosts := twoHosts()
	hosts[1].Congestion = "bbr"
	_, err := New(t.Context(), scenario.Network{Kind: scenario.Wire, Hosts: hosts}, nil, Builder{Start: begin})
	if want := `gvisor: host server: gVisor's TCP has no congestion=bbr; leave it out, which means reno`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// Close waits for a frame that is long on its way.
func TestCloseWaitsForALateFrame(t *testing.T) {
	const late = 10 * time.Minute
	l := open(t, scenario.Network{Kind: scenario.Wire, Late: []scenario.Late{{From: "client", To: "server", Length: 1, By: late}}})
	client, server := l.connect()
	defer server.Close()
	if _, err := client.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	began := l.Clock().Now()
	err := l.Close(time.Second)
	if took := l.Clock().Now().Sub(began); err != nil || took < late || took > late+2*time.Second {
		t.Errorf("got %v after %v, want <nil> after %v", err, took, late)
	}
}

// Close does not wait longer than it is asked to for an acknowledgement that never
// comes.
func TestCloseGivesUp(t *testing.T) {
	lost := scenario.PathRule{Kind: scenario.Drop, From: "client", To: "server", Length: 1, Count: 1000}
	l := open(t, scenario.Network{Kind: scenario.Wire, Rules: []scenario.PathRule{lost}})
	client, server := l.connect()
	defer server.Close()
	if _, err := client.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	began := l.Clock().Now()
	err := l.Close(300 * time.Millisecond)
	if took := l.Clock().Now().Sub(began); !errors.Is(err, network.ErrUnacknowledged) || took > time.Second {
		t.Errorf("got %v after %v, want %v after 300ms", err, took, network.ErrUnacknowledged)
	}
}
