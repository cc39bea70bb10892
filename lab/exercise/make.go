package exercise

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"ftplab/lab"
	"ftplab/lab/analysis/question"
	"ftplab/lab/exercise/forgery"
	"ftplab/lab/oserror"
	"ftplab/lab/scenario"
	"ftplab/lab/scenario/variant"
	"ftplab/scenarios"
)

// A Plan says which exercises a class gets.
type Plan struct {
	Lessons  []*scenario.Scenario
	Students []Student
	Seed     uint64
}

// Make writes the exercises into a new folder: in students/ID a folder to hand out for
// each student, in key what the teacher needs. The folder must not exist; if Make
// fails, it does not.
func Make(ctx context.Context, p Plan, folder string) error {
	for _, s := range p.Lessons {
		if s.Questions.Line == 0 {
			return fmt.Errorf("%s has no section questions; `ftplab help questions` shows how one is written", s.File)
		}
	}
	switch _, err := os.Lstat(folder); {
	case err == nil:
		return fmt.Errorf("%s exists; choose another folder", folder)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if err := os.MkdirAll(filepath.Dir(folder), 0o777); err != nil {
		return err
	}
	beginning := filepath.Base(folder) + lab.Unfinished + "-"
	unfinished, err := os.MkdirTemp(filepath.Dir(folder), beginning)
	if err != nil {
		return oserror.Named(err, filepath.Join(filepath.Dir(folder), beginning), folder)
	}
	defer os.RemoveAll(unfinished)
	if err := p.write(ctx, unfinished); err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("%s is not made: %w", folder, context.Cause(ctx))
		}
		return oserror.Named(err, unfinished, folder)
	}
	if err := os.Chmod(unfinished, 0o755); err != nil {
		return err
	}
	return os.Rename(unfinished, folder)
}

// write writes everything into a folder.
func (p Plan) write(ctx context.Context, folder string) error {
	k := key{Version: keyVersion, Seed: p.Seed}
	for _, s := range inOrder(p.Lessons) {
		original, err := try(ctx, s, nil, p.Seed)
		if err != nil {
			return err
		}
		l := newLesson(s, original.answers)
		for _, student := range p.Students {
			paper, err := p.paper(ctx, s, student, folder)
			if err != nil {
				return err
			}
			l.Papers = append(l.Papers, paper)
		}
		k.Lessons = append(k.Lessons, l)
	}
	for _, student := range p.Students {
		if err := writeContents(filepath.Join(folder, "students", student.ID), student, k); err != nil {
			return err
		}
	}
	return k.write(filepath.Join(folder, "key"))
}

// inOrder puts lessons in the order of difficulty: that of our table of contents. Other
// lessons come last.
func inOrder(lessons []*scenario.Scenario) []*scenario.Scenario {
	place := func(s *scenario.Scenario) int {
		if _, n := scenarios.PlaceOf(s); n > 0 {
			return n
		}
		return math.MaxInt
	}
	return slices.SortedStableFunc(slices.Values(lessons), func(a, b *scenario.Scenario) int { return cmp.Compare(place(a), place(b)) })
}

// paper makes what one student gets of one lesson.
func (p Plan) paper(ctx context.Context, s *scenario.Scenario, student Student, folder string) (Paper, error) {
	seed := seedOf(p.Seed, student.ID, s.Name)
	random := rand.New(rand.NewPCG(seed, 0))
	made, err := draw(ctx, s, random, seed)
	if err != nil {
		return Paper{}, err
	}
	for i, a := range made.answers {
		if !a.Compares() { // the first one stays in front of the second one
			shuffle(made.answers[i].Options, random)
		}
	}
	paper := Paper{Student: student, Lesson: s.Name, Title: made.title, Story: made.story, Changes: made.changes, Answers: made.answers,
		Place: strings.Join(s.Network.Places(), " and the ")}
	for _, r := range made.recordings {
		paper.Captures = append(paper.Captures, r.name)
	}
	return paper, paper.write(filepath.Join(folder, "students", student.ID, s.Name), made.recordings)
}

func shuffle(options []question.Option, random *rand.Rand) {
	random.Shuffle(len(options), func(i, j int) { options[i], options[j] = options[j], options[i] })
}

// seedOf makes the seed of one paper.
func seedOf(seed uint64, student, lesson string) uint64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%d\n%s\n%s", seed, student, lesson)
	return max(h.Sum64(), 1)
}

// A made variant of a lesson.
type made struct {
	recordings []recording
	title      string // of the variant, as is the story
	story      string
	answers    []question.Answer
	changes    []string // what is different, for the teacher
}

// A recording is a capture, and the name of its file.
type recording struct {
	name    string
	capture []byte
	of      *scenario.Scenario
	headers bool // its list of packets has more of the headers
}

// draw makes a variant of a lesson, with all changes that do not break its want.
func draw(ctx context.Context, s *scenario.Scenario, random *rand.Rand, seed uint64) (*made, error) {
	changes := variant.Changes(s, random)
	if m, err := try(ctx, s, changes, seed); err == nil || ctx.Err() != nil {
		return m, err
	}
	var kept []variant.Change
	best, err := try(ctx, s, nil, seed)
	if err != nil {
		return nil, err
	}
	for _, c := range changes {
		m, err := try(ctx, s, append(kept, c), seed)
		if ctx.Err() != nil {
			return nil, err
		}
		if err == nil {
			kept, best = append(kept, c), m
		}
	}
	return best, nil
}

// try makes the variant of a lesson with some changes.
func try(ctx context.Context, s *scenario.Scenario, changes []variant.Change, seed uint64) (*made, error) {
	other, err := variant.Apply(s, changes...)
	if err != nil {
		return nil, err
	}
	m, err := makeVariant(ctx, s, other, seed)
	if err != nil {
		return nil, err
	}
	for _, c := range changes {
		m.changes = append(m.changes, c.What)
	}
	return m, nil
}

// makeVariant runs a variant of a lesson and its twin, if it has one, and answers its
// questions.
func makeVariant(ctx context.Context, s, other *scenario.Scenario, seed uint64) (*made, error) {
	own, err := record(ctx, s, other, seed)
	if err != nil {
		return nil, err
	}
	m := &made{title: other.Title, story: other.Story}
	if other.Twin.Line == 0 {
		m.recordings = []recording{{name: "capture.pcapng", capture: own, of: other}}
		m.answers, err = lab.Answers(other, lab.Reader("the capture of "+s.File, bytes.NewReader(own)))
		return m, err
	}
	own, twin, err := m.twins(ctx, s, other, own, seed)
	if err != nil {
		return nil, err
	}
	source := lab.Reader("the capture of "+s.File, bytes.NewReader(own))
	place, captures := question.First, [][]byte{own, twin}
	if seed%2 == 1 {
		place, captures = question.Second, [][]byte{twin, own}
	}
	m.recordings = []recording{{"first.pcapng", captures[0], other, other.Forged()}, {"second.pcapng", captures[1], other, other.Forged()}}
	m.answers, err = lab.AnswersOfTwo(other, source, lab.Reader("the capture of the twin of "+s.File, bytes.NewReader(twin)), place)
	return m, err
}

// twins makes the second capture of a variant, and returns both as they are handed out.
func (m *made) twins(ctx context.Context, s, other *scenario.Scenario, recorded []byte, seed uint64) (own, twin []byte, err error) {
	if !other.Forged() {
		steps, err := scenario.ParseTwin(other)
		if err != nil {
			return nil, nil, err
		}
		twin, err = record(ctx, s, steps, seed+1)
		return recorded, twin, err
	}
	if twin, err = record(ctx, s, other, seed+1); err != nil {
		return nil, nil, err
	}
	var mistakes []string
	if twin, mistakes, err = forgery.Forge(twin, rand.New(rand.NewPCG(seed, 1))); err != nil {
		return nil, nil, fmt.Errorf("%s:%d: %w", s.File, s.Twin.Line, err)
	}
	for _, what := range mistakes {
		m.changes = append(m.changes, "in the forged capture "+what)
	}
	own, err = forgery.Bare(recorded)
	return own, twin, err
}

// record runs a variant of a lesson.
func record(ctx context.Context, s, variant *scenario.Scenario, seed uint64) ([]byte, error) {
	var capture bytes.Buffer
	result, err := lab.Run(ctx, variant, lab.Options{Live: &capture, Bare: true, TCP: scenario.GVisorTCP, Seed: seed})
	if err != nil {
		return nil, err
	}
	if result.Outcome == lab.Failed {
		return nil, fmt.Errorf("%s: the session of the lesson failed:%s", s.File, oserror.Below(result.Report))
	}
	return capture.Bytes(), nil
}
