// Measurements of how a connection develops over time.

package measure

import (
	"math"
	"slices"

	"ftplab/lab/analysis/packet"
)

// start is the share of a stream's bytes that counts as the start of a transfer. After
// it, slow start and the growth of the receiver's window are over.
const start = 0.1

// gaps are the times in seconds between neighbouring segments of the side, in
// the order of the packets.
func (s *scope) gaps() []float64 {
	var all []float64
	segments := s.segments(s.side())
	for i := 1; i < len(segments); i++ {
		all = append(all, (segments[i].Time - segments[i-1].Time).Seconds())
	}
	return all
}

// quantile returns the value below which the share q of all lies: 0 is the
// least, 1 the largest, 0.5 the median.
func quantile(all []float64, q float64) (value, error) {
	if len(all) == 0 {
		return value{}, errNothing
	}
	slices.Sort(all)
	at := q * float64(len(all)-1)
	low, high := all[int(math.Floor(at))], all[int(math.Ceil(at))]
	return number((low + high) / 2)
}

// windows are the windows that the side advertised, scaled, in packets without
// SYN and RST, once the share from of what the other side sent had passed.
func (s *scope) windows(from float64) []float64 {
	var all []float64
	threshold := from * float64(s.conn.Flow(s.side().Other()).Bytes)
	for _, f := range s.sent(s.side()) {
		if f.Flags&(packet.SYN|packet.RST) == 0 && float64(f.Ack) >= threshold {
			all = append(all, float64(f.Window))
		}
	}
	return all
}

func windowSpread(s *scope) (value, error) {
	all := s.windows(start)
	if len(all) == 0 {
		return value{}, errNothing
	}
	low, high := slices.Min(all), slices.Max(all)
	if high == 0 {
		return number(0)
	}
	return number((high - low) / high)
}

// straightness is R², the square of the correlation between time and sequence number,
// over the segments after the start.
func straightness(s *scope) (value, error) {
	threshold := start * float64(s.conn.Flow(s.side()).Bytes)
	var x, y []float64
	for _, f := range s.segments(s.side()) {
		if end := float64(f.Seq + int64(f.Payload)); end >= threshold {
			x, y = append(x, f.Time.Seconds()), append(y, end)
		}
	}
	if len(x) < 3 {
		return value{}, errNothing
	}
	r := correlation(x, y)
	return number(r * r)
}

// correlation is Pearson's correlation coefficient.
func correlation(x, y []float64) float64 {
	mx, my := mean(x), mean(y)
	var xy, xx, yy float64
	for i := range x {
		dx, dy := x[i]-mx, y[i]-my
		xy, xx, yy = xy+dx*dy, xx+dx*dx, yy+dy*dy
	}
	if xx == 0 || yy == 0 {
		return 0
	}
	return xy / math.Sqrt(xx*yy)
}

func mean(all []float64) float64 {
	var sum float64
	for _, v := range all {
		sum += v
	}
	return sum / float64(len(all))
}
