package tls

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
)

// Keys are the secrets of sessions, from key logs. The zero value has none. The
// sessions of a capture share one Keys. It must not be used by several goroutines at
// once.
//
// Up to TLS 1.2 a resumed session has the master secret of the earlier session, and
// some libraries, such as Go's, do not log it again. So each session adds the secrets
// that belong to the tickets it has seen. Read a session before the sessions that
// resume it.
type Keys struct {
	secrets map[secretName][]byte
	tickets map[string][]byte // master secrets, by the fingerprint of the ticket
}

// A secretName identifies a secret: its label and its session.
type secretName struct {
	label  string
	random [32]byte // of the session's ClientHello
}

// The labels of a key log (draft-ietf-tls-keylogfile, section 2).
const (
	labelMaster          = "CLIENT_RANDOM" // the master secret, up to TLS 1.2
	labelClientEarly     = "CLIENT_EARLY_TRAFFIC_SECRET"
	labelClientHandshake = "CLIENT_HANDSHAKE_TRAFFIC_SECRET"
	labelServerHandshake = "SERVER_HANDSHAKE_TRAFFIC_SECRET"
	labelClientTraffic   = "CLIENT_TRAFFIC_SECRET_0"
	labelServerTraffic   = "SERVER_TRAFFIC_SECRET_0"
)

const maxKeyLine = 1024 // bytes; most lines of a key log have about 200

// secretLengths are the lengths in bytes that the secret of a label may have: the
// master secret's, or those of the hashes of TLS 1.3.
var secretLengths = map[string][]int{
	labelMaster:          {48},
	labelClientEarly:     {32, 48},
	labelClientHandshake: {32, 48},
	labelServerHandshake: {32, 48},
	labelClientTraffic:   {32, 48},
	labelServerTraffic:   {32, 48},
}

// A BadLine is a line of a key log that is not valid.
type BadLine struct {
	Line   int // from 1
	Reason string
}

func (b BadLine) String() string { return fmt.Sprintf("line %d: %s", b.Line, b.Reason) }

// Read adds the secrets of a key log: a file, or the text of a decryption secrets
// block. It skips comments, empty lines and labels that it does not use. It also skips
// lines that are not valid, and returns the first 100 of them. The error is that of the
// reader.
func (k *Keys) Read(log io.Reader) (bad []BadLine, err error) {
	r := bufio.NewReaderSize(log, maxKeyLine)
	for number := 1; ; number++ {
		line, err := r.ReadSlice('\n')
		reason := ""
		if err == bufio.ErrBufferFull {
			reason = fmt.Sprintf("it is longer than %d bytes", maxKeyLine)
			for err == bufio.ErrBufferFull {
				_, err = r.ReadSlice('\n')
			}
		} else {
			reason = k.add(line)
		}
		if reason != "" && len(bad) < 100 {
			bad = append(bad, BadLine{number, reason})
		}
		if err == io.EOF {
			return bad, nil
		}
		if err != nil {
			return bad, err
		}
	}
}

// add adds the secret of a line. It returns what is wrong with the line, or "".
func (k *Keys) add(line []byte) (reason string) {
	line = bytes.TrimSpace(line)
	if len(line) == 0 || line[0] == '#' {
		return ""
	}
	fields := bytes.Fields(line)
	if len(fields) != 3 {
		words := "words"
		if len(fields) == 1 {
			words = "word"
		}
		return fmt.Sprintf("it has %d %s; a line is LABEL CLIENT_RANDOM SECRET", len(fields), words)
	}
	name := secretName{label: string(fields[0])}
	lengths, ok := secretLengths[name.label]
	if !ok {
		return ""
	}
	if n, err := hex.Decode(make([]byte, len(fields[1])), fields[1]); err != nil || n != len(name.random) {
		return "the client random is not 64 hexadecimal digits"
	}
	hex.Decode(name.random[:], fields[1])
	secret := make([]byte, hex.DecodedLen(len(fields[2])))
	if _, err := hex.Decode(secret, fields[2]); err != nil {
		return "the secret is not hexadecimal"
	}
	if !slices.Contains(lengths, len(secret)) {
		return fmt.Sprintf("the secret has %d bytes; a %s has %s", len(secret), name.label, orList(lengths))
	}
	if known, ok := k.secrets[name]; ok && !bytes.Equal(known, secret) {
		return "another line has a different secret with this label and client random"
	}
	if k.secrets == nil {
		k.secrets = map[secretName][]byte{}
	}
	k.secrets[name] = secret
	return ""
}

// orList prints one or two numbers.
func orList(n []int) string {
	if len(n) == 1 {
		return fmt.Sprint(n[0])
	}
	return fmt.Sprintf("%d or %d", n[0], n[1])
}

// Len is the number of secrets.
func (k *Keys) Len() int { return len(k.secrets) }

// HasOf reports whether there is a secret of the session that begins with this record, which has a ClientHello.
func (k *Keys) HasOf(record []byte) bool {
	const at, size = 5 + 4 + 2, 32 // of the random: behind the headers of record and message, and the version
	if len(record) < at+size {
		return false
	}
	for label := range secretLengths {
		if k.secret(label, [size]byte(record[at:])) != nil {
			return true
		}
	}
	return false
}

// learn notes the master secret of the session that a ticket resumes.
func (k *Keys) learn(t Ticket, master []byte) {
	if k.tickets == nil {
		k.tickets = map[string][]byte{}
	}
	k.tickets[t.Fingerprint] = master
}

// secret returns a secret of the session with this client random, nil if there is none.
func (k *Keys) secret(label string, random [32]byte) []byte {
	if k == nil {
		return nil
	}
	return k.secrets[secretName{label, random}]
}
