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
	"strings"
	"text/tabwriter"
	"time"

	"ftplab/lab/analysis/trace"
)

// Write tells the story of t, a capture of the given name.
func Write(w io.Writer, name string, t *trace.Trace) error {
	out := bufio.NewWriter(w)
	summary(out, name, t)
	connections(out, t)
	besides(out, t)
	data := map[int][]int{} // IDs, by that of the control connection
	for c := range t.Connections() {
		if c.Role == trace.Data {
			data[c.Control] = append(data[c.Control], c.ID)
		}
	}
	for d := range t.Dialogues() {
		tell(out, t, d, data[d.Control])
	}
	orphans(out, t, data[trace.NoConnection])
	return out.Flush()
}

// summary is the head of the story.
func summary(w io.Writer, name string, t *trace.Trace) {
	fmt.Fprintf(w, "%s: %s, %s, %s\n", trace.Escape(name),
		count(t.Packets, "packet"), count(t.NumConnections(), "TCP connection"), count(t.NumSessions(), "FTP session"))
	if t.Cut != "" {
		fmt.Fprintf(w, "%s; what comes before it follows\n", upper(t.Cut))
	}
	if t.Truncated > 0 {
		fmt.Fprintf(w, "%s cut short by the recorder: what they carried is not all here\n", count(t.Truncated, "packet"))
	}
	if t.Unread > 0 {
		fmt.Fprintf(w, "%s of a kind of link that is not known here: nothing is known of them\n", count(t.Unread, "packet"))
	}
	if t.Dropped > 0 {
		fmt.Fprintf(w, "%s lost by the recorder\n", count(int(t.Dropped), "packet"))
	}
}

// aligned is how many rows of the table are put in line with each other: all of
// them wait until that is done.
const aligned = 1000

// connections is the table of all conversations.
func connections(w io.Writer, t *trace.Trace) {
	if t.NumConnections() == 0 {
		return
	}
	fmt.Fprintln(w)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\trole\tclient\t\tserver\tpackets\tfrom client\tfrom server\tround trip\thistory\tended by")
	for c := range t.Connections() {
		if c.ID > 0 && c.ID%aligned == 0 {
			table.Flush()
		}
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
	return duration(c.HandshakeRTT)
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

// maxBesides is how many packets that are not TCP the story shows.
const maxBesides = 12

// besides are the packets that are not TCP: names asked for, addresses resolved.
func besides(w io.Writer, t *trace.Trace) {
	if len(t.Besides) == 0 {
		return
	}
	fmt.Fprint(w, "\nBeside them\n\n", columns)
	r := teller{t: t, w: w}
	for i, p := range t.Besides {
		if i == maxBesides {
			r.add(p.Number, 0, "... and more; --packets shows them all")
			break
		}
		r.add(p.Number, p.Time, p.Line(trace.Relative))
	}
	r.end()
}

// orphans are the data connections without a session in the capture.
func orphans(w io.Writer, t *trace.Trace, data []int) {
	for _, id := range data {
		c := t.Connection(id)
		fmt.Fprintf(w, "\nConnection %d comes from a server's port 20, as data does; nothing in the capture announces it.\n\n%s", c.ID, columns)
		r := teller{t: t, w: w}
		r.transfer(c)
		r.end()
	}
}

// duration writes a time with three digits or four.
func duration(d time.Duration) string {
	switch ms := float64(d) / 1e6; {
	case ms < 1:
		return fmt.Sprintf("%.3f ms", ms)
	case ms < 100:
		return fmt.Sprintf("%.2f ms", ms)
	case ms < 1000:
		return fmt.Sprintf("%.1f ms", ms)
	default:
		return fmt.Sprintf("%.2f s", ms/1000)
	}
}

// count is a number with its noun.
func count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

func upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
