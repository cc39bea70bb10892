// Data connections that the file has before their announcement.

package ftp

import (
	"sort"
	"time"
)

// outOfOrder is how far the order of the file may be from that of events. A recorder with several
// interfaces or queues stores what one of them has buffered before it stores what another one has:
// libpcap's programs empty a buffer at least once in a second. The clocks of two recorders whose
// captures were merged differ by less, if NTP keeps them.
const outOfOrder = time.Second

// mostLate is how many announcements are tried for a connection. A capture whose stamps are all the
// same could have very many.
const mostLate = 100

// MatchLate is Match for a connection that the file has before its announcement. Only the other
// party of the session counts, which must have begun before. The connection was accepted, so
// somebody listened already. A transfer began with the data port, and no other connection came to
// it. So Match must have seen all connections before.
func (all *Expected) MatchLate(o *Opening) (purpose Purpose, ok bool) {
	if o.AnswerSYN == 0 && !o.Data {
		return purpose, false
	}
	for listener := range 2 {
		if listener == o.Initiator {
			continue
		}
		if e := all.late(o, listener); e != nil {
			return e.join(o, listener), true
		}
	}
	return purpose, false
}

// late returns the first entry after a connection that it may have come to, nil for none.
func (all *Expected) late(o *Opening, listener int) *expected {
	at, initiator := unmapped(o.Ends[listener]), o.Ends[1-listener].Addr().Unmap()
	i := sort.Search(len(all.byInitiator), func(i int) bool {
		return all.list[all.byInitiator[i]].compare(at, initiator, o.FirstPacket) > 0
	})
	for _, k := range all.byInitiator[i:min(i+mostLate, len(all.byInitiator))] {
		e := &all.list[k]
		if e.listener() != at || e.initiator != initiator || e.time-o.FirstTime > int64(outOfOrder) {
			return nil
		}
		if e.needed && len(e.Connections) == 0 && e.began < o.FirstTime && o.FirstTime-e.time <= int64(outOfOrder) {
			return e
		}
	}
	return nil
}
