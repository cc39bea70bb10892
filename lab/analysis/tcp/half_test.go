package tcp

import "testing"

// TestShown begins a stream where packets before its first data show that it was.
func TestShown(t *testing.T) {
	for _, test := range []struct {
		name  string
		shown []int64
		first int64 // number of the first data
		want  int64
	}{
		{"nothing before", nil, 9, 9},
		{"an acknowledgment right before", []int64{9}, 9, 9},
		{"a keep-alive", []int64{8}, 9, 9},
		{"lost bytes", []int64{1}, 9, 1},
		{"lost bytes, twice", []int64{5, 1, 9}, 9, 1},
		{"a number without meaning", []int64{1}, 1 << 20, 1 << 20},
		{"a number that comes later in the stream", []int64{20}, 9, 9},
	} {
		h := Half{}
		for _, seq := range test.shown {
			h.show(seq)
		}
		h.Segments, h.head = 1, &head{}
		h.head.segments.add(test.first)
		h.show(0) // too late to count
		if got := h.start(); got != test.want {
			t.Errorf("%s: got %d, want %d", test.name, got, test.want)
		}
	}
}
