package scenario

// TLS says how a server offers TLS (RFC 4217).
type TLS struct {
	Mode        TLSMode
	Certificate Certificate
	Reuse       bool       // data connections must resume a TLS session of the client
	Version     TLSVersion // the only version; "" is 1.2 and 1.3
	NoKeys      bool       // the capture has no keys
	Seed        uint64     // of the certificate; the network's when 0
}

// A TLSMode says when a server uses TLS.
type TLSMode string

// The modes. "" is never.
const (
	ExplicitTLS TLSMode = "explicit" // after AUTH TLS, which is optional
	ImplicitTLS TLSMode = "implicit" // from the first byte, on port 990
	RequiredTLS TLSMode = "required" // after AUTH TLS, which is required to log in
)

// A Certificate is a kind of server certificate.
type Certificate string

// The kinds of certificate. "" is the first.
const (
	SelfSigned         Certificate = "self"
	IssuedCertificate  Certificate = "ca"      // issued by an authority that the client knows
	ExpiredCertificate Certificate = "expired" // self-signed, and no longer valid
	OtherCertificate   Certificate = "other"   // self-signed, for another host
	UnknownCertificate Certificate = "unknown" // self-signed, and the client does not know it
)

// A TLSVersion is a version of TLS.
type TLSVersion string

// The versions.
const (
	TLS12 TLSVersion = "1.2"
	TLS13 TLSVersion = "1.3"
)

// Notify says how a client ends TLS on a data connection. "" is with close_notify and the FIN
// after it.
type Notify string

// The other ways to end TLS (RFC 8446, 6.1).
const (
	NoNotify    Notify = "none" // with the FIN alone
	AwaitNotify Notify = "wait" // after an upload, with the FIN after the server's close_notify
)

// implicitPort is the control port of implicit FTPS in IANA's registry.
const implicitPort = 990

var tlsOptions = []option[Server]{
	{"tls=explicit|implicit|required", "TLS (RFC 4217). explicit: after AUTH TLS; required: the same, and clients can neither log in nor transfer data without it; implicit: from the first byte, on port 990 unless there is port=. The other options of TLS need this one", func(p *parser, s *Server, v string) {
		s.TLS.Mode = TLSMode(p.oneOf("tls", v, string(ExplicitTLS), string(ImplicitTLS), string(RequiredTLS)))
	}},
	{"cert=self|ca|expired|other|unknown", "its certificate: self-signed and known to the client (the default), issued by an authority that the client knows, or one that the client refuses: expired, of another host, or self-signed and unknown", func(p *parser, s *Server, v string) {
		s.TLS.Certificate = Certificate(p.oneOf("cert", v, string(SelfSigned), string(IssuedCertificate), string(ExpiredCertificate), string(OtherCertificate), string(UnknownCertificate)))
	}},
	{"reuse=required", "a data connection must resume a TLS session of the client; otherwise the transfer gets 522. With TLS 1.2 it must resume by a session ticket (RFC 5077). A client that resumes by session ID only, such as curl with TLS 1.2, is refused", func(p *parser, s *Server, v string) {
		s.TLS.Reuse = p.oneOf("reuse", v, "required") != ""
	}},
	{"version=1.2|1.3", "the only version of TLS; both by default", func(p *parser, s *Server, v string) {
		s.TLS.Version = TLSVersion(p.oneOf("version", v, string(TLS12), string(TLS13)))
	}},
	{"keys=capture|none", "capture: the capture contains the TLS keys, so that its readers can decrypt it (the default); none: it does not. The results also have them in keys.log, with which the run is judged", func(p *parser, s *Server, v string) {
		s.TLS.NoKeys = p.oneOf("keys", v, "capture", "none") == "none"
	}},
}

// checkTLS checks the server's options for TLS.
func (p *parser) checkTLS() {
	s := &p.s.Server
	p.checkBeginTLS()
	p.line = max(1, s.Line)
	if s.TLS.Mode == "" {
		if c := p.s.Client; (c.Notify != "" || c.Version != "" || c.NoReuse) && len(s.Program) == 0 {
			p.line = c.Line
			p.fail("client: notify=, version= and reuse= are about TLS, and the server has none; `server tls=explicit` has it")
		}
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
		p.fail("program: tls= is for the lab's own server; configure TLS in the program itself")
	}
}

// checkBeginTLS refuses rules that begin TLS where the server cannot.
func (p *parser) checkBeginTLS() {
	for _, r := range p.s.Server.Rules {
		for _, a := range r.Actions {
			if a.Verb != BeginTLS {
				continue
			}
			switch p.line = a.Line; p.s.Server.TLS.Mode {
			case "":
				p.fail("begin TLS: the server has no certificate; the setting `server tls=explicit` gives it one")
			case ImplicitTLS:
				p.fail("begin TLS: with tls=implicit, TLS has begun before the first command")
			}
		}
	}
}
