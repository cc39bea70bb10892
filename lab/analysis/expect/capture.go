// What a judgement needs of a capture: its trace, and a little of each packet.

package expect

import (
	"slices"
	"time"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
	"ftplab/lab/analysis/tcp"
)

// A Capture is a capture, read and ready to be judged: its trace, and of each
// packet what can be asked about it, about a hundred bytes a packet.
type Capture struct {
	Trace *capture.Capture
	// Connections are its connections, by ID.
	Connections []*ftp.Connection
	// Frames are the packets, in the order of the file.
	Frames []Frame
}

// Options are the TCP options of a frame that can be asked about.
type Options struct {
	MSS           int // 0: not sent
	WindowScale   int // -1: not sent
	SACKPermitted bool
	SACK          []tcp.SACKBlock
}

// A Frame is what a Capture keeps of a packet.
type Frame struct {
	// Number counts from 1, as in Wireshark.
	Number int
	// Time is its stamp, after that of the first packet.
	Time time.Duration
	// Length is its length on the wire, in bytes.
	Length int

	// Connection is the TCP connection it belongs to, and From the side that
	// sent it; nil and "" for what is not TCP.
	Connection *ftp.Connection
	From       ftp.Side
	// Seq and Ack are relative, as in tcp.Segment; Ack is 0 without the flag.
	Seq, Ack int64
	// Payload is the number of bytes of data.
	Payload int
	// RawWindow is the window as it stands in the header, which is what
	// tcpdump prints; Window is the same in bytes, scaled as agreed.
	RawWindow uint16
	Window    int
	Flags     uint8
	TTL       uint8
	DF        bool
	// Timestamps says that it has the timestamp option (RFC 7323 section 3).
	Timestamps bool
	Analysis   tcp.Analysis
	// Options are those of a SYN and of a segment with SACK blocks, else nil.
	Options *Options

	// Other is the whole packet, but for its bytes, if it is not TCP.
	Other *packet.Packet
}

// ReadFile opens and gathers the capture file of that name. It has to be closed.
func ReadFile(name string) (*Capture, error) {
	c, err := capture.Open(name, capture.Options{})
	if err != nil {
		return nil, err
	}
	return Gather(c)
}

// Close closes the capture.
func (c *Capture) Close() error { return c.Trace.Close() }

// Gather reads what a judgement needs of a capture, which has to stay open while it is
// judged.
func Gather(t *capture.Capture) (*Capture, error) {
	c := &Capture{Trace: t}
	for x := range t.Connections() {
		c.Connections = append(c.Connections, x)
	}
	for p := range t.Packets() {
		c.Frames = append(c.Frames, c.newFrame(p))
	}
	return c, t.Err()
}

func (c *Capture) newFrame(p *capture.Packet) Frame {
	f := Frame{Number: p.Number, Time: time.Duration(p.Time - c.Trace.Start), Length: p.Length}
	if p.IP != nil {
		f.TTL, f.DF = uint8(p.IP.TTL), p.IP.DF
	}
	t := p.Segment
	if t == nil {
		f.Other = p.Packet.Clone()
		return f
	}
	f.Connection, f.From = c.Connections[p.Connection.ID], p.From
	f.Seq, f.Payload, f.Flags = t.Seq, t.Length, t.Flags
	if t.Has(packet.ACK) {
		f.Ack = t.Ack
	}
	f.RawWindow, f.Window = t.RawWindow, t.Window
	f.Timestamps, f.Analysis = t.Options.HasTimestamps, t.Analysis
	if t.Has(packet.SYN) || len(t.SACK) > 0 {
		f.Options = &Options{t.Options.MSS, t.Options.WindowScale, t.Options.SACKPermitted, slices.Clone(t.SACK)}
	}
	return f
}

// Has reports whether all of the given flags are set.
func (f *Frame) Has(flags uint8) bool { return f.Flags&flags == flags }

// End returns the sequence number behind the frame: SYN and FIN count one each
// (RFC 9293 section 3.4).
func (f *Frame) End() int64 {
	end := f.Seq + int64(f.Payload)
	if f.Has(packet.SYN) {
		end++
	}
	if f.Has(packet.FIN) {
		end++
	}
	return end
}
