// Which part of a dialogue in TLS cannot be read, and why.

package ftp

import (
	"fmt"
	"strings"

	"ftplab/lab/analysis/tls"
)

// HiddenFrom is the packet of the first record that could not be decrypted, 0 for none.
func (t *TLSLayer) HiddenFrom() int {
	a, b := t.Flows[0].HiddenFrom, t.Flows[1].HiddenFrom
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// Problem is the first problem with what a side sent, nil for none.
func (t *TLSLayer) Problem(s Side) *tls.Problem {
	for i := range t.Problems {
		if p := &t.Problems[i]; t.Side(p.Dir) == s {
			return p
		}
	}
	return nil
}

// WhyHidden says why some of what a side sent in TLS cannot be read: half a sentence.
func (t *TLSLayer) WhyHidden(s Side) string {
	f := t.Flow(s)
	switch t.KeysOf(s) {
	case tls.NoKeys:
		switch { // without the hellos nobody knows which keys to use, and how
		case t.ClientHello == nil && t.Flow(Client).HandshakeCut:
			return "a part of its ClientHello is not in the capture"
		case t.ServerHello == nil && t.Flow(Server).HandshakeCut:
			return "a part of its ServerHello is not in the capture"
		case t.ClientHello == nil:
			return "its ClientHello is not in the capture"
		case t.ServerHello == nil:
			return "its ServerHello is not in the capture"
		}
		return "there are no keys for it"
	case tls.KeysDoNotFit:
		return "the keys do not fit"
	case tls.NotSupported:
		return "its cipher is not supported"
	}
	records := fmt.Sprintf("%d of %d records", f.Encrypted-f.Decrypted, f.Encrypted)
	if f.Encrypted == 1 {
		records = "the one record"
	}
	if p := t.Problem(s); p != nil {
		return fmt.Sprintf("%s cannot be decrypted (packet %d: %s)", records,
			p.Packet, strings.TrimPrefix(p.Reason, "it cannot be decrypted: "))
	}
	return "there are no keys for " + records
}

// LacksKeys reports whether other keys would show more of what a side sent in TLS. Without
// both hellos nobody knows which keys those are.
func (t *TLSLayer) LacksKeys(s Side) bool {
	return t.ClientHello != nil && t.ServerHello != nil && t.KeysOf(s) != tls.NotSupported &&
		(t.Problem(s) == nil || t.KeysOf(s) == tls.KeysDoNotFit)
}
