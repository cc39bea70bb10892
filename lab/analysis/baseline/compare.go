// A capture held against a profile.

package baseline

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// What counts as outside of a distribution: a value beyond far times the largest
// that was ever learned is unusual, one beyond near times is noted. Fewer values
// than enough tell nothing.
const (
	farBeyond  = 10
	nearBeyond = 3
	enough     = 20
)

// compare finds the values of a capture that are outside of the profile.
func (p *Profile) compare(e *Evidence) []Finding {
	var findings []Finding
	for _, m := range Measures() {
		h := p.Distributions[m.Name]
		if m.each == nil || h.Count < enough {
			continue
		}
		if f, ok := outside(m, h, e); ok {
			findings = append(findings, f)
		}
	}
	return append(findings, p.strangers(e)...)
}

// outside looks for values beyond the distribution of a measure, and reports the
// one furthest off.
func outside(m Measure, h *Histogram, e *Evidence) (Finding, bool) {
	worst, n := 0.0, 0
	var packets []int
	m.each(e, func(value float64, at ...int) {
		if value <= nearBeyond*h.Max {
			return
		}
		n++
		if value > worst {
			worst, packets = value, at
		}
	})
	if n == 0 {
		return Finding{}, false
	}
	f := Finding{
		Rule: m.Name, Severity: Note, Packets: packets,
		Expected: fmt.Sprintf("%s %s: %s as a rule, %s at most", article(m.Name), m.Says,
			quantity(h.Quantile(0.5), m.Unit), quantity(h.Max, m.Unit)),
		Observed: quantity(worst, m.Unit),
		Why: "It is " + times(worst/h.Max) + " more than the most that the profile knows." +
			" Innocent, if this network, these files or these people differ from those that it was learned from; learn a profile of your own then.",
		Filter: frames(packets...),
	}
	if n > 1 {
		f.Observed += fmt.Sprintf(", and %d more beyond what is known", n-1)
	}
	if worst > farBeyond*h.Max && !m.Free {
		f.Severity = Odd
	}
	return f, true
}

// strangers names commands, answers and successions that the profile does not
// know.
func (p *Profile) strangers(e *Evidence) []Finding {
	seen := NewProfile()
	at := map[string]int{} // the first packet of each stranger
	for _, s := range e.sessions {
		seen.learnDialogue(s)
		last := Start
		for _, x := range s.Exchanges {
			name := commandName(x)
			note(at, "command "+name, x.Packet)
			note(at, last+" → "+name, x.Packet)
			for _, r := range x.Replies {
				note(at, name+" "+fmt.Sprint(r.Code), r.Packet)
			}
			last = name
		}
	}
	var commands, answers, successions []string
	for name := range seen.Commands {
		if p.Commands[name] == 0 && name != otherCommand {
			commands = append(commands, name)
		}
	}
	for name, codes := range seen.Replies {
		for code := range codes {
			if p.Commands[name] > 0 && p.Replies[name][code] == 0 {
				answers = append(answers, name+" "+code)
			}
		}
	}
	for name, next := range seen.Transitions {
		for other := range next {
			if p.Commands[name] > 0 && p.Commands[other] > 0 && p.Transitions[name][other] == 0 {
				successions = append(successions, name+" → "+other)
			}
		}
	}
	var findings []Finding
	add := func(rule, expected, prefix string, list []string) {
		if len(list) > 0 {
			findings = append(findings, p.stranger(rule, expected, prefix, list, at))
		}
	}
	add("unknown-commands", "commands that the profile knows: "+strings.Join(slices.Sorted(maps.Keys(p.Commands)), ", "), "command ", commands)
	add("unknown-answers", "answers that the profile knows", "", answers)
	add("unknown-successions", "commands in an order that the profile knows", "", successions)
	return findings
}

func note(at map[string]int, what string, packet int) {
	if _, ok := at[what]; !ok {
		at[what] = packet
	}
}

// stranger is a note on things that the profile does not know.
func (p *Profile) stranger(rule, expected, prefix string, list []string, at map[string]int) Finding {
	slices.Sort(list)
	f := Finding{
		Rule: rule, Severity: Note, Expected: expected,
		Observed: strings.Join(list, ", "),
		Why:      "The profile was learned from " + plural(p.Sessions, "session", "sessions") + " in which this did not occur. Innocent, if the client or the server is of another make.",
	}
	for _, what := range list {
		f.Packets = append(f.Packets, at[prefix+what])
	}
	f.Packets = without(f.Packets, 0)
	f.Filter = frames(f.Packets...)
	return f
}

// article turns the name of a measure into words.
func article(name string) string { return strings.ReplaceAll(name, "-", " ") + ", " }

// quantity prints a value with its unit.
func quantity(v float64, unit string) string {
	switch unit {
	case "seconds":
		for _, u := range []struct {
			size float64
			name string
		}{{24 * 3600, "days"}, {3600, "h"}, {60, "min"}, {1, "s"}, {1e-3, "ms"}} {
			if v >= u.size {
				return digits3(v/u.size) + " " + u.name
			}
		}
		return digits3(v*1e6) + " µs"
	case "bytes":
		for _, u := range []struct {
			size float64
			name string
		}{{1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}} {
			if v >= u.size {
				return digits3(v/u.size) + " " + u.name
			}
		}
	}
	if unit != "seconds" && unit != "bytes" {
		v = math.Round(v) // what is counted comes whole
	}
	return digits3(v) + " " + unit
}

// digits3 prints three digits.
func digits3(v float64) string {
	if v >= 100 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

func times(factor float64) string { return digits3(factor) + " times" }
