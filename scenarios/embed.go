// Package scenarios has the scenarios that come with ftplab: a course in normal FTP, in
// the best order to read them.
package scenarios

import (
	"bytes"
	"embed"
	"fmt"
	"path"
	"slices"
	"strings"

	"ftplab/lab/scenario"
)

//go:embed *.txtar contents lessons
var files embed.FS

// A Chapter is a part of the table of contents.
type Chapter struct {
	Title string
	Names []string
}

// Contents is the table of contents of the course: its scenarios, in reading order.
func Contents() []Chapter { return contents("contents") }

// PlaceOf is the title of the chapter that has a scenario of ours, and its place in the
// table of contents, from 1. The lessons come last. For any other it is "" and 0.
func PlaceOf(s *scenario.Scenario) (chapter string, place int) {
	if !strings.HasPrefix(s.File, "scenarios/") {
		return "", 0
	}
	for _, c := range append(Contents(), Lessons()) {
		if i := slices.Index(c.Names, s.Name); i >= 0 {
			return c.Title, place + i + 1
		}
		place += len(c.Names)
	}
	return "", 0
}

// Lessons are the scenarios with questions. They are not part of the course: some of
// them show what is not normal.
func Lessons() Chapter { return contents("lessons/contents")[0] }

// contents reads a table of contents: a chapter's title is at the margin, and the names
// are below it, indented.
func contents(file string) []Chapter {
	text, err := files.ReadFile(file)
	if err != nil {
		panic(err) // it is embedded
	}
	var chapters []Chapter
	for line := range bytes.Lines(text) {
		name := strings.TrimSpace(string(line))
		switch {
		case name == "":
		case line[0] != ' ' && line[0] != '\t':
			chapters = append(chapters, Chapter{Title: name})
		default:
			last := &chapters[len(chapters)-1]
			last.Names = append(last.Names, name)
		}
	}
	return chapters
}

// Names are the names of the course's scenarios, in reading order.
func Names() []string {
	var names []string
	for _, c := range Contents() {
		names = append(names, c.Names...)
	}
	return names
}

// Match returns the names that a pattern of [path.Match] fits, in reading
// order; a plain name fits itself, also that of a lesson.
func Match(pattern string) ([]string, error) {
	if slices.Contains(Lessons().Names, pattern) {
		return []string{pattern}, nil
	}
	var names []string
	for _, name := range Names() {
		ok, err := Fits(pattern, name)
		if err != nil {
			return nil, err
		}
		if ok {
			names = append(names, name)
		}
	}
	return names, nil
}

// Fits reports whether a pattern of [path.Match] fits a name. The error says what is wrong with the
// pattern.
func Fits(pattern, name string) (bool, error) {
	ok, err := path.Match(pattern, name)
	if err != nil {
		err = fmt.Errorf("%q: this pattern has a [ without a ], or a \\ at its end", pattern)
	}
	return ok, err
}

// Load parses the scenario of that name.
func Load(name string) (*scenario.Scenario, error) {
	lessons := Lessons().Names
	file := name + scenario.Extension
	if slices.Contains(lessons, name) {
		file = "lessons/" + file
	}
	source, err := files.ReadFile(file)
	if err != nil {
		if meant := scenario.Nearest(name, slices.Concat(Names(), lessons)); meant != "" {
			return nil, fmt.Errorf("there is no scenario %q; did you mean %s? `ftplab list` lists them, or give the path of a file of your own", name, meant)
		}
		return nil, fmt.Errorf("there is no scenario %q; `ftplab list` lists them, or give the path of a file of your own", name)
	}
	return scenario.Parse("scenarios/"+file, source)
}
