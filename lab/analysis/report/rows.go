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
	// Stage is a sentence about a connection that begins or ends here; empty for
	// another row.
	Stage string
	// Fold is a sentence about packets that are not drawn one by one. Folded are their
	// rows, if there are few enough for a reader to open.
	Fold   string
	Folded []*row

	Connection *ftp.Connection // the connection of the row, nil for none
	Tracks     []trackCell

	// Silence says for how long nothing was recorded between the rows before and after.
	Silence string
	// Size is the class of a silence: how much room it takes.
	Size string

	Packet *Packet // nil for any other row
	Time   string  // after the first packet
	arrow
	Spoken   string   // what the arrow shows, in words
	Label    string   // flags and numbers
	Dialogue []string // lines of FTP
	Record   string   // of TLS, that these are in
	Comment  string   // the explanation
	Hidden   bool     // a click shows the comment
	Wrong    []string // what the want has in its place
	Linked   bool     // the packet is in the list, too
}

// Kind returns the CSS class of the row's connection.
func (r *row) Kind() string { return kindOf(r.Connection) }

func kindOf(c *ftp.Connection) string {
	if c == nil {
		return string(ftp.Other)
	}
	return string(c.Role)
}

// Bare reports whether the packet is a bare ACK.
func (r *row) Bare() bool {
	return r.Packet != nil && r.Packet.Segment != nil && r.Packet.Segment.Flags == packet.ACK && r.Packet.Segment.Length == 0 && r.Comment == "" && len(r.Wrong) == 0
}

// longSilence is the shortest silence that is drawn, in nanoseconds.
const longSilence = 500e6

// silenceBefore returns a row for the silence before a packet, or nil if it was short.
func silenceBefore(p *Packet, beside []trackCell) []*row {
	w := &row{Silence: duration(p.Silence) + " without a packet", Tracks: beside, Size: "long3"}
	switch {
	case p.Silence < longSilence:
		return nil
	case p.Silence < 10*longSilence:
		w.Size = "long1"
	case p.Silence < 100*longSilence:
		w.Size = "long2"
	}
	return []*row{w}
}

// newRow draws one packet.
func (r *Report) newRow(p *Packet) *row {
	w := &row{Packet: p, Connection: p.Connection, Time: seconds(p.Time - r.Trace.Start), Comment: r.comments[p.Number]}
	if w.Hidden = r.Notes == HideNotes && len(r.wrong[p.Number]) == 0; r.Notes == NoNotes {
		w.Comment = ""
	}
	from, to := r.lanes.ends(p.Packet)
	w.arrow = arrow{From: from + 1, To: to + 1, lanes: len(r.lanes)}
	w.Fall, w.AtFrom = r.travels.slant(p)
	if from < 0 || to < 0 {
		w.Far = r.farEnd(p.Packet)
	}
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
	w.Record = r.tls.record(p)
	w.Wrong = r.wrong[p.Number]
	return w
}

// tcpLabel returns the main fields of a segment in tcpdump's notation: flags and
// numbers, and for a SYN the window and the MSS.
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

// withoutAddresses returns what tcpdump prints of a packet without the addresses, which
// the row shows elsewhere.
func withoutAddresses(p *capture.Packet) string {
	line := text.Line(p, text.Relative)
	if p.IP != nil {
		if _, behind, ok := strings.Cut(line, ": "); ok {
			line = behind
		}
	}
	return visible(line)
}
