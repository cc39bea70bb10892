package report

import (
	"fmt"
	"io"

	"ftplab/lab/analysis/ftp"
)

// pictures are the two drawings of the page: the hosts with the connections between
// them, and the ladder.
type pictures struct {
	Hosts      []host
	Rails      rails
	Network    string
	Opened     []opening
	MoreOpened string // says how many connections are not drawn
	undrawn    int    // so many

	Clock    string
	Slope    string // what the slope of an arrow means, "" if they have none
	HasOther bool
	Ladder   ladder
	Undrawn  string
}

// Lanes are the hosts that are drawn.
func (p pictures) Lanes() []host { return p.Hosts[:min(len(p.Hosts), maxLanes)] }

// NoLane are the hosts for which there is no room in the drawing.
func (p pictures) NoLane() []host { return p.Hosts[len(p.Lanes()):] }

func (r *Report) pictures() pictures {
	p := pictures{Hosts: r.machines(), Rails: newRails(len(r.lanes)), Clock: r.clock(), Slope: r.travels.text(), Ladder: r.draw()}
	p.Undrawn = p.Ladder.undrawn()
	p.Opened, p.MoreOpened = r.openings()
	p.undrawn = r.surveyed.more
	for _, w := range p.Ladder.Rows {
		p.HasOther = p.HasOther || w.Packet != nil && w.Kind() == string(ftp.Other)
	}
	if r.Scenario != nil {
		p.Network = networkText(r.Scenario)
		if r.TCP != "" {
			p.Network += ". TCP: " + r.TCP
		}
	}
	return p
}

// firstOpened is how many connections are visible in the drawing of hosts, so that the
// ladder begins on the first screen. The others unfold.
const firstOpened = 4

// FirstOpened are the connections that are visible.
func (p pictures) FirstOpened() []opening {
	if len(p.Opened) <= firstOpened+1 {
		return p.Opened
	}
	return p.Opened[:firstOpened]
}

// OtherOpened are the connections that unfold.
func (p pictures) OtherOpened() []opening { return p.Opened[len(p.FirstOpened()):] }

// Unfolds says how many connections are not visible.
func (p pictures) Unfolds() string {
	return fmt.Sprint(len(p.OtherOpened())+p.undrawn, " more connections")
}

// Draw writes the two drawings of the walkthrough: the hosts with the connections
// between them, and the ladder. Each is a piece of HTML for a page with the style sheet
// of package page. The row of packet N has the id lN.
func (r *Report) Draw(hosts, ladder io.Writer) error {
	r.prepare()
	p := r.pictures()
	if err := walkthrough().ExecuteTemplate(hosts, "hosts", p); err != nil {
		return err
	}
	return walkthrough().ExecuteTemplate(ladder, "ladder", p)
}
