// What handshakes and headers hide, each with its innocent twin.

package baseline

import (
	"fmt"

	"ftplab/lab/internal/forge"
)

// hidden are packets that mislead a sensor or carry data in their headers, and what looks like them.
var hidden = []lookalike{
	{"data with a SYN, and other bytes in its place", "retransmission-repeats", "", dataInSYN("\x17\x03noise")},
	{"data with a SYN, and the same again", "retransmission-repeats", IsNormal, dataInSYN("USER ada\r\n")},
	{"a server that answers a SYN with a SYN", "packets-come-one-way", "", func(f *forge.Capture) {
		c, s := f.Pair(aClient+":4000", aServer+":21")
		c.SegmentAt(-1, "S", "")
		s.SegmentAt(-1, "S", "")
		c.SegmentAt(-1, "S.", "")
		s.ACK()
		c.Say(hello).Say(bye).Peer.Close()
	}},
	{"answers to SYNs that nobody sent", "no-scans", "", unasked(12)},
	{"a few of them, of a server that somebody deceived", "no-scans", IsNormal, unasked(3)},
}

// dataInSYN is a session whose SYN has data that the server does not acknowledge.
func dataInSYN(data string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		c, s := f.Pair(aClient+":4000", aServer+":21")
		c.SegmentAt(-1, "S", data)
		s.SegmentAt(-1, "S.", "")
		c.ACK()
		c.Say(hello).Say(bye).Peer.Close()
	}
}

// unasked sends n SYNs with ACK to the server beside a session, which refuses them.
func unasked(n int) func(*forge.Capture) {
	return func(f *forge.Capture) {
		for i := range n {
			stranger, server := f.Pair(fmt.Sprintf("203.0.113.80:%d", 50000+i), aServer+":21")
			stranger.SegmentAt(-1, "S.", "")
			server.Segment("R", "")
		}
		session1("")(f)
	}
}
