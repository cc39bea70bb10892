package tls

import (
	"errors"
	"fmt"
)

// errNoKey says that the key log has no key for a record.
var errNoKey = errors.New("there is no key for it")

// A protection says how the records of a direction are encrypted. The zero value, at
// the beginning of a session, is no encryption.
type protection struct {
	protected bool
	params    parameters
	source    *handshake // the one that chose the parameters; nil if they are not supported
	opener    opener     // nil without a key
	epoch     epoch
	secret    []byte // the traffic secret of the epoch
}

// An epoch numbers the successive keys of TLS 1.3. Each KeyUpdate adds one.
type epoch int

const (
	noEpoch epoch = iota // up to TLS 1.2
	epochEarly
	epochHandshake
	epochTraffic
)

// labels are the key log's labels of the secrets of the client and the server, by
// epoch.
var labels = [2][epochTraffic + 1]string{
	{epochEarly: labelClientEarly, epochHandshake: labelClientHandshake, epochTraffic: labelClientTraffic},
	{epochHandshake: labelServerHandshake, epochTraffic: labelServerTraffic},
}

// changeCipher starts to use the keys of the handshake, up to TLS 1.2 (RFC 5246,
// section 7.1).
func (s *Session) changeCipher(dir int, r *record) {
	h, hs := &s.halves[dir], s.handshake
	if hs.server == nil {
		h.use(protection{protected: true})
		return
	}
	if dir != s.Client && !hs.done && hs.server == s.ServerHello && s.Resumed == NotResumed &&
		hs.client != nil && hs.client.Offer == ByTicket {
		s.resumedAsOffered(hs) // by a client that sent no session ID
	}
	p, err := s.protection12(dir, hs)
	if err != nil {
		s.unsupported = true
		s.problem(dir, r, err.Error())
	}
	h.use(p)
}

// protection12 returns the protection of a direction that follows from a handshake up
// to TLS 1.2.
func (s *Session) protection12(dir int, hs *handshake) (protection, error) {
	p := protection{protected: true}
	var err error
	if p.params, err = hs.parameters(); err != nil {
		return p, err
	}
	p.source = hs
	if master := s.master(hs); master != nil {
		p.opener, err = p.params.opener12(master, s.side(dir))
	}
	return p, err
}

// master returns the master secret of a handshake, nil if it is not known. It also
// notes the secret for the tickets of the session.
func (s *Session) master(hs *handshake) []byte {
	master := s.secret(labelMaster, hs)
	if master == nil && hs.server == s.ServerHello && s.Resumed != NotResumed && s.keys != nil {
		master = s.keys.tickets[s.ResumedTicket]
		s.keysFound = s.keysFound || master != nil
	}
	if master != nil {
		for _, t := range s.Tickets {
			s.keys.learn(t, master)
		}
	}
	return master
}

// parameters returns the parameters that the hellos agree on. The error says what is
// not supported.
func (hs *handshake) parameters() (parameters, error) {
	hello := hs.server
	p := parameters{version: hello.Version, serverRandom: hello.random}
	if hs.client != nil {
		p.clientRandom, p.etm = hs.client.random, hs.client.etm && hello.etm
	}
	switch {
	case !hello.CipherSuite.hasVersion(p.version):
		return p, fmt.Errorf("%s with %s is not supported", p.version, hello.CipherSuite)
	case hello.compression != 0:
		return p, errors.New("compression is not supported")
	}
	p.suite, _ = hello.CipherSuite.suite()
	return p, nil
}

// secret looks up a secret of a handshake.
func (s *Session) secret(label string, hs *handshake) []byte {
	if hs == nil || hs.client == nil {
		return nil
	}
	secret := s.keys.secret(label, hs.client.random)
	s.keysFound = s.keysFound || secret != nil
	return secret
}

// side returns 0 for the direction of the client and 1 for that of the server.
func (s *Session) side(dir int) int { return dir ^ s.Client }

// beginTLS13 starts the encryption of both directions, after the ServerHello.
func (s *Session) beginTLS13(r *record) {
	hs := s.handshake
	params, err := hs.parameters()
	if err != nil {
		s.unsupported = true
		s.problem(1-s.Client, r, err.Error())
	}
	for dir := range s.halves {
		p := protection{protected: true, params: params, epoch: epochHandshake}
		if err == nil {
			p.source = hs
		}
		if dir == s.Client && hs.client != nil && hs.client.EarlyData {
			p.epoch = epochEarly
		}
		s.halves[dir].use(s.protection13(dir, p))
	}
	if hs.server.psk < 0 {
		s.refuseEarlyData()
	}
}

// protection13 adds the key of its epoch to a protection. Its secret is still that of
// the previous epoch.
func (s *Session) protection13(dir int, p protection) protection {
	if p.epoch <= epochTraffic {
		p.secret = s.secret(labels[s.side(dir)][p.epoch], p.source)
	} else if p.secret != nil {
		p.secret, _ = p.params.suite.updated(p.secret)
	}
	p.opener = nil
	if p.secret != nil {
		if o, err := p.params.suite.opener13(p.secret); err == nil {
			p.opener = o
		}
	}
	return p
}

// next returns the protection after the current one. In TLS 1.3 it is that of the next
// epoch; in older versions that of a handshake whose change of keys was not seen.
func (s *Session) next(dir int) protection {
	p := s.halves[dir].protection
	if p.epoch != noEpoch {
		p.epoch++
		return s.protection13(dir, p)
	}
	if hs := s.handshake; hs != p.source && hs.server != nil && hs.server.Version != TLS13 {
		p, _ := s.protection12(dir, hs)
		return p
	}
	return protection{}
}

// refuseEarlyData notes that the server did not accept 0-RTT data.
func (s *Session) refuseEarlyData() {
	s.handshake.earlyKnown = true
	if h := &s.halves[s.Client]; h.epoch == epochEarly {
		h.use(s.next(s.Client))
		h.earlyRefused = true
	}
}

// Keys reports whether the session can be decrypted.
func (s *Session) Keys() KeyState {
	a, b := s.KeysOf(0), s.KeysOf(1)
	for _, state := range []KeyState{NotSupported, KeysFit, KeysDoNotFit} {
		if a == state || b == state {
			return state
		}
	}
	if s.Flows[0].Encrypted+s.Flows[1].Encrypted == 0 {
		return KeysUnused
	}
	return NoKeys
}

// KeysOf reports whether what one direction sent can be decrypted. A key log may have the
// secrets of one direction only.
func (s *Session) KeysOf(dir int) KeyState {
	switch h := &s.halves[dir]; {
	case s.unsupported:
		return NotSupported
	case s.Flows[dir].Decrypted > 0:
		return KeysFit
	case h.tried:
		return KeysDoNotFit
	case s.keysFound && s.Flows[dir].Encrypted == 0:
		return KeysUnused
	}
	return NoKeys
}
