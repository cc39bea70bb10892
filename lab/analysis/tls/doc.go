// Package tls reads TLS, the layer between TCP and FTP, from the packets of a
// connection, with or without its keys.
//
// A [Session] takes the bytes of both directions in order and reads them record
// by record. Without keys it reads what is not encrypted: the hellos, the
// certificates up to TLS 1.2, alerts before encryption, and how many records of
// each type each side sent. With a key log ([Keys]) it also returns the
// application data, in chunks like those of the input, and reads encrypted
// alerts, tickets and key updates.
//
//	s := tls.NewSession(&keys)
//	s.Data = func(dir int, c tcp.Chunk) { … } // decrypted application data
//	s.Clear = func(dir int, c tcp.Chunk) { … } // bytes that are not TLS
//	s.Add(0, chunk) // for each chunk, in either direction
//	s.Close()
//
// It never guesses. If its key does not authenticate a record, the record is a
// [Problem] and not data. After missing bytes, it continues with the next record that
// its key authenticates. If the connection continues in clear after the session, as
// after CCC (RFC 4217, section 5), it returns those bytes unchanged.
//
// It supports TLS 1.0 to 1.3 (RFC 2246, 4346, 5246, 8446) with AES in the modes GCM,
// CCM and CBC, ChaCha20-Poly1305 and triple DES, encrypt-then-MAC (RFC 7366), resumed
// and renegotiated sessions, and 0-RTT data. It does not support what RFC 7465, 7568
// and 8446 forbid (RC4, SSL 3.0, compression), and says so in a [Problem].
package tls
