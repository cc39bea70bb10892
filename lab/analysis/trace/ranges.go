// Sets of numbers, kept as stretches.

package trace

import "sort"

// A stretch is the numbers from Start up to, not including, End.
type stretch struct{ start, end int64 }

// ranges is a set of numbers: stretches in rising order that do not touch.
// Adding at the end, as a stream does, takes no time.
type ranges []stretch

// add puts the numbers from start up to end into the set.
func (r *ranges) add(start, end int64) {
	if start >= end {
		return
	}
	s := *r
	last := len(s) - 1
	if last >= 0 && start >= s[last].start && start <= s[last].end {
		s[last].end = max(s[last].end, end)
		return
	}
	if last < 0 || start > s[last].end {
		*r = append(s, stretch{start, end})
		return
	}
	// The stretches that touch the new one are s[i:j].
	i := sort.Search(len(s), func(i int) bool { return s[i].end >= start })
	j := i
	for ; j < len(s) && s[j].start <= end; j++ {
		start, end = min(start, s[j].start), max(end, s[j].end)
	}
	if i == j {
		s = append(s, stretch{})
		copy(s[i+1:], s[i:])
		s[i] = stretch{start, end}
	} else {
		s[i] = stretch{start, end}
		s = append(s[:i+1], s[j:]...)
	}
	*r = s
}

// covers reports whether all numbers from start up to end are in the set.
func (r ranges) covers(start, end int64) bool {
	i := sort.Search(len(r), func(i int) bool { return r[i].end >= end })
	return start >= end || i < len(r) && r[i].start <= start
}

// clip returns the part of the set from start up to end.
func (r ranges) clip(start, end int64) ranges {
	var out ranges
	for _, s := range r {
		out.add(max(s.start, start), min(s.end, end))
	}
	return out
}

// size is how many numbers are in the set.
func (r ranges) size() int64 {
	var n int64
	for _, s := range r {
		n += s.end - s.start
	}
	return n
}
