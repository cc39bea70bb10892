// The verdict: which packet matched which line, and the mismatches.

package expect

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"ftplab/lab/analysis/ftp"
)

// A Verdict is the result of judging a capture by a want, in the order of the want's
// lines.
type Verdict struct {
	// File is the scenario's file, for messages.
	File string `json:"file"`
	// Pass says that there is no mismatch, and nothing that cannot be judged.
	Pass bool `json:"pass"`
	// Connections are the declarations, each with the connection that it was bound to.
	Connections []Connection `json:"connections"`
	// Lines are the lines of the want, each with the packets that it matched.
	Lines []Match `json:"lines"`
	// Mismatches are all differences, in the order of the packets that show them: the first
	// one may be the cause of the others. Declared connections that the capture lacks come
	// after them, and then packets that belong to no line.
	Mismatches []Mismatch `json:"mismatches"`
	// Unjudged is what cannot be compared with the want: dialogues, or parts of them, in
	// TLS that cannot be read, or not in the capture.
	Unjudged []Unjudged `json:"unjudged,omitempty"`
	// Doubt is that of a connection, declared or not, that has one; "" for none.
	Doubt string `json:"-"`
}

// A Connection is a declaration of the want and the connection that it means in the
// capture.
type Connection struct {
	Name string `json:"name"`
	Line int    `json:"line"`
	// Proto is tcp, udp, arp or icmp.
	Proto string `json:"proto"`
	// Lossy says that retransmissions need no lines.
	Lossy bool `json:"lossy,omitempty"`
	// A and B are the two ends as the want names them, A the one that opened
	// it: "server.20", "client.3172".
	A string `json:"a"`
	B string `json:"b"`
	// ID is the ID of the TCP connection. If the capture has no such connection, which
	// is a mismatch, it is the ID of the most similar one. It is -1 if there is none,
	// or if the declaration is not for TCP.
	ID int `json:"id"`
	// Facts are the facts of the connection with that ID, nil for -1.
	Facts *ftp.Connection `json:"-"`
	// Doubt says why nothing that is about the connection can be called wrong, half a sentence: the place that it should
	// be recorded at lacks it, or the clocks of its places differ. It is "" if there is no such reason.
	Doubt string `json:"-"`
}

// A Match is a line of the want and the packets that it matched.
type Match struct {
	Line int    `json:"line"`
	Text string `json:"text"` // as written, without its comment
	// Connection, From and To are the first words of the line.
	Connection string `json:"connection"`
	From       string `json:"from"`
	To         string `json:"to"`
	// Packet is the number of the packet that it matched. For a text or a range it is
	// the packet with the last byte. It is 0 if the line matched none, and for "...".
	Packet int `json:"packet"`
	// First is the first of the packets that it matched, and Packets is their number. A
	// text or a range may come in several segments. The packets are those of the same
	// connection and sender, from First to Packet, with data seen for the first time.
	First   int `json:"first"`
	Packets int `json:"packets"`
	// Time is the time of Packet after the capture's first packet.
	Time time.Duration `json:"time_ns"`
	// Joined says that the line begins with |.
	Joined bool `json:"joined,omitempty"`
	// Label is the line's label without @, After the label of the line that its packet
	// must come after.
	Label string `json:"label,omitempty"`
	After string `json:"after,omitempty"`
	// Comment is the line's # comment: the sentence that explains the packet.
	Comment string `json:"comment,omitempty"`
	// Unsure says that the line may mean another packet, which the capture lacks. It is only set
	// for a line with a label.
	Unsure bool `json:"unsure,omitempty"`
	// Note is a remark about a line that matched: the packet arrived out of order, or the line
	// is also among those that cannot be judged.
	Note string `json:"note,omitempty"`
}

// A Kind is a kind of mismatch.
type Kind string

// The kinds of mismatch.
const (
	Different   Kind = "different"   // a packet came in place of the wanted one
	Missing     Kind = "missing"     // a wanted packet did not come
	Misplaced   Kind = "misplaced"   // a wanted packet came, but before or after its place
	Unwanted    Kind = "unwanted"    // a packet came that no line wants
	TooEarly    Kind = "too early"   // a packet came before the one it should follow
	Undeclared  Kind = "undeclared"  // a connection, or packets, that no line declares
	NotFound    Kind = "not found"   // a declared connection is not in the capture
	Unaddressed Kind = "other ports" // a declared connection has other ports
	OfAnother   Kind = "other host"  // a declared connection is one of another host
	Reversed    Kind = "other side"  // a declared connection was opened from the other side
)

// A Mismatch is one difference between the want and the capture.
type Mismatch struct {
	// Line is the line of the file, 0 if the mismatch belongs to none.
	Line int  `json:"line"`
	Kind Kind `json:"kind"`
	// Connection is the name of the connection, "" for an undeclared one.
	Connection string `json:"connection,omitempty"`
	// What is a short description of the mismatch.
	What string `json:"what"`
	// Want is the line as written, Got is the packet in its place, in the same
	// notation. Each may be "".
	Want string `json:"want,omitempty"`
	Got  string `json:"got,omitempty"`
	// Packet is the number of that packet, 0 for none, and Time is its time after the
	// capture's first packet.
	Packet int           `json:"packet,omitempty"`
	Time   time.Duration `json:"time_ns,omitempty"`
	// Hint is what the author of the want may have meant, or "".
	Hint string `json:"hint,omitempty"`
	// Around are the packets around it, one line each.
	Around []string `json:"around,omitempty"`

	// shown is the number of the packet that shows it: Packet, or the one at which it is
	// clear that something is missing.
	shown int
	// unnamed is how many undeclared connections it only counts.
	unnamed int
	// below is the line below which a line for it would stand, if it belongs to none.
	below int
}

// Report returns the mismatches, as [Verdict.Folded] does, in the form of a compiler's errors, one
// block each, and what cannot be judged, one line each; "" if there is neither.
func (v *Verdict) Report() string {
	var b strings.Builder
	for _, m := range v.Folded() {
		b.WriteString(m.Message(v.File))
	}
	for _, u := range v.Unjudged {
		b.WriteString(u.Message(v.File))
	}
	return b.String()
}

// Folded returns the mismatches that a person reads. If a connection has many, it is the first
// one, because it often explains the others, and one with the line numbers of the others. Of many
// connections that are not declared, such as those of other sessions, it is the first ones, and
// the number of the others.
func (v *Verdict) Folded() []Mismatch {
	follow := map[string][]Mismatch{} // by the connection
	for _, m := range v.Mismatches {
		if m.follows() {
			follow[m.Connection] = append(follow[m.Connection], m)
		}
	}
	var shown []Mismatch
	undeclared, below := 0, 0
	for _, m := range v.Mismatches {
		if m.Kind == Undeclared {
			undeclared, below = undeclared+max(1, m.unnamed), m.below
		}
		all := follow[m.Connection]
		switch folded := m.follows() && len(all) > mostInFull; {
		case m.Kind == Undeclared && undeclared > mostInFull:
		case !folded:
			shown = append(shown, m)
		case all[0].is(m):
			shown = append(shown, m, fold(all[1:]))
		}
	}
	if undeclared > mostInFull {
		shown = append(shown, Mismatch{Kind: Undeclared, What: fmt.Sprintf("%d more are not declared", undeclared-mostInFull), below: below})
	}
	return shown
}

// mostInFull is how many mismatches of a connection are printed in full.
const mostInFull = 3

// follows reports whether the mismatch may follow from an earlier one of its connection.
func (m Mismatch) follows() bool {
	return m.Kind == Different || m.Kind == Missing || m.Kind == Misplaced || m.Kind == Unwanted
}

func (m Mismatch) is(o Mismatch) bool {
	return m.Line == o.Line && m.Kind == o.Kind && m.Packet == o.Packet && m.What == o.What
}

// fold returns one mismatch for those of a connection after the first.
func fold(all []Mismatch) Mismatch {
	var lines []int
	for _, m := range all {
		lines = append(lines, m.Line)
	}
	slices.Sort(lines) // those that | joins may be in another order
	return Mismatch{Line: all[0].Line, Kind: all[0].Kind, Connection: all[0].Connection,
		What: fmt.Sprintf("%d more differences follow, which the first one may explain (%s)", len(all), linesText(lines))}
}

// linesText writes line numbers, in order: "line 34", "lines 34, 36-38".
func linesText(lines []int) string {
	if slices.Min(lines) == slices.Max(lines) {
		return fmt.Sprintf("line %d", lines[0])
	}
	return "lines " + lineRanges(lines)
}

// lineRanges writes line numbers, in order: "34, 36-38". Of many it leaves out those before the last ones.
func lineRanges(lines []int) string {
	const most = 12
	var ranges []string
	for i := 0; i < len(lines); {
		first := i
		for i++; i < len(lines) && lines[i]-lines[i-1] <= 1; i++ {
		}
		if from, to := lines[first], lines[i-1]; from < to {
			ranges = append(ranges, fmt.Sprintf("%d-%d", from, to))
		} else {
			ranges = append(ranges, fmt.Sprint(from))
		}
	}
	if last := len(ranges) - 1; last >= most {
		ranges = append(ranges[:most-1], "...", ranges[last])
	}
	return strings.Join(ranges, ", ")
}

// Message returns the mismatch in the form of a compiler's error: the place in the
// file, what is wrong, the wanted line, the packet in its place, and those around it.
func (m Mismatch) Message(file string) string {
	var b strings.Builder
	b.WriteString(file)
	if line := cmp.Or(m.Line, m.below); line > 0 {
		fmt.Fprintf(&b, ":%d", line)
	}
	b.WriteString(": ")
	if m.Connection != "" {
		b.WriteString(m.Connection + ": ")
	}
	b.WriteString(m.What + "\n")
	if m.Want != "" {
		fmt.Fprintf(&b, "\twant  %s\n", m.Want)
	}
	switch {
	case m.Got != "" && m.Packet > 0:
		fmt.Fprintf(&b, "\tgot   %s     frame %d, %s\n", m.Got, m.Packet, seconds(m.Time))
	case m.Got != "":
		fmt.Fprintf(&b, "\tgot   %s\n", m.Got)
	}
	for _, line := range m.Around {
		fmt.Fprintf(&b, "\t    %s\n", line)
	}
	if m.Hint != "" {
		fmt.Fprintf(&b, "\thint: %s\n", m.Hint)
	}
	return b.String()
}

// Label returns the match of the line with that label.
func (v *Verdict) Label(name string) (Match, bool) {
	for _, m := range v.Lines {
		if m.Label == name {
			return m, true
		}
	}
	return Match{}, false
}

// Connection returns the declaration of that name.
func (v *Verdict) Connection(name string) (Connection, bool) {
	for _, c := range v.Connections {
		if c.Name == name {
			return c, true
		}
	}
	return Connection{}, false
}

// seconds prints a time as tcpdump and Wireshark do.
func seconds(d time.Duration) string { return fmt.Sprintf("%.6f", d.Seconds()) }
