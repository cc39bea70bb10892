package lab

import (
	"fmt"
	"io"

	"ftplab/lab/analysis/baseline"
	"ftplab/lab/analysis/baseline/alert"
	"ftplab/lab/analysis/baseline/profile"
	"ftplab/lab/analysis/capture"
)

// Baseline compares a capture with normal FTP: with the rules that every normal
// session keeps, and with a profile of what varies, such as [profile.Normal]. A
// capture without a packet cannot be judged. If it is cut off before its first one, the
// error is [ErrNoPackets].
func Baseline(src Source, normal *profile.Profile) (*baseline.Assessment, error) {
	e, err := src.evidence()
	if err != nil {
		return nil, err
	}
	defer e.Close()
	return e.Check(normal)
}

// Alerts is [Baseline] with the time, the addresses and the ports of each finding, for a
// SIEM (package alert has the formats). What suppressions cover is left out, and the
// verdict is that of the rest; nil suppresses nothing.
func Alerts(src Source, normal *profile.Profile, suppressions *alert.Suppressions) (*alert.Report, error) {
	r, _, err := alerts(src, normal, suppressions, false)
	return r, err
}

// AlertPage does what Alerts does, and writes the findings as a page.
func AlertPage(w io.Writer, src Source, normal *profile.Profile, suppressions *alert.Suppressions) (*alert.Report, error) {
	r, frames, err := alerts(src, normal, suppressions, true)
	if err != nil {
		return nil, err
	}
	return r, r.Assessment.WriteHTML(w, src.name, frames)
}

func alerts(src Source, normal *profile.Profile, suppressions *alert.Suppressions, withFrames bool) (r *alert.Report, frames []baseline.Frame, err error) {
	e, err := src.evidence()
	if err != nil {
		return nil, nil, err
	}
	defer e.Close()
	r = &alert.Report{Name: src.name, Start: e.Capture.Start}
	if r.Assessment, err = e.Check(normal); err != nil {
		return nil, nil, err
	}
	if r.Alerts, err = alert.Locate(e.Capture, r.Assessment.Findings); err != nil {
		return nil, nil, err
	}
	if suppressions != nil {
		suppressions.Apply(r)
	}
	if withFrames {
		frames, err = r.Assessment.ReadFrames(e.Capture)
	}
	return r, frames, err
}

// Learn learns a profile of normal FTP from a capture, and calls it source. It is
// an error if the capture has no FTP session, if it breaks a rule that every normal
// session keeps, or if nothing of its sessions can be judged and none is in TLS.
func Learn(src Source, source string) (*profile.Profile, error) {
	e, err := src.evidence()
	if err != nil {
		return nil, err
	}
	defer e.Close()
	if e.NumSessions() == 0 {
		return nil, fmt.Errorf("%s: there is no FTP session in this capture, so nothing was learned", src.name)
	}
	a, err := e.Check(nil)
	if err != nil {
		return nil, err
	}
	switch {
	case a.Verdict == baseline.CannotJudge && a.Judged.Hidden == 0: // of TLS, a profile learns how much there is
		return nil, fmt.Errorf("%s: this capture cannot be judged (%s), so nothing was learned from it", src.name, a.Judged)
	case a.Verdict == baseline.NotNormal:
		f := a.Findings[0]
		return nil, fmt.Errorf("%s: this capture is not normal FTP (%s in frame %d: %s), so nothing was learned from it", src.name, f.Rule, f.Packets[0], f.Observed)
	}
	return e.Learn(source)
}

// evidence gathers what a capture shows of its sessions.
func (s Source) evidence() (*baseline.Capture, error) {
	c, err := s.open(capture.Options{NoHash: true})
	if err != nil {
		return nil, err
	}
	if c.Size == 0 && c.Cut != "" {
		c.Close()
		return nil, fmt.Errorf("%s: %w", s.name, NoPackets(c.Cut))
	}
	s.warn(c)
	e, err := baseline.Gather(c)
	if err != nil {
		c.Close()
		return nil, err
	}
	return e, nil
}
