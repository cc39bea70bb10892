package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/gopacket/layers"
	"golang.org/x/sys/unix"

	"ftplab/lab/pcapng"
	"ftplab/lab/scenario"
	"ftplab/lab/testbed/network"
)

// refusals has the captured host dial every other one, where nobody listens. A
// kernel refuses at once, so each takes a round trip and no more.
func refusals(ctx context.Context, n network.Network, e experiment) (any, error) {
	for _, h := range e.Plan.Hosts {
		if h.Name == e.Plan.Capture {
			continue
		}
		conn, err := n.Host(e.Plan.Capture).DialTCP(ctx, 0, netip.AddrPortFrom(h.Addr, 9))
		if err == nil {
			conn.Close()
		}
		if !errors.Is(err, unix.ECONNREFUSED) {
			return nil, fmt.Errorf("dialling %s: got %v, want %v", h.Name, err, unix.ECONNREFUSED)
		}
	}
	return nil, nil
}

// threeHosts is a client, and two hosts at distances of their own.
func threeHosts() scenario.Network {
	plan := twoHosts(84 * time.Millisecond)
	plan.Hosts = append(plan.Hosts, scenario.Host{
		Name: "ns", Addr: netip.MustParseAddr("203.0.113.53"), RTT: 10 * time.Millisecond,
	})
	return plan
}

func TestEachHostAtItsOwnDistance(t *testing.T) {
	const ms = time.Millisecond
	for capture, want := range map[string]map[string]time.Duration{
		"client": {"192.0.2.21": 84 * ms, "203.0.113.53": 10 * ms},
		"server": {"198.51.100.100": 84 * ms, "203.0.113.53": 94 * ms},
		"ns":     {"198.51.100.100": 10 * ms, "192.0.2.21": 94 * ms},
	} {
		plan := threeHosts()
		plan.Capture = capture
		r := experiment{Body: "refusals", Plan: plan}.run(t, nil)
		sent := map[string]time.Time{}
		got := map[string]time.Duration{}
		for _, s := range r.segments(t) {
			if s.tcp.SYN {
				sent[s.ip4.DstIP.String()] = s.at
			} else {
				got[s.ip4.SrcIP.String()] = s.at.Sub(sent[s.ip4.SrcIP.String()])
			}
		}
		if len(got) != len(want) {
			t.Errorf("at the end of %s: got answers %v, want %v", capture, got, want)
		}
		for host, rtt := range want {
			if off := (got[host] - rtt).Abs(); off > rtt*3/100 {
				t.Errorf("from %s to %s: got %v, want %v", capture, host, got[host], rtt)
			}
		}
	}
}

// parting has the client send a datagram, and looks no more.
func parting(ctx context.Context, n network.Network, _ experiment) (any, error) {
	c, err := n.Host("client").ListenUDP(5000)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	_, err = c.WriteTo([]byte("bye"), net.UDPAddrFromAddrPort(remote(n.Host("server"), 5000)))
	return nil, err
}

func TestCloseWaitsForWhatIsUnderWay(t *testing.T) {
	plan := twoHosts(84 * time.Millisecond)
	r := experiment{Body: "parting", Plan: plan}.run(t, nil)
	var got []string
	for _, f := range r.read(t) {
		if i, ok := f.all.Layer(layers.LayerTypeICMPv4).(*layers.ICMPv4); ok {
			got = append(got, i.TypeCode.String())
		} else if f.all.Layer(layers.LayerTypeUDP) != nil {
			got = append(got, "UDP")
		}
	}
	if got, want := strings.Join(got, ", "), "UDP, DestinationUnreachable(Port)"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// goodbye has the client send and close, ten round trips apart, while no frame arrives.
func goodbye(ctx context.Context, n network.Network, e experiment) (any, error) {
	l, err := n.Host("server").ListenTCP(21)
	if err != nil {
		return nil, err
	}
	defer l.Close()
	served := make(chan error, 1)
	go func() { served <- answerOnce(l) }()
	conn, err := n.Host("client").DialTCP(ctx, 0, remote(n.Host("server"), 21))
	if err != nil {
		return nil, err
	}
	release := network.StopArrivals(n.Host("client"))
	_, err = io.WriteString(conn, "QUIT\r\n")
	time.Sleep(10 * e.Plan.Hosts[1].RTT)
	err = errors.Join(err, conn.Close())
	release()
	return nil, errors.Join(err, <-served)
}

// answerOnce answers the first bytes of one client, and closes.
func answerOnce(l network.Listener) error {
	conn, err := l.Accept()
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.Read(make([]byte, 100)); err != nil {
		return err
	}
	_, err = io.WriteString(conn, "221 bye\r\n")
	return err
}

// A program that sends and closes has closed when the answer arrives, however long the
// machine keeps it in between: the answer gets an RST without ACK (RFC 9293, 3.10.7.1), and
// not the one of a close that leaves data unread (RFC 2525, 2.17).
func TestNothingArrivesBetweenSendingAndClosing(t *testing.T) {
	r := experiment{Body: "goodbye", Plan: twoHosts(4 * time.Millisecond)}.run(t, nil)
	var got []string
	for _, s := range r.segments(t)[3:] {
		switch {
		case s.tcp.RST && s.tcp.ACK:
			got = append(got, "R.")
		case s.tcp.RST:
			got = append(got, "R")
		case s.payload() > 0:
			got = append(got, string(s.tcp.Payload[:3]))
		case s.tcp.FIN && s.tcp.DstPort == 21:
			got = append(got, "F")
		}
	}
	if got, want := strings.Join(got, " "), "QUI F 221 R"; !strings.HasPrefix(got, want) {
		t.Errorf("got %q, want %q first", got, want)
	}
}

func TestCaptureIsInTheOrderOfTime(t *testing.T) {
	plan := twoHosts(3 * time.Millisecond)
	plan.Volume = 4 << 20
	r := experiment{Body: "download", Plan: plan, Bytes: plan.Volume}.run(t, nil)
	var last time.Time
	for i, f := range r.read(t) {
		if f.at.Before(last) {
			t.Fatalf("frame %d is %v older than the frame before it", i+1, last.Sub(f.at))
		}
		last = f.at
	}
}

// nowhere has the client dial an address that no host has.
func nowhere(ctx context.Context, n network.Network, _ experiment) (any, error) {
	conn, err := n.Host("client").DialTCP(ctx, 0, netip.MustParseAddrPort("203.0.113.9:21"))
	if err == nil {
		conn.Close()
		return nil, errors.New("a connection to nobody")
	}
	if !errors.Is(err, unix.ENETUNREACH) {
		return nil, fmt.Errorf("dialling nobody: got %v, want %v", err, unix.ENETUNREACH)
	}
	return nil, nil
}

func TestNoRouteToNobody(t *testing.T) {
	r := experiment{Body: "nowhere", Plan: twoHosts(time.Millisecond)}.run(t, nil)
	r.soundToTshark(t)
}

// oversized has the client send a datagram that fits its own link only. Where
// routers may not fragment it, it is lost, and the client's kernel is told; the
// next goes in fragments.
func oversized(ctx context.Context, n network.Network, e experiment) (any, error) {
	client, server := n.Host("client"), n.Host("server")
	in, err := server.ListenUDP(5000)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	out, err := client.ListenUDP(5000)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	send := func() error {
		_, err := out.WriteTo(make([]byte, 1400), net.UDPAddrFromAddrPort(remote(server, 5000)))
		return err
	}
	if !e.Plan.Hosts[0].NoDF {
		if err := errors.Join(hearErrors(out.(*net.UDPConn), e.Plan.IPv6), send()); err != nil {
			return nil, err
		}
		w, err := nextError(out.(*net.UDPConn))
		if err != nil {
			return nil, err
		}
		if err := expect("MTU of the path", int(w.Info), e.Plan.Hosts[1].MTU); err != nil {
			return nil, err
		}
	}
	if err := send(); err != nil {
		return nil, err
	}
	in.SetReadDeadline(time.Now().Add(10 * time.Second))
	got, _, err := in.ReadFrom(make([]byte, 2000))
	if err != nil {
		return nil, err
	}
	return nil, expect("bytes of the datagram that arrives", got, 1400)
}

func TestPathMTU(t *testing.T) {
	for _, plan := range []scenario.Network{twoHosts(10 * time.Millisecond), inIPv6(twoHosts(10 * time.Millisecond))} {
		plan.Hosts[1].MTU = 1300
		r := experiment{Body: "oversized", Plan: plan}.run(t, nil)
		var said []string
		for _, f := range r.read(t) {
			if i, ok := f.all.Layer(layers.LayerTypeICMPv4).(*layers.ICMPv4); ok {
				said = append(said, fmt.Sprintf("%v from %v, MTU %d", i.TypeCode, f.ip4.SrcIP, i.Seq))
			}
			if i, ok := f.all.Layer(layers.LayerTypeICMPv6).(*layers.ICMPv6); ok && i.TypeCode.Type() == layers.ICMPv6TypePacketTooBig {
				said = append(said, fmt.Sprintf("%v from %v, MTU %d", i.TypeCode, f.ip6.SrcIP, int(i.Payload[2])<<8+int(i.Payload[3])))
			}
		}
		want := "DestinationUnreachable(FragmentationNeeded) from 192.0.2.1, MTU 1300"
		if plan.IPv6 {
			want = "PacketTooBig from 2001:db8:2::1, MTU 1300"
		}
		if got := strings.Join(said, "; "); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		r.soundToTshark(t)
	}
}

func TestRoutersFragmentWhatMayBe(t *testing.T) {
	plan := twoHosts(10 * time.Millisecond)
	plan.Hosts[0].NoDF = true
	plan.Hosts[1].MTU = 700
	plan.Capture = "server"
	r := experiment{Body: "oversized", Plan: plan}.run(t, nil)
	var got []int
	for _, f := range r.read(t) {
		if f.ip4 != nil {
			got = append(got, int(f.ip4.Length))
		}
	}
	if want := []int{20 + 680, 20 + 680, 20 + 48}; !slices.Equal(got, want) {
		t.Errorf("got packets of %v bytes, want %v", got, want)
	}
	r.soundToTshark(t)
}

func TestNewRefuses(t *testing.T) {
	for want, change := range map[string]func(*scenario.Network){
		`no such host`:           func(p *scenario.Network) { p.Capture = "router" },
		`MTU of 1200 bytes`:      func(p *scenario.Network) { *p = inIPv6(*p); p.Hosts[1].MTU = 1200 },
		`no path from "server"`:  func(p *scenario.Network) { p.Late = []scenario.Late{{From: "server", To: "nobody"}} },
		`tcp_congestion_control`: func(p *scenario.Network) { p.Hosts[0].Congestion = "none" },
		`host server: its link`:  func(p *scenario.Network) { p.Hosts[1].MTU = 60 },
		`too close to host`:      func(p *scenario.Network) { p.Hosts[1].Addr = p.Hosts[0].Addr.Next() },
	} {
		plan := twoHosts(0)
		change(&plan)
		_, err := experiment{Body: "nothing", Plan: plan}.try(t, nil)
		if err == nil || !strings.HasPrefix(err.Error(), "wire: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want one with %q", err, want)
		}
	}
}

// another makes a second network when the first is closed.
func another(ctx context.Context, n network.Network, e experiment) (any, error) {
	if err := n.Close(network.UsualSilence); err != nil {
		return nil, err
	}
	w, err := pcapng.NewWriter(io.Discard, pcapng.PCAPNG, pcapng.Info{})
	if err != nil {
		return nil, err
	}
	next, err := New(ctx, e.Plan, w, nil)
	if err != nil {
		return nil, err
	}
	_, err = greeting(ctx, next, e)
	return nil, errors.Join(err, next.Close(network.UsualSilence))
}

func TestOneNetworkAfterAnother(t *testing.T) {
	experiment{Body: "another", Plan: twoHosts(time.Millisecond)}.run(t, nil)
}

// stall keeps the path from doing anything, as a busy machine may, until goOn.
func stall(n network.Network) (goOn func()) {
	p := n.(*wire).forwarder
	// While its answer to a question is not taken, the path does nothing else. One
	// more question can wait, so it finds room once the path has the first.
	stalled, next := make(chan report), make(chan report, 1)
	p.questions <- stalled
	p.rouse()
	p.questions <- next
	return func() { <-stalled }
}

// dropsOfTheRing fills a ring that nobody empties.
func dropsOfTheRing(ctx context.Context, n network.Network, _ experiment) (any, error) {
	out, err := n.Host("client").ListenUDP(5000)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	goOn := stall(n)
	defer goOn()
	const most = 10_000
	for range most {
		if _, err := out.WriteTo(nil, net.UDPAddrFromAddrPort(remote(n.Host("server"), 5000))); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

func TestDropsOfOurOwnFailTheRun(t *testing.T) {
	plan := twoHosts(0)
	plan.ARP = scenario.ARPCached
	_, err := experiment{Body: "drops", Plan: plan}.try(t, nil)
	for _, want := range []string{network.ErrIncomplete.Error(), "lost", "rate="} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want in it %q: how many frames were lost, and what to do", err, want)
		}
	}
	t.Log(err)
}

// stalledGreeting has the server greet a client while the path stands still for
// two seconds.
func stalledGreeting(ctx context.Context, n network.Network, _ experiment) (any, error) {
	l, err := n.Host("server").ListenTCP(21)
	if err != nil {
		return nil, err
	}
	defer l.Close()
	conn, err := n.Host("client").DialTCP(ctx, 0, remote(n.Host("server"), 21))
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	served, err := l.Accept()
	if err != nil {
		return nil, err
	}
	goOn := stall(n)
	_, err = io.WriteString(served, "220 ready\r\n")
	err = errors.Join(err, served.Close())
	time.Sleep(2 * time.Second)
	goOn()
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(conn)
	return nil, errors.Join(err, expect("greeting", string(text), "220 ready\r\n"))
}

func TestAMachineThatStandsStillLosesNothing(t *testing.T) {
	r := experiment{Body: "stalled", Plan: twoHosts(20 * time.Millisecond)}.run(t, nil)
	r.soundToTshark(t)
	seen := map[string]bool{}
	for _, s := range r.segments(t) {
		if s.payload() == 0 && !s.tcp.FIN {
			continue
		}
		if id := fmt.Sprint(s.tcp.SrcPort, s.tcp.Seq); seen[id] {
			t.Errorf("sent again: %v", s)
		} else {
			seen[id] = true
		}
	}
	if len(seen) != 3 {
		t.Errorf("got %d segments with data or FIN, want the greeting and two FINs", len(seen))
	}
}

// stalledCalls has a client call twice while the path stands still, until both
// SYNs are long due. Nothing else is said before both are answered: what programs
// say is said when they run.
func stalledCalls(ctx context.Context, n network.Network, e experiment) (any, error) {
	l, err := n.Host("server").ListenTCP(21)
	if err != nil {
		return nil, err
	}
	defer l.Close()
	called := make(chan error)
	end := make(chan bool)
	call := func() {
		conn, err := n.Host("client").DialTCP(ctx, 0, remote(n.Host("server"), 21))
		called <- err
		if <-end; err == nil {
			conn.Close()
		}
	}
	go call()
	if err := <-called; err != nil { // both hosts know their gateways from now on
		return nil, err
	}
	goOn := stall(n)
	for range 2 {
		go call()
		time.Sleep(e.Pause)
	}
	time.Sleep(100 * time.Millisecond)
	goOn()
	err = errors.Join(<-called, <-called)
	close(end)
	return nil, err
}

// TestAMachineThatStandsStillShiftsNoHandshake has a path catch up with two SYNs: each is
// answered after its own round trip. That is not after the round trip of the last, and not
// after the last, even if the first answer was due long before it.
func TestAMachineThatStandsStillShiftsNoHandshake(t *testing.T) {
	const rtt = 40 * time.Millisecond
	for _, pause := range []time.Duration{rtt * 3 / 8, rtt * 3 / 2} {
		r := experiment{Body: "stalled calls", Plan: twoHosts(rtt), Pause: pause}.run(t, nil)
		r.soundToTshark(t)
		called := map[layers.TCPPort]time.Time{}
		answered := 0
		for _, s := range r.segments(t) {
			switch {
			case s.tcp.SYN && !s.tcp.ACK:
				called[s.tcp.SrcPort] = s.at
			case s.tcp.SYN:
				answered++
				if got := s.at.Sub(called[s.tcp.DstPort]); (got - rtt).Abs() > rtt*3/100 {
					t.Errorf("calls %v apart: the SYN of port %d was answered after %v, want %v ± 3 %%", pause, s.tcp.DstPort, got, rtt)
				}
			}
		}
		if answered != 3 {
			t.Errorf("calls %v apart: got %d SYNs answered, want 3", pause, answered)
		}
	}
}

// silent closes a network on which nobody answers.
func silent(ctx context.Context, n network.Network, _ experiment) (any, error) {
	dialing, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
	defer cancel()
	if conn, err := n.Host("client").DialTCP(dialing, 0, remote(n.Host("server"), 21)); err == nil {
		conn.Close()
		return nil, errors.New("a connection to nobody")
	}
	began := time.Now()
	err := n.Close(100 * time.Millisecond)
	if took := time.Since(began); !errors.Is(err, network.ErrUnacknowledged) || took > network.UsualSilence/2 {
		return nil, fmt.Errorf("Close: got %v after %v, want %v after 100ms or little more", err, took, network.ErrUnacknowledged)
	}
	return nil, nil
}

// The end of a session that has failed does not wait long for acknowledgements.
func TestCloseGivesUp(t *testing.T) {
	plan := twoHosts(time.Millisecond)
	plan.Loss = 1
	if _, err := (experiment{Body: "silent", Plan: plan}).try(t, nil); err == nil || !strings.Contains(err.Error(), network.ErrUnacknowledged.Error()) {
		t.Errorf("got %v, want that something is not acknowledged", err)
	}
}
