// Package redact writes a copy of a capture without private data: addresses, names,
// passwords and contents.
//
// It builds each frame from the facts that the analysis knows, so that nothing gets
// into the new file by accident: data that this package does not understand becomes
// filler. Each frame is Ethernet, IP and TCP. VLANs and usual tunnels (MPLS, PPPoE, GRE,
// ERSPAN, VXLAN, Geneve, GTP, L2TP, TZSP, PBB, TRILL, EtherIP, CAPWAP, IP in IP) stay
// around it, with other addresses; other links and tunnels are left out. The frame's
// number, time, ports and TCP numbers are those of the original. Lengths, checksums, and
// the sequence numbers after an address in the dialogue depend on the new bytes.
//
// It redacts:
//
//   - IP addresses, in headers and in the dialogue. Two addresses with a common prefix keep
//     a common prefix of that length (as with Crypto-PAn). Loopback, multicast, link-local and
//     private addresses become others of the same kind. Therefore an address keeps the bits that
//     it has in common with one of these networks, and the next bit: 192.150.0.1 keeps its 192.
//   - MAC addresses.
//   - Arguments of commands and texts of replies: each name becomes another one of the same
//     length, and the same name always becomes the same one. A password is replaced as a
//     whole.
//   - The data of data connections and of connections other than FTP: it becomes filler of
//     the same length. Listings keep the ends of their lines.
//   - Names in DNS messages, in the ClientHello and in certificates of TLS. Other datagrams
//     of UDP keep their ports, and zeros follow them in place of their data.
//
// Of a capture that was taken at several places it keeps on which interface each packet is, and
// the usual names of interfaces, such as eth0 or client; others become other names. The copies of
// a packet at other places become the same packet. A copy that a NAT changed becomes a packet of an
// experimental protocol.
//
// It leaves out comments, names of hosts and TLS keys. Without the keys nobody can read
// what is inside TLS, so it stays as it is. Somebody who has the keys can decrypt the new
// file, too: these records must be the original ones, or they would fit no key.
//
// It keeps the commands and reply codes of FTP, the usual words of replies (among them the
// names of server programs), numbers, the user names "anonymous" and "ftp", the extensions
// of well-known kinds of files, and encrypted data.
// In a reply that may have names, it replaces a word or number that is also a name: one that a
// command of any session has, or that of a user. A user is also whom a reply calls one, as in "User
// admin logged in".
//
// What package baseline finds by names or contents, it does not find in the new file.
package redact
