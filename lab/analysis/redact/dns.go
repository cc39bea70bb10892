package redact

import (
	"encoding/binary"
	"net/netip"
	"strings"

	"ftplab/lab/analysis/packet"
)

// Types of DNS records (RFC 1035, RFC 3596).
var dnsTypes = map[string]uint16{"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "SRV": 33}

// dns makes a message with the question and those answers that are addresses.
func (w *writer) dns(d *packet.DNS) []byte {
	flags := uint16(d.RCode & 15)
	for _, f := range []struct {
		set bool
		bit uint16
	}{{d.Response, 1 << 15}, {d.Authoritative, 1 << 10}, {d.Recursion, 1 << 8}, {d.RecursionAvailable, 1 << 7}} {
		if f.set {
			flags |= f.bit
		}
	}
	kind := dnsTypes[d.Type]
	if kind == 0 {
		kind = 255
	}
	b := binary.BigEndian.AppendUint16(nil, d.ID)
	b = binary.BigEndian.AppendUint16(b, flags)
	b = append(b, 0, 1, 0, 0, 0, 0, 0, 0)
	b = append(b, w.dnsName(d.Name)...)
	b = binary.BigEndian.AppendUint16(b, kind)
	b = append(b, 0, 1)
	answers := 0
	for _, r := range d.Records {
		_, text, _ := strings.Cut(r, " ")
		a, err := netip.ParseAddr(text)
		if err != nil {
			continue
		}
		a = w.key.Addr(a)
		b = append(b, 0xc0, 12) // the name of the question
		b = binary.BigEndian.AppendUint16(b, map[bool]uint16{true: 1, false: 28}[a.Is4()])
		b = append(b, 0, 1, 0, 0, 1, 44)
		b = binary.BigEndian.AppendUint16(b, uint16(a.BitLen()/8))
		b = append(b, a.AsSlice()...)
		answers++
	}
	binary.BigEndian.PutUint16(b[6:], uint16(answers))
	return b
}

// dnsName is the name that stands for one, as DNS writes names.
func (w *writer) dnsName(name string) []byte {
	s := speaker{key: w.key}
	var b []byte
	for label := range strings.SplitSeq(strings.TrimSuffix(name, "."), ".") {
		if label == "" || len(label) > 63 || len(b)+len(label) > 250 {
			continue
		}
		b = append(b, byte(len(label)))
		b = append(b, s.words([]byte(label), noWord)...)
	}
	return append(b, 0)
}
