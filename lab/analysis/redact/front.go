package redact

import (
	"bytes"
	"net/netip"

	"ftplab/lab/analysis/ftp"
)

// front rewrites what a proxy puts in front of a dialogue, or what a client says to one.
func (s *speaker) front(kind string, side ftp.Side, r run) []edit {
	end := r.at + int64(len(r.data))
	switch kind {
	case "PROXY v1", "HTTP CONNECT":
		return []edit{{r.at, end, s.text(r.data, ofProtocol)}}
	case "PROXY v2":
		return []edit{{r.at, end, s.proxyHeader(r.data)}}
	case "SOCKS4":
		return []edit{{r.at, end, s.socks4(r.data, side)}}
	case "SOCKS5":
		return []edit{{r.at, end, s.socks5(r.data, side)}}
	}
	return nil
}

// replaceAddr puts the address that stands for the one at the beginning of b in its place.
func (s *speaker) replaceAddr(b []byte, size int) {
	if len(b) >= size {
		a, _ := netip.AddrFromSlice(b[:size])
		to := s.key.Addr(a).AsSlice()
		if len(to) == size { // else IPv4 in IPv6
			copy(b, to)
		} else {
			copy(b[size-len(to):], to)
		}
	}
}

// proxyHeader rewrites the two addresses of a PROXY header of version 2. What follows them
// becomes zeros.
func (s *speaker) proxyHeader(data []byte) []byte {
	const header = 16
	to := bytes.Clone(data)
	if len(to) < header {
		return to
	}
	size := map[byte]int{0x11: 4, 0x12: 4, 0x21: 16, 0x22: 16}[to[13]]
	body := to[header:]
	if size == 0 || len(body) < 2*size+4 {
		clear(body)
		return to
	}
	s.replaceAddr(body, size)
	s.replaceAddr(body[size:], size)
	clear(body[2*size+4:])
	return to
}

// socks4 rewrites a request of SOCKS 4, or the answer.
func (s *speaker) socks4(data []byte, side ftp.Side) []byte {
	to := bytes.Clone(data)
	if len(to) < 8 {
		return to
	}
	if named := to[4] == 0 && to[5] == 0 && to[6] == 0; !named {
		s.replaceAddr(to[4:], 4)
	}
	if side == ftp.Client {
		copy(to[8:], s.words(to[8:], noWord))
	}
	return to
}

// socks5 rewrites what one side says in SOCKS 5: methods, a user and a password, and an
// address.
func (s *speaker) socks5(data []byte, side ftp.Side) []byte {
	to := bytes.Clone(data)
	at := 2
	if side == ftp.Client && len(to) > 1 {
		at = 2 + int(to[1])
	}
	if len(to) > at+1 && to[at] == 1 { // RFC 1929
		if side == ftp.Server {
			at += 2
		} else {
			for range 2 { // the user, the password
				n := 0
				if at+1 < len(to) {
					n = min(int(to[at+1]), len(to)-at-2)
					copy(to[at+2:], s.key.Secret(to[at+2:at+2+n]))
				}
				at += 1 + n
			}
			at++
		}
	}
	if len(to) < at+5 || to[at] != 5 {
		return to[:min(at, len(to))] // what is not understood is left out
	}
	switch to[at+3] {
	case 1:
		s.replaceAddr(to[at+4:], 4)
	case 4:
		s.replaceAddr(to[at+4:], 16)
	case 3:
		if n := int(to[at+4]); len(to) >= at+5+n {
			copy(to[at+5:], s.words(to[at+5:at+5+n], noWord))
		}
	}
	return to
}
