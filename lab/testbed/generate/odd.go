package generate

import (
	"math/rand/v2"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"ftplab/lab/scenario"
	"ftplab/lab/scenario/variant"
)

// odd is a session of a scenario that is not normal.
func (p *plotter) odd(number int, s *scenario.Scenario, random *rand.Rand) (*plan, error) {
	own, err := p.rehosted(varied(s, random), number, random)
	if err != nil {
		return nil, err
	}
	own.Network.Seed = mixedWord(p.corpus.mixed(forNetwork, uint64(number)))
	return &plan{
		number: number, scenario: own, start: p.arrivals.at(number), label: Abnormal, kind: s.Name, why: s.Title, user: firstUser(own.Steps),
	}, nil
}

// varied is a scenario with other names and times, as far as these fit it. Otherwise a file
// name or the round-trip time would give the label away. Sizes stay, because the fault may
// depend on them.
func varied(s *scenario.Scenario, random *rand.Rand) *scenario.Scenario {
	for _, change := range variant.Changes(s, random) {
		if change.Kind != variant.Names && change.Kind != variant.Times {
			continue
		}
		if other, err := variant.Apply(s, change); err == nil {
			s = other
		}
	}
	return s
}

// rawUser finds a name in bytes or in a line that a step sends.
var rawUser = regexp.MustCompile(`(?i)\bUSER (\S+)`)

// firstUser is who logs in first, "" for nobody.
func firstUser(steps []scenario.Step) string {
	for _, step := range steps {
		if step.Verb == "login" {
			return step.User
		}
		if found := rawUser.FindStringSubmatch(step.Command + step.Bytes); found != nil {
			return found[1]
		}
	}
	return ""
}

// rehosted is a scenario whose hosts are of the population, and whose other addresses are near
// it. Otherwise the addresses would give the label away, and connections of two sessions could
// have the same ends.
func (p *plotter) rehosted(s *scenario.Scenario, number int, random *rand.Rand) (*scenario.Scenario, error) {
	client, ports := p.population.client(number)
	addrs := make([]netip.Addr, len(s.Network.Hosts))
	text := string(s.Source)
	for i, h := range s.Network.Hosts {
		switch h.Name {
		case "client":
			addrs[i] = client.addr4()
		case "server":
			addrs[i] = serverAddr(p.population.server(client).number)
		default:
			addrs[i] = otherAddr(number*len(addrs) + i)
		}
		text = replaceAddr(text, h.Addr, addrs[i])
	}
	for _, n := range s.Names {
		if !slices.ContainsFunc(s.Network.Hosts, func(h scenario.Host) bool { return h.Addr == n.Addr }) {
			text = replaceAddr(text, n.Addr, unusedAddr(random))
		}
	}
	own, err := scenario.Parse(s.File, []byte(text))
	if err != nil {
		return nil, err
	}
	for i := range own.Network.Hosts {
		h := &own.Network.Hosts[i]
		if h.Addr = addrs[i]; h.Name == "client" && len(h.Ports) == 0 {
			h.Ports = ports
		}
	}
	return own, nil
}

// replaceAddr replaces an address of IPv4 in all lines but those of the hosts, also with commas,
// as PORT and 227 have it.
func replaceAddr(text string, from, to netip.Addr) string {
	dots, commas := from.String(), strings.ReplaceAll(from.String(), ".", ",")
	addr := regexp.MustCompile(`\b(` + regexp.QuoteMeta(dots) + `|` + commas + `)\b`)
	var b strings.Builder
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "host ") {
			line = addr.ReplaceAllStringFunc(line, func(found string) string {
				if found == commas {
					return strings.ReplaceAll(to.String(), ".", ",")
				}
				return to.String()
			})
		}
		b.WriteString(line)
	}
	return b.String()
}

// otherAddr is the address of a host that is neither client nor server, in 172.16.0.0/12 (RFC 1918).
func otherAddr(number int) netip.Addr {
	const each = 250 // addresses of a network: none is its router's
	return netip.AddrFrom4([4]byte{172, byte(16 + number/each/256%16), byte(number / each), byte(2 + number%each)})
}
