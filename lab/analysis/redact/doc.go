// Package redact writes a capture again without what says who spoke of what: addresses,
// names, passwords and contents.
//
// Every frame is made anew from what the analysis knows of it, so that nothing gets into
// the new file by accident: what this package does not understand becomes filler. A frame
// is Ethernet, IP and TCP, whatever links and tunnels the original had. Its number, time,
// ports and TCP numbers are those of the original. Lengths, checksums, and the sequence
// numbers behind an address in the dialogue follow from the new bytes.
//
// Redacted are:
//
//   - IP addresses, in headers and in the dialogue. Two addresses with a common prefix keep
//     a common prefix of that length (as with Crypto-PAn). Loopback, multicast and private
//     IPv6 addresses stay such.
//   - MAC addresses.
//   - Arguments of commands and texts of replies: each name becomes another one of the same
//     length, the same name always the same one. A password is replaced as a whole.
//   - What data connections and connections other than FTP carry: it becomes filler of the
//     same length.
//   - Names in DNS messages, in the ClientHello and in certificates of TLS. Other datagrams
//     of UDP become packets of an experimental protocol.
//
// Left out are comments, names of hosts and keys of TLS. Kept are, beside what is said
// above, the commands and reply codes of FTP, the usual words of replies (among them the
// names of server programs), numbers, the user names "anonymous" and "ftp", the endings of
// well-known kinds of files, and what is encrypted.
package redact
