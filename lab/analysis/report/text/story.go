// The story of a capture, for a person.

package text

import (
	"bufio"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"text/tabwriter"
	"time"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
)

// Story writes what happened in a capture of the given name: first a table of the
// connections, and then each session line by line. Its data connections are in their places.
// Every line has its packet number and time.
func Story(w io.Writer, name string, t *capture.Capture) error {
	out := bufio.NewWriter(w)
	summary(out, name, t)
	connections(out, t)
	otherPackets(out, t)
	for d := range t.Dialogues(true) {
		writeSession(out, t, d)
	}
	withoutSession(out, t)
	if err := t.Err(); err != nil {
		return err
	}
	return out.Flush()
}

// summary is the head of the story.
func summary(w io.Writer, name string, t *capture.Capture) {
	fmt.Fprintf(w, "%s: %s, %s, %s\n", Escape(name),
		count(t.Size, "packet"), count(t.NumConnections(), "TCP connection"), count(t.NumSessions(), "FTP session"))
	if len(t.Places) > 0 {
		fmt.Fprintf(w, "recorded at %s", Escape(strings.Join(t.Places, ", ")))
		if t.Copies > 0 {
			fmt.Fprintf(w, "; what crossed several of them is read at the first, which leaves out %s", count(t.Copies, "packet"))
		}
		fmt.Fprintln(w)
	}
	if t.Clocks != "" {
		fmt.Fprintf(w, "%s; what only one of them has of a connection at both is not read\n", t.Clocks)
	}
	for i, n := range t.Translations {
		if i == maxOthers {
			fmt.Fprintf(w, "... and %s\n", count(len(t.Translations)-i, "more address"))
			break
		}
		fmt.Fprintf(w, "between %s and %s a NAT changes %s into %s\n", Escape(n.Home), Escape(n.Place), n.From, n.To)
	}
	for _, sentence := range Relayed(t) {
		fmt.Fprintln(w, sentence)
	}
	if t.Cut != "" {
		fmt.Fprintf(w, "%s; the part before it follows\n", upper(t.Cut))
	}
	if t.Flaw != "" {
		fmt.Fprintln(w, upper(t.Flaw))
	}
	if t.Disorder != "" {
		fmt.Fprintln(w, t.Disorder)
	}
	if t.Doubled != "" {
		fmt.Fprintln(w, upper(t.Doubled))
	}
	if t.Truncated > 0 {
		fmt.Fprintf(w, "%s cut short by the recorder: some data is missing\n", count(t.Truncated, "packet"))
	}
	if t.Unread > 0 {
		fmt.Fprintf(w, "%s of an unknown link type: nothing is known about them\n", count(t.Unread, "packet"))
	}
	if t.Dropped > 0 {
		fmt.Fprintf(w, "%s lost by the recorder\n", count(int(t.Dropped), "packet"))
	}
}

// Relayed says which network cards pass on packets, and which addresses several cards claim: a sentence for each.
func Relayed(t *capture.Capture) (sentences []string) {
	for i, r := range t.Relays {
		if i == maxOthers {
			sentences = append(sentences, fmt.Sprintf("... and %s", count(len(t.Relays)-i, "more card")))
			break
		}
		sentences = append(sentences, fmt.Sprintf("the network card %s passes on %s between %s and %s, the first in frame %d%s",
			r.Card, count(r.Packets, "packet"), r.Hosts[0], r.Hosts[1], r.First, claimed(t, r)))
	}
	for _, s := range t.SharedAddresses() {
		first, last := s.Claims[0], s.Claims[len(s.Claims)-1]
		sentences = append(sentences, fmt.Sprintf("by %s, %s belongs to %s: first to %s in frame %d, last to %s in frame %d",
			packet.ClaimProtocol(s.Addr), s.Addr, count(len(s.Claims), "network card"), first.Card, first.Packet, last.Card, last.Packet))
	}
	return sentences
}

// claimed says which of the addresses of the two hosts a network card claims that passes on their packets.
func claimed(t *capture.Capture, r capture.Relay) string {
	addrs := t.Claimed(r)
	if len(addrs) == 0 {
		return ""
	}
	return fmt.Sprintf("; by %s, it claims to be %s", packet.ClaimProtocol(addrs[0]), strings.Join(addressTexts(addrs), " and "))
}

func addressTexts(addrs []netip.Addr) (texts []string) {
	for _, a := range addrs {
		texts = append(texts, a.String())
	}
	return texts
}

// aligned is how many rows of the table are put in line with each other: all of
// them wait until that is done.
const aligned = 1000

// connections is the table of all conversations.
func connections(w io.Writer, t *capture.Capture) {
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
		switch {
		case c.Mode != "":
			role += ", " + string(c.Mode)
		case c.Role == ftp.Other && c.TLS != nil:
			role += ", in TLS"
		}
		fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%s\t%d\t%s\t%s\t%s\t%s\t%s\n", c.ID, role, c.Client, arrow(c), c.Server,
			c.ClientFlow.Packets+c.ServerFlow.Packets, volume(c, ftp.Client), volume(c, ftp.Server),
			roundTrip(c), c.History, ending(c))
	}
	table.Flush()
}

// volume says how many bytes the capture has of what a side sent, and how many it lacks.
func volume(c *ftp.Connection, s ftp.Side) string {
	n, lack := c.Flow(s).Bytes, c.Lacks(s)
	switch {
	case lack.Bytes() == 0:
		return fmt.Sprint(n)
	case lack.After > 0:
		return fmt.Sprintf("%d (≥ %d missing)", n, lack.Bytes())
	}
	return fmt.Sprintf("%d (%d missing)", n, lack.Bytes())
}

// arrow points from the side that opened a connection to the other.
func arrow(c *ftp.Connection) string {
	switch c.OpenedBy {
	case ftp.Client:
		return "->"
	case ftp.Server:
		return "<-"
	}
	return "--"
}

func roundTrip(c *ftp.Connection) string {
	switch {
	case c.RoundTripKnown:
		return duration(c.RoundTrip)
	case c.HandshakeTimed:
		return "≥ " + duration(c.HandshakeRTT)
	}
	return "-"
}

func ending(c *ftp.Connection) string {
	switch {
	case c.ClosedFirst() != "" && c.ResetBy != "":
		return fmt.Sprintf("%s, reset by %s", c.ClosedFirst(), c.ResetBy)
	case c.ClosedFirst() != "":
		return string(c.ClosedFirst())
	case c.ResetBy != "":
		return "reset by " + string(c.ResetBy)
	}
	return "-"
}

// maxOthers is how many packets that are not TCP the story shows, how many addresses that NATs change,
// and how many connections in TLS that may have nothing to do with FTP.
const maxOthers = 12

// otherPackets are those that are not TCP: names asked for, addresses resolved.
func otherPackets(w io.Writer, t *capture.Capture) {
	if len(t.OtherPackets) == 0 {
		return
	}
	fmt.Fprint(w, "\nOther packets\n\n", columns)
	r := sessionWriter{start: t.Start, w: w, capture: t}
	for i, p := range t.OtherPackets {
		if i == maxOthers {
			r.add(p.Number, 0, "... and more; --packets shows them all")
			break
		}
		r.add(p.Number, p.Time, OtherLine(p))
	}
	r.end()
}

// withoutSession writes the data connections without a session in the capture, and some
// connections in TLS that may be such.
func withoutSession(w io.Writer, t *capture.Capture) {
	if !t.HasLoneData() {
		return
	}
	unknown := 0
	for c := range t.Connections() {
		switch {
		case c.Role == ftp.Data && c.Control == ftp.NoConnection:
			fmt.Fprintf(w, "\nConnection %d comes from a server's port %d, as data does; nothing in the capture announces it.\n", c.ID, c.Server.Port())
		case c.Role == ftp.Other && c.TLS != nil:
			if unknown++; unknown > maxOthers {
				continue
			}
			fmt.Fprintf(w, "\nConnection %d is in TLS, and its ports are such as data connections have; nothing in the capture shows what it is for.\n", c.ID)
			if c.OpenedBy == ftp.Server {
				fmt.Fprintln(w, "The side that accepted it is the client of TLS, as on an active data connection of FTPS (RFC 4217, 7).")
			}
		default:
			continue
		}
		fmt.Fprint(w, "\n", columns)
		r := sessionWriter{start: t.Start, w: w, capture: t}
		r.transfer(c)
		r.end()
	}
	if more := unknown - maxOthers; more > 0 {
		fmt.Fprintf(w, "\n... and %s in TLS; --json has the facts of each\n", count(more, "more connection"))
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

// Counted is a number with its noun.
func Counted(n int64, noun string) string { return count(int(n), noun) }

func count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

func upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
