// Package story tells what happened in a capture, for a person: first the
// connections as a table, then each session line by line, with its data
// connections in their places, every line with its packet number and time.
//
//	t, err := trace.ReadFile("capture.pcapng", trace.Options{})
//	story.Write(os.Stdout, "capture.pcapng", t)
//
// It says only what the trace knows, and says what the capture does not show.
package story

import (
	"bufio"
	"fmt"
	"io"
	"sort"
	"strings"
	"text/tabwriter"
	"time"

	"ftplab/lab/trace"
)

// Write tells the story of t, a capture of the given name.
func Write(w io.Writer, name string, t *trace.Trace) error {
	out := bufio.NewWriter(w)
	summary(out, name, t)
	connections(out, t)
	for _, s := range t.Sessions {
		teller{t: t, s: s}.tell(out)
	}
	orphans(out, t)
	return out.Flush()
}

// summary is the head of the story.
func summary(w io.Writer, name string, t *trace.Trace) {
	fmt.Fprintf(w, "%s: %s, %s, %s\n", trace.Escape(name),
		count(t.Packets, "packet"), count(len(t.Connections), "TCP connection"), count(len(t.Sessions), "FTP session"))
	if t.Cut != "" {
		fmt.Fprintf(w, "%s; what comes before it follows\n", upper(t.Cut))
	}
	if t.Truncated > 0 {
		fmt.Fprintf(w, "%s cut short by the recorder: what they carried is not all here\n", count(t.Truncated, "packet"))
	}
	if t.Dropped > 0 {
		fmt.Fprintf(w, "%s lost by the recorder\n", count(int(t.Dropped), "packet"))
	}
}

// connections is the table of all conversations.
func connections(w io.Writer, t *trace.Trace) {
	if len(t.Connections) == 0 {
		return
	}
	fmt.Fprintln(w)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\trole\tclient\t\tserver\tpackets\tfrom client\tfrom server\tround trip\thistory\tended by")
	for _, c := range t.Connections {
		role := string(c.Role)
		if c.Mode != "" {
			role += ", " + string(c.Mode)
		}
		fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%s\t%d\t%d\t%d\t%s\t%s\t%s\n", c.ID, role, c.Client, arrow(c), c.Server,
			c.ClientFlow.Packets+c.ServerFlow.Packets, c.ClientFlow.Bytes, c.ServerFlow.Bytes,
			roundTrip(c), c.History, ending(c))
	}
	table.Flush()
}

// arrow points from the side that opened a connection to the other.
func arrow(c *trace.Connection) string {
	switch c.OpenedBy {
	case trace.Client:
		return "->"
	case trace.Server:
		return "<-"
	}
	return "--"
}

func roundTrip(c *trace.Connection) string {
	if !c.HandshakeSeen {
		return "-"
	}
	return milliseconds(c.HandshakeRTT)
}

func ending(c *trace.Connection) string {
	switch {
	case c.FirstFIN != "" && c.ResetBy != "":
		return fmt.Sprintf("%s, reset by %s", c.FirstFIN, c.ResetBy)
	case c.FirstFIN != "":
		return string(c.FirstFIN)
	case c.ResetBy != "":
		return "reset by " + string(c.ResetBy)
	}
	return "-"
}

// orphans are the data connections without a session in the capture.
func orphans(w io.Writer, t *trace.Trace) {
	for _, c := range t.Connections {
		if c.Role == trace.Data && c.Control == nil {
			fmt.Fprintf(w, "\nConnection %d comes from port 20 of a server, as a data connection does; nothing in the capture announces it.\n", c.ID)
			for _, line := range carried(c) {
				fmt.Fprintf(w, "  %s\n", line)
			}
		}
	}
}

// An item is a paragraph of the story: what a packet tells.
type item struct {
	packet int
	time   int64
	lines  []string
}

// A teller tells one session.
type teller struct {
	t     *trace.Trace
	s     *trace.Session
	items []item
}

func (r teller) tell(w io.Writer) {
	c := r.s.Control
	fmt.Fprintf(w, "\nSession on connection %d: %s and the server %s", c.ID, c.Client, c.Server)
	if r.s.User != "" {
		fmt.Fprintf(w, ", user %s", trace.Escape(r.s.User))
	}
	fmt.Fprint(w, "\n\npacket       time\n")
	r.opening()
	for _, l := range r.s.Lines {
		r.line(l)
	}
	if r.s.TLS {
		r.add(r.s.TLSFrom, 0, "from here on the dialogue is inside TLS and cannot be read; neither can the")
		r.add(r.s.TLSFrom, 0, "addresses of its data connections be known")
	}
	for _, d := range r.t.Connections {
		if d.Role == trace.Data && d.Control == c {
			r.data(d)
		}
	}
	if r.s.Overlong {
		r.add(c.LastPacket, 0, "the dialogue is too long to be told: this is its beginning")
	}
	r.unanswered()
	r.closing()
	sort.SliceStable(r.items, func(i, j int) bool { return r.items[i].packet < r.items[j].packet })
	for _, i := range r.items {
		for k, line := range i.lines {
			if k == 0 && i.time != 0 {
				fmt.Fprintf(w, "%6d %10.6f  %s\n", i.packet, float64(i.time-r.t.Start)/1e9, line)
			} else {
				fmt.Fprintf(w, "%17s  %s\n", "", line)
			}
		}
	}
}

// add adds a paragraph. Without time its first line goes below the one before.
func (r *teller) add(packet int, at int64, lines ...string) {
	r.items = append(r.items, item{packet, at, lines})
}

func (r *teller) opening() {
	c := r.s.Control
	switch {
	case c.OpenedBy == "":
		r.add(c.FirstPacket, c.FirstTime, "-- the control connection is open already when the capture begins")
	case !c.HandshakeSeen:
		r.add(c.FirstPacket, c.FirstTime, fmt.Sprintf("-- the %s opens the control connection", c.OpenedBy))
	default:
		r.add(c.FirstPacket, c.FirstTime, fmt.Sprintf("-- the %s opens the control connection; the answer to its SYN takes %s, one round trip",
			c.OpenedBy, milliseconds(c.HandshakeRTT)))
	}
}

// line tells a line of the dialogue, with what it announces.
func (r *teller) line(l *trace.Line) {
	text := trace.Escape(l.Text)
	if l.AfterGap {
		text = "[bytes missing] " + text
	}
	if !l.Complete {
		text += " [its end is missing]"
	}
	lines := []string{fmt.Sprintf("%-6s  %s", l.From, text)}
	if l.FirstPacket != l.Packet {
		lines = append(lines, fmt.Sprintf("        (in packets %d to %d)", l.FirstPacket, l.Packet))
	}
	for _, a := range r.s.Announcements {
		if a.ReplyPacket == l.Packet && a.Mode == trace.Passive && l.From == trace.Server ||
			a.Packet == l.Packet && a.Mode == trace.Active && l.From == trace.Client {
			lines = append(lines, announcement(a, r.s.Control))
		}
	}
	r.add(l.Packet, l.Time, lines...)
}

// announcement explains an announced address.
func announcement(a *trace.Announcement, c *trace.Connection) string {
	port := int(a.Addr.Port())
	text := fmt.Sprintf("        = \"call me at %s\"", a.Addr)
	if a.Command == "PORT" || a.Command == "PASV" {
		text += fmt.Sprintf(", for port %d is %d*256+%d", port, port>>8, port&255)
	}
	if a.Foreign {
		party := c.Client
		if a.Mode == trace.Passive {
			party = c.Server
		}
		text += fmt.Sprintf("; not the address that its packets come from, %s", party.Addr())
	}
	return text
}

// data tells the beginning and the end of a data connection.
func (r *teller) data(d *trace.Connection) {
	lines := []string{opened(d)}
	if d.Announced == nil {
		lines = append(lines, "|   nothing in the capture announces it; a server's port 20 is for data")
	}
	if e := d.Transfer; e != nil {
		text := fmt.Sprintf("|   for %s", trace.Escape(strings.TrimSpace(e.Command+" "+e.Argument)))
		if e.Packet > d.FirstPacket {
			text += fmt.Sprintf(", which is sent later, in packet %d", e.Packet)
		}
		lines = append(lines, text)
	}
	r.add(d.FirstPacket, d.FirstTime, lines...)
	var end []string
	for _, line := range carried(d) {
		end = append(end, "|   "+line)
	}
	end = append(end, fmt.Sprintf("+-- connection %d: %s", d.ID, closed(d)))
	r.add(d.LastPacket, d.LastTime, end...)
}

// opened says how a data connection came about.
func opened(d *trace.Connection) string {
	how := fmt.Sprintf("+-- connection %d: ", d.ID)
	from, to := d.Addr(d.OpenedBy), d.Addr(d.OpenedBy.Other())
	switch {
	case d.OpenedBy == "":
		how += fmt.Sprintf("data between %s and %s, open already", d.Client, d.Server)
	case d.OpenedBy == trace.Server && d.Announced != nil:
		how += fmt.Sprintf("the server calls back, from %s to %s", from, to)
	default:
		how += fmt.Sprintf("the %s opens it, from %s to %s", d.OpenedBy, from, to)
	}
	if a := d.Announced; a != nil {
		how += fmt.Sprintf(", announced in packet %d", announcedIn(a))
	}
	if d.HandshakeSeen {
		how += "; round trip " + milliseconds(d.HandshakeRTT)
	}
	return how
}

// announcedIn is the packet that holds the address.
func announcedIn(a *trace.Announcement) int {
	if a.Mode == trace.Passive {
		return a.ReplyPacket
	}
	return a.Packet
}

// carried says what went over a data connection.
func carried(d *trace.Connection) []string {
	var lines []string
	for _, s := range []trace.Side{trace.Client, trace.Server} {
		f := d.Flow(s)
		if f.Segments == 0 {
			continue
		}
		text := fmt.Sprintf("%s from the %s in %s, packets %d to %d", count(int(f.Bytes), "byte"), s, count(f.Segments, "segment"), f.FirstData, f.LastData)
		if f.Segments == 1 {
			text = fmt.Sprintf("%s from the %s, packet %d", count(int(f.Bytes), "byte"), s, f.FirstData)
		}
		if f.FIN > 0 && f.FIN < f.LastData {
			text += fmt.Sprintf(" (the FIN, packet %d, came before the last of them)", f.FIN)
		}
		lines = append(lines, text)
		if f.Retransmissions > 0 || f.OutOfOrder > 0 {
			lines = append(lines, fmt.Sprintf("%s, %d out of order", count(f.Retransmissions, "retransmission"), f.OutOfOrder))
		}
		if f.Missing > 0 {
			lines = append(lines, fmt.Sprintf("%s of it are not in the capture", count(int(f.Missing), "byte")))
		}
	}
	if lines == nil {
		lines = append(lines, "no data")
	}
	if d.SHA256 != "" {
		lines = append(lines, "SHA-256 "+d.SHA256)
	}
	return lines
}

// closed says how a connection ended.
func closed(c *trace.Connection) string {
	switch {
	case c.FirstFIN != "" && c.Role == trace.Data:
		text := fmt.Sprintf("the %s's FIN, packet %d, marks the end", c.FirstFIN, c.Flow(c.FirstFIN).FIN)
		if f := c.Flow(c.FirstFIN.Other()).FIN; f > 0 {
			text += fmt.Sprintf("; the %s's is packet %d", c.FirstFIN.Other(), f)
		}
		return text + reset(c)
	case c.FirstFIN != "":
		return fmt.Sprintf("the %s closes first, FIN in packet %d", c.FirstFIN, c.Flow(c.FirstFIN).FIN) + reset(c)
	case c.ResetBy != "":
		return strings.TrimPrefix(reset(c), "; ")
	}
	return "its end is not in the capture"
}

func reset(c *trace.Connection) string {
	if c.ResetBy == "" {
		return ""
	}
	return fmt.Sprintf("; the %s resets it, packet %d", c.ResetBy, c.Flow(c.ResetBy).RST)
}

// unanswered tells of accepted announcements to which no connection came,
// although a transfer was begun.
func (r *teller) unanswered() {
	for _, a := range r.s.Announcements {
		if len(a.Connections) > 0 || a.ReplyCode >= 400 {
			continue
		}
		for _, e := range r.s.Exchanges {
			if e.Packet > announcedIn(a) && len(e.Replies) > 0 && e.Replies[0].Code < 200 {
				r.add(e.Packet, 0, fmt.Sprintf("-- no connection to %s is in the capture", a.Addr))
				break
			}
			if e.Packet > announcedIn(a) && e.Final() >= 400 {
				break
			}
		}
	}
}

func (r *teller) closing() {
	c := r.s.Control
	r.add(c.LastPacket, c.LastTime, "-- the control connection: "+closed(c))
}

func milliseconds(d time.Duration) string {
	ms := float64(d) / 1e6
	switch {
	case ms < 1:
		return fmt.Sprintf("%.3f ms", ms)
	case ms < 100:
		return fmt.Sprintf("%.2f ms", ms)
	}
	return fmt.Sprintf("%.1f ms", ms)
}

// count is a number with its noun.
func count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

func upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
