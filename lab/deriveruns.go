package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/expect"
	"ftplab/lab/oserror"
	"ftplab/lab/scenario"
)

// DeriveRuns runs the session of a scenario n times, and writes the section `want` that all
// of the captures pass: what they have in common. What depends on chance (ports, times,
// names, whose reset comes) is a star or left open. On gVisor's TCP each run has a seed of
// its own.
//
// What the scenario wants now does not matter. An error means that a run failed, or
// that the runs have nothing in common; it never writes a want that one of them fails.
// Options.Results, Removed and Live are not used.
func DeriveRuns(ctx context.Context, w io.Writer, s *scenario.Scenario, o Options, n int) error {
	folder, err := os.MkdirTemp("", "ftplab-")
	if err != nil {
		return err
	}
	defer removeAll(folder)
	asked := *s
	asked.Want, asked.Figures, asked.Questions = scenario.Section{}, scenario.Section{}, scenario.Section{}
	seed := o.seed()
	o.Live, o.Removed = nil, true
	var captures, wants []string
	for i := range n {
		o.Results, o.Seed = filepath.Join(folder, fmt.Sprint(i)), seed+uint64(i)
		result, err := Run(ctx, &asked, o)
		if err != nil {
			return err
		}
		if result.Outcome == Failed {
			return fmt.Errorf("run %d of %d failed, so there is nothing to derive from:%s", i+1, n, oserror.Below(result.Report))
		}
		var want bytes.Buffer
		if err := Derive(&want, File(result.Capture), s); err != nil {
			return err
		}
		captures, wants = append(captures, result.Capture), append(wants, strings.TrimPrefix(want.String(), wantHeading))
	}
	common, err := expect.Common(wants)
	if err != nil {
		return fmt.Errorf("%s: the runs have no want in common: %w", s.File, err)
	}
	if common, err = passedByAll(common, captures, s); err != nil {
		return err
	}
	_, err = io.WriteString(w, wantHeading+common)
	return err
}

// passedByAll leaves those connections of a want open that one of the captures fails.
func passedByAll(want string, captures []string, s *scenario.Scenario) (string, error) {
	for range 3 {
		irregular := map[string]bool{}
		for _, path := range captures {
			if err := failing(want, path, s, irregular); err != nil {
				return "", err
			}
		}
		if len(irregular) == 0 {
			return want, nil
		}
		var err error
		if want, err = expect.Skip(want, irregular); err != nil {
			return "", err
		}
	}
	return "", errors.New("the runs are too different for one want")
}

// failing adds the names of the connections that a capture fails.
func failing(want, path string, s *scenario.Scenario, names map[string]bool) error {
	w, err := expect.Parse("derived", 1, want)
	if err != nil {
		return err
	}
	c, err := capture.Open(path, capture.Options{ControlPorts: expect.ControlPorts(s)})
	if err != nil {
		return err
	}
	defer c.Close()
	v, err := w.Judge(c, hostsOf(s))
	if err != nil {
		return err
	}
	for _, m := range v.Mismatches {
		names[m.Connection] = true
	}
	return nil
}
