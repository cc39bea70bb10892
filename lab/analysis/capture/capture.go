package capture

import (
	"iter"
	"slices"

	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
	"ftplab/lab/analysis/tls"
	"ftplab/lab/pcapng"
)

// A Capture is a capture file that has been read for its facts. It is read again for its
// packets, and for the facts that did not fit into memory. It must not be used by more than
// one goroutine at a time.
type Capture struct {
	// Size is the number of packets in the file, whatever they carry.
	Size int
	// Truncated counts the packets that the recorder cut short ("snapped"):
	// fewer bytes are in the file than were on the wire.
	Truncated int
	// Places are the interfaces at which the capture was taken, if it has packets of more
	// than one. A packet that was recorded at several is read at the first of them; Copies
	// counts the others.
	Places []string
	Copies int
	// Interfaces are the names of all interfaces of the file, also of those without packets; "" for one without a name.
	Interfaces []string
	// Clocks says, in words for a person, that the clocks of two places differ, so that nobody knows the order of the
	// packets that each has alone. It is empty if nothing shows that.
	Clocks string
	// Lost are the packets that were recorded at one place, but not at the one where their
	// connection is read.
	Lost []LostPacket
	// Translations are what NATs change between places, and Rewritings what application-level gateways
	// do, by the packets that are read. A connection that passes a NAT is one, with the addresses that it
	// has where it is read.
	Translations []Translation
	Rewritings   map[int][]Rewriting
	// Relays are network cards that pass on packets, in the order in which they begin to.
	Relays []Relay
	// KeyLogs is the number of TLS key logs in the file, used or not.
	KeyLogs int
	// Cut says why reading stopped before the end of the file, in words for a
	// person; it is empty for a file that is whole. Everything up to the last
	// whole packet has been read.
	Cut string
	// Flaw says, in words for a person, where the file contradicts itself, although all of it has been
	// read; it is empty for a file that does not.
	Flaw string
	// LeftOut says, in words for a person, what was not kept of a session that was recorded while the capture grew; it
	// is empty if all of it was.
	LeftOut string
	// Disorder says, in words for a person, that the times of the packets go back; it is empty
	// for a file in which they do not. A step of up to maxJitter does not count.
	Disorder string
	// Doubled says, in words for a person, that the file has nearly each segment of TCP twice, although it does not
	// say at which places they were recorded; it is empty for a file that does not.
	Doubled string
	// Dropped is the number of packets that the recorder says it lost, from
	// the interface statistics of a pcapng file.
	Dropped uint64
	// Received is the number of packets that the recorder says it received, by these
	// statistics; 0 without any.
	Received uint64
	// Complete says that the file has all packets that its recorder received, by these statistics,
	// and that it lost none. What the file lacks was then lost on the way.
	Complete bool
	// Names are the names of hosts in a pcapng file.
	Names []pcapng.Name
	// Unread counts the packets whose link type this package does not know. Only their number
	// is known.
	Unread int
	// Start is the time of the first packet, in nanoseconds since 1970.
	Start int64
	// OtherPackets are the first packets (MaxOtherPackets of them) that are not TCP
	// but help to understand it: ARP, DNS, ICMP.
	OtherPackets []*packet.Packet

	file      *file
	hash      bool
	closed    bool // TLS stays so
	limits    limits
	spans     []span // by the IDs of the connections
	reused    []int  // the IDs of those between the ports of an older one
	turns     []turn
	purposes  []*ftp.Purpose // by ID; nil for what is not FTP
	protected map[int]bool   // the IDs of data connections that seem to be in TLS; see findProtected
	keys      *tls.Keys      // for all connections
	ports     []uint16       // Options.ControlPorts
	complete  bool           // Options.Complete
	clients   []int8         // by ID: the direction of the client of a connection that is not FTP
	others    [2]ftp.Purpose // of connections that are not FTP, by the direction of the client
	sessions  []session      // in the order of the IDs of their connections
	kept      *kept          // the facts, if they fit into memory
	err       error
}

// A LostPacket is a packet that was lost between two places.
type LostPacket struct {
	Number int
	Time   int64 // in nanoseconds since 1970
	packet.Away
}

// MaxOtherPackets is how many packets that are not TCP a Capture keeps.
const MaxOtherPackets = 100

// Options say how a capture is to be read.
type Options struct {
	// NoHash leaves out the SHA-256 of what data connections carried.
	NoHash bool
	// KeyLog are lines of a TLS key log (draft-ietf-tls-keylogfile), in addition to those in
	// a pcapng file.
	KeyLog []byte
	// NoKeys leaves TLS encrypted, even if the file has keys.
	NoKeys bool
	// ControlPorts are the ports at which FTP servers are known to listen, besides 21 and 990. What
	// comes to them is a control connection, however little is said on it.
	ControlPorts []uint16
	// Complete says that the recorder is known to have lost nothing. A pcapng file can say it, a pcap file cannot.
	Complete bool
	// Numbers are those of the packets, if the capture is a part of another one: rising, and
	// one for each packet. nil is for 1, 2, 3 and so on.
	Numbers []int

	limits limits // of memory; zero for the normal ones
}

// A span is from which packet to which a connection lasts.
type span struct{ first, last uint32 }

// A session is the part of an FTP session that is kept in memory.
type session struct {
	control int // the ID of its connection
	*ftp.Outline
	size int // memory that its recording takes, bytes
}

// NumConnections is how many connections there are; their IDs are all numbers
// below it.
func (c *Capture) NumConnections() int { return len(c.spans) }

// NumSessions is how many sessions there are.
func (c *Capture) NumSessions() int { return len(c.sessions) }

// HasLoneData reports whether there are data connections without a session in the capture, or
// connections in TLS that may be some.
func (c *Capture) HasLoneData() bool {
	for id := range c.protected {
		if c.purposes[id] == nil {
			return true
		}
	}
	for _, p := range c.purposes {
		if p != nil && p.Role == ftp.Data && p.Control == ftp.NoConnection {
			return true
		}
	}
	return false
}

// AnyHidden reports whether some of the dialogue of a session is protected, by TLS or in another way, and cannot be
// read.
func (c *Capture) AnyHidden() bool {
	return slices.ContainsFunc(c.sessions, func(s session) bool { return s.Hidden })
}

// Err is the error that ended a reading of the file early, nil if there was none. A file
// that is cut off is not an error; see Cut.
func (c *Capture) Err() error { return c.err }

// Close closes the file, if the capture was opened by its name or had to be spooled.
func (c *Capture) Close() error { return c.file.Close() }

// fail notes the first error of a reading.
func (c *Capture) fail(err error) {
	if c.err == nil {
		c.err = err
	}
}

// purpose returns the purpose of the connection with an ID, nil if it has none or does not
// exist.
func (c *Capture) purpose(id int) *ftp.Purpose {
	if id < 0 || id >= len(c.purposes) {
		return nil
	}
	return c.purposes[id]
}

func (c *Capture) role(id int) ftp.Role {
	if p := c.purpose(id); p != nil {
		return p.Role
	}
	return ftp.Other
}

// Packets yields all packets in the order of the file. A packet is valid until the next
// one; see [Packet.Clone].
func (c *Capture) Packets() iter.Seq[*Packet] {
	return func(yield func(*Packet) bool) {
		_, err := c.follow(reading{details: true, hi: len(c.spans), packet: c.handOut(yield)})
		c.fail(err)
	}
}

// handOut makes packets of what a reading gives.
func (c *Capture) handOut(yield func(*Packet) bool) func(*packet.Packet, *live) bool {
	p := &Packet{}
	return func(raw *packet.Packet, l *live) bool {
		*p = Packet{Packet: *raw}
		if l != nil {
			p.Segment, p.Connection, p.From = &l.segment, l.identity, l.purpose.Side(l.segment.Direction)
		}
		return yield(p)
	}
}
