package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/report"
	"ftplab/lab/pcapng"
	"ftplab/lab/scenario"
	"ftplab/lab/testbed/byhand"
	"ftplab/lab/testbed/cell"
	"ftplab/lab/testbed/linux"
	"ftplab/lab/testbed/runner"
)

// Version is the version of the lab, as its captures name it.
const Version = "0.1.0"

// Options are what a run is told besides the scenario.
type Options struct {
	Results  string         // the folder in which NAME/ with the results is made
	Format   pcapng.Format  // of the capture; pcapng when empty
	TCP      scenario.TCP   // whose TCP carries the session; when empty, Linux's where this system allows it, and else gVisor's
	Seed     uint64         // of everything random on gVisor's TCP; [DefaultSeed] when 0
	Live     *os.File       // takes the capture as it is made, instead of Results
	Progress func(Progress) // told how far the run is, now and then; may be nil
}

// Progress says how far a run is.
type Progress = runner.Progress

// An Outcome is how a run ended.
type Outcome string

// The outcomes of a run.
const (
	Passed Outcome = "passed"
	Failed Outcome = "failed" // something was not as the scenario says
)

// A Result is what a run made and found.
type Result struct {
	Scenario string       `json:"scenario"`
	Outcome  Outcome      `json:"outcome"`
	TCP      scenario.TCP `json:"tcp"`
	Why      string       `json:"why"`     // it was that TCP
	Seconds  float64      `json:"seconds"` // of wall time
	Frames   int          `json:"frames"`
	Capture  string       `json:"capture,omitempty"` // the file's path
	Report   string       `json:"report,omitempty"`  // what is wrong, as a compiler prints it
	Verdict  *Verdict     `json:"-"`                 // nil where Options.Live took the capture
}

// job is what a cell is told: the scenario's text, which it parses again, and
// how to record it.
type job struct {
	File   string
	Source []byte
	Files  string // for a server that is a program; see [runner.Recording]
	Format pcapng.Format
	Shell  *byhand.Shell // in the client's place, instead of the steps
}

func init() { cell.Init(inCell) }

// inCell is what a cell of this program does.
func inCell(ctx context.Context, c *cell.Cell) error {
	var j job
	if err := c.Spec(&j); err != nil {
		return err
	}
	s, err := scenario.Parse(j.File, j.Source)
	if err != nil {
		return err
	}
	recording := runner.Recording{File: c.Files[0], Format: j.Format, Info: captureInfo(s, scenario.LinuxTCP, 0), Files: j.Files}
	client := runner.Steps(func(p Progress) { c.Send(message{Progress: &p}) })
	if j.Shell != nil {
		s.Network.Volume = max(s.Network.Volume, leastVolume)
		recording.Info.Comment = fmt.Sprintf("%s, by hand\nNetwork %s. Made by: ftplab shell %s", s.Name, s.Network.Kind, s.Name)
		client = j.Shell.Client(byhand.Terminal{In: c.Files[1], Out: c.Files[2], Err: c.Files[3]})
	}
	outcome, err := runner.Run(ctx, s, linux.Builder{Shared: c.InPlace}, recording, client)
	return errors.Join(err, c.Send(message{Outcome: outcome}))
}

// A message is what a cell tells its parent.
type message struct {
	Progress *runner.Progress `json:",omitempty"`
	Outcome  *runner.Outcome  `json:",omitempty"`
}

// captureInfo is what a capture of the scenario says about itself.
func captureInfo(s *scenario.Scenario, tcp scenario.TCP, seed uint64) pcapng.Info {
	info := pcapng.Info{
		Application: "ftplab " + Version,
		Comment:     report.FileComment(s, runCommand(s, tcp, seed), tcpText(tcp, seed)),
	}
	for _, h := range s.Network.Hosts {
		info.Names = append(info.Names, pcapng.Name{Addr: h.Addr, Name: h.Name})
	}
	return info
}

// runCommand is the command that runs a scenario again, to the same capture
// where that is possible: by its name, if it may be one of the lab's own.
func runCommand(s *scenario.Scenario, tcp scenario.TCP, seed uint64) string {
	command := "ftplab run "
	if tcp == scenario.GVisorTCP {
		command += "--tcp gvisor "
		if seed != DefaultSeed {
			command += fmt.Sprintf("--seed %d ", seed)
		}
	}
	if s.File == "scenarios/"+s.Name+scenario.Extension {
		return command + s.Name
	}
	return command + s.File
}

// Run has the session of a scenario take place, in a cell of its own or in this
// process, and judges what was recorded. What is not as the scenario says makes
// a Result that has failed. An error means that it could not be found out: the
// system does not allow what the scenario needs, the results cannot be written,
// or ctx was cancelled; the capture so far is kept and readable.
func Run(ctx context.Context, s *scenario.Scenario, o Options) (*Result, error) {
	begin := time.Now()
	if o.Format == "" {
		o.Format = pcapng.PCAPNG
	}
	judge, err := newJudge(s)
	if err != nil {
		return nil, err
	}
	if _, err := runner.FindProgram(s); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", s.File, err) // and an earlier result stays
	}
	result := &Result{Scenario: s.Name, Outcome: Passed}
	file := o.Live
	if file != nil {
		var stop func()
		ctx, stop = whileRead(ctx, file)
		defer stop()
	} else {
		if file, err = createCapture(filepath.Join(o.Results, s.Name), o.Format); err != nil {
			return nil, err
		}
		defer file.Close()
		result.Capture = file.Name()
	}
	outcome, done, err := play(ctx, s, file, o, result)
	defer done()
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		err = inFile(s, err)
		if o.Live == nil && isEmpty(file) {
			discard(file)
			return nil, err
		}
		return nil, keepReadable(result.Capture, err)
	}
	verdict := &Verdict{Scenario: s.File, TCP: result.TCP, Failures: outcome.Failures, Stalls: outcome.Stalls, Pass: len(outcome.Failures) == 0}
	if result.Capture != "" {
		c, err := capture.Open(result.Capture, capture.Options{})
		if err != nil {
			return nil, err
		}
		defer c.Close()
		if verdict, err = judge.judge(c, result.Capture, *outcome); err != nil {
			return nil, err
		}
		verdict.TCP = result.TCP
		if err := writeVerdict(filepath.Join(o.Results, s.Name, "verdict.json"), verdict); err != nil {
			return nil, err
		}
		if err := tell(result.Capture, runCommand(s, result.TCP, o.seed()), tcpText(result.TCP, o.seed()), s, verdict); err != nil {
			return nil, err
		}
		result.Verdict = verdict
	}
	if result.Report = verdict.Report(); !verdict.Pass {
		result.Outcome = Failed
	}
	result.Frames = outcome.Frames
	result.Seconds = time.Since(begin).Seconds()
	return result, nil
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

// runCell has a cell play the scenario.
func runCell(ctx context.Context, s *scenario.Scenario, file *os.File, o Options) (*runner.Outcome, error) {
	files, cleanUp, err := programFolder(s, o)
	if err != nil {
		return nil, err
	}
	defer cleanUp()
	return runInCell(ctx, cell.Job{
		Spec:    job{File: s.File, Source: s.Source, Files: files, Format: o.Format},
		Files:   []*os.File{file},
		InPlace: runner.InPlace(s),
	}, o.Progress)
}

// programFolder makes the folder in which a server that is a program has its
// files: among the results, or for the time of the run where there are none.
func programFolder(s *scenario.Scenario, o Options) (folder string, cleanUp func(), err error) {
	cleanUp = func() {}
	switch {
	case len(s.Server.Program) == 0:
		return "", cleanUp, nil
	case o.Live != nil:
		if folder, err = os.MkdirTemp("", "ftplab-"); err != nil {
			return "", nil, err
		}
		return filepath.Join(folder, "files"), func() { os.RemoveAll(folder) }, nil
	}
	if folder, err = filepath.Abs(filepath.Join(o.Results, s.Name, "files")); err == nil {
		err = os.RemoveAll(folder) // of an earlier run
	}
	return folder, cleanUp, err
}

// runInCell starts a cell and collects what it says.
func runInCell(ctx context.Context, j cell.Job, progress func(Progress)) (*runner.Outcome, error) {
	var outcome *runner.Outcome
	j.Message = func(text json.RawMessage) {
		var m message
		if json.Unmarshal(text, &m) != nil {
			return
		}
		if m.Outcome != nil {
			outcome = m.Outcome
		}
		if m.Progress != nil && progress != nil {
			progress(*m.Progress)
		}
	}
	err := cell.Run(ctx, j)
	if err == nil && outcome == nil {
		err = errors.New("the cell ended without saying how its scenario went")
	}
	return outcome, err
}

// chooseAnother is what to do about a results folder that cannot be written to.
const chooseAnother = "choose another folder with -o"

// createCapture makes a scenario's folder, empties it of an earlier run's
// results, and creates the capture in it.
func createCapture(folder string, format pcapng.Format) (*os.File, error) {
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return nil, fmt.Errorf("cannot make the results folder: %w; %s", err, chooseAnother)
	}
	for _, name := range resultFiles {
		if err := os.Remove(filepath.Join(folder, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("cannot replace an earlier result: %w; %s", err, chooseAnother)
		}
	}
	file, err := os.Create(filepath.Join(folder, "capture."+string(format)))
	if err != nil {
		return nil, fmt.Errorf("cannot write the capture: %w; %s", err, chooseAnother)
	}
	return file, nil
}

// resultFiles are what a run leaves in a scenario's folder.
var resultFiles = []string{"capture.pcapng", "capture.pcap", "verdict.json", "walkthrough.md", "walkthrough.html"}

// keepReadable cuts a capture whose writer was killed back to its last whole
// frame, and adds to err where it is.
func keepReadable(path string, err error) error {
	if path == "" {
		return err
	}
	if repairErr := pcapng.Repair(path); repairErr != nil {
		return errors.Join(err, repairErr)
	}
	if strings.Contains(err.Error(), "\n") {
		return fmt.Errorf("%w\n(what was recorded until then is in %s)", err, path)
	}
	return fmt.Errorf("%w (what was recorded until then is in %s)", err, path)
}

// inFile puts the scenario's file in front of an error that does not name it.
func inFile(s *scenario.Scenario, err error) error {
	if strings.HasPrefix(err.Error(), s.File+":") {
		return err
	}
	return fmt.Errorf("%s: %w", s.File, err)
}
