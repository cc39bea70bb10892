// Rules of FTP in TLS: what RFC 4217 asks of a session, as far as it can be read.

package rules

import (
	"fmt"
	"strings"
	"time"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/internal/pattern"
	"ftplab/lab/analysis/tls"
)

var tlsIsAgreedRule = Rule{
	Name: "tls-is-agreed", Theme: "TLS",
	Says:     "TLS begins after the server has accepted AUTH with 234, or with the first byte of implicit FTPS.",
	Source:   "RFC 4217, 4 and appendix A; RFC 8446, 4.1.2",
	Example:  "a ClientHello after < 220, without > AUTH TLS",
	Severity: Odd, sign: 1,
	Matters:  "A server that has not agreed to TLS takes a ClientHello for a command.",
	Innocent: "the client is set to implicit FTPS and the server offers explicit FTPS.",
	look:     eachSession(tlsAgreed),
}

func tlsAgreed(_ *Evidence, s *session) []breach {
	for _, l := range s.Lines {
		if l.Unasked() {
			return []breach{{packets: []int{l.FirstPacket}, observed: fmt.Sprintf("the client sent a ClientHello in frame %d, and the server answered in clear", l.FirstPacket)}}
		}
	}
	return nil
}

var tlsFollowsAuthRule = Rule{
	Name: "tls-follows-auth", Theme: "TLS",
	Says:     "After an AUTH that the server accepts, the client sends no command before the TLS handshake.",
	Source:   "RFC 4217, 4; RFC 7457, 2.2 (command injection); CVE-2011-1575",
	Example:  "> AUTH TLS and > USER eve in one packet, and < 234",
	Severity: Violation, sign: 2,
	Matters:  "Somebody on the way can add commands in clear to the packet with AUTH. A faulty server obeys them as if the client had sent them inside TLS.",
	Innocent: "the client gave up TLS, and goes on in clear.",
	look:     eachSession(clearAfterAuth),
}

// clearAfterAuth finds commands in clear between an AUTH that was accepted and TLS.
func clearAfterAuth(_ *Evidence, s *session) []breach {
	agreed := 0 // the packet of the 234
	for _, x := range s.Exchanges {
		mechanism := strings.ToUpper(x.Argument)
		switch {
		case x.Line.InTLS || s.Layer != nil && x.Packet >= s.Layer.From:
			return nil // TLS has begun, and may have ended again: what follows is no longer before it
		case agreed > 0 && evidence.IsKnown(x.Command):
			b := breach{packets: []int{x.Packet}, observed: fmt.Sprintf("the client sent %s in clear in frame %d, after AUTH and before TLS", wording.Quote(x.Line.Text), x.Packet)}
			if x.Packet > agreed {
				b.severity = Odd // the client gave up TLS, or its handshake was not recorded
			}
			return []breach{b}
		case x.Command == "AUTH" && x.Final() == 234 && (strings.HasPrefix(mechanism, "TLS") || mechanism == "SSL"):
			_, agreed = evidence.Answer(x)
		}
	}
	return nil
}

var credentialsInTLSRule = Rule{
	Name: "credentials-in-tls", Theme: "TLS",
	Says:     "If a session has TLS, or the client and the server both want it, the password is sent inside TLS.",
	Source:   "RFC 4217, 4; RFC 8446, 1",
	Example:  "> PASS secret, and > AUTH TLS after it",
	Severity: Odd, sign: 1,
	Matters:  "Everybody on the way can read a password that is sent before AUTH or after CCC. Somebody on the way can refuse AUTH in the server's name to get it.",
	Innocent: "the server has no certificate and offers AUTH all the same.",
	look:     eachSession(credentialsInTLS),
}

func credentialsInTLS(e *Evidence, s *session) []breach {
	if !s.TLS {
		return e.strippedTLS(s)
	}
	user := ""
	for _, x := range s.Exchanges {
		if x.Line.InTLS {
			continue
		}
		switch x.Command {
		case "USER":
			user = strings.ToLower(x.Argument)
		case "PASS":
			if user != "anonymous" && user != "ftp" {
				b := breach{packets: []int{x.Packet, s.TLSFrom}, observed: fmt.Sprintf("the client sent a password in frame %d, and TLS begins in frame %d", x.Packet, s.TLSFrom)}
				if x.Packet > s.TLSFrom {
					b.observed = fmt.Sprintf("the client sent a password in frame %d, after TLS has ended", x.Packet)
				}
				return []breach{b}
			}
		}
	}
	return nil
}

// noCertificate is how servers without a certificate, which offer AUTH TLS all the same, refuse it in
// each session: Pure-FTPd with 500, IIS with 534.
var noCertificate = map[string]*pattern.Pattern{
	"Pure-FTPd":     pattern.New(`(?i)security scheme is not implemented`),
	"Microsoft FTP": pattern.New(`(?i)local policy on server does not allow`),
}

// lacksCertificate reports whether a server refuses AUTH TLS as its program does without a
// certificate. offer is the line with which it offers it; IIS lists more than TLS there.
func (s *session) lacksCertificate(offer, refusal string) bool {
	greets := "other"
	if s.Greeting != nil {
		greets = evidence.ServerProgram(s.Greeting.Text)
	}
	for program, words := range noCertificate {
		if words.MatchString(refusal) {
			return (greets == program || greets == "other") && strings.Contains(offer, "TLS-C") == (program == "Microsoft FTP")
		}
	}
	return false
}

// strippedTLS finds a server that offers AUTH TLS, among its features or in another session, and then
// refuses it, and a client that sends its password in clear. Somebody on the way who removes TLS makes
// such a session.
func (e *Evidence) strippedTLS(s *session) []breach {
	elsewhere, user := e.Secured[s.Control.Server], ""
	var offer *ftp.Line
	var refused *ftp.Reply
	for _, x := range s.Exchanges {
		switch final := x.Final(); {
		case x.Command == "USER":
			user = strings.ToLower(x.Argument)
		case x.Command == "FEAT" && final == 211:
			for _, l := range x.Replies[len(x.Replies)-1].Lines {
				if words := strings.ToUpper(l.Text); strings.HasPrefix(strings.TrimLeft(words, "0123456789- "), "AUTH") && strings.Contains(words, "TLS") {
					offer = l
				}
			}
		case x.Command == "AUTH" && final >= 400 && x.Replies[len(x.Replies)-1].Lines[0].Complete && strings.HasPrefix(strings.ToUpper(x.Argument), "TLS"):
			refused = x.Replies[len(x.Replies)-1]
		case x.Command != "PASS" || refused == nil || isPublic(user):
		case elsewhere > 0:
			return []breach{{sign: 2, packets: []int{elsewhere, refused.Packet, x.Packet},
				observed: fmt.Sprintf("the server began TLS in another session, in frame %d, and refused AUTH TLS in frame %d, and the client sent a password in clear", elsewhere, refused.Packet)}}
		case offer != nil:
			b := breach{packets: []int{offer.Packet, refused.Packet, x.Packet},
				observed: fmt.Sprintf("the server offered AUTH TLS in frame %d and refused it in frame %d, and the client sent a password in clear", offer.Packet, refused.Packet)}
			if s.lacksCertificate(strings.ToUpper(offer.Text), refused.Text) {
				b.severity, b.sign = Note, noSign
			}
			return []breach{b}
		}
	}
	return nil
}

var pbszBeforePROTRule = Rule{
	Name: "pbsz-before-prot", Theme: "TLS",
	Says:     "PBSZ comes before PROT.",
	Source:   "RFC 4217, 9; RFC 2228, 3",
	Example:  "> PROT P < 200 without PBSZ",
	Severity: Odd,
	Matters:  "A server must refuse PROT before PBSZ with 503. A server that accepts it, or a client that leaves PBSZ out, does not follow the RFC.",
	Innocent: "the server needs no PBSZ, like some servers.",
	look:     eachSession(bufferSizeFirst),
}

func bufferSizeFirst(_ *Evidence, s *session) []breach {
	if !s.Whole {
		return nil
	}
	for _, x := range s.Exchanges {
		switch {
		case x.Command == "PBSZ" && x.Final()/100 == 2:
			return nil
		case x.Command == "PROT" && x.Final()/100 == 2:
			return []breach{{
				packets:  []int{x.Packet},
				observed: "the client said " + wording.Quote(x.Text) + ", the server agreed, and there was no PBSZ",
			}}
		}
	}
	return nil
}

var dataProtectedAsAgreedRule = Rule{
	Name: "data-protected-as-agreed", Theme: "TLS",
	Says:     "Data connections use TLS after PROT P, and are in clear after PROT C.",
	Source:   "RFC 4217, 9; RFC 8446, 4.1.2",
	Example:  "> PROT P < 200, and a data connection in clear",
	Severity: Odd, sign: 2,
	Matters:  "Everybody on the way can read and change data in clear that should have been protected.",
	Innocent: "a device on the way terminates TLS for one of the two connections.",
	look:     eachSession(dataProtected),
}

func dataProtected(_ *Evidence, s *session) []breach {
	if s.Hidden || !s.TLS || s.Control.Missing() > 0 {
		return nil
	}
	var found []breach
	level := ""
	for _, x := range s.Exchanges {
		if x.Command == "PROT" && x.Final()/100 == 2 {
			level = strings.ToUpper(strings.TrimSpace(x.Argument))
		}
		for _, c := range s.DataOf(x.Data) {
			carried := c.ClientFlow.Bytes+c.ServerFlow.Bytes > 0 && c.HandshakeSeen && c.Missing() == 0
			b := breach{packets: []int{x.Packet, c.FirstPacket}}
			switch {
			case carried && level == "P" && inClear(c, x.Sender()):
				b.observed = fmt.Sprintf("after PROT P the data of %s went in clear", wording.Quote(x.Line.Text))
			case carried && level == "C" && c.TLS != nil:
				b.severity, b.observed = Note, fmt.Sprintf("after PROT C the data of %s went in TLS", wording.Quote(x.Line.Text))
			default:
				continue
			}
			found = append(found, b)
		}
	}
	return found
}

// inClear reports whether a side sent its data without TLS, even if the other one began it.
func inClear(c *ftp.Connection, sender ftp.Side) bool {
	return c.TLS == nil || c.TLS.InClear(sender)
}

var closeNotifyBeforeFINRule = Rule{
	Name: "close-notify-before-fin", Theme: "TLS",
	Says:     "The sender of data in TLS sends the alert close_notify before the FIN.",
	Source:   "RFC 8446, 6.1; RFC 4217, 12.6",
	Example:  "> RETR file in TLS, and a FIN of the server without an alert",
	Severity: Odd,
	Matters:  "A FIN can be forged. Without close_notify the receiver cannot tell a complete file from a part of it.",
	Innocent: "the program does not send the alert, like some programs.",
	look:     eachData(closeNotify),
}

func closeNotify(_ *Evidence, s *session, c *ftp.Connection) []breach {
	x := s.transfer(c)
	if c.TLS == nil || x == nil || !evidence.Completed(x) {
		return nil
	}
	sender := x.Sender()
	f, t := c.Flow(sender), c.TLS.Flow(sender)
	unread := t.Encrypted > t.Decrypted && t.EncryptedAlert == 0 && t.Alert.Count == 0
	hides := c.TLS.ServerHello == nil || c.TLS.ServerHello.Version >= tls.TLS13 // which alerts there are
	if f.FIN == 0 || f.Missing+f.CutShort > 0 || c.TLS.Problem(sender) != nil || t.CloseNotify > 0 || t.EncryptedAlert > 0 || unread && hides {
		return nil
	}
	return []breach{{
		packets:  []int{x.Packet, f.FIN},
		observed: fmt.Sprintf("the %s ended the data of %s with a FIN and no close_notify", sender, wording.Quote(x.Line.Text)),
	}}
}

var tlsHandshakeSucceedsRule = Rule{
	Name: "tls-handshake-succeeds", Theme: "TLS",
	Says:     "A TLS handshake that begins is completed.",
	Source:   "RFC 8446, 4 and 6.2; RFC 7507 (downgrades); RFC 4346, A.5, and CVE-2015-0204 (export ciphers, FREAK); CVE-2014-3566 (POODLE)",
	Example:  "a certificate that expired yesterday, and the client's alert \"fatal bad certificate\"",
	Severity: Note,
	Matters:  "One side does not accept the other: its certificate, its version or its ciphers. Somebody on the way who answers in the place of the server has another certificate.",
	Innocent: "the certificate has expired or is signed by itself, and the client is right to refuse it.",
	look: func() look {
		all := downgrades{}
		return look{
			session: func(_ *Evidence, s *session) []breach {
				all.add(s)
				return append(failedHandshake(s.Layer, s.Control), exportKeys(s.Layer)...)
			},
			end: func(*Evidence) []breach { return all.judge() },
			data: func(_ *Evidence, _ *session, c *ftp.Connection) []breach {
				return append(failedHandshake(c.TLS, c), exportKeys(c.TLS)...)
			},
		}
	},
}

// failedHandshake finds the alert that ended a handshake.
func failedHandshake(t *ftp.TLSLayer, c *ftp.Connection) []breach {
	if t == nil || t.Handshake() != tls.Cut {
		return nil
	}
	for _, a := range t.Alerts {
		if a.Encrypted || a.CloseNotify() {
			continue
		}
		side := t.Side(a.Dir)
		b := breach{packets: []int{a.Packet}, observed: fmt.Sprintf("the %s ended the TLS handshake with the alert %q", side, a.String())}
		if all := t.CertificatesOf(side.Other()); len(all) > 0 && all[0].Malformed == "" {
			b.packets = []int{all[0].Packet, a.Packet}
			if until := all[0].NotAfter; time.Unix(0, c.FirstTime).After(until) {
				b.observed += fmt.Sprintf("; the certificate of the %s had expired on %s", side.Other(), until.Format(time.DateOnly))
			}
		}
		return []breach{b}
	}
	return nil
}

var dataResumesSessionRule = Rule{
	Name: "data-resumes-session", Theme: "TLS",
	Says:     "The TLS session of a data connection resumes that of the control connection.",
	Source:   "RFC 4217, 10.2; RFC 8446, 2.2",
	Example:  "a whole TLS handshake on the data connection",
	Severity: Note,
	Matters:  "Only the client that logged in knows that session, so nobody else can use the data connection. Many servers require it.",
	Innocent: "the client does not resume sessions, and the server does not require it.",
	look:     resumed,
}

// resumed reports all data connections that began a session of their own in one finding, and each
// one that the server refused in a finding of its own.
func resumed() look {
	var packets []int
	n := 0
	return look{
		data: func(_ *Evidence, s *session, c *ftp.Connection) []breach {
			t := c.TLS
			if s == nil || s.Layer == nil || t == nil || t.ClientHello == nil || t.ServerHello == nil {
				return nil
			}
			if t.Resumed == tls.NotResumed {
				if x := s.transfer(c); x != nil && x.Final() >= 400 {
					code, at := evidence.Answer(x)
					return []breach{{severity: Odd, packets: []int{t.ServerHello.Packet, at}, observed: fmt.Sprintf(
						"the data connection of %s began a TLS session of its own, and the server refused the transfer with %d", wording.Quote(x.Line.Text), code)}}
				}
				n++
				packets = appendSome(packets, t.ServerHello.Packet)
				return nil
			}
			if foreign(s, t) {
				return []breach{{severity: Odd, sign: 1, packets: []int{t.ServerHello.Packet},
					observed: fmt.Sprintf("the data connection of %s resumes a session that was begun on another control connection", c.Client)}}
			}
			return nil
		},
		end: func(*Evidence) []breach {
			if n == 0 {
				return nil
			}
			return []breach{{packets: packets, observed: wording.Plural(n, "data connection began a TLS session of its own", "data connections began TLS sessions of their own")}}
		},
	}
}

// foreign reports whether a data connection resumes a session that was begun on none of the
// connections of this one, as far as all tickets can be read.
func foreign(s *session, t *ftp.TLSLayer) bool {
	known := s.Layer.Tickets
	for _, c := range s.DataByID {
		if c.TLS != nil {
			if c.Missing() > 0 || c.TLS.Hidden() {
				return false
			}
			known = append(known[:len(known):len(known)], c.TLS.Tickets...)
		}
	}
	if t.ResumedTicket == "" || len(s.Layer.Tickets) == 0 || s.Hidden || len(s.Layer.Problems) > 0 || s.Lossy() || s.Layer.Resumed != tls.NotResumed {
		return false
	}
	for _, k := range known {
		if k.Fingerprint == t.ResumedTicket {
			return false
		}
	}
	return true
}
