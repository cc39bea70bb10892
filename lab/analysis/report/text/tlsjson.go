package text

import (
	"time"

	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/tls"
)

// A jsonTLS is what is known of TLS on a connection.
type jsonTLS struct {
	FirstPacket  int               `json:"first_packet"`
	InMiddle     bool              `json:"in_middle,omitempty"` // the capture begins inside TLS
	Version      string            `json:"version,omitempty"`
	CipherSuite  string            `json:"cipher_suite,omitempty"`
	ServerName   string            `json:"server_name,omitempty"`
	ALPN         string            `json:"alpn,omitempty"`
	Handshake    tls.Handshake     `json:"handshake,omitempty"`
	Resumed      tls.Resumption    `json:"resumed,omitempty"`
	Keys         tls.KeyState      `json:"keys"`
	Hidden       bool              `json:"hidden"` // some of it cannot be read
	Certificates []jsonCertificate `json:"certificates,omitempty"`
	Client       jsonTLSFlow       `json:"client"`
	Server       jsonTLSFlow       `json:"server"`
	ClearFrom    int               `json:"clear_from,omitempty"`
	Alerts       []jsonAlert       `json:"alerts,omitempty"`
	Problems     []string          `json:"problems,omitempty"`
}

type jsonCertificate struct {
	From      ftp.Side `json:"from"`
	Subject   string   `json:"subject,omitempty"`
	Issuer    string   `json:"issuer,omitempty"`
	NotBefore string   `json:"not_before,omitempty"`
	NotAfter  string   `json:"not_after,omitempty"`
	SHA256    string   `json:"sha256"`
	Malformed string   `json:"malformed,omitempty"`
}

// A jsonTLSFlow is what one side sent.
type jsonTLSFlow struct {
	Records     int    `json:"records"`
	Encrypted   int    `json:"encrypted"` // records
	Decrypted   int    `json:"decrypted"` // of the encrypted ones
	HiddenFrom  int    `json:"hidden_from,omitempty"`
	WhyHidden   string `json:"why_hidden,omitempty"`
	Bytes       int64  `json:"bytes"` // of application data that was decrypted
	CloseNotify int    `json:"close_notify,omitempty"`
}

type jsonAlert struct {
	From   ftp.Side `json:"from"`
	Packet int      `json:"packet"`
	Text   string   `json:"text"`
}

// layerJSON returns nil for nil.
func layerJSON(t *ftp.TLSLayer) *jsonTLS {
	if t == nil {
		return nil
	}
	j := &jsonTLS{
		FirstPacket: t.From, InMiddle: t.InMiddle, ALPN: valid(t.ALPN), Handshake: t.Handshake(), Resumed: t.Resumed, Keys: t.Keys(),
		Hidden: t.Hidden(), Client: flowJSON(t, ftp.Client), Server: flowJSON(t, ftp.Server), ClearFrom: t.ClearFrom(),
	}
	if h := t.ServerHello; h != nil {
		j.Version, j.CipherSuite = h.Version.String(), h.CipherSuite.String()
	}
	if h := t.ClientHello; h != nil {
		j.ServerName = valid(h.ServerName)
	}
	for _, side := range []ftp.Side{ftp.Client, ftp.Server} {
		for _, c := range t.CertificatesOf(side) {
			j.Certificates = append(j.Certificates, certificateJSON(side, c))
		}
	}
	for _, a := range t.Alerts {
		j.Alerts = append(j.Alerts, jsonAlert{t.Side(a.Dir), a.Packet, a.String()})
	}
	for _, p := range t.Problems {
		j.Problems = append(j.Problems, p.String())
	}
	return j
}

func flowJSON(t *ftp.TLSLayer, side ftp.Side) jsonTLSFlow {
	f := t.Flow(side)
	j := jsonTLSFlow{
		Records:   f.Handshake.Count + f.ChangeCipherSpec.Count + f.Alert.Count + f.ApplicationData.Count + f.Other.Count,
		Encrypted: f.Encrypted, Decrypted: f.Decrypted, HiddenFrom: f.HiddenFrom,
		Bytes: f.Data, CloseNotify: f.CloseNotify,
	}
	if f.Encrypted > f.Decrypted {
		j.WhyHidden = valid(t.WhyHidden(side))
	}
	return j
}

func certificateJSON(from ftp.Side, c tls.Certificate) jsonCertificate {
	j := jsonCertificate{From: from, SHA256: c.SHA256, Malformed: valid(c.Malformed)}
	if c.Malformed == "" {
		j.Subject, j.Issuer = valid(c.Subject), valid(c.Issuer)
		j.NotBefore, j.NotAfter = c.NotBefore.Format(time.RFC3339), c.NotAfter.Format(time.RFC3339)
	}
	return j
}
