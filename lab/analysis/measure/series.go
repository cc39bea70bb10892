// Measurements of how a connection develops over time.

package measure

import (
	"math"
	"slices"

	"ftplab/lab/analysis/expect"
	"ftplab/lab/analysis/packet"
)

// start is the share of a stream's bytes that counts as the start of a transfer. After
// it, slow start and the growth of the receiver's window are over.
const start = 0.1

// medianGap is the median of the times between neighbouring segments of the side, in the order of the
// packets.
func medianGap(s *scope) (value, error) {
	segments, err := s.here(s.segments(s.side()))
	if err != nil {
		return value{}, err
	}
	var all []float64
	for i := 1; i < len(segments); i++ {
		all = append(all, (segments[i].Time - segments[i-1].Time).Seconds())
	}
	return quantile(all, 0.5)
}

// aroundLongestGap are the two neighbouring segments of the side with the most time between them; nil
// if there are no two. Of gaps that are equal it is the first.
func (s *scope) aroundLongestGap() (before, after *expect.Frame, err error) {
	segments, err := s.here(s.segments(s.side()))
	for i := 1; i < len(segments); i++ {
		if before == nil || segments[i].Time-segments[i-1].Time > after.Time-before.Time {
			before, after = segments[i-1], segments[i]
		}
	}
	return before, after, err
}

func longestGap(s *scope) (value, error) {
	before, after, err := s.aroundLongestGap()
	if err != nil {
		return value{}, err
	}
	if before == nil {
		return value{}, errNothing
	}
	return number((after.Time - before.Time).Seconds())
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

// windows are the first packets with the smallest and the largest window, scaled, that the side
// advertised, among those without SYN and RST, once the share from of what the other side sent had
// passed; nil for none.
func (s *scope) windows(from float64) (least, most *expect.Frame) {
	threshold := from * float64(s.conn.Flow(s.side().Other()).Bytes)
	for _, f := range s.sent(s.side()) {
		if f.Flags&(packet.SYN|packet.RST) != 0 || float64(f.Ack) < threshold {
			continue
		}
		if least == nil || f.Window < least.Window {
			least = f
		}
		if most == nil || f.Window > most.Window {
			most = f
		}
	}
	return least, most
}

// windowOf is the window of a packet that may be nil.
func (s *scope) windowOf(f *expect.Frame) (value, error) {
	if f == nil {
		return value{}, errNothing
	}
	v, _ := number(f.Window)
	return v, s.scaleCut()
}

// scaleCut returns an error if a SYN may have offered a scale of the windows that the recorder did not keep.
func (s *scope) scaleCut() error {
	for _, f := range s.frames {
		if f.Has(packet.SYN) && f.Options != nil && f.Options.WindowScale < 0 {
			if err := optionsCut(f); err != nil {
				return err
			}
		}
	}
	return nil
}

func windowSpread(s *scope) (value, error) {
	least, most := s.windows(start)
	if least == nil {
		return value{}, errNothing
	}
	if most.Window == 0 {
		return number(0)
	}
	v, _ := number(float64(most.Window-least.Window) / float64(most.Window))
	return v, s.scaleCut()
}

// straightness is R², the square of the correlation between time and sequence number,
// over the segments after the start.
func straightness(s *scope) (value, error) {
	threshold := start * float64(s.conn.Flow(s.side()).Bytes)
	segments, err := s.here(s.segments(s.side()))
	if err != nil {
		return value{}, err
	}
	var x, y []float64
	for _, f := range segments {
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
