package alert

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"ftplab/lab/analysis/baseline"
	"ftplab/lab/analysis/baseline/rules"
	"ftplab/lab/analysis/report/text"
)

// A Writer writes the reports of captures in one form.
type Writer interface {
	// Write writes the report of the next capture.
	Write(*Report) error
	// Close ends what was written. It does not close the file below.
	Close() error
}

// Formats are the names of the forms that [NewWriter] knows.
var Formats = []string{"text", "json", "eve", "zeek", "csv"}

// NewWriter returns a writer of the named format.
//
// "text" is a line for each capture and a summary. "json" is an object for each capture,
// a line each. "eve", "zeek" and "csv" have a line for each finding, and one
// for a capture that cannot be judged.
func NewWriter(format string, w io.Writer) (Writer, error) {
	switch format {
	case "text":
		return &lines{w: w}, nil
	case "json":
		return jsonWriter{w}, nil
	case "eve":
		return eve{w}, nil
	case "zeek":
		return &zeek{w: w}, nil
	case "csv":
		return newCSV(w)
	}
	return nil, fmt.Errorf("there is no format %q; the formats are %s", format, strings.Join(Formats, ", "))
}

// lines is a line for each capture, with a summary at the end.
type lines struct {
	w        io.Writer
	captures int
	sessions bool
	counts   map[baseline.Verdict]int
	order    []baseline.Verdict
}

func (l *lines) Write(r *Report) error {
	l.captures++
	l.sessions = r.Session
	if l.counts == nil {
		l.counts = map[baseline.Verdict]int{}
	}
	if l.counts[r.Assessment.Verdict] == 0 {
		l.order = append(l.order, r.Assessment.Verdict)
	}
	l.counts[r.Assessment.Verdict]++
	_, err := fmt.Fprintf(l.w, "%-15s %s%s\n", r.Assessment.Verdict, text.Escape(r.Name), summary(r))
	return err
}

// summary names the rules that a capture breaks, with the first frame of each, and
// counts the notes.
func summary(r *Report) string {
	var parts []string
	said := map[string]bool{}
	notes := 0
	for _, f := range r.Assessment.Findings {
		if f.Severity == rules.Note {
			notes++
			continue
		}
		if said[f.Rule] {
			continue
		}
		said[f.Rule] = true
		part := f.Rule
		if len(f.Packets) > 0 {
			part += fmt.Sprintf(" (frame %d)", f.Packets[0])
		}
		parts = append(parts, part)
	}
	if notes > 0 {
		parts = append(parts, count(notes, "note"))
	}
	if r.Suppressed > 0 {
		parts = append(parts, fmt.Sprintf("%d suppressed", r.Suppressed))
	}
	if len(parts) == 0 {
		return ""
	}
	return ": " + strings.Join(parts, ", ")
}

func (l *lines) Close() error {
	var parts []string
	for _, v := range l.order {
		parts = append(parts, fmt.Sprintf("%d %s", l.counts[v], v))
	}
	if parts == nil {
		return nil // no capture could be read, and the errors say so
	}
	noun := "capture"
	if l.sessions {
		noun = "session"
	}
	_, err := fmt.Fprintf(l.w, "%s: %s\n", count(l.captures, noun), strings.Join(parts, ", "))
	return err
}

func count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

// jsonWriter is the assessment of each capture, with the name of its file.
type jsonWriter struct{ w io.Writer }

func (j jsonWriter) Write(r *Report) error {
	e := json.NewEncoder(j.w)
	e.SetEscapeHTML(false)
	return e.Encode(struct {
		File       string `json:"file"`
		Suppressed int    `json:"suppressed,omitempty"`
		LeftOut    string `json:"left_out,omitempty"`
		*baseline.Assessment
	}{strings.ToValidUTF8(r.Name, "\uFFFD"), r.Suppressed, r.LeftOut, r.Assessment})
}

func (jsonWriter) Close() error { return nil }

// csvColumns are the columns of the CSV.
var csvColumns = []string{
	"time", "file", "severity", "rule", "src", "src_port", "dst", "dst_port", "client", "client_port", "server", "server_port",
	"frames", "observed", "expected", "filter",
}

// csvWriter is a row for each finding, as RFC 4180 has it.
type csvWriter struct{ *csv.Writer }

func newCSV(w io.Writer) (Writer, error) {
	c := csvWriter{csv.NewWriter(w)}
	return c, c.Writer.Write(csvColumns)
}

func (c csvWriter) Write(r *Report) error {
	for _, a := range r.events() {
		row := []string{time.Unix(0, a.Time).UTC().Format(time.RFC3339Nano), r.Name, string(a.Severity), a.Rule}
		for _, end := range []endpoint{{a.Src, a.Src.IsValid()}, {a.Dst, a.Dst.IsValid()}, {a.Client, a.Client.IsValid()}, {a.Server, a.Server.IsValid()}} {
			row = append(row, end.address(""), end.port(""))
		}
		row = append(row, frameNumbers(a.Packets), a.Observed, a.Expected, a.Filter)
		for i := range row {
			row[i] = cell(row[i])
		}
		if err := c.Writer.Write(row); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

func (c csvWriter) Close() error {
	c.Flush()
	return c.Error()
}

// cell is a text as the cell of a table: no spreadsheet takes it for a formula, and no
// terminal for a command.
func cell(s string) string {
	s = text.Escape(s)
	if s != "" && strings.ContainsRune("=+-@", rune(s[0])) {
		s = "'" + s
	}
	return s
}

func frameNumbers(packets []int) string {
	words := make([]string, len(packets))
	for i, p := range packets {
		words[i] = strconv.Itoa(p)
	}
	return strings.Join(words, " ")
}
