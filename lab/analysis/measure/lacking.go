// Figures of a capture that may lack packets: nobody knows what came after the last packet of
// a file that is cut off, before the first one of a capture that begins in the middle of a
// connection, from a side that was not recorded, or of a data connection that is missing, what a lost packet
// was, and what a packet is of which the recorder kept too little.

package measure

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"ftplab/lab/analysis/forged"
	"ftplab/lab/analysis/ftp"
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
	"capture.retransmissions", "capture.duration", "capture.bytes",
	"NAME.packets", "NAME.packets.SIDE", "NAME.bytes.SIDE", "NAME.segments.SIDE", "NAME.segment.max.SIDE",
	"NAME.segments.late.SIDE", "NAME.acks.SIDE", "NAME.retransmissions", "NAME.out-of-order",
	"NAME.duration", "NAME.transfer.SIDE", "NAME.gap.max.SIDE", "NAME.window.max.SIDE", "NAME.commands",
}

// ofDialogues are the measurements of a connection that only depend on its dialogue and its FINs, and
// ofStreams those that only depend on what one side sent after its SYN.
var (
	ofDialogues = []string{"NAME.commands", "NAME.user", "NAME.reply.code.COMMAND", "NAME.reply.segments.COMMAND", "NAME.first-fin", "NAME.reset-by"}
	ofStreams   = []string{"NAME.bytes.SIDE", "NAME.segments.SIDE", "NAME.segment.max.SIDE", "NAME.segment.last.SIDE"}
)

// distorted are those of the growing measurements that a lost packet between others can make more.
// They grow only with what comes after the end of a file.
var distorted = []string{"NAME.out-of-order", "NAME.gap.max.SIDE"}

// ofRoles are the measurements of the capture that only depend on the dialogues and the first packets
// of the data connections.
var ofRoles = []string{
	"capture.control", "capture.data", "capture.other", "capture.announced", "capture.dataports", "capture.dataports.run", "capture.data.within",
}

// lacksPackets says why the survey may lack packets that count for a figure, or "". Err says why
// the figure has no value.
func (s *scope) lacksPackets(err error) string {
	c, name := s.capture, s.subject.measurement.name
	ofCapture := s.conn == nil
	switch {
	case s.doubt != "":
		return s.doubt
	case c.cut:
		return fmt.Sprintf("the file is cut off in frame %d", c.packets+1)
	case c.headless > 0 && strings.HasPrefix(name, "capture.") && !slices.Contains([]string{"capture.packets", "capture.duration", "capture.bytes"}, name):
		return fmt.Sprintf("the recorder did not keep all headers of frame %d", c.headless)
	case s.lacksStart(err) != "":
		return s.lacksStart(err)
	case c.answer && ofCapture:
		return "the capture begins with the answer to a packet that it lacks"
	case c.oneSided && (ofCapture || s.conn.LacksSide(ftp.Client) || s.conn.LacksSide(ftp.Server)):
		return "the capture has the packets of one side only"
	case c.unseen != "" && s.countsData():
		return c.unseen
	case s.lost() && !slices.Contains(ofRoles, name):
		return "not all that was sent is in the capture"
	case s.ofForged() && c.truncated:
		return "the recorder did not keep all bytes of the packets"
	case s.ofForged() && len(c.signs[forged.FIN]) > 0:
		return "the capture may lack the acknowledgement of a FIN"
	}
	return ""
}

// countsData reports whether data connections count for a figure of the capture: not for the number of control
// connections, nor for the packets of their port.
func (s *scope) countsData() bool {
	switch s.subject.measurement.name {
	case "capture.control":
		return false
	case "capture.port.N":
		port, err := strconv.ParseUint(s.args[0], 10, 16)
		return err != nil || !s.capture.controlPorts[uint16(port)]
	}
	return s.isOfCapture()
}

// isOfCapture reports whether a subject is the whole capture.
func (s subject) isOfCapture() bool { return s.connection == "" && s.from == "" }

// lacksStart says what the capture lacks of the start of a connection, if it counts for a figure; "" if it
// lacks nothing. Err says why the figure has no value.
func (s *scope) lacksStart(err error) string {
	c, name := s.capture, s.subject.measurement.name
	switch {
	case s.conn == nil && slices.Contains(ofRoles, name) && name != "capture.data.within":
		return c.unheard
	case s.conn == nil:
		return c.begunBefore
	case slices.Contains(ofDialogues, name) && !lacksBeginning(s.conn), slices.Contains(ofStreams, name) && s.conn.ShowsStart(s.side()):
	case s.conn.LacksStart():
		return s.conn.WhyLacksStart()
	}
	if err != nil {
		return cmp.Or(c.unheard, c.clocks)
	}
	return ""
}

// lacksBeginning reports whether the capture may lack what was said first on a connection. It does not if
// only a SYN is missing, and the SYN-ACK shows where the client's stream starts, or the greeting that of
// the server's.
func lacksBeginning(c *ftp.Connection) bool {
	return c.LacksStart() && !(c.ShowsStart(ftp.Client) && (c.ShowsStart(ftp.Server) || c.Greeted))
}

// lost reports whether the capture lacks bytes, or a FIN, that later packets show to have been sent: of
// the connection, or of any if the figure is about the capture. What was lost on the way to the recorder is
// not part of the capture.
func (s *scope) lost() bool {
	switch {
	case s.capture.complete:
		return false
	case s.conn == nil:
		return len(s.capture.lost) > 0
	}
	return s.capture.lost[s.conn.ID]
}

// mayChange reports whether the packets that the capture lacks could make a right value wrong, or a
// wrong one right. Err says why there is no value.
func (s *scope) mayChange(g *figure, got value, err error) bool {
	name := s.subject.measurement.name
	switch {
	case err != nil || s.conn != nil && s.mayTurn():
		return true
	case s.doubt != "" && !g.holds(got):
		return true
	case name == "NAME.rtt":
		first, _ := s.synsSentAgain()
		return first > 0 // more answers may have come
	case slices.Contains(settled, name):
		return s.conn != nil && s.conn.LacksStart() && strings.HasPrefix(name, "NAME.reply.")
	case name == "NAME.first-fin" || name == "NAME.reset-by":
		bothFINs := s.conn.ClientFlow.FIN > 0 && s.conn.ServerFlow.FIN > 0
		return got.words == "none" || s.conn.LacksStart() || name == "NAME.first-fin" && !bothFINs && !s.capture.cut
	case name == "NAME.bytes.SIDE" && s.isOver(s.side()) || name == "NAME.sha256" && s.isOver(ftp.Client) && s.isOver(ftp.Server):
		return false
	case !slices.Contains(growing, name), s.lost() && slices.Contains(distorted, name):
		return true
	case g.holds(got):
		return g.op != ">" && g.op != ">=" && !(g.op == "!=" && got.number > g.value.number)
	}
	return g.op != "<" && g.op != "<=" && !(g.op == "=" && got.number > g.value.number)
}

// mayTurn reports whether the sides of the connection may be the other way round: the capture does not
// show who opened it, or is cut off before the data shows what it is.
func (s *scope) mayTurn() bool {
	c := s.conn
	noData := c.ClientFlow.Segments+c.ServerFlow.Segments == 0
	return c.Role != ftp.Control && c.LacksStart() && c.Began() == 0 ||
		c.Role == ftp.Other && s.capture.cut && noData && s.ofSides()
}

// isOver reports whether the capture has all that a side sent between its SYN and its FIN, and
// shows where both are.
func (s *scope) isOver(side ftp.Side) bool {
	lack := s.conn.Lacks(side)
	return s.conn.Flow(side).FIN > 0 && !lack.Start && lack.Bytes() == 0
}
