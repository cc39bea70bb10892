package path

import (
	"net/netip"
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
	p, err := New(network, func(at int64, _ []byte) { *seen = append(*seen, at) })
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
