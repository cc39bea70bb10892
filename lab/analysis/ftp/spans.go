// What lasts from one packet of the capture to another, such as a session in TLS.

package ftp

import (
	"slices"
	"sort"
)

// A span lasts from one packet to another.
type span[T any] struct {
	from, to int
	of       T
	longest  [2]lasting[T] // of this span and those before it, the last ones to end, the very last one first
}

// lasting is up to which packet a span lasts, 0 for none.
type lasting[T any] struct {
	to int
	of T
}

// spans are a set of spans. A capture may have very many, so they are sorted only when all have been added, and
// those at a packet are found without a look at all others.
type spans[T any] struct {
	list    []span[T]
	ordered bool // by the first packet
}

// add adds a span.
func (all *spans[T]) add(from, to int, of T) {
	all.list = append(all.list, span[T]{from: from, to: to, of: of})
	all.ordered = false
}

// order puts the spans in the order of their first packets.
func (all *spans[T]) order() {
	if all.ordered {
		return
	}
	all.ordered = true
	slices.SortStableFunc(all.list, func(a, b span[T]) int { return a.from - b.from })
	var longest [2]lasting[T]
	for i := range all.list {
		s := &all.list[i]
		if this := (lasting[T]{s.to, s.of}); this.to > longest[0].to {
			longest = [2]lasting[T]{this, longest[0]}
		} else if this.to > longest[1].to {
			longest[1] = this
		}
		s.longest = longest
	}
}

// before is how many begin before a packet.
func (all *spans[T]) before(packet int) int {
	all.order()
	return sort.Search(len(all.list), func(i int) bool { return all.list[i].from >= packet })
}

// at returns what lasts at a packet: all if that is one or none, and else two of them.
func (all *spans[T]) at(packet int) (found []T) {
	n := all.before(packet)
	if n == 0 {
		return nil
	}
	for _, x := range all.list[n-1].longest {
		if x.to > packet {
			found = append(found, x.of)
		}
	}
	return found
}

// each calls do with all that lasts at a packet, until that returns false.
func (all *spans[T]) each(packet int, do func(T) bool) {
	for i := all.before(packet) - 1; i >= 0 && all.list[i].longest[0].to > packet; i-- {
		if all.list[i].to > packet && !do(all.list[i].of) {
			return
		}
	}
}
