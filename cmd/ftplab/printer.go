package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"ftplab/lab"
	reporttext "ftplab/lab/analysis/report/text"
	"ftplab/lab/oserror"
	"ftplab/lab/outcome"
	"ftplab/lab/scenario"
)

// A printer shows the user how the runs go.
type printer struct {
	out      *stickyWriter
	err      io.Writer
	json     bool
	width    int // of the longest name
	begin    time.Time
	count    outcome.Count
	notBegun int // because the user interrupted
	bar      *transferBar

	lastError string // that was printed
	seeded    bool   // by the user, who expects the same capture again

	page       string // to look at next
	pageFailed bool   // the page is that of a scenario that failed

	unwritten []error // why the index or a report is missing

	notes []string // which TCPs carried the sessions, and why, in the order of their first sessions
}

func newPrinter(out, errOut io.Writer, asJSON bool, list []*scenario.Scenario) *printer {
	p := &printer{out: &stickyWriter{to: out}, err: errOut, json: asJSON, begin: time.Now(), count: outcome.Count{}}
	for _, s := range list {
		p.width = max(p.width, len(s.Name))
	}
	p.bar = newTransferBar(errOut, list)
	return p
}

// progress returns the function that takes the progress of the i-th run. Only a person at a terminal needs it.
func (p *printer) progress(i int, s *scenario.Scenario) func(lab.Progress) {
	if !isTerminal(p.err) {
		return nil
	}
	return func(progress lab.Progress) {
		switch {
		case !progress.Waits.IsZero():
			p.bar.clear()
			printLine(p.err, "ftplab: %s: the steps have ended; the run waits until %s for a packet that is late on its way", s.Name, progress.Waits.Format(time.TimeOnly))
		case p.bar != nil:
			p.bar.set(i, progress.Bytes)
		}
	}
}

// result prints how one run ended.
func (p *printer) result(s *scenario.Scenario, r *lab.Result, err error) {
	p.bar.clear()
	term := lab.Ran{Scenario: s, Result: r, Err: err}.Term()
	p.count[term]++
	if p.json {
		p.resultJSON(s, r, err)
		return
	}
	if r != nil && r.Why != lab.AskedFor {
		p.note(fmt.Sprintf("TCP: %s, %s", map[scenario.TCP]string{scenario.LinuxTCP: "Linux's", scenario.GVisorTCP: "gVisor's"}[r.TCP], r.Why))
	}
	if r != nil && r.TCP == scenario.LinuxTCP && p.seeded {
		p.note("--seed has no effect on Linux's TCP; with --tcp gvisor it determines the capture")
	}
	if err != nil {
		fmt.Fprintf(p.err, "%s  %s\n", column(term), reporttext.Escape(s.Name)) // to the same output as the reason
		if why := oserror.Text(err); why != p.lastError {                       // all may have the same, such as a folder that cannot be made
			printError(p.err, err)
			p.lastError = why
		}
		return
	}
	fmt.Fprintf(p.out, "%s  %-*s  %6.2f s  %7d frames  %s\n", column(term), p.width, reporttext.Escape(s.Name), r.Seconds, r.Frames, reporttext.Escape(r.Capture))
	p.keepPage(r)
	fmt.Fprint(p.out, r.Report)
}

// column is an outcome as the first column of a table.
func column(o outcome.Outcome) string { return fmt.Sprintf("%-*s", outcome.Width, o) }

// keepPage chooses the page that the last line names: the first walkthrough of a scenario
// that failed, the only walkthrough, or the index.
func (p *printer) keepPage(r *lab.Result) {
	folder := filepath.Dir(r.Capture)
	switch {
	case r.Capture == "" || p.pageFailed:
		return
	case r.Outcome == lab.Failed || p.page == "":
		p.page, p.pageFailed = filepath.Join(folder, "walkthrough.html"), r.Outcome == lab.Failed
	default:
		p.page = filepath.Join(filepath.Dir(folder), "index.html")
	}
}

// next prints the page to look at next, if there is one.
func (p *printer) next() {
	if _, err := os.Stat(p.page); err != nil {
		return
	}
	if path, err := filepath.Abs(p.page); err == nil {
		fmt.Fprintf(p.out, "Next, in a browser: %s\n", pageAddress(path))
	}
}

// note keeps a sentence that end prints once.
func (p *printer) note(text string) {
	if !slices.Contains(p.notes, text) {
		p.notes = append(p.notes, text)
	}
}

func (p *printer) resultJSON(s *scenario.Scenario, r *lab.Result, err error) {
	out := json.NewEncoder(p.out)
	if err != nil {
		out.Encode(map[string]string{"scenario": s.Name, "outcome": string(outcome.Error), "error": oserror.Text(err)})
		return
	}
	shown := *r
	shown.Outcome = r.Term()
	out.Encode(shown)
}

// wrote keeps the error, if there is one, of writing the index or a report. It is printed
// after the totals: the scenarios ran nevertheless.
func (p *printer) wrote(err error) {
	if err != nil {
		p.unwritten = append(p.unwritten, err)
	}
}

// end prints the totals and returns the error that sets the exit status.
func (p *printer) end() error {
	if !p.json {
		fmt.Fprint(p.out, p.count)
		if p.notBegun > 0 {
			fmt.Fprintf(p.out, ", %d not begun", p.notBegun)
		}
		fmt.Fprintf(p.out, ", in %.2f s\n", time.Since(p.begin).Seconds())
		for _, text := range p.notes {
			fmt.Fprintln(p.out, text)
		}
		p.next()
	}
	for _, err := range p.unwritten {
		printError(p.err, err)
	}
	switch {
	case p.out.err != nil:
		return p.out.err
	case len(p.unwritten) > 0 || p.count[outcome.Error]+p.count[outcome.Unjudged]+p.notBegun > 0:
		return errBroken
	case p.count[outcome.Failed] > 0:
		return errFailed
	}
	return nil
}

// A stickyWriter keeps the first error of writing to it.
type stickyWriter struct {
	to  io.Writer
	err error
}

func (w *stickyWriter) Write(p []byte) (int, error) {
	n, err := w.to.Write(p)
	if w.err == nil {
		w.err = err
	}
	return n, err
}
