package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"ftplab/lab/analysis/measure"
	"ftplab/lab/analysis/report/page"
	"ftplab/lab/analysis/report/text"
	"ftplab/lab/outcome"
)

//go:embed walkthrough.gohtml
var walkthroughSource string

var walkthrough = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("").Funcs(template.FuncMap{
		"rfcs":  linkRFCs,
		"pairs": strings.NewReplacer("seq ", "seq\u00a0", "ack ", "ack\u00a0", "win ", "win\u00a0", "mss ", "mss\u00a0", "length ", "length\u00a0").Replace,
	}).Parse(walkthroughSource))
})

// rfc matches a reference to a section of an RFC, in the form that notes use.
var rfc = regexp.MustCompile(`RFC ([0-9]{3,5})(?:(?:, | section |, section )([0-9]+(?:\.[0-9]+)*))?`)

// linkRFCs escapes a text and turns its references to RFCs into links.
func linkRFCs(text string) template.HTML {
	return template.HTML(rfc.ReplaceAllStringFunc(template.HTMLEscapeString(text), func(reference string) string {
		m := rfc.FindStringSubmatch(reference)
		address := "https://www.rfc-editor.org/rfc/rfc" + m[1]
		if m[2] != "" {
			address += "#section-" + m[2]
		}
		return `<a href="` + address + `" rel="noreferrer">` + reference + `</a>`
	}))
}

// HTML writes the walkthrough as one page of HTML.
func (r *Report) HTML(w io.Writer) error {
	var body bytes.Buffer
	if err := r.gather(); err != nil {
		return err
	}
	if err := walkthrough().ExecuteTemplate(&body, "walkthrough", r.view()); err != nil {
		return err
	}
	return page.Page{Title: r.Title(), Body: template.HTML(body.String()), Script: page.Walkthrough}.Write(w)
}

// A view has the data for the template of the page.
type view struct {
	*Report
	Outcome outcome.Outcome
	Facts   string
	Wrong   []difference

	pictures

	Contents     []*content
	MoreContents string

	Conversations     []conversation
	MoreConversations string
	Graphs            []graph
	MoreGraphs        string
	Lengths           []lengthRow
	listing
	Source string
}

func (r *Report) view() view {
	r.prepare()
	v := view{
		Report:        r,
		Outcome:       r.outcome(),
		Facts:         r.facts(),
		Wrong:         r.differences(),
		pictures:      r.pictures(),
		Contents:      r.contents,
		Conversations: r.conversations(),
		Lengths:       lengthRows(&r.Packets.Lengths),
		listing:       r.list(),
	}
	v.Graphs, v.MoreGraphs = r.graphs()
	if n := r.Trace.NumConnections() - len(v.Conversations); n > 0 {
		v.MoreConversations = fmt.Sprintf("And %s more.", grouped(int64(n)))
	}
	for _, c := range v.Contents {
		c.Short = r.surveyed.names.of(c.connection).short
	}
	if r.moreContents > 0 {
		v.MoreContents = fmt.Sprintf("And %s more; ftplab explain --extract writes them all.", grouped(int64(r.moreContents)))
	}
	v.linkUp()
	if r.Scenario != nil {
		v.Source = string(r.Scenario.Source)
	}
	return v
}

// linkUp marks the packets that are both in the ladder and in the list, so that they
// get links to each other.
func (v *view) linkUp() {
	drawn, listed := map[int]*row{}, map[int]bool{}
	for _, w := range v.Ladder.Rows {
		if w.Packet != nil {
			drawn[w.Packet.Number] = w
		}
	}
	for i := range v.List {
		p := &v.List[i]
		listed[p.Number] = true
		p.Linked = drawn[p.Number] != nil
	}
	for number, w := range drawn {
		w.Linked = listed[number]
	}
}

// outcome returns how the run or the recording ended; "" for a capture that ftplab did not make.
func (r *Report) outcome() outcome.Outcome {
	wrong := func(f measure.Result) bool { return !f.OK && !f.Unjudged }
	switch {
	case r.Ended != "" || r.Scenario == nil:
		return r.Ended
	case r.Passed() && r.Verdict == nil && len(r.Figures) == 0:
		return outcome.Recorded
	case r.Passed():
		return outcome.Passed
	case len(r.Failures) > 0 || r.Verdict != nil && len(r.Verdict.Mismatches) > 0 || slices.ContainsFunc(r.Figures, wrong):
		return outcome.Failed
	}
	return outcome.Unjudged
}

// facts returns the basic facts of the capture, in one line.
func (r *Report) facts() string {
	t := r.Trace
	parts := []string{visible(r.Capture), counted(t.Size, "packet"), counted(t.NumConnections(), "connection")}
	if n := len(r.packets); n > 0 {
		parts = append(parts, duration(r.Packets.last-t.Start))
	}
	if t.Size > 0 {
		parts = append(parts, "began "+time.Unix(0, t.Start).UTC().Format("2 January 2006, 15:04:05 UTC"))
	}
	if t.Truncated > 0 {
		parts = append(parts, counted(t.Truncated, "packet")+" cut short by the recorder")
	}
	if t.Dropped > 0 {
		parts = append(parts, counted(int64(t.Dropped), "packet")+" lost by the recorder")
	}
	if t.Cut != "" {
		parts = append(parts, "the file is damaged: "+visible(t.Cut))
	}
	if t.Flaw != "" {
		parts = append(parts, "the file is damaged: "+t.Flaw)
	}
	if t.Disorder != "" {
		parts = append(parts, t.Disorder)
	}
	if t.Doubled != "" {
		parts = append(parts, t.Doubled)
	}
	parts = append(parts, text.Relayed(t)...)
	return strings.Join(parts, " · ")
}

// clock returns a sentence about the meaning of the times.
func (r *Report) clock() string {
	if r.Scenario == nil || r.Scenario.Network.Kind != "wire" {
		return ""
	}
	if len(r.Scenario.Network.AlsoAt) > 0 {
		return "A packet is stamped at each place where it is recorded, when it leaves there or arrives there."
	}
	return fmt.Sprintf("The clock stands at the %s's end of the path: a packet is stamped when it leaves there or arrives there.", captureHost(r.Scenario))
}

// A difference is a mismatch, for the page.
type difference struct {
	What, Place, Want, Got, Time, Hint string
	Packet                             int
	Around                             []string
}

func (r *Report) differences() []difference {
	var list []difference
	for _, f := range r.Failures {
		first, printed, _ := strings.Cut(f, "\n")
		d := difference{What: visible(first)}
		for line := range strings.Lines(printed) {
			d.Around = append(d.Around, visible(strings.TrimSpace(line)))
		}
		list = append(list, d)
	}
	if r.Verdict != nil {
		for _, m := range r.Verdict.Folded() {
			d := difference{What: m.What, Want: visible(m.Want), Got: visible(m.Got), Packet: m.Packet, Hint: m.Hint, Around: visibleLines(m.Around)}
			if m.Connection != "" {
				d.What = m.Connection + ": " + m.What
			}
			if m.Line > 0 {
				d.Place = fmt.Sprintf("%s, line %d", r.Verdict.File, m.Line)
			}
			if m.Packet > 0 {
				d.Time = seconds(int64(m.Time))
			}
			list = append(list, d)
		}
	}
	return list
}

// WrongFigures returns the figures that are not as wanted.
func (r *Report) WrongFigures() []measure.Result {
	return slices.DeleteFunc(slices.Clone(r.Figures), func(f measure.Result) bool { return f.OK })
}

func visibleLines(lines []string) []string {
	var out []string
	for _, l := range lines {
		out = append(out, visible(l))
	}
	return out
}

// maxConversations is the largest number of rows in the table of conversations.
const maxConversations = 200

// A conversation is a connection as a row of a table.
type conversation struct {
	Kind, Name, Short, OpenedBy, Client, Server, History, For string
	PacketsClient, PacketsServer                              string
	BytesClient, BytesServer                                  string
	Start, Duration, RTT                                      string
}

func (r *Report) conversations() []conversation {
	var list []conversation
	for _, c := range r.surveyed.first {
		row := conversation{
			Kind: kindOf(c), Name: r.surveyed.names.of(c).long, Short: r.surveyed.names.of(c).short, OpenedBy: "not seen",
			Client: c.Client.String(), Server: c.Server.String(), History: c.History,
			PacketsClient: grouped(int64(c.ClientFlow.Packets)), PacketsServer: grouped(int64(c.ServerFlow.Packets)),
			BytesClient: grouped(c.ClientFlow.Bytes), BytesServer: grouped(c.ServerFlow.Bytes),
			Start: seconds(c.FirstTime - r.Trace.Start), Duration: seconds(c.LastTime - c.FirstTime),
		}
		if c.OpenedBy != "" {
			row.OpenedBy = strings.TrimPrefix(r.hosts.partyName(c, c.OpenedBy), "the ")
		}
		switch {
		case c.RoundTripKnown:
			row.RTT = duration(int64(c.RoundTrip))
		case c.HandshakeTimed:
			row.RTT = "≥ " + duration(int64(c.HandshakeRTT))
		}
		if c.Transfer != nil {
			row.For = visible(strings.TrimSpace(c.Transfer.Command + " " + c.Transfer.Argument))
		}
		list = append(list, row)
	}
	return list
}

// A lengthRow is a range of packet lengths as a row of a table.
type lengthRow struct {
	LengthCount
	Range string
	Share float64
}

func lengthRows(l *Lengths) []lengthRow {
	var rows []lengthRow
	for i, c := range l.Counts {
		if c.Packets > 0 {
			rows = append(rows, lengthRow{c, l.Range(i), l.Share(i)})
		}
	}
	return rows
}
