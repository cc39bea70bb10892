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
// round-trip time is the sum of theirs. A frame waits for the link to its
// receiver, which carries Rate bits a second; the way up to there is as fast as
// it needs to be. What finds Queue bytes waiting is dropped.
//
// The way counts as one router, whatever its length. Traceroute shows two hops:
// the host's gateway, at once, and the other host.
//
// # Time
//
// The path has a time of its own, and a machine that is too busy does not change
// it. A frame arrives when the distance and the rate say, counted from the
// moment at which the sender's kernel sent it, and that is the time it has in
// the capture. Its receiver's kernel is handed it then, or, if the processors are
// busy elsewhere, later: to the programs on that host it is the host that was
// slow. But what a kernel answers by itself, such as a SYN, is counted from the
// frame's arrival. So a handshake takes the round-trip time, to some
// microseconds, also on a machine with four other things to do; and what
// programs do takes as long as it takes them.
//
// No frame is late by accident in a way that TCP could take for loss: where the
// path loses nothing, a host waits five seconds for an acknowledgement, and not
// Linux's fifth of one, and sends no probes for a lost tail. Only a SYN it sends
// again after one second, which no setting changes.
//
// # Other systems' TCP
//
// All of it is the kernel's own TCP, set up as other systems' was. What the two
// articles that the lab reproduces ask for, and what gives it:
//
//	windows of 65535, 17520, 16384   window=: exactly so in the SYN, whatever the segment size
//	no scaling, timestamps, SACK     wscale=off timestamps=off sack=off
//	segments of 1452 bytes           mtu=1492 timestamps=off, of either host
//	full ones up to the last         cork=on, and the server sets TCP_CORK: FIN on the last one
//	an ACK for every second segment  rate= below what a program can read, and window=65535
//	                                 wscale=off, or buffer= of more than is under way
//	a window at a constant distance  the same
//	a straight line                  the same, from the moment that the rate is reached
//	a FIN before its data            late server > client length=1167 by=2ms, and sack=off
//	no DF, a TTL                     df=off ttl=
//	the client's ports               ports=28348,24626
//	ARP for the gateway, or not      arp=ask|cached
//
// From Linux 6.6 on, a window below 65535 grows by up to a third once segments
// of full size arrive, as the kernel learns how much of its buffer they take.
package wire
