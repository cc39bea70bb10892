// Package pcapng reads and writes capture files. The testbed writes the capture of a
// session and the analysis reads it; the file is all that the analysis gets from the
// testbed.
//
// A [Writer] writes pcapng or pcap, in whole blocks: if a full disk or a kill
// ends it early, the capture is readable up to its last frame. A [Reader] reads
// pcapng, every variant of pcap, and the formats of other analyzers, including
// compressed and damaged files. [Annotate] adds comments to a finished
// pcapng capture. [Repair] cuts off the incomplete block that a killed writer
// leaves.
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
	PCAP   Format = "pcap"   // classic pcap with nanoseconds, frames only
)

// A Name is the name of a host: an entry of a pcapng file's name resolution
// block. A host may have several names, and several hosts the same address.
type Name struct {
	Addr netip.Addr
	Name string
}

// Info describes a capture, at the beginning of the file.
type Info struct {
	Application string   // the program that wrote it, such as "ftplab v1.0.0"
	Comment     string   // on the file: scenario, command line, network
	Interface   string   // where frames were captured, such as "lo" or "client"
	Others      []string // further interfaces, whose numbers are 1, 2 and so on; pcapng only
	Remark      string   // on the interface, such as why checksums are partial
	System      string   // the system that sent the frames; empty for this machine's kernel
	SnapLen     int      // the largest number of bytes kept of a frame; 0 is all
	Names       []Name   // of the hosts
}

// Stats are the counts at the end of a capture.
type Stats struct {
	Received uint64 // frames that reached the recorder
	Dropped  uint64 // received frames that did not fit; more than none is an error

	// When the recorder started and ended, by the network's clock. A zero Began stands
	// for the time when the Writer was made, a zero Ended for now.
	Began, Ended time.Time `json:",omitzero"`
}
