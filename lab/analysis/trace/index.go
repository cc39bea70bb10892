// Which connection a packet belongs to, by its two addresses.

package trace

import (
	"hash/maphash"
	"net/netip"
)

// An index finds the newest connection between two addresses. It is a hash table
// with open addressing that holds no addresses, since the connections do: a map
// with two of them as its key would take more memory than a connection that is
// nothing but a SYN.
type index struct {
	seed  maphash.Seed
	store *store
	slots []uint32 // an ID plus one, 0 for none; a power of two of them
	used  int
}

func newIndex(s *store) index {
	return index{seed: maphash.MakeSeed(), store: s, slots: make([]uint32, 64)}
}

// find returns the newest connection between two addresses, nil if there is
// none.
func (x *index) find(a, b netip.AddrPort) *Connection {
	if id := *x.slot(a, b); id > 0 {
		return x.store.recall(int(id-1), x.store.desk)
	}
	return nil
}

// add takes in a new connection, which is found from now on in the place of any
// older one between its addresses.
func (x *index) add(c *Connection) {
	if x.used*4 >= len(x.slots)*3 {
		x.grow()
	}
	slot := x.slot(c.Client, c.Server)
	if *slot == 0 {
		x.used++
	}
	*slot = uint32(c.ID + 1)
}

// slot is where the newest connection between two addresses stands, or belongs.
func (x *index) slot(a, b netip.AddrPort) *uint32 {
	last := uint64(len(x.slots) - 1)
	// The sum is the same in both directions.
	for i := maphash.Comparable(x.seed, a) + maphash.Comparable(x.seed, b); ; i++ {
		slot := &x.slots[i&last]
		if *slot == 0 || x.store.between(int(*slot-1), a, b) {
			return slot
		}
	}
}

func (x *index) grow() {
	old := x.slots
	x.slots = make([]uint32, 2*len(old))
	for _, id := range old {
		if id > 0 {
			*x.slot(x.store.ends(int(id - 1))) = id
		}
	}
}

// between reports whether a connection has these two ends.
func (c *Connection) between(a, b netip.AddrPort) bool {
	return c.Client == a && c.Server == b || c.Client == b && c.Server == a
}
