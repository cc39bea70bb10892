package rules

import (
	"net/netip"
	"slices"
	"testing"

	"ftplab/lab/analysis/baseline/evidence"
)

// TestSights looks at two servers with each of twenty accounts. The first one of each account counts, in every run.
func TestSights(t *testing.T) {
	all, want := map[evidence.PairOfHosts]*pair{}, []int{}
	for i := range 40 {
		hosts := evidence.Between(netip.MustParseAddr("203.0.113.66"), netip.AddrFrom4([4]byte{198, 51, 100, byte(i)}))
		all[hosts] = &pair{sight: sight{packet: int32(100 + i), user: uint32(1 + i%20)}}
		if i < 20 {
			want = append(want, 100+i)
		}
	}
	found := judgeSights(all)
	if len(found) != 1 || !slices.Equal(found[0].packets, want) {
		t.Errorf("got %+v, want one breach with the packets %d", found, want)
	}
}
