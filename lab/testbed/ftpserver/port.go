package ftpserver

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// A dataPort is the address at which a client waits for a data
// connection, and the command that said so.
type dataPort struct {
	verb string // PORT or EPRT
	addr netip.AddrPort
}

// parsePort parses the argument of PORT (RFC 959, 4.1.2) or EPRT (RFC 2428, 2).
func parsePort(verb, argument string) (addr netip.AddrPort, err error) {
	if verb == "EPRT" {
		addr, err = parseEPRT(argument)
	} else {
		addr, err = parsePORT(argument)
	}
	if err == nil && addr.Port() == 0 {
		err = fmt.Errorf("%s %q: port 0", verb, argument)
	}
	return addr, err
}

func parsePORT(argument string) (netip.AddrPort, error) {
	fields := strings.Split(argument, ",")
	if len(fields) != 6 {
		return netip.AddrPort{}, fmt.Errorf("PORT %q: want h1,h2,h3,h4,p1,p2", argument)
	}
	var octets [6]byte
	for i, field := range fields {
		octet, err := strconv.ParseUint(field, 10, 8)
		if err != nil {
			return netip.AddrPort{}, fmt.Errorf("PORT %q: %w", argument, err)
		}
		octets[i] = byte(octet)
	}
	port := uint16(octets[4])<<8 | uint16(octets[5])
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte(octets[:4])), port), nil
}

func parseEPRT(argument string) (netip.AddrPort, error) {
	if argument == "" {
		return netip.AddrPort{}, fmt.Errorf("EPRT: want |protocol|address|port|")
	}
	fields := strings.Split(argument, argument[:1])
	if len(fields) != 5 || fields[4] != "" {
		return netip.AddrPort{}, fmt.Errorf("EPRT %q: want |protocol|address|port|", argument)
	}
	addr, err := netip.ParseAddr(fields[2])
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("EPRT %q: %w", argument, err)
	}
	if addr.Is4() != (fields[1] == "1") || addr.Is6() != (fields[1] == "2") {
		return netip.AddrPort{}, fmt.Errorf("EPRT %q: the address is not of protocol %s", argument, fields[1])
	}
	port, err := strconv.ParseUint(fields[3], 10, 16)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("EPRT %q: %w", argument, err)
	}
	return netip.AddrPortFrom(addr.Unmap(), uint16(port)), nil
}
