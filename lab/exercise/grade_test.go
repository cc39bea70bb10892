package exercise

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"ftplab/lab/analysis/question"
)

// handIn writes answers of a class as its students would: some in files of the page, some
// in questions.md, some in a table. Which are right is returned.
func handIn(t *testing.T, folder string, k key) (answersFolder string, right map[string]bool) {
	t.Helper()
	answersFolder, right = t.TempDir(), map[string]bool{}
	for n, student := range k.students() {
		for _, p := range k.papers(student.ID) {
			var given []string
			for i, a := range p.Answers {
				answer, ok := answerOf(a, n*7+i)
				given = append(given, answer)
				right[fmt.Sprint(student.ID, p.Lesson, i+1)] = ok
			}
			name := filepath.Join(answersFolder, student.ID+"-"+p.Lesson)
			if n%2 == 0 {
				var b strings.Builder
				b.WriteString("student,lesson,question,answer\r\n")
				for i, g := range given {
					fmt.Fprintf(&b, "%q,%q,%d,\"%s\"\r\n", student.ID, p.Lesson, i+1, strings.ReplaceAll(g, `"`, `""`))
				}
				write(t, name+".csv", b.String())
				continue
			}
			text, err := os.ReadFile(filepath.Join(folder, "students", student.ID, p.Lesson, "questions.md"))
			if err != nil {
				t.Fatal(err)
			}
			i := 0
			filled := regexp.MustCompile(`(?m)^Answer:$`).ReplaceAllStringFunc(string(text), func(string) string {
				i++
				return "Answer: " + given[i-1]
			})
			write(t, name+".md", filled)
		}
	}
	return answersFolder, right
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// answerOf is a right answer in one of several notations, or a wrong one.
func answerOf(a question.Answer, n int) (given string, right bool) {
	switch n % 4 {
	case 0:
		return a.Right, true
	case 1:
		switch a.Kind {
		case question.Time:
			return strconv.FormatFloat(a.Number, 'f', 6, 64) + " s", true
		case question.Frame:
			return "Frame " + a.Right, true
		case question.Choice:
			return letter(slices.IndexFunc(a.Options, func(o question.Option) bool { return o.Text == a.Right })), true
		}
		return strings.ToUpper(a.Right), true
	case 2:
		return "", false
	}
	switch a.Kind {
	case question.Text:
		return "nobody", false
	case question.Choice:
		i := slices.IndexFunc(a.Options, func(o question.Option) bool { return o.Text != a.Right })
		return a.Options[i].Text, false
	}
	return strconv.FormatFloat(a.Number*3+1, 'f', 6, 64), false
}

// A class of thirty is graded without a wrong mark.
func TestGradeClass(t *testing.T) {
	folder, k := theThirty(t)
	answers, right := handIn(t, folder, k)
	marks, err := Grade(folder, answers)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, s := range marks.Students {
		sum := 0
		for _, m := range s.Marks {
			n++
			want := right[fmt.Sprint(s.ID, m.Lesson, m.Question)]
			if m.Right != want {
				t.Errorf("%s, %s %d, %q for %q: got right %v", s.ID, m.Lesson, m.Question, m.Given, m.Answer, m.Right)
			}
			if m.Right {
				sum++
			} else if m.Why == "" {
				t.Errorf("%s, %s %d: a wrong answer without a reason", s.ID, m.Lesson, m.Question)
			}
		}
		if sum != s.Right || len(s.Copied) > 0 {
			t.Errorf("%s: got %d right and copies %v, want %d and none", s.ID, s.Right, s.Copied, sum)
		}
	}
	if n < len(marks.Students)*6*8 {
		t.Errorf("only %d marks", n)
	}
}

// A line says what was answered once, and of many frames names the first.
func TestMarksAsText(t *testing.T) {
	several, many := []int{3, 4, 8, 10, 11}, []int{3, 4, 8, 10, 11, 12, 13}
	marks := &Marks{Students: []StudentMarks{{Student: Student{Name: "Ada"}, HandedIn: true, Questions: 3, Marks: []Mark{
		{Lesson: "x", Question: 1, Given: "7", Why: "it is 3 or 4", Frames: several},
		{Lesson: "x", Question: 2, Given: "7", Why: `"7" is none of the choices; it is the client`, Frames: many, Reason: "It connects."},
		{Lesson: "x", Question: 3, Why: "it is 3", Frames: many[:1]},
		{Lesson: "x", Question: 4, Given: strings.Repeat("ä", 100_000), Why: "it is 3", Frames: many[:1]},
	}}}}
	var text bytes.Buffer
	if err := marks.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	want := `Ada: 0 of 3
    x 1: "7": it is 3 or 4 (frames 3, 4, 8, 10, 11)
    x 2: "7" is none of the choices; it is the client (frames 3, 4, 8, 10, 11 and 2 more). It connects.
    x 3: it is 3 (frame 3)
    x 4: "` + strings.Repeat("ä", 80) + `…": it is 3 (frame 3)
`
	if got := text.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// Who hands in somebody else's answers is found out.
func TestCopiedAnswers(t *testing.T) {
	folder, k := theThirty(t)
	answers := t.TempDir()
	var b strings.Builder
	b.WriteString("student;lesson;question;answer\n")
	for _, p := range k.papers("s4") {
		for i, a := range p.Answers {
			fmt.Fprintf(&b, "s9;%s;%d;%s\n", p.Lesson, i+1, a.Right)
		}
	}
	write(t, filepath.Join(answers, "all.csv"), b.String())
	marks, err := Grade(folder, answers)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range marks.Students {
		switch {
		case s.ID == "s9" && (len(s.Copied) != 1 || s.Copied[0].From.ID != "s4"):
			t.Errorf("got %v, want the answers of s4", s.Copied)
		case s.ID != "s9" && (s.HandedIn || s.Right > 0):
			t.Errorf("%s: got %d right, and handed in nothing", s.ID, s.Right)
		}
	}
	var text, table bytes.Buffer
	if err := marks.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	if want := "are right in the captures of Student 4"; !strings.Contains(text.String(), want) || !strings.Contains(text.String(), "Student 1: nothing was handed in") {
		t.Errorf("got\n%s\nwant %q in it", text.String(), want)
	}
	if err := marks.WriteCSV(&table); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&table).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	copied := 0
	for _, row := range rows[1:] {
		if row[0] != "s9" || row[9] == "" {
			continue
		}
		if copied++; row[4] != "0" || row[9] != "s4" {
			t.Errorf("%s: only a wrong answer is one of another student, s4", row)
		}
	}
	if c := marks.Students[8].Copied[0]; len(c.Marks) != c.Of {
		t.Errorf("got %d of %d wrong answers that are those of s4, want all", len(c.Marks), c.Of)
	}
	if want := len(marks.Students[8].Copied[0].Marks); copied != want {
		t.Errorf("the table says of %d answers that they are those of s4, want %d", copied, want)
	}
}

// Answers of one lesson that are somebody else's are found among many that are wrong in another lesson.
func TestCopiedInOneLesson(t *testing.T) {
	ann, bob := Student{ID: "a", Name: "Ann"}, Student{ID: "b", Name: "Bob"}
	marks := StudentMarks{Student: ann}
	k := key{Lessons: []lesson{{Name: "copied"}, {Name: "own"}}}
	for l, questions := range []int{3, 12} {
		for _, s := range []Student{ann, bob} {
			p := Paper{Student: s, Lesson: k.Lessons[l].Name}
			for range questions {
				p.Answers = append(p.Answers, question.Answer{Question: question.Question{Text: "How many frames?", Kind: question.Number}, Number: map[string]float64{"a": 17, "b": 23}[s.ID]})
			}
			k.Lessons[l].Papers = append(k.Lessons[l].Papers, p)
		}
		for i := range questions {
			marks.Marks = append(marks.Marks, Mark{Lesson: k.Lessons[l].Name, Question: i + 1, Given: []string{"23", "5"}[l]})
		}
	}
	got := k.copied(&marks)
	if len(got) != 1 || got[0].From != bob || !slices.Equal(got[0].Marks, []int{0, 1, 2}) {
		t.Errorf("got %v, want the three answers of Bob", got)
	}
}

// Students with the same name are distinguished by their ids.
func TestSameNames(t *testing.T) {
	ann, other := Student{ID: "m3", Name: "Ann"}, Student{ID: "m4", Name: "Ann"}
	marks := Marks{Students: []StudentMarks{
		{Student: ann, HandedIn: true, Right: 1, Questions: 3, Copied: []Copied{{From: other, Marks: []int{0, 1}, Of: 2}}},
		{Student: other},
		{Student: Student{ID: "m5", Name: "Bob"}},
	}}
	var text bytes.Buffer
	if err := marks.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	want := "Ann (m3): 1 of 3\n    2 of the 2 wrong answers are right in the captures of Ann (m4)\nAnn (m4): nothing was handed in\nBob: nothing was handed in\n"
	if got := text.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// A table of a form service has a column for each question, also for those of a longer lesson.
// The folder of the answers is given by a symbolic link.
func TestTableWithColumns(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "one")
	if err := Make(t.Context(), Plan{load(t, "who_got_the_file"), class(2), 1}, folder); err != nil {
		t.Fatal(err)
	}
	k, err := readKey(folder)
	if err != nil {
		t.Fatal(err)
	}
	row := []string{"2026-11-28", "s2"}
	heading := "Timestamp,Student"
	for i, a := range k.papers("s2")[0].Answers {
		heading += fmt.Sprintf(",\"%d. %s\"", i+1, a.Text)
		row = append(row, a.Right)
	}
	heading, row = heading+",\"99. the last question of a longer lesson\"", append(row, "")
	answers := t.TempDir()
	write(t, filepath.Join(answers, "form.csv"), heading+"\n"+strings.Join(row, ",")+"\n")
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(answers, link); err != nil {
		link = answers
	}
	marks, err := Grade(folder, link)
	if err != nil {
		t.Fatal(err)
	}
	if s := marks.Students[1]; s.Right != s.Questions {
		t.Errorf("got %d of %d, want all", s.Right, s.Questions)
	}
}

func TestMistakesInAnswers(t *testing.T) {
	folder, _ := theThirty(t)
	for _, test := range []struct{ name, text, want string }{
		{"a.csv", "name,answer\nx,1\n", "a.csv:1: the first line names no column student; it names the columns, such as `student,lesson,1,2,3` for a row with all answers, or `student,lesson,question,answer` for a row for each"},
		{"a.csv", "student,lesson,question,answer\nzoe,who_connects,1,3\n", `a.csv:2: no student has the id "zoe"`},
		{"a.csv", "student,lesson,question,answer\ns1,calls,1,3\n", `a.csv:2: no lesson is called "calls"`},
		{"a.csv", "student,lesson,question,answer\ns1,who_connects,99,3\n", "a.csv:2: the lesson who_connects has the questions 1 to"},
		{"a.csv", "student,lesson,question,answer\ns1,who_connects,1,3\ns1,who_connects,1,4\n", `a.csv:3: s1 has two answers to question 1 of who_connects: "3" and "4"`},
		{"a.csv", "student,lesson\ns1,who_connects\n", "a.csv:2: neither the columns question and answer"},
		{"a.md", "Student: s1\nLesson: x\n## 1. Who?\nAnswer: me\n", `a.md:4: no lesson is called "x"`},
		{"a.md", "Lesson: who_connects\n## 1. Who?\nAnswer: me\n", `a.md:3: here is an answer, and no line "Student:" above it says whose it is`},
		{"a.md", "Student: s1\nLesson: who_connects\n## 1. Who?\nAnswer: me\nAnswer: you\n", `a.md:5: s1 has two answers to question 1 of who_connects: "me" and "you"`},
		{"a.md", "Student: zoe\nLesson: who_connects\n## 1. Who?\nAnswer: me\nStudent: s1\n", `a.md:4: no student has the id "zoe"`},
		{"a.md", "Student: s1\nLesson: x\n## 1. Who?\nAnswer: me\nLesson: who_connects\n", `a.md:4: no lesson is called "x"`},
		{"a.csv", "student,lesson,question,answer\ns1,who_connects,first,3\n", `a.csv:2: question "first": the number of a question was expected`},
		{"a.csv", "student,lesson,question,answer\ns1,who_connects,1,0,085 s\n", `a.csv:2: this line has 5 cells, and the first line names 4 columns; an answer with a ',' needs double quotes around it`},
		{"a.csv", "student,lesson,1,2\ns1,who_connects,x,1,024\n", "a.csv:2: this line has 5 cells, and the first line names 4 columns"},
		{"a.csv", "student,lesson,1\ns1,who_connects,10 \xb5s\n", "a.csv:2: this line is not in UTF-8; save the file as UTF-8"},
		{"a.csv", "\xfe\xff\x00s\x00t\x00u\x00d\x00e\x00n\x00t\x00,\x001\x00\n", "a.csv:1: the file is in UTF-16; save it as UTF-8"},
		{"a.md", "S\x00t\x00u\x00d\x00e\x00n\x00t\x00:\x00 \x00s\x001\x00\n\x00", "a.md:1: the file is in UTF-16; save it as UTF-8"},
		{"a.md", "Gr\xf6\xdfe\nStudent: s1\nLesson: who_connects\n## 1. Who?\nAnswer: 10 \xb5s\n", "a.md:5: this line is not in UTF-8"},
		{"a.pdf", "", "no file in this folder has answers"},
	} {
		answers := t.TempDir()
		write(t, filepath.Join(answers, test.name), test.text)
		marks, err := Grade(folder, answers)
		if marks != nil {
			err = errors.Join(marks.Unread...)
		}
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: got %v, want %s", test.text, err, test.want)
		}
	}
	if _, err := Grade(t.TempDir(), t.TempDir()); err == nil || !strings.Contains(err.Error(), "ftplab exercise") {
		t.Errorf("got %v, want how to make exercises", err)
	}
}

// What cannot be read is reported, and the answers beside it are marked.
func TestOneBadFile(t *testing.T) {
	folder, k := theThirty(t)
	right := func(student string) (cells string) {
		for _, p := range k.papers(student) {
			if p.Lesson == "who_connects" {
				for _, a := range p.Answers {
					cells += fmt.Sprintf(",%q", a.Right)
				}
			}
		}
		return cells
	}
	answers := t.TempDir()
	write(t, filepath.Join(answers, "a.csv"), "\xfe\xff\x00s\x00t")
	write(t, filepath.Join(answers, "b.csv"), "student,lesson,1,2,3,4,5,6,7,8,9,10,11,12\ns1,who_connects"+right("s1")+"\nzoe,who_connects,3\ns2,who_connects"+right("s2")+"\n")
	write(t, filepath.Join(answers, "c.md"), "Student: s3\nLesson: who_connects\n## 99. Who?\nAnswer: me\n## 1. How many?\nAnswer: 3\n")
	write(t, filepath.Join(answers, "d.csv"), "student,lesson\ns4,who_connects\ns5,who_connects\n")
	marks, err := Grade(folder, answers)
	if err != nil {
		t.Fatal(err)
	}
	for i, least := range []int{6, 6, 1, 0} {
		if s := marks.Students[i]; s.Right < least || s.HandedIn != (least > 0) {
			t.Errorf("%s: got %d right, want %d or more", s.ID, s.Right, least)
		}
	}
	got := fmt.Sprint(errors.Join(marks.Unread...))
	for _, want := range []string{"a.csv:1: the file is in UTF-16", `b.csv:3: no student has the id "zoe"`, "c.md:4: the lesson who_connects has the questions", "d.csv:2: neither the columns"} {
		if !strings.Contains(got, want) {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if len(marks.Unread) != 4 {
		t.Errorf("got %d mistakes, want 4:\n%s", len(marks.Unread), got)
	}
	var text bytes.Buffer
	if err := marks.WriteText(&text); err != nil || !strings.Contains(text.String(), "Student 4: nothing was handed in that can be read") {
		t.Errorf("got %s and error %v", text.String(), err)
	}
}

// A class whose right answers are all the same is reported, and no other.
func TestAlike(t *testing.T) {
	folder, _ := theThirty(t)
	if notes, err := Alike(folder); err != nil || notes != nil {
		t.Errorf("got %v and error %v, want none", notes, err)
	}
	p := Paper{Answers: []question.Answer{{Right: "the server"}}}
	other := Paper{Answers: []question.Answer{{Right: "the client"}}}
	folder = t.TempDir()
	k := key{Version: keyVersion, Lessons: []lesson{{Name: "same", Papers: []Paper{p, p}}, {Name: "one", Papers: []Paper{p}}, {Name: "others", Papers: []Paper{p, p, other}}}}
	if err := k.write(filepath.Join(folder, "key")); err != nil {
		t.Fatal(err)
	}
	if notes, err := Alike(folder); err != nil || len(notes) != 1 || !strings.HasPrefix(notes[0], "same: all 2 students have the same right answers") {
		t.Errorf("got %v and error %v, want one about the first lesson", notes, err)
	}
}

// Every right number of a class is right in the notations of several countries, and wrong if it is a
// thousand times too large or too small, or has the unit of something else.
func TestGradeNumbers(t *testing.T) {
	_, k := theThirty(t)
	for _, l := range k.Lessons {
		for _, p := range l.Papers {
			for _, a := range p.Answers {
				right, wrong := spellings(a)
				for _, given := range right {
					if ok, why := a.Grade(given); !ok {
						t.Errorf("%s of %s, %s, %q: got wrong (%s), want right", l.Name, p.Student.ID, a.Text, given, why)
					}
				}
				for _, given := range wrong {
					if ok, _ := a.Grade(given); ok {
						t.Errorf("%s of %s, %s, %q: got right, want wrong: it is %s", l.Name, p.Student.ID, a.Text, given, a.Right)
					}
				}
			}
		}
	}
}

// spellings are ways to write the right answer of a question for a number, and wrong answers.
func spellings(a question.Answer) (right, wrong []string) {
	text := func(n float64, digits int) string { return strconv.FormatFloat(n, 'f', digits, 64) }
	comma := func(s string) string { return strings.Replace(s, ".", ",", 1) }
	n := a.Number
	switch a.Kind {
	case question.Text, question.Choice:
		return nil, nil
	case question.Time:
		s, ms, us := text(n, 6), text(n*1e3, 3), text(n*1e6, 0)
		right = []string{s, s + " s", s + "s", comma(s) + " s", ms + " ms", comma(ms) + " ms", ms + " msec", us + " µs", us + "us", "about " + s + " s"}
		wrong = []string{s + " ms", comma(s) + " ms", s + " µs", ms + " s", comma(ms) + " s", ms + " µs", comma(ms) + " µs", us + " ms", us + " s",
			text(n*1e3, 6) + " s", text(n/1e3, 9) + " s", comma(text(n/1e3, 9)) + " s", s + " bytes", s + " min", "not " + s + " s"}
		return right, wrong
	case question.Frame:
		if a.Any {
			n = float64(a.Frames[0])
		}
		right = []string{"frame %", "packet %", "packet no. %", "Frame Nr. %", "#%", "no. %"}
		wrong = []string{"% bytes", "port %", "%.5"}
	case question.Port:
		right = []string{"port %", "tcp/%", "%/tcp", "Port: %"}
		wrong = []string{"% bytes", "%/udp", "frame %"}
	case question.Number:
		right = []string{"% ", "about %", "%.0"}
		wrong = []string{"% kB", "% KiB", "% MB"}
		if a.Bytes {
			right = append(right, "% bytes", "% B", text(n/1e3, 3)+" kB", comma(text(n/1e3, 3))+" kB")
			wrong = append(wrong, "% segments", "% packets", text(n/1e3, 3)+" MB")
		} else {
			wrong = append(wrong, "% bytes", "% B", text(n/1e3, 3)+" kB")
		}
	}
	whole := text(n, 0)
	right = append(right, "%")
	for _, sign := range []string{",", ".", " ", "'"} {
		grouped := whole
		if i := len(whole) - 3; i > 0 {
			grouped = whole[:i] + sign + whole[i:]
		}
		right, wrong = append(right, grouped), append(wrong, grouped+sign+"000")
	}
	wrong = append(wrong, "%000", text(n/1e3, 4), comma(text(n/1e3, 4)), "% ms", "% s", "not %", "-%")
	for _, list := range [][]string{right, wrong} {
		for i := range list {
			list[i] = strings.ReplaceAll(list[i], "%", whole)
		}
	}
	return right, wrong
}
