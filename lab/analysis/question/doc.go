// Package question asks questions about a capture, answers them from the
// capture, and grades the answers of people.
//
// The questions are the section `questions` of a scenario; Manual describes its
// notation. A question says how its answer is computed, never what it is. So the
// answer is right for every capture of the scenario, and for every variant of it.
//
//	set, err := question.Parse(s.File, s.Questions.Line, s.Questions.Text)
//	answers, err := set.Answer(c, verdict)
//	right, reason := answers[0].Grade("85 ms")
package question

import _ "embed"

// Manual is the manual of the notation, for people who write scenarios.
//
//go:embed manual.txt
var Manual string
