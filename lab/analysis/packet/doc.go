// Package packet decodes the packets of a capture, from the link layer through
// IP to the header of TCP, UDP, ICMP or ARP.
//
// It decodes each packet by itself, except that it reassembles the fragments of
// IP datagrams. Package tcp finds out what a segment means in its connection.
package packet
