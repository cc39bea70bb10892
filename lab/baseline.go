package lab

import (
	"fmt"

	"ftplab/lab/analysis/baseline"
	"ftplab/lab/analysis/capture"
)

// Baseline compares a capture with normal FTP: with the rules that every normal
// session keeps, and with a profile of what varies, such as [baseline.Normal]. The
// error is [ErrNoPackets] for a capture without a packet.
func Baseline(src Source, normal *baseline.Profile) (*baseline.Assessment, error) {
	e, err := src.evidence()
	if err != nil {
		return nil, err
	}
	defer e.Close()
	return e.Check(normal)
}

// Learn learns a profile of normal FTP from a capture, and calls it source. It is
// an error if the capture has no FTP session.
func Learn(src Source, source string) (*baseline.Profile, error) {
	e, err := src.evidence()
	if err != nil {
		return nil, err
	}
	defer e.Close()
	if e.NumSessions() == 0 {
		return nil, fmt.Errorf("%s: there is no FTP session in this capture, so nothing was learned", src.name)
	}
	return e.Learn(source)
}

// evidence gathers what a capture shows of its sessions.
func (s Source) evidence() (*baseline.Evidence, error) {
	c, err := s.openFull(capture.Options{NoHash: true})
	if err != nil {
		return nil, err
	}
	s.warn(c.Cut)
	e, err := baseline.Gather(c)
	if err != nil {
		c.Close()
		return nil, err
	}
	return e, nil
}
