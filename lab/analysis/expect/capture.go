// What a judgement needs of a capture: its trace, and a little of each packet.

package expect

import (
	"fmt"
	"io"
	"net/netip"
	"os"
	"time"

	"ftplab/lab/analysis/trace"
)

// A Capture is a capture, read and ready to be judged: its trace, and of each
// packet what can be asked about it, about a hundred bytes a packet.
type Capture struct {
	Trace *trace.Trace
	// Frames are the packets, in the order of the file.
	Frames []Frame
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
	Connection *trace.Connection
	From       trace.Side
	// Seq and Ack are relative, as in trace.TCP; Ack is 0 without the flag.
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
	Analysis   trace.Analysis
	// Options are those of a SYN and of a segment with SACK blocks, else nil.
	Options *trace.TCPOptions

	// Other is the whole packet, but for its bytes, if it is not TCP.
	Other *trace.Packet
}

// ReadFile reads the capture file of that name.
func ReadFile(name string) (*Capture, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	c, err := Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return c, nil
}

// Read reads a capture to its end, as trace.Read does.
func Read(r io.Reader) (*Capture, error) {
	c := &Capture{}
	first := map[*trace.Connection]netip.AddrPort{} // who sent its first packet
	var start int64
	t, err := trace.Read(r, trace.Options{Keep: true, Packets: func(p *trace.Packet) {
		if len(c.Frames) == 0 {
			start = p.Time
		}
		f := newFrame(p.Keep(), start)
		if f.Connection != nil {
			source := netip.AddrPortFrom(p.IP.Src, p.TCP.SrcPort)
			if _, ok := first[f.Connection]; !ok {
				first[f.Connection] = source
			}
			if first[f.Connection] == source {
				f.From = firstSender
			}
		}
		c.Frames = append(c.Frames, f)
	}})
	if err != nil {
		return nil, err
	}
	c.Trace = t
	c.nameSenders(first)
	return c, nil
}

// firstSender stands for the sender of a connection's first packet while the
// capture is read: who is client and who is server is known only at its end.
const firstSender trace.Side = "first"

func (c *Capture) nameSenders(first map[*trace.Connection]netip.AddrPort) {
	for i := range c.Frames {
		f := &c.Frames[i]
		if f.Connection == nil {
			continue
		}
		side := trace.Client
		if first[f.Connection] == f.Connection.Server {
			side = trace.Server
		}
		if f.From != firstSender {
			side = side.Other()
		}
		f.From = side
	}
}

func newFrame(p *trace.Packet, start int64) Frame {
	f := Frame{Number: p.Number, Time: time.Duration(p.Time - start), Length: p.Length}
	if p.IP != nil {
		f.TTL, f.DF = uint8(p.IP.TTL), p.IP.DF
	}
	t := p.TCP
	if t == nil || p.Connection == nil {
		f.Other = p
		return f
	}
	f.Connection = p.Connection
	f.Seq, f.Payload, f.Flags = t.Seq, t.Length, t.Flags
	if t.Has(trace.ACK) {
		f.Ack = t.Ack
	}
	f.RawWindow, f.Window = t.RawWindow, t.Window
	f.Timestamps, f.Analysis = t.Options.HasTimestamps, t.Analysis
	if t.Has(trace.SYN) || len(t.Options.SACK) > 0 {
		options := t.Options
		f.Options = &options
	}
	return f
}

// Has reports whether all of the given flags are set.
func (f *Frame) Has(flags uint8) bool { return f.Flags&flags == flags }

// End returns the sequence number behind the frame: SYN and FIN count one each
// (RFC 9293 section 3.4).
func (f *Frame) End() int64 {
	end := f.Seq + int64(f.Payload)
	if f.Has(trace.SYN) {
		end++
	}
	if f.Has(trace.FIN) {
		end++
	}
	return end
}
