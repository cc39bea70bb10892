package exercise

import (
	"bufio"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"ftplab/lab/analysis/question"
)

// Marks are the marks of a class.
type Marks struct {
	Students []StudentMarks

	// Unread says what of the answers could not be read, and where. The marks are of all others.
	Unread []error
}

// StudentMarks are the marks of a student.
type StudentMarks struct {
	Student
	Right, Questions int
	HandedIn         bool // anything
	Marks            []Mark
	Copied           []Copied // whose answers these seem to be
}

// A Mark is that of one answer.
type Mark struct {
	Lesson   string
	Question int // from 1
	Text     string
	Given    string
	Right    bool
	Answer   string // the right one
	Why      string // the answer is wrong
	Reason   string // why the right answer is right
	Frames   []int  // that prove it
}

// Copied says that wrong answers of a student are right for another one's captures.
type Copied struct {
	From  Student
	Marks []int // which wrong answers: their places among the student's marks
	Of    int   // all wrong answers that were given
}

// leastCopied is the number of another student's answers that is no coincidence.
const leastCopied = 2

// Grade compares what a class handed in, in a folder of answers, with the key of the
// exercises in a folder that Make wrote. An error means that no answer could be read.
func Grade(folder, answersFolder string) (*Marks, error) {
	k, err := readKey(folder)
	if err != nil {
		return nil, err
	}
	given, unread, err := readAnswers(answersFolder, k)
	if err != nil {
		return nil, err
	}
	if len(given) == 0 {
		return nil, errors.Join(unread...)
	}
	m := &Marks{Unread: unread}
	for _, student := range k.students() {
		m.Students = append(m.Students, k.grade(student, given))
	}
	return m, nil
}

// grade grades one student.
func (k key) grade(student Student, given answers) StudentMarks {
	s := StudentMarks{Student: student}
	for _, paper := range k.papers(student.ID) {
		answers, ok := given[paperID{student.ID, paper.Lesson}]
		s.HandedIn = s.HandedIn || ok
		for i, a := range paper.Answers {
			m := Mark{Lesson: paper.Lesson, Question: i + 1, Text: a.Text, Given: answers[i+1], Answer: a.Right, Reason: a.Reason, Frames: a.Frames}
			m.Right, m.Why = a.Grade(m.Given)
			s.Questions++
			if m.Right {
				s.Right++
			}
			s.Marks = append(s.Marks, m)
		}
	}
	s.Copied = k.copied(&s)
	return s
}

// copied finds the student whose right answers are most often the wrong answers of s, if
// there is one with enough of them, in all lessons or in one.
func (k key) copied(s *StudentMarks) []Copied {
	wrong, inLesson := 0, map[string]int{}
	for _, m := range s.Marks {
		if !m.Right && m.Given != "" {
			wrong++
			inLesson[m.Lesson]++
		}
	}
	var all []Copied
	for _, other := range k.students() {
		if other.ID == s.ID {
			continue
		}
		same, chosen := k.rightFor(other, s)
		if n := len(same) - len(chosen); !enough(n, wrong) {
			count := map[string]int{}
			for _, i := range same {
				if !slices.Contains(chosen, i) {
					count[s.Marks[i].Lesson]++
				}
			}
			same = slices.DeleteFunc(same, func(i int) bool {
				lesson := s.Marks[i].Lesson
				return !enough(count[lesson], inLesson[lesson])
			})
		}
		if len(same) > 0 {
			all = append(all, Copied{From: other, Marks: same, Of: wrong})
		}
	}
	slices.SortStableFunc(all, func(a, b Copied) int { return cmp.Compare(len(b.Marks), len(a.Marks)) })
	return all[:min(len(all), 1)]
}

// enough reports whether so many of the wrong answers that another student's captures have are no coincidence.
func enough(same, wrong int) bool { return same >= leastCopied && 2*same >= wrong }

// rightFor returns which wrong answers of s are right for the captures of another student, and which of
// them are choices. Choices alone may be a coincidence.
func (k key) rightFor(other Student, s *StudentMarks) (same, chosen []int) {
	papers := map[string]Paper{}
	for _, p := range k.papers(other.ID) {
		papers[p.Lesson] = p
	}
	for i, m := range s.Marks {
		a := papers[m.Lesson].Answers[m.Question-1]
		if right, _ := a.Grade(m.Given); right && !m.Right {
			same = append(same, i)
			if a.Kind == question.Choice {
				chosen = append(chosen, i)
			}
		}
	}
	return same, chosen
}

// WriteText writes the marks for a person: a line for each student, and below it a line
// for each wrong answer. Of many frames it names the first; the table of [Marks.WriteCSV] has all.
func (m *Marks) WriteText(to io.Writer) error {
	w := bufio.NewWriter(to)
	for _, s := range m.Students {
		if !s.HandedIn {
			what := "nothing was handed in"
			if len(m.Unread) > 0 {
				what += " that can be read"
			}
			fmt.Fprintf(w, "%s: %s\n", m.called(s.Student), what)
			continue
		}
		fmt.Fprintf(w, "%s: %d of %d\n", m.called(s.Student), s.Right, s.Questions)
		for _, x := range s.Marks {
			if x.Right {
				continue
			}
			fmt.Fprintf(w, "    %s %d: ", x.Lesson, x.Question)
			if given := strconv.Quote(question.Beginning(x.Given)); x.Given != "" && !strings.HasPrefix(x.Why, given) {
				fmt.Fprintf(w, "%s: ", given)
			}
			fmt.Fprintf(w, "%s (%s)", x.Why, someFrames(x.Frames))
			if x.Reason != "" {
				fmt.Fprintf(w, ". %s", x.Reason)
			}
			fmt.Fprintln(w)
		}
		for _, c := range s.Copied {
			fmt.Fprintf(w, "    %d of the %d wrong answers are right in the captures of %s\n", len(c.Marks), c.Of, m.called(c.From))
		}
	}
	return w.Flush()
}

// called is the name of a student, with the id if another one has the same name.
func (m *Marks) called(s Student) string {
	if slices.ContainsFunc(m.Students, func(x StudentMarks) bool { return x.Name == s.Name && x.ID != s.ID }) {
		return fmt.Sprintf("%s (%s)", s.Name, s.ID)
	}
	return s.Name
}

// WriteCSV writes a row for each answer, for a spreadsheet.
func (m *Marks) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	out.Write([]string{"student", "name", "lesson", "question", "mark", "given", "right", "frames", "reason", "answers of"})
	for _, s := range m.Students {
		from := map[int]string{}
		for _, c := range s.Copied {
			for _, i := range c.Marks {
				from[i] = c.From.ID
			}
		}
		for i, x := range s.Marks {
			mark := "0"
			if x.Right {
				mark = "1"
			}
			out.Write([]string{s.ID, s.Name, x.Lesson, strconv.Itoa(x.Question), mark, noFormula(x.Given), x.Answer, frames(x.Frames), x.Reason, from[i]})
		}
	}
	out.Flush()
	return out.Error()
}

// noFormula keeps a spreadsheet from computing what a student wrote.
func noFormula(given string) string {
	if given != "" && strings.ContainsRune("=+-@\t\r", rune(given[0])) {
		return "'" + given
	}
	return given
}
