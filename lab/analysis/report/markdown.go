package report

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// Markdown writes the walkthrough as Markdown that reads well on a code host
// and in a terminal.
func (r *Report) Markdown(w io.Writer) error {
	if err := r.gather(); err != nil {
		return err
	}
	v := r.view()
	m := &markdown{}
	m.line("# %s", mdText(v.Title()))
	m.line("")
	for _, p := range v.Story() {
		m.line("%s\n", mdText(p))
	}
	switch {
	case v.Outcome != "" && v.Scenario != nil:
		m.line("**%s**: scenario `%s`.\n", v.Outcome.Marked(), v.Scenario.Name)
	case v.Outcome != "":
		m.line("**%s**\n", v.Outcome.Marked())
	}
	m.line("%s", mdText(v.Facts))
	if v.Log != "" {
		m.line("\nWhat the server printed: [%s](%s)", v.Log, v.Log)
	}
	m.differences(v)
	m.hosts(v)
	m.ladder(r, v)
	m.figures(v)
	m.contents(v)
	m.conversations(v)
	m.sequences(r)
	m.lengths(v)
	m.packets(v)
	m.again(v)
	_, err := m.WriteTo(w)
	return err
}

// A markdown is a page under construction.
type markdown struct{ bytes.Buffer }

func (m *markdown) line(format string, args ...any) {
	fmt.Fprintf(m, format+"\n", args...)
}

func (m *markdown) heading(text string) { m.line("\n## %s\n", text) }

// block writes text unchanged, in a fence that the text cannot close.
func (m *markdown) block(text string) {
	fence := "```"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	m.line("%s\n%s\n%s", fence, strings.TrimRight(text, "\n"), fence)
}

// row writes a row of a table.
func (m *markdown) row(cells ...string) { m.line("| %s |", strings.Join(cells, " | ")) }

// head writes the head of a table. A title that ends in a space is that of a column of
// numbers.
func (m *markdown) head(titles ...string) {
	var rules []string
	for i, t := range titles {
		rule := "---"
		if strings.HasSuffix(t, " ") {
			rule = "---:"
		}
		rules = append(rules, rule)
		titles[i] = strings.TrimSpace(t)
	}
	m.row(titles...)
	m.row(rules...)
}

func (m *markdown) differences(v view) {
	wrong := v.WrongFigures()
	if len(v.Wrong) == 0 && len(wrong) == 0 {
		return
	}
	m.heading("Where it differed")
	if len(wrong) > 0 {
		m.head("figure", "wanted ", "measured ")
		for _, f := range wrong {
			m.row("`"+f.Name+"`", mdText(f.Wanted), mdText(join(cmp.Or(f.Measured, f.Why), f.Hint)))
		}
		m.line("")
	}
	for _, d := range v.Wrong {
		text := d.What
		if d.Place != "" {
			text = d.Place + ": " + text
		}
		if d.Want != "" {
			text += "\n  want  " + d.Want
		}
		if d.Got != "" {
			text += "\n  got   " + d.Got
		}
		if d.Packet > 0 {
			text += fmt.Sprintf("     frame %d, %s", d.Packet, d.Time)
		}
		for _, a := range d.Around {
			text += "\n        " + a
		}
		if d.Hint != "" {
			text += "\n  hint: " + d.Hint
		}
		m.block(text)
		m.line("")
	}
}

func (m *markdown) hosts(v view) {
	m.heading("Hosts and network")
	m.head("host", "address", "")
	for _, h := range v.Hosts {
		m.row(mdText(h.Name), h.Address(), mdText(strings.Join(h.Traits, ", ")))
	}
	if v.Network != "" {
		m.line("\n%s.", mdText(upperFirst(v.Network)))
	}
	m.line("")
	for _, c := range v.Opened {
		from, to := v.Hosts, v.Hosts
		m.line("* %s (%s → %s)", mdText(c.Text), endText(from, c.From, c.FromPort), endText(to, c.To, c.ToPort))
	}
	if v.MoreOpened != "" {
		m.line("* %s", v.MoreOpened)
	}
}

func endText(hosts []host, lane int, port string) string {
	if lane == 0 {
		return "port " + port
	}
	return mdText(hosts[lane-1].Name) + " port " + port
}

func (m *markdown) ladder(r *Report, v view) {
	m.heading("What happened, packet by packet")
	m.line("`───` is the control connection, `═══` a data connection, `╌╌╌` not FTP itself; the ports stand at the ends of the arrows. Sequence numbers are relative, as tcpdump prints them. %s\n", v.Clock)
	var b strings.Builder
	newTextLadder(&b, r.lanes).write(v.Ladder)
	m.block(b.String())
	if v.Undrawn != "" {
		m.line("\n%s", v.Undrawn)
	}
}

func (m *markdown) figures(v view) {
	if len(v.Figures) == 0 {
		return
	}
	m.heading("Figures")
	m.head("figure", "wanted ", "measured ", "", "")
	for _, f := range v.Figures {
		m.row("`"+f.Name+"`", mdText(f.Wanted), mdText(cmp.Or(f.Measured, "–")), f.Outcome().Marked(), mdText(join(f.Comment, f.Why)))
	}
}

func (m *markdown) contents(v view) {
	if len(v.Contents) == 0 {
		return
	}
	m.heading("Transferred files")
	for _, c := range v.Contents {
		m.line("%s (`%s`): %s\n", mdText(c.For), c.Short, mdText(c.Facts))
		if c.Text != "" {
			m.block(c.Text)
			m.line("")
		}
		if c.More != "" {
			m.line("%s\n", c.More)
		}
	}
	if v.MoreContents != "" {
		m.line("%s", v.MoreContents)
	}
}

func (m *markdown) conversations(v view) {
	m.heading("Conversations")
	m.head("connection", "", "for", "opened by", "client", "server", "packets → ", "bytes → ", "packets ← ", "bytes ← ", "start, s ", "length, s ", "round trip ", "history")
	for _, c := range v.Conversations {
		m.row(c.Name, "`"+c.Short+"`", mdText(c.For), c.OpenedBy, c.Client, c.Server, c.PacketsClient, c.BytesClient,
			c.PacketsServer, c.BytesServer, c.Start, c.Duration, c.RTT, c.History)
	}
	if v.MoreConversations != "" {
		m.line("\n%s", v.MoreConversations)
	}
	m.line("\n→ is what the client sent, ← what the server sent; bytes are those of the streams, without what was sent again.")
}

func (m *markdown) sequences(r *Report) {
	all := r.sequences()
	if len(all) == 0 {
		return
	}
	m.heading("Time and sequence numbers")
	for _, s := range all[:min(len(all), maxGraphs)] {
		m.line("%s: %s %s\n", upperFirst(r.surveyed.names.of(s.Connection).long), mdText(transferName(s.Connection)), mdText(sequenceFacts(s)))
		part := newSequenceView(s, r.Trace.Start)
		from, to := part.firstZoom()
		var b strings.Builder
		part.only(from, to).WriteText(&b, r.Trace.Start)
		m.block(b.String())
	}
	m.line("\nA part of each transfer; `ftplab explain --time-sequence` prints all of it, and the page `walkthrough.html` draws it.")
}

func (m *markdown) lengths(v view) {
	m.heading("Packet lengths")
	m.head("length, bytes ", "packets ", "share, % ", "average ", "shortest ", "longest ")
	for _, l := range v.Lengths {
		if l.Packets == 0 {
			m.row(l.Range, "0", "0.00", "–", "–", "–")
			continue
		}
		m.row(l.Range, fmt.Sprint(l.Packets), fmt.Sprintf("%.2f", l.Share), fmt.Sprintf("%.1f", l.Average()), fmt.Sprint(l.Min), fmt.Sprint(l.Max))
	}
}

func (m *markdown) packets(v view) {
	m.heading("Packets")
	var b strings.Builder
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "frame\ttime, s\tsince previous, s\t\tfrom > to\tlength\twhat")
	for _, p := range v.List {
		if p.Gap != "" {
			fmt.Fprintf(table, "\t\t\t%s\t… %s\n", p.Short, p.Gap)
			continue
		}
		fmt.Fprintf(table, "%5d\t%11s\t%11s\t%s\t%s > %s\t%6d\t%s\n", p.Number, p.Time, p.Since, p.Short, p.From, p.To, p.Length, p.Info)
	}
	table.Flush()
	m.block(b.String())
	if v.ListMore != "" {
		m.line("\n%s", v.ListMore)
	}
}

func (m *markdown) again(v view) {
	m.heading("Make it again")
	if v.Command != "" {
		m.block(v.Command)
	}
	if v.Scenario != nil {
		m.line("\nThe scenario, `%s.txtar`:\n", v.Scenario.Name)
		m.block(v.Source)
	}
}

// mdText escapes text for Markdown, so that nothing in it is markup.
func mdText(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch r {
		case '\\', '`', '*', '_', '[', ']', '#', '|', '~', '!':
			b.WriteByte('\\')
			b.WriteRune(r)
		case '<':
			b.WriteString("&lt;")
		case '>':
			b.WriteString("&gt;")
		case '&':
			b.WriteString("&amp;")
		case '\n', '\r':
			b.WriteByte(' ')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
