package report

import (
	"cmp"
	"fmt"
	"strings"

	"ftplab/lab/analysis/ftp"
	"ftplab/lab/scenario"
)

// rails are the lanes of the page's grid: of N lanes the first is at line 2.
type rails struct {
	Count int
	Each  []int
}

func newRails(lanes int) rails {
	r := rails{Count: max(1, lanes)}
	for i := range lanes {
		r.Each = append(r.Each, i+2)
	}
	return r
}

// A host is a lane, with the facts about its machine.
type host struct {
	lane
	Traits []string
}

func (r *Report) machines() []host {
	var hosts []host
	for _, l := range r.hosts {
		h := host{lane: l}
		if r.Scenario != nil {
			if p, ok := hostPlan(r.Scenario, l); ok {
				h.Traits = hostText(p)
			}
		}
		hosts = append(hosts, h)
	}
	return hosts
}

// An arrow goes between two lanes. If one end has no lane, it goes from or to the edge
// of the picture. A packet that a host sends to itself has no arrow, because both ends
// are in the same lane.
type arrow struct {
	From, To         int // lanes from 1, 0 for none
	FromPort, ToPort string
	Far              string // the host at the end that has no lane
	Fall             int    // from its sender to its receiver, in steps of the page's style
	AtFrom           bool   // its time is that of the sender's end
	lanes            int    // in the picture
}

// Lanes returns the number of lanes in the picture, at least one.
func (a arrow) Lanes() int { return max(1, a.lanes) }

// Direction returns the CSS class for the direction of the arrow.
func (a arrow) Direction() string {
	if a.rightwards() {
		return "ltr"
	}
	return "rtl"
}

// rightwards reports whether it points to the right. An arrow with one lane points away
// from the middle, or comes from there.
func (a arrow) rightwards() bool {
	switch {
	case a.From == 0:
		return a.To*2 > a.lanes+1
	case a.To == 0:
		return a.From*2 <= a.lanes+1
	}
	return a.From < a.To
}

// drawn reports whether the arrow is drawn. It is not if neither end has a lane, or
// both have the same.
func (a arrow) drawn() bool { return a.From != a.To }

// Left returns the line of the page's grid at which the arrow begins, 0 if it is not
// drawn.
func (a arrow) Left() int {
	from, to := a.From, a.To
	switch {
	case !a.drawn():
		return 0
	case from == 0 && a.rightwards():
		return to
	case from == 0:
		return to + 1
	case to == 0 && a.rightwards():
		return from + 1
	case to == 0:
		return from
	}
	return min(from, to) + 1
}

// Right returns the line of the page's grid at which the arrow ends.
func (a arrow) Right() int {
	switch {
	case !a.drawn():
		return 0
	case a.From == 0 || a.To == 0:
		return a.Left() + 1
	}
	return max(a.From, a.To) + 1
}

// Stub returns the CSS class of an arrow with a lane at one end only: it is short, and
// stays at that end.
func (a arrow) Stub() string {
	switch {
	case a.From != 0 && a.To != 0:
		return ""
	case (a.From != 0) == a.rightwards():
		return " stub"
	}
	return " stub end"
}

// TextPlace returns the CSS class for the place of the text on the arrow: at its
// sender, and if necessary up to the other edge of the picture.
func (a arrow) TextPlace() string {
	switch {
	case !a.drawn():
		return ""
	case a.rightwards():
		return fmt.Sprintf("a%d", a.Left())
	}
	return fmt.Sprintf("b%d", a.Right())
}

// Slant is the class that makes it fall; "" for one that does not.
func (a arrow) Slant() string {
	switch {
	case a.Fall == 0 || a.From == 0 || a.To == 0:
		return ""
	case a.AtFrom:
		return fmt.Sprintf(" fall%d atfrom", a.Fall)
	}
	return fmt.Sprintf(" fall%d", a.Fall)
}

// LeftPort and RightPort are the ports at its ends, or the host at an end without lane.
func (a arrow) LeftPort() string {
	if a.rightwards() {
		return a.end(a.From, a.FromPort)
	}
	return a.end(a.To, a.ToPort)
}

// RightPort returns the port at its right end.
func (a arrow) RightPort() string {
	if a.rightwards() {
		return a.end(a.To, a.ToPort)
	}
	return a.end(a.From, a.FromPort)
}

func (a arrow) end(lane int, port string) string {
	if lane == 0 && a.Far != "" {
		return strings.TrimSuffix(a.Far+":"+port, ":")
	}
	return port
}

// An opening is a connection in the drawing of hosts: an arrow from the side that
// opened it.
type opening struct {
	arrow
	Kind, Text string
}

// maxOpened is how many connections are drawn between the hosts.
const maxOpened = 14

func (r *Report) openings() (list []opening, more string) {
	for _, c := range r.surveyed.opened {
		by := opener(c)
		from, to := c.Addr(by), c.Addr(by.Other())
		side, other := by, by.Other()
		a := arrow{
			From: r.lanes.party(from.Addr(), side) + 1, To: r.lanes.party(to.Addr(), other) + 1,
			FromPort: fmt.Sprint(from.Port()), ToPort: fmt.Sprint(to.Port()), lanes: len(r.lanes),
		}
		list = append(list, opening{a, kindOf(c), r.openingText(c)})
	}
	if left := r.surveyed.more; left > 0 {
		more = fmt.Sprintf("And %s; the table of conversations has them.", counted(left, "more connection"))
	}
	return list, more
}

// openingText describes in one line what a connection is and who opened it.
func (r *Report) openingText(c *ftp.Connection) string {
	text := upperFirst(r.surveyed.names.of(c).long)
	if c.OpenedBy == "" {
		text += ", which" + unopened(c)
	} else {
		text += ", opened by " + r.hosts.partyName(c, c.OpenedBy)
	}
	if a := c.DataPort; a != nil {
		text += " after " + a.Command
	}
	switch {
	case c.Refused():
		return text + ", refused"
	case c.Role == ftp.Other && (c.TLS != nil || !c.Unannounced):
		return text + ": " + volume(c)
	case c.Role == ftp.Other:
		return text + ", not of FTP: " + counted(c.ClientFlow.Bytes+c.ServerFlow.Bytes, "byte")
	}
	if c.Role == ftp.Data {
		if c.Transfer != nil {
			text += ", for " + transferName(c)
		}
		text += ": " + volume(c)
	}
	return text
}

// undrawn returns a sentence about the packets that the ladder leaves out.
func (l ladder) undrawn() string {
	var left []string
	if l.More > 0 {
		left = append(left, counted(l.More, "more packet")+" of FTP")
	}
	if l.Others > 0 {
		left = append(left, counted(l.Others, "packet")+" not of FTP")
	}
	if l.Copies > 0 {
		left = append(left, counted(l.Copies, "packet")+" that another place has, too")
	}
	if l.Strays > 0 {
		left = append(left, counted(l.Strays, "packet")+" that only a place with another clock has")
	}
	if len(left) == 0 {
		return ""
	}
	return "Not drawn: " + strings.Join(left, ", ") + "."
}

// spoken returns the meaning of a packet's arrow in words, for a screen reader.
func (r *Report) spoken(a arrow, c *ftp.Connection) string {
	end := func(lane int, port string) string {
		name := cmp.Or(a.Far, "another host")
		if lane > 0 {
			name = r.lanes[lane-1].Name
		}
		if port != "" {
			name += " port " + port
		}
		return name
	}
	text := end(a.From, a.FromPort) + " to " + end(a.To, a.ToPort)
	if c != nil {
		text += ", " + r.surveyed.names.of(c).long
	}
	return text + ": "
}

// Class returns the CSS class of a piece of a bar.
func (c trackCell) Class() string {
	class := c.Kind
	if c.Begin {
		class += " begin"
	}
	if c.End {
		class += " end"
	}
	return class
}

// hostPlan returns the scenario's host in a lane.
func hostPlan(s *scenario.Scenario, l lane) (p scenario.Host, ok bool) {
	for _, h := range s.Network.Hosts {
		if seenAs(s, h, l.Addr) && (l.Side == "" || h.Name == l.Name) {
			return h, true
		}
	}
	return p, false
}
