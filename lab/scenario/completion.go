// The completions that an editor offers while a person writes a scenario.

package scenario

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A Completion is a word that an editor can insert at its cursor.
type Completion struct {
	Word  string `json:"word"`  // the whole word; it replaces the part that is written
	Usage string `json:"usage"` // the word with its arguments
	Does  string `json:"does"`  // its description in the manual
}

// Complete returns the completions of the word that ends at the offset, and the offset
// where that word begins. Offsets are in bytes of the source.
func Complete(source string, offset int) (begins int, list []Completion) {
	offset = min(max(offset, 0), len(source))
	before := source[:offset]
	lineAt := strings.LastIndexByte(before, '\n') + 1
	line := before[lineAt:]
	begins = lineAt + strings.LastIndexAny(line, " \t") + 1
	typed := before[begins:]
	switch {
	case strings.HasPrefix(line, "-- "):
		list = sectionNames()
	case strings.Contains(line, "#"), sectionAt(before[:lineAt]) != "":
		return begins, nil // a comment, or the text of a section, which is another language
	default:
		_, step := cutPrefix(before[lineAt:begins])
		list = completeWord(source, strings.Fields(step), typed)
		if hasStep(before[:lineAt]) { // below the first step there are more steps, not settings
			slices.SortStableFunc(list, func(a, b Completion) int { return cmp.Compare(rank(a), rank(b)) })
		}
	}
	return begins, slices.DeleteFunc(list, func(c Completion) bool { return c.Word == typed })
}

// hasStep reports whether a text has a step.
func hasStep(text string) bool {
	for line := range strings.Lines(text) {
		_, step := cutPrefix(line)
		name, _, _ := strings.Cut(strings.TrimSpace(step), " ")
		if _, ok := verbOf(name); ok {
			return true
		}
	}
	return false
}

// rank is 1 for a setting, and 0 for everything else.
func rank(c Completion) int {
	if _, ok := settingOf(c.Word); ok {
		return 1
	}
	return 0
}

// completeWord completes a word that follows others on its line.
func completeWord(source string, words []string, typed string) []Completion {
	if len(words) == 0 {
		return firstWords(typed)
	}
	if v, ok := verbOf(words[0]); ok {
		return starting(typed, v.arguments(source))
	}
	if s, ok := settingOf(words[0]); ok {
		return starting(typed, s.words(len(words) == 1))
	}
	return nil
}

// firstWords returns the settings and steps whose name begins with the text, or whose
// name in FTP or its programs does.
func firstWords(typed string) []Completion {
	var list, others []Completion
	for _, s := range settings {
		if strings.HasPrefix(s.name, typed) {
			list = append(list, Completion{s.name, s.usage(), s.does})
		}
	}
	for _, v := range verbs {
		if strings.HasPrefix(v.name, typed) {
			list = append(list, Completion{v.name, v.usage(), v.does})
			continue
		}
		for other, word := range v.also {
			if typed != "" && strings.HasPrefix(other, strings.ToLower(typed)) {
				others = append(others, Completion{word, v.usage(), v.does})
				break
			}
		}
	}
	return append(list, others...)
}

// arguments returns the words that may follow the verb: its keywords and choices, and
// the files of the scenario.
func (v verb) arguments(source string) []Completion {
	var list []Completion
	for _, a := range v.args {
		form := strings.Trim(a.form, "[]")
		switch {
		case form == serverPath.form, form == from.form:
			list = append(list, filesIn(source, "files/", "file ")...)
		case form == localFile.form:
			list = append(list, filesIn(source, "local/", "local ")...)
		case form == strings.ToLower(form):
			for word := range strings.SplitSeq(form, "|") {
				list = append(list, Completion{word, v.usage(), v.does})
			}
		}
	}
	return list
}

// words returns the words that may follow the setting's name: first its choices, and
// then its options, without their values.
func (s setting) words(first bool) []Completion {
	var list []Completion
	if choices, _, _ := strings.Cut(s.args, " "); first && strings.Contains(choices, "|") {
		for word := range strings.SplitSeq(choices, "|") {
			list = append(list, Completion{word, s.usage(), s.does})
		}
		return list
	}
	for _, o := range s.options {
		key, values, _ := strings.Cut(o.form, "=")
		if !strings.Contains(values, "|") {
			list = append(list, Completion{o.key(), o.form, o.does})
			continue
		}
		for value := range strings.SplitSeq(values, "|") {
			list = append(list, Completion{key + "=" + value, o.form, o.does})
		}
	}
	return list
}

// starting returns the completions that begin with the typed text.
func starting(typed string, list []Completion) []Completion {
	return slices.DeleteFunc(list, func(c Completion) bool { return !strings.HasPrefix(c.Word, typed) })
}

// filesIn returns the files that a scenario has in sections and settings with these
// names.
func filesIn(source, section, setting string) []Completion {
	var list []Completion
	for line := range strings.Lines(source) {
		path, found := strings.CutPrefix(strings.TrimSpace(line), setting)
		if found {
			path, _, _ = strings.Cut(strings.TrimSpace(path), " ")
		} else if path, found = strings.CutPrefix(sectionName(line), section); !found {
			continue
		}
		if path != "" {
			list = append(list, Completion{path, path, "A file of this scenario."})
		}
	}
	return list
}

// sectionName returns the name in a line `-- NAME --`, or "" for another line.
func sectionName(line string) string {
	name, begins := strings.CutPrefix(strings.TrimRight(line, "\r\n \t"), "-- ")
	name, ends := strings.CutSuffix(name, " --")
	if !begins || !ends {
		return ""
	}
	return strings.TrimSpace(name)
}

// sectionAt returns the section in which a text ends, or "" above the first section.
func sectionAt(text string) string {
	section := ""
	for line := range strings.Lines(text) {
		if name := sectionName(line); name != "" {
			section = name
		}
	}
	return section
}

// sectionNames returns the sections that a scenario can have.
func sectionNames() (list []Completion) {
	for _, k := range sectionKinds {
		insert := k.name + " --"
		if k.file {
			insert = k.name + "/"
		}
		list = append(list, Completion{insert, fmt.Sprintf("-- %s --", k), k.has})
	}
	return list
}
