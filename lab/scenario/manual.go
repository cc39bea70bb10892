package scenario

import (
	_ "embed"
	"fmt"
	"strings"
)

// manual is the written part of the manual. A line `@NAME NAME...` stands for
// the entries of these settings or steps, `@actions` for what a rule can do, and `@breaks`
// for how a step can break.
//
//go:embed manual.txt
var manual string

// Manual is the manual of the language, for people who write scenarios.
func Manual() string {
	var b strings.Builder
	for line := range strings.Lines(manual) {
		names, entries := strings.CutPrefix(line, "@")
		if !entries {
			b.WriteString(line)
			continue
		}
		switch strings.TrimSpace(names) {
		case "actions":
			b.WriteString(actionManual())
			continue
		case "breaks":
			b.WriteString(breakManual())
			continue
		}
		for i, name := range strings.Fields(names) {
			if i > 0 {
				b.WriteByte('\n')
			}
			entry, _ := ManualOf(name)
			b.WriteString(entry)
		}
	}
	return b.String()
}

// ManualOf returns the manual's entry for a setting or a step; ok is false if there is
// none of that name.
func ManualOf(name string) (entry string, ok bool) {
	var b strings.Builder
	if v, ok := verbOf(name); ok {
		writeEntry(&b, v.usage(), v.does, nil, v.example)
		return b.String(), true
	}
	s, ok := settingOf(name)
	if !ok {
		return "", false
	}
	writeEntry(&b, s.usage(), s.does, s.options, s.example)
	return b.String(), true
}

// Words returns the names of all settings and steps.
func Words() []string {
	var names []string
	for _, s := range settings {
		names = append(names, s.name)
	}
	for _, v := range verbs {
		names = append(names, v.name)
	}
	return names
}

// Widths of the manual's lines, in characters.
const (
	manualWidth = 80
	indent      = 4
	column      = 24 // at which the text of an option begins
)

// writeEntry writes one entry: the form, what it does, its options, and an example.
func writeEntry(b *strings.Builder, form, does string, options []usage, example string) {
	wrap(b, form, 0, 2*indent)
	wrap(b, does, indent, indent)
	writeOptions(b, options)
	fmt.Fprintf(b, "%*sExample:  %s\n", indent, "", example)
}

func writeOptions(b *strings.Builder, options []usage) {
	for _, o := range options {
		wrap(b, fmt.Sprintf("%-*s%s", column-indent, o.form+" ", o.does), indent, column)
	}
}

// wrap writes a paragraph. first and next are the indents of its first line and of the
// others.
func wrap(b *strings.Builder, text string, first, next int) {
	line := strings.Repeat(" ", first)
	begun := false
	for word := range strings.SplitSeq(text, " ") {
		if begun && len(line)+1+len(word) > manualWidth {
			b.WriteString(strings.TrimRight(line, " ") + "\n")
			line, begun = strings.Repeat(" ", next), false
		}
		if begun {
			line += " "
		}
		line, begun = line+word, true
	}
	b.WriteString(line + "\n")
}
