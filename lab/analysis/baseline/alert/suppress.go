package alert

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"

	"ftplab/lab/analysis/baseline"
	"ftplab/lab/internal/textfile"
)

// Suppressions say which findings are not to be reported. The zero value suppresses
// nothing.
type Suppressions struct{ lines []suppression }

// A suppression is a line of the file.
type suppression struct {
	rule string
	nets []netip.Prefix // none is any address
}

// maxSuppressions bounds a file of suppressions, bytes.
const maxSuppressions = 16 << 20

// ReadSuppressions reads the file of the given name. Each line has the name of a rule,
// and perhaps addresses or networks: then only findings with a frame from or to one of
// them are suppressed. # begins a comment.
//
//	reply-fits-command                  # our server answers QUIT with 220
//	no-floods 192.0.2.21 10.0.0.0/8
//
// An error names file and line.
func ReadSuppressions(name string) (*Suppressions, error) {
	text, err := textfile.ReadFile(name, maxSuppressions)
	if err != nil {
		return nil, err
	}
	return parseSuppressions(name, bytes.NewReader(text))
}

func parseSuppressions(name string, r io.Reader) (*Suppressions, error) {
	s := &Suppressions{}
	names := baseline.FindingNames()
	lines := bufio.NewScanner(textfile.NewReader(r))
	for n := 1; lines.Scan(); n++ {
		text, _, _ := strings.Cut(lines.Text(), "#")
		words := strings.Fields(text)
		if len(words) == 0 {
			continue
		}
		if !slices.Contains(names, words[0]) {
			return nil, fmt.Errorf("%s:%d: there is no rule %q; ftplab baseline rules lists them", name, n, words[0])
		}
		x := suppression{rule: words[0]}
		for _, word := range words[1:] {
			net, err := network(word)
			if err != nil {
				return nil, fmt.Errorf("%s:%d: %q: an address such as 192.0.2.21 or a network such as 192.0.2.0/24 was expected", name, n, word)
			}
			x.nets = append(x.nets, net)
		}
		s.lines = append(s.lines, x)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return s, nil
}

// network is the network that a word names; an address is a network of one host.
func network(word string) (netip.Prefix, error) {
	if strings.Contains(word, "/") {
		p, err := netip.ParsePrefix(word)
		return p.Masked(), err
	}
	a, err := netip.ParseAddr(word)
	if err != nil {
		return netip.Prefix{}, err
	}
	return a.Unmap().Prefix(a.Unmap().BitLen())
}

// Cover reports whether an alert is suppressed.
func (s *Suppressions) Cover(a *Alert) bool {
	return slices.ContainsFunc(s.lines, func(x suppression) bool {
		if x.rule != a.Rule {
			return false
		}
		return x.nets == nil || slices.ContainsFunc(a.Hosts, func(host netip.Addr) bool {
			return slices.ContainsFunc(x.nets, func(n netip.Prefix) bool { return n.Contains(host) })
		})
	})
}

// Apply removes what is suppressed from a report, and draws the verdict again.
func (s *Suppressions) Apply(r *Report) { r.Suppressed += r.remove(s.Cover) }
