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

// spans are in the order of their first packets. A capture may have very many, so those at a packet
// are found without a look at all others.
type spans[T any] []span[T]

// add adds a span.
func (all *spans[T]) add(from, to int, of T) {
	at := all.before(from + 1)
	*all = slices.Insert(*all, at, span[T]{from: from, to: to, of: of})
	for i := at; i < len(*all); i++ {
		s := &(*all)[i]
		before := s.longest
		if s.longest = [2]lasting[T]{}; i > 0 {
			s.longest = (*all)[i-1].longest
		}
		if this := (lasting[T]{s.to, s.of}); this.to > s.longest[0].to {
			s.longest = [2]lasting[T]{this, s.longest[0]}
		} else if this.to > s.longest[1].to {
			s.longest[1] = this
		}
		if i > at && before[0].to == s.longest[0].to && before[1].to == s.longest[1].to {
			return // and so are those after it
		}
	}
}

// before is how many begin before a packet.
func (all spans[T]) before(packet int) int {
	return sort.Search(len(all), func(i int) bool { return all[i].from >= packet })
}

// at returns what lasts at a packet: all if that is one or none, and else two of them.
func (all spans[T]) at(packet int) (found []T) {
	n := all.before(packet)
	if n == 0 {
		return nil
	}
	for _, x := range all[n-1].longest {
		if x.to > packet {
			found = append(found, x.of)
		}
	}
	return found
}

// each calls do with all that lasts at a packet, until that returns false.
func (all spans[T]) each(packet int, do func(T) bool) {
	for i := all.before(packet) - 1; i >= 0 && all[i].longest[0].to > packet; i-- {
		if all[i].to > packet && !do(all[i].of) {
			return
		}
	}
}
