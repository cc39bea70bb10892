// A profile as a text for a terminal.

package baseline

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"

	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/baseline/profile"
	"ftplab/lab/analysis/baseline/rules"
	"ftplab/lab/analysis/internal/wrap"
	"ftplab/lab/traffic"
)

// WriteText writes a description of normal FTP: first the rules, then the profile.
func WriteText(w io.Writer, p *profile.Profile) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "Normal FTP, learned from %s: %s\n", wording.Plural(len(p.Sources), "capture", "captures"), amountsOf(p))
	for _, line := range wrap.Text(p.Source, 88, "") {
		fmt.Fprintln(out, line)
	}
	writeRules(out)
	if !p.Compares() {
		return out.Flush()
	}
	fmt.Fprintf(out, "\nWHAT VARIES\n")
	for _, m := range profile.Measures() {
		writeDistribution(out, m, p.Distributions[m.Name])
	}
	fmt.Fprintf(out, "\nWHAT FOLLOWS WHAT (of those who said it, how many said next)\n\n")
	for _, row := range transitionRows(p) {
		fmt.Fprintf(out, "  %-8s %6d   %s\n", row.name, row.total, row.shares(5))
	}
	fmt.Fprintf(out, "\nWHAT ANSWERS WHAT\n\n")
	for _, row := range rowsOf(p.Replies, commandsOf(p)) {
		fmt.Fprintf(out, "  %-8s %6d   %s\n", row.name, row.total, row.shares(6))
	}
	fmt.Fprintf(out, "\nHOW CONNECTIONS GO (Zeek's history: S SYN, H SYN and ACK, A ACK, D data, F FIN, R RST;\ncapital letters are those of who opened)\n\n")
	for _, row := range rowsOf(p.Histories, []string{"control", "active", "passive"}) {
		fmt.Fprintf(out, "  %-8s %6d   %s\n", row.name, row.total, row.shares(4))
	}
	return out.Flush()
}

func amountsOf(p *profile.Profile) string {
	if !p.Compares() && p.Traffic != nil {
		return "only what sessions are generated from"
	}
	return fmt.Sprintf("%s, %s, %s, %s", wording.Plural(p.Packets, "packet", "packets"),
		wording.Plural(p.Connections, "connection", "connections"), wording.Plural(p.Sessions, "session", "sessions"), wording.Plural(p.Transfers, "transfer", "transfers"))
}

func writeRules(out io.Writer) {
	fmt.Fprintf(out, "\nWHAT EVERY SESSION KEEPS\n")
	theme := ""
	for _, r := range rules.All() {
		if r.Theme != theme {
			theme = r.Theme
			fmt.Fprintf(out, "\n  %s\n", theme)
		}
		fmt.Fprintf(out, "    %s\n      [%s; %s; %s]\n", r.Says, r.Name, r.Severity, r.Source)
	}
}

// barWidth is the length of the longest bar, in characters.
const barWidth = 48

func writeDistribution(out io.Writer, m profile.Measure, h *profile.Histogram) {
	fmt.Fprintf(out, "\n  %s: %s\n    %s\n", strings.ReplaceAll(m.Name, "-", " "), m.Says, factsOf(m, h))
	for _, b := range barsOf(m, h) {
		bar := strings.Repeat("█", int(math.Round(b.Share*barWidth)))
		if bar == "" && b.Count > 0 {
			bar = "▏"
		}
		fmt.Fprintf(out, "    %15s %7d %s\n", wording.Quantity(b.From, m.Unit), b.Count, bar)
	}
}

// factsOf summarizes a histogram in a line.
func factsOf(m profile.Measure, h *profile.Histogram) string {
	if h.Count == 0 {
		return "nothing was measured"
	}
	return fmt.Sprintf("%s: median %s, nine of ten from %s to %s, least %s, most %s", wording.Plural(int(h.Count), "value", "values"),
		wording.Quantity(h.Quantile(0.5), m.Unit), wording.Quantity(h.Quantile(0.05), m.Unit), wording.Quantity(h.Quantile(0.95), m.Unit),
		wording.Quantity(h.Min, m.Unit), wording.Quantity(h.Max, m.Unit))
}

// barsOf are the bars of a measure's histogram. For counts, bars without a whole number in their
// range are left out.
func barsOf(m profile.Measure, h *profile.Histogram) []traffic.Bar {
	bars := h.Bars()
	if m.Unit == "seconds" || m.Unit == "bytes" {
		return bars
	}
	var whole []traffic.Bar
	for i, b := range bars {
		b.From = math.Ceil(b.From - 1e-9)
		if i+1 < len(bars) && b.From >= bars[i+1].From-1e-9 {
			continue
		}
		whole = append(whole, b)
	}
	return whole
}

// A row is a row of a table of counts.
type row struct {
	name  string
	total int
	cells []cell // the largest first
}

type cell struct {
	name  string
	count int
}

// shares prints the largest cells with their shares.
func (r row) shares(n int) string {
	var words []string
	for i, c := range r.cells {
		if i == n {
			words = append(words, "…")
			break
		}
		words = append(words, fmt.Sprintf("%s %s", c.name, percent(c.count, r.total)))
	}
	return strings.Join(words, ", ")
}

func percent(n, of int) string {
	share := 100 * float64(n) / float64(of)
	if share < 1 {
		return "<1 %"
	}
	return fmt.Sprintf("%.0f %%", share)
}

// rowsOf makes rows of a table, in the given order. Rows that the table does not have are left
// out.
func rowsOf(table map[string]map[string]int, order []string) []row {
	var rows []row
	for _, name := range order {
		r := row{name: name}
		for column, n := range table[name] {
			r.total += n
			r.cells = append(r.cells, cell{column, n})
		}
		slices.SortStableFunc(r.cells, func(a, b cell) int {
			return cmp.Or(b.count-a.count, strings.Compare(a.name, b.name))
		})
		if r.total > 0 {
			rows = append(rows, r)
		}
	}
	return rows
}

func transitionRows(p *profile.Profile) []row { return rowsOf(p.Transitions, commandsOf(p)) }

// commandsOf sorts the commands by their number, after Start. A session uses them nearly in that
// order.
func commandsOf(p *profile.Profile) []string {
	names := slices.Sorted(maps.Keys(p.Commands))
	slices.SortStableFunc(names, func(a, b string) int { return p.Commands[b] - p.Commands[a] })
	return append([]string{profile.Start}, names...)
}
