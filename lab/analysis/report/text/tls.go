// What is known of TLS on a connection, in sentences.

package text

import (
	"fmt"
	"strings"
	"time"

	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/tls"
)

// tlsFacts are what the handshake of a session on a connection shows.
func tlsFacts(c *ftp.Connection, t *ftp.TLSLayer) []string {
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
	if fact := handshakeFact(c, t); fact != "" {
		facts = append(facts, fact)
	}
	for _, side := range []ftp.Side{ftp.Server, ftp.Client} {
		if all := t.CertificatesOf(side); len(all) > 0 {
			facts = append(facts, certificateFact(side, &all[0], c.FirstTime))
		}
	}
	if s := t.ServerHello; s != nil && s.Version == tls.TLS13 && t.Resumed == tls.NotResumed && t.ClientHello != nil && len(t.CertificatesOf(ftp.Server)) == 0 && t.Flow(ftp.Server).Encrypted > t.Flow(ftp.Server).Decrypted {
		facts = append(facts, "the server's certificate is encrypted, too")
	}
	for _, a := range t.Alerts {
		if !a.Encrypted && !a.CloseNotify() {
			facts = append(facts, fmt.Sprintf("packet %d: the %s sends the alert %s", a.Packet, t.Side(a.Dir), a))
		}
	}
	return facts
}

// handshakeFact says what is missing of a handshake, "" for nothing.
func handshakeFact(c *ftp.Connection, t *ftp.TLSLayer) string {
	lost := c.Missing()+c.CutShort() > 0
	ended := c.FirstFIN != "" || c.ResetBy != ""
	encrypted := t.Flows[0].Encrypted+t.Flows[1].Encrypted > 0
	switch state := t.Handshake(); {
	case state == tls.NotSeen && c.HandshakeSeen && !lost && !encrypted:
		return "there is no handshake"
	case state == tls.NotSeen && (t.Flows[0].HandshakeCut || t.Flows[1].HandshakeCut):
		return "a part of the handshake is not in the capture"
	case state == tls.NotSeen:
		return "the beginning of the handshake is not in the capture"
	case state == tls.Cut && (lost || !ended || encrypted):
		return "a part of the handshake is not in the capture"
	case state == tls.Cut:
		return "the handshake does not end"
	}
	return ""
}

func certificateFact(side ftp.Side, c *tls.Certificate, now int64) string {
	if c.Malformed != "" {
		return fmt.Sprintf("the %s's certificate cannot be parsed: %s", side, Escape(c.Malformed))
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

// endOfTLS says how each side that sent records ended its side of TLS on a connection.
func endOfTLS(c *ftp.Connection, t *ftp.TLSLayer) string {
	var ends []string
	for _, side := range []ftp.Side{ftp.Client, ftp.Server} {
		f := t.Flow(side)
		switch {
		case f.LastPacket == 0:
		case f.CloseNotify > 0:
			ends = append(ends, fmt.Sprintf("the %s sends close_notify in packet %d", side, f.CloseNotify))
		case f.EncryptedAlert > 0:
			ends = append(ends, fmt.Sprintf("the %s sends an alert in packet %d, probably close_notify", side, f.EncryptedAlert))
		case t.Problem(side) != nil && t.KeysOf(side) == tls.KeysFit:
			ends = append(ends, fmt.Sprintf("whether the %s sends close_notify is not known (%s)", side, t.Problem(side)))
		case f.Encrypted > f.Decrypted:
			ends = append(ends, fmt.Sprintf("whether the %s sends close_notify cannot be seen", side))
		case t.Problem(side) != nil || c.Flow(side).Missing+c.Flow(side).CutShort > 0 || c.Flow(side).FIN == 0 && f.ClearFrom == 0:
			ends = append(ends, fmt.Sprintf("no close_notify of the %s is in the capture", side))
		default:
			ends = append(ends, fmt.Sprintf("the %s sends no close_notify", side))
		}
	}
	return strings.Join(ends, "; ")
}

// beginning says where the dialogue goes on in TLS, and how much of it can be read.
func beginning(t *ftp.TLSLayer) []string {
	const inside = "-- from here on the dialogue is inside TLS"
	if t.InMiddle {
		return []string{"-- the capture begins inside TLS, and the dialogue cannot be read; only the port shows",
			"   that it is FTP"}
	}
	client, server := t.KeysOf(ftp.Client), t.KeysOf(ftp.Server)
	switch {
	case !t.Hidden() && t.Flows[0].Data+t.Flows[1].Data > 0:
		return []string{inside + "; it is read with the session's keys"}
	case !t.Hidden():
		return []string{"-- from here on there is TLS, with no dialogue in it"}
	case client == server && client != tls.KeysFit:
		return []string{inside + ": neither it nor the addresses",
			"   that it announces for data can be read, since " + t.WhyHidden(ftp.Client)}
	}
	lines := []string{inside + ", of which the keys show only a part"}
	for _, side := range []ftp.Side{ftp.Client, ftp.Server} {
		f := t.Flow(side)
		switch {
		case f.Encrypted == f.Decrypted:
			lines = append(lines, fmt.Sprintf("   what the %s says is read with them", side))
		case f.Decrypted > 0:
			lines = append(lines, fmt.Sprintf("   what the %s says is read with them in part: %s", side, t.WhyHidden(side)))
		default:
			lines = append(lines, fmt.Sprintf("   what the %s says cannot be read: %s", side, t.WhyHidden(side)))
		}
	}
	return lines
}

// tls writes where the dialogue continues in TLS, and where in clear again.
func (r *sessionWriter) tls(t *ftp.TLSLayer) {
	lines := beginning(t)
	for _, fact := range tlsFacts(r.control, t) {
		lines = append(lines, "   "+fact)
	}
	r.add(t.From, 0, lines...)
	last := max(t.Flows[0].LastPacket, t.Flows[1].LastPacket)
	if end := endOfTLS(r.control, t); end != "" && last > 0 {
		r.add(last, 0, "-- "+end)
	}
	if from := t.ClearFrom(); from > t.From {
		r.clearFrom = from
		r.put(paragraph{packet: from, place: atFirst, lines: []string{"-- from here on the dialogue is in clear again"}})
	}
}

// protection writes where the dialogue continues with another protection, and where in clear again.
func (r *sessionWriter) protection(p *ftp.Protection) {
	if p == nil {
		return
	}
	r.put(paragraph{packet: p.From, place: atFirst, lines: []string{
		"-- from here on the dialogue is protected by " + Escape(p.String()) + ": neither it nor the addresses",
		"   that it announces for data can be read"}})
	if p.ClearFrom > 0 {
		r.put(paragraph{packet: p.ClearFrom, place: atFirst, lines: []string{"-- from here on the dialogue is in clear again"}})
	}
}

// protected writes about TLS on a data connection.
func (r *sessionWriter) protected(d *ftp.Connection) {
	lines := []string{"|   it goes on in TLS"}
	for _, side := range []ftp.Side{ftp.Client, ftp.Server} {
		if d.TLS.InClear(side) {
			lines[0] = fmt.Sprintf("|   the %s begins TLS, and the %s sends in clear", side.Other(), side)
		}
	}
	for _, fact := range tlsFacts(d, d.TLS) {
		lines = append(lines, "|   "+fact)
	}
	r.add(d.TLS.From, 0, lines...)
	if last := max(d.TLS.Flows[0].LastPacket, d.TLS.Flows[1].LastPacket); last > 0 {
		if end := endOfTLS(d, d.TLS); end != "" {
			r.add(last, 0, "|   "+end)
		}
	}
}

// insideTLS says what a data connection carried inside TLS.
func insideTLS(d *ftp.Connection, s ftp.Side) []string {
	f := d.TLS.Flow(s)
	var lines []string
	switch {
	case d.TLS.InClear(s):
		lines = append(lines, "|   they are not TLS, and everybody on the network can read them")
	case f.Encrypted > f.Decrypted && f.Decrypted > 0:
		lines = append(lines, "|   they are TLS, and not all of it can be read: "+d.TLS.WhyHidden(s))
	case f.Encrypted > f.Decrypted:
		lines = append(lines, "|   they are TLS, and cannot be read: "+d.TLS.WhyHidden(s))
	case d.TLS.Problem(s) != nil:
		lines = append(lines, fmt.Sprintf("|   they are TLS, and not all of it can be read: %s", d.TLS.Problem(s)))
	case f.Data > 0, s == d.Sender() && f.Encrypted > 0: // the other side's records have no data
		lines = append(lines, fmt.Sprintf("|   inside TLS %s of data", count(int(f.Data), "byte")))
	}
	return lines
}
