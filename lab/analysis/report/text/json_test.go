package text

import (
	"math"
	"testing"
	"time"
)

func TestTimeJSON(t *testing.T) {
	for _, at := range []int64{
		1, 999_999_999, 1e9, -1, -1e9, 1_772_323_200_000_000_000, 1_772_323_200_012_034_500, math.MaxInt64, math.MinInt64,
	} {
		want := time.Unix(0, at).UTC().Format("2006-01-02T15:04:05.000000000Z")
		if got := timeJSON(at); got != want {
			t.Errorf("%d: got %s, want %s", at, got, want)
		}
	}
	if got := timeJSON(0); got != "" {
		t.Errorf("unknown: got %q", got)
	}
}
