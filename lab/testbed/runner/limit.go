package runner

import (
	"context"
	"fmt"

	"ftplab/lab/pcapng"
	"ftplab/lab/scenario"
)

// stopAtLimit cancels the session when its capture has reached the limit, so that a server
// or a client that sends without end cannot fill the disk. It returns the cause of that.
// The recorder goes on until the session has ended, so no frame is missing. A session by
// hand has no limit, because a person sees what happens.
func (r Recording) stopAtLimit(s *scenario.Scenario, w *pcapng.Writer, cancel context.CancelCauseFunc) (stopped error) {
	limit := r.Limit
	if limit == 0 {
		limit = usualLimit(s)
	}
	stopped = fmt.Errorf("the session was stopped, because its capture has reached %d MiB: the server or a client may send without end. "+
		"The limit is 256 MiB plus four times the size of the scenario's files at each place of capture; to raise it, declare larger files with the setting file", limit>>20)
	if !r.ByHand {
		w.Limit(limit, func() { cancel(stopped) })
	}
	return stopped
}

// usualLimit returns the limit of a scenario's capture. What its files have may cross the
// network several times, and is recorded at each place.
func usualLimit(s *scenario.Scenario) int64 {
	total := s.Network.Volume
	for _, files := range [][]scenario.File{s.Files, s.Local} {
		for _, f := range files {
			total += f.Size + int64(len(f.Content))
		}
	}
	return 256<<20 + 4*total*int64(len(s.Network.Places()))
}

// stoppedAt returns the failure of a session that was stopped, in the place of those of
// its steps: at the first step that had not ended.
func stoppedAt(failures []Failure, stopped error) []Failure {
	f := Failure{Message: stopped.Error()}
	if len(failures) > 0 {
		f.Line = failures[0].Line
	}
	return []Failure{f}
}
