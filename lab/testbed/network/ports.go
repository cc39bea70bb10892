package network

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"ftplab/lab/scenario"
)

// Ports are the ports that a host takes, in order, where nobody names one. It is
// safe for concurrent use.
type Ports struct {
	host string
	all  []scenario.PortRange

	mu   sync.Mutex
	left []scenario.PortRange
}

// NewPorts returns the ports that a scenario gives a host.
func NewPorts(h scenario.Host) *Ports {
	return &Ports{host: h.Name, all: h.Ports, left: slices.Clone(h.Ports)}
}

// Next returns the next port, or 0, any, of a host that was given none. The error
// says that all of a host's ports have been taken.
func (p *Ports) Next() (uint16, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.all) == 0 {
		return 0, nil
	}
	if len(p.left) == 0 {
		return 0, fmt.Errorf("host %s has taken all of its ports=%s, and needs another; give it more", p.host, p)
	}
	next := &p.left[0]
	port := next.First
	if next.First++; port == next.Last {
		p.left = p.left[1:]
	}
	return port, nil
}

// String is the ports as a scenario has them, such as 28348,50000-50010.
func (p *Ports) String() string {
	var parts []string
	for _, r := range p.all {
		part := fmt.Sprint(r.First)
		if r.Last != r.First {
			part = fmt.Sprintf("%d-%d", r.First, r.Last)
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ",")
}
