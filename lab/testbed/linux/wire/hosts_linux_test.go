package wire

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/gopacket/layers"

	"ftplab/lab/scenario"
)

// handshake runs a greeting on the plan and returns its SYN and its SYN-ACK.
func handshake(t *testing.T, plan scenario.Network) (r recording, syn, synAck frameSeen) {
	t.Helper()
	r = experiment{Body: "greeting", Plan: plan}.run(t, nil)
	s := r.segments(t)
	if len(s) < 2 || !s[0].tcp.SYN || !s[1].tcp.SYN || !s[1].tcp.ACK {
		t.Fatalf("the capture begins with %v", s[:min(2, len(s))])
	}
	return r, s[0], s[1]
}

// option is a TCP option's data, or nil.
func option(f frameSeen, kind layers.TCPOptionKind) *layers.TCPOption {
	for i := range f.tcp.Options {
		if f.tcp.Options[i].OptionType == kind {
			return &f.tcp.Options[i]
		}
	}
	return nil
}

// inIPv6 moves the hosts of a plan to documentation addresses of IPv6.
func inIPv6(plan scenario.Network) scenario.Network {
	plan.IPv6 = true
	for i := range plan.Hosts {
		plan.Hosts[i].Addr = netip.MustParseAddr(fmt.Sprintf("2001:db8:%d::%d", i+1, 10*i+100))
	}
	return plan
}

func TestInitialWindows(t *testing.T) {
	for _, window := range []int{65535, 17520, 16384, 8192, 5840, 1000} {
		for _, timestamps := range []bool{false, true} {
			for _, v6 := range []bool{false, true} {
				t.Run(fmt.Sprintf("%d timestamps=%v ipv6=%v", window, timestamps, v6), func(t *testing.T) {
					t.Parallel()
					plan := twoHosts(time.Millisecond)
					if v6 {
						plan = inIPv6(plan)
					}
					mss := 1460
					if v6 {
						mss = 1440
					}
					for i := range plan.Hosts {
						plan.Hosts[i].Window = window
						plan.Hosts[i].NoTimestamps = !timestamps
						plan.Hosts[i].NoWScale = true
					}
					_, syn, synAck := handshake(t, plan)
					for _, f := range []frameSeen{syn, synAck} {
						if got := int(f.tcp.Window); got != window {
							t.Errorf("%v: got window %d, want %d", f, got, window)
						}
						if o := option(f, layers.TCPOptionKindMSS); o == nil || int(o.OptionData[0])<<8+int(o.OptionData[1]) != mss {
							t.Errorf("%v announces %v, want MSS %d", f, o, mss)
						}
						if option(f, layers.TCPOptionKindWindowScale) != nil {
							t.Errorf("%v scales its window", f)
						}
						if got := option(f, layers.TCPOptionKindTimestamps) != nil; got != timestamps {
							t.Errorf("%v: got timestamps %v, want %v", f, got, timestamps)
						}
					}
				})
			}
		}
	}
}

func TestHeadersOfAnotherSystem(t *testing.T) {
	plan := twoHosts(2 * time.Millisecond)
	plan.Hosts[0].NoDF = true
	plan.Hosts[0].TTL = 128
	plan.Hosts[0].NoSACK = true
	plan.Hosts[0].Ports = []scenario.PortRange{{First: 28348, Last: 28348}, {First: 24626, Last: 24627}}
	plan.Hosts[1].TTL = 255
	r, syn, synAck := handshake(t, plan)
	if got := int(syn.tcp.SrcPort); got != 28348 {
		t.Errorf("the client takes port %d, want 28348", got)
	}
	if syn.ip4.Flags&layers.IPv4DontFragment != 0 || synAck.ip4.Flags&layers.IPv4DontFragment == 0 {
		t.Errorf("got DF %v of the client and %v of the server, want only the server's", syn.ip4.Flags, synAck.ip4.Flags)
	}
	if syn.ip4.TTL != 128 || synAck.ip4.TTL != 254 {
		t.Errorf("got TTL %d of the client and %d of the server, want 128, and 254 after one router", syn.ip4.TTL, synAck.ip4.TTL)
	}
	if option(syn, layers.TCPOptionKindSACKPermitted) != nil || option(synAck, layers.TCPOptionKindSACKPermitted) != nil {
		t.Errorf("the handshake permits SACK: %v %v", syn, synAck)
	}
	r.soundToTshark(t)
}

func TestAnOrdinaryHandshake(t *testing.T) {
	_, syn, synAck := handshake(t, twoHosts(2*time.Millisecond))
	for _, f := range []frameSeen{syn, synAck} {
		for _, kind := range []layers.TCPOptionKind{layers.TCPOptionKindMSS, layers.TCPOptionKindSACKPermitted,
			layers.TCPOptionKindTimestamps, layers.TCPOptionKindWindowScale} {
			if option(f, kind) == nil {
				t.Errorf("%v has no option %v", f, kind)
			}
		}
		if f.ip4.Flags&layers.IPv4DontFragment == 0 {
			t.Errorf("%v may be fragmented", f)
		}
	}
	if syn.tcp.Window != 64240 {
		t.Errorf("got window %d, want Linux's 64240", syn.tcp.Window)
	}
}

// arps returns the recording's ARP frames, as tcpdump words them.
func (r recording) arps(t *testing.T) (lines []string) {
	for _, f := range r.read(t) {
		a, ok := f.all.Layer(layers.LayerTypeARP).(*layers.ARP)
		if !ok {
			continue
		}
		asked, teller := netip.AddrFrom4([4]byte(a.DstProtAddress)), netip.AddrFrom4([4]byte(a.SourceProtAddress))
		if a.Operation == layers.ARPRequest {
			lines = append(lines, fmt.Sprintf("who has %v tell %v", asked, teller))
		} else {
			lines = append(lines, fmt.Sprintf("%v is at %x", teller, a.SourceHwAddress))
		}
	}
	return lines
}

func TestARPForTheGateway(t *testing.T) {
	plan := twoHosts(20 * time.Millisecond)
	r, syn, _ := handshake(t, plan)
	want := "who has 198.51.100.1 tell 198.51.100.100, 198.51.100.1 is at 0200c6336401"
	if got := strings.Join(r.arps(t), ", "); got != want {
		t.Errorf("got ARP %q, want %q", got, want)
	}
	if waited := syn.at.Sub(r.read(t)[0].at); waited > 5*time.Millisecond {
		t.Errorf("the SYN follows the question by %v: ARP does not cross the path", waited)
	}
	r.soundToTshark(t)

	plan.ARP = scenario.ARPCached
	r, _, _ = handshake(t, plan)
	if got := r.arps(t); len(got) != 0 {
		t.Errorf("with the gateway known: got ARP %q, want none", got)
	}
}

func TestIPv6(t *testing.T) {
	plan := inIPv6(twoHosts(20 * time.Millisecond))
	plan.Hosts[0].TTL = 128
	r, syn, synAck := handshake(t, plan)
	frames := r.read(t)
	if got := len(frames) - len(r.segments(t)); got != 2 {
		t.Errorf("got %d frames without TCP, want a solicitation and an advertisement: %v", got, frames)
	}
	if syn.ip6 == nil || syn.ip6.HopLimit != 128 || synAck.ip6.HopLimit != 63 {
		t.Errorf("got hop limits %v and %v, want 128 and 63", syn.ip6, synAck.ip6)
	}
	r.soundToTshark(t)

	plan.ARP = scenario.ARPCached
	r, _, _ = handshake(t, plan)
	if frames, segments := r.read(t), r.segments(t); len(frames) != len(segments) {
		t.Errorf("with the gateway known: got %d frames, %d with TCP", len(frames), len(segments))
	}
}
