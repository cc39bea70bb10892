package bounded

import (
	"slices"
	"testing"
)

// TestFull fills tables, and asks for keys that they have and for others.
func TestFull(t *testing.T) {
	g := NewLedger()
	cards, probes := Limit{"cards", 2}, Limit{"probes", 3}
	table := map[string]*int{}
	for i, key := range []string{"a", "b", "a", "c", "d", "c", "b"} {
		g.At = 1 + i
		if of := Entry(g, cards, table, key); of != nil {
			*of++
		}
	}
	if len(table) != 2 || *table["a"] != 2 || *table["b"] != 2 {
		t.Errorf("got %v, want two of a and two of b", table)
	}
	for n := range 5 {
		if got, want := g.Room(probes, n), n < 3; got != want {
			t.Errorf("beside %d: got room %v, want %v", n, got, want)
		}
	}
	if got, want := g.Full(), []Full{{"cards", 2, 2, 4}, {"probes", 3, 2, 7}}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestManyLeftOut turns away more keys than a ledger tells apart.
func TestManyLeftOut(t *testing.T) {
	g := NewLedger()
	for key := range 2 * mostKeys {
		Takes(g, Limit{"keys", 0}, map[int]int{}, key)
	}
	if got, want := g.Full(), []Full{{"keys", 0, mostKeys, 0}}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if Takes(nil, Limit{"keys", 0}, map[int]int{}, 1) || len((*Ledger)(nil).Full()) > 0 {
		t.Error("a table without a ledger has no limit")
	}
}
