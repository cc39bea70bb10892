// Package ranges keeps sets of numbers, such as the bytes of a stream that were
// seen, as ranges.
package ranges

import (
	"slices"
	"sort"
)

// A Range is the numbers from Start up to, not including, End.
type Range struct{ Start, End int64 }

// A Set is a set of numbers: ranges in rising order that do not touch. Adding
// at the end, as a stream does, takes constant time.
type Set []Range

// Add puts the numbers from start up to end into the set.
func (r *Set) Add(start, end int64) {
	if start >= end {
		return
	}
	s := *r
	last := len(s) - 1
	if last >= 0 && start >= s[last].Start && start <= s[last].End {
		s[last].End = max(s[last].End, end)
		return
	}
	if last < 0 || start > s[last].End {
		*r = append(s, Range{start, end})
		return
	}
	// The ranges that touch the new one are s[i:j].
	i := sort.Search(len(s), func(i int) bool { return s[i].End >= start })
	j := i
	for ; j < len(s) && s[j].Start <= end; j++ {
		start, end = min(start, s[j].Start), max(end, s[j].End)
	}
	if i == j {
		s = append(s, Range{})
		copy(s[i+1:], s[i:])
		s[i] = Range{start, end}
	} else {
		s[i] = Range{start, end}
		s = append(s[:i+1], s[j:]...)
	}
	*r = s
}

// Remove takes the numbers from start up to end out of the set.
func (r *Set) Remove(start, end int64) {
	s := *r
	i := sort.Search(len(s), func(i int) bool { return s[i].End > start })
	j := i
	for j < len(s) && s[j].Start < end {
		j++
	}
	if start >= end || i == j {
		return
	}
	var rest Set
	rest.Add(s[i].Start, start)
	rest.Add(end, s[j-1].End)
	*r = slices.Replace(s, i, j, rest...)
}

// Covers reports whether all numbers from start up to end are in the set.
func (r Set) Covers(start, end int64) bool {
	i := sort.Search(len(r), func(i int) bool { return r[i].End >= end })
	return start >= end || i < len(r) && r[i].Start <= start
}

// Clip returns the part of the set from start up to end. It is the set itself if nothing of
// it is outside.
func (r Set) Clip(start, end int64) Set {
	if n := len(r); n == 0 || start <= r[0].Start && r[n-1].End <= end {
		return r
	}
	var out Set
	for _, s := range r {
		out.Add(max(s.Start, start), min(s.End, end))
	}
	return out
}

// Gaps returns the numbers from start up to end that are not in the set.
func (r Set) Gaps(start, end int64) (gaps Set) {
	i := sort.Search(len(r), func(i int) bool { return r[i].End > start })
	for ; i < len(r) && r[i].Start < end; i++ {
		gaps.Add(start, r[i].Start)
		start = r[i].End
	}
	gaps.Add(start, end)
	return gaps
}

// Size is how many numbers are in the set.
func (r Set) Size() int64 {
	var n int64
	for _, s := range r {
		n += s.End - s.Start
	}
	return n
}

// From returns the first number of the set that is not below n, and whether there
// are numbers between n and it that the set lacks. After the end of the set it
// returns n.
func (r Set) From(n int64) (first int64, gap bool) {
	i := sort.Search(len(r), func(i int) bool { return r[i].End > n })
	if i < len(r) && r[i].Start > n {
		return r[i].Start, true
	}
	return n, false
}
