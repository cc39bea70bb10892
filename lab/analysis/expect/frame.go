// The part of a capture that a judge needs: some connections and sessions, and a few
// fields of each of their packets.

package expect

import (
	"slices"
	"time"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
	"ftplab/lab/analysis/tcp"
)

// evidence is the part of a capture that a judge needs.
type evidence struct {
	source *capture.Capture
	// frames are packets, in the order of the file: those of some connections, and
	// declared packets that are not TCP.
	frames   []Frame
	sessions map[int]*ftp.Session // by the ID of the control connection
	contents map[sender]*content  // of the connections whose lines ask for it
	// begunBefore is the first connection of which the capture lacks the start, oneSided the first of
	// which the capture lacks one side; nil for none.
	begunBefore, oneSided *ftp.Connection
	// late says that a connection is older than the capture.
	late bool
	// answer says that the first packet answers one that the capture lacks.
	answer bool
}

// findLacking finds connections of which the capture lacks the start, or one side.
func (c *evidence) findLacking() {
	for x := range c.source.Connections() {
		copied := *x
		if c.begunBefore == nil && x.LacksStart() {
			c.begunBefore = &copied
		}
		c.late = c.late || x.Began() == 0
		if c.oneSided == nil && (x.LacksSide(ftp.Client) || x.LacksSide(ftp.Server)) {
			c.oneSided = &copied
		}
	}
}

// lacksPackets reports whether the capture lacks packets that no gap in a stream shows.
func (c *evidence) lacksPackets() bool {
	return c.isCut() || c.begunBefore != nil || c.answer || c.oneSided != nil
}

// isCut reports whether the file is cut off, so that more packets came after its last one.
func (c *evidence) isCut() bool { return c.source != nil && c.source.Cut != "" }

// Options are the TCP options that a line can ask for.
type Options struct {
	MSS           int // 0: not sent
	WindowScale   int // -1: not sent
	SACKPermitted bool
	SACK          []tcp.SACKBlock
}

// A Frame has the fields of a packet that a line can ask for.
type Frame struct {
	// Number counts from 1, as in Wireshark.
	Number int
	// Time is its time after the first packet.
	Time time.Duration
	// Length is its length on the wire, in bytes.
	Length int

	// Connection is the TCP connection it belongs to, and From the side that
	// sent it; nil and "" for what is not TCP.
	Connection *ftp.Identity
	From       ftp.Side
	// Seq and Ack are relative, as in tcp.Segment; Ack is 0 without the flag.
	Seq, Ack int64
	// Payload is the number of bytes of data.
	Payload int
	// recorded is how many of them the capture has, and captured how many bytes of the whole
	// packet: fewer if the recorder cut it.
	recorded, captured int
	// RawWindow is the window field of the header, which tcpdump prints; Window is the
	// same in bytes, scaled as agreed.
	RawWindow uint16
	Window    int
	Flags     uint8
	TTL       uint8
	DF        bool
	// Timestamps says that it has the timestamp option (RFC 7323 section 3).
	Timestamps bool
	// OptionsCut says that the recorder did not keep all TCP options.
	OptionsCut bool
	// Damaged says that its checksum is wrong, so that the receiver may have dropped it (RFC 9293
	// section 3.1).
	Damaged bool
	// Away says that it was not recorded where its connection is read, but at another place, whose
	// clock may be another one.
	Away bool
	// rest is Rest of packet.Packet.
	rest string
	// Place is that of packet.Packet.
	Place    int
	Analysis tcp.Analysis
	// Options are those of a SYN and of a segment with SACK blocks, else nil.
	Options *Options

	// Other is the whole packet without its bytes, if it is not TCP.
	Other *packet.Packet
}

// FrameOf returns the frame of a packet. start is the time of the capture's first
// packet, in nanoseconds since 1970.
func FrameOf(p *capture.Packet, start int64) Frame {
	f := Frame{Number: p.Number, Place: p.Place, Time: time.Duration(p.Time - start), Length: p.Length, captured: p.Captured}
	if p.IP != nil {
		f.TTL, f.DF = uint8(p.IP.TTL), p.IP.DF
	}
	t := p.Segment
	if t == nil {
		f.Other = p.Packet.Clone()
		return f
	}
	f.Connection, f.From = p.Connection, p.From
	f.Seq, f.Payload, f.recorded, f.Flags = t.Seq, t.Length, len(t.Payload), t.Flags
	if t.Has(packet.ACK) {
		f.Ack = t.Ack
	}
	f.RawWindow, f.Window, f.Damaged, f.Away = t.RawWindow, t.Window, t.Damaged, p.Away != nil
	f.rest = p.Rest
	f.Timestamps, f.OptionsCut, f.Analysis = t.Options.HasTimestamps, t.Options.Cut, t.Analysis
	if t.Has(packet.SYN) || len(t.SACK) > 0 {
		f.Options = &Options{t.Options.MSS, t.Options.WindowScale, t.Options.SACKPermitted, slices.Clone(t.SACK)}
	}
	return f
}

// Has reports whether all of the given flags are set.
func (f *Frame) Has(flags uint8) bool { return f.Flags&flags == flags }

// End returns the sequence number after the frame: SYN and FIN count one each (RFC 9293
// section 3.4).
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
