// A profile and an assessment as pages.

package baseline

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"strings"
	"sync"

	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/baseline/profile"
	"ftplab/lab/analysis/baseline/rules"
	"ftplab/lab/analysis/report/page"
)

//go:embed page.gohtml
var pageSource string

var pages = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("").Parse(pageSource))
})

// WriteHTML writes the profile as a page with pictures.
func WriteHTML(w io.Writer, p *profile.Profile) error {
	type distribution struct {
		profile.Measure
		Title, Facts string
		Bars         []pageBar
	}
	view := struct {
		*profile.Profile
		Amounts       string
		Themes        [][]rules.Rule
		Distributions []distribution
		Matrix        matrix
		Successions   []pageRow
		Answers       []pageRow
		Goings        []pageRow
	}{
		Profile: p, Amounts: amountsOf(p), Themes: themes(), Matrix: matrixOf(p),
		Successions: pageRows(transitionRows(p)),
		Answers:     pageRows(rowsOf(p.Replies, commandsOf(p))), Goings: pageRows(rowsOf(p.Histories, []string{"control", "active", "passive"})),
	}
	for _, m := range profile.Measures() {
		h := p.Distributions[m.Name]
		view.Distributions = append(view.Distributions, distribution{m, sentence(strings.ReplaceAll(m.Name, "-", " ")), factsOf(m, h), pageBars(h, m)})
	}
	return writePage(w, "Normal FTP", "profile", view)
}

// WriteHTML writes the assessment of the named capture as a page. The frames are those that
// the page shows of the findings; see [Assessment.ReadFrames].
func (a *Assessment) WriteHTML(w io.Writer, name string, frames []Frame) error {
	class := map[Verdict]string{IsNormal: "pass", NotNormal: "fail"}[a.Verdict] // "" for other verdicts
	view := struct {
		*Assessment
		Name, Class, Sum string
		Findings         []pageFinding
		Frames           []Frame
	}{a, name, class, sentence(a.sum()), pageFindings(a.Findings, frames), frames}
	return writePage(w, name+": "+string(a.Verdict), "assessment", view)
}

func writePage(w io.Writer, title, name string, view any) error {
	var body bytes.Buffer
	if err := pages().ExecuteTemplate(&body, name, view); err != nil {
		return err
	}
	return page.Page{Title: title, Body: template.HTML(body.String())}.Write(w)
}

// themes are the rules, grouped by theme.
func themes() [][]rules.Rule {
	var list [][]rules.Rule
	for _, r := range rules.All() {
		if n := len(list); n > 0 && list[n-1][0].Theme == r.Theme {
			list[n-1] = append(list[n-1], r)
		} else {
			list = append(list, []rules.Rule{r})
		}
	}
	return list
}

// A pageBar is a bar with its labels; Width is in percent.
type pageBar struct {
	From  string
	Count int64
	Width string
}

func pageBars(h *profile.Histogram, m profile.Measure) []pageBar {
	var bars []pageBar
	for _, b := range barsOf(m, h) {
		width := 100 * b.Share
		if b.Count > 0 {
			width = max(width, 0.5)
		}
		bars = append(bars, pageBar{wording.Quantity(b.From, m.Unit), b.Count, fmt.Sprintf("%.1f", width)})
	}
	return bars
}

// A pageRow is a row of a table of counts.
type pageRow struct {
	Name   string
	Total  int
	Shares string
}

func pageRows(rows []row) []pageRow {
	var list []pageRow
	for _, r := range rows {
		list = append(list, pageRow{r.name, r.total, r.shares(6)})
	}
	return list
}

// A matrix is the picture of the transitions: a square for each pair of commands, which is
// darker if the second follows the first more often.
type matrix struct {
	Rows, Columns []matrixLabel
	Cells         []matrixCell
	Width, Height int
}

type matrixLabel struct {
	Text string
	At   int
}

type matrixCell struct {
	X, Y    int
	Opacity string
	Title   string
}

// matrixSize is the maximum number of commands in the picture, matrixStep the distance
// between two of them.
const (
	matrixSize = 24
	matrixStep = 22
	matrixEdge = 64
)

func matrixOf(p *profile.Profile) matrix {
	names := commandsOf(p)
	names = names[:min(len(names), matrixSize)]
	to := append(append([]string{}, names[1:]...), profile.End)
	m := matrix{Width: matrixEdge + len(to)*matrixStep + 8, Height: matrixEdge + len(names)*matrixStep + 8}
	for i, from := range names {
		total := 0
		for _, n := range p.Transitions[from] {
			total += n
		}
		m.Rows = append(m.Rows, matrixLabel{from, matrixEdge + i*matrixStep + matrixStep*2/3})
		for j, next := range to {
			n := p.Transitions[from][next]
			if n == 0 {
				continue
			}
			m.Cells = append(m.Cells, matrixCell{
				X: matrixEdge + j*matrixStep, Y: matrixEdge + i*matrixStep,
				Opacity: fmt.Sprintf("%.2f", 0.12+0.88*math.Sqrt(float64(n)/float64(total))),
				Title:   fmt.Sprintf("%s, then %s: %d of %d", from, next, n, total),
			})
		}
	}
	for j, next := range to {
		m.Columns = append(m.Columns, matrixLabel{next, matrixEdge + j*matrixStep + matrixStep*2/3})
	}
	return m
}

func sentence(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
