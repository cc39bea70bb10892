package lab

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/expect"
	"ftplab/lab/analysis/measure"
	"ftplab/lab/analysis/question"
	"ftplab/lab/oserror"
	"ftplab/lab/outcome"
	"ftplab/lab/scenario"
	"ftplab/lab/testbed/runner"
)

// verdictVersion is that of the JSON of a Verdict. It rises when a field goes away or changes its meaning.
const verdictVersion = 1

// A Verdict says how far a capture is what a scenario asks for. As JSON, it also has the
// [Verdict.Outcome] as "outcome", and [Verdict.Judged] as "judged"; verdict.schema.json describes
// each field.
type Verdict struct {
	Scenario string `json:"scenario"`
	Capture  string `json:"capture"`
	Pass     bool   `json:"pass"` // nothing is wrong, as far as the scenario says what should be

	// TCP is whose TCP carried the run; empty for the verdict on a capture alone.
	TCP scenario.TCP `json:"tcp,omitempty"`

	// Failures are what server and client of a run saw themselves. If the capture is as wanted,
	// they are the questions of the scenario that have a mistake; only these are also in the
	// verdict on a capture alone.
	Failures []runner.Failure `json:"failures,omitempty"`

	// Unanswered are the questions that cannot be answered because the capture lacks something,
	// although it is as wanted.
	Unanswered []runner.Failure `json:"unanswered,omitempty"`

	// Stalls are the times in which the machine did not let server and client run. A run may
	// fail because of them, and not because of its scenario.
	Stalls []runner.Stall `json:"stalls,omitempty"`

	// Note is a remark for the user about how the server ran.
	Note string `json:"note,omitempty"`

	// Want is the judgement of the section `want`; nil if there is none.
	Want *expect.Verdict `json:"want,omitempty"`

	// Cut says why the capture was read no further than to its last whole
	// packet; it is empty for a file that is whole.
	Cut string `json:"cut,omitempty"`

	// Figures are the measurements of the section `figures`.
	Figures []measure.Result `json:"figures,omitempty"`

	// Files are the other files that a run left in the folder of its results, each with its
	// SHA-256 in hexadecimal; "" if that is not known. That of a walkthrough is computed
	// without the links to other walkthroughs. The next run replaces or removes these files,
	// and no others.
	Files FileDigests `json:"files,omitempty"`
}

// FileDigests are files by their paths, each with its SHA-256 in hexadecimal, or "".
type FileDigests map[string]string

// UnmarshalJSON also reads a list of paths, as earlier versions of ftplab wrote.
func (f *FileDigests) UnmarshalJSON(text []byte) error {
	var paths []string
	if json.Unmarshal(text, &paths) != nil || paths == nil {
		return json.Unmarshal(text, (*map[string]string)(f))
	}
	*f = FileDigests{}
	for _, path := range paths {
		(*f)[path] = ""
	}
	return nil
}

// Report is what is wrong, as a compiler prints its errors; "" if nothing is.
// A last line says where the machine stood still, or what else the user should know.
func (v *Verdict) Report() string {
	var b strings.Builder
	for _, f := range v.Failures {
		fmt.Fprintln(&b, f.In(v.Scenario))
	}
	if v.Want != nil {
		b.WriteString(v.Want.Report())
	}
	b.WriteString(measure.Report(v.Scenario, v.Figures))
	for _, f := range v.Unanswered {
		fmt.Fprintf(&b, "%s, so the question cannot be answered\n", f.In(v.Scenario))
	}
	if !v.Pass && len(v.Stalls) > 0 {
		longest := slices.MaxFunc(v.Stalls, func(x, y runner.Stall) int { return cmp.Compare(x.Seconds, y.Seconds) })
		fmt.Fprintf(&b, "note: %.1f s after its start the machine did not let this run continue for %.1f s; if it passes when you run it again, this was the reason\n", longest.At, longest.Seconds)
	}
	if v.Note != "" {
		fmt.Fprintf(&b, "note: %s\n", v.Note)
	}
	return b.String()
}

// Unjudged reports whether nothing is known to be wrong, and something cannot be judged,
// because it is in TLS that cannot be read, or not in the capture.
func (v *Verdict) Unjudged() bool {
	if v.Pass || len(v.Failures) > 0 || v.Want != nil && len(v.Want.Mismatches) > 0 {
		return false
	}
	return !slices.ContainsFunc(v.Figures, func(f measure.Result) bool { return !f.OK && !f.Unjudged })
}

// Judged reports whether the scenario says what should be seen or measured.
func (v *Verdict) Judged() bool { return v.Want != nil || len(v.Figures) > 0 }

// Outcome is how the run or the check ended, as every output calls it.
func (v *Verdict) Outcome() Outcome {
	switch {
	case v.Pass && !v.Judged():
		return outcome.Recorded
	case v.Pass:
		return outcome.Passed
	case v.Unjudged():
		return outcome.Unjudged
	}
	return outcome.Failed
}

// MarshalJSON adds what follows from the fields.
func (v *Verdict) MarshalJSON() ([]byte, error) {
	type fields Verdict
	return json.Marshal(struct {
		Scenario string  `json:"scenario"` // the first field, by which a later run knows the file
		Version  int     `json:"version"`
		Outcome  Outcome `json:"outcome"`
		Judged   bool    `json:"judged"`
		*fields
	}{v.Scenario, verdictVersion, v.Outcome(), v.Judged(), (*fields)(v)})
}

// differences counts what is wrong.
func (v *Verdict) differences() int {
	n := len(v.Failures)
	if v.Want != nil {
		n += len(v.Want.Mismatches)
	}
	for _, f := range v.Figures {
		if !f.OK {
			n++
		}
	}
	return n
}

// A judge is what a scenario wants, parsed.
type judge struct {
	scenario *scenario.Scenario
	want     *expect.Want // nil without a section `want`
	hosts    expect.Hosts
	figures  *measure.Figures // nil without a section `figures`
	question *question.Set    // nil without a section `questions`
}

// Load reads the scenario file of that name, as [scenario.Load] does. If it has mistakes, the
// error, of type [scenario.Errors], has those of the sections want, figures and questions, too,
// which [Run] and [Check] find otherwise.
func Load(name string) (*scenario.Scenario, error) { return withSections(scenario.Load(name)) }

// Parse parses a scenario, as [scenario.Parse] does, with the mistakes of [Load].
func Parse(name string, source []byte) (*scenario.Scenario, error) {
	return withSections(scenario.Parse(name, source))
}

// withSections adds the mistakes of the sections want, figures and questions, as far as those
// of the scenario leave enough to parse them.
func withSections(s *scenario.Scenario, err error) (*scenario.Scenario, error) {
	mistakes, ok := err.(scenario.Errors)
	if !ok || s == nil {
		return s, err
	}
	_, more := parseSections(s, hostsOf(s))
	return nil, append(mistakes, more...).Sorted()
}

// newJudge parses what a scenario wants. The error is of type [scenario.Errors] and has the
// mistakes of all its sections. A nil hosts makes no host a mistake.
func newJudge(s *scenario.Scenario, hosts expect.Hosts) (*judge, error) {
	j, mistakes := parseSections(s, hosts)
	if s.Twin.Line > 0 && !s.Forged() {
		_, err := scenario.ParseTwin(s)
		mistakes = addMistakes(mistakes, err)
	}
	if len(mistakes) > 0 {
		return nil, mistakes.Sorted()
	}
	return j, nil
}

// openJudge parses what a scenario wants, and opens the capture. The want may name hosts that only the capture
// names. The scenario's mistakes come before the capture's.
func openJudge(s *scenario.Scenario, src Source) (*judge, *capture.Capture, error) {
	j, mistakes := newJudge(s, hostsOf(s))
	if _, others := newJudge(s, nil); others != nil {
		return nil, nil, mistakes
	}
	c, err := src.openFull(capture.Options{ControlPorts: expect.ControlPorts(s)})
	if err != nil {
		return nil, nil, cmp.Or(mistakes, err)
	}
	if mistakes != nil {
		if j, mistakes = newJudge(s, hostsOf(s).With(c.Names)); mistakes != nil {
			c.Close()
			return nil, nil, mistakes
		}
	}
	return j, c, nil
}

// parseSections parses the sections want, figures and questions.
func parseSections(s *scenario.Scenario, hosts expect.Hosts) (j *judge, mistakes scenario.Errors) {
	j = &judge{scenario: s, hosts: hosts}
	var err error
	if s.Want.Line > 0 {
		j.want, err = expect.ParseWith(j.hosts, s.File, s.Want.Line, s.Want.Text)
		mistakes = append(addMistakes(mistakes, err), sharing(s, j.want)...)
	}
	if s.Figures.Line > 0 {
		j.figures, err = measure.Parse(s.File, s.Figures.Line, s.Figures.Text)
		mistakes = addMistakes(mistakes, err)
		mistakes = addMistakes(mistakes, j.figures.Check(j.want))
	}
	if s.Questions.Line > 0 {
		j.question, err = question.Parse(s.File, s.Questions.Line, s.Questions.Text)
		mistakes = addMistakes(mistakes, err)
		mistakes = addMistakes(mistakes, j.question.Check(j.want, s.Twin.Line > 0))
	}
	return j, mistakes
}

// sharing returns the mistakes of a want that names a host with the address of another one: a connection of the other
// one would match. The dialogue tells client and server apart, and its port the name server. A host that has a session can
// share the address of one that has none.
func sharing(s *scenario.Scenario, w *expect.Want) (mistakes scenario.Errors) {
	connects := map[string]bool{"client": true}
	for _, step := range s.Steps {
		connects[step.Host] = true
	}
	for _, h := range s.Network.Hosts {
		line := w.LineOf(h.Name)
		if line == 0 || slices.Contains([]string{"client", "server", "nameserver"}, h.Name) {
			continue
		}
		i := slices.IndexFunc(s.Network.Hosts, func(o scenario.Host) bool {
			return o.Name != h.Name && o.Addr == h.Addr && (connects[o.Name] || !connects[h.Name])
		})
		if i >= 0 {
			what := fmt.Sprintf("%s has the address of %s, %s, so the capture does not tell their connections apart; give it an address of its own", h.Name, s.Network.Hosts[i].Name, h.Addr)
			mistakes = append(mistakes, &scenario.Error{File: s.File, Line: line, Msg: what})
		}
	}
	return mistakes
}

// addMistakes adds the mistakes that the error of a section's parser has, if there is one.
func addMistakes(list scenario.Errors, err error) scenario.Errors {
	all, _ := err.(scenario.Errors)
	return append(list, all...)
}

// asks reports whether the scenario says what should be seen or measured.
func (j *judge) asks() bool { return j.want != nil || j.figures != nil }

// judge judges the capture in the file at path. Ran is what server and client reported.
func (j *judge) judge(c *capture.Capture, path string, ran runner.Outcome) (v *Verdict, err error) {
	v = &Verdict{Scenario: j.scenario.File, Capture: path, Failures: j.withStanding(ran.Failures, c), Stalls: j.likelyReasons(ran), Note: ran.Note, Cut: c.Cut}
	if j.want != nil {
		if v.Want, err = j.want.Judge(c, j.hosts); err != nil {
			return nil, err
		}
	}
	if j.figures != nil {
		if v.Figures, err = j.figures.Measure(c, v.Want); err != nil {
			return nil, err
		}
	}
	off := slices.ContainsFunc(v.Figures, func(f measure.Result) bool { return !f.OK })
	v.Pass = len(v.Failures) == 0 && !off && (v.Want == nil || v.Want.Pass)
	if v.Pass && j.question != nil {
		mistakes, unjudged := j.question.Unanswered(c, v.Want)
		v.Failures, v.Unanswered = append(v.Failures, failures(mistakes)...), failures(unjudged)
		v.Pass = len(mistakes)+len(unjudged) == 0
	}
	return v, nil
}

// failures are mistakes of the scenario as the failures of a verdict.
func failures(mistakes scenario.Errors) (all []runner.Failure) {
	for _, m := range mistakes {
		all = append(all, runner.Failure{Line: m.Line, Message: m.Msg})
	}
	return all
}

// ErrNoPackets is the error of a capture without a packet.
var ErrNoPackets = errors.New("there is no packet in this capture")

// NoPackets is [ErrNoPackets], with the reason if the capture is cut before its first packet.
// Cut is that of [capture.Capture].
func NoPackets(cut string) error {
	if cut == "" {
		return ErrNoPackets
	}
	return fmt.Errorf("%w: %s", ErrNoPackets, cut)
}

// Check judges a capture by what a scenario wants, as [Run] does. An error means
// that it could not be judged: the scenario has a mistake, or the capture cannot be
// read, or has no packet in it ([ErrNoPackets]).
func Check(s *scenario.Scenario, src Source) (*Verdict, error) {
	j, c, err := openJudge(s, src)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	v, err := j.judge(c, src.name, runner.Outcome{})
	if err == nil && v.Pass {
		src.warn(c)
	} else {
		src.warnOf(c)
	}
	return v, err
}

// Answers answers the questions of a scenario from a capture of it. The error says why
// there is no answer: the scenario asks nothing or has a mistake, the capture cannot be
// read, or it is not as the scenario wants, so that its labels may mean anything.
func Answers(s *scenario.Scenario, src Source) ([]question.Answer, error) {
	return answers(s, src, nil)
}

// AnswersOfTwo does what Answers does, for a scenario with a section `twin`. The twin's
// capture has no want. Own says which of the two is the scenario's own: [question.First] or
// [question.Second].
func AnswersOfTwo(s *scenario.Scenario, src, twin Source, own string) ([]question.Answer, error) {
	c, err := twin.openFull(capture.Options{ControlPorts: expect.ControlPorts(s)})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return answers(s, src, &question.Twin{Capture: c, Own: own})
}

func answers(s *scenario.Scenario, src Source, twin *question.Twin) ([]question.Answer, error) {
	if s.Questions.Line == 0 {
		return nil, fmt.Errorf("%s has no section questions; `ftplab help questions` shows how one is written", s.File)
	}
	j, c, err := openJudge(s, src)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	want := judge{scenario: s, want: j.want, hosts: j.hosts}
	v, err := want.judge(c, src.name, runner.Outcome{})
	if err != nil {
		return nil, err
	}
	if !v.Pass {
		return nil, fmt.Errorf("%s: %w%s", src.name, ErrUnwanted, oserror.Below(v.Report()))
	}
	return j.question.Answer(c, v.Want, twin)
}

// ErrUnwanted is the error of a capture whose labels cannot be relied on.
var ErrUnwanted = errors.New("the capture is not as the scenario wants it")
