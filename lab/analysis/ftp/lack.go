// What a capture lacks of what was sent.

package ftp

import (
	"fmt"

	"ftplab/lab/analysis/tls"
)

// A Lack is what a capture lacks of what one side sent on a connection. If it is zero, the capture has all of it.
type Lack struct {
	// Start and End say that the capture does not show where the stream starts, or where it ends.
	Start, End bool
	// Silent says that the capture has no packet of the side, although the other one acknowledges some.
	Silent bool
	// Between is how many bytes are missing before the last byte or the FIN that the capture has. After is how
	// many are missing after that, at least: the number of a later packet or an acknowledgement shows it.
	Between, After int64
	// CutShort is how many bytes the recorder cut off from its packets, of those that no other packet has.
	CutShort int64
}

// Lacks returns what the capture lacks of what a side sent.
func (c *Connection) Lacks(s Side) Lack {
	f := c.Flow(s)
	l := Lack{Between: f.Missing, After: f.Unseen, CutShort: f.CutShort}
	if f.FIN == 0 {
		l.After = max(0, l.After-1) // the last number may be that of the FIN
	}
	oneSided := c.LacksSide(s)
	refused := f.RST > 0 && f.Segments+f.FIN == 0
	begun := f.Segments > 0 || f.SYN > 0 && c.Flow(s.Other()).SYN > 0 || f.Unseen > 0 || oneSided
	notified := c.TLS != nil && c.TLS.Flow(s).CloseNotify > 0
	hello := c.TLS != nil && (s == Client && c.TLS.ClientHello != nil || s == Server && c.TLS.ServerHello != nil)
	l.Start = (f.Packets > 0 && !refused || oneSided) && !c.ShowsStart(s) && !hello
	l.Silent = l.Start && oneSided
	l.End = begun && f.FIN == 0 && !notified && (f.Unseen > 0 || c.ResetBy == "") || l.After > 0
	return l
}

// Any reports whether anything is lacking.
func (l Lack) Any() bool { return l != Lack{} }

// Doubtful reports whether the capture may have all of the stream: nothing shows that a byte is lacking, but without the
// SYN nothing shows the first one, either.
func (l Lack) Doubtful() bool { return l == Lack{Start: true} }

// Bytes returns how many bytes at least were in packets that the capture lacks.
func (l Lack) Bytes() int64 { return l.Between + l.After }

// Clauses says what is lacking, in the order of the stream. Counted writes a number with its noun, such as "2 bytes".
func (l Lack) Clauses(counted func(n int64, noun string) string) (all []string) {
	switch {
	case l.Silent:
		all = append(all, "its beginning is not in the capture")
	case l.Start:
		all = append(all, "whether bytes came before cannot be seen: the SYN is not in the capture")
	}
	if l.Between > 0 {
		all = append(all, counted(l.Between, "byte")+" of it "+are(l.Between)+" not in the capture")
	}
	if l.CutShort > 0 {
		all = append(all, "the recorder cut off "+counted(l.CutShort, "byte")+" of it")
	}
	switch {
	case l.After > 0:
		all = append(all, fmt.Sprintf("its end is not in the capture: at least %s, as later packets show", counted(l.After, "byte")))
	case l.End:
		all = append(all, "its end is not in the capture")
	}
	return all
}

func are(n int64) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// Missing returns how many bytes at least were in packets that the capture lacks, of both directions together.
func (c *Connection) Missing() int64 { return c.Lacks(Client).Bytes() + c.Lacks(Server).Bytes() }

// CutShort returns how many bytes of both directions the recorder cut off; see [Lack].
func (c *Connection) CutShort() int64 { return c.ClientFlow.CutShort + c.ServerFlow.CutShort }

// IsEmpty reports whether the connection is that of a complete transfer without data, and the capture shows that: it
// lacks nothing of what the sender sent.
func (c *Connection) IsEmpty() bool {
	t := c.Transfer
	if t == nil || t.Sender() == "" || t.Reply/100 != 2 {
		return false
	}
	f := c.Flow(t.Sender())
	if f.FIN == 0 || c.ResetBy != "" && !f.Delivered || c.Lacks(t.Sender()).Any() {
		return false
	}
	if c.TLS == nil {
		return f.Segments == 0
	}
	inside := c.TLS.Flow(t.Sender())
	whole := len(c.TLS.Problems) == 0 && !c.TLS.Hidden() && inside.Decrypted == inside.Encrypted && inside.Other == (tls.Records{})
	return whole && inside.CloseNotify > 0 && inside.Data == 0 && inside.Encrypted > 0
}

// Sender returns the side that sends the data of a data connection: that of its command, or else the one
// that sent some.
func (c *Connection) Sender() Side {
	if c.Transfer != nil {
		return c.Transfer.Sender()
	}
	fromServer := c.ServerFlow.Segments > 0
	if c.TLS != nil { // the handshake goes both ways
		fromServer = c.TLS.Flow(Server).Data > 0 || c.TLS.InClear(Server)
	}
	if fromServer {
		return Server
	}
	return Client
}
