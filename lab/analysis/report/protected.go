// TLS in the ladder: which record of it a packet has, in addition to the dialogue inside.

package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/tls"
)

// A tlsView names the records of TLS in packets.
type tlsView struct {
	layers map[int]*ftp.TLSLayer // by the ID of the connection
	names  map[int][]string      // of the messages that end in a packet
	first  map[int][2]string     // by the ID: what the records of each direction are called
	from   map[int][2]int        // and from which packet on
}

func newTLSView() tlsView {
	return tlsView{map[int]*ftp.TLSLayer{}, map[int][]string{}, map[int][2]string{}, map[int][2]int{}}
}

// add takes the TLS on a connection.
func (v *tlsView) add(id int, t *ftp.TLSLayer) {
	if t == nil {
		return
	}
	v.layers[id] = t
	for _, m := range t.Messages {
		dir := 0
		if t.Side(m.Dir) == ftp.Server {
			dir = 1
		}
		if from := v.from[id]; m.Unlisted() && from[dir] == 0 {
			first := v.first[id]
			from[dir], first[dir] = m.Packet, m.Name
			v.from[id], v.first[id] = from, first
		}
		if all := v.names[m.Packet]; !slices.Contains(all, m.Name) {
			v.names[m.Packet] = append(all, m.Name)
		}
	}
}

// HasTLS reports whether a connection is in TLS, so that the glossary has its words.
func (r *Report) HasTLS() bool { return len(r.tls.layers) > 0 }

// record says which messages of TLS end in a packet, "" for none.
func (v *tlsView) record(p *Packet) string {
	if p.Connection == nil || p.Segment == nil || p.Segment.Length == 0 {
		return ""
	}
	id := p.Connection.ID
	t := v.layers[id]
	if t == nil || p.Number < t.From || t.ClearFrom() > t.From && p.Number >= t.ClearFrom() {
		return ""
	}
	dir := 0
	if p.From == ftp.Server {
		dir = 1
	}
	names := v.names[p.Number]
	if from := v.from[id][dir]; len(names) == 0 && from > 0 && p.Number > from {
		names = []string{v.first[id][dir]}
	}
	if len(names) == 0 {
		return "TLS: the beginning of a record"
	}
	return "TLS: " + strings.Join(names, ", ")
}

// protected explains TLS on a connection that began at a time, in nanoseconds since 1970.
func (n *notes) protected(t *ftp.TLSLayer, began int64) {
	if t == nil {
		return
	}
	if c := t.ClientHello; c != nil {
		n.once(c.Packet, "ClientHello: the client begins TLS, and says in clear which versions and ciphers it knows.")
		if c.ServerName != "" {
			n.add(c.Packet, "It asks for the server by the name %s (SNI), in clear, too.", visible(c.ServerName))
		}
	}
	if s := t.ServerHello; s != nil {
		n.add(s.Packet, "ServerHello: the server chooses %s with %s.", s.Version, s.CipherSuite)
		if t.Resumed != tls.NotResumed {
			n.add(s.Packet, "It resumes an earlier session of this client, so it sends no certificate.")
		}
	}
	for _, side := range []ftp.Side{ftp.Server, ftp.Client} {
		if all := t.CertificatesOf(side); len(all) > 0 && all[0].Malformed == "" {
			n.validity(side, &all[0], time.Unix(0, began))
		}
	}
	for _, a := range t.Alerts {
		switch {
		case a.Encrypted:
			n.once(a.Packet, "An alert that cannot be read, probably close_notify.")
		case a.CloseNotify():
			n.once(a.Packet, "close_notify: this side sends nothing more in TLS. A FIN can be forged, and this alert cannot.")
		default:
			n.add(a.Packet, "An alert of the %s: %s.", t.Side(a.Dir), a)
		}
	}
}

// validity explains a certificate that was not valid when its session began.
func (n *notes) validity(side ftp.Side, c *tls.Certificate, began time.Time) {
	switch {
	case began.After(c.NotAfter):
		n.add(c.Packet, "The certificate of the %s had expired on %s.", side, c.NotAfter.Format(time.DateOnly))
	case began.Before(c.NotBefore):
		n.add(c.Packet, "The certificate of the %s is not valid before %s.", side, c.NotBefore.Format(time.DateOnly))
	}
}

// cutTLS explains the FIN of a side that sends data in TLS and no close_notify.
func (n *notes) cutTLS(c *ftp.Connection) {
	side := sentBy(c)
	flow := c.Flow(side)
	if c.TLS == nil || flow.FIN == 0 || flow.Missing+flow.CutShort > 0 || c.TLS.Problem(side) != nil {
		return
	}
	if f := c.TLS.Flow(side); f.Data > 0 && f.CloseNotify == 0 && f.EncryptedAlert == 0 && f.Encrypted == f.Decrypted && f.ClearFrom == 0 {
		n.add(flow.FIN, "No close_notify came before this FIN, so the receiver cannot know whether data is missing (RFC 8446, 6.1).")
	}
}

// volume says how much a connection carried.
func volume(c *ftp.Connection) string {
	bytes := counted(c.ClientFlow.Bytes+c.ServerFlow.Bytes, "byte")
	switch lost := c.Missing(); {
	case c.TLS == nil && lost > 0:
		more := c.Lacks(ftp.Client).After+c.Lacks(ftp.Server).After > 0
		return fmt.Sprintf("%s%s, of which the capture lacks %s", orMore(more), counted(c.ClientFlow.Bytes+c.ServerFlow.Bytes+lost, "byte"), grouped(lost))
	case c.TLS == nil:
		return bytes
	case c.TLS.InClear(sentBy(c)):
		return counted(c.Flow(sentBy(c)).Bytes, "byte")
	case c.TLS.Hidden() && c.TLS.Keys() == tls.KeysFit:
		return bytes + " of TLS, of which only a part can be read"
	case c.TLS.Hidden():
		return bytes + " of TLS that cannot be read"
	}
	return fmt.Sprintf("%s inside TLS, %s with it", counted(c.TLS.Flows[0].Data+c.TLS.Flows[1].Data, "byte"), bytes)
}
