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
	"ftplab/lab/outcome"
	"ftplab/lab/scenario"
)

// Notes says how a page shows the explanations of packets.
type Notes string

// The values of Notes.
const (
	ShowNotes Notes = "shown"
	HideNotes Notes = "hidden" // a click shows each
	NoNotes   Notes = "none"   // none, and no story
)

// A Report has the contents of a walkthrough. [New] makes one from a capture; the
// caller sets what else is known about it.
type Report struct {
	Trace   *capture.Capture
	Packets *Packets

	// Scenario is the scenario that made the capture; Verdict and Figures are the
	// results of judging and measuring the capture.
	Scenario *scenario.Scenario
	Verdict  *expect.Verdict
	Figures  []measure.Result
	// Failures says what went wrong while the scenario ran: one line each, and below it
	// the last lines that a program printed.
	Failures []string

	// Ended is how a recording by hand ended; "" for others, which the fields above tell.
	Ended outcome.Outcome

	// Capture is the capture's file name, in the folder of the page.
	Capture string
	// Command is the command that makes this capture again. For a capture that ftplab
	// did not make, it makes this walkthrough again, in the same format.
	Command string

	// TCP names the TCP implementation of the hosts, such as "Linux's"; it is empty if
	// it is not known.
	TCP string

	// Index is the address of the page that lists this capture among others, as seen from
	// the walkthrough; empty for none.
	Index string

	// Notes says how the page shows the explanations of packets; empty is ShowNotes.
	Notes Notes

	// Log is the name of a file, in the folder of the page, with the output of a server
	// that is a program; empty for none.
	Log string

	prepared bool
	surveyed survey
	packets  []*Packet
	hosts    lanes
	lanes    lanes // the hosts that are drawn
	travels  travels
	lines    map[int][]*ftp.Line // of the dialogue, by the packet with their end
	tls      tlsView
	comments map[int]string
	purposes map[int]string // what the server did by a rule, by the packet of the command
	wrong    map[int][]string

	gathered     bool
	contents     []*content
	moreContents int
}

// New reads the packets of a capture and returns a report on it. The capture must stay
// open while the report is written. The packets of the verdict, if there is one, are
// always kept. The caller sets the other fields.
func New(c *capture.Capture, v *expect.Verdict) (*Report, error) {
	r := &Report{Trace: c, Packets: &Packets{wanted: matched(v), noFTP: c.NumSessions() == 0}, Verdict: v}
	for p := range c.Packets() {
		r.Packets.Add(p)
	}
	return r, c.Err()
}

// matched returns the numbers of the packets in a verdict.
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

// prepare computes, once, what all formats of the report share.
func (r *Report) prepare() {
	if r.prepared {
		return
	}
	r.prepared = true
	r.packets = r.Packets.All()
	r.survey()
	r.hosts = findLanes(&r.surveyed.hosts, r.packets, r.Scenario, r.Trace.Names)
	r.lanes = r.hosts.drawn()
	r.travels = r.findTravels()
	n := newNotes(r.packets, r.surveyed.factsInOrder(), r.Verdict, r.lanes.partyName)
	n.explains, n.refusedBefore = explainedAddresses(r.Scenario), r.Trace.RefusedBefore
	r.lines, r.tls = map[int][]*ftp.Line{}, newTLSView()
	for _, c := range n.connections {
		r.tls.add(c.ID, c.TLS)
	}
	for s := range r.Trace.Sessions() {
		if s.Control.FirstPacket > n.last {
			break // no packet of it or of later connections was kept
		}
		for _, l := range s.Lines {
			if n.kept[l.Packet] {
				r.lines[l.Packet] = append(r.lines[l.Packet], l)
			}
		}
		n.dialogue(s)
		r.tls.add(s.Control.ID, s.Layer)
	}
	for packet, all := range r.Trace.Rewritings {
		for _, w := range all {
			n.add(packet, "An application-level gateway rewrites this line: at %s it is %s, in packet %d.", visible(w.Place), visible(w.Text), w.Packet)
		}
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

// judge adds the results of the verdict.
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

// lineComments returns the comments of the want, by the packets that matched their
// lines, with the remarks of the judge.
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

// join joins two sentences. Each may be empty.
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

// joinNote joins the scenario's sentence about a packet and the note from the capture.
// It leaves out a note that repeats the sentence.
func joinNote(comment, note string) string {
	if strings.Contains(comment, note) {
		return comment
	}
	if strings.Contains(note, strings.TrimRight(comment, ".")) {
		return note
	}
	return join(comment, note)
}

// joinComment joins a sentence about a packet and the comment on it, unless the sentence has all words of the comment.
func joinComment(sentence, comment string) string {
	has := map[string]bool{}
	for _, word := range wordsOf(strings.ToLower(sentence)) {
		has[word] = true
	}
	if !slices.ContainsFunc(wordsOf(strings.ToLower(comment)), func(word string) bool { return !has[word] }) {
		return sentence
	}
	return join(sentence, comment)
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

// Title returns the title of the page.
func (r *Report) Title() string {
	if r.Scenario != nil {
		return r.Scenario.Title
	}
	return "What " + visible(r.Capture) + " shows"
}

// CaptureLink returns the address of the capture relative to the page, "" if it may be
// in another folder.
func (r *Report) CaptureLink() string {
	if r.Command == "" {
		return ""
	}
	return (&url.URL{Path: r.Capture}).String()
}

// Story returns a few paragraphs about the session: the story of the scenario or,
// without one, the facts of the capture.
func (r *Report) Story() []string {
	story := ""
	if r.Scenario != nil {
		story = r.Scenario.Story
	}
	if story == "" {
		r.prepare()
		story = r.factStory()
	}
	var paragraphs []string
	for _, p := range strings.Split(story, "\n\n") {
		if p = strings.Join(strings.Fields(p), " "); p != "" {
			paragraphs = append(paragraphs, p)
		}
	}
	return paragraphs
}

// Passed reports whether everything is as the scenario says. It is true without a
// scenario or a verdict.
func (r *Report) Passed() bool {
	return (r.Verdict == nil || r.Verdict.Pass) && len(r.Failures) == 0 &&
		!slices.ContainsFunc(r.Figures, func(f measure.Result) bool { return !f.OK })
}

// Comments returns the comments for the packets of the capture, by their numbers: the
// explanations of the page. The comment of the first packet of each connection also
// says which command announced it, and that of the last packet how it ended.
func (r *Report) Comments() map[int]string {
	r.prepare()
	comments := maps.Clone(r.comments)
	for c := range r.Trace.Connections() {
		if c.Role != ftp.Other || r.surveyed.beside.ids[c.ID] {
			name := r.surveyed.names.of(c).the
			comments[c.FirstPacket] = joinComment(r.hosts.announcedBy(c, name), comments[c.FirstPacket])
			if end := r.closes(c, name); end != "" {
				comments[c.LastPacket] = join(comments[c.LastPacket], end)
			}
		}
	}
	return comments
}

// FileComment returns the comment for the whole capture: the scenario, the command that
// makes it again, the network, and the TCP implementation of its hosts.
func FileComment(s *scenario.Scenario, command, tcp string) string {
	return fmt.Sprintf("%s: %s\nMade by: %s\nNetwork: %s\nTCP: %s", s.Name, s.Title, command, networkText(s), tcp)
}
