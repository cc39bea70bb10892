package ranges

import (
	"math/rand/v2"
	"testing"
)

// TestSet compares a set with one that keeps each number by itself.
func TestSet(t *testing.T) {
	const most = 40
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		var set Set
		var want [most]bool
		for range 12 {
			start := random.Int64N(most)
			end := start + random.Int64N(most-start)
			add := random.IntN(3) > 0
			if add {
				set.Add(start, end)
			} else {
				set.Remove(start, end)
			}
			for n := start; n < end; n++ {
				want[n] = add
			}
		}
		from, to := random.Int64N(most), random.Int64N(most)
		clip, gaps := set.Clip(from, to), set.Gaps(from, to)
		for n, has := range want {
			n, within := int64(n), from <= int64(n) && int64(n) < to
			if set.Covers(n, n+1) != has || clip.Covers(n, n+1) != (has && within) || gaps.Covers(n, n+1) != (!has && within) {
				t.Fatalf("got %v, of it from %d to %d %v and the gaps %v; wrong at %d", set, from, to, clip, gaps, n)
			}
		}
		for i, r := range set {
			if r.Start >= r.End || i > 0 && set[i-1].End >= r.Start {
				t.Fatalf("got %v, which is not in order or has parts that touch", set)
			}
		}
	}
}
