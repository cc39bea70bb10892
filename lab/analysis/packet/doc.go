// Package packet takes the packets of a capture apart: from the link through IP to
// the header of TCP, UDP, ICMP or ARP.
//
// It knows nothing of other packets, except that it puts the fragments of an IP
// datagram together again. What a segment means in its connection is the work of
// package tcp.
package packet
