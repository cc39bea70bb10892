// What the rules are checked against.

package rules

import (
	"fmt"
	"slices"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/bounded"
	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
)

// Evidence is a capture for the rules: its connections and sessions, which are read one after
// another, and facts that only packets show.
type Evidence struct {
	*evidence.Sessions
	watch *watch
	pairs map[evidence.PairOfHosts]*pair
}

// NewEvidence returns the evidence of sessions. [Evidence.Packet] must then get every packet.
func NewEvidence(s *evidence.Sessions) *Evidence {
	return &Evidence{Sessions: s, watch: newWatch(s.Ledger)}
}

// Packet takes the next packet, and whether every host drops it because it was damaged.
func (e *Evidence) Packet(p *capture.Packet, dropped bool) { e.watch.packet(p, dropped) }

// flooded finds limits that the capture reached, which nobody's ordinary work does.
func (e *Evidence) flooded(limits ...bounded.Limit) (found []breach) {
	for _, f := range e.Ledger.Full() {
		if slices.ContainsFunc(limits, func(l bounded.Limit) bool { return l.Of == f.Of }) {
			found = append(found, breach{severity: Odd, sign: noSign, packets: []int{f.Packet},
				observed: fmt.Sprintf("there are %d %s, and from frame %d on at least %d more, as if they were to fill the tables of a switch, a firewall or a sensor", f.Most, f.Of, f.Packet, f.LeftOut)})
		}
	}
	return found
}

// A pair is what several rules remember of the sessions of two hosts. Nearly each two hosts have some of it, so one table
// takes less time and memory than one for each rule.
type pair struct {
	failures failures
	names    *nameCensus // nil if there were none
	sight    sight
	fetched  int32 // how many files the client fetched
	greeted  bool  // by the server, and not with the words of intruders
	inClear  bool  // there is a session that is not protected
}

// pairOf is what is remembered of the hosts of a session. If the table is full, it is forgotten after this session.
func (e *Evidence) pairOf(s *evidence.Session) *pair {
	if of := bounded.Entry(e.Ledger, maxPairs, e.pairs, s.Hosts()); of != nil {
		return of
	}
	return &pair{}
}

// A session is a session with what several rules look up in it.
type session struct {
	*evidence.Session
	ledger *bounded.Ledger
	pair   *pair
	// heard and paths are what replies and eachPath return; nil before their first use.
	heard []heardReply
	paths []pathUse
}

// transfer is the command that used a data connection, with its replies; nil if it is not in
// the capture, or if there is no session.
func (s *session) transfer(c *ftp.Connection) *ftp.Exchange {
	if s == nil || c.Transfer == nil {
		return nil
	}
	return s.Exchanges[c.Transfer.Exchange]
}
