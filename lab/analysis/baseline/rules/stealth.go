// Probes with flags that no TCP sends.

package rules

import (
	"fmt"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/packet"
)

// strangePorts is how many ports of a server get packets with impossible flags if that is no fault of one program.
const strangePorts = 3

// strangeFlags are the first packets to ports with flags that no TCP sends, by client and server. Every segment after
// the SYN has an ACK (RFC 9293 section 3.10.7.4).
type strangeFlags struct {
	ports map[evidence.PairOfHosts]map[uint16]int
	only  map[evidence.PairOfHosts]bool // the flags do not even end a connection
	n     int                           // of all, at most maxProbes
}

// packet takes the next packet with TCP.
func (f *strangeFlags) packet(p *capture.Packet) {
	if p.TCP.Flags&(packet.SYN|packet.ACK|packet.RST) != 0 || p.TCP.Length > 0 || f.n >= maxProbes || p.ChecksumWrong() {
		return
	}
	hosts := evidence.Between(p.IP.Src.Unmap(), p.IP.Dst.Unmap())
	if noteFirst(f.ports, hosts, p.TCP.DstPort, p.Number) {
		f.n++
	}
	if p.TCP.Flags != packet.FIN { // a simple program may end a connection so
		f.only[hosts] = true
	}
}

// judge names the clients that sent such packets, and are no scanners that are known already.
func (f *strangeFlags) judge(known []breach) (found []breach) {
	named := map[evidence.PairOfHosts]bool{}
	for _, b := range known {
		named[b.hosts] = true
	}
	for hosts, ports := range f.ports {
		if named[hosts] {
			continue
		}
		b := breach{hosts: hosts, packets: firstPackets(ports),
			observed: fmt.Sprintf("%s sent packets with flags that no TCP sends to %d ports of %s", hosts.Client, len(ports), hosts.Server)}
		switch {
		case len(ports) >= strangePorts:
			found = append(found, b)
		case f.only[hosts]:
			b.severity, b.sign = Odd, 2
			found = append(found, b)
		}
	}
	sortByFrame(found)
	return found
}
