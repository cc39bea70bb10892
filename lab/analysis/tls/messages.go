package tls

// maxMessage is the length in bytes of the longest handshake message that is read. A
// chain of certificates has some thousands.
const maxMessage = 1 << 18

const messageHeader = 4 // bytes of a handshake message before its body: type, length

// A messageReader finds the handshake messages in the records of one direction. A
// message may be split over several records (RFC 8446, section 5.1).
type messageReader struct {
	buf []byte
	// lost says that the beginning of the next message is unknown, because a record is
	// missing or a message was too long.
	lost bool
}

// push adds the content of a record.
func (m *messageReader) push(b []byte) {
	if !m.lost {
		m.buf = append(m.buf, b...)
	}
}

// next returns the next message, which is valid until the next push. It returns false
// if the message is not complete yet.
func (m *messageReader) next() (typ uint8, body []byte, ok bool) {
	if len(m.buf) < messageHeader {
		return 0, nil, false
	}
	length := int(m.buf[1])<<16 | int(m.buf[2])<<8 | int(m.buf[3])
	if length > maxMessage {
		m.lose()
		return 0, nil, false
	}
	if len(m.buf) < messageHeader+length {
		return 0, nil, false
	}
	typ, body = m.buf[0], m.buf[messageHeader:messageHeader+length]
	if m.buf = m.buf[messageHeader+length:]; len(m.buf) == 0 {
		m.buf = nil
	}
	return typ, body, true
}

// lose notes that a record with messages is missing.
func (m *messageReader) lose() { m.buf, m.lost = nil, true }

// restart expects the beginning of a message. A message never continues after a change
// of keys (RFC 8446, section 5.1).
func (m *messageReader) restart() { *m = messageReader{} }
