// What is known of TLS on a connection, in sentences.

package text

import (
	"fmt"
	"strings"
	"time"

	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/tls"
)

// tlsFacts are what the handshake of a session shows. now is when it was, in nanoseconds
// since 1970.
func tlsFacts(t *ftp.TLSLayer, now int64) []string {
	var facts []string
	if s := t.ServerHello; s != nil {
		facts = append(facts, fmt.Sprintf("%s, %s", s.Version, s.CipherSuite))
	}
	if c := t.ClientHello; c != nil && c.ServerName != "" {
		facts = append(facts, "the client asks for the server by the name "+Escape(c.ServerName)+" (SNI)")
	}
	switch {
	case t.Resumed == tls.ByPSK:
		facts = append(facts, "an earlier session is resumed by its pre-shared key")
	case t.Resumed != tls.NotResumed:
		facts = append(facts, "an earlier session is resumed by its "+string(t.Resumed))
	}
	switch t.Handshake() {
	case tls.Cut:
		facts = append(facts, "the handshake does not end")
	case tls.NotSeen:
		facts = append(facts, "the beginning of the handshake is not in the capture")
	}
	for _, side := range []ftp.Side{ftp.Server, ftp.Client} {
		if all := t.CertificatesOf(side); len(all) > 0 {
			facts = append(facts, certificateFact(side, &all[0], now))
		}
	}
	if s := t.ServerHello; s != nil && s.Version == tls.TLS13 && t.Resumed == tls.NotResumed && t.Hidden() && len(t.CertificatesOf(ftp.Server)) == 0 {
		facts = append(facts, "the server's certificate is encrypted, too")
	}
	for _, a := range t.Alerts {
		if !a.Encrypted && !a.CloseNotify() {
			facts = append(facts, fmt.Sprintf("packet %d: %s", a.Packet, a))
		}
	}
	return facts
}

func certificateFact(side ftp.Side, c *tls.Certificate, now int64) string {
	if c.Malformed != "" {
		return fmt.Sprintf("the %s's certificate makes no sense: %s", side, Escape(c.Malformed))
	}
	text := fmt.Sprintf("the %s's certificate is for %s", side, Escape(c.Subject))
	if c.Issuer == c.Subject {
		text += ", issued by itself"
	} else {
		text += ", issued by " + Escape(c.Issuer)
	}
	text += fmt.Sprintf(", valid from %s to %s", c.NotBefore.Format(time.DateOnly), c.NotAfter.Format(time.DateOnly))
	switch at := time.Unix(0, now); {
	case at.After(c.NotAfter):
		text += ": it had expired"
	case at.Before(c.NotBefore):
		text += ": not yet valid"
	}
	return text
}

// endOfTLS says how each side that sent records ended its side of TLS.
func endOfTLS(t *ftp.TLSLayer) string {
	var ends []string
	for _, side := range []ftp.Side{ftp.Client, ftp.Server} {
		f := t.Flow(side)
		switch {
		case f.LastPacket == 0:
		case f.CloseNotify > 0:
			ends = append(ends, fmt.Sprintf("the %s sends close_notify in packet %d", side, f.CloseNotify))
		case f.EncryptedAlert > 0:
			ends = append(ends, fmt.Sprintf("the %s sends an alert in packet %d, probably close_notify", side, f.EncryptedAlert))
		case f.Encrypted > f.Decrypted:
			ends = append(ends, fmt.Sprintf("whether the %s sends close_notify cannot be seen", side))
		default:
			ends = append(ends, fmt.Sprintf("the %s sends no close_notify", side))
		}
	}
	return strings.Join(ends, "; ")
}

// why says why TLS cannot be read.
func why(t *ftp.TLSLayer) string {
	switch t.Keys() {
	case tls.NoKeys:
		return "there are no keys for it"
	case tls.KeysDoNotFit:
		return "the keys do not fit"
	case tls.NotSupported:
		return "its cipher is not supported"
	}
	return "the keys do not fit all of it, or bytes are missing"
}

// tls tells where the dialogue goes on in TLS, and where in clear again.
func (r *sessionWriter) tls(t *ftp.TLSLayer) {
	lines := []string{"-- from here on there is TLS, in which nothing is said"}
	switch {
	case t.Flows[0].Data+t.Flows[1].Data > 0 && !t.Hidden():
		lines = []string{"-- from here on the dialogue is inside TLS; it is read with the session's keys"}
	case t.Hidden():
		lines = []string{"-- from here on the dialogue is inside TLS: neither it nor the addresses",
			"   that it announces for data can be read, since " + why(t)}
	}
	for _, fact := range tlsFacts(t, r.control.FirstTime) {
		lines = append(lines, "   "+fact)
	}
	r.add(t.From, 0, lines...)
	last := max(t.Flows[0].LastPacket, t.Flows[1].LastPacket)
	if end := endOfTLS(t); end != "" && last > 0 {
		r.add(last, 0, "-- "+end)
	}
	if from := t.ClearFrom(); from > t.From {
		r.put(paragraph{packet: from, place: atFirst, lines: []string{"-- from here on the dialogue is in clear again"}})
	}
}

// protected tells of TLS on a data connection.
func (r *sessionWriter) protected(d *ftp.Connection) {
	lines := []string{"|   it goes on in TLS"}
	for _, fact := range tlsFacts(d.TLS, d.FirstTime) {
		lines = append(lines, "|   "+fact)
	}
	r.add(d.TLS.From, 0, lines...)
	if last := max(d.TLS.Flows[0].LastPacket, d.TLS.Flows[1].LastPacket); last > 0 {
		if end := endOfTLS(d.TLS); end != "" {
			r.add(last, 0, "|   "+end)
		}
	}
}

// insideTLS says what a data connection carried inside TLS.
func insideTLS(d *ftp.Connection, s ftp.Side) []string {
	f := d.TLS.Flow(s)
	var lines []string
	switch {
	case f.Encrypted > f.Decrypted:
		lines = append(lines, "|   they are TLS, and cannot be read: "+why(d.TLS))
	case f.Data > 0:
		lines = append(lines, fmt.Sprintf("|   inside TLS %s of data", count(int(f.Data), "byte")))
	}
	if f.Data > 0 && d.SHA256 != "" {
		lines = append(lines, "|   SHA-256 "+d.SHA256)
	}
	return lines
}
