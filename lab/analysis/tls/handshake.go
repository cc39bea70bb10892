package tls

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/crypto/cryptobyte"
)

// A handshake is the state of the current handshake.
type handshake struct {
	client *ClientHello
	server *ServerHello
	retry  bool // there was a HelloRetryRequest
	// done says that the server sent ServerHelloDone: it does not resume a session.
	done bool
	// earlyKnown says that nothing more can be learned about 0-RTT data.
	earlyKnown bool
}

// version returns the version that the server chose, 0 if it is not known.
func (hs *handshake) version() Version {
	switch {
	case hs.server != nil:
		return hs.server.Version
	case hs.retry:
		return TLS13
	}
	return 0
}

// message reads a handshake message.
func (s *Session) message(dir int, r *record, typ uint8, body []byte) error {
	h := &s.halves[dir]
	fromServer := s.Client == 1-dir
	switch typ {
	case msgClientHello:
		return s.clientHello(dir, r, body)
	case msgServerHello:
		return s.serverHello(dir, r, body)
	case msgNewSessionTicket:
		if fromServer {
			return s.newTicket(r, body, h.epoch != noEpoch)
		}
	case msgEncryptedExtensions:
		if fromServer && h.epoch == epochHandshake {
			return s.encryptedExtensions(body)
		}
	case msgCertificate:
		list, err := readCertificates(body, h.params.version, r.body.Packet)
		if s.Certificates[dir] == nil {
			s.Certificates[dir] = list
		}
		return err
	case msgServerHelloDone:
		s.handshake.done = true
	case msgFinished:
		h.finished = true
		if h.epoch == epochHandshake {
			h.use(s.next(dir))
		}
	case msgEndOfEarlyData:
		if h.epoch == epochEarly {
			h.use(s.next(dir))
		}
	case msgKeyUpdate:
		if h.epoch >= epochTraffic {
			s.Flows[dir].KeyUpdates++
			h.use(s.next(dir))
		}
	}
	return nil
}

func (s *Session) clientHello(dir int, r *record, body []byte) error {
	hello, err := readClientHello(body)
	if err != nil {
		return err
	}
	if s.Client == 1-dir {
		return errors.New("a ClientHello from the server")
	}
	hello.Packet, s.Client = r.body.Packet, dir
	if s.ClientHello == nil {
		s.ClientHello = hello
	}
	if hs := s.handshake; hs.retry && hs.server == nil {
		hs.client = hello
		return nil
	}
	if s.halves[dir].protected {
		s.Renegotiations++
	}
	s.handshake = &handshake{client: hello}
	return nil
}

func (s *Session) serverHello(dir int, r *record, body []byte) error {
	hello, err := readServerHello(body)
	if err != nil {
		return err
	}
	if s.Client == dir {
		return errors.New("a ServerHello from the client")
	}
	hello.Packet, s.Client = r.body.Packet, 1-dir
	hs := s.handshake
	if hello.retry {
		hs.retry = true
		return nil
	}
	if hs.server != nil {
		return errors.New("a second ServerHello")
	}
	hs.server = hello
	for dir := range s.halves {
		s.halves[dir].following = nil
	}
	if s.ServerHello == nil {
		s.ServerHello, s.ALPN = hello, hello.alpn
		s.noteResumption(hs)
	}
	if hello.Version < TLS13 && len(hello.sessionID) > 0 && s.Resumed == NotResumed {
		s.Tickets = appendBounded(s.Tickets, Ticket{Packet: hello.Packet, Fingerprint: fingerprint(hello.sessionID)})
	}
	if hello.Version == TLS13 {
		s.beginTLS13(r)
	}
	return nil
}

// noteResumption notes whether the server agreed to resume a session: it chose a PSK
// (RFC 8446, section 4.2.11), or returned the client's session ID (RFC 5246, section
// 7.4.1.3), which also accepts a ticket (RFC 5077, section 3.4).
func (s *Session) noteResumption(hs *handshake) {
	if hs.client == nil {
		return
	}
	switch hello := hs.server; {
	case hello.Version == TLS13:
		if hs.client.Offer == ByPSK && hello.psk >= 0 && hello.psk < len(hs.client.Tickets) {
			s.Resumed, s.ResumedTicket = ByPSK, hs.client.Tickets[hello.psk]
		}
	case len(hello.sessionID) > 0 && string(hello.sessionID) == string(hs.client.sessionID):
		s.resumedAsOffered(hs)
	}
}

// resumedAsOffered notes that the server resumes the session that the client named,
// up to TLS 1.2.
func (s *Session) resumedAsOffered(hs *handshake) {
	switch s.Resumed = hs.client.Offer; s.Resumed {
	case BySessionID, ByTicket:
		s.ResumedTicket = hs.client.Tickets[0]
	default: // the client offers TLS 1.3, too
		s.Resumed, s.ResumedTicket = BySessionID, fingerprint(hs.client.sessionID)
	}
}

// newTicket reads a NewSessionTicket (RFC 5077, section 3.3; RFC 8446, section 4.6.1).
func (s *Session) newTicket(r *record, body []byte, is13 bool) error {
	b := cryptobyte.String(body)
	var lifetime, age uint32
	var nonce, ticket cryptobyte.String
	ok := b.ReadUint32(&lifetime)
	if is13 {
		ok = ok && b.ReadUint32(&age) && b.ReadUint8LengthPrefixed(&nonce)
	}
	if !ok || !b.ReadUint16LengthPrefixed(&ticket) {
		return fmt.Errorf("%w: NewSessionTicket", errMalformed)
	}
	if len(ticket) > 0 {
		s.Tickets = appendBounded(s.Tickets, Ticket{
			Packet: r.body.Packet, Fingerprint: fingerprint(ticket),
			Lifetime: time.Duration(lifetime) * time.Second,
		})
	}
	return nil
}

// encryptedExtensions reads the extensions that a server of TLS 1.3 sends encrypted
// (RFC 8446, section 4.3.1).
func (s *Session) encryptedExtensions(body []byte) error {
	ok := extensions(body, func(typ uint16, v cryptobyte.String) (ok bool) {
		switch typ {
		case extALPN:
			s.ALPN, ok = firstALPN(v)
			return ok
		case extEarlyData:
			s.EarlyData = true
		}
		return true
	})
	if !ok {
		return fmt.Errorf("%w: EncryptedExtensions", errMalformed)
	}
	if s.handshake.earlyKnown = true; !s.EarlyData {
		s.refuseEarlyData()
	}
	return nil
}

// Handshake returns how much of the first handshake was seen.
func (s *Session) Handshake() Handshake {
	switch {
	case s.ClientHello == nil && s.ServerHello == nil:
		return NotSeen
	case s.halves[0].finished && s.halves[1].finished:
		return Complete
	case s.ServerHello == nil || s.ServerHello.Version != TLS13:
		return Cut
	}
	for dir, f := range s.Flows {
		if !s.halves[dir].finished && (f.Encrypted == 0 || f.Decrypted > 0) {
			return Cut
		}
	}
	return Encrypted
}
