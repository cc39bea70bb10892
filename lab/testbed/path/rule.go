package path

import "ftplab/lab/scenario"

// A rule is one of the plan's Rules: it says which segments match and what the path
// does with them.
type rule struct {
	condition
	ipv6    bool // it is about IPv6 addresses
	matched int  // segments so far, in the rule's time

	seen   map[stream]int64 // when the last segment of a connection passed; for Idle
	silent map[stream]bool  // connections that were idle for too long
}

func newRule(r scenario.PathRule, from, to *End) *rule {
	return &rule{condition: condition{PathRule: r, from: from, to: to}, ipv6: from.addressOf(r.From).Is6(), seen: map[stream]int64{}, silent: map[stream]bool{}}
}

// claims reports whether the rule applies to a segment that is sent between two ends at
// a time, and counts it if so. began is when the first frame was sent.
func (r *rule) claims(s segment, data []byte, from, to *End, at, began int64) bool {
	there, back := r.from == from && r.to == to, r.from == to && r.to == from
	if !there && !back || s.from.Addr().Is6() != r.ipv6 {
		return false
	}
	silent := r.Idle == 0 || r.isSilent(s, at)
	if back && !r.Both || !r.meets(s, data, back) {
		return false
	}
	if !silent || at-began < int64(r.After) || r.For > 0 && at-began >= int64(r.After+r.For) {
		return false
	}
	r.matched++
	return r.matched > r.Skip && (r.Count == 0 || r.matched <= r.Skip+r.Count)
}

// isSilent reports whether the segment's connection was idle for so long that
// the path has forgotten it. A SYN makes it a new connection.
func (r *rule) isSilent(s segment, at int64) bool {
	key := s.connection()
	last, known := r.seen[key]
	switch {
	case s.flags&flagSYN != 0 && s.flags&flagACK == 0:
		delete(r.silent, key)
	case known && at-last > int64(r.Idle):
		r.silent[key] = true
	}
	r.seen[key] = at
	return r.silent[key]
}

// claim returns the rule that applies to a frame sent from one end to another, or nil.
func (p *Path) claim(from, to *End, f frame, at int64) *rule {
	s, ok := f.segment()
	if !ok {
		return nil
	}
	var claimed *rule
	for _, r := range p.rules {
		if r.claims(s, f.data(), from, to, at, p.began) && claimed == nil {
			claimed = r
		}
	}
	if claimed != nil && claimed.Count == 0 && claimed.For == 0 && (claimed.Kind == scenario.Drop || claimed.Kind == scenario.Reject) {
		p.streams.forget(s) // the end of such a connection cannot be seen
	}
	return claimed
}

// damage inverts a bit of the payload, or of the header if there is no payload,
// so that the checksum is wrong.
func (f frame) damage() {
	f[len(f)-1] ^= 0x10
}
