package conform

import "testing"

// TestCount has each noun in the singular for one, and in the plural for any other number.
func TestCount(t *testing.T) {
	for n, want := range []string{"0 replies, 0 data ports", "1 reply, 1 data port", "2 replies, 2 data ports"} {
		if got := count(n, "reply") + ", " + count(n, "data port"); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
