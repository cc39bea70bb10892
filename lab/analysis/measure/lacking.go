// Figures of a capture that may lack packets: nobody knows what came after the last packet of
// a file that is cut off, or what a packet is of which the recorder kept too little.

package measure

import (
	"fmt"
	"slices"
	"strings"
)

// settled are the measurements that have their value once they can be measured, whatever comes
// later.
var settled = []string{
	"@a -> @b",
	"NAME.rtt", "NAME.port.SIDE", "NAME.address.SIDE", "NAME.opened-by",
	"NAME.mss.SIDE", "NAME.window.SIDE", "NAME.wscale.SIDE", "NAME.timestamps.SIDE", "NAME.sack.SIDE",
	"NAME.mode", "NAME.command", "NAME.argument",
	"NAME.reply.code.COMMAND", "NAME.reply.segments.COMMAND",
}

// growing are the measurements of which the value never becomes less.
var growing = []string{
	"capture.packets", "capture.conversations", "capture.port.N", "capture.syns", "capture.resets",
	"capture.retransmissions", "capture.forged", "capture.duration", "capture.bytes",
	"NAME.packets", "NAME.packets.SIDE", "NAME.bytes.SIDE", "NAME.segments.SIDE", "NAME.segment.max.SIDE",
	"NAME.segments.late.SIDE", "NAME.acks.SIDE", "NAME.retransmissions", "NAME.out-of-order",
	"NAME.duration", "NAME.transfer.SIDE", "NAME.gap.max.SIDE", "NAME.window.max.SIDE", "NAME.commands",
}

// lacksPackets says why the survey may lack packets that count for a figure, or "".
func (c *survey) lacksPackets(s subject) string {
	name := s.measurement.name
	switch {
	case c.cut:
		return fmt.Sprintf("the file is cut off in frame %d", c.packets+1)
	case c.headless > 0 && strings.HasPrefix(name, "capture.") && !slices.Contains([]string{"capture.packets", "capture.duration", "capture.bytes"}, name):
		return fmt.Sprintf("the recorder did not keep all headers of frame %d", c.headless)
	}
	return ""
}

// staysWrong reports whether a value that is not as wanted cannot become so by later packets.
func (g *figure) staysWrong(got value) bool {
	name := g.subject.measurement.name
	switch {
	case slices.Contains(settled, name):
		return true
	case name == "NAME.first-fin" || name == "NAME.reset-by":
		return got.words != "none"
	}
	if !slices.Contains(growing, name) {
		return false
	}
	return g.op == "<" || (g.op == "=" || g.op == "<=") && got.number > g.value.number
}
