package exercise

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"ftplab/lab/analysis/question"
	"ftplab/lab/scenario"
)

// keyVersion is the version of the file key.json.
const keyVersion = 1

// A key is what the teacher keeps: all right answers. It is key/key.json.
type key struct {
	Version int      `json:"version"`
	Seed    uint64   `json:"seed"`
	Lessons []lesson `json:"lessons"`
}

// A lesson is one scenario, and what each student got of it.
type lesson struct {
	Name      string   `json:"name"`
	Title     string   `json:"title"`
	Questions []string `json:"questions"`
	Papers    []Paper  `json:"papers"`
}

func newLesson(s *scenario.Scenario, answers []question.Answer) lesson {
	l := lesson{Name: s.Name, Title: s.Title}
	for _, a := range answers {
		l.Questions = append(l.Questions, a.Text)
	}
	return l
}

// A Paper is what one student got of one lesson, with the right answers.
type Paper struct {
	Student Student           `json:"student"`
	Lesson  string            `json:"lesson"`
	Title   string            `json:"title"`
	Story   string            `json:"story"`   // paragraphs apart by an empty line
	Changes []string          `json:"changes"` // what is different from the lesson as it is written
	Answers []question.Answer `json:"answers"`
	// Captures are the names of the files: one, or two of a lesson with a twin.
	Captures []string `json:"captures"`
	// Place is where they were recorded, such as "client".
	Place string `json:"place"`
}

// write writes the key for a program and for a person.
func (k key) write(folder string) error {
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return err
	}
	text, err := json.MarshalIndent(k, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "key.json"), append(text, '\n'), 0o666); err != nil {
		return err
	}
	return writePage(filepath.Join(folder, "key.html"), "The answers", "key", k, "")
}

// readKey reads the key of the exercises in a folder.
func readKey(folder string) (key, error) {
	var k key
	path := filepath.Join(folder, "key", "key.json")
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return k, fmt.Errorf("%s is not there: the first folder is one that `ftplab exercise` made", path)
	}
	if err != nil {
		return k, fmt.Errorf("%s: %w", path, err)
	}
	if err := json.Unmarshal(text, &k); err != nil {
		return k, fmt.Errorf("%s is damaged (%w): make the exercises again, with the same seed", path, err)
	}
	if k.Version != keyVersion {
		return k, fmt.Errorf("%s has the version %d, and this ftplab reads %d", path, k.Version, keyVersion)
	}
	return k, nil
}

// papers are the papers of a student, in the order of the lessons.
func (k key) papers(student string) []Paper {
	var papers []Paper
	for _, l := range k.Lessons {
		for _, p := range l.Papers {
			if p.Student.ID == student {
				papers = append(papers, p)
			}
		}
	}
	return papers
}

// students are all students, in the order of the class.
func (k key) students() []Student {
	var students []Student
	if len(k.Lessons) > 0 {
		for _, p := range k.Lessons[0].Papers {
			students = append(students, p.Student)
		}
	}
	return students
}

// Alike says of each lesson of the exercises in a folder whose right answers are the same for all
// students that they are: then grade cannot tell who has copied them.
func Alike(folder string) (notes []string, err error) {
	k, err := readKey(folder)
	if err != nil {
		return nil, err
	}
	for _, l := range k.Lessons {
		if len(l.Papers) > 1 && l.alike() {
			notes = append(notes, fmt.Sprintf("%s: all %d students have the same right answers, so grade cannot tell who has copied them; a question about a port, a frame or a size has other answers in other captures", l.Name, len(l.Papers)))
		}
	}
	return notes, nil
}

// alike reports whether all students have the same right answers.
func (l lesson) alike() bool {
	for _, p := range l.Papers {
		for i, a := range p.Answers {
			if a.Right != l.Papers[0].Answers[i].Right {
				return false
			}
		}
	}
	return true
}
