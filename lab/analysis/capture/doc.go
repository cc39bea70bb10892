// Package capture reads a capture file, anybody's, and finds out what happened in it:
// packets become connections, connections become FTP dialogue, and the dialogue says what
// every data connection was for.
//
//	c, err := capture.Open("capture.pcapng", capture.Options{})
//	defer c.Close()
//	for p := range c.Packets() {
//		fmt.Println(text.Line(p, text.Relative))
//	}
//
// A capture is read, not remembered. Open reads it for the facts that take the whole of
// it: which packets belong to one connection, which connections are FTP, which data
// connection belongs to which command. [Capture.Packets] reads it again, and every packet
// comes with its final connection and the side that sent it. So do [Capture.Connections]
// and [Capture.Sessions], unless the capture is so small that its facts are kept. A later
// reading holds only the connections that go on at the packet it has reached, so memory is
// bounded by what is said in the dialogues, not by what is sent.
//
// What a capture does not show (a handshake before it began, bytes that the recorder missed
// or cut off, a dialogue inside TLS) is left at its zero value (or [ftp.NoConnection]), and
// what is missing is said: see [ftp.Connection.Missing], [ftp.Line.Complete] and
// [Capture.Cut]. Nothing is guessed.
//
// Client and server are always the FTP roles, also of a data connection that the server
// opened. Packets are numbered from 1, as Wireshark does. The layers below are the packages
// packet, tcp and ftp.
package capture
