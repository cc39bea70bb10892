package scenario

// TLS says how a server offers TLS (RFC 4217).
type TLS struct {
	Mode        TLSMode
	Certificate Certificate
	Reuse       bool       // data connections must resume a TLS session of the client
	Version     TLSVersion // the only one; "" is 1.2 and 1.3
	NoKeys      bool       // the capture has no keys
}

// A TLSMode says when a server speaks TLS.
type TLSMode string

// The modes. "" is never.
const (
	ExplicitTLS TLSMode = "explicit" // after AUTH TLS, which a client may leave out
	ImplicitTLS TLSMode = "implicit" // from the first byte on, at port 990
	RequiredTLS TLSMode = "required" // after AUTH TLS, without which nobody can log in
)

// A Certificate is a kind of server certificate.
type Certificate string

// The kinds of certificate. "" is the first.
const (
	SelfSigned         Certificate = "self"
	IssuedCertificate  Certificate = "ca"      // by an authority that the client knows
	ExpiredCertificate Certificate = "expired" // self-signed, and ended before the session
)

// A TLSVersion is a version of TLS.
type TLSVersion string

// The versions.
const (
	TLS12 TLSVersion = "1.2"
	TLS13 TLSVersion = "1.3"
)

// implicitPort is the control port of implicit FTPS in IANA's registry.
const implicitPort = 990

var tlsOptions = []option[Server]{
	{"tls=explicit|implicit|required", "TLS (RFC 4217): explicit after AUTH TLS; required the same, and without it nobody can log in or transfer in clear; implicit from the first byte on, at port 990 unless port= says another. Only a server with it takes the other options of TLS", func(p *parser, s *Server, v string) {
		s.TLS.Mode = TLSMode(p.oneOf("tls", v, string(ExplicitTLS), string(ImplicitTLS), string(RequiredTLS)))
	}},
	{"cert=self|ca|expired", "its certificate: self-signed (the default), issued by an authority that the client knows, or expired, which the client refuses", func(p *parser, s *Server, v string) {
		s.TLS.Certificate = Certificate(p.oneOf("cert", v, string(SelfSigned), string(IssuedCertificate), string(ExpiredCertificate)))
	}},
	{"reuse=required", "a data connection must resume a TLS session of the client, or its transfer gets 522", func(p *parser, s *Server, v string) {
		s.TLS.Reuse = p.oneOf("reuse", v, "required") != ""
	}},
	{"version=1.2|1.3", "the only version of TLS; both by default", func(p *parser, s *Server, v string) {
		s.TLS.Version = TLSVersion(p.oneOf("version", v, string(TLS12), string(TLS13)))
	}},
	{"keys=capture|none", "whether the capture brings the keys of TLS along, so that it can be read (the default); results have them in keys.log, too", func(p *parser, s *Server, v string) {
		s.TLS.NoKeys = p.oneOf("keys", v, "capture", "none") == "none"
	}},
}

// checkTLS looks at what the server's options for TLS need.
func (p *parser) checkTLS() {
	s := &p.s.Server
	p.line = max(1, s.Line)
	if s.TLS.Mode == "" {
		if s.TLS != (TLS{}) {
			p.fail("server: cert=, reuse=, version= and keys= are about TLS, and tls= is missing")
		}
		return
	}
	if s.TLS.Mode == ImplicitTLS && !s.portGiven {
		s.Port = implicitPort
	}
	if len(s.Program) > 0 {
		p.line = s.ProgramLine
		p.fail("program: tls= is for the lab's own server; another one has TLS if it brings it along")
	}
}
