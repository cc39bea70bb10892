package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"ftplab/lab"
	"ftplab/lab/pcapng"
	"ftplab/lab/scenario"
)

// runFlags are the flags of `ftplab run`.
type runFlags struct {
	results  string
	format   string
	write    string
	tcp      string
	seed     uint64
	parallel int
	json     bool
}

func runCommand() *cobra.Command {
	var f runFlags
	c := &cobra.Command{
		Use:   "run [NAME | FILE | FOLDER]...",
		Short: "Make scenarios happen and record them",
		Long: `Run makes each scenario happen, records every frame, and judges what was
recorded. A NAME is one that list shows, or a pattern such as 'ipv6_*'; a FILE or
a FOLDER holds scenarios of your own. Without arguments it runs them all.

The hosts' TCP is Linux's, each in a network namespace, where this system allows
that (auto). Elsewhere, and with --tcp gvisor, it is gVisor's: then the session takes
place in this process, on any system, in a time of its own, and the same scenario
and --seed give the same capture to the byte. 'ftplab help tcp' has the differences.

Exit status: 0 all passed, 1 a scenario failed, 2 one could not be run.`,
		Example: `  ftplab run
  ftplab run active_list 'passive_*'
  ftplab run -o /tmp/results my_scenarios/
  ftplab run --tcp gvisor --seed 7 active_list
  ftplab run -w - active_list | wireshark -k -i -`,
		RunE: func(c *cobra.Command, args []string) error {
			ctx, stop := interruptible(c)
			defer stop()
			return runScenarios(ctx, args, f, c.OutOrStdout(), c.ErrOrStderr())
		},
		ValidArgsFunction: completeScenarios,
	}
	flags := c.Flags()
	flags.StringVarP(&f.results, "output", "o", "results", "the folder for the results")
	flags.StringVarP(&f.format, "format", "F", string(pcapng.PCAPNG), "the captures' format: pcapng or pcap")
	flags.StringVarP(&f.write, "write", "w", "", "write the capture of one scenario to this file while it is made; - is standard output")
	flags.StringVar(&f.tcp, "tcp", "auto", "whose TCP the hosts have: auto, linux or gvisor")
	flags.Uint64Var(&f.seed, "seed", lab.DefaultSeed, "of everything random on gVisor's TCP; not 0")
	flags.IntVar(&f.parallel, "parallel", 4*runtime.NumCPU(), "how many scenarios run at once; a session mostly waits")
	flags.BoolVar(&f.json, "json", false, "print results as JSON, an object a line")
	return c
}

func runScenarios(ctx context.Context, args []string, f runFlags, stdout, stderr io.Writer) error {
	list, err := selectScenarios(args)
	if err != nil {
		return err
	}
	options := lab.Options{Results: f.results, Format: pcapng.Format(f.format), TCP: scenario.TCP(f.tcp), Seed: f.seed}
	switch {
	case f.tcp == "auto":
		options.TCP = ""
	case options.TCP != scenario.LinuxTCP && options.TCP != scenario.GVisorTCP:
		return fmt.Errorf("--tcp %s: auto, linux or gvisor was expected", f.tcp)
	}
	switch {
	case f.seed == 0:
		return errors.New("--seed 0: a number from 1 on was expected")
	case options.Format != pcapng.PCAPNG && options.Format != pcapng.PCAP:
		return fmt.Errorf("-F %s: pcapng or pcap was expected", f.format)
	case f.parallel < 1:
		return fmt.Errorf("--parallel %d: at least 1 was expected", f.parallel)
	case f.write != "":
		if len(list) != 1 {
			return fmt.Errorf("-w takes one scenario, and there are %d", len(list))
		}
		if f.write == "-" {
			options.Live, stdout = stdout, stderr
			break
		}
		live, err := openLive(f.write)
		if err != nil {
			return err
		}
		defer live.Close()
		options.Live = live
	}
	p := newPrinter(stdout, stderr, f.json, list)
	runs := runAll(ctx, list, options, f.parallel, p)
	if options.Live == nil && p.broken < len(list) {
		if err := lab.WriteIndex(f.results, runs); err != nil {
			return err
		}
	}
	return p.end()
}

// A running scenario has ended when done is closed.
type running struct {
	result *lab.Result
	err    error
	done   chan struct{}
}

// errNotRun is of a scenario whose turn did not come before the interrupt.
var errNotRun = errors.New("not run")

// runAll runs the scenarios, some at once, and prints their results in order.
func runAll(ctx context.Context, list []*scenario.Scenario, o lab.Options, parallel int, p *printer) []lab.Ran {
	runs := make([]running, len(list))
	for i := range runs {
		runs[i].done = make(chan struct{})
	}
	slots := make(chan struct{}, parallel)
	go func() {
		for i, s := range list {
			select {
			case slots <- struct{}{}:
			case <-ctx.Done():
				runs[i].err = errNotRun
				close(runs[i].done)
				continue
			}
			go func() {
				o := o
				o.Progress = p.progress(i)
				runs[i].result, runs[i].err = lab.Run(ctx, s, o)
				<-slots
				close(runs[i].done)
			}()
		}
	}()
	var ran []lab.Ran
	for i := range runs {
		<-runs[i].done
		if errors.Is(runs[i].err, errNotRun) {
			p.notRun++
			continue
		}
		p.result(list[i], runs[i].result, runs[i].err)
		ran = append(ran, lab.Ran{Scenario: list[i], Result: runs[i].result, Err: runs[i].err})
	}
	return ran
}

// A printer tells the user how the runs go.
type printer struct {
	out    *stickyWriter
	err    io.Writer
	json   bool
	width  int // of the longest name
	begin  time.Time
	passed int
	made   int // recorded, not judged
	failed int
	broken int // could not be run
	notRun int // as the user interrupted
	bar    *transferBar

	page       string // to look at next
	pageFailed bool   // it is that of a scenario that failed

	tcps []string // whose TCP carried the sessions, and why, in the order of the first of each
}

func newPrinter(out, errOut io.Writer, asJSON bool, list []*scenario.Scenario) *printer {
	p := &printer{out: &stickyWriter{to: out}, err: errOut, json: asJSON, begin: time.Now()}
	for _, s := range list {
		p.width = max(p.width, len(s.Name))
	}
	p.bar = newTransferBar(errOut, list)
	return p
}

// progress returns what is called with the progress of the i-th run.
func (p *printer) progress(i int) func(lab.Progress) {
	if p.bar == nil {
		return nil
	}
	return func(progress lab.Progress) { p.bar.set(i, progress.Bytes) }
}

// result prints how one run ended.
func (p *printer) result(s *scenario.Scenario, r *lab.Result, err error) {
	p.bar.clear()
	switch {
	case err != nil:
		p.broken++
	case r.Outcome == lab.Failed:
		p.failed++
	case r.Judged:
		p.passed++
	default:
		p.made++
	}
	if p.json {
		p.resultJSON(s, r, err)
		return
	}
	if r != nil && r.Why != lab.AskedFor {
		p.note(fmt.Sprintf("TCP: %s, %s", map[scenario.TCP]string{scenario.LinuxTCP: "Linux's", scenario.GVisorTCP: "gVisor's"}[r.TCP], r.Why))
	}
	if err != nil {
		fmt.Fprintf(p.out, "ERROR  %-*s\n", p.width, s.Name)
		fmt.Fprintf(p.err, "ftplab: %v\n", err)
		return
	}
	word, remark := "ok", ""
	switch {
	case r.Outcome == lab.Failed:
		word = "FAIL"
	case !r.Judged:
		word, remark = "made", "  recorded, not judged"
	}
	fmt.Fprintf(p.out, "%-5s  %-*s  %6.2f s  %7d frames  %s%s\n", word, p.width, s.Name, r.Seconds, r.Frames, r.Capture, remark)
	p.keepPage(r)
	fmt.Fprint(p.out, r.Report)
}

// keepPage keeps the page that a reader looks at next: the first walkthrough of a
// scenario that failed, the only walkthrough, or the index.
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

// next says where to look next.
func (p *printer) next() {
	if p.page == "" {
		return
	}
	if path, err := filepath.Abs(p.page); err == nil {
		fmt.Fprintf(p.out, "Next, in a browser: %s\n", pageAddress(path))
	}
}

// note keeps what end says once.
func (p *printer) note(text string) {
	if !slices.Contains(p.tcps, text) {
		p.tcps = append(p.tcps, text)
	}
}

func (p *printer) resultJSON(s *scenario.Scenario, r *lab.Result, err error) {
	out := json.NewEncoder(p.out)
	if err != nil {
		out.Encode(map[string]string{"scenario": s.Name, "outcome": "error", "error": err.Error()})
		return
	}
	out.Encode(r)
}

// end prints the sum and says how the command ends.
func (p *printer) end() error {
	if !p.json {
		fmt.Fprintf(p.out, "%d passed, %d failed", p.passed, p.failed)
		if p.made > 0 {
			fmt.Fprintf(p.out, ", %d recorded, not judged", p.made)
		}
		if p.broken > 0 {
			fmt.Fprintf(p.out, ", %d could not be run", p.broken)
		}
		if p.notRun > 0 {
			fmt.Fprintf(p.out, ", %d not run", p.notRun)
		}
		fmt.Fprintf(p.out, ", in %.2f s\n", time.Since(p.begin).Seconds())
		for _, text := range p.tcps {
			fmt.Fprintln(p.out, text)
		}
		p.next()
	}
	switch {
	case p.out.err != nil:
		return p.out.err
	case p.broken > 0 || p.notRun > 0:
		return errBroken
	case p.failed > 0:
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
