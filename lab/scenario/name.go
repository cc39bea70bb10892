package scenario

import (
	"fmt"
	"net/netip"
	"strings"
)

// A Name is one entry of the name server, and the form of the answer for it.
type Name struct {
	Line       int
	Name       string // such as ftp.example.test
	Addr       netip.Addr
	Authority  int // how many name servers of the domain the answer has
	Additional int // how many addresses of name servers the answer has
	Size       int // of the answer, bytes; the names of name servers are as long as needed; 0 is the smallest
}

// Lengths of names (RFC 1035, 2.3.4) and of an answer over UDP (4.2.1), bytes.
const (
	maxLabel  = 63
	maxName   = 255 // with the length of each label and the root
	maxAnswer = 512

	// MinServerLabel is the length of the first label of a name server's name.
	MinServerLabel = len("ns1")
)

// Domain returns the domain of the name: everything after its first label, with the
// final dot.
func (n Name) Domain() string {
	_, domain, _ := strings.Cut(strings.TrimSuffix(n.Name, "."), ".")
	return domain + "."
}

// Servers returns how many name servers of the domain the answer mentions.
func (n Name) Servers() int { return max(n.Authority, n.Additional) }

// Sizes returns the smallest and the largest size of an answer of this form in bytes,
// with names compressed (RFC 1035, 4.1.4).
func (n Name) Sizes() (least, most int) {
	const (
		header       = 12
		questionTail = 2 + 2 // type and class
		pointer      = 2
		recordTail   = 2 + 2 + 4 + 2 // type, class, TTL and length of the data
		ipv4         = 4
	)
	domain := pointer
	if n.Domain() == "." {
		domain = 1
	}
	server := 1 + MinServerLabel + domain
	least = header + nameLength(n.Name) + questionTail
	least += pointer + recordTail + n.Addr.BitLen()/8
	least += n.Authority * (domain + recordTail + server)
	least += n.Additional * (pointer + recordTail + ipv4)
	if unnamed := n.Additional - n.Authority; unnamed > 0 { // the first mention of a name, which cannot be compressed
		least += unnamed * (server - pointer)
	}
	return least, least + (n.MaxServerLabel()-MinServerLabel)*n.Servers()
}

// MaxServerLabel returns how long the first label of a name server's name can be.
func (n Name) MaxServerLabel() int {
	return min(maxLabel, maxName-1-nameLength(n.Domain()))
}

// nameLength returns the length of a name in a message, uncompressed.
func nameLength(name string) int {
	if name = strings.TrimSuffix(name, "."); name == "" {
		return 1
	}
	return 1 + len(name) + 1
}

// Check returns an error if there can be no answer of this form.
func (n Name) Check() error {
	for label := range strings.SplitSeq(strings.TrimSuffix(n.Name, "."), ".") {
		if len(label) < 1 || len(label) > maxLabel {
			return fmt.Errorf("name %s: a label has 1 to %d bytes, and %q has %d (RFC 1035, 2.3.4)", n.Name, maxLabel, label, len(label))
		}
	}
	if length := nameLength(n.Name); length > maxName {
		return fmt.Errorf("name %s: it has %d bytes, and a name has at most %d (RFC 1035, 2.3.4)", n.Name, length, maxName)
	}
	if n.Servers() > 0 && n.MaxServerLabel() < MinServerLabel {
		return fmt.Errorf("name %s: its domain is too long for the names of its name servers", n.Name)
	}
	least, most := n.Sizes()
	switch {
	case least > maxAnswer:
		return fmt.Errorf("name %s: an answer with %d authority and %d additional records has %d bytes, and can have at most %d",
			n.Name, n.Authority, n.Additional, least, maxAnswer)
	case n.Size != 0 && (n.Size < least || n.Size > most):
		return fmt.Errorf("name %s: an answer with %d authority and %d additional records has between %d and %d bytes, so size=%d is not possible",
			n.Name, n.Authority, n.Additional, least, most, n.Size)
	}
	return nil
}
