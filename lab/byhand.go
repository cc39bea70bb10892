package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"

	"ftplab/lab/analysis/report"
	"ftplab/lab/outcome"
	"ftplab/lab/pcapng"
	"ftplab/lab/scenario"
	"ftplab/lab/testbed/byhand"
	"ftplab/lab/testbed/cell"
	"ftplab/lab/testbed/runner"
)

// A Recording is a session that a person or their programs made by hand. It has no verdict,
// unless a command replaced the shell.
type Recording struct {
	Frames   int
	Capture  string   // the file's path
	Failures []string // of the lab itself, such as a server that ended
	Status   int      // exit status of the shell, or of the command that replaced it
	Verdict  *Verdict // on a command's capture, if the scenario says what should be seen

	Incomplete string // says what the capture lacks because the lab lost it, so that nothing is shown by it; "" is nothing
}

// Shell opens the user's shell on the client's host of a scenario, beside its
// server, and records everything until the shell ends. If there is a command, it runs
// instead of the shell, and the capture is judged by what the scenario wants. Both have
// the standard input and outputs of this program.
//
// The results are in a new folder of its own, NAME-by-hand; if nothing was
// recorded, there is none, and Capture is "". An error means that the program could
// not be started, or that the capture could not be written to its end. If the server could not
// be started, the folder has what it printed.
func Shell(ctx context.Context, s *scenario.Scenario, results string, command ...string) (*Recording, error) {
	t := byhand.Terminal{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}
	if s.Network.TCP == scenario.GVisorTCP {
		return nil, fmt.Errorf("%s: programs in a shell use the kernel's sockets, and so need Linux's TCP: leave tcp=gvisor out", s.File)
	}
	if err := runner.FindServer(s); err != nil {
		return nil, err
	}
	judge, err := newJudge(s, hostsOf(s))
	if err != nil {
		return nil, err
	}
	sh, err := byhand.NewShell(s, command)
	if err != nil {
		return nil, err
	}
	file, discard, err := createByHand(results, s.Name+"-by-hand")
	if err != nil {
		return nil, err
	}
	defer file.Close()
	outcome, err := runShell(ctx, s, sh, t, file)
	switch {
	case err != nil && hasNoFrames(file) && logBeside(file.Name()) != "": // the log stays, because the error names it
		os.Remove(file.Name())
		return nil, inFile(s, err)
	case err != nil && hasNoFrames(file):
		discard()
		return nil, inFile(s, err)
	case err != nil:
		return nil, keepRecording(file, inFile(s, err), s, results)
	}
	r := &Recording{Frames: outcome.Frames, Capture: file.Name(), Status: outcome.Status}
	for _, f := range outcome.Failures {
		r.Failures = append(r.Failures, f.In(s.File))
	}
	if outcome.Incomplete != "" {
		r.Incomplete = s.File + ": " + outcome.Incomplete
	}
	judged := len(command) > 0 && judge.asks()
	if r.Frames == 0 {
		discard()
		r.Capture = ""
		if judged {
			r.Failures = append(r.Failures, s.File+": the scenario says what should be seen, and nothing was")
		}
		return r, nil
	}
	if judged {
		if r.Verdict, err = Check(s, File(r.Capture)); err != nil {
			return nil, err
		}
		if !r.Verdict.Pass && len(s.Steps) > 0 {
			r.Verdict.Note = wantOfSteps
		}
	}
	return r, r.finish(s, results, besideServer(s))
}

// besideServer is the entry of the index for a shell.
func besideServer(s *scenario.Scenario) report.Run {
	return report.Run{Title: "By hand, beside the server of " + s.Name, Network: string(s.Network.Kind)}
}

// keepRecording keeps what was recorded in a shell until an error, such as a signal that ended it. It returns the error,
// with the place of the capture.
func keepRecording(file *os.File, err error, s *scenario.Scenario, results string) error {
	kept := keepReadable(file.Name(), err)
	if _, gone := os.Stat(file.Name()); gone != nil {
		return kept
	}
	r := &Recording{Frames: countFrames(file), Capture: file.Name(), Incomplete: err.Error()}
	return errors.Join(kept, r.finish(s, results, besideServer(s)))
}

// wantOfSteps is the note of a verdict on a command in the place of a scenario's steps.
const wantOfSteps = "the scenario says what its own steps should send, and a command in their place may send something else; ftplab derive writes a want from a capture of the command"

// runShell runs a shell in a cell, and restores the terminal afterwards.
func runShell(ctx context.Context, s *scenario.Scenario, sh *byhand.Shell, t byhand.Terminal, file *os.File) (*runner.Outcome, error) {
	folder, err := filepath.Abs(filepath.Dir(file.Name()))
	if err != nil {
		return nil, err
	}
	defer t.Keep()()
	outcome, ended, err := runInCell(ctx, cell.Job{
		Spec:   job{File: s.File, Source: s.Source, Files: filepath.Join(folder, "files"), Format: pcapng.PCAPNG, Shell: sh},
		Files:  []*os.File{file, t.In, t.Out, t.Err},
		AllIDs: len(s.Server.Program) > 0,
		Grace:  shellGrace,
	}, nil)
	if err == nil {
		err = ended()
	}
	return outcome, err
}

// shellGrace is how long a cell may take to end the programs of a shell and to close what
// they left open.
const shellGrace = 15 * time.Second

// leastVolume is how many bytes the recorder of a shell is prepared for at least: what will
// be transferred there is not known.
const leastVolume = 32 << 20

// Record records what a network device of this machine sends and receives,
// until ctx ends. The results are in a new folder of its own, by-hand. Ready is called with
// the capture's path when recording has started: no later frame is missed.
func Record(ctx context.Context, device, results string, ready func(capture string)) (*Recording, error) {
	file, discard, err := createByHand(results, "by-hand")
	if err != nil {
		return nil, err
	}
	defer file.Close()
	w, err := pcapng.NewWriter(file, pcapng.PCAPNG, pcapng.Info{
		Application: "ftplab " + Version,
		Comment:     "Made by: ftplab capture " + device,
		Interface:   device,
		Remark:      deviceRemark,
	})
	if err != nil {
		return nil, err
	}
	err = byhand.Record(ctx, device, w, func() { ready(file.Name()) })
	if w.Frames() == 0 {
		discard()
		return &Recording{}, err
	}
	r := &Recording{Frames: w.Frames(), Capture: file.Name()}
	return r, errors.Join(err, r.finish(nil, results, report.Run{Title: "By hand, on " + device}))
}

// finish writes the walkthrough beside the capture, writes its sentences into the capture,
// and completes the entry of the index. A scenario is needed if there is a verdict.
func (r *Recording) finish(s *scenario.Scenario, results string, entry report.Run) error {
	entry.Name, entry.ByHand, entry.Frames = filepath.Base(filepath.Dir(r.Capture)), true, r.Frames
	entry.Outcome, entry.Failures, entry.Error = r.outcome(), len(r.Failures), r.Incomplete
	if r.Verdict != nil {
		entry.Failures += r.Verdict.differences()
	}
	err := writeWalkthrough(r.Capture, "ftplab explain --html "+filepath.Base(r.Capture), "", r, s, r.Verdict, Options{})
	addFiles(&entry, r.Capture)
	err = errors.Join(err, addToIndex(results, []report.Run{entry}))
	folder := filepath.Dir(r.Capture)
	entries, readErr := os.ReadDir(folder)
	for _, e := range entries {
		inheritOwner(filepath.Join(folder, e.Name()))
	}
	inheritOwner(filepath.Join(results, "index.json"), filepath.Join(results, "index.html"))
	return errors.Join(err, readErr)
}

// outcome is how the recording ended, as every output calls it.
func (r *Recording) outcome() Outcome {
	switch {
	case r.Incomplete != "":
		return outcome.Error
	case len(r.Failures) > 0:
		return Failed
	case r.Verdict != nil:
		return r.Verdict.Outcome()
	}
	return Recorded
}

// wrong says what is wrong with the recording besides what its verdict says.
func (r *Recording) wrong() []string {
	if r.Incomplete == "" {
		return r.Failures
	}
	return append(slices.Clone(r.Failures), r.Incomplete)
}

// deviceRemark says what is special about a capture from a device of a machine or a
// container.
const deviceRemark = "Taken on the machine that sent and received: what it sends is seen before the device " +
	"cuts it in segments and computes checksums. So there may be frames longer than the MTU and checksums that are partial: that is not an error here."

// createByHand makes a new folder, since a recording cannot be made again: name, or name-2
// if there is one, and so on. It creates the capture in it. Discard, for a capture without a
// frame, removes the folder and the folders above that were made for it, unless they hold
// other results by then.
func createByHand(results, name string) (file *os.File, discard func(), err error) {
	made := missingFolders(results)
	if len(made) > 0 {
		if err := os.MkdirAll(results, 0o777); err != nil {
			return nil, nil, fmt.Errorf("cannot make the results folder: %w", err)
		}
		inheritOwner(results)
	}
	folder := filepath.Join(results, name)
	err = os.Mkdir(folder, 0o777)
	for n := 2; errors.Is(err, os.ErrExist); n++ {
		folder = filepath.Join(results, fmt.Sprintf("%s-%d", name, n))
		err = os.Mkdir(folder, 0o777)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("cannot make a folder for the results: %w", err)
	}
	file, err = os.Create(filepath.Join(folder, "capture.pcapng"))
	if err != nil {
		return nil, nil, fmt.Errorf("cannot write the capture: %w", err)
	}
	inheritOwner(folder, file.Name())
	return file, func() {
		os.RemoveAll(folder) // new, so it holds nothing else but the files of the scenario's server
		for _, above := range made {
			os.Remove(above) // fails if it is not empty
		}
	}, nil
}

// missingFolders returns a folder and those above it that are not there, the deepest first.
func missingFolders(folder string) []string {
	above := filepath.Dir(folder)
	if _, err := os.Stat(folder); !errors.Is(err, os.ErrNotExist) || above == folder {
		return nil
	}
	return append([]string{folder}, missingFolders(above)...)
}

// hasNoFrames reports whether there is no frame in a capture. How a session ended is
// then of no interest: one that a closed terminal ends may end by itself first.
func hasNoFrames(file *os.File) bool { return countFrames(file) == 0 }

// countFrames counts the frames of a capture up to the first that cannot be read.
func countFrames(file *os.File) (n int) {
	r, err := pcapng.NewReader(io.NewSectionReader(file, 0, math.MaxInt64))
	if err != nil {
		return 0
	}
	for p := (pcapng.Packet{}); r.Next(&p) == nil; {
		n++
	}
	return n
}
