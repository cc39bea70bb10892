// What a student reads after a question.

package question

import (
	"strconv"
	"strings"
)

// Hint says how an answer is written, and how far it may be off. It has no example: an
// example might be the answer.
func (q *Question) Hint() string {
	switch q.Kind {
	case Frame:
		return "the number of a frame"
	case Time:
		return "with its unit: s, ms or µs; a point or a comma only before decimals; " + q.allowed()
	case Text:
		return "as the capture has it; capital letters do not matter"
	case Choice:
		return "the letter"
	case Number:
		if strings.Contains(q.expression, "bytes") || strings.Contains(q.expression, "segment.") {
			return "bytes of data, without headers; " + q.allowed()
		}
	}
	return "a number"
}

// allowed is the tolerance in words.
func (q *Question) allowed() string {
	switch {
	case q.tolerance == 0:
		return "the exact number"
	case q.relative:
		return "up to " + percent(q.tolerance) + " off is right"
	case q.Kind == Time:
		return "up to " + timeText(q.tolerance) + " off is right"
	}
	return "up to " + strconv.FormatFloat(q.tolerance, 'f', -1, 64) + " off is right"
}

func percent(share float64) string {
	return strconv.FormatFloat(share*100, 'f', -1, 64) + " %"
}
