package traffic

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
)

// TestHistogramMerges adds up halves of random values, which must make the whole.
func TestHistogramMerges(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var all, a, b Histogram
	for range 10_000 {
		v := math.Floor(math.Exp(random.NormFloat64()*4)*1e6) / 1e6
		all.Add(v)
		if random.IntN(2) == 0 {
			a.Add(v)
		} else {
			b.Add(v)
		}
	}
	b.Merge(&a)
	if math.Abs(b.Sum-all.Sum) > 1e-6*all.Sum {
		t.Errorf("got sum %v, want %v", b.Sum, all.Sum)
	}
	b.Sum = all.Sum // the order of additions matters to its last digit
	if !reflect.DeepEqual(all, b) {
		t.Errorf("got %+v\nwant %+v", b, all)
	}
}

// TestHistogramAddTimes counts values several times at once, and one by one.
func TestHistogramAddTimes(t *testing.T) {
	var once, oneByOne Histogram
	for v, n := range map[float64]int64{0: 2, 60: 3, 1500: 7, 9000: 0} {
		once.AddTimes(v, n)
		for range n {
			oneByOne.Add(v)
		}
	}
	if !reflect.DeepEqual(once, oneByOne) {
		t.Errorf("got %+v\nwant %+v", once, oneByOne)
	}
}

// TestHistogramQuantiles compares with the sorted values.
func TestHistogramQuantiles(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	var h Histogram
	var values []float64
	for range 5000 {
		v := math.Exp(random.NormFloat64() * 3)
		h.Add(v)
		values = append(values, v)
	}
	slices.Sort(values)
	for _, q := range []float64{0.01, 0.25, 0.5, 0.9, 0.999} {
		want := values[int(math.Ceil(q*float64(len(values))))-1]
		if got := h.Quantile(q); got < want/1.13 || got > want*1.13 {
			t.Errorf("quantile %v: got %v, want %v within 13 %%", q, got, want)
		}
	}
	if got := h.Quantile(0); got != values[0] {
		t.Errorf("quantile 0: got %v, want %v", got, values[0])
	}
}

// TestHistogramJSON writes and reads histograms, and edges of buckets above all.
func TestHistogramJSON(t *testing.T) {
	var h Histogram
	for k := -90; k <= 120; k++ {
		h.Add(lowest(k))
		h.Add(lowest(k) * 1.1)
	}
	h.Add(0)
	text, err := json.Marshal(&h)
	if err != nil {
		t.Fatal(err)
	}
	var got Histogram
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got.buckets, h.buckets) || got.zeros != 1 || got.Count != h.Count {
		t.Errorf("got %+v\nwant %+v", got, h)
	}
	for _, bad := range []string{
		`{"count": 2, "buckets": [[1, 1]]}`, `{"count": 1, "buckets": [[0, 1]]}`, `{"count": 1, "buckets": [[1, 0.5]]}`, `[]`,
	} {
		if err := json.Unmarshal([]byte(bad), &got); err == nil {
			t.Errorf("%s: got no error", bad)
		}
	}
}
