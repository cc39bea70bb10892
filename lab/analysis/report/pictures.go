package report

import (
	"io"

	"ftplab/lab/analysis/ftp"
)

// pictures are the two drawings of the page: the hosts with the connections between
// them, and the ladder.
type pictures struct {
	Lanes     []host
	Rails     rails
	Network   string
	Calls     []call
	MoreCalls string

	Clock    string
	Slope    string // what the slope of an arrow means, "" if they have none
	HasOther bool
	Ladder   ladder
	Undrawn  string
}

func (r *Report) pictures() pictures {
	p := pictures{Lanes: r.hosts(), Rails: newRails(len(r.lanes)), Clock: r.clock(), Slope: r.travels.text(), Ladder: r.draw()}
	p.Undrawn = p.Ladder.undrawn()
	p.Calls, p.MoreCalls = r.calls()
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
