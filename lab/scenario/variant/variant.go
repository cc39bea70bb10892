// Package variant makes variants of a scenario: the same lesson with other
// names, sizes, addresses, times and faults, so that no two students have the
// same capture.
//
// A variant is made by changes of the scenario's text. Not every change fits every
// scenario: a want may say how many bytes a file has. So the caller tries the changes,
// and leaves out those that break the want:
//
//	changes := variant.Changes(s, random)
//	other, err := variant.Apply(s, changes...)
package variant

import (
	"fmt"
	"math/rand/v2"

	"ftplab/lab/scenario"
)

// A Change changes one thing in a scenario's text.
type Change struct {
	Kind Kind
	What string // for a person, such as "the file README is plan.txt"
	edit func(text string) string
}

// A Kind is what a change is about.
type Kind string

// The kinds of change.
const (
	Names     Kind = "names"     // of users and files
	Addresses Kind = "addresses" // of the hosts, and their ports
	Times     Kind = "times"     // of the path, and pauses
	Commands  Kind = "commands"  // more of them, which change nothing
	Faults    Kind = "faults"    // packets that are lost or come twice
	Sizes     Kind = "sizes"     // of files
)

// Changes draws the changes of a variant, the same ones for the same random numbers.
func Changes(s *scenario.Scenario, random *rand.Rand) []Change {
	d := &drawing{s: s, Rand: random}
	d.sizes() // first, while files have their names
	d.times()
	d.commands()
	d.faults()
	d.repairs()
	d.refusals()
	d.addresses()
	d.ports()
	d.controlPort()
	d.users()
	d.files()
	return d.changes
}

// Apply makes the variant of a scenario. It has the same name and no section
// `figures`, whose values were those of the original. The error is that of parsing it:
// a change does not fit the scenario.
func Apply(s *scenario.Scenario, changes ...Change) (*scenario.Scenario, error) {
	text := string(s.Source)
	for _, c := range changes {
		text = c.edit(text)
	}
	other, err := scenario.Parse(s.File, []byte(text))
	if err != nil {
		return nil, err
	}
	other.Figures = scenario.Section{}
	return other, nil
}

// A drawing is the changes that have been drawn so far.
type drawing struct {
	*rand.Rand
	s       *scenario.Scenario
	changes []Change
	used    map[string]bool // words that stand for something already
}

func (d *drawing) add(kind Kind, edit func(string) string, what string, args ...any) {
	d.changes = append(d.changes, Change{kind, fmt.Sprintf(what, args...), edit})
}

// one draws one of some words that has not been drawn for this variant before, and is
// not in the scenario.
func (d *drawing) one(words []string) string {
	if d.used == nil {
		d.used = map[string]bool{}
	}
	for range 10 * len(words) {
		if word := words[d.IntN(len(words))]; !d.used[word] && !hasWord(string(d.s.Source), word) {
			d.used[word] = true
			return word
		}
	}
	word := fmt.Sprintf("%s%d", words[d.IntN(len(words))], d.IntN(900)+100)
	d.used[word] = true
	return word
}
