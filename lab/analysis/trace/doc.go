// Package trace reads a capture, anybody's, and tells what happened in it:
// packets become connections, connections become FTP dialogue, and the dialogue
// says what every data connection was for.
//
// A capture goes in as a stream of bytes and is read once, from the first
// packet to the last:
//
//	t, err := trace.ReadFile("capture.pcapng", trace.Options{
//		Packets: func(p *trace.Packet) { fmt.Println(p.Line(trace.Relative)) },
//	})
//
// What comes back is a [Trace]: the TCP connections in the order in which they
// began, numbered as Wireshark numbers its streams, and one [Session] for each
// control connection. A Session is a list of [Exchange], a command and the
// replies it got, tied to the packets they came in. A data connection knows the
// PORT, EPRT, PASV or EPSV that announced it and the command that used it.
//
// Who spoke first is told by what each side acknowledges, where the recorder has the two
// directions the wrong way round.
//
// Nothing is guessed. What a capture does not show (a handshake before it
// began, bytes that the recorder missed or cut off, a dialogue inside TLS) is
// left at its zero value (or [NoConnection]), and what is missing is said: see
// [Connection.Missing], [Line.Complete] and [Trace.Cut].
//
// A packet is not kept once it has been counted, so a capture of any size is
// read in bounded memory; whoever needs packets keeps those it wants from the
// [Options.Packets] callback, with [Packet.Keep]. Only FTP dialogue and small
// connections are held to the end, in fewer bytes than their packets have in the file,
// and made into a [Session] or a [Connection] when somebody looks at them. Therefore
// they refer to each other by the IDs of connections. A Session is made whole, at some
// 200 bytes for each of its lines; a [Dialogue] is heard line by line.
//
// Client and server are always the FTP roles, also of a data connection that
// the server opened. Packets are numbered from 1, as Wireshark does. Sequence
// numbers are relative, as tcpdump prints them (the SYN is 0, the first byte of
// the stream is 1), and 64 bits wide, so that they go on rising when those on
// the wire wrap.
package trace
