// The shape of an answer: how many records it has beside the address, and how
// long they make it.

package nameserver

import (
	"fmt"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

// answer makes the answer for a record, and the question that it is for.
func (r Record) answer() (dnsmessage.Question, []byte, error) {
	q, err := question(r.Name, r.Addr.Is6())
	if err != nil {
		return q, nil, err
	}
	least, err := r.pack(q, 0)
	if err == nil && len(least) > MaxSize {
		err = fmt.Errorf("name %s: an answer with %d authority and %d additional records has %d bytes, and may have %d",
			r.Name, r.Authority, r.Additional, len(least), MaxSize)
	}
	if err != nil || r.Size == 0 {
		return q, least, err
	}
	answer, err := r.pack(q, r.Size-len(least))
	if err == nil && len(answer) != r.Size {
		err = fmt.Errorf("name %s: an answer with %d authority and %d additional records has %d bytes or more, and at most %d: size=%d cannot be",
			r.Name, r.Authority, r.Additional, len(least), len(least)+(maxLabel-leastLabel)*r.servers(), r.Size)
	}
	return q, answer, err
}

// servers is how many name servers of the domain the answer names.
func (r Record) servers() int { return max(r.Authority, r.Additional) }

// pack makes the answer, with so many bytes more than the least that its name
// servers' names make up, as far as they can.
func (r Record) pack(q dnsmessage.Question, more int) ([]byte, error) {
	b := dnsmessage.NewBuilder(nil, responseHeader)
	b.EnableCompression()
	servers, domain := r.serverNames(more), domainOf(r.Name)
	for _, step := range []func() error{
		b.StartQuestions, func() error { return b.Question(q) },
		b.StartAnswers, func() error { return r.addAddress(&b, q) },
		b.StartAuthorities, func() error { return addServers(&b, domain, servers[:r.Authority]) },
		b.StartAdditionals, func() error { return addAddresses(&b, servers[:r.Additional]) },
	} {
		if err := step(); err != nil {
			return nil, fmt.Errorf("name %s: %w", r.Name, err)
		}
	}
	return b.Finish()
}

// resource is the head of a record that holds for a day.
func resource(name string) (dnsmessage.ResourceHeader, error) {
	n, err := dnsmessage.NewName(name)
	return dnsmessage.ResourceHeader{Name: n, Class: dnsmessage.ClassINET, TTL: 86400}, err
}

func (r Record) addAddress(b *dnsmessage.Builder, q dnsmessage.Question) error {
	h := dnsmessage.ResourceHeader{Name: q.Name, Class: dnsmessage.ClassINET, TTL: 86400}
	if r.Addr.Is6() {
		return b.AAAAResource(h, dnsmessage.AAAAResource{AAAA: r.Addr.As16()})
	}
	return b.AResource(h, dnsmessage.AResource{A: r.Addr.As4()})
}

func addServers(b *dnsmessage.Builder, domain string, servers []string) error {
	h, err := resource(domain)
	for _, s := range servers {
		var n dnsmessage.Name
		if err == nil {
			n, err = dnsmessage.NewName(s)
		}
		if err == nil {
			err = b.NSResource(h, dnsmessage.NSResource{NS: n})
		}
	}
	return err
}

// addAddresses tells where the name servers are: in 203.0.113.0/24, which is
// for documentation (RFC 5737).
func addAddresses(b *dnsmessage.Builder, servers []string) error {
	for i, s := range servers {
		h, err := resource(s)
		if err == nil {
			err = b.AResource(h, dnsmessage.AResource{A: [4]byte{203, 0, 113, byte(1 + i)}})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// domainOf is the domain that a name is in: what follows its first label.
func domainOf(name string) string {
	_, domain, _ := strings.Cut(strings.TrimSuffix(name, "."), ".")
	return domain + "."
}

// Lengths of the label that names a name server.
const (
	leastLabel = len("ns1")
	maxLabel   = 63 // RFC 1035, 2.3.4
)

// serverNames names the name servers, with so many bytes more than the least
// between them.
func (r Record) serverNames(more int) []string {
	names := make([]string, r.servers())
	for i := range names {
		length := leastLabel
		if more > 0 {
			extra := min(more/(len(names)-i), maxLabel-leastLabel)
			length, more = length+extra, more-extra
		}
		names[i] = serverLabel(i+1, length) + "." + strings.TrimPrefix(domainOf(r.Name), ".")
	}
	return names
}

// serverLabel is the label of the n-th name server, of that length: ns1, or
// with a place in front, lisbon-ns1.
func serverLabel(n, length int) string {
	const places = "lisbon-oslo-quito-hanoi-cairo-tunis-dakar-accra-lima-perth-osaka"
	label := fmt.Sprintf("ns%x", n)
	switch extra := length - len(label); extra {
	case 0:
		return label
	case 1:
		return "d" + label
	default:
		place := places[:extra-1]
		if strings.HasSuffix(place, "-") {
			place = place[:extra-2] + "s"
		}
		return place + "-" + label
	}
}
