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

// exportSuites are the cipher suites with keys of 40 bits or 512 bits, which servers must not choose (RFC 4346, A.5).
var exportSuites = []tls.CipherSuite{0x0003, 0x0006, 0x0008, 0x000b, 0x000e, 0x0011, 0x0014, 0x0017, 0x0019, 0x0026, 0x0027, 0x0028, 0x0029, 0x002a, 0x002b}

// exportKeys finds a server that chose one of them.
func exportKeys(t *ftp.TLSLayer) []breach {
	if t == nil || t.ClientHello == nil || t.ServerHello == nil || !slices.Contains(exportSuites, t.ServerHello.CipherSuite) {
		return nil
	}
	return []breach{{severity: Violation, packets: []int{t.ClientHello.Packet, t.ServerHello.Packet},
		observed: fmt.Sprintf("the server chose the %v, an export cipher, whose keys anybody can find: somebody asks for it in the place of the client, or looks for weak servers", t.ServerHello.CipherSuite)}}
}
