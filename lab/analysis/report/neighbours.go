// The links of a walkthrough to the ones before and after it in the index.

package report

import (
	"html/template"
	"regexp"
	"strings"
	"sync"
)

// neighboursOf is the place for the links. A page has two, at its top and at its end; no
// text from a capture can look like one, since it is escaped.
var neighboursOf = regexp.MustCompile(`(?s)<p class="neighbours">.*?</p>`)

var neighbours = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("").Parse(`<p class="neighbours">
{{- with .Previous}}<a rel="prev" href="../{{.Link "walkthrough.html"}}">← Previous: {{.Title}}</a>{{end}}
{{- with .Next}}<a rel="next" href="../{{.Link "walkthrough.html"}}">Next: {{.Title}} →</a>{{end}}</p>`))
})

// LinkNeighbours returns the page of a walkthrough with links to those of the runs before
// and after it; nil is none.
func LinkNeighbours(page []byte, previous, next *Run) ([]byte, error) {
	var links strings.Builder
	if err := neighbours().Execute(&links, struct{ Previous, Next *Run }{previous, next}); err != nil {
		return nil, err
	}
	if current := neighboursOf.Find(page); string(current) == links.String() {
		return page, nil
	}
	return neighboursOf.ReplaceAllLiteral(page, []byte(links.String())), nil
}

// InOrder returns runs in the order in which the index shows them.
func InOrder(runs []Run) []Run {
	var list []Run
	for _, c := range chapters(runs) {
		list = append(list, c.Runs...)
	}
	return list
}

// HasWalkthrough reports whether the run left results.
func (r Run) HasWalkthrough() bool { return r.Error == "" || r.Capture != "" }
