// Answers of name servers that contradict each other.

package rules

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/bounded"
	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/capture"
)

// lookups are the last questions to name servers. Answers come soon, so a table of fixed size is
// enough: a new question overwrites an old one.
type lookups struct {
	last   [1 << 10]lookup
	names  map[string]resolved // the last answer about each name
	found  []contradiction     // in answers to one question
	later  []contradiction     // in answers to two questions, which only make notes
	forged map[string]*unasked // by client and name
	ledger *bounded.Ledger
}

// A lookup is a question, with its answers. It may have been asked and answered more than once, and asked is 0 as long as
// only an answer was recorded.
type lookup struct {
	client, server  netip.AddrPort
	id              uint16
	kind, name      string
	asked, answered int
	resolved
	early []resolved // answers that were recorded before the question
	since int64      // the time of the first of these
}

// A recorder with several queues may store an answer before its question, and a forged one before a true one. It empties
// each queue at least once in a second. mostEarly bounds such answers.
const (
	outOfOrder = time.Second
	mostEarly  = 4
)

// A resolved name is the addresses in an answer.
type resolved struct {
	packet  int
	ttl     int // the time to live of the packet, which shows how far away its sender is
	addrs   []netip.Addr
	damaged bool // the packet's checksum is wrong
}

// A contradiction is two answers about a name that have no address in common.
type contradiction struct {
	name          string
	client        netip.Addr
	first, second resolved
	same          bool // both answer the same question
}

// unasked are the answers about a name that fit no question, although the client did ask.
type unasked struct {
	counted
	asked int
	addrs []netip.Addr
}

// manyUnasked is how many of them guess the number of a question, of whom somebody asked for the name only now and then.
const manyUnasked = 20

// packet takes the next message of DNS.
func (l *lookups) packet(p *capture.Packet) {
	m := p.UDP.DNS
	client, server := netip.AddrPortFrom(p.IP.Src, p.UDP.SrcPort), netip.AddrPortFrom(p.IP.Dst, p.UDP.DstPort)
	if m.Response {
		client, server = server, client
	}
	q := &l.last[(uint32(m.ID)*0x9e3779b1>>16^uint32(client.Port()))%uint32(len(l.last))]
	known := q.client == client && q.server == server && q.id == m.ID && q.kind == m.Type && q.name == m.Name
	if !known || q.asked == 0 && p.Time-q.since > int64(outOfOrder) {
		*q = lookup{client: client, server: server, id: m.ID, kind: m.Type, name: strings.Clone(m.Name), since: p.Time}
	}
	about := client.Addr().String() + " " + m.Name
	of := bounded.Entry(l.ledger, maxAskedNames, l.forged, about)
	switch {
	case of == nil:
	case !m.Response:
		of.asked++
	case q.asked == 0:
		of.add(p.Number)
		of.addrs = addresses(m.Records)
	}
	if !m.Response {
		q.asked++
	} else if len(q.early) < mostEarly {
		q.early = append(q.early, resolved{p.Number, p.IP.TTL, addresses(m.Records), p.UDP.Damaged})
	}
	if q.asked > 0 {
		for _, a := range q.early {
			l.answer(q, a)
		}
		q.early = nil
	}
}

// answer takes an answer to a question.
func (l *lookups) answer(q *lookup, a resolved) {
	q.answered++
	if a.addrs == nil {
		return
	}
	of := q.kind + " " + q.name
	before, known := l.names[of]
	switch {
	case q.answered > q.asked && q.differs(a):
		if l.ledger.Room(maxContradictions, len(l.found)) {
			l.found = append(l.found, contradiction{q.name, q.client.Addr(), q.resolved, a, true})
		}
	case known && before.differs(a) && len(l.later) < maxLaterAnswers:
		l.later = append(l.later, contradiction{q.name, q.client.Addr(), before, a, false})
	}
	q.resolved = a
	if known || len(l.names) < maxLaterAnswers {
		l.names[of] = a
	}
}

// addresses are those in the records of an answer.
func addresses(records []string) (addrs []netip.Addr) {
	for _, r := range records {
		_, text, _ := strings.Cut(r, " ")
		if a, err := netip.ParseAddr(text); err == nil {
			addrs = append(addrs, a)
		}
	}
	return addrs
}

// differs reports whether two answers have no address in common. If the checksum of one of them is
// wrong, it was damaged on its way.
func (a resolved) differs(b resolved) bool {
	return a.addrs != nil && a.damaged == b.damaged && !slices.ContainsFunc(a.addrs, func(x netip.Addr) bool { return slices.Contains(b.addrs, x) })
}

// String lists the addresses.
func (a resolved) String() string {
	set := map[string]bool{}
	for _, addr := range a.addrs {
		set[addr.String()] = true
	}
	return wording.List(set)
}

// falseNames finds answers that contradict each other about a host with a session, one for each
// name.
func (e *Evidence) falseNames() (found []breach) {
	reported := map[string]bool{}
	for _, c := range slices.Concat(e.watch.lookups.found, e.watch.lookups.later) {
		addrs := slices.Concat(c.first.addrs, c.second.addrs)
		i := slices.IndexFunc(addrs, func(a netip.Addr) bool { return e.Served[evidence.Between(c.client, a)] })
		if i < 0 || reported[c.name] && !c.same {
			continue
		}
		reported[c.name] = true
		b := breach{hosts: evidence.Between(c.client, addrs[i]), packets: []int{c.first.packet, c.second.packet},
			observed: fmt.Sprintf("the name %s is that of %s, and then of %s", c.name, c.first, c.second)}
		switch d := c.first.ttl - c.second.ttl; {
		case !c.same:
			b.severity, b.sign = Note, 1 // a name may have several servers
		case max(d, -d) >= otherHops:
			b.severity = Violation
			b.observed += fmt.Sprintf(", in two answers to one question, with the times to live %d and %d, so they have two senders", c.first.ttl, c.second.ttl)
		default:
			b.observed += ", in two answers to one question"
		}
		found = append(found, b)
	}
	return append(found, e.forgedNames()...)
}

// forgedNames finds names about which a client got many answers that fit none of its questions, and servers at the
// addresses in them.
func (e *Evidence) forgedNames() (found []breach) {
	servers := map[netip.Addr]evidence.PairOfHosts{} // each with the lowest of its clients
	for hosts := range e.Served {
		if before, known := servers[hosts.Server()]; !known || hosts.Client().Less(before.Client()) {
			servers[hosts.Server()] = hosts
		}
	}
	for _, of := range e.watch.lookups.forged {
		if of.asked == 0 || of.n < manyUnasked*of.asked {
			continue
		}
		b := breach{packets: of.packets, observed: fmt.Sprintf("%d answers about a name fit no question, as if somebody guessed the number of one", of.n)}
		for _, addr := range of.addrs {
			if hosts, serves := servers[addr]; serves {
				b.severity, b.hosts = Violation, hosts
				break
			}
		}
		found = append(found, b)
	}
	sortByFrame(found)
	return found
}
