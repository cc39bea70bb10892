package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"ftplab/lab/analysis/baseline"
	"ftplab/lab/analysis/baseline/alert"
	"ftplab/lab/analysis/baseline/profile"
	"ftplab/lab/analysis/live"
	"ftplab/lab/analysis/report/text"
	"ftplab/lab/pcapng"
	"ftplab/lab/testbed/byhand"
)

// A Growing is a capture that is being made: by this program on a network device, or by
// another program in a file or a stream.
type Growing struct {
	// Device is a network device of this machine. It needs Linux, and root or CAP_NET_RAW.
	Device string
	// File is a capture file that grows, or a folder in which a recorder writes one file
	// after the other.
	File string
	// Stream is a capture that comes through a pipe.
	Stream io.Reader
	// Exactly one of these three is set.

	// KeyLog is the path of a file with the keys of TLS sessions; "" for none.
	KeyLog string
	// Warn is called with a sentence about what could not be read.
	Warn func(sentence string)
	// Ready, if it is set, is called when recording a device has started.
	Ready func()
}

// name is what messages call it.
func (g Growing) name() string {
	switch {
	case g.Device != "":
		return g.Device
	case g.File != "":
		return g.File
	}
	return "standard input"
}

// read reads it until ctx ends or it does, and reports each session when it has ended. It warns once of each limit that
// a session reaches.
func (g Growing) read(ctx context.Context, o live.Options, each func(*live.Session) error) (err error) {
	warned := map[string]bool{}
	report := func(s *live.Session) error {
		if s.Cut != "" && !warned[s.Cut] {
			warned[s.Cut] = true
			g.Warn(fmt.Sprintf("%s, frames %d to %d: %s", g.name(), s.First, s.Last, s.Cut))
		}
		return each(s)
	}
	if g.KeyLog != "" {
		if o.KeyLog, err = readKeyLog(g.KeyLog); err != nil {
			return err
		}
	}
	var source live.Source
	switch {
	case g.Device != "":
		return g.readDevice(ctx, o, report)
	case g.File != "":
		source, err = live.Follow(ctx, g.File, isCaptureName, g.Warn)
	default:
		if source, err = live.Stream(ctx, g.Stream); err != nil {
			err = fmt.Errorf("%s: %w", g.name(), err)
		}
	}
	if err != nil {
		return err
	}
	err = live.Read(source, o, report)
	if damage := new(pcapng.Damage); errors.As(err, &damage) {
		g.Warn(fmt.Sprintf("%s: %v; what comes before it is complete", g.name(), damage))
		return nil
	}
	return err
}

// readDevice is read for a device, which this program records.
func (g Growing) readDevice(ctx context.Context, o live.Options, report func(*live.Session) error) error {
	recording, stop := context.WithCancel(ctx)
	defer stop()
	from, to := io.Pipe()
	recorded := make(chan error, 1)
	go func() {
		w, err := pcapng.NewWriter(to, pcapng.PCAPNG, pcapng.Info{Interface: g.Device})
		if err == nil {
			err = byhand.Record(recording, g.Device, w, func() {
				if g.Ready != nil {
					g.Ready()
				}
			})
		}
		to.Close()
		recorded <- err
	}()
	source, err := live.Stream(context.WithoutCancel(ctx), from) // it ends with the recorder
	if err == nil {
		err = live.Read(source, o, report)
	}
	stop()
	from.CloseWithError(errors.New("nothing is read any longer"))
	return errors.Join(err, <-recorded)
}

// ExplainGrowing writes what each session of a growing capture shows when the session has
// ended, and, when ctx ends or the capture does, what the others show so far. A connection to
// a port of FTP without a dialogue is one of its own. The forms are [Story] and [JSONLines].
// The numbers of packets count on over all files of a recorder.
func ExplainGrowing(ctx context.Context, w io.Writer, g Growing, e Explanation) error {
	n, printed := 0, false
	return g.read(ctx, live.Options{Hash: !e.NoHash}, func(s *live.Session) error {
		name := fmt.Sprintf("%s, frames %d to %d", g.name(), s.First, s.Last)
		if s.Capture.NumSessions() > 0 {
			n++
			name = fmt.Sprintf("%s, session %d", g.name(), n)
		}
		if e.Form == JSONLines {
			return text.JSONLines(w, name, s.Capture)
		}
		if printed {
			fmt.Fprintf(w, "\n%s\n\n", strings.Repeat("=", 80))
		}
		printed = true
		return text.Story(w, name, s.Capture)
	})
}

// AlertsGrowing compares each session of a growing capture with what is normal when the
// session has ended, together with earlier sessions between the same hosts, and passes the
// findings to report. It does not find what involves more than two hosts, such as a sweep.
func AlertsGrowing(ctx context.Context, g Growing, normal *profile.Profile, suppressions *alert.Suppressions, report func(*alert.Report) error) error {
	n := 0
	var last *live.Session
	var all alert.Report // of its capture, which may have several sessions to report
	return g.read(ctx, live.Options{Context: true}, func(s *live.Session) error {
		if last == nil || s.Capture != last.Capture {
			e, err := baseline.Gather(s.Capture)
			if err != nil {
				return err
			}
			if all.Assessment, err = e.Check(normal); err != nil {
				return err
			}
			if all.Alerts, err = alert.Locate(s.Capture, all.Assessment.Findings); err != nil {
				return err
			}
			last = s
		}
		assessment := *all.Assessment
		r := &alert.Report{Assessment: &assessment, Start: startOf(s), Alerts: all.Alerts, Session: true, LeftOut: s.Cut}
		r.Keep(s.Own)
		if suppressions != nil {
			suppressions.Apply(r)
		}
		if s.Control < 0 && len(r.Alerts) == 0 {
			return nil
		}
		n++
		r.Name = fmt.Sprintf("%s, session %d, frames %d to %d", g.name(), n, s.First, s.Last)
		return report(r)
	})
}

// startOf is the stamp of the first packet of a session, or of its capture if it has no control connection.
func startOf(s *live.Session) int64 {
	for c := range s.Capture.Connections() {
		if c.ID == s.Control {
			return c.FirstTime
		}
	}
	return s.Capture.Start
}
