// Package tcp follows each TCP connection of a capture, segment by segment. It takes
// packets from package packet. It computes relative sequence numbers, Wireshark's
// analysis flags and Zeek's connection history, and it keeps track of which bytes of
// the two streams are in the capture.
//
// A [State] takes the segments of one connection and fills in a [Segment] for
// each. A [Recording] keeps the bytes of a stream, which the layer above reads
// in order as [Chunk]s. A [Digest] hashes them as they pass.
//
// Sequence numbers are relative, as tcpdump prints them: the SYN is 0, the
// first byte of the stream is 1. They have 64 bits and do not wrap.
package tcp
