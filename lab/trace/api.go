package trace

import "io"

// Options say what else a reading should give, beside the Trace.
type Options struct {
	// Packets, if set, is called for every packet, in the order of the file.
	Packets func(*Packet)
	// NoHash leaves out the SHA-256 of what data connections carried.
	NoHash bool
}

// Read reads a capture to its end. A capture that is cut off or damaged is
// read as far as it goes, and Trace.Cut says why no further; an error means
// that r is no capture at all, or that reading r failed.
func Read(r io.Reader, opts Options) (*Trace, error) { panic("not yet") }

// ReadFile reads the capture of the given name, as Read does.
func ReadFile(name string, opts Options) (*Trace, error) { panic("not yet") }

// A Numbering is a way to print sequence numbers.
type Numbering int

const (
	// Relative numbers start at 0 with the SYN, as tcpdump's do.
	Relative Numbering = iota
	// Absolute numbers are those on the wire, as with tcpdump -S.
	Absolute
)

// Line returns the packet as tcpdump prints it, without its time:
//
//	IP 192.0.2.21.20 > 198.51.100.100.3172: Flags [F.], seq 56, ack 1, win 502, length 0
func (p *Packet) Line(n Numbering) string { panic("not yet") }

// Carrying returns those of the packets that carry any of the bytes from a up
// to, not including, b of what the given side sent, in relative sequence
// numbers.
func Carrying(packets []*Packet, c *Connection, s Side, a, b int64) []*Packet { panic("not yet") }
