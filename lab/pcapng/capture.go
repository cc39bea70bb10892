// Package pcapng writes what a network recorded to a capture file.
//
// A [Writer] is fed by the one goroutine that sees the frames. It gathers them
// and hands them to the file many at a time, always in whole blocks: a capture
// that is cut short, by a full disk or a kill, is readable up to its last
// frame; [Repair] cuts off what a kill left behind that. A [Ring] is where
// frames come from on a device of the kernel's, without losing any. [Annotate]
// writes comments into a finished capture.
package pcapng

import "net/netip"

// Format is the file format of a capture.
type Format string

// The formats of a capture.
const (
	PCAPNG Format = "pcapng" // nanoseconds, names, comments, drop counts
	PCAP   Format = "pcap"   // the classic one, nanoseconds, frames only
)

// Info is what a capture says about itself before its first frame.
type Info struct {
	Application string // that wrote it, such as "ftplab v1.0.0"
	Comment     string // of the file: scenario, command line, network
	Interface   string // where it was taken, such as "lo" or "client"
	Remark      string // about that place, such as why checksums are partial there
	SnapLen     int    // bytes kept of a frame at most; 0 is all
	Names       []Name // of the hosts
}

// A Name is one entry of a capture's name resolution block.
type Name struct {
	Addr netip.Addr
	Name string
}

// Stats are the counts with which a capture ends.
type Stats struct {
	Received uint64 // frames the recorder was given
	Dropped  uint64 // of these, frames it had no room for; any is an error
}
