// Package tcp follows TCP connections segment by segment: sequence numbers that do not
// wrap, Wireshark's analysis flags, Zeek's history, and what of the two streams the
// capture has.
//
// A [State] is fed the segments of one connection and fills in a [Segment] for each. The
// bytes of a stream can be kept in a [Recording], to be read in order as [Chunk]s by the
// layer above, or hashed in a [Digest] while they pass.
//
// Sequence numbers are relative, as tcpdump prints them (the SYN is 0, the first byte of
// the stream is 1), and 64 bits wide, so that they go on rising when those on the wire
// wrap.
package tcp
