// How an address is written in PORT, EPRT and LPRT, and in the replies to PASV, EPSV and
// LPSV.

package ftp

import (
	"net/netip"
	"strconv"
	"strings"
)

// parseHostPort finds the six numbers of PORT and of 227 in a text, with or without
// parentheses around them (RFC 1123 section 4.1.2.6).
func parseHostPort(text string) (netip.AddrPort, bool) {
	for i := 0; i < len(text); i++ {
		if !digit(text[i]) {
			continue
		}
		if n, ok := sixNumbers(text[i:]); ok {
			for _, v := range n {
				if v > 255 {
					return netip.AddrPort{}, false
				}
			}
			ip := netip.AddrFrom4([4]byte{byte(n[0]), byte(n[1]), byte(n[2]), byte(n[3])})
			return netip.AddrPortFrom(ip, uint16(n[4]<<8|n[5])), true
		}
	}
	return netip.AddrPort{}, false
}

// sixNumbers reads six numbers of up to three digits with commas between them.
func sixNumbers(text string) (n [6]int, ok bool) {
	for k := range n {
		if k > 0 {
			text = strings.TrimLeft(text, " \t\r\n")
			if text == "" || text[0] != ',' {
				return n, false
			}
			text = strings.TrimLeft(text[1:], " \t\r\n")
		}
		digits := 0
		for digits < len(text) && digits < 3 && digit(text[digits]) {
			n[k] = n[k]*10 + int(text[digits]-'0')
			digits++
		}
		if digits == 0 {
			return n, false
		}
		text = text[digits:]
	}
	return n, true
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// parseExtended reads the argument of EPRT: "|2|2001:db8::1|3172|", with any
// character for the bar (RFC 2428 section 2).
func parseExtended(text string) (netip.AddrPort, bool) {
	text = strings.TrimSpace(text)
	if text == "" {
		return netip.AddrPort{}, false
	}
	parts := strings.Split(text, text[:1])
	if len(parts) < 4 {
		return netip.AddrPort{}, false
	}
	port, err := strconv.ParseUint(parts[3], 10, 16)
	if err != nil {
		return netip.AddrPort{}, false
	}
	ip, _ := netip.ParseAddr(parts[2]) // the port counts, even if this is not an address
	return netip.AddrPortFrom(ip, uint16(port)), true
}

// parseExtendedPort finds the port in the text of a reply 229:
// "(|||3172|)", with any character from ! to ~ for the bar (RFC 2428 section 3). The bar
// may stand without parentheses.
func parseExtendedPort(text string) (uint16, bool) {
	for i := 0; i+4 < len(text); i++ {
		bar, at := text[i], i
		if bar == '(' {
			bar, at = text[i+1], i+1
		} else if bar != '|' {
			continue
		}
		rest, found := strings.CutPrefix(text[at:], strings.Repeat(string(bar), 3))
		end := strings.IndexByte(rest, bar)
		if !found || end < 1 || bar < '!' || bar > '~' {
			continue
		}
		if port, err := strconv.ParseUint(rest[:end], 10, 16); err == nil {
			return uint16(port), true
		}
	}
	return 0, false
}

// parseLong finds the numbers of LPRT and of 228 in a text: the version of IP, the
// length of the address and the address, the length of the port and the port (RFC 1639).
func parseLong(text string) (netip.AddrPort, bool) {
	var n []byte
	for _, word := range numbersIn(text) {
		v, err := strconv.ParseUint(word, 10, 8)
		if err != nil {
			return netip.AddrPort{}, false
		}
		n = append(n, byte(v))
	}
	if len(n) < 2 || len(n) < 3+int(n[1]) || n[2+n[1]] != 2 || len(n) != 5+int(n[1]) {
		return netip.AddrPort{}, false
	}
	ip, ok := netip.AddrFromSlice(n[2 : 2+n[1]])
	port := n[3+n[1]:]
	return netip.AddrPortFrom(ip, uint16(port[0])<<8|uint16(port[1])), ok
}

// parseLoosely finds what a malformed line may mean: six numbers in any punctuation, an
// address with its port in one number, or a port alone. The last numbers count. Only a
// connection to that address shows that it was meant.
func parseLoosely(text string) (netip.AddrPort, bool) {
	if i := strings.LastIndexByte(text, '('); i >= 0 {
		text = text[i:]
	}
	words := numbersIn(text)
	values := make([]uint64, 0, 6)
	for _, w := range words[max(0, len(words)-6):] {
		v, err := strconv.ParseUint(w, 10, 16)
		if err != nil {
			return netip.AddrPort{}, false
		}
		values = append(values, v)
	}
	n := len(values)
	octets := func(from, to int) bool {
		for _, v := range values[from:to] {
			if v > 255 {
				return false
			}
		}
		return true
	}
	ip := func(at int) netip.Addr {
		return netip.AddrFrom4([4]byte{byte(values[at]), byte(values[at+1]), byte(values[at+2]), byte(values[at+3])})
	}
	switch {
	case n == 6 && octets(0, 6):
		return netip.AddrPortFrom(ip(0), uint16(values[4]<<8|values[5])), true
	case n >= 5 && octets(n-5, n-1):
		return netip.AddrPortFrom(ip(n-5), uint16(values[n-1])), values[n-1] > 0
	case n > 0:
		return netip.AddrPortFrom(netip.Addr{}, uint16(values[n-1])), values[n-1] > 0
	}
	return netip.AddrPort{}, false
}

// numbersIn returns the runs of digits in a text.
func numbersIn(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r < '0' || r > '9' })
}
