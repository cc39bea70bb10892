package capture

import "testing"

// TestFindClocks compares many conversations at two places. One of them, not the one with the most packets, shows that the
// packets of the file are not in the order of their times.
func TestFindClocks(t *testing.T) {
	k := clocks{of: map[compared]*[2]lags{}}
	for n := 1; n <= 64; n++ {
		l := lags{sum: int64(n), packets: n, later: n, disordered: n == 1}
		k.of[compared{new(observations), [2]uint8{0, 1}}] = &[2]lags{l, l}
	}
	k.find()
	if got, want := k.differ[[2]uint8{0, 1}], (difference{by: 1, packets: 128, disordered: true}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
