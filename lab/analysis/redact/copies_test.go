package redact

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	"ftplab/lab/analysis/ftp"
)

// TestOrigin finds the connection of a packet among those between the same ports: the one with the nearest SYN before it,
// and the first of several. Numbers begin again at 0.
func TestOrigin(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	syns := []uint32{0, 0, 1, 1 << 31, 1<<32 - 1}
	for range 100 {
		syns = append(syns, random.Uint32())
	}
	r := route{}
	w := writer{origins: map[route][]origin{}}
	for i, syn := range syns {
		w.origins[r] = append(w.origins[r], origin{connection: &ftp.Identity{ID: i}, syn: syn})
	}
	slices.SortStableFunc(w.origins[r], func(a, b origin) int { return cmp.Compare(a.syn, b.syn) })
	for _, syn := range syns {
		for _, number := range []uint32{syn - 1, syn, syn + 1} {
			want := 0
			for i, syn := range syns {
				if number-syn < number-syns[want] {
					want = i
				}
			}
			if got := w.origin(r, number).connection.ID; got != want {
				t.Errorf("%d: got the connection %d, want %d", number, got, want)
			}
		}
	}
	if got := (&writer{}).origin(r, 7); got.connection.ID != ftp.NoConnection || got.syn != 0 {
		t.Errorf("without texts: got %+v, want no connection", got)
	}
}
