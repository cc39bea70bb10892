// Package examples finds the examples in a manual.
package examples

import (
	"regexp"
	"strings"
)

var (
	indented = regexp.MustCompile(`(?m)(?:^    .*\n|^\n)+`)
	indent   = regexp.MustCompile(`(?m)^    `)
)

// Scenarios returns the whole scenarios in a manual: the indented texts that begin with a title.
func Scenarios(manual string) []string {
	var all []string
	for _, block := range indented.FindAllString(manual, -1) {
		text := indent.ReplaceAllString(strings.TrimLeft(block, "\n"), "")
		if strings.HasPrefix(text, "# ") {
			all = append(all, text)
		}
	}
	return all
}
