package packet

import (
	"net/netip"
	"testing"
)

// TestManyFragments sends fragments of datagrams that never become whole, all in the same place.
// They take no more memory than is allowed, and only the first ones are compared.
func TestManyFragments(t *testing.T) {
	var f fragments
	host := netip.MustParseAddr("192.0.2.1")
	data := make([]byte, 600)
	for id := range uint32(300) {
		for i := range 2 * mostParts {
			part := data[:8+8*(i%64)]
			f.add(&IP{Src: host, Dst: host, Offset: 8}, id, piece{part, len(part)}, true)
		}
		size := 0
		for _, g := range f.waiting {
			if len(g.parts) > mostParts {
				t.Fatalf("the places of %d fragments are kept, want %d at most", len(g.parts), mostParts)
			}
			size += 16 * cap(g.parts)
		}
		if size > 2*maxFragmentBytes {
			t.Fatalf("%d bytes are kept for the places of fragments, want %d at most", size, 2*maxFragmentBytes)
		}
	}
	for len(f.order) > 0 {
		f.forget(f.order[0])
	}
	if f.bytes != 0 {
		t.Errorf("%d bytes are counted, and nothing is kept", f.bytes)
	}
}
