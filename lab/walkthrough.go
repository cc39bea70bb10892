package lab

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/expect"
	"ftplab/lab/analysis/report"
	"ftplab/lab/pcapng"
	"ftplab/lab/scenario"
	"ftplab/lab/testbed/runner"
)

// writeWalkthrough writes the walkthrough of a capture beside it, if pages are wanted, and
// writes its sentences into the capture as comments. One that was recorded by hand has perhaps no
// scenario and no verdict, and without a verdict the page does not show the scenario; hand is nil for other captures.
func writeWalkthrough(path, command, tcp string, hand *Recording, s *scenario.Scenario, v *Verdict, o Options) error {
	c, err := capture.Open(path, capture.Options{NoHash: true, ControlPorts: expect.ControlPorts(s)})
	if err != nil {
		return err
	}
	defer c.Close()
	judged := s
	if v == nil {
		judged, v = nil, &Verdict{}
	}
	r, err := report.New(c, v.Want)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	r.Scenario, r.Figures, r.Failures = judged, v.Figures, failureLines(v.Scenario, v.Failures)
	r.Capture, r.Command, r.TCP, r.Log = filepath.Base(path), command, tcp, logBeside(path)
	r.Index, r.Notes = "../index.html", o.Notes
	if hand != nil {
		r.Ended, r.Failures = hand.outcome(), append(r.Failures, hand.wrong()...)
	}
	if !o.NoWalkthrough {
		if err := r.WriteFiles(filepath.Dir(path)); err != nil {
			return err
		}
	}
	if filepath.Ext(path) != "."+string(pcapng.PCAPNG) {
		return nil // has no room for comments
	}
	return annotate(path, r.Comments())
}

func failureLines(file string, failures []runner.Failure) []string {
	var lines []string
	for _, f := range failures {
		lines = append(lines, f.In(file))
	}
	return lines
}

// annotate writes comments into a capture.
func annotate(path string, comments map[int]string) error {
	err := rewrite(path, func(to io.Writer, from io.Reader) error { return pcapng.Annotate(to, from, comments, "") })
	if err != nil {
		return fmt.Errorf("cannot write comments into the capture: %w", err)
	}
	return nil
}

// rewrite writes a capture anew. Until that is done the capture stays as it was.
func rewrite(path string, write func(to io.Writer, from io.Reader) error) error {
	from, err := os.Open(path)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.CreateTemp(filepath.Dir(path), rewritten+"*")
	if err != nil {
		return namedAs(err, path)
	}
	defer os.Remove(to.Name()) // does nothing once it has its new name
	info, err := from.Stat()
	if err == nil {
		err = to.Chmod(info.Mode())
	}
	err = errors.Join(err, write(to, bufio.NewReader(from)), to.Close())
	if err != nil {
		return namedAs(err, path)
	}
	return os.Rename(to.Name(), path)
}

// rewritten is how the name of a capture begins until it is written anew.
const rewritten = ".capture-"

// removeRewritten removes such captures of a run that was killed.
func removeRewritten(folder string) error {
	entries, err := os.ReadDir(folder)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), rewritten) {
			err = errors.Join(err, os.Remove(filepath.Join(folder, e.Name())))
		}
	}
	return err
}

// namedAs is an error of a temporary file, with the name of the file whose place it should have
// taken.
func namedAs(err error, path string) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return &fs.PathError{Op: e.Op, Path: path, Err: e.Err}
	}
	return err
}
