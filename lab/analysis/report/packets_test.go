package report

import (
	"math"
	"runtime"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"ftplab/lab/analysis/ftp"
	"ftplab/lab/internal/forge"
)

// TestShortCaptureIsKeptWhole asks for every packet of a small session.
func TestShortCaptureIsKeptWhole(t *testing.T) {
	r := read(t, activeListing)
	all := r.Packets.All()
	if len(all) != r.Trace.Size {
		t.Errorf("got %d packets kept, want all %d", len(all), r.Trace.Size)
	}
	for i, p := range all {
		if p.Number != i+1 {
			t.Fatalf("packet %d has the number %d", i+1, p.Number)
		}
		if i > 0 && p.Since != p.Time-all[i-1].Time {
			t.Errorf("packet %d: got %d ns since the one before, want %d", p.Number, p.Since, p.Time-all[i-1].Time)
		}
	}
}

// TestLongTransferIsBounded reads 256 MiB and asks that what is kept is small,
// has both ends, and counts everything.
func TestLongTransferIsBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: 256 MiB of headers are not read")
	}
	const size = 256 << 20
	r := read(t, func(f *forge.Capture) { download(f, size) })
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if m.HeapAlloc > 64<<20 {
		t.Errorf("got %d MiB in use after %d packets, want at most 64", m.HeapAlloc>>20, r.Trace.Size)
	}
	c := r.Trace.Connection(1)
	if got := c.ServerFlow.Bytes; got != size {
		t.Fatalf("got %d bytes in the trace, want %d", got, size)
	}
	all := r.Packets.All()
	last := all[slices.IndexFunc(all, func(p *Packet) bool { return p.Number == c.LastPacket })]
	if last.Passed.Bytes != size || last.Passed.Packets != c.ClientFlow.Packets+c.ServerFlow.Packets {
		t.Errorf("got %+v passed at the last packet, want %d bytes, %d packets",
			last.Passed, size, c.ClientFlow.Packets+c.ServerFlow.Packets)
	}
	s := r.Packets.Sequence(c, ftp.Server)
	if !s.Thinned() || len(s.Points) > maxFirst+maxLast+maxRuns*8 {
		t.Errorf("got %d points of %d packets, want them thinned", len(s.Points), s.Packets)
	}
	if first, end := s.Points[1], s.Points[len(s.Points)-2]; first.Seq != 0 || end.End != size+1 && end.End != size+2 {
		t.Errorf("got points from %+v to %+v, want both ends of the stream", first, end)
	}
}

// TestShapeKeepsExtremes thins random points and asks that the highest and the
// lowest of all that matters are still there.
func TestShapeKeepsExtremes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 3*(maxFirst+maxLast)).Draw(t, "points")
		step := rapid.Int64Range(1, 1000).Draw(t, "step")
		low, high := int64(math.MaxInt64), int64(0)
		var s shape
		for i := range n {
			p := point{packet: i + 1, time: int64(i), from: []ftp.Side{ftp.Server, ftp.Client, ftp.Client}[i%3], isACK: true}
			// A walk with jumps, the same ones for the same step.
			p.seq = int64(i)*step ^ int64(i)*7919%4096
			p.end = p.seq + 100
			p.ack, p.window = p.seq, p.seq+5000+int64(i)*6151%9973
			low, high = min(low, p.window), max(high, p.window)
			s.add(p, true)
		}
		all := s.all()
		if len(all)+s.left() != n {
			t.Fatalf("got %d kept and %d left out, want %d together", len(all), s.left(), n)
		}
		if n <= maxFirst+maxLast && len(all) != n {
			t.Fatalf("got %d of %d points, want all", len(all), n)
		}
		gotLow, gotHigh := int64(math.MaxInt64), int64(0)
		for i, p := range all {
			if i > 0 && p.packet <= all[i-1].packet {
				t.Fatalf("point %d of packet %d comes after packet %d", i, p.packet, all[i-1].packet)
			}
			gotLow, gotHigh = min(gotLow, p.window), max(gotHigh, p.window)
		}
		if gotLow != low || gotHigh != high {
			t.Fatalf("got windows from %d to %d, want %d to %d", gotLow, gotHigh, low, high)
		}
	})
}

func TestLengthsAreWiresharks(t *testing.T) {
	var l Lengths
	for _, n := range []int{0, 19, 20, 39, 40, 79, 80, 159, 160, 319, 320, 639, 640, 1279, 1280, 2559, 2560, 5119, 5120, 65535} {
		l.Add(n)
	}
	for i, c := range l.Counts {
		if c.Packets != 2 || l.Share(i) != 10 {
			t.Errorf("range %s: got %d packets, %g %%, want 2, 10 %%", l.Range(i), c.Packets, l.Share(i))
		}
	}
	if got := l.Range(3) + " " + l.Range(0) + " " + l.Range(9); got != "80-159 0-19 5120 and greater" {
		t.Errorf("got ranges %q", got)
	}
}
