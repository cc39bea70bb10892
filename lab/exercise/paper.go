// What a student gets: a capture, and the questions as a page and as Markdown.

package exercise

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"ftplab/lab/analysis/question"
	"ftplab/lab/analysis/report/page"
)

//go:embed pages.gohtml
var pageSource string

//go:embed answers.js
var answersScript string

var pages = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("").Funcs(template.FuncMap{
		"number": func(i int) int { return i + 1 }, "letter": letter, "frames": frames, "join": strings.Join,
	}).Parse(pageSource))
})

func letter(i int) string { return string(rune('a' + i)) }

// frames lists packet numbers.
func frames(numbers []int) string {
	switch len(numbers) {
	case 0:
		return "the whole capture"
	case 1:
		return fmt.Sprintf("frame %d", numbers[0])
	}
	return "frames " + strings.Join(strings.Fields(strings.Trim(fmt.Sprint(numbers), "[]")), ", ")
}

// someFrames lists the first of many packet numbers.
func someFrames(numbers []int) string {
	const most = 5
	if more := len(numbers) - most; more > 0 {
		return fmt.Sprintf("%s and %d more", frames(numbers[:most]), more)
	}
	return frames(numbers)
}

// writePage writes a page of a template of pages.gohtml.
func writePage(path, title, name string, data any, script string) error {
	var body, text bytes.Buffer
	if err := pages().ExecuteTemplate(&body, name, data); err != nil {
		return err
	}
	if err := (page.Page{Title: title, Body: template.HTML(body.String()), Script: script}).Write(&text); err != nil {
		return err
	}
	return os.WriteFile(path, text.Bytes(), 0o666)
}

// write writes a paper into a folder of its own.
func (p Paper) write(folder string, recordings []recording) error {
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return err
	}
	view := struct {
		Paper
		Paragraphs []string
		Lists      []packetList
	}{Paper: p, Paragraphs: strings.Split(p.Story, "\n\n")}
	for _, r := range recordings {
		if err := os.WriteFile(filepath.Join(folder, r.name), r.capture, 0o666); err != nil {
			return err
		}
		list, err := listPackets(r)
		if err != nil {
			return err
		}
		view.Lists = append(view.Lists, list)
	}
	if err := writePage(filepath.Join(folder, "questions.html"), p.Title, "questions", view, answersScript); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "questions.md"), []byte(p.markdown()), 0o666)
}

// markdown is the questions, with room for the answers. File answers.go reads it again.
func (p Paper) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s %s\n%s %s\n\n%s\n\n", p.Title, studentMark, p.Student.ID, lessonMark, p.Lesson, p.Story)
	fmt.Fprintf(&b, "The answers are in %s; each student has %s. ", strings.Join(p.Captures, " and "), p.OwnCaptures())
	fmt.Fprintf(&b, "The recorder was at the %s.\n\nWrite each answer after its \"Answer:\". For a choice, write its letter. A point or a comma in a time is the decimal sign. Then give this file to your teacher; ", p.Place)
	fmt.Fprintf(&b, "or the file %s that the page saves, but not both.\n", p.Saved())
	for i, a := range p.Answers {
		fmt.Fprintf(&b, "\n## %d. %s\n\n(%s)\n\n", i+1, a.Text, a.Hint())
		for j, o := range a.Options {
			fmt.Fprintf(&b, "* %s) %s\n", letter(j), o.Text)
		}
		if a.Kind == question.Choice {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "%s\n", answerMark)
	}
	return b.String()
}

// Saved is the name of the file that the page saves.
func (p Paper) Saved() string { return p.Student.ID + "-" + p.Lesson + ".csv" }

// OwnCaptures says what each student gets.
func (p Paper) OwnCaptures() string {
	if len(p.Captures) > 1 {
		return "different ones"
	}
	return "a different capture"
}

// writeContents writes the page from which a student finds the lessons.
func writeContents(folder string, s Student, k key) error {
	return writePage(filepath.Join(folder, "index.html"), "Exercises for "+s.Name, "contents", struct {
		Student
		Papers []Paper
	}{s, k.papers(s.ID)}, "")
}

// minutesPattern finds how long a lesson takes, which its story says.
var minutesPattern = regexp.MustCompile(`\bAbout ([0-9]+ minutes)\.`)

// Minutes is how long the lesson takes, such as "20 minutes"; "" if its story does not say.
func (p Paper) Minutes() string {
	if m := minutesPattern.FindStringSubmatch(p.Story); m != nil {
		return m[1]
	}
	return ""
}
