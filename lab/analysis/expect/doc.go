// Package expect is the notation in which a scenario says what should be seen,
// its section `want`, and the judge that holds a capture against it.
//
// A want reads like the output of tcpdump, one line a packet, with whatever may
// differ left out:
//
//	ctl   client.*  > server.21
//	data  server.20 > client.3172
//
//	ctl   client > server  [S]                           # the client calls
//	ctl   server > client  [S.]
//	ctl   client > server  [.]
//	ctl   server > client  "220 *"
//	ctl   client > server  "PORT 198,51,100,100,12,100"  # 12*256+100 = 3172
//	ctl   server > client  "200 *"
//	ctl   client > server  "LIST"                @list
//	data  server > client  [S]        after @list        # the server calls back
//	data  client > server  [S.]
//	data  server > client  [.]                   @open
//	ctl   server > client  "150 *"    after @open
//	data  server > client  seq 1:165                     # 164 bytes
//	data  server > client  [F.] seq 165
//	ctl   ...
//
// # Declarations
//
// The first lines give names to the connections:
//
//	NAME  A > B
//	NAME  A > B  lossy
//	NAME  A > B  udp
//
// A and B are the two ends, A the one that opens the connection. An end is
// HOST.PORT: the host is a name of the scenario, an IPv4 or IPv6 address, or *
// for any; the port is a number or * for any, and may be left out for any.
//
// Every TCP connection of the capture has to be declared, and every declared
// connection has to be there. Declarations that are alike are bound to their
// connections in the order of the SYNs; where one has a star that another has
// not, all are bound in whatever way gives each its own.
//
// A declared connection that is not there is told once, beside the nearest one
// that is: between the same hosts, with other ports or opened from the other
// side. Its lines and its figures are then held against that one.
//
// A declaration that ends in lossy is of a connection whose path loses packets:
// what it sends again need not be written.
//
// A declaration that ends in udp, arp or icmp is of no connection but of the
// packets between two hosts, in both directions, that no declaration above it
// takes. Packets of UDP and ICMP have to be declared as well, but for those to
// a broadcast or multicast address. ARP and IPv6's neighbour discovery may be
// left out; once they are declared, each packet of them has to be written.
//
// # Lines
//
// Every other line is about one thing that one end of a connection sends:
//
//	NAME  A > B  WHAT...  @LABEL  after @LABEL  # COMMENT
//
// A and B are hosts as in the declaration; where both ends are on one host,
// hosts with ports. WHAT is at least one of the first three of these, and any
// of the others; whatever is left out is not looked at.
//
//	[F.]        one packet with exactly these flags, in tcpdump's letters: S SYN,
//	            F FIN, R RST, P PSH, . ACK, U URG, E ECE, W CWR. P is looked at
//	            only where it is written. [none] is a packet without flags.
//	"230 *"     one line of FTP dialogue, without its CRLF, however it was
//	            segmented. * is any run of characters; \" \\ \* are the
//	            characters themselves, \t is a tab and \xNN any byte.
//	seq 1:165   alone, bytes 1 to 164 of the stream, however they were
//	            segmented; with flags, one packet with exactly these.
//	seq 56      the packet's sequence number; beside F, that of the FIN, whether
//	            data rides in front of it or not.
//	ack 57      the acknowledgement.
//	win 17520   the window as it stands in the header, unscaled, as in tcpdump.
//	length 16   bytes of data: of the packet or, for a text or a stretch, of
//	            that (a text's CRLF included). length 0 is a packet without data.
//	mss 1460    the option of that name; also wscale 7, sackOK, ts (timestamps)
//	            and sack 1168:1169 (one block).
//	df, ttl 64  of the IP header.
//	!wscale     the option is not there; so with mss, sackOK, ts, sack and df.
//
// Numbers are relative to the connection's start, as tcpdump prints them: the
// SYN is 0, the first byte 1. * stands for any number: seq 1:* is all that
// follows, mss * any MSS.
//
// [.] without seq a:b or length is a bare ACK: a packet that carries nothing.
// [F.] means the FIN alone: data in the same packet needs a line of its own, so
// that it does not matter whether they ride together. Who wants them to ride
// together writes [F.] seq 1:165; who wants them apart, [F.] length 0.
//
// A line about UDP, ARP or ICMP has a text, a length, or both. The text is what
// tcpdump prints for the packet:
//
//	dns  client.* > nameserver.53  udp
//	arp  client > *  arp
//
//	arp  client > *           "who-has * tell *"
//	arp  * > client           "* is-at *"
//	dns  client > nameserver  "A? ftp1.example.test."  length 35
//	dns  nameserver > client  "1/4/4 A 192.0.2.21"     length 215
//
// (an answer's counts are those of its answer, authority and additional
// records).
//
// # Order
//
// The lines of one connection stand in the order in which things happen. In one
// direction that is the order of the stream: what arrives out of order is judged
// by its sequence number, as if it had come in front of what overtook it, and
// the verdict says so. Between the two directions it is the order of the packets.
//
// A | in the margin joins neighbours, lines of one connection whose order among
// themselves is free. An empty line ends them, too.
//
//	|ctl  server > client  [F.]          # both close: the FINs may cross
//	|ctl  client > server  [F.]
//
// Between connections the order is free. `after @label` asks that the line's
// packet comes later in the capture than the labelled line's, of whatever
// connection. The label may stand further down, as for a FIN that overtakes its
// data:
//
//	data  server > client  seq 1:1168  after @fin
//	data  server > client  [F.] seq 1168     @fin
//
// The packet of a text or a stretch is the one with its last byte.
//
// # Nothing else
//
// Whatever carries data, SYN, FIN or RST has to be written, exactly once. So a
// retransmission fails the scenario, and a reset, and a stray packet, and bytes
// that are missing in the capture. One that is expected is written as the packet
// it is, with its flags. Bare ACKs need not be written, nor need the reset with
// which a connection that both sides have closed answers one that comes late (RFC
// 9293, 3.10.7.1).
//
//	ctl  ...
//
// skips, on purpose, whatever this connection brings up to its next line, or to
// its end.
//
// There are no times in a want: those are measurements, and stand in the
// section `figures`.
//
// # Comments
//
// A # begins a comment, to the end of the line. The comment behind a line
// becomes the comment of the packet that it matched, in the capture and in the
// walkthrough; one on a line of its own is for whoever reads the file.
//
// # Mismatches
//
// All differences are found in one go and reported as a compiler reports errors,
// in the notation of the want, with the packets around:
//
//	scenarios/active_list.txtar:36: data: seq is 56, not 70
//		want  data  server > client  [F.] seq 70
//		got   data  server > client  [F.] seq 56 ack 1     frame 23, 0.963461
//
// # Judging
//
// In Go, a want is parsed, a capture read, and the one held against the other:
//
//	want, err := expect.Parse("list.txtar", 12, text)
//	capture, err := expect.ReadFile("list.pcapng")
//	verdict, err := want.Judge(capture, expect.Hosts{"client": c, "server": s})
//	fmt.Print(verdict.Report())
package expect
