package path

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"ftplab/lab/scenario"
)

// between returns the path between a client and a server, and the times of the
// frames that pass the client's end.
func between(t *testing.T, network scenario.Network) (p *Path, seen *[]int64) {
	t.Helper()
	network.Hosts = []scenario.Host{
		{Name: "client", Addr: netip.MustParseAddr("198.51.100.100")},
		{Name: "server", Addr: netip.MustParseAddr("192.0.2.21"), RTT: 80 * time.Millisecond},
	}
	seen = new([]int64)
	p, err := New(network, func(at int64, _ int, _ []byte) { *seen = append(*seen, at) })
	if err != nil {
		t.Fatal(err)
	}
	return p, seen
}

// send has the client send a SYN at a time.
func send(t *testing.T, p *Path, at int64) {
	t.Helper()
	f := synFrame(t, false, 64, 1460)
	f.address(p.Ends[0].MAC, p.Ends[0].GateMAC)
	p.Send(p.Ends[0], f, at)
}

func TestFramesTakeTheirTime(t *testing.T) {
	const ms = int64(time.Millisecond)
	p, seen := between(t, scenario.Network{Rate: 8 * 1000 * 10})
	server := p.Ends[1]
	if _, _, ok := server.Next(); ok {
		t.Error("got a frame before one was sent, want none")
	}
	send(t, p, 100*ms)
	arrival, carrying, ok := server.Next()
	f := server.Take(arrival)
	if !ok || arrival != 140*ms+carrying || carrying != int64(len(f))*int64(time.Second)/10_000 {
		t.Errorf("got a frame of %d bytes at %d, carried for %d, %v; want it half a round trip and its own time later", len(f), arrival, carrying, ok)
	}
	if got := frame(f).hopLimit(); got != 63 {
		t.Errorf("got the TTL %d, want 63", got)
	}
	if len(*seen) != 1 || (*seen)[0] != 100*ms {
		t.Errorf("the client's end saw frames at %v, want one at %d", *seen, 100*ms)
	}
	p.Release()
}

// A driver that is late sends what one connection did after what another did later.
func TestTimesGoBackOnlyBetweenConnections(t *testing.T) {
	p, seen := between(t, scenario.Network{})
	other := synFrame(t, false, 64, 1460)
	other.tcp()[1]++ // its port
	send(t, p, 110)
	send(t, p, 100)
	p.Send(p.Ends[0], other, 100)
	p.RecordFrom(105)
	p.Send(p.Ends[0], other, 100)
	if want := []int64{110, 110, 100, 105}; !slices.Equal(*seen, want) {
		t.Errorf("got frames at %v, want %v", *seen, want)
	}
}

// TestLate delays the first segment, and sends another 10 ms after it.
func TestLate(t *testing.T) {
	const ms = int64(time.Millisecond)
	for _, c := range []struct {
		late   scenario.Late
		second bool // it is sent
		want   []int64
	}{
		{scenario.Late{By: 20 * time.Millisecond}, false, []int64{160 * ms}},
		{scenario.Late{By: 20 * time.Millisecond}, true, []int64{150 * ms, 160 * ms}},
		{scenario.Late{By: 2 * time.Millisecond}, true, []int64{142 * ms, 150 * ms}},
		{scenario.Late{By: 2 * time.Millisecond, Overtaken: true}, true, []int64{150 * ms, 152 * ms}},
		{scenario.Late{By: 2 * time.Millisecond, Overtaken: true}, false, []int64{640 * ms}},
		{scenario.Late{By: 600 * time.Millisecond, Overtaken: true}, false, []int64{740 * ms}},
	} {
		rule := c.late
		rule.From, rule.To, rule.Length = "client", "server", -1
		p, _ := between(t, scenario.Network{Late: []scenario.Late{rule}})
		send(t, p, 100*ms)
		if c.second {
			send(t, p, 110*ms)
		}
		var got []int64
		for at, _, ok := p.Ends[1].Next(); ok; at, _, ok = p.Ends[1].Next() {
			p.Ends[1].Take(at)
			got = append(got, at)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("late %v, overtaken %v, second %v: got %v, want %v", c.late.By, c.late.Overtaken, c.second, got, c.want)
		}
	}
}

// TestEachWayItsRate has hosts with a rate of their own and one with the network's.
func TestEachWayItsRate(t *testing.T) {
	network := scenario.Network{Rate: 1_000_000, Hosts: []scenario.Host{
		{Name: "client", Addr: netip.MustParseAddr("198.51.100.100"), Rate: 8_000_000},
		{Name: "server", Addr: netip.MustParseAddr("192.0.2.21"), Rate: 2_000_000},
		{Name: "other", Addr: netip.MustParseAddr("203.0.113.7")},
	}}
	p, err := New(network, func(int64, int, []byte) {})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []int64{1000, 4000, 8000} { // microseconds for 1000 bytes
		if got := p.Ends[i].transmission(make(frame, 1000)) / 1000; got != want {
			t.Errorf("the link to %s: got %d us for a frame, want %d", p.Ends[i].Host.Name, got, want)
		}
	}
	if got := network.SlowestRate(); got != 1_000_000 {
		t.Errorf("got %d as the slowest rate, want 1000000", got)
	}
}

// TestEachWayItsTime has the way back take longer than the way there.
func TestEachWayItsTime(t *testing.T) {
	h := scenario.Host{RTT: 80 * time.Millisecond, Way: 20 * time.Millisecond}
	if there, back := h.Outward(), h.Homeward(); there != 20*time.Millisecond || back != 60*time.Millisecond {
		t.Errorf("got %v there and %v back, want 20ms and 60ms", there, back)
	}
	p, _ := between(t, scenario.Network{})
	for _, e := range p.Ends {
		for to, d := range e.to {
			if want := 40 * time.Millisecond; d.delay != int64(want) {
				t.Errorf("from %s to %s: got %v, want %v", e.Host.Name, to.Host.Name, time.Duration(d.delay), want)
			}
		}
	}
}

// TestRules sends a SYN through rules: it vanishes, comes twice, or is seen and
// not taken.
func TestRules(t *testing.T) {
	for kind, want := range map[scenario.PathRuleKind][2]int{ // frames that come, and that are taken
		"": {1, 1}, scenario.Drop: {0, 0}, scenario.Reject: {0, 0}, scenario.Duplicate: {2, 2}, scenario.Corrupt: {1, 0},
	} {
		network := scenario.Network{Capture: "server"}
		if kind != "" {
			network.Rules = []scenario.PathRule{{Kind: kind, From: "client", To: "server", Length: -1}}
		}
		p, seen := between(t, network)
		send(t, p, 1)
		taken := 0
		for range 3 {
			if arrival, _, ok := p.Ends[1].Next(); ok && p.Ends[1].Take(arrival) != nil {
				taken++
			}
		}
		if got := [2]int{len(*seen), taken}; got != want {
			t.Errorf("%s: got %v frames that came and were taken, want %v", kind, got, want)
		}
		if _, _, told := p.Ends[0].Next(); told != (kind == scenario.Reject) {
			t.Errorf("%s: the sender was told: %v", kind, told)
		}
	}
}

// TestNarrowMiddle sends a packet that is too big for the middle of the path.
func TestNarrowMiddle(t *testing.T) {
	for _, silent := range []bool{false, true} {
		p, _ := between(t, scenario.Network{PathMTU: 40, NoICMP: silent})
		f := synFrame(t, false, 64, 1460)
		f.address(p.Ends[0].MAC, p.Ends[0].GateMAC)
		f.packet()[6] |= 0x40 // Don't Fragment
		p.Send(p.Ends[0], f, 1)
		if _, _, came := p.Ends[1].Next(); came {
			t.Error("the packet came through")
		}
		if _, _, told := p.Ends[0].Next(); told == silent {
			t.Errorf("with no ICMP %v the sender was told: %v", silent, told)
		}
	}
}

func TestFullQueueDrops(t *testing.T) {
	p, _ := between(t, scenario.Network{Rate: 8 * 1000, Queue: 150})
	for range 4 {
		send(t, p, 0)
	}
	var got []bool
	for range 4 {
		arrival, _, _ := p.Ends[1].Next()
		got = append(got, p.Ends[1].Take(arrival) != nil)
	}
	// One is carried, one waits, and there is no room for a third.
	if want := []bool{true, true, false, false}; got[0] != want[0] || got[1] != want[1] || got[2] != want[2] || got[3] != want[3] {
		t.Errorf("got %v taken, want %v", got, want)
	}
}

func TestNewSaysWhatIsWrong(t *testing.T) {
	hosts := []scenario.Host{{Name: "client", Addr: netip.MustParseAddr("198.51.100.100")}, {Name: "server", Addr: netip.MustParseAddr("192.0.2.21")}}
	for want, network := range map[string]scenario.Network{
		"host client: its link cannot have an MTU of 67 bytes; use 68 to 65535": {Hosts: hosts, MTU: 67},
		`the capture is taken at "router", but there is no such host`:           {Hosts: hosts, Capture: "router"},
		`late: there is no path from "client" to "router"`:                      {Hosts: hosts, Late: []scenario.Late{{From: "client", To: "router"}}},
	} {
		if _, err := New(network, nil); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
