package worker

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"ftplab/lab"
	"ftplab/lab/analysis/baseline"
	"ftplab/lab/analysis/baseline/profile"
	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/replay"
	"ftplab/lab/analysis/report"
	"ftplab/lab/analysis/report/text"
)

// An opened capture is the capture that the calls in this file use.
type opened struct {
	path, name string
	*capture.Capture
	sketched *sketch  // nil until it is requested
	reading  *reading // the current search in its packets
}

// A summary has the first facts about a capture, known when it is opened.
type summary struct {
	Name        string `json:"name"`
	Packets     int    `json:"packets"`
	Connections int    `json:"connections"`
	Sessions    int    `json:"sessions"`
	Began       string `json:"began"`
	Damage      string `json:"damage,omitempty"` // why it was not read to its end
	Flaw        string `json:"flaw,omitempty"`   // where it contradicts itself
}

// open opens the capture in a file. It replaces the one before.
func (w *Worker) open(file struct{ Path, Name string }) (*summary, error) {
	if w.opened != nil {
		w.opened.close()
		w.opened = nil
	}
	if err := os.RemoveAll(w.extractFolder()); err != nil {
		return nil, err
	}
	c, err := capture.Open(file.Path, capture.Options{NoHash: true})
	if err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), file.Path+": "))
	}
	if c.Size == 0 {
		c.Close()
		return nil, lab.NoPackets(c.Cut)
	}
	w.opened = &opened{path: file.Path, name: file.Name, Capture: c}
	return &summary{
		Name: file.Name, Packets: c.Size, Connections: c.NumConnections(), Sessions: c.NumSessions(),
		Began: time.Unix(0, c.Start).UTC().Format("2 January 2006, 15:04:05 UTC"), Damage: c.Cut, Flaw: c.Flaw,
	}, nil
}

func (o *opened) close() {
	if o.reading != nil {
		o.reading.stop()
	}
	o.Close()
}

// capture returns the open capture.
func (w *Worker) capture() (*opened, error) {
	if w.opened == nil {
		return nil, errors.New("no capture is open")
	}
	return w.opened, nil
}

// mostStory is how much of a story is shown, in bytes.
const mostStory = 512 << 10

// A story is the output of `ftplab explain`.
type story struct {
	Text string `json:"text"`
	More bool   `json:"more"` // it was cut
}

func (w *Worker) story(nothing) (story, error) {
	o, err := w.capture()
	if err != nil {
		return story{}, err
	}
	out := &beginning{most: mostStory}
	if err := text.Story(out, o.name, o.Capture); err != nil && !errors.Is(err, errEnough) {
		return story{}, err
	}
	return story{out.String(), out.more}, nil
}

// A beginning is a writer that keeps the first bytes, up to the end of a line, and then
// returns an error.
type beginning struct {
	bytes.Buffer
	most int
	more bool
}

var errEnough = errors.New("no more is wanted")

func (b *beginning) Write(data []byte) (int, error) {
	if b.Len()+len(data) <= b.most {
		return b.Buffer.Write(data)
	}
	b.more = true
	return 0, errEnough
}

// A sketch describes a capture in a few sentences and two pictures.
type sketch struct {
	Story  []string `json:"story"`  // paragraphs
	Hosts  string   `json:"hosts"`  // HTML
	Ladder string   `json:"ladder"` // HTML
}

func (w *Worker) sketch(nothing) (*sketch, error) {
	o, err := w.capture()
	if err != nil {
		return nil, err
	}
	if o.sketched != nil {
		return o.sketched, nil
	}
	r, err := report.New(o.Capture, nil)
	if err != nil {
		return nil, err
	}
	r.Capture = o.name
	var hosts, ladder strings.Builder
	if err := r.Draw(&hosts, &ladder); err != nil {
		return nil, err
	}
	o.sketched = &sketch{r.Story(), hosts.String(), ladder.String()}
	return o.sketched, nil
}

// moments returns what happens at the first packets, for the player.
func (w *Worker) moments(nothing) ([]replay.Moment, error) {
	o, err := w.capture()
	if err != nil {
		return nil, err
	}
	return slices.Collect(replay.Moments(o.Capture, mostMoments)), o.Err()
}

// A page is a whole page of HTML.
type page struct {
	HTML string `json:"html"`
}

// walkthrough returns the output of `ftplab explain --html`.
func (w *Worker) walkthrough(nothing) (page, error) {
	o, err := w.capture()
	if err != nil {
		return page{}, err
	}
	var b strings.Builder
	err = lab.Walkthrough(&b, lab.File(o.path))
	return page{b.String()}, err
}

// A verdict is the comparison of the capture with normal FTP.
type verdict struct {
	*baseline.Assessment
	Extent string `json:"extent"` // how much of the capture could be judged, in words
}

func (w *Worker) verdict(nothing) (*verdict, error) {
	o, err := w.capture()
	if err != nil {
		return nil, err
	}
	a, err := lab.Baseline(lab.File(o.path), profile.Normal())
	if err != nil {
		return nil, err
	}
	return &verdict{a, a.Judged.String()}, nil
}

// mostConnections is how many connections are listed.
const mostConnections = 2000

// A connection is an entry of the list of connections.
type connection struct {
	ID   int    `json:"id"`
	Role string `json:"role"`
	Text string `json:"text"`
}

func (w *Worker) connections(nothing) ([]connection, error) {
	o, err := w.capture()
	if err != nil {
		return nil, err
	}
	list := []connection{}
	for c := range o.Connections() {
		if len(list) == mostConnections {
			break
		}
		what := string(c.Role)
		if c.Transfer != nil {
			what += " (" + commandText(c.Transfer) + ")"
		}
		list = append(list, connection{c.ID, string(c.Role), fmt.Sprintf("%d: %s, %v and %v", c.ID, what, c.Client, c.Server)})
	}
	return list, o.Err()
}

// commandText returns a command with its argument, safe to show.
func commandText(t *ftp.Transfer) string {
	const most = 100
	line := text.Escape(strings.TrimSpace(t.Command + " " + t.Argument))
	if len(line) > most {
		line = strings.ToValidUTF8(line[:most], "") + "…"
	}
	return line
}
