// Package ftp reads the dialogue of FTP control connections (RFC 959, 2428) from streams
// that package tcp has put in order, and joins data connections to what announced and used
// them.
//
// A [Candidate] is a connection that may be dialogue: its bytes are recorded until that is
// decided. A [Transcript] is the dialogue of one that is, and can be read as a [Session] or
// line by line. [Expected] is the table of the data connections that sessions announced.
//
// ACK numbers decide who spoke first when a recorder has the two directions out of order.
package ftp
