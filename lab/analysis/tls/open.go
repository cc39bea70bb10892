package tls

import (
	"fmt"
	"slices"
)

// A counter counts the records of a direction. The number of a record is authenticated
// with it (RFC 5246, section 6.2.3.1; RFC 8446, section 5.3).
type counter struct {
	// seq is the number of the next record, from 0 with each key. After a gap, the
	// number is between seq and seq+slack.
	seq, slack uint64
	// failed counts the records since the last one that could be decrypted.
	failed uint64
	// spent counts the numbers that were tried without success after gaps, since then.
	spent int
}

const (
	leastRecord = 14      // bytes of the shortest encrypted record, with its header
	maxSpent    = 1 << 12 // numbers to try without success; a record has 16 KiB
)

// skip notes that bytes are missing, which may be any number of records.
func (c *counter) skip(bytes int64) { c.slack += uint64(bytes)/leastRecord + 1 }

// opened notes that the record of this number was decrypted.
func (c *counter) opened(seq uint64) { *c = counter{seq: seq + 1} }

// notOpened notes that a record could not be decrypted. After a gap it may not have
// been a record.
func (c *counter) notOpened(length int) {
	c.failed++
	if c.slack > 0 {
		c.skip(int64(length))
	} else {
		c.seq++
	}
}

// use changes the keys of a direction.
func (h *half) use(p protection) {
	h.protection, h.following, h.counter = p, nil, counter{}
	h.messages.restart()
	h.earlyRefused = false
}

// open decrypts a record, if a key authenticates it. It tries the current key with the
// next number, or after a gap with each possible number. It then tries the next key,
// because the change of keys may have been in a record that could not be read.
func (s *Session) open(dir int, r *record) (data []byte, typ uint8, err error) {
	h := &s.halves[dir]
	defer func() {
		if h.opener != nil {
			h.opener.passed(r)
		}
	}()
	data, typ, seq, err := h.try(h.opener, r, h.seq, h.slack)
	if err == nil {
		h.opened(seq)
		return data, typ, nil
	}
	if h.following == nil {
		next := s.next(dir)
		h.following = &next
	}
	data, typ, seq, e := h.try(h.following.opener, r, 0, h.slack+h.failed)
	if e == nil {
		h.use(*h.following)
		h.opened(seq)
		h.finished = h.finished || h.epoch >= epochTraffic
		return data, typ, nil
	}
	if !h.earlyRefused {
		h.notOpened(len(r.body.Data))
	}
	return nil, 0, err
}

// try opens a record with one of the numbers from first to first+more.
func (h *half) try(o opener, r *record, first, more uint64) (data []byte, typ uint8, seq uint64, err error) {
	if o == nil {
		return nil, 0, 0, errNoKey
	}
	h.tried = true
	h.plain = slices.Grow(h.plain[:0], len(r.body.Data)) // also for the numbers that are wrong
	for n := uint64(0); ; n++ {
		data, typ, err = o.open(h.plain[:0], first+n, r)
		if err == nil {
			return data, typ, first + n, nil
		}
		if n == more || h.spent == maxSpent {
			return nil, 0, 0, err
		}
		h.spent++
	}
}

// failure notes that a record cannot be decrypted. As long as no record of the
// direction was decrypted, either the record or the key may be wrong.
func (s *Session) failure(dir int, r *record, err error) {
	h := &s.halves[dir]
	p := Problem{dir, r.body.Packet, h.number, "it cannot be decrypted: " + err.Error()}
	if s.Flows[dir].Decrypted > 0 {
		s.Problems = appendBounded(s.Problems, p)
	} else {
		h.failures = appendBounded(h.failures, p)
	}
}

// blame decides whether earlier failures are the fault of the key or of the records. It
// is called when a record was decrypted, and at the end of the direction.
func (s *Session) blame(dir int) {
	h, f := &s.halves[dir], &s.Flows[dir]
	if f.Decrypted == 0 && len(h.failures) > 0 {
		h.failures = h.failures[:1]
		h.failures[0].Reason = fmt.Sprintf("the keys do not fit: none of %d encrypted records can be decrypted", f.Encrypted)
	}
	for _, p := range h.failures {
		s.Problems = appendBounded(s.Problems, p)
	}
	h.failures = nil
}
