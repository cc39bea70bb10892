// The records of an answer: how many there are besides the address, and how
// names of chosen lengths give the answer its size.

package nameserver

import (
	"fmt"
	"strings"

	"golang.org/x/net/dns/dnsmessage"

	"ftplab/lab/scenario"
)

// answer makes the answer for a name, and the question that it answers.
func answer(n scenario.Name) (dnsmessage.Question, []byte, error) {
	q, err := question(n.Name, n.Addr.Is6())
	if err != nil {
		return q, nil, err
	}
	if err := n.Check(); err != nil {
		return q, nil, err
	}
	least, _ := n.Sizes()
	answer, err := pack(n, q, max(0, n.Size-least))
	return q, answer, err
}

// pack makes the answer. The names of its name servers get that many bytes more
// than their minimum length.
func pack(n scenario.Name, q dnsmessage.Question, more int) ([]byte, error) {
	b := dnsmessage.NewBuilder(nil, responseHeader)
	b.EnableCompression()
	servers := serverNames(n, more)
	for _, step := range []func() error{
		b.StartQuestions, func() error { return b.Question(q) },
		b.StartAnswers, func() error { return addAddress(&b, n, q) },
		b.StartAuthorities, func() error { return addServers(&b, n.Domain(), servers[:n.Authority]) },
		b.StartAdditionals, func() error { return addAddresses(&b, servers[:n.Additional]) },
	} {
		if err := step(); err != nil {
			return nil, fmt.Errorf("name %s: %w", n.Name, err)
		}
	}
	return b.Finish()
}

// resource is the header of a record with a TTL of one day.
func resource(name string) (dnsmessage.ResourceHeader, error) {
	n, err := dnsmessage.NewName(name)
	return dnsmessage.ResourceHeader{Name: n, Class: dnsmessage.ClassINET, TTL: 86400}, err
}

func addAddress(b *dnsmessage.Builder, n scenario.Name, q dnsmessage.Question) error {
	h := dnsmessage.ResourceHeader{Name: q.Name, Class: dnsmessage.ClassINET, TTL: 86400}
	if n.Addr.Is6() {
		return b.AAAAResource(h, dnsmessage.AAAAResource{AAAA: n.Addr.As16()})
	}
	return b.AResource(h, dnsmessage.AResource{A: n.Addr.As4()})
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

// addAddresses adds the addresses of the name servers, from 203.0.113.0/24,
// which is reserved for documentation (RFC 5737).
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

// serverNames returns the names of the name servers. Together they are that
// many bytes longer than their minimum.
func serverNames(n scenario.Name, more int) []string {
	names := make([]string, n.Servers())
	kind := serverKind(n.Name)
	for i := range names {
		length := scenario.MinServerLabel
		if more > 0 {
			extra := min(more/(len(names)-i), n.MaxServerLabel()-length)
			length, more = length+extra, more-extra
		}
		names[i] = serverLabel(kind, i+1, length) + "." + strings.TrimPrefix(n.Domain(), ".")
	}
	return names
}

// serverKind is the prefix of a name server's label before its number: ns, or
// dn if the name that is asked for could itself be that of a name server. DNS
// compression would write equal names once, and the answer would not have the
// chosen size.
func serverKind(name string) string {
	if host, _, _ := strings.Cut(name, "."); len(host) >= 3 && strings.HasPrefix(host[len(host)-3:], "ns") {
		return "dn"
	}
	return "ns"
}

// serverLabel is the label of the n-th name server, with that length: ns1, or
// with a place in front, lisbon-ns1.
func serverLabel(kind string, n, length int) string {
	const places = "lisbon-oslo-quito-hanoi-cairo-tunis-dakar-accra-lima-perth-osaka"
	label := fmt.Sprintf("%s%x", kind, n)
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
