// What students hand in. Three kinds of file are read, from a folder and those
// below it:
//
//   - CSV with the columns student, lesson, question and answer: what the page
//     of an exercise saves;
//   - CSV with a row for each student and lesson, and the numbers of the
//     questions as names of columns: what a form service or a spreadsheet
//     gives. With one lesson the column lesson may be missing;
//   - questions.md, filled in.

package exercise

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"unicode/utf8"

	"ftplab/lab/internal/textfile"
)

// maxAnswerFile bounds a file that is handed in, bytes.
const maxAnswerFile = 16 << 20

// What begins the lines of questions.md that count.
const (
	studentMark = "Student:"
	lessonMark  = "Lesson:"
	answerMark  = "Answer:"
)

// A paperID names a paper.
type paperID struct{ student, lesson string }

// answers are what was handed in for each paper, by the numbers of the questions.
type answers map[paperID]map[int]string

// readAnswers reads all that was handed in. What cannot be read is left out: unread says of each such
// file, or line of one, where it is and what is wrong.
func readAnswers(folder string, k key) (all answers, unread []error, err error) {
	all = answers{}
	begin := folder
	if info, err := os.Stat(folder); err == nil && info.IsDir() {
		begin += string(filepath.Separator) // WalkDir does not follow a link to the folder itself
	}
	err = filepath.WalkDir(begin, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil && path == begin:
			return err
		case err != nil:
			unread = append(unread, err)
			return nil
		case d.IsDir():
			return nil
		}
		var read func(text []byte, path string, k key) []error
		switch strings.ToLower(filepath.Ext(path)) {
		case ".csv":
			read = all.readTable
		case ".md", ".markdown", ".txt":
			read = all.readMarkdown
		default:
			return nil
		}
		var mistakes []error
		err = readFile(path, func(text []byte) error { mistakes = read(text, path, k); return nil })
		if err != nil {
			mistakes = []error{err}
		}
		unread = append(unread, mistakes...)
		return nil
	})
	if err == nil && len(all)+len(unread) == 0 {
		err = fmt.Errorf("%s: no file in this folder has answers: CSV files that the pages save, or questions.md, are read", folder)
	}
	return all, unread, err
}

func readFile(path string, parse func(text []byte) error) error {
	text, err := textfile.ReadFile(path, maxAnswerFile)
	if err != nil {
		return err
	}
	return parse(text)
}

// errNotUTF8 is the error of a text in an older character set.
var errNotUTF8 = errors.New("this line is not in UTF-8; save the file as UTF-8")

// add adds one answer. The error says which part of it is unknown.
func (all answers) add(k key, student, lesson string, question int, answer string) error {
	if !utf8.ValidString(student + answer) {
		return errNotUTF8
	}
	id := paperID{folderName(student), lesson}
	if lesson == "" && len(k.Lessons) == 1 {
		id.lesson = k.Lessons[0].Name
	}
	for _, p := range k.papers(id.student) {
		if p.Lesson != id.lesson {
			continue
		}
		if question > len(p.Answers) && strings.TrimSpace(answer) == "" {
			return nil // a column for the lessons that have more questions
		}
		if question < 1 || question > len(p.Answers) {
			return fmt.Errorf("the lesson %s has the questions 1 to %d, and no %d", id.lesson, len(p.Answers), question)
		}
		if all[id] == nil {
			all[id] = map[int]string{}
		}
		if earlier, ok := all[id][question]; ok && strings.TrimSpace(earlier) != strings.TrimSpace(answer) && earlier != "" && answer != "" {
			return fmt.Errorf("%s has two answers to question %d of %s: %q and %q", id.student, question, id.lesson, earlier, answer)
		}
		if answer != "" {
			all[id][question] = answer
		}
		return nil
	}
	if len(k.papers(id.student)) == 0 {
		return fmt.Errorf("no student has the id %q", student)
	}
	return fmt.Errorf("no lesson is called %q", lesson)
}

// headings are the first lines that a CSV file may have, for messages.
const headings = "such as `student,lesson,1,2,3` for a row with all answers, or `student,lesson,question,answer` for a row for each"

// readTable reads a CSV file, and returns the mistakes in its lines. One in the first line is the only one.
func (all answers) readTable(text []byte, path string, k key) (mistakes []error) {
	t := newTable(text)
	heading, line, err := t.next()
	if err != nil {
		return []error{fmt.Errorf("%s:%d: a first line with the names of the columns was expected, %s", path, max(line, 1), headings)}
	}
	student, lesson, question, answer := column(heading, "student"), column(heading, "lesson"), column(heading, "question"), column(heading, "answer")
	if student < 0 {
		return []error{fmt.Errorf("%s:%d: the first line names no column student; it names the columns, %s", path, line, headings)}
	}
	for {
		row, line, err := t.next()
		if errors.Is(err, io.EOF) {
			return mistakes
		}
		damaged := err != nil
		if err == nil && strings.TrimSpace(strings.Join(row[min(len(heading), len(row)):], "")) != "" {
			err = fmt.Errorf("this line has %d cells, and the first line names %d columns; an answer with a %q needs double quotes around it", len(row), len(heading), t.csv.Comma)
		}
		if err == nil && question >= 0 && answer >= 0 {
			err = all.addAnswer(k, cell(row, student), cell(row, lesson), cell(row, question), cell(row, answer))
		} else if err == nil {
			err = all.addRow(k, heading, row, cell(row, student), cell(row, lesson))
		}
		if err != nil {
			mistakes = append(mistakes, fmt.Errorf("%s:%d: %w", path, line, err))
		}
		if damaged || errors.Is(err, errNoQuestions) {
			return mistakes
		}
	}
}

// addAnswer takes a row with the answer to one question, whose number is a text.
func (all answers) addAnswer(k key, student, lesson, question, answer string) error {
	n, err := strconv.Atoi(question)
	if err != nil {
		return fmt.Errorf("question %q: the number of a question was expected", question)
	}
	return all.add(k, student, lesson, n, answer)
}

// addRow takes a row with the answers to several questions. The error is the first one.
func (all answers) addRow(k key, heading, row []string, student, lesson string) (mistake error) {
	found := false
	for i, name := range heading {
		digits := strings.TrimLeft(strings.TrimSpace(name), "Qq")
		if end := strings.IndexFunc(digits, func(r rune) bool { return r < '0' || r > '9' }); end >= 0 {
			digits = digits[:end]
		}
		n, err := strconv.Atoi(digits)
		if err != nil {
			continue
		}
		found = true
		mistake = cmp.Or(mistake, all.add(k, student, lesson, n, cell(row, i)))
	}
	if !found {
		return errNoQuestions
	}
	return mistake
}

// errNoQuestions is the error of a table whose first line names no question.
var errNoQuestions = errors.New("neither the columns question and answer are there, nor a column for each question; the first line names the columns, " + headings)

// readMarkdown reads questions.md, filled in, and returns the mistakes in its answers. It ignores any
// other text, but not a sheet that does not say whose it is.
func (all answers) readMarkdown(text []byte, path string, k key) (mistakes []error) {
	student, lesson := "", ""
	question, began := 0, 0 // began is the line with the beginning of an answer, 0 for none
	var answer []string
	finish := func() {
		if began == 0 {
			return
		}
		if err := all.add(k, student, lesson, question, strings.TrimSpace(strings.Join(answer, " "))); err != nil {
			mistakes = append(mistakes, fmt.Errorf("%s:%d: %w", path, began, err))
		}
		began = 0
	}
	for i, line := range strings.Split(string(text), "\n") {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, studentMark):
			finish()
			student = strings.TrimSpace(line[len(studentMark):])
		case strings.HasPrefix(line, lessonMark):
			finish()
			lesson = strings.TrimSpace(line[len(lessonMark):])
		case strings.HasPrefix(line, "## "):
			finish()
			number, _, _ := strings.Cut(line[3:], ".")
			question, _ = strconv.Atoi(number)
		case strings.HasPrefix(line, answerMark) && question > 0:
			if student == "" {
				return append(mistakes, fmt.Errorf("%s:%d: here is an answer, and no line %q above it says whose it is", path, i+1, studentMark))
			}
			finish()
			began, answer = i+1, []string{line[len(answerMark):]}
		case began > 0:
			answer = append(answer, line)
		}
	}
	finish()
	return mistakes
}
