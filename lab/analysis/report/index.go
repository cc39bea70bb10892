package report

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"net/url"
	"path"
	"slices"
	"sync"

	"ftplab/lab/analysis/report/page"
	"ftplab/lab/outcome"
)

// A Run is an entry of the index: a scenario that was run, or a recording by hand. Its
// results are in the folder NAME of the results: NAME/walkthrough.html and so on.
type Run struct {
	Name     string          `json:"scenario"`
	Chapter  string          `json:"chapter,omitempty"` // of the course; "" for none
	Place    int             `json:"place,omitempty"`   // in the course, from 1; 0 for none
	Title    string          `json:"title,omitempty"`   // "", as Mode and Network, if the file has mistakes
	Mode     string          `json:"mode,omitempty"`    // of its data connections; see scenario.Scenario.Mode
	Network  string          `json:"network,omitempty"`
	Outcome  outcome.Outcome `json:"outcome"`
	ByHand   bool            `json:"by_hand,omitempty"`                // a person was the client
	Failures int             `json:"failures"`                         // differences; 0 if it passed
	Error    string          `json:"error,omitempty"`                  // why it could not run, or end
	Earlier  bool            `json:"results_of_earlier_run,omitempty"` // so are Seconds to Log: after an Error, the results of the run before stay
	Seconds  float64         `json:"seconds"`                          // of wall time
	Frames   int             `json:"frames"`
	Bytes    int64           `json:"bytes"`             // of the capture file
	Capture  string          `json:"capture,omitempty"` // its name, such as "capture.pcapng"; "" for none
	Log      string          `json:"log,omitempty"`     // the output of a server that is a program: "server.log"
}

//go:embed index.gohtml
var indexSource string

var index = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("").Parse(indexSource))
})

// Index writes the page that lists scenarios that were run, with their verdicts
// and sizes and links to their results.
func Index(w io.Writer, runs []Run) error {
	view := struct {
		Summary  string
		Chapters []chapter
	}{Summary: summary(runs), Chapters: chapters(runs)}
	var body bytes.Buffer
	if err := index().ExecuteTemplate(&body, "index", view); err != nil {
		return err
	}
	var p bytes.Buffer
	if err := (page.Page{Title: indexTitle + view.Summary, Body: template.HTML(body.String())}).Write(&p); err != nil {
		return err
	}
	p.WriteString(seal(p.Bytes()))
	_, err := w.Write(p.Bytes())
	return err
}

// indexTitle is how the title of an index begins.
const indexTitle = "ftplab: "

// sealed is how the last line of an index begins. It has the SHA-256 of all before it.
const sealed = "<!-- SHA-256 of this index: "

// seal returns the last line of an index.
func seal(before []byte) string { return fmt.Sprintf("%s%x -->\n", sealed, sha256.Sum256(before)) }

// IsIndex reports whether a page is one that [Index] wrote, and that nobody has changed. One
// without a SHA-256, as early versions of ftplab wrote it, is known by its title.
func IsIndex(p []byte) bool {
	at := bytes.LastIndex(p, []byte(sealed))
	if at < 0 {
		return bytes.Contains(p, []byte("<title>"+indexTitle))
	}
	return string(p[at:]) == seal(p[:at])
}

// A chapter has the runs of one chapter of the course.
type chapter struct {
	Title string
	Runs  []Run
}

// chapters groups runs by chapter, in the order of the first run of each.
func chapters(runs []Run) []chapter {
	var list []chapter
	for _, r := range runs {
		i := slices.IndexFunc(list, func(c chapter) bool { return c.Title == r.Chapter })
		if i < 0 {
			i, list = len(list), append(list, chapter{Title: r.Chapter})
		}
		list[i].Runs = append(list[i].Runs, r)
	}
	return list
}

func summary(runs []Run) string {
	count := outcome.Count{}
	for _, r := range runs {
		count[r.Outcome]++
	}
	return count.String()
}

// Link returns the address of one of the run's results, relative to the index.
func (r Run) Link(file string) string {
	return (&url.URL{Path: path.Join(".", r.Name, file)}).String()
}

// Verdict returns the outcome of the run in words.
func (r Run) Verdict() string {
	if r.Outcome != outcome.Failed {
		return r.Outcome.Marked()
	}
	return outcome.Failed.Marked() + ": " + counted(r.Failures, "difference")
}

// Class returns the CSS class of the verdict.
func (r Run) Class() string { return r.Outcome.Class() }

// Size returns the size of the capture in readable form.
func (r Run) Size() string { return byteSize(r.Bytes) }

// Packets returns the number of frames in readable form.
func (r Run) Packets() string { return grouped(int64(r.Frames)) }

// Took returns the wall time in readable form.
func (r Run) Took() string {
	if r.Seconds == 0 {
		return "" // not measured
	}
	return fmt.Sprintf("%.2f", r.Seconds)
}

// byteSize writes a number of bytes with about three digits.
func byteSize(n int64) string {
	switch {
	case n >= 1e9:
		return fmt.Sprintf("%.2f GB", float64(n)/1e9)
	case n >= 1e6:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	case n >= 1e3:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	}
	return counted(n, "byte")
}
