// Handshakes of TLS that somebody cuts off until the client offers less.

package rules

import (
	"fmt"
	"slices"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/bounded"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/tls"
)

// fewDowngrades is how many handshakes in a row are cut off, each with a lower version, before that is no
// accident.
const fewDowngrades = 2

// downgrades are the versions that each client offered a server in handshakes that a RST cut off.
type downgrades map[evidence.PairOfHosts]*downgrade

type downgrade struct {
	packets []int
	last    tls.Version
	lower   int // how often a client offered less after a handshake was cut off
	cut     bool
	found   []breach
}

// add takes the handshake of a control connection.
func (all downgrades) add(s *session) {
	t := s.Layer
	if t == nil || t.ClientHello == nil || len(t.ClientHello.Versions) == 0 {
		return
	}
	d := bounded.Entry(s.ledger, maxPairs, all, s.Hosts())
	if d == nil {
		return
	}
	offered := slices.Max(t.ClientHello.Versions)
	if d.cut && offered < d.last {
		d.lower++
	} else if !d.cut {
		d.lower, d.packets = 0, nil
	}
	d.last = offered
	d.packets = appendSome(d.packets, t.ClientHello.Packet)
	d.cut = t.ServerHello == nil && s.Control.ResetBy == ftp.Server && len(t.Alerts) == 0
	if t.ServerHello != nil && d.lower >= fewDowngrades {
		d.found = append(d.found, breach{severity: Odd, sign: 2, hosts: s.Hosts(), packets: append(d.packets, t.ServerHello.Packet),
			observed: fmt.Sprintf("RSTs cut off handshakes until the client offered no more than %s, %d times less than before", offered, d.lower)})
	}
}

// judge finds clients that were brought to a lower version, by RSTs and not by alerts of the server.
func (all downgrades) judge() (found []breach) {
	for _, d := range all {
		found = append(found, d.found...)
	}
	return found
}
