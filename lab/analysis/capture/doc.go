// Package capture reads a capture file from any program and finds out what
// happened in it: which packets belong to one connection, what the FTP sessions
// said, and what every data connection was for.
//
//	c, err := capture.Open("capture.pcapng", capture.Options{})
//	defer c.Close()
//	for p := range c.Packets() {
//		fmt.Println(text.Line(p, text.Relative))
//	}
//
// A capture is read, not kept in memory. Open reads the file for the facts that
// depend on all of it: which packets belong to one connection, which
// connections are FTP, and which data connection belongs to which command.
// [Capture.Packets] reads the file a second time, and returns every packet with
// its final connection and the side that sent it. [Capture.Connections] and
// [Capture.Sessions] do the same, unless the capture is so small that its facts
// are kept. A later reading holds only the connections that are open at the
// current packet. So memory depends on the size of the dialogues and not on the
// size of the transfers.
//
// If a capture does not show something (a handshake before its start, bytes
// that the recorder missed or cut off, a dialogue inside TLS), the field has
// its zero value (or [ftp.NoConnection]), and other fields say what is missing:
// see [ftp.Connection.Lacks], [ftp.Line.Complete] and [Capture.Cut]. Nothing
// is guessed.
//
// Client and server are always the FTP roles, also for a data connection that
// the server opened. Packets are numbered from 1, as in Wireshark. The layers
// below are the packages packet, tcp, tls and ftp.
package capture
