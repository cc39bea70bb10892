// The rule about channels that are hidden in questions to name servers, in echoes, and in TCP headers.

package rules

import (
	"bytes"
	"fmt"
	"hash/maphash"
	"net/netip"
	"strings"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/bounded"
	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/capture"
)

var noHiddenChannelsRule = Rule{
	Name: "no-hidden-channels", Theme: "beside the session",
	Says:     "A host with a session does not ask for many names under one domain that are encoded bytes. The reply to an echo request has the data of the request. TCP header fields without a meaning, such as the urgent pointer without URG, keep their values, and those that a system counts or draws by lot are no text.",
	Source:   "RFC 792 (echo); RFC 1035, 2.3.4; RFC 9293, 3.1 (urgent pointer); RFC 4727 (options for experiments); RFC 6437 (flow labels); C. H. Rowland, Covert Channels in the TCP/IP Protocol Suite (1997); MITRE ATT&CK, T1071.004 (DNS) and T1095 (non-application layer protocol)",
	Example:  "sixty questions such as e6xmcf7vidizfeixacqljz3hf7glb6hk.fdcbc5fb6b4e55dea56527a7.t.example",
	Severity: Violation, sign: 2,
	Matters:  "Most networks let questions to name servers and echoes through, and every packet has headers, so intruders carry data in them.",
	Innocent: "a program asks a service on the Internet about the digests of files, as scanners for viruses do, or a device on the way adds options of its own.",
	look:     hiddenChannels,
}

// How many different names under one domain, with how many encoded letters each, carry data, and how many are unusual.
// Services that know digests are asked for some names, with one digest each.
const (
	carriedNames   = 60
	carriedLetters = 64
	codedNames     = 20
	codedLabel     = 24 // letters and digits
)

// changedEchoes is how many replies to echo requests have other data than these.
const changedEchoes = 5

// channels are what may carry data in questions to name servers and in echoes. Its memory is bounded.
type channels struct {
	domains map[domainOf]*codedAsked
	echoes  map[evidence.PairOfHosts]*echoed
	seed    maphash.Seed
	n       int // of all names
	kept    int // bytes of all echo requests
	ledger  *bounded.Ledger
}

// A domainOf is a domain that a client asks about.
type domainOf struct {
	client netip.Addr
	domain string
}

// codedAsked are the names under a domain that look encoded.
type codedAsked struct {
	seen    map[uint64]bool // hashes, at most maxNames
	letters int             // in all of these
	packets []int
	example string
}

// echoed is the last echo request of one host to another, and the replies with other data.
type echoed struct {
	id, seq uint16
	data    []byte
	changed []int
	n       int
}

func newChannels(g *bounded.Ledger) channels {
	return channels{ledger: g, domains: map[domainOf]*codedAsked{}, echoes: map[evidence.PairOfHosts]*echoed{}, seed: maphash.MakeSeed()}
}

// packet takes the next packet without TCP.
func (c *channels) packet(p *capture.Packet) {
	switch {
	case p.UDP != nil && p.UDP.DNS != nil && !p.UDP.DNS.Response && !p.UDP.Damaged:
		c.question(p)
	case p.ICMP != nil:
		c.echo(p)
	}
}

func (c *channels) question(p *capture.Packet) {
	letters, domain := codedPart(p.UDP.DNS.Name)
	if letters == 0 {
		return
	}
	at := domainOf{p.IP.Src.Unmap(), domain}
	if !bounded.Takes(c.ledger, maxCodedDomains, c.domains, at) {
		return
	}
	of := c.domains[at]
	if of == nil {
		at.domain = strings.Clone(domain)
		of = &codedAsked{seen: map[uint64]bool{}, example: strings.Clone(p.UDP.DNS.Name)}
		c.domains[at] = of
	}
	if hash := maphash.String(c.seed, p.UDP.DNS.Name); !of.seen[hash] && len(of.seen) < maxNames && c.ledger.Room(maxCodedQuestions, c.n) {
		c.n++
		of.seen[hash] = true
		of.letters += letters
		of.packets = appendSome(of.packets, p.Number)
	}
}

// codedPart is how many letters the labels of a name have that look encoded, and the domain after these.
func codedPart(name string) (letters int, domain string) {
	rest := strings.ToLower(strings.TrimSuffix(name, "."))
	domain = rest
	for rest != "" {
		var label string
		label, rest, _ = strings.Cut(rest, ".")
		if isCoded(label) {
			letters, domain = letters+len(label), rest
		}
	}
	return letters, domain
}

// isCoded reports whether a label is longer than words, and has letters and digits only.
func isCoded(label string) bool {
	digits := 0
	for i := range len(label) {
		switch c := label[i]; {
		case c >= '0' && c <= '9':
			digits++
		case (c < 'a' || c > 'z') && c < 0x80:
			return false
		}
	}
	return len(label) >= codedLabel && digits > 1
}

func (c *channels) echo(p *capture.Packet) {
	m := p.ICMP
	switch m.Type {
	case echoRequest, echoRequestV6:
		hosts := evidence.Between(p.IP.Src.Unmap(), p.IP.Dst.Unmap())
		of := bounded.Entry(c.ledger, maxPairs, c.echoes, hosts)
		if of == nil {
			return
		}
		of.id, of.seq, of.data = m.ID, m.Seq, c.ledger.Keep(maxEchoed, &c.kept, of.data, m.Rest)
	case echoReply, echoReplyV6:
		of := c.echoes[evidence.Between(p.IP.Dst.Unmap(), p.IP.Src.Unmap())]
		if of == nil || of.id != m.ID || of.seq != m.Seq {
			return
		}
		if n := min(len(of.data), len(m.Rest)); !bytes.Equal(of.data[:n], m.Rest[:n]) {
			of.n++
			of.changed = appendSome(of.changed, p.Number)
		}
	}
}

func hiddenChannels() look {
	return look{connection: headersHideNothing, session: linesHideNothing, end: func(e *Evidence) (found []breach) {
		var sessions map[netip.Addr]evidence.PairOfHosts
		if len(e.watch.channels.domains)+len(e.watch.channels.echoes) > 0 {
			sessions = e.sessionsOf()
		}
		for at, of := range e.watch.channels.domains {
			hosts, has := sessions[at.client]
			n := len(of.seen)
			if !has || n < codedNames {
				continue
			}
			b := breach{hosts: hosts, packets: of.packets,
				observed: fmt.Sprintf("%s asked for at least %d names under %s that look like encoded bytes, such as %s", at.client, n, wording.Quote(at.domain), wording.Quote(of.example))}
			if n < carriedNames || of.letters < n*carriedLetters {
				b.severity = Odd
			}
			found = append(found, b)
		}
		for between, of := range e.watch.channels.echoes {
			hosts, has := sessions[between.Client()]
			if !has {
				hosts, has = sessions[between.Server()]
			}
			if has && of.n >= changedEchoes {
				found = append(found, breach{hosts: hosts, packets: of.changed,
					observed: fmt.Sprintf("%d replies of %s to echo requests of %s have other data than these", of.n, between.Server(), between.Client())})
			}
		}
		found = append(found, e.flooded(maxCodedDomains, maxCodedQuestions)...)
		found = append(found, e.watch.spellers.judge()...)
		sortByFrame(found)
		return found
	}}
}
