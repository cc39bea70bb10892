package report

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/expect"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/measure"
	"ftplab/lab/scenario"
)

// Notes are ways to show what a page says of packets.
type Notes string

// The ways.
const (
	ShowNotes Notes = "shown"
	HideNotes Notes = "hidden" // each is shown on a click
	NoNotes   Notes = "none"   // and no story
)

// A Report is what a walkthrough is made of. [New] makes one of a capture from
// elsewhere, of which no more is known.
type Report struct {
	Trace   *capture.Capture
	Packets *Packets

	// Scenario is what the capture was made by, Verdict and Figures what was
	// found when it was held against it.
	Scenario *scenario.Scenario
	Verdict  *expect.Verdict
	Figures  []measure.Result
	// Failures are what went wrong while the scenario was played, a line each.
	Failures []string

	// Capture is the capture's file name, beside which the page will lie.
	Capture string
	// Command makes this capture again, or, for one from elsewhere, this
	// walkthrough, in the form that it is written in.
	Command string

	// TCP says whose TCP the hosts have, such as "Linux's"; it is empty where
	// nobody knows.
	TCP string

	// Index is the address of the page that lists this capture among others, as seen from
	// the walkthrough; empty for none.
	Index string

	// Notes says how the page shows what it says of packets; ShowNotes when empty.
	Notes Notes

	// Log is the name of a file beside the page with what the server printed,
	// if it is a program; empty for none.
	Log string

	prepared bool
	surveyed survey
	packets  []*Packet
	lanes    lanes
	travels  travels
	lines    map[int][]*ftp.Line // of dialogue, by the packet with their end
	comments map[int]string
	purposes map[int]string // what the server did on purpose, by the packet of the command
	wrong    map[int][]string

	gathered     bool
	contents     []*content
	moreContents int
}

// New reads the packets of a capture to report on, which has to stay open while the
// report is written. A verdict on it, if there is one, tells which packets matter. What
// else is known of the capture is the caller's to set.
func New(c *capture.Capture, v *expect.Verdict) (*Report, error) {
	r := &Report{Trace: c, Packets: &Packets{wanted: matched(v), noFTP: c.NumSessions() == 0}, Verdict: v}
	for p := range c.Packets() {
		r.Packets.Add(p)
	}
	return r, c.Err()
}

// matched are the packets that a verdict speaks of.
func matched(v *expect.Verdict) map[int]bool {
	if v == nil {
		return nil
	}
	packets := map[int]bool{}
	for _, m := range v.Lines {
		packets[m.Packet] = true
	}
	for _, m := range v.Mismatches {
		packets[m.Packet] = true
	}
	return packets
}

// prepare works out, once, what all ways of writing the report share.
func (r *Report) prepare() {
	if r.prepared {
		return
	}
	r.prepared = true
	r.packets = r.Packets.All()
	r.survey()
	r.lanes = findLanes(&r.surveyed.hosts, r.packets, r.Scenario)
	r.travels = r.findTravels()
	n := newNotes(r.packets, r.surveyed.factsInOrder())
	r.lines = map[int][]*ftp.Line{}
	for s := range r.Trace.Sessions() {
		if s.Control.FirstPacket > n.last {
			break // nothing of it and of those that follow was kept
		}
		for _, l := range s.Lines {
			if n.kept[l.Packet] {
				r.lines[l.Packet] = append(r.lines[l.Packet], l)
			}
		}
		n.dialogue(s)
	}
	r.comments = n.finish(r.packets)
	r.judge()
	r.purposes = purposes(r.Scenario, r.Trace)
	for packet, text := range natPurposes(r.Scenario, r.Trace) {
		if text != "" {
			r.purposes[packet] = join(text, r.purposes[packet])
		}
	}
	for packet, text := range r.purposes {
		if n.kept[packet] {
			r.comments[packet] = join(text, r.comments[packet])
		}
	}
}

// judge adds what the verdict says.
func (r *Report) judge() {
	r.wrong = map[int][]string{}
	if r.Verdict == nil {
		return
	}
	for _, c := range r.Verdict.Connections {
		if c.ID >= 0 && c.ID < r.Trace.NumConnections() {
			r.surveyed.names.short[c.ID] = c.Name
		}
	}
	for packet, comment := range lineComments(r.Verdict) {
		r.comments[packet] = joinNote(comment, r.comments[packet])
	}
	for _, m := range r.Verdict.Mismatches {
		if m.Packet > 0 {
			r.wrong[m.Packet] = append(r.wrong[m.Packet], mismatchText(m))
		}
	}
}

func mismatchText(m expect.Mismatch) string {
	if m.Want == "" {
		return m.What
	}
	return m.What + "; wanted: " + m.Want
}

// lineComments are the scenario's own sentences, by the packets that matched
// their lines, with what the judge has to say on them.
func lineComments(v *expect.Verdict) map[int]string {
	comments := map[int]string{}
	for _, m := range v.Lines {
		text := m.Comment
		if m.Note != "" {
			text = join(text, upperFirst(strings.TrimSuffix(m.Note, "."))+".")
		}
		if m.Packet > 0 && text != "" {
			comments[m.Packet] = join(comments[m.Packet], text)
		}
	}
	return comments
}

// join makes one text of two sentences, either of which may be empty.
func join(a, b string) string {
	switch {
	case a == "" || b == "":
		return a + b
	case endsSentence(a):
		return a + " " + upperFirst(b)
	}
	return a + ". " + upperFirst(b)
}

// endsSentence reports whether a text ends with the end of a sentence, which a
// closing quotation mark or parenthesis may follow.
func endsSentence(text string) bool {
	text = strings.TrimRight(text, "\"”'’)")
	return text != "" && strings.ContainsAny(text[len(text)-1:], ".!?:")
}

// joinNote makes one text of the scenario's sentence on a packet and the note that is
// made of the capture; one that says the same again is left out.
func joinNote(comment, note string) string {
	if strings.Contains(comment, note) {
		return comment
	}
	if strings.Contains(note, strings.TrimRight(comment, ".")) {
		return note
	}
	return join(comment, note)
}

// WriteFiles writes walkthrough.html and walkthrough.md into a folder.
func (r *Report) WriteFiles(folder string) error {
	for name, write := range map[string]func(io.Writer) error{
		"walkthrough.html": r.HTML,
		"walkthrough.md":   r.Markdown,
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, name), b.Bytes(), 0o666); err != nil {
			return fmt.Errorf("cannot write the walkthrough: %w", err)
		}
	}
	return nil
}

// Title is what the page is called.
func (r *Report) Title() string {
	if r.Scenario != nil {
		return r.Scenario.Title
	}
	return "What " + visible(r.Capture) + " shows"
}

// CaptureLink is the address of the capture as seen from the page, "" if they need not lie
// beside each other.
func (r *Report) CaptureLink() string {
	if r.Command == "" {
		return ""
	}
	return (&url.URL{Path: r.Capture}).String()
}

// Story tells in a few sentences what the session shows, a paragraph each: in
// the scenario's own words, or in the facts.
func (r *Report) Story() []string {
	story := ""
	if r.Scenario != nil {
		story = r.Scenario.Story
	}
	if story == "" {
		r.prepare()
		story = factStory(r.Trace, &r.surveyed.transfer)
	}
	var paragraphs []string
	for _, p := range strings.Split(story, "\n\n") {
		if p = strings.Join(strings.Fields(p), " "); p != "" {
			paragraphs = append(paragraphs, p)
		}
	}
	return paragraphs
}

// Passed reports whether everything is as the scenario says; also if there is
// none, or none judged it.
func (r *Report) Passed() bool {
	return (r.Verdict == nil || r.Verdict.Pass) && len(r.Failures) == 0 &&
		!slices.ContainsFunc(r.Figures, func(f measure.Result) bool { return !f.OK })
}

// Comments are what the capture is to say beside its packets, by their
// numbers: all that the page says there; on the first packet of each connection
// which command announced it, and on the last one how it ended.
func (r *Report) Comments() map[int]string {
	r.prepare()
	comments := maps.Clone(r.comments)
	for c := range r.Trace.Connections() {
		if c.Role != ftp.Other {
			name := r.surveyed.names.of(c).the
			comments[c.FirstPacket] = join(r.lanes.announcedBy(c, name), comments[c.FirstPacket])
			if end := r.lanes.closes(c, name); end != "" {
				comments[c.LastPacket] = join(comments[c.LastPacket], end)
			}
		}
	}
	return comments
}

// FileComment is what a capture says of itself as a whole: the scenario, the
// command that makes it again, the network, and whose TCP its hosts have.
func FileComment(s *scenario.Scenario, command, tcp string) string {
	return fmt.Sprintf("%s: %s\nMade by: %s\nNetwork: %s\nTCP: %s", s.Name, s.Title, command, networkText(s), tcp)
}
