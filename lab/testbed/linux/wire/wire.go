// Package wire builds a network of hosts on a routed path, with delay, rates
// and losses. Each host has Linux's own TCP.
//
// Each host is a network namespace on an Ethernet link whose other end this
// package holds. The wire is every host's gateway: it answers ARP requests and
// neighbor solicitations for the gateway's address, and it forwards packets
// between the hosts as a chain of routers would. It sets new Ethernet
// addresses, lowers the TTL, applies the delay between the two hosts and the
// rates of their links, and drops or delays the frames that the plan says. All
// others keep their order. It records each frame that passes the captured
// host's end, so the recorder misses no frame, and the capture is like one
// taken on that host.
//
// # Distance
//
// A host's RTT is the round-trip time between it and the client, half of it
// each way. The path between two other hosts leads past the client: its
// round-trip time is the sum of theirs. The link to each host carries Rate bits
// a second, its own or else the network's; the path before it has no limit. If
// Queue bytes wait for a link already, a frame is dropped.
//
// The path counts as one router, whatever its length. Traceroute shows two
// hops: the host's gateway, without delay, and the other host.
//
// # Time
//
// The path has its own time, which does not depend on how busy the machine is.
// The arrival time of a frame is the time at which the sender's kernel sent it,
// plus the delay and the time on the link; this time is in the capture. The
// receiver's kernel gets the frame at that time, or later if the processors are
// busy; the programs on that host then seem slow. An answer that a kernel sends
// by itself, such as a SYN-ACK, is counted from the frame's arrival. So a
// handshake takes the round-trip time, to some microseconds, even on a busy
// machine. What programs do takes as long as it takes them.
//
// A frame must not be so late, by accident, that TCP takes it for lost. On a
// path without losses, the hosts' retransmission timeout is five seconds
// instead of Linux's 200 ms, and they send no tail loss probes. Only a SYN is
// retransmitted after one second, which no setting changes.
//
// # Other systems' TCP
//
// The hosts use the kernel's TCP with settings that imitate other systems. The
// two articles that the lab reproduces need these features, and get them by
// these settings:
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
