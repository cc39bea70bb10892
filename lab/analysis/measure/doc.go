// Package measure is the notation in which a scenario says what should be
// measured, its section `figures`, and the measuring. Everything is computed
// from the capture alone.
//
// A figure is one line: a name, an operator, a value and, behind ± (or +-), a
// tolerance. A # begins a comment.
//
//	capture.conversations         = 2
//	ctl.rtt                       = 107ms ± 5ms
//	file.bytes.server             = 10MiB
//	file.segment.max.server       = 1452
//	lengths.1280-2559             = 66% ± 3%
//	file.straightness.server      >= 0.98
//	@greeting -> @user            = 1.5s ± 50ms   # somebody types a name
//
// # Operators and values
//
// The operators are = != < <= > >=. Only = takes a tolerance, and whatever is
// measured rather than counted (times, shares, rates, ratios) needs one. A
// tolerance is in the unit of the value, or in per cent of the value: 107ms ± 3%.
// Where the value is itself in per cent, so is the tolerance: 66% ± 3% is 63%
// to 69%.
//
//	count    7221
//	bytes    164, 36KiB, 10MiB, 1GiB; 1kB, 1MB, 1GB are powers of ten
//	time     107ms, 1.5s, 250us
//	share    66%
//	rate     8Mbit/s, 1MB/s (also kbit, Gbit, kB, GB; bit and B)
//	ratio    0.98
//	words    yes, no, none, or a digest
//
// # Names
//
// NAME is a connection that the section `want` declares. SIDE is client or
// server, FTP's roles: on an active data connection the client is the one that
// was called. Packets are those of the capture; those that were sent again count
// again, but in bytes, which counts the stream.
//
// The capture:
//
//	capture.packets             count  packets of any kind
//	capture.conversations       count  TCP connections
//	capture.control             count  of these, FTP control connections
//	capture.data                count  of these, FTP data connections
//	capture.other               count  of these, those that are not FTP
//	capture.announced           count  data connections to an address that a PORT,
//	                                   EPRT, PASV or EPSV before it announced
//	capture.dataports           count  different client ports of data connections
//	capture.dataports.run       count  the longest run of data connections, in the
//	                                   order of their SYNs, each of which has the
//	                                   client port next to the one before
//	capture.data.within         time   from the first packet of the first data
//	                                   connection to that of the last one
//	capture.port.N              count  packets from or to the TCP port N
//	capture.syns                count  packets with SYN and without ACK
//	capture.resets              count  packets with RST
//	capture.retransmissions     count  segments sent again, as Wireshark tells them
//	capture.duration            time   from the first packet to the last
//	capture.bytes               bytes  of all packets on the wire, headers included
//	lengths.LOW-HIGH            share  of the packets whose length on the wire is LOW
//	                                   to HIGH, as in Wireshark's packet lengths
//
// A connection:
//
//	NAME.rtt                    time   from the SYN to the SYN and ACK that answers
//	NAME.packets                count  of both directions
//	NAME.packets.SIDE           count  of one
//	NAME.bytes.SIDE             bytes  of the stream that SIDE sent
//	NAME.segments.SIDE          count  packets with data
//	NAME.segment.max.SIDE       bytes  of data in the largest segment
//	NAME.segment.last.SIDE      bytes  of data in the segment with the stream's end
//	NAME.segments.full.SIDE     count  segments as large as the largest
//	NAME.acks.SIDE              count  bare ACKs behind the handshake
//	NAME.acks-per-segment.SIDE  ratio  of the ACKs that acknowledge more than those
//	                                   before, to the segments that SIDE sent
//	NAME.segments-per-ack.SIDE  ratio  the other way round
//	NAME.retransmissions        count  segments sent again, as Wireshark tells them
//	NAME.out-of-order           count  segments overtaken, as Wireshark tells them
//	NAME.duration               time   from the first packet to the last
//	NAME.transfer.SIDE          time   from the first segment with data to the last
//	NAME.throughput.SIDE        rate   bytes of the stream in that time
//	NAME.straightness.SIDE      ratio  R² of the straight line through the
//	                                   time-sequence graph, from a tenth of the
//	                                   bytes on: 1 is a straight line
//	NAME.gap.max.SIDE           time   the longest time between two segments
//	NAME.gap.median.SIDE        time   the median of these
//	NAME.reply.segments.COMMAND count  packets in which the reply to the first such
//	                                   command came
//	NAME.port.SIDE              count  the port number
//	NAME.sha256                 words  digest of what the data connection carried
//
// What a side's SYN says:
//
//	NAME.mss.SIDE               count  the maximum segment size, or none
//	NAME.window.SIDE            bytes  the window as it stands there
//	NAME.wscale.SIDE            count  the window scale, or none
//	NAME.timestamps.SIDE        words  yes or no
//	NAME.sack.SIDE              words  SACK permitted: yes or no
//
// What its other packets say:
//
//	NAME.window.min.SIDE        bytes  the least window advertised behind the
//	                                   handshake, scaled
//	NAME.window.max.SIDE        bytes  the largest
//	NAME.window.spread.SIDE     share  the difference of the two, of the largest,
//	                                   from a tenth of the bytes on that the other
//	                                   side sent
//	NAME.df.SIDE                words  Don't Fragment: yes, no, or some
//	NAME.ttl.SIDE               count  of all packets; it is not measured if they
//	                                   differ
//
// The dialogue:
//
//	@a -> @b                    time   from the packet that the want labels @a to
//	                                   the one labelled @b; negative if it is the
//	                                   other way round
package measure
