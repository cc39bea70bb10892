package ftp

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"
)

// TestSpans compares the spans at each packet with those that are found by a look at all.
func TestSpans(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		type between struct{ from, to int }
		var added []between
		var all spans[int]
		for id := range r.IntN(12) {
			b := between{r.IntN(20), r.IntN(20)}
			added = append(added, b)
			all.add(b.from, b.to, id)
			for packet := range 20 {
				var want, each []int
				for id, b := range added {
					if b.from < packet && packet < b.to {
						want = append(want, id)
					}
				}
				all.each(packet, func(id int) bool { each = append(each, id); return true })
				slices.Sort(each)
				got := all.at(packet)
				known := !slices.ContainsFunc(got, func(id int) bool { return !slices.Contains(want, id) })
				if !slices.Equal(each, want) || len(got) != min(2, len(want)) || !known || len(got) == 2 && got[0] == got[1] {
					t.Fatalf("of %v at %d got %v and %v, want %v", added, packet, each, got, want)
				}
			}
		}
	}
}

// TestManySessionsAtOnce asks that to look among many sessions for that of a connection costs no more
// than among few.
func TestManySessionsAtOnce(t *testing.T) {
	client, server := netip.MustParseAddr("198.51.100.100"), netip.MustParseAddr("192.0.2.21")
	cost := func(sessions int) float64 {
		var hidden HiddenSessions
		var port20 Port20
		var lost LostPorts
		closed := 2 * sessions
		for i := range sessions {
			ends := []netip.AddrPort{netip.AddrPortFrom(client, uint16(10000+i)), netip.AddrPortFrom(server, 21)}
			hidden.Add(i, closed, ends[0], ends[1], &Outline{TLS: true, Hidden: true, TLSFrom: i})
			port20.Add(i, 0, ends[0], ends[1])
			lost.Add(i, closed, ends[0], ends[1], []*DataPort{{PortLost: true, Mode: Passive, from: i}})
		}
		o := &Opening{Initiator: 0, FirstPacket: sessions, TLSClient: -1, Ends: [2]netip.AddrPort{netip.AddrPortFrom(client, 3000), netip.AddrPortFrom(server, 3000)}}
		if n := len(port20.owners[hosts{client, server}]); n != 1 {
			t.Errorf("%d of %d sessions that the capture has from its beginning may have a connection from port 20, want the last one", n, sessions)
		}
		return testing.AllocsPerRun(10, func() { hidden.Match(o); lost.Look(o) })
	}
	if few, many := cost(10), cost(1000); many > few {
		t.Errorf("among many sessions it needs %.0f allocations instead of %.0f", many, few)
	}
}

// BenchmarkSpans fails if the time for spans that are added last first grows with the square of their
// number. It reports how many times as long it takes as for those that are added first first.
func BenchmarkSpans(b *testing.B) {
	const n, most = 40_000, 15
	took := func(from func(i int) int) float64 {
		begin := time.Now()
		var all spans[int]
		for i := range n {
			all.add(from(i), 2*n-from(i), i)
		}
		all.at(n)
		return time.Since(begin).Seconds()
	}
	var times float64
	for b.Loop() {
		times = took(func(i int) int { return n - i }) / took(func(i int) int { return i })
	}
	if b.ReportMetric(times, "x-in-order"); times > most {
		b.Errorf("%d spans in reverse order take %.0f times as long as in order, want %d at most", n, times, most)
	}
}

// BenchmarkAssign fails if the time to find the commands of data connections grows with the square of
// their number. It reports how many times as long it takes for four times as many.
func BenchmarkAssign(b *testing.B) {
	const n, most = 50_000, 10
	took := func(n int) float64 {
		o := &Outline{transfers: &transfers{commands: n}}
		for i := range n {
			o.transfers.list = append(o.transfers.list, transferCommand{Transfer: Transfer{Exchange: i}, began: true})
			o.DataPorts = append(o.DataPorts, &DataPort{Mode: Passive, seen: i, Connections: []int{i}, uses: []int{-1}})
		}
		begin, assigned := time.Now(), 0
		o.Assign(func(int) (first, last int) { return 0, 0 }, func(id int, t *Transfer) {
			if id == t.Exchange {
				assigned++
			}
		}, func(int, *Transfer) {})
		if assigned != n {
			b.Errorf("got %d data connections with their commands, want %d", assigned, n)
		}
		return time.Since(begin).Seconds()
	}
	var times float64
	for b.Loop() {
		fewer := min(took(n), took(n), took(n)) // the others may have waited for another program
		times = min(took(4*n), took(4*n), took(4*n)) / fewer
	}
	if b.ReportMetric(times, "x-fourfold"); times > most {
		b.Errorf("%d data connections take %.0f times as long as %d, want %d at most", 4*n, times, n, most)
	}
}
