// Package wire builds a network with distance: hosts on a routed path.
//
// Each host is a Linux network namespace with a TCP of its own, on an Ethernet
// link whose other end this package holds. The wire is every host's gateway. It
// answers who asks for the gateway's Ethernet address, and carries what the
// hosts send to each other, as a chain of routers would: with new Ethernet
// addresses and a lower TTL, after the distance between the two hosts, no
// faster than their links, with the losses that the plan asks for and in the
// order in which it was sent, but for what the plan makes late. It records each
// frame as it passes the captured host's end. So the recorder cannot miss a
// frame that crossed, and the capture shows what one taken on that host would.
//
// # Distance
//
// A host's RTT is the round-trip time between it and the client, half of it
// each way. The way between two other hosts leads past the client's place: its
// round-trip time is the sum of theirs.
//
// # Other systems' TCP
//
// All of it is the kernel's own TCP, set up as other systems' was:
//
//	window=65535, 17520, 16384   exactly so in the SYN, whatever the segment size
//	timestamps=off wscale=off    the SYNs of 2001
//	mtu=1492 timestamps=off      segments of 1452 bytes, with TCP_CORK only the last one shorter
//	buffer=65536 rate=…          a window that stays, and an ACK for every second segment
//	cwnd=…                       a sender that is never held up by slow start's end
//	df=off ttl=…                 the IP header
//	late … by=2ms                a segment that the next one overtakes by 2 ms
package wire
