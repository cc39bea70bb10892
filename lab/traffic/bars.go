package traffic

import (
	"maps"
	"slices"
)

// A Bar is a range of a histogram, for a picture.
type Bar struct {
	From  float64 // its lower end
	Count int64
	Share float64 // of the highest bar, 0 to 1
}

// Bars returns the histogram in two to twenty bars of equal width on a
// logarithmic scale; values that are not positive have a bar at 0 of their own.
func (h *Histogram) Bars() []Bar {
	var bars []Bar
	if h.zeros > 0 {
		bars = append(bars, Bar{From: 0, Count: h.zeros})
	}
	keys := slices.Sorted(maps.Keys(h.buckets))
	if len(keys) > 0 {
		low, high := keys[0], keys[len(keys)-1]
		width := 1
		for _, wider := range []int{2, 5, 10} {
			if (high-low)/width+1 > 20 {
				width = wider
			}
		}
		for from := low - mod(low, width); from <= high; from += width {
			b := Bar{From: lowest(from)}
			for k := from; k < from+width; k++ {
				b.Count += h.buckets[k]
			}
			bars = append(bars, b)
		}
	}
	var most int64 = 1
	for _, b := range bars {
		most = max(most, b.Count)
	}
	for i := range bars {
		bars[i].Share = float64(bars[i].Count) / float64(most)
	}
	return bars
}

// mod is the remainder that is never negative.
func mod(a, b int) int { return ((a % b) + b) % b }
