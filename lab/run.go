package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/expect"
	"ftplab/lab/analysis/report"
	"ftplab/lab/outcome"
	"ftplab/lab/pcapng"
	"ftplab/lab/scenario"
	"ftplab/lab/testbed/byhand"
	"ftplab/lab/testbed/cell"
	"ftplab/lab/testbed/linux"
	"ftplab/lab/testbed/runner"
)

// Version is the version of the lab, as its captures name it.
const Version = "0.1.0"

// Options are the settings of a run that the scenario does not have.
type Options struct {
	Results  string         // the folder in which NAME/ with the results is made
	Removed  bool           // the caller removes the results: no message or error names a file in them
	Format   pcapng.Format  // of the capture; pcapng when empty
	TCP      scenario.TCP   // whose TCP carries the session; when empty, Linux's where this system allows it, and else gVisor's
	Seed     uint64         // of everything random on gVisor's TCP; [DefaultSeed] when 0
	Live     io.Writer      // takes the capture as it is made, instead of Results
	Bare     bool           // with Live, on gVisor's TCP: the capture says nothing of its scenario
	Progress func(Progress) // is called now and then with how far the run is; may be nil

	Server *Code // replaces the scenario's server; nil is none
	Client *Code // replaces the scenario's steps; nil is none

	Notes         report.Notes // how walkthroughs show their notes; shown when empty
	NoWalkthrough bool         // leaves the walkthrough out, which takes most of the time of a short session
}

// Code is Go code of the caller that replaces the server or the client. Package labtest
// makes it of functions in a test.
type Code = runner.Code

// Progress says how far a run is.
type Progress = runner.Progress

// An Outcome is how a run ended.
type Outcome = outcome.Outcome

// The outcomes of a run.
const (
	Passed   = outcome.Passed
	Failed   = outcome.Failed   // something was not as the scenario says
	Recorded = outcome.Recorded // nothing failed, and the scenario does not say what should be seen or measured
)

// A Result is what a run made and found.
type Result struct {
	Scenario string       `json:"scenario"`
	Outcome  Outcome      `json:"outcome"`
	TCP      scenario.TCP `json:"tcp"`
	Why      string       `json:"why"`     // the session used that TCP
	Seconds  float64      `json:"seconds"` // of wall time
	Frames   int          `json:"frames"`
	Capture  string       `json:"capture,omitempty"` // the file's path
	Judged   bool         `json:"judged"`            // the scenario says what should be seen or measured
	// Unjudged says that it failed only because its capture cannot show what the scenario asks for.
	Unjudged bool     `json:"unjudged,omitempty"`
	Report   string   `json:"report,omitempty"` // what is wrong, as a compiler prints it
	Verdict  *Verdict `json:"-"`                // nil where Options.Live took the capture
}

// Term is the outcome as every output calls it: a result that failed only because its capture cannot show
// what the scenario asks for is unjudged.
func (r *Result) Term() Outcome {
	if r.Unjudged {
		return outcome.Unjudged
	}
	return r.Outcome
}

// job is the work of a cell: the scenario's text, which it parses again, and how to
// record it.
type job struct {
	File    string
	Source  []byte
	Files   string // for a server that is a program; see [runner.Recording]
	Removed bool   // the caller removes them, and the files next to them
	Format  pcapng.Format
	Shell   *byhand.Shell // in the client's place, instead of the steps
	Serve   *serving      // instead of a session
	Server  *runner.Code  // in the server's place
	Client  *runner.Code  // in the client's place

	TakeBack string // a folder to make the caller's own, instead of all that
}

func init() { cell.Init(inCell) }

// inCell is what a cell of this program does.
func inCell(ctx context.Context, c *cell.Cell) error {
	var j job
	if err := c.Spec(&j); err != nil {
		return err
	}
	if j.TakeBack != "" {
		return runner.TakeBack(j.TakeBack)
	}
	s, err := scenario.Parse(j.File, j.Source)
	if err != nil {
		return err
	}
	if j.Serve != nil {
		err := byhand.Serve(ctx, s, j.Serve.Addr, j.Serve.Port, func(at netip.AddrPort) { c.Send(message{Serving: &at}) })
		if ended, ok := errors.AsType[ServerEnded](err); ok {
			return c.Send(message{Ended: ended})
		}
		return err
	}
	recording := runner.Recording{File: c.Files[0], Format: j.Format, Info: captureInfo(s, scenario.LinuxTCP, 0), Files: j.Files, Removed: j.Removed, Server: j.Server}
	status := 0
	client := runner.Steps(func(p Progress) { c.Send(message{Progress: &p}) })
	if j.Client != nil {
		s.Network.Volume = max(s.Network.Volume, leastVolume)
		client = j.Client.Client()
	}
	if j.Shell != nil {
		s.Network.Volume = max(s.Network.Volume, leastVolume)
		recording.ByHand = true
		recording.Info.Comment = fmt.Sprintf("%s, by hand\nNetwork %s. Made by: %s", s.Name, s.Network.Kind, CommandLine("ftplab", "shell", s.Name))
		client = j.Shell.Client(byhand.Terminal{In: c.Files[1], Out: c.Files[2], Err: c.Files[3]}, &status)
	}
	outcome, err := runner.Run(ctx, s, linux.Builder{Shared: c.InPlace, Waits: func(until time.Time) { c.Send(message{Progress: &Progress{Waits: until}}) }}, recording, client)
	if outcome != nil {
		outcome.Status = status
	}
	return errors.Join(err, c.Send(message{Outcome: outcome}))
}

// A message is what a cell sends to its parent.
type message struct {
	Progress *runner.Progress `json:",omitempty"`
	Outcome  *runner.Outcome  `json:",omitempty"`
	Serving  *netip.AddrPort  `json:",omitempty"`
	Ended    ServerEnded      `json:",omitempty"`
}

// captureInfo is what a capture of the scenario says about itself.
func captureInfo(s *scenario.Scenario, tcp scenario.TCP, seed uint64) pcapng.Info {
	info := pcapng.Info{
		Application: "ftplab " + Version,
		Comment:     report.FileComment(s, runCommand(s, tcp, seed), tcpText(tcp, seed)),
	}
	for _, h := range s.Network.Hosts {
		for _, addr := range s.Network.Addresses(h) {
			info.Names = append(info.Names, pcapng.Name{Addr: addr, Name: h.Name})
		}
	}
	return info
}

// runCommand is the command that runs a scenario again, to the same capture where that is
// possible. It has the scenario's name if the scenario may be one of the lab's own.
func runCommand(s *scenario.Scenario, tcp scenario.TCP, seed uint64) string {
	words := []string{"ftplab", "run"}
	if tcp == scenario.GVisorTCP {
		words = append(words, "--tcp", "gvisor")
		if seed != DefaultSeed {
			words = append(words, "--seed", fmt.Sprint(seed))
		}
	}
	if s.File == "scenarios/"+s.Name+scenario.Extension {
		return CommandLine(append(words, s.Name)...)
	}
	return CommandLine(append(words, fileArgument(s.File))...)
}

// NoSteps says what a scenario without steps lacks.
const NoSteps = "the scenario has no steps, so there is nothing to run; a short one has these, one on each line: open, login anonymous, ls, quit"

const withoutSteps = ". Without steps, ftplab check judges a capture by the want, and labtest.Client runs a client of a test"

// Run runs the session of a scenario, in a cell of its own or in this process, and
// judges the capture. If something is not as the scenario says, the Result has failed.
// An error means that there is no result: the system does not allow what the scenario
// needs, the results cannot be written, or ctx was cancelled. Then the results of an
// earlier run stay as they are, and the error says where the capture so far is.
func Run(ctx context.Context, s *scenario.Scenario, o Options) (*Result, error) {
	if o.Format == "" {
		o.Format = pcapng.PCAPNG
	}
	judge, err := newJudge(s, hostsOf(s))
	if err != nil {
		return nil, err
	}
	if len(s.Steps) == 0 && o.Client == nil {
		return nil, &scenario.Error{File: s.File, Line: 1, Msg: NoSteps + withoutSteps}
	}
	if err := checkTCP(s, o.TCP); err != nil {
		return nil, err
	}
	if err := runner.FindPrograms(s); err != nil {
		return nil, err
	}
	if o.Format == pcapng.PCAP {
		if err := checkPlaces(s, "choose pcapng (-F pcapng), which has several, or"); err != nil {
			return nil, err
		}
	}
	if o.Server != nil && len(s.Server.Program) > 0 {
		return nil, fmt.Errorf("%s:%d: the server is a program, and Options.Server is another one: leave one of the two out", s.File, s.Server.ProgramLine)
	}
	if o.Server != nil && (s.NeedsOwnServer() || s.Server.TLS.Mode != "") {
		return nil, &scenario.Error{File: s.File, Line: max(1, s.Server.Line), Msg: o.Server.Name + " has its own replies and habits; " + scenario.OwnServerSettings}
	}
	if err := ctx.Err(); err != nil {
		return nil, interrupted(ctx, s, err)
	}
	if o.Live != nil {
		return runLive(ctx, s, o)
	}
	made, err := beginResults(o.Results, s.Name, o.Format)
	if err != nil {
		return nil, err
	}
	result, err := runInto(ctx, s, o, made, judge)
	if err != nil {
		return nil, made.abandon(err, !o.Removed)
	}
	result.Report += made.otherScenario(s.File)
	return result, made.finish()
}

// runInto runs a scenario, judges the capture, and writes all that the results
// consist of.
func runInto(ctx context.Context, s *scenario.Scenario, o Options, made *results, judge *judge) (*Result, error) {
	begin := time.Now()
	files, err := filepath.Abs(filepath.Join(made.folder, "files"))
	if err != nil {
		return nil, err
	}
	ran, err := runSession(ctx, s, made.capture, files, o)
	if err != nil {
		return nil, interrupted(ctx, s, err)
	}
	verdict, err := judge.conclude(made, ran, o)
	// The cell has reported how the session went. Its end may take longer than the
	// judge, so the wait for it comes afterwards, where it matters.
	if endErr := ran.end(); endErr != nil {
		return nil, interrupted(ctx, s, endErr)
	}
	if err != nil {
		return nil, err
	}
	verdict.Files = resultsIn(made.folder)
	if err := writeVerdict(filepath.Join(made.folder, "verdict.json"), verdict); err != nil {
		return nil, err
	}
	result := newResult(s, ran, verdict, begin)
	result.Capture, result.Verdict = made.capturePath(), verdict
	return result, nil
}

// conclude judges the capture of a run and, unless the options leave it out, writes the
// walkthrough.
func (j *judge) conclude(made *results, p *sessionRun, o Options) (*Verdict, error) {
	keys := distinctLines(p.outcome.Keys + p.outcome.LateKeys)
	if keys != "" && !j.scenario.Server.TLS.NoKeys && o.Format == pcapng.PCAPNG {
		err := rewrite(made.capture.Name(), func(to io.Writer, from io.Reader) error { return pcapng.SetKeys(to, from, keys) })
		if err != nil {
			return nil, fmt.Errorf("cannot write the keys into the capture: %w", err)
		}
	}
	c, err := capture.Open(made.capture.Name(), capture.Options{
		KeyLog:       []byte(keys), // which keys.log has, too
		ControlPorts: expect.ControlPorts(j.scenario),
		Complete:     o.Format == pcapng.PCAP, // else it would not be here
	})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	verdict, err := j.judge(c, made.capturePath(), *p.outcome)
	if err != nil {
		return nil, err
	}
	verdict.TCP = p.tcp
	if keys != "" {
		if err := os.WriteFile(filepath.Join(made.folder, "keys.log"), []byte(keys), 0o666); err != nil {
			return nil, fmt.Errorf("cannot write the keys: %w", err)
		}
	}
	seed := o.seed()
	return verdict, writeWalkthrough(made.capture.Name(), runCommand(j.scenario, p.tcp, seed), tcpText(p.tcp, seed), nil, j.scenario, verdict, o)
}

// distinctLines is a text without the lines that repeat an earlier one: both sides of a
// session may have written down its keys.
func distinctLines(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		if !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "")
}

// notJudged is the note of a run whose capture is written as it is made.
const notJudged = "with -w, the want and the figures of the scenario are not judged; ftplab check judges the capture by them"

// runLive runs a scenario whose capture is written to Options.Live as it is made. Only what
// server and client saw is judged.
func runLive(ctx context.Context, s *scenario.Scenario, o Options) (*Result, error) {
	begin := time.Now()
	folder, err := os.MkdirTemp("", "ftplab-")
	if err != nil {
		return nil, err
	}
	defer removeAll(folder)
	file, ctx, stop, err := readAlong(ctx, o.Live)
	if err != nil {
		return nil, err
	}
	o.Removed = true
	ran, err := runSession(ctx, s, file, filepath.Join(folder, "files"), o)
	if err == nil {
		err = ran.end()
	}
	if err != nil {
		err = interrupted(ctx, s, err)
	}
	if stopErr := stop(); err == nil {
		err = stopErr
	}
	if err != nil {
		return nil, err
	}
	outcome := ran.outcome
	verdict := &Verdict{Scenario: s.File, TCP: ran.tcp, Failures: outcome.Failures, Stalls: outcome.Stalls, Note: outcome.Note, Pass: len(outcome.Failures) == 0}
	if !o.Bare && (s.Want.Line > 0 || s.Figures.Line > 0) {
		verdict.Note = strings.TrimPrefix(verdict.Note+"\nnote: "+notJudged, "\nnote: ")
	}
	return newResult(s, ran, verdict, begin), nil
}

func newResult(s *scenario.Scenario, p *sessionRun, v *Verdict, begin time.Time) *Result {
	r := &Result{
		Scenario: s.Name, Outcome: Passed, TCP: p.tcp, Why: p.why,
		Report: v.Report(), Frames: p.outcome.Frames, Seconds: time.Since(begin).Seconds(),
	}
	r.Judged, r.Unjudged = v.Judged(), v.Unjudged()
	if r.Unjudged {
		r.Report += "note: this is the scenario's own capture, so the mistake is in the scenario: remove the lines that cannot be judged, or change the session\n"
	}
	switch {
	case !v.Pass:
		r.Outcome = Failed
	case !r.Judged:
		r.Outcome = Recorded
	}
	return r
}

func writeVerdict(path string, v *Verdict) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, append(text, '\n'), 0o666); err != nil {
		return fmt.Errorf("cannot write the verdict: %w", err)
	}
	return nil
}

// interrupted is the error of a scenario that did not run to its end. If ctx has ended,
// that is the reason.
func interrupted(ctx context.Context, s *scenario.Scenario, err error) error {
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return inFile(s, err)
}

// runInCell starts a cell and returns the outcome as soon as the cell reports it. Then
// ended waits for the end of the cell; its error means that the
// outcome does not count.
func runInCell(ctx context.Context, j cell.Job, progress func(Progress)) (outcome *runner.Outcome, ended func() error, err error) {
	outcomes := make(chan *runner.Outcome, 1)
	j.Message = func(text json.RawMessage) {
		var m message
		if json.Unmarshal(text, &m) != nil {
			return
		}
		if m.Outcome != nil {
			outcomes <- m.Outcome
		}
		if m.Progress != nil && progress != nil {
			progress(*m.Progress)
		}
	}
	end := make(chan error, 1)
	go func() {
		end <- cell.Run(ctx, j)
		close(outcomes)
	}()
	if outcome, ok := <-outcomes; ok {
		return outcome, func() error { return <-end }, nil
	}
	if err := <-end; err != nil {
		return nil, nil, err
	}
	return nil, nil, errors.New("the cell ended without reporting how its scenario went")
}

// inFile puts the scenario's file in front of an error that does not name it.
func inFile(s *scenario.Scenario, err error) error {
	if strings.HasPrefix(err.Error(), s.File+":") {
		return err
	}
	return fmt.Errorf("%s: %w", s.File, err)
}
