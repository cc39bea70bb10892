package tls

import (
	"cmp"
	"fmt"
	"slices"

	"ftplab/lab/analysis/tcp"
)

// A Session reads TLS on one connection. The caller numbers the two directions 0 and 1.
// Create a session with [NewSession] where TLS begins: at the first byte of a data
// connection or of implicit FTPS, after the reply 234 to AUTH on other control
// connections. If a direction does not begin with a TLS record, Clear gets its bytes
// unchanged.
//
// The fields can be read at any time. They are final after Close.
type Session struct {
	// Data takes the decrypted application data. Clear takes the bytes that are not
	// TLS: those after the end of TLS, and a direction without TLS. A chunk is valid
	// until the function returns. Either function may be nil.
	//
	// A chunk of application data is the content of one record. Its Seq is the TCP
	// sequence number of the first byte after the record's header, so the numbers rise
	// and have gaps. AfterGap says that bytes before it are missing or could not be
	// decrypted, Unread that none of them are missing. The other fields are those of the
	// chunk with the record's last byte.
	Data, Clear func(dir int, c tcp.Chunk)

	// Client is the direction of the client, which sends the ClientHello; -1 if no
	// hello was seen.
	Client int
	// ClientHello and ServerHello are the first hellos, nil if they were not seen. A
	// HelloRetryRequest (RFC 8446, section 4.1.4) does not count.
	ClientHello *ClientHello
	ServerHello *ServerHello
	// ALPN is the protocol that the server chose. TLS 1.3 encrypts it.
	ALPN string
	// Resumed is how the session continues an earlier one, and ResumedTicket is the
	// fingerprint of the [Ticket] that it used.
	Resumed       Resumption
	ResumedTicket string
	// EarlyData says that the server accepted 0-RTT data; it is known with keys only.
	EarlyData bool
	// Certificates are those that each direction sent, the owner's first. TLS 1.3
	// encrypts them.
	Certificates [2][]Certificate
	// Tickets are those that the server issued. TLS 1.3 encrypts them.
	Tickets        []Ticket
	Alerts         []Alert
	Renegotiations int // handshakes that began in the session; known up to TLS 1.2 and only with keys
	// Messages are the parts of the protocol itself, in the order in which they were read,
	// and the first application data of each direction.
	Messages []Message
	// Problems are the records that could not be read although they were in clear or
	// there were keys for them, in the order of their packets after Close. The first 64
	// problems, tickets, alerts and certificates are kept.
	Problems []Problem
	Flows    [2]Flow

	keys        *Keys
	halves      [2]half
	handshake   *handshake // the latest
	keysFound   bool
	unsupported bool
	impatient   bool // records no longer wait for the other direction
}

// A half is the state of one direction of a session.
type half struct {
	reader   recordReader
	pending  *record // a record that waits for the other direction
	number   int     // of the current record, from 1
	messages messageReader
	noted    bool // application data is in Messages
	finished bool // a Finished message was seen, or an encrypted record in its place
	// missing says that data before the next chunk was not passed to Data, and lost that
	// some of it is not in the capture.
	missing, lost bool

	protection
	counter
	// following is the protection after the next change of keys, which may have been in
	// a record that could not be read. It is nil until it is needed.
	following *protection
	// earlyRefused says that records that the key does not decrypt are 0-RTT data that
	// the server dropped (RFC 8446, section 4.2.10).
	earlyRefused bool
	tried        bool      // there was a key for a record
	failures     []Problem // those before the first decrypted record
	plain        []byte    // a buffer for decrypted data
}

// maxWaiting is how many bytes of one direction wait for a hello of the other. No
// library accepts more than 16 KiB of 0-RTT data by default.
const maxWaiting = 64 << 10

// NewSession returns a session. Keys are secrets, among them perhaps its own; nil is
// none.
func NewSession(keys *Keys) *Session {
	return &Session{Client: -1, keys: keys, handshake: &handshake{}}
}

// BeginInRecord says that a direction begins inside a record, whose header is not in the capture,
// and the number of its first byte. It has to be called before the bytes are added.
func (s *Session) BeginInRecord(dir int, seq int64) {
	r := &s.halves[dir].reader
	r.state, r.since = searching, seq
}

// Add reads the next bytes of a direction. Add the chunks of one direction in the order
// of the stream, and those of the two directions in the order of the capture. The
// caller may overwrite the data after Add has returned.
func (s *Session) Add(dir int, c tcp.Chunk) {
	s.halves[dir].reader.push(c)
	s.advance()
	s.halves[dir].reader.detach()
}

// Read adds all chunks of two streams, in the order in which they became readable, and
// closes the session.
func (s *Session) Read(streams [2][]tcp.Chunk) {
	others := streams[1]
	for _, c := range streams[0] {
		for len(others) > 0 && others[0].ReadableAt < c.ReadableAt {
			s.Add(1, others[0])
			others = others[1:]
		}
		s.Add(0, c)
	}
	for _, c := range others {
		s.Add(1, c)
	}
	s.Close()
}

// Close ends the session, after the last bytes.
func (s *Session) Close() {
	for dir := range s.halves {
		s.halves[dir].reader.final = true
	}
	s.advance()
	s.impatient = true
	s.advance()
	for dir := range s.halves {
		s.blame(dir)
		if f, last := &s.Flows[dir], s.halves[dir].reader.dropped; f.HiddenTo > 0 && last > f.HiddenTo {
			f.hide(last)
		}
	}
	slices.SortStableFunc(s.Problems, func(a, b Problem) int { return cmp.Compare(a.Packet, b.Packet) })
}

// advance reads all records that can be read.
func (s *Session) advance() {
	for dir := 0; dir < 2; {
		if s.step(dir) {
			dir = 0 // the other direction may have waited for this record
		} else {
			dir++
		}
	}
}

// step reads a record of a direction, and reports whether there was one.
func (s *Session) step(dir int) bool {
	h := &s.halves[dir]
	if h.pending == nil {
		next, ok := h.reader.next()
		if !ok {
			return false
		}
		r := next // in memory of its own only if there is one
		h.pending = &r
	}
	if s.waits(dir, h.pending) {
		return false
	}
	r := h.pending
	h.pending = nil
	s.read(dir, r)
	return true
}

// waits reports whether a record must wait for a record of the other direction. This
// happens if the capture has the two directions out of order.
func (s *Session) waits(dir int, r *record) bool {
	h, hs := &s.halves[dir], s.handshake
	if s.impatient || r.kind != wholeRecord {
		return false
	}
	if h.reader.waiting() > maxWaiting {
		s.impatient = true
		return false
	}
	switch {
	case hs.client == nil:
		return r.typ == typeHandshake && r.body.Data[0] == msgServerHello
	case dir != s.Client:
		return false
	case hs.server == nil:
		return !h.protected && !hs.retry && (r.typ == typeChangeCipherSpec || r.typ == typeApplicationData)
	}
	return h.epoch == epochEarly && !hs.earlyKnown
}

// read reads a record, or bytes that are not one.
func (s *Session) read(dir int, r *record) {
	h, f := &s.halves[dir], &s.Flows[dir]
	h.lost = h.lost || r.lost
	if r.kind == clearBytes {
		if f.ClearFrom == 0 {
			f.ClearFrom = r.body.Packet
		}
		s.hand(dir, s.Clear, r.body)
		return
	}
	h.number++
	if f.FirstPacket == 0 {
		f.FirstPacket = r.body.Packet
	}
	f.LastPacket = r.body.Packet
	if r.skipped > 0 {
		s.problem(dir, r, fmt.Sprintf("the %d bytes before it are missing or no records", r.skipped))
		h.skip(r.skipped)
		h.missing = true
		h.messages.lose()
	}
	switch r.kind {
	case noRecord:
		h.number--
		h.missing = true
		f.hide(r.body.Packet)
		s.problem(dir, r, "after it come bytes that are neither a record nor text")
	case brokenRecord:
		s.problem(dir, r, "bytes of it are missing")
		h.missing = true
		h.messages.lose()
		f.HandshakeCut = f.HandshakeCut || r.typ == typeHandshake && !h.protected
		if h.protected || r.typ == typeApplicationData {
			f.Encrypted++
			f.hide(r.body.Packet)
		}
		if h.protected {
			h.notOpened(0)
		}
	case wholeRecord:
		f.records(r.typ).add(len(r.body.Data))
		if h.protected {
			s.readProtected(dir, r)
		} else {
			s.readClear(dir, r)
		}
	}
}

// hand passes a chunk to Data or Clear.
func (s *Session) hand(dir int, take func(int, tcp.Chunk), c tcp.Chunk) {
	h := &s.halves[dir]
	h.lost = h.lost || c.AfterGap
	c.AfterGap = h.missing || h.lost
	c.Unread = c.AfterGap && !h.lost
	h.missing, h.lost = false, false
	if take != nil {
		take(dir, c)
	}
}

// readClear reads a record in a direction that does not encrypt yet.
func (s *Session) readClear(dir int, r *record) {
	h, hs := &s.halves[dir], s.handshake
	switch r.typ {
	case typeChangeCipherSpec:
		s.note(dir, r, "ChangeCipherSpec")
		if hs.version() != TLS13 {
			s.changeCipher(dir, r)
		}
	case typeApplicationData:
		if hs.server != nil { // the ChangeCipherSpec is missing
			missed := h.counter
			s.changeCipher(dir, r)
			h.counter = missed
			s.readProtected(dir, r)
			return
		}
		// The beginning is missing; or it is 0-RTT data, which the server did not
		// accept because it answered with a HelloRetryRequest.
		s.Flows[dir].Encrypted++
		s.Flows[dir].hide(r.body.Packet)
		s.note(dir, r, encryptedName(r.typ, h.epoch))
		h.missing = true
	case typeAlert:
		if len(r.body.Data) != 2 { // the beginning is missing
			s.note(dir, r, encryptedName(r.typ, h.epoch))
			s.encryptedAlert(dir, r)
			return
		}
		s.content(dir, r, r.typ, r.body.Data)
	default:
		s.content(dir, r, r.typ, r.body.Data)
	}
}

// readProtected reads a record in a direction that encrypts.
func (s *Session) readProtected(dir int, r *record) {
	h, f := &s.halves[dir], &s.Flows[dir]
	if h.epoch != noEpoch && r.typ != typeApplicationData {
		switch {
		case r.typ == typeChangeCipherSpec && len(r.body.Data) == 1: // for middleboxes: RFC 8446, appendix D.4
			s.note(dir, r, "ChangeCipherSpec")
		case r.typ == typeAlert && len(r.body.Data) == 2: // its sender has no keys yet
			s.content(dir, r, r.typ, r.body.Data)
		default:
			s.problem(dir, r, "it is not encrypted, and all records have to be")
			f.Encrypted++ // its type may be damaged
			f.hide(r.body.Packet)
			h.missing = true
			h.skip(int64(len(r.body.Data)))
		}
		return
	}
	f.Encrypted++
	data, typ, err := s.open(dir, r)
	if err != nil {
		s.notDecrypted(dir, r, err)
		return
	}
	f.Decrypted++
	s.blame(dir)
	h.earlyRefused = false
	s.content(dir, r, typ, data)
}

// notDecrypted notes what is known of a record that was not decrypted: up to TLS 1.2
// its type.
func (s *Session) notDecrypted(dir int, r *record, err error) {
	h := &s.halves[dir]
	s.note(dir, r, encryptedName(r.typ, h.epoch))
	s.Flows[dir].hide(r.body.Packet)
	if dir != s.Client {
		s.handshake.earlyKnown = true // it may have been in the record
	}
	if h.earlyRefused {
		return
	}
	h.messages.lose()
	h.missing = h.missing || r.typ == typeApplicationData || err != errNoKey
	switch r.typ {
	case typeHandshake:
		h.finished = true
	case typeAlert:
		if err == errNoKey {
			s.encryptedAlert(dir, r)
		}
	}
	if err != errNoKey {
		s.failure(dir, r, err)
	}
}

// encryptedAlert notes an alert that was not decrypted.
func (s *Session) encryptedAlert(dir int, r *record) {
	s.Alerts = appendBounded(s.Alerts, Alert{Dir: dir, Packet: r.body.Packet, Encrypted: true})
	s.Flows[dir].EncryptedAlert = r.body.Packet
}

// content reads the content of a record. typ is its real content type.
func (s *Session) content(dir int, r *record, typ uint8, data []byte) {
	h, f := &s.halves[dir], &s.Flows[dir]
	switch typ {
	case typeChangeCipherSpec:
		s.note(dir, r, "ChangeCipherSpec")
		s.changeCipher(dir, r)
	case typeAlert:
		if len(data) != 2 {
			s.problem(dir, r, "a malformed alert")
			return
		}
		a := Alert{Dir: dir, Packet: r.body.Packet, Level: data[0], Description: data[1]}
		s.Alerts = appendBounded(s.Alerts, a)
		s.note(dir, r, "alert "+a.String())
		if a.CloseNotify() && f.CloseNotify == 0 {
			f.CloseNotify = a.Packet
		}
	case typeHandshake:
		h.messages.push(data)
		for {
			typ, body, ok := h.messages.next()
			if !ok {
				return
			}
			s.note(dir, r, messageName(typ, body))
			if err := s.message(dir, r, typ, body); err != nil {
				s.problem(dir, r, err.Error())
			}
		}
	case typeApplicationData:
		if h.epoch == epochEarly && !s.EarlyData {
			h.missing = true // whether the server took it is not known
			return
		}
		f.Data += int64(len(data))
		if len(data) > 0 {
			s.note(dir, r, applicationData)
			c := r.body
			c.Data = data
			s.hand(dir, s.Data, c)
		}
	}
}

// note adds a message to Messages. Of application data, and of records that cannot be
// read, it adds only the first of a direction.
func (s *Session) note(dir int, r *record, name string) {
	h := &s.halves[dir]
	if name == applicationData || name == encryptedRecord {
		if h.noted {
			return
		}
		h.noted = true
	}
	s.Messages = appendBounded(s.Messages, Message{dir, r.body.Packet, name})
}

// problem notes that a record could not be read, and why.
func (s *Session) problem(dir int, r *record, reason string) {
	s.Problems = appendBounded(s.Problems, Problem{dir, r.body.Packet, s.halves[dir].number, reason})
}
