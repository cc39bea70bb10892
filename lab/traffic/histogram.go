// Distributions that can be added up.

package traffic

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
)

// perDecade is how many buckets a histogram has between a number and ten times
// that number. It never changes: histograms with other buckets cannot be added.
const perDecade = 10

// A Histogram counts values in buckets whose width is a fixed share of the value,
// 26 %. Two histograms add up to the one that all their values would have made, in
// whatever order they came. The zero value is empty.
type Histogram struct {
	// Count is the number of values, Sum what they add up to.
	Count int64
	Sum   float64
	// Min and Max are exact.
	Min, Max float64
	// Squares adds up the squares of how many values each session had. Where that is not
	// known it is 0. See [Histogram.Independent].
	Squares float64

	zeros   int64 // values that are not positive
	buckets map[int]int64
}

// Add counts a value.
func (h *Histogram) Add(v float64) { h.AddTimes(v, 1) }

// AddTimes counts a value n times.
func (h *Histogram) AddTimes(v float64, n int64) {
	if n == 0 {
		return
	}
	if h.Count == 0 || v < h.Min {
		h.Min = v
	}
	if h.Count == 0 || v > h.Max {
		h.Max = v
	}
	h.Count += n
	h.Sum += v * float64(n)
	if v <= 0 {
		h.zeros += n
		return
	}
	if h.buckets == nil {
		h.buckets = map[int]int64{}
	}
	h.buckets[bucketOf(v)] += n
}

// Merge adds the values of o.
func (h *Histogram) Merge(o *Histogram) {
	if o.Count == 0 {
		return
	}
	if h.Count == 0 || o.Min < h.Min {
		h.Min = o.Min
	}
	if h.Count == 0 || o.Max > h.Max {
		h.Max = o.Max
	}
	h.Count += o.Count
	h.Sum += o.Sum
	h.Squares += o.Squares
	h.zeros += o.zeros
	if h.buckets == nil {
		h.buckets = map[int]int64{}
	}
	for k, n := range o.buckets {
		h.buckets[k] += n
	}
}

// Independent is the number of independent values that would count the same as those of the
// histogram. Values of one session depend on each other, and a session with most of the
// values counts for little more than one (Kish, "Survey Sampling", 1965). Sessions is the
// largest possible number of sessions.
func (h *Histogram) Independent(sessions float64) float64 {
	n := float64(h.Count)
	if h.Squares > 0 {
		n = min(n, n*n/h.Squares)
	}
	return min(n, sessions)
}

// Quantile returns the value below which the given share (0 to 1) of all values
// lies. Because values are counted in buckets, it is exact to 13 %.
func (h *Histogram) Quantile(q float64) float64 {
	rank := int64(math.Ceil(q*float64(h.Count))) - h.zeros
	if rank <= 0 {
		return h.Min
	}
	for _, k := range slices.Sorted(maps.Keys(h.buckets)) {
		if rank -= h.buckets[k]; rank <= 0 {
			return min(max(math.Sqrt(lowest(k)*lowest(k+1)), h.Min), h.Max)
		}
	}
	return h.Max
}

// At returns the value that has the share u (0 to 1, without 1) of all values below it,
// with the values of a bucket spread evenly over the logarithm of its width. So a
// random u draws a value: a histogram of many of them is like h.
func (h *Histogram) At(u float64) float64 {
	rank := u*float64(h.Count) - float64(h.zeros)
	if rank < 0 || h.Count == 0 {
		return h.Min
	}
	for _, k := range slices.Sorted(maps.Keys(h.buckets)) {
		n := float64(h.buckets[k])
		if rank < n {
			return min(max(math.Pow(10, (float64(k)+rank/n)/perDecade), h.Min), h.Max)
		}
		rank -= n
	}
	return h.Max
}

// WholeAt is At for what is counted in whole numbers. It stays within the bucket if
// there is a whole number in it.
func (h *Histogram) WholeAt(u float64) int64 {
	v := h.At(u)
	if v <= 0 {
		return int64(v)
	}
	whole := math.Round(v)
	if whole <= 0 || bucketOf(whole) != bucketOf(v) {
		whole = math.Ceil(lowest(bucketOf(v)) - 1e-9)
	}
	return int64(min(max(whole, math.Ceil(h.Min)), math.Floor(h.Max)))
}

// Shares calls use for each edge between two buckets, in rising order, with the share
// of the values of each histogram that lies below it. The buckets of all histograms
// have the same edges.
func Shares(a, b *Histogram, use func(edge, shareOfA, shareOfB float64)) {
	keys := map[int]bool{}
	for _, h := range []*Histogram{a, b} {
		for k := range h.buckets {
			keys[k] = true
		}
	}
	belowA, belowB := a.zeros, b.zeros
	share := func(n int64, h *Histogram) float64 { return float64(n) / float64(max(h.Count, 1)) }
	use(0, share(belowA, a), share(belowB, b))
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		belowA += a.buckets[k]
		belowB += b.buckets[k]
		use(lowest(k+1), share(belowA, a), share(belowB, b))
	}
}

// bucketOf is the number of the bucket that a positive value falls into.
func bucketOf(v float64) int { return int(math.Floor(math.Log10(v)*perDecade + 1e-9)) }

// lowest is the lower end of a bucket.
func lowest(bucket int) float64 { return math.Pow(10, float64(bucket)/perDecade) }

// jsonHistogram is a histogram as it is written: each bucket as its lower end and
// its count.
type jsonHistogram struct {
	Count   int64        `json:"count"`
	Min     float64      `json:"min"`
	Max     float64      `json:"max"`
	Sum     float64      `json:"sum"`
	Squares float64      `json:"squares,omitempty"`
	Zeros   int64        `json:"zeros,omitempty"`
	Buckets [][2]float64 `json:"buckets"`
}

// MarshalJSON writes the histogram.
func (h *Histogram) MarshalJSON() ([]byte, error) {
	j := jsonHistogram{Count: h.Count, Min: short(h.Min), Max: short(h.Max), Sum: short(h.Sum), Squares: h.Squares, Zeros: h.zeros, Buckets: [][2]float64{}}
	for _, k := range slices.Sorted(maps.Keys(h.buckets)) {
		j.Buckets = append(j.Buckets, [2]float64{short(lowest(k)), float64(h.buckets[k])})
	}
	return json.Marshal(j)
}

// short rounds to six digits, which is more than the buckets are exact to.
func short(v float64) float64 {
	r, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 6, 64), 64)
	return r
}

// UnmarshalJSON reads a histogram, and refuses one that does not add up.
func (h *Histogram) UnmarshalJSON(data []byte) error {
	var j jsonHistogram
	if err := json.Unmarshal(data, &j); err != nil {
		return errors.New("a distribution has a value of another kind") // err has a line of data, not of the file
	}
	*h = Histogram{Count: j.Count, Sum: j.Sum, Squares: j.Squares, Min: j.Min, Max: j.Max, zeros: j.Zeros, buckets: map[int]int64{}}
	n := j.Zeros
	for _, b := range j.Buckets {
		if b[0] <= 0 || b[1] < 1 || b[1] != math.Trunc(b[1]) {
			return fmt.Errorf("a bucket of %v values from %v on; a positive bound and a whole number were expected", b[1], b[0])
		}
		h.buckets[int(math.Round(math.Log10(b[0])*perDecade))] += int64(b[1])
		n += int64(b[1])
	}
	if n != j.Count {
		return fmt.Errorf("the buckets hold %d values, and the count says %d", n, j.Count)
	}
	return nil
}
