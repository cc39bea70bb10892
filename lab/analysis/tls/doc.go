// Package tls reads the layer between TCP and FTP: what a connection over TLS
// shows to somebody who only has its packets, and with its keys everything.
//
// A [Session] takes the bytes of both directions in order, and reads one record
// at a time. Without keys it says what is in clear: the hellos, the certificates
// up to TLS 1.2, alerts before encryption, and how many records of which kind
// went each way. With a key log ([Keys]) it hands out the application data, in
// chunks like those that came in, and reads alerts, tickets and key updates.
//
//	s := tls.NewSession(&keys)
//	s.Data = func(dir int, c tcp.Chunk) { … } // what was inside TLS
//	s.Clear = func(dir int, c tcp.Chunk) { … } // what was not TLS
//	s.Add(0, chunk) // as they come, in either direction
//	s.Close()
//
// It never guesses. A record that its key does not authenticate is a [Problem]
// and not data; after bytes that are missing it goes on where a record
// authenticates again. Bytes that follow a session in clear, as after CCC (RFC
// 4217, section 7), are handed back.
//
// It reads TLS 1.0 to 1.3 (RFC 2246, 4346, 5246, 8446) with AES in the modes GCM,
// CCM and CBC, ChaCha20-Poly1305 and triple DES, also encrypt-then-MAC (RFC 7366),
// resumed and renegotiated sessions and 0-RTT data. What RFC 7465, 7568 and 8446 forbid
// (RC4, SSL 3.0, compression) is said not to be supported.
package tls
