package network

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"ftplab/lab/scenario"
)

// Ports are the ports that a host uses, in order, if the caller does not choose
// one. It is safe for concurrent use.
type Ports struct {
	host string
	all  []scenario.PortRange

	mu   sync.Mutex
	left []scenario.PortRange
}

// NewPorts returns the ports that a scenario sets for a host.
func NewPorts(h scenario.Host) *Ports {
	return &Ports{host: h.Name, all: h.Ports, left: slices.Clone(h.Ports)}
}

// Next returns the next port, or 0 (any) if the scenario sets none for the
// host. It fails when all of the host's ports have been used.
func (p *Ports) Next() (uint16, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.all) == 0 {
		return 0, nil
	}
	if len(p.left) == 0 {
		return 0, fmt.Errorf("host %s has used all of its ports=%s and needs another one; add ports", p.host, p)
	}
	next := &p.left[0]
	port := next.First
	if next.First++; port == next.Last {
		p.left = p.left[1:]
	}
	return port, nil
}

// String returns the ports in the scenario's notation, such as
// 28348,50000-50010.
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
