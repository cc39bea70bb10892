package scenario

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// An Error is a mistake in a scenario file.
type Error struct {
	File string
	Line int // 0 for none, such as in a file that cannot be read
	Msg  string
}

// Error returns the message in the form of a compiler's error: file:line: message. A path with
// control characters is quoted.
func (e *Error) Error() string {
	file := e.File
	if strings.ContainsFunc(file, unicode.IsControl) {
		file = strconv.Quote(file)
	}
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", file, e.Msg)
	}
	return fmt.Sprintf("%s:%d: %s", file, e.Line, e.Msg)
}

// Errors are the mistakes of one or more files.
type Errors []*Error

// Sorted returns the mistakes of a file in the order of their lines.
func (e Errors) Sorted() Errors {
	return slices.SortedStableFunc(slices.Values(e), func(a, b *Error) int { return cmp.Compare(a.Line, b.Line) })
}

// mostErrors is how many mistakes are printed at once.
const mostErrors = 20

// Error returns one line for each mistake, up to twenty.
func (e Errors) Error() string { return strings.Join(e.Messages(), "\n") }

// Messages returns the messages of the first twenty mistakes, and how many more there are.
func (e Errors) Messages() []string {
	var lines []string
	for i, mistake := range e {
		if i == mostErrors {
			lines = append(lines, "and "+counted(len(e)-i, "more mistake"))
			break
		}
		lines = append(lines, mistake.Error())
	}
	return lines
}

// counted is a number with its noun.
func counted(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

// thereAre is how many there are, after the word there.
func thereAre(n int, noun string) string {
	if n == 1 {
		return "is " + counted(n, noun)
	}
	return "are " + counted(n, noun)
}
