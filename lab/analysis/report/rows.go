package report

import (
	"fmt"
	"strings"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
	"ftplab/lab/analysis/report/text"
	"ftplab/lab/analysis/tcp"
)

// A row is one line of the ladder: a packet, or a sentence between packets.
type row struct {
	// Stage is what begins or ends here; empty for a packet or a fold.
	Stage string
	// Fold tells of packets that are not drawn one by one. Folded are they,
	// if they are few enough to be opened up.
	Fold   string
	Folded []*row

	Connection *ftp.Connection // that it is about, nil for none
	Tracks     []trackCell

	Packet *Packet // nil for a stage or a fold
	Time   string  // since the first packet
	Pause  string  // that went before it, if it was long
	arrow
	Spoken   string   // what the arrow shows, in words
	Label    string   // flags and numbers
	Dialogue []string // lines of FTP
	Comment  string   // what it teaches
	Hidden   bool     // the comment is shown on a click
	Wrong    []string // what was wanted in its place
	Linked   bool     // the packet is in the list, too
}

// Kind is how the row's connection is drawn.
func (r *row) Kind() string { return kindOf(r.Connection) }

func kindOf(c *ftp.Connection) string {
	if c == nil {
		return string(ftp.Other)
	}
	return string(c.Role)
}

// Bare reports whether the packet is an acknowledgement and nothing else.
func (r *row) Bare() bool {
	return r.Packet != nil && r.Packet.Segment != nil && r.Packet.Segment.Flags == packet.ACK && r.Packet.Segment.Length == 0 && r.Comment == "" && len(r.Wrong) == 0
}

// Gap is how long the pause before the packet was, as one of few sizes; "" for none.
func (r *row) Gap() string {
	switch {
	case r.Packet == nil || r.Packet.Since < longPause:
		return ""
	case r.Packet.Since < 10*longPause:
		return "gap1"
	case r.Packet.Since < 100*longPause:
		return "gap2"
	}
	return "gap3"
}

// longPause is the time, in nanoseconds, from which on a silence is shown.
const longPause = 500e6

// newRow draws one packet.
func (r *Report) newRow(p *Packet) *row {
	w := &row{Packet: p, Connection: p.Connection, Time: seconds(p.Time - r.Trace.Start), Comment: r.comments[p.Number]}
	if w.Hidden = r.Notes == HideNotes && len(r.wrong[p.Number]) == 0; r.Notes == NoNotes {
		w.Comment = ""
	}
	if p.Since >= longPause {
		w.Pause = duration(p.Since) + " later"
	}
	from, to := r.lanes.ends(p.Packet)
	w.arrow = arrow{From: from + 1, To: to + 1, lanes: len(r.lanes)}
	switch {
	case p.TCP != nil:
		w.FromPort, w.ToPort = fmt.Sprint(p.TCP.SrcPort), fmt.Sprint(p.TCP.DstPort)
		w.Label = tcpLabel(p.Segment)
	case p.UDP != nil:
		w.FromPort, w.ToPort = fmt.Sprint(p.UDP.SrcPort), fmt.Sprint(p.UDP.DstPort)
		w.Label = withoutAddresses(p.Packet)
	default:
		w.Label = withoutAddresses(p.Packet)
	}
	w.Spoken = r.spoken(w.arrow, p.Connection)
	for _, l := range r.lines[p.Number] {
		w.Dialogue = append(w.Dialogue, visible(l.Text))
	}
	w.Wrong = r.wrong[p.Number]
	return w
}

// tcpLabel is the gist of a segment in tcpdump's notation: flags, numbers, and
// of a SYN the window and the segment size it offers.
func tcpLabel(t *tcp.Segment) string {
	var b strings.Builder
	b.WriteString("[" + text.Flags(t.Flags) + "]")
	switch {
	case t.Length > 0:
		fmt.Fprintf(&b, " seq %d:%d", t.Seq, t.Seq+int64(t.Length))
	case t.Flags&(packet.SYN|packet.FIN|packet.RST) != 0:
		fmt.Fprintf(&b, " seq %d", t.Seq)
	}
	if t.Has(packet.ACK) {
		fmt.Fprintf(&b, " ack %d", t.Ack)
	}
	if t.Has(packet.SYN) || t.Window == 0 && !t.Has(packet.RST) {
		fmt.Fprintf(&b, " win %d", t.RawWindow)
	}
	if t.Length > 0 {
		fmt.Fprintf(&b, " length %d", t.Length)
	}
	if t.Has(packet.SYN) && t.Options.MSS > 0 {
		fmt.Fprintf(&b, " mss %d", t.Options.MSS)
	}
	return b.String()
}

// withoutAddresses is what tcpdump prints of a packet, without the addresses,
// which stand beside it.
func withoutAddresses(p *capture.Packet) string {
	line := text.Line(p, text.Relative)
	if p.IP != nil {
		if _, behind, ok := strings.Cut(line, ": "); ok {
			line = behind
		}
	}
	return visible(line)
}
