// Package mutation tests the judge of captures, package expect: does it notice
// mistakes? It takes a want and a capture that passes it, changes one thing at a time
// in either of them, and counts the changes that the judge notices:
//
//	score, err := mutation.Try(mutation.Pair{Name: "list", Want: text, Capture: pcap, Hosts: hosts})
//	fmt.Print(score)
//
// Some changes have no effect by the rules of the notation: a missing bare ACK, or two
// joined lines in another order. The judge need not notice those. A [Score] lists them
// with the reason and does not count them.
//
// The reports are checked as well: what they quote of the capture has to be so, and if one declaration is wrong, they say
// nothing else.
package mutation

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/expect"
)

// A Pair is a want and a capture that passes it.
type Pair struct {
	Name    string
	Want    string
	Capture []byte // the file: pcap or pcapng, of Ethernet
	Hosts   expect.Hosts
	Ports   []uint16 // of control connections; see [expect.ControlPorts]
}

// A Score is the result of all mutants of one or more pairs.
type Score struct {
	// Tried and Caught count the mutants that must be noticed.
	Tried, Caught int
	// RolesTried and RolesCaught count those in which client and server are exchanged
	// and both have the same address, so that only the dialogue shows the mistake.
	RolesTried, RolesCaught int
	// Survivors are the mutants that had to be noticed and were not. Excused are those
	// that were not noticed and need not be.
	Survivors, Excused []Survivor
	// Untrue are quotes of packets, in the reports, that are not in the capture so, and what is called wrong, and is not.
	Untrue []Survivor
}

// A Survivor is a mutant that passed.
type Survivor struct {
	Pair string
	What string // what was changed
	Why  string // why it need not be noticed, "" for a defect; of Untrue, the quote
}

// Rate is the share of the mutants that were caught, 1 for all.
func (s Score) Rate() float64 {
	if s.Tried == 0 {
		return 1
	}
	return float64(s.Caught) / float64(s.Tried)
}

// Add adds the score of other pairs.
func (s *Score) Add(o Score) {
	s.Tried, s.Caught = s.Tried+o.Tried, s.Caught+o.Caught
	s.RolesTried, s.RolesCaught = s.RolesTried+o.RolesTried, s.RolesCaught+o.RolesCaught
	s.Survivors = append(s.Survivors, o.Survivors...)
	s.Excused = append(s.Excused, o.Excused...)
	s.Untrue = append(s.Untrue, o.Untrue...)
}

// String returns the rate, the survivors, and how many mutants have each excuse.
func (s Score) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d of %d mutants caught, %.2f %%\n", s.Caught, s.Tried, 100*s.Rate())
	if s.RolesTried > 0 {
		fmt.Fprintf(&b, "%d of %d wants with exchanged roles on one address caught\n", s.RolesCaught, s.RolesTried)
	}
	for _, m := range s.Survivors {
		fmt.Fprintf(&b, "survived: %s: %s\n", m.Pair, m.What)
	}
	for _, m := range s.Untrue {
		fmt.Fprintf(&b, "untrue: %s: %s: %s\n", m.Pair, m.What, m.Why)
	}
	count := map[string]int{}
	var reasons []string
	for _, m := range s.Excused {
		if count[m.Why]++; count[m.Why] == 1 {
			reasons = append(reasons, m.Why)
		}
	}
	for _, why := range reasons {
		fmt.Fprintf(&b, "%5d not caught and not counted: %s\n", count[why], why)
	}
	return b.String()
}

// A mutant is a want or a capture with one change.
type mutant struct {
	what    string
	why     string        // why the change need not be noticed, "" if it must be
	want    string        // the changed want, or else
	capture func() []byte // makes the changed capture
	roles   bool          // client and server are exchanged

	declaration int // the line of the only declaration that is wrong, or 0
}

// Try makes the mutants of a pair, or a sample of them if the pair is large, and judges
// each. It returns an error if the unchanged pair does not pass or cannot be read.
func Try(p Pair) (Score, error) {
	c, err := read(p, p.Capture)
	if err != nil {
		return Score{}, fmt.Errorf("%s: %w", p.Name, err)
	}
	w, err := expect.Parse(p.Name, 1, p.Want)
	if err != nil {
		return Score{}, err
	}
	v, err := w.Judge(c.Capture, p.Hosts)
	if err != nil {
		return Score{}, err
	}
	if !v.Pass {
		return Score{}, fmt.Errorf("%s does not pass as it is:\n%s", p.Name, v.Report())
	}
	packets, err := packetMutants(p.Capture, c, v)
	if err != nil {
		return Score{}, fmt.Errorf("%s: %w", p.Name, err)
	}
	var score Score
	for _, m := range sample(lineMutants(p.Want), len(c.frames)) {
		score.tryWant(p, m, c)
	}
	for _, m := range declarationMutants(p.Want) {
		score.tryWant(p, m, c)
	}
	if len(p.Hosts["client"]) > 0 && slices.Equal(p.Hosts["client"], p.Hosts["server"]) {
		for _, m := range roleMutants(p.Want) {
			score.tryWant(p, m, c)
		}
	}
	for _, m := range sample(packets, len(c.frames)) {
		score.tryCapture(p, m, w)
	}
	return score, nil
}

// sample takes an even sample of the mutants, because each one is read and judged as a
// whole: 200, or 50 of a large capture.
func sample(all []mutant, frames int) []mutant {
	most := 200
	if frames > 2000 {
		most = 50
	}
	if len(all) <= most {
		return all
	}
	var some []mutant
	for i := range most {
		some = append(some, all[i*len(all)/most])
	}
	return some
}

func (s *Score) count(p Pair, m mutant, caught bool) {
	survivor := Survivor{p.Name, m.what, m.why}
	switch {
	case m.why != "" && !caught:
		s.Excused = append(s.Excused, survivor)
		return
	case m.why != "":
		return
	case caught:
		s.Caught++
		if m.roles {
			s.RolesCaught++
		}
	default:
		s.Survivors = append(s.Survivors, survivor)
	}
	s.Tried++
	if m.roles {
		s.RolesTried++
	}
}

// tryWant judges the capture by a changed want. A changed want that cannot be parsed is
// caught, too.
func (s *Score) tryWant(p Pair, m mutant, c *recorded) {
	w, err := expect.Parse("mutant", 1, m.want)
	if err != nil {
		s.count(p, m, true)
		return
	}
	s.judge(p, m, w, c)
}

// tryCapture judges a changed capture by the want. A changed capture that cannot be read is caught, too.
func (s *Score) tryCapture(p Pair, m mutant, w *expect.Want) {
	c, err := read(p, m.capture())
	if err != nil {
		s.count(p, m, true)
		return
	}
	s.judge(p, m, w, c)
}

// judge judges one mutant.
func (s *Score) judge(p Pair, m mutant, w *expect.Want, c *recorded) {
	v, err := w.Judge(c.Capture, p.Hosts)
	s.count(p, m, err != nil || !v.Pass)
	if err != nil {
		return
	}
	if m.declaration > 0 && (len(v.Mismatches) != 1 || v.Mismatches[0].Line != 0 && v.Mismatches[0].Line != m.declaration) {
		s.Untrue = append(s.Untrue, Survivor{p.Name, m.what, "more than that is called wrong:\n" + v.Report()})
	}
	for _, quote := range c.untrue(v, p.Hosts) {
		s.Untrue = append(s.Untrue, Survivor{p.Name, m.what, quote})
	}
}

// A recorded is a capture in memory, with its packets.
type recorded struct {
	*capture.Capture
	frames []expect.Frame
}

// read reads a capture in memory, that of a pair or one that was made from it.
func read(p Pair, file []byte) (*recorded, error) {
	c, err := capture.Read(bytes.NewReader(file), capture.Options{NoHash: true, ControlPorts: p.Ports})
	if err != nil {
		return nil, err
	}
	r := &recorded{Capture: c}
	for p := range c.Packets() {
		r.frames = append(r.frames, expect.FrameOf(p, c.Start))
	}
	return r, c.Err()
}
