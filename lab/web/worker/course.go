package worker

import (
	"ftplab/lab/scenario"
	"ftplab/scenarios"
)

// A chapter is a part of the course.
type chapter struct {
	Title   string  `json:"title"`
	Lessons []entry `json:"lessons"`
}

// An entry is a lesson in the table of contents.
type entry struct {
	Name  string `json:"name"`
	Title string `json:"title"`
}

// contents returns the table of contents of the course.
func (w *Worker) contents(nothing) ([]chapter, error) {
	var list []chapter
	for _, c := range scenarios.Contents() {
		part := chapter{Title: c.Title}
		for _, name := range c.Names {
			s, err := scenarios.Load(name)
			if err != nil {
				return nil, err
			}
			part.Lessons = append(part.Lessons, entry{name, s.Title})
		}
		list = append(list, part)
	}
	return list, nil
}

// A lessonText is a scenario as written.
type lessonText struct {
	Source string `json:"source"`
}

// lesson returns the text of a scenario of the course.
func (w *Worker) lesson(which struct{ Name string }) (lessonText, error) {
	s, err := scenarios.Load(which.Name)
	if err != nil {
		return lessonText{}, err
	}
	return lessonText{string(s.Source)}, nil
}

// An offer has the completions at the cursor of the editor.
type offer struct {
	Begins int                   `json:"begins"` // of the word, in bytes of the source
	List   []scenario.Completion `json:"list"`
}

func (w *Worker) complete(at struct {
	Source string
	Offset int // bytes
}) (offer, error) {
	begins, list := scenario.Complete(at.Source, at.Offset)
	return offer{begins, append([]scenario.Completion{}, list...)}, nil // the page wants a list where nothing fits, not null
}
