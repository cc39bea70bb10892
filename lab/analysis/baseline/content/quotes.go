// Logs and texts that quote a page.

package content

import (
	"bytes"

	"ftplab/lab/analysis/internal/pattern"
)

// ofLog matches the beginning of a line in a log: a time, or the address of a host.
var ofLog = pattern.New(`^[^\w<]{0,2}(\d{4}[-/]\d\d[-/]\d\d\b|\d\d/\w{3}/\d{4}|(?:\d{1,3}\.){3}\d{1,3}\b|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d)`)

// quoted marks what was found as a quotation if each line with the beginning of a page is one of a log, or is in a piece of
// code in Markdown. It does not look at the first line of a later part, whose beginning is in the part before.
func (r *Reader) quoted(first bool) {
	if len(r.found) == 0 || !bytes.Contains(r.data, []byte("<?")) {
		return
	}
	code := !first // a later part may begin within a piece of code
	for i, line := range bytes.Split(r.data, []byte("\n")) {
		if bytes.HasPrefix(bytes.TrimSpace(line), []byte("```")) {
			code = i > 0 && !code
			continue
		}
		if at := bytes.Index(line, []byte("<?")); at >= 0 && !code && (first || i > 0) && !ofLog.Match(line) && bytes.Count(line[:at], []byte("`"))%2 == 0 {
			return
		}
	}
	for i := range r.found {
		r.found[i].Quoted = true
	}
}
