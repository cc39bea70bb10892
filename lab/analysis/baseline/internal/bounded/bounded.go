// Package bounded bounds what a check remembers of a capture, and counts what it had no room for.
//
// An attacker may fill a table to hide what comes after. So a full table is part of the verdict.
package bounded

import (
	"cmp"
	"hash/maphash"
	"maps"
	"slices"
)

// A Limit is how many of something a table holds at most.
type Limit struct {
	// Of says what they are, in the plural.
	Of   string
	Most int
}

// A Full is a limit that was reached.
type Full struct {
	// Of says what the table holds, and Most how many of them.
	Of   string `json:"of"`
	Most int    `json:"most"`
	// LeftOut is how many others there were, at least, and Packet is where the first of them was.
	LeftOut int `json:"left_out"`
	Packet  int `json:"packet"`
}

// A Ledger counts, by limit, what tables had no room for. A nil Ledger bounds them, and counts nothing.
type Ledger struct {
	// At is the packet that is being looked at, or the first one of the connection that is.
	At int
	// Lower gives a test smaller limits. It is nil otherwise.
	Lower func(Limit) int

	seed maphash.Seed
	full map[Limit]*leftOut
}

// leftOut is what one limit left out: hashes of keys, each counted once, and what has no key.
type leftOut struct {
	keys   map[uint64]bool
	n      int
	packet int // of the first
}

// mostKeys is how many keys that were left out a ledger tells apart.
const mostKeys = 1 << 12

// NewLedger returns a ledger without an entry.
func NewLedger() *Ledger { return &Ledger{seed: maphash.MakeSeed(), full: map[Limit]*leftOut{}} }

// Room reports whether there is room for one more beside n, and counts it if there is none. Things with a key belong in
// [Takes], which counts each of them once.
func (g *Ledger) Room(l Limit, n int) bool {
	if g.fits(l, n) {
		return true
	}
	if g != nil {
		g.of(l).n++
	}
	return false
}

// Takes reports whether a table has the key or room for it, and counts the key if it has neither. A full table goes
// on with what it has: otherwise a rule would judge by the first half of what somebody did.
func Takes[K comparable, V any](g *Ledger, l Limit, table map[K]V, key K) bool {
	if _, known := table[key]; known || g.fits(l, len(table)) {
		return true
	}
	if g != nil {
		if of := g.of(l); len(of.keys) < mostKeys {
			of.keys[maphash.Comparable(g.seed, key)] = true
		}
	}
	return false
}

// Entry is the entry of a table with the key, made if there is none and the table has room for it; nil if it has not.
func Entry[K comparable, V any](g *Ledger, l Limit, table map[K]*V, key K) *V {
	entry := table[key]
	if entry == nil && Takes(g, l, table, key) {
		entry = new(V)
		table[key] = entry
	}
	return entry
}

// Keep copies data over what was kept before, and returns it; nothing of it if the limit has no room for so many bytes
// more than the total of all that is kept.
func (g *Ledger) Keep(l Limit, total *int, before, data []byte) []byte {
	if more := len(data) - cap(before); more > 0 && !g.Room(l, *total+more-1) {
		return before[:0]
	}
	kept := append(before[:0], data...)
	*total += cap(kept) - cap(before)
	return kept
}

// Full lists the limits that were reached, in the order of what they are about.
func (g *Ledger) Full() []Full {
	list := []Full{}
	if g == nil {
		return list
	}
	for _, l := range slices.SortedStableFunc(maps.Keys(g.full), func(a, b Limit) int { return cmp.Compare(a.Of, b.Of) }) {
		list = append(list, Full{l.Of, g.most(l), len(g.full[l].keys) + g.full[l].n, g.full[l].packet})
	}
	return list
}

func (g *Ledger) of(l Limit) *leftOut {
	if g.full[l] == nil {
		g.full[l] = &leftOut{keys: map[uint64]bool{}, packet: g.At}
	}
	return g.full[l]
}

func (g *Ledger) fits(l Limit, n int) bool { return n < g.most(l) }

func (g *Ledger) most(l Limit) int {
	if g != nil && g.Lower != nil {
		return g.Lower(l)
	}
	return l.Most
}
