// The first probe of each client. A flood has very many, so each takes few bytes.

package rules

import "net/netip"

// probes have one probe for each client. With addresses of IPv4, which a flood most often has, it takes 16 bytes.
type probes struct {
	four map[[4]byte]shortProbe[[4]byte]
	six  map[[16]byte]shortProbe[[16]byte]
}

type shortProbe[Addr comparable] struct {
	server Addr
	packet uint32
	port   uint16
}

func newProbes() probes {
	return probes{map[[4]byte]shortProbe[[4]byte]{}, map[[16]byte]shortProbe[[16]byte]{}}
}

// add remembers a probe if it is the first one of the client, and returns the first one.
func (all *probes) add(client netip.Addr, p probe) (first probe, known bool) {
	if client.Is4() {
		of, known := all.four[client.As4()]
		if !known {
			all.four[client.As4()] = shortProbe[[4]byte]{p.server.As4(), uint32(p.packet), p.port}
		}
		return probe{netip.AddrFrom4(of.server), int(of.packet), of.port}, known
	}
	of, known := all.six[client.As16()]
	if !known {
		all.six[client.As16()] = shortProbe[[16]byte]{p.server.As16(), uint32(p.packet), p.port}
	}
	return probe{netip.AddrFrom16(of.server), int(of.packet), of.port}, known
}

// each calls use for each probe.
func (all *probes) each(use func(probe)) {
	for _, of := range all.four {
		use(probe{netip.AddrFrom4(of.server), int(of.packet), of.port})
	}
	for _, of := range all.six {
		use(probe{netip.AddrFrom16(of.server), int(of.packet), of.port})
	}
}
