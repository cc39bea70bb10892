// Package pcapng reads and writes capture files: the place where the two halves
// of the lab meet. The testbed writes a capture, the analysis reads it, and
// nothing else passes between them.
//
//   - A [Writer] writes pcapng or pcap, in whole blocks: a capture that was cut
//     short by a full disk or a kill is readable up to its last frame.
//   - A [Reader] reads pcapng, every variant of pcap, and snoop, also compressed and
//     damaged files, and files by other programs.
//   - [Annotate] adds comments to a finished pcapng capture.
//   - [Repair] cuts off the incomplete block that a killed writer leaves behind.
//
// The formats are those of draft-ietf-opsawg-pcapng and draft-ietf-opsawg-pcap.
package pcapng

import (
	"net/netip"
	"time"
)

// Format is the file format of a capture.
type Format string

// The formats of a capture.
const (
	PCAPNG Format = "pcapng" // nanoseconds, names, comments, drop counts
	PCAP   Format = "pcap"   // the classic one, nanoseconds, frames only
)

// A Name is the name of a host: an entry of a pcapng file's name resolution
// block. A host may have several names, and several hosts the same address.
type Name struct {
	Addr netip.Addr
	Name string
}

// Info is what a capture says about itself before its first frame.
type Info struct {
	Application string // that wrote it, such as "ftplab v1.0.0"
	Comment     string // of the file: scenario, command line, network
	Interface   string // where it was taken, such as "lo" or "client"
	Remark      string // about that place, such as why checksums are partial there
	System      string // that sent the frames; this machine's kernel when empty
	SnapLen     int    // bytes kept of a frame at most; 0 is all
	Names       []Name // of the hosts
}

// Stats are the counts with which a capture ends.
type Stats struct {
	Received uint64 // frames that reached the recorder
	Dropped  uint64 // of these, frames it had no room for; any is an error

	// When the recorder began and ended, by the network's clock. The zero times
	// are when the writer was made, and now.
	Began, Ended time.Time `json:",omitzero"`
}
