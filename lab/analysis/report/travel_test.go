package report

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"ftplab/lab/internal/forge"
	"ftplab/lab/scenario"
)

// far is a session of two clients; the handshakes of the first take 80 ms, 70 of them
// beyond the recorder, and those of the second 20 ms on this side of it.
func far(f *forge.Capture) {
	dial := func(from string, there, back time.Duration) {
		client, server := f.Pair(from, "192.0.2.21:21")
		client.Segment("S", "")
		f.Pass(there - time.Millisecond)
		server.Segment("S.", "")
		f.Pass(back - time.Millisecond)
		client.Segment(".", "")
		server.Send("220 FTP server ready.\r\n")
		f.Pass(700 * time.Millisecond)
		client.Send("QUIT\r\n")
		server.Close()
	}
	dial("198.51.100.100:3171", 70*time.Millisecond, 10*time.Millisecond)
	dial("198.51.100.7:3171", time.Millisecond, 19*time.Millisecond)
}

// The slope of an arrow is the travel time: half of the quickest handshake wherever the
// recorder is, or the distance that the scenario sets.
func TestTravel(t *testing.T) {
	r := read(t, far)
	r.prepare()
	from, to := netip.MustParseAddr("198.51.100.100"), netip.MustParseAddr("192.0.2.21")
	near := netip.MustParseAddr("198.51.100.7")
	for _, test := range []struct {
		from, to netip.Addr
		want     passage
	}{
		{from, to, passage{40e6, true}}, {to, from, passage{40e6, false}},
		{near, to, passage{10e6, false}}, {to, near, passage{10e6, true}},
	} {
		if got := r.travels.legs[leg{test.from, test.to}]; got != test.want {
			t.Errorf("from %s to %s: got %v, want %v", test.from, test.to, got, test.want)
		}
	}
	page := string(html(t, r))
	for _, want := range []string{
		`<li class="p control ltr fall10 atfrom" id="l1"`, `<li class="p control rtl fall10" id="l2"`,
		"this one for 40 ms, half the time of the quickest handshake",
		"701 ms without a packet",
		"It came 10 ms later. Both times together are one round trip: 80 ms.",
		"It came 19 ms later: the recorder is near the server, so the round trip shows here and not at the SYN and ACK.",
		`<td class="n">80 ms</td>`, `<td class="n">20 ms</td>`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %q", want)
		}
	}
	// The second client, a quarter as far away, is on the other side of the server.
	if n := strings.Count(page, " fall3"); n < 5 {
		t.Errorf("%d arrows of the second client fall a quarter as far, want at least 5", n)
	}

	s, err := scenario.Parse("x.txtar", []byte("# x\nnetwork wire capture=server\nhost server 192.0.2.21 rtt=100ms way=70ms\nopen\n"))
	if err != nil {
		t.Fatal(err)
	}
	r = read(t, far)
	r.Scenario = s
	r.prepare()
	client := s.Network.Hosts[0].Addr
	if client == to {
		client = s.Network.Hosts[1].Addr
	}
	if got, want := fmt.Sprint(r.travels.legs[leg{client, to}], r.travels.legs[leg{to, client}]), "{70000000 false} {30000000 true}"; got != want {
		t.Errorf("with a scenario: got %s, want %s", got, want)
	}
}
