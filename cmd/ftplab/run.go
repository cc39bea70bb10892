package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"github.com/spf13/cobra"

	"ftplab/lab"
	"ftplab/lab/outcome"
	"ftplab/lab/pcapng"
	"ftplab/lab/scenario"
	"ftplab/scenarios"
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
	junit    string
	tap      string
	failures string
	derive   int
	seeded   bool // by the user
	notes    string
}

func runCommand() *cobra.Command {
	var f runFlags
	c := &cobra.Command{
		Use:   "run [NAME | FILE | FOLDER]...",
		Short: "Run scenarios, record them and judge the captures",
		Long: `Run runs each scenario, records every frame, and judges the capture. NAME is a name
that list shows, odd/NAME one of the folder scenarios/odd, and either can be a pattern
such as 'ipv6_*'; FILE and FOLDER are scenarios of your own. Without arguments, it runs
all scenarios of the list.

If this system allows it (--tcp auto), the hosts use Linux's TCP, each in its own
network namespace. Elsewhere, and with --tcp gvisor, they use gVisor's TCP: the session
runs in this process, on any system and in virtual time, and the same scenario and
--seed give the same capture, byte for byte. 'ftplab help tcp' lists the differences.

Run replaces the results of an earlier run when the new ones are complete. verdict.json
has the outcome, and lists the files of its run. If other files have the names of
results, or if files of the run were changed since, nothing is run. If a run is
interrupted, its recording is in results/NAME.unfinished until the next run.

With -w, run writes the capture of one scenario, and no results: it judges what server
and client said, and not the packets. 'ftplab check NAME FILE' judges those. The format
is that of -F, whatever the name of FILE. If FILE is
there already, the capture is in FILE.unfinished until the run has ended. Then it replaces
FILE. If the run is interrupted, both stay. Folders and files of your own with such names
are left alone: the recording is then in NAME.unfinished-2, or FILE.unfinished-2. The same
happens beside a FILE.unfinished in the format pcap if the program that wrote it was killed,
because nothing in that file then says that ftplab wrote it.

Each scenario has one of these outcomes:

` + outcome.Manual() + `
Exit status: 0 all passed or recorded, 1 a scenario failed, 2 one is unjudged, or an error.`,
		Example: `  ftplab run
  ftplab run active_list 'passive_*'
  ftplab run -o /tmp/results my_scenarios/
  ftplab run --tcp gvisor --seed 7 active_list
  ftplab run --derive 5 mine.txtar >> mine.txtar
  ftplab run -w - active_list | wireshark -k -i -`,
		RunE: func(c *cobra.Command, args []string) error {
			if c.Flags().Changed("derive") && f.derive < 1 {
				return fmt.Errorf("--derive %d: at least 1 was expected", f.derive)
			}
			f.seeded = c.Flags().Changed("seed")
			list, err := selectScenarios(args)
			mistakes, _ := err.(scenario.Errors)
			if err != nil && (mistakes == nil || f.derive != 0 || f.write != "") {
				return err
			}
			ctx, stop := interruptible(c)
			defer stop()
			if f.derive != 0 {
				return f.deriveWant(ctx, list, c.OutOrStdout(), c.ErrOrStderr())
			}
			return f.run(ctx, list, notLoaded(mistakes), c.OutOrStdout(), c.ErrOrStderr())
		},
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: completeScenarios,
	}
	f.add(c)
	return c
}

// add adds the flags to those of the command.
func (f *runFlags) add(c *cobra.Command) {
	flags := c.Flags()
	folderFlag(flags, &f.results, "output", "o", defaultResults, "the folder for the results")
	flags.StringVarP(&f.format, "format", "F", string(pcapng.PCAPNG), "the captures' format: pcapng or pcap")
	completes(c, "format", values("pcapng", "pcap"))
	outputFileFlag(flags, &f.write, "write", "w", "", "write the capture of one scenario to this file while it is made; - is the standard output")
	flags.StringVar(&f.tcp, "tcp", "auto", "the TCP implementation of the hosts: auto, linux or gvisor")
	completes(c, "tcp", values("auto", "linux", "gvisor"))
	seedFlag(flags, &f.seed, "the `number` that determines all random values on gVisor's TCP, from 1")
	flags.IntVar(&f.parallel, "parallel", 4*runtime.NumCPU(), "how many scenarios run at the same time; a session mostly waits")
	flags.BoolVar(&f.json, "json", false, "print the results as JSON, one object per line")
	notesFlag(c, &f.notes)
	outputFileFlag(flags, &f.junit, "junit", "", "", "also write the results to this file, as a JUnit report; - is the standard output")
	outputFileFlag(flags, &f.tap, "tap", "", "", "also write the results to this file, in the Test Anything Protocol; - is the standard output")
	flags.IntVar(&f.derive, "derive", 0, "run one scenario this many times, and print a want that all the captures pass; the scenario's own is not used")
	folderFlag(flags, &f.failures, "failures", "", "", "also copy the results of failed scenarios to this folder")
	for _, other := range []string{"output", "failures"} {
		oneOf(c, "write", other)
	}
	for _, other := range []string{"write", "output", "failures", "junit", "tap", "json"} {
		oneOf(c, "derive", other)
	}
}

// deriveWant runs the only scenario of a list, and prints the want that all its captures pass.
func (f runFlags) deriveWant(ctx context.Context, list []*scenario.Scenario, stdout, stderr io.Writer) error {
	options, err := f.options(len(list))
	if err != nil {
		return err
	}
	s := list[0]
	if err := refuseSecondWant(stdout); err != nil {
		return err
	}
	noteWant(s, stderr)
	return lab.DeriveRuns(ctx, newSection(stdout, s), s, options, f.derive)
}

// run runs the scenarios of a list. The broken ones, which have mistakes, are in its results
// only.
func (f runFlags) run(ctx context.Context, list []*scenario.Scenario, broken []lab.Ran, stdout, stderr io.Writer) error {
	options, err := f.options(len(list))
	if err != nil {
		return err
	}
	if err := f.checkOutputs(list, broken); err != nil {
		return err
	}
	reports, err := f.openReports(stdout)
	endLive := func(error) error { return nil }
	if err == nil && f.write != "" {
		options.Live, endLive, err = openUnfinished(f.write, stdout)
	}
	if err != nil {
		for _, r := range reports {
			r.end(err)
		}
		return err
	}
	if slices.Contains([]string{f.write, f.junit, f.tap}, standardOutput) {
		stdout = stderr
	}
	p := newPrinter(stdout, stderr, f.json, list)
	p.seeded = f.seeded
	for _, r := range broken {
		p.width = max(p.width, len(r.Scenario.Name))
	}
	runs := runAll(ctx, list, options, f.parallel, p)
	if options.Live != nil {
		p.wrote(endLive(errorOf(runs)))
	}
	for _, r := range broken {
		p.result(r.Scenario, nil, r.Err)
		runs = append(runs, r)
	}
	if options.Live == nil {
		p.wrote(lab.WriteIndex(f.results, runs))
	}
	for _, r := range reports {
		err := r.write(r.to, runs)
		p.wrote(errors.Join(err, r.end(err)))
	}
	if f.failures != "" {
		p.wrote(lab.CopyFailures(f.failures, f.results, runs))
	}
	return p.end()
}

// checkOutputs refuses outputs that would be lost, or overwrite a scenario of the run.
func (f runFlags) checkOutputs(list []*scenario.Scenario, broken []lab.Ran) error {
	all := slices.Clone(list)
	for _, r := range broken {
		all = append(all, r.Scenario)
	}
	var inputs []string
	for _, s := range all {
		inputs = append(inputs, s.File)
	}
	outputs := []output{{"--junit", f.junit}, {"--tap", f.tap}}
	isOther := cmp.Or(outputs[0].replacesOnly("report", isReport), outputs[1].replacesOnly("report", isReport))
	if f.write != "" {
		capture := output{"-w", f.write}
		return cmp.Or(checkOutputs(append(outputs, capture), inputs...), isOther, capture.replacesOnly("capture", isCapture))
	}
	results, failures := output{"-o", f.results}, output{"--failures", f.failures}
	outputs = append(outputs, results, failures)
	if err := cmp.Or(checkOutputs(outputs, inputs...), checkResults(results, all, outputs...)); err != nil {
		return err
	}
	if f.failures != "" {
		if err := checkResults(failures, all, outputs...); err != nil {
			return err
		}
		if err := lab.CheckFailures(f.failures, all); err != nil {
			return fmt.Errorf("%s: %w; choose another folder", failures, err)
		}
	}
	return isOther
}

// notLoaded are the files with mistakes, as runs that could not be made: the other scenarios
// run nevertheless, and a report for continuous integration names these, too.
func notLoaded(mistakes scenario.Errors) (list []lab.Ran) {
	for _, m := range mistakes {
		if n := len(list); n == 0 || list[n-1].Scenario.File != m.File {
			list = append(list, lab.Ran{Scenario: &scenario.Scenario{Name: scenario.NameOf(m.File), File: m.File}})
		}
		last := &list[len(list)-1]
		own, _ := last.Err.(scenario.Errors)
		last.Err = append(own, m)
	}
	return list
}

// options are what the flags say about each of the runs, which are as many as the scenarios.
func (f runFlags) options(scenarios int) (o lab.Options, err error) {
	o = lab.Options{Results: f.results, Format: pcapng.Format(f.format), Seed: f.seed}
	if o.TCP, err = parseTCP(f.tcp); err != nil {
		return o, err
	}
	if o.Notes, err = notesOf(f.notes); err != nil {
		return o, err
	}
	failures, statErr := os.Stat(f.failures)
	_, linkErr := os.Lstat(f.failures)
	switch {
	case statErr != nil && (linkErr == nil || !errors.Is(statErr, fs.ErrNotExist)): // a link to what is not there, or a file on the way
		err = fmt.Errorf("--failures: %w", statErr)
	case f.failures != "" && statErr == nil && !failures.IsDir():
		err = fmt.Errorf("--failures %s: this is a file; a folder was expected, for the results of failed scenarios", f.failures)
	case o.Format != pcapng.PCAPNG && o.Format != pcapng.PCAP:
		err = fmt.Errorf("-F %s: pcapng or pcap was expected", f.format)
	case f.derive != 0 && scenarios != 1:
		err = fmt.Errorf("--derive takes one scenario, and there are %d", scenarios)
	case f.write != "" && scenarios != 1:
		err = fmt.Errorf("-w takes one scenario, and there are %d", scenarios)
	}
	return o, cmp.Or(err, checkParallel(f.parallel))
}

func checkParallel(n int) error {
	if n < 1 {
		return fmt.Errorf("--parallel %d: at least 1 was expected", n)
	}
	return nil
}

// noteWant says what happens to the want of a scenario from which another want is derived.
func noteWant(s *scenario.Scenario, stderr io.Writer) {
	if s.Want.Line > 0 {
		printLine(stderr, "ftplab: %s:%d: this want is not used and stays as it is; a scenario can have only one, so put the derived one in its place if you want it", s.File, s.Want.Line-1)
	}
}

// A reportFile is a file for a service for continuous integration.
type reportFile struct {
	to    io.Writer
	end   func(failed error) error
	write func(io.Writer, []lab.Ran) error
}

// openReports opens the files that the flags name before the runs begin: if a report cannot
// be written, nothing should run. An earlier report stays until the new one is written. One
// in the folder of the results can be the first file there. With the error come those that
// are open.
func (f runFlags) openReports(stdout io.Writer) (reports []reportFile, err error) {
	for _, r := range []struct {
		path  string
		write func(io.Writer, []lab.Ran) error
	}{{f.junit, lab.WriteJUnit}, {f.tap, lab.WriteTAP}} {
		if r.path == "" {
			continue
		}
		if f.write == "" && r.path != standardOutput && samePlace(filepath.Dir(r.path), f.results) {
			os.MkdirAll(f.results, 0o777) // as the run does, which says why it cannot be made
		}
		to, end, err := openUnfinished(r.path, stdout)
		if err != nil {
			return reports, err
		}
		reports = append(reports, reportFile{to, end, r.write})
	}
	return reports, nil
}

// errorOf returns the error of the only run, or that it was not begun.
func errorOf(runs []lab.Ran) error {
	if len(runs) == 0 {
		return errNotBegun
	}
	return runs[0].Err
}

// A running is a scenario that runs. It has ended when done is closed.
type running struct {
	result *lab.Result
	err    error
	done   chan struct{}
}

// errNotBegun is the error of a scenario that had not begun when the user interrupted.
var errNotBegun = errors.New("not begun")

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
			}
			if ctx.Err() != nil { // perhaps although there is a slot
				runs[i].err = errNotBegun
				close(runs[i].done)
				continue
			}
			go func() {
				o := o
				o.Progress = p.progress(i, s)
				runs[i].result, runs[i].err = lab.Run(ctx, s, o)
				<-slots
				close(runs[i].done)
			}()
		}
	}()
	var ran []lab.Ran
	for i := range runs {
		<-runs[i].done
		if errors.Is(runs[i].err, errNotBegun) {
			p.notBegun++
			continue
		}
		p.result(list[i], runs[i].result, runs[i].err)
		chapter, place := scenarios.PlaceOf(list[i])
		ran = append(ran, lab.Ran{Scenario: list[i], Result: runs[i].result, Err: runs[i].err, Chapter: chapter, Place: place})
	}
	return ran
}
