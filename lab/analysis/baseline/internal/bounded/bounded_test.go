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

// TestKeep keeps bytes until there is no room for more. What takes the place of others needs no more room than they had.
func TestKeep(t *testing.T) {
	g, l, total := NewLedger(), Limit{"bytes", 100}, 0
	first := g.Keep(l, &total, nil, make([]byte, 64))
	for _, step := range []struct {
		before, data []byte
		want, full   int
	}{
		{first, make([]byte, 50), 50, 0}, {nil, make([]byte, 50), 0, 1}, {first, make([]byte, 200), 0, 2}, {nil, make([]byte, 32), 32, 2},
	} {
		got := g.Keep(l, &total, step.before, step.data)
		full := 0
		for _, f := range g.Full() {
			full += f.LeftOut
		}
		if len(got) != step.want || full != step.full || total > l.Most {
			t.Errorf("%d bytes: got %d of %d in all, %d left out, want %d, %d left out", len(step.data), len(got), total, full, step.want, step.full)
		}
	}
}
