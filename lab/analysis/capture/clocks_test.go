package capture_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"ftplab/lab/internal/forge"
)

// Two places have a session, and their clocks differ. Whichever packet the first place lacks, the connections and their
// order are those of the whole session, and nothing was sent again. The connection that is refused has two packets only,
// and is read where both are.
func TestClocksDiffer(t *testing.T) {
	f := activeSession()
	whole := read(t, f.PCAP())
	refused := whole.NumConnections() - 1
	for ahead, text := range map[time.Duration]string{500 * time.Microsecond: "500 µs", 50 * time.Millisecond: "50 ms", time.Second: "1 s"} {
		for _, by := range []time.Duration{ahead, -ahead} {
			for _, serverFirst := range []bool{false, true} {
				here, there := f.Ends(forge.Client, 20*time.Microsecond, by)
				if serverFirst {
					here, there = there, here
				}
				for i := range f.Frames {
					what := fmt.Sprintf("%v ahead, server first: %v, without packet %d", by, serverFirst, i)
					c := read(t, forge.Merge(slices.Delete(slices.Clone(here), i, i+1), there))
					if c.NumConnections() != whole.NumConnections() || c.NumSessions() != 1 {
						t.Errorf("%s: got %d connections and %d sessions, want %d and 1", what, c.NumConnections(), c.NumSessions(), whole.NumConnections())
						continue
					}
					if n := i + 1; n == whole.Connection(refused).FirstPacket || n == whole.Connection(refused).LastPacket {
						continue
					}
					if want := "differ by about " + text; !strings.HasSuffix(c.Clocks, want) {
						t.Errorf("%s: got %q, want %q", what, c.Clocks, want)
					}
					for id := range c.NumConnections() {
						got, want := c.Connection(id), whole.Connection(id)
						again := got.ClientFlow.Retransmissions + got.ServerFlow.Retransmissions + got.ClientFlow.OutOfOrder + got.ServerFlow.OutOfOrder
						if got.Server != want.Server || again > 0 {
							t.Errorf("%s: connection %d is to %v, and %d packets were sent again, want %v and none", what, id, got.Server, again, want.Server)
						}
					}
					if len(c.Lost) != 1 || c.Copies != len(f.Frames)-1 {
						t.Errorf("%s: got %d lost packets and %d copies, want 1 and %d", what, len(c.Lost), c.Copies, len(f.Frames)-1)
					}
				}
			}
		}
	}
}

// Places with the same clock have a packet on its way one after the other. A difference that is below the delay does
// not change the order of a conversation.
func TestClocksAgree(t *testing.T) {
	f := activeSession()
	for _, ahead := range []time.Duration{0, 15 * time.Microsecond, -15 * time.Microsecond} {
		here, there := f.Ends(forge.Client, 20*time.Microsecond, ahead)
		for i := range f.Frames {
			c := read(t, forge.Merge(slices.Delete(slices.Clone(here), i, i+1), there))
			if c.Clocks != "" || c.NumConnections() != 3 {
				t.Errorf("%v ahead, without packet %d: got %q and %d connections, want none and 3", ahead, i, c.Clocks, c.NumConnections())
			}
		}
	}
}
