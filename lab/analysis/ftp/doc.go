// Package ftp reads the dialogue of FTP control connections (RFC 959, 2428)
// from streams that package tcp has put in order, and finds the command and the
// transfer to which each data connection belongs.
//
// A [Candidate] is a connection that may be a control connection. Its bytes are
// recorded until that is decided. A [Transcript] is the dialogue of a control
// connection; it can be read as a [Session] or line by line. [Expected] is the table of
// expected data connections: the data ports that sessions gave and that no
// connection has used yet.
//
// ACK numbers decide who spoke first when a recorder has the two directions out
// of order.
package ftp
