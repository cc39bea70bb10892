package ftpclient

import (
	"fmt"
	"net/netip"
	"regexp"
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
func parsePassive(mode Mode, reply Reply, config Config) (netip.AddrPort, error) {
	server := config.Server.Addr().Unmap()
	if mode == EPSV {
		return parseEPSV(reply, server)
	}
	addr, err := parsePASV(reply)
	if err != nil || addr.Addr() == server {
		return addr, err
	}
	switch config.DataAddress {
	case FollowReply:
		return addr, nil
	case KeepServer:
		return netip.AddrPortFrom(server, addr.Port()), nil
	}
	return netip.AddrPort{}, fmt.Errorf("%w: %s: it names %s, which is not the server", ErrUnreadable, reply, addr.Addr())
}

// sixNumbers are how a 227 says where to connect to.
var sixNumbers = regexp.MustCompile(`(\d{1,3}), *(\d{1,3}), *(\d{1,3}), *(\d{1,3}), *(\d{1,3}), *(\d{1,3})`)

// parsePASV finds six numbers in a 227 reply. RFC 959 does not say what stands
// around them; RFC 1123, 4.1.2.6, has a client look for them.
func parsePASV(reply Reply) (netip.AddrPort, error) {
	fail := fmt.Errorf("%w: %s: want 227 and h1,h2,h3,h4,p1,p2", ErrUnreadable, reply)
	found := sixNumbers.FindStringSubmatch(reply.Text)
	if reply.Code != 227 || found == nil {
		return netip.AddrPort{}, fail
	}
	var octets [6]byte
	for i, digits := range found[1:] {
		octet, err := strconv.ParseUint(digits, 10, 8)
		if err != nil {
			return netip.AddrPort{}, fmt.Errorf("%w: each is a byte, and %s is more than 255", fail, digits)
		}
		octets[i] = byte(octet)
	}
	port := uint16(octets[4])<<8 | uint16(octets[5])
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte(octets[:4])), port), nil
}

// parseEPSV finds the port in a 229 reply: (|||port|), with a delimiter of the
// server's choice among the characters from ! to ~ (RFC 2428, 3).
func parseEPSV(reply Reply, server netip.Addr) (netip.AddrPort, error) {
	fail := fmt.Errorf("%w: %s: want 229 and (|||port|)", ErrUnreadable, reply)
	if reply.Code != 229 {
		return netip.AddrPort{}, fail
	}
	for i, c := range reply.Text {
		if c != '(' {
			continue
		}
		digits, ok := inDelimiters(reply.Text[i+1:])
		if !ok {
			continue
		}
		port, err := strconv.ParseUint(digits, 10, 16)
		if err != nil {
			return netip.AddrPort{}, fmt.Errorf("%w: the port %s is more than 65535", fail, digits)
		}
		return netip.AddrPortFrom(server, uint16(port)), nil
	}
	return netip.AddrPort{}, fail
}

// inDelimiters returns the digits at the beginning of a text like |||3172|).
func inDelimiters(text string) (digits string, ok bool) {
	if text == "" || text[0] < '!' || text[0] > '~' {
		return "", false
	}
	delimiter := text[:1]
	text, opened := strings.CutPrefix(text, strings.Repeat(delimiter, 3))
	digits, _, closed := strings.Cut(text, delimiter+")")
	return digits, opened && closed && digits != "" && strings.Trim(digits, "0123456789") == ""
}
