package ftpclient

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// formatActive returns the argument of PORT (RFC 959, 4.1.2) or EPRT (RFC
// 2428, 2) for addr.
func formatActive(mode Mode, addr netip.AddrPort) string {
	ip := addr.Addr().Unmap()
	if mode == EPRT {
		protocol := 1
		if ip.Is6() {
			protocol = 2
		}
		return fmt.Sprintf("|%d|%s|%d|", protocol, ip.WithZone(""), addr.Port())
	}
	h, port := ip.As4(), addr.Port()
	return fmt.Sprintf("%d,%d,%d,%d,%d,%d", h[0], h[1], h[2], h[3], port>>8, port&0xff)
}

// parsePassive returns the address that a reply to PASV or EPSV names.
// The server's own is the only one to which a client should connect.
func parsePassive(mode Mode, reply Reply, server netip.Addr) (netip.AddrPort, error) {
	if mode == EPSV {
		return parseEPSV(reply, server)
	}
	addr, err := parsePASV(reply)
	if err == nil && addr.Addr() != server.Unmap() {
		err = fmt.Errorf("%s: names %s, which is not the server", reply, addr.Addr())
	}
	return addr, err
}

// parsePASV finds six numbers in a 227 reply. RFC 959 does not say what stands
// around them; RFC 1123, 4.1.2.6, says to look for a digit.
func parsePASV(reply Reply) (netip.AddrPort, error) {
	fail := func() (netip.AddrPort, error) {
		return netip.AddrPort{}, fmt.Errorf("%s: want 227 and h1,h2,h3,h4,p1,p2", reply)
	}
	start := strings.IndexAny(reply.Text, "0123456789")
	if reply.Code != 227 || start < 0 {
		return fail()
	}
	text := reply.Text[start:]
	if end := strings.IndexFunc(text, func(r rune) bool { return r != ',' && (r < '0' || r > '9') }); end >= 0 {
		text = text[:end]
	}
	fields := strings.Split(text, ",")
	if len(fields) != 6 {
		return fail()
	}
	var octets [6]byte
	for i, field := range fields {
		octet, err := strconv.ParseUint(field, 10, 8)
		if err != nil {
			return fail()
		}
		octets[i] = byte(octet)
	}
	port := uint16(octets[4])<<8 | uint16(octets[5])
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte(octets[:4])), port), nil
}

// parseEPSV finds the port in a 229 reply: (|||port|), with a delimiter of the
// server's choice among the characters from ! to ~ (RFC 2428, 3).
func parseEPSV(reply Reply, server netip.Addr) (netip.AddrPort, error) {
	for _, text := range strings.Split(reply.Text, "(")[1:] {
		text, _, closed := strings.Cut(text, ")")
		if reply.Code != 229 || !closed || text == "" || text[0] < '!' || text[0] > '~' {
			continue
		}
		number, opened := strings.CutPrefix(text, strings.Repeat(text[:1], 3))
		number, ended := strings.CutSuffix(number, text[:1])
		if port, err := strconv.ParseUint(number, 10, 16); opened && ended && err == nil {
			return netip.AddrPortFrom(server, uint16(port)), nil
		}
	}
	return netip.AddrPort{}, fmt.Errorf("%s: want 229 and (|||port|)", reply)
}
