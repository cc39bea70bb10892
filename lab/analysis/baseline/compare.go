// The comparison of a capture with a profile.

package baseline

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/baseline/profile"
	"ftplab/lab/analysis/baseline/rules"
)

// A value is unusual if it exceeds farBeyond times the largest that was learned, and noted
// if it exceeds nearBeyond times that. A distribution with fewer values than enough is not
// compared.
const (
	farBeyond  = 10
	nearBeyond = 3
	enough     = 20
)

// outliersOf are the measures of which the profile has enough values.
func outliersOf(p *profile.Profile) []outlier {
	var all []outlier
	for _, m := range profile.Measures() {
		h := p.Distributions[m.Name]
		if h.Count >= enough && (m.Connection != nil || m.Session != nil) {
			all = append(all, outlier{Measure: m, known: h})
		}
	}
	return all
}

// An outlier is the value of a measure that exceeds the learned values the most.
type outlier struct {
	profile.Measure
	known   *profile.Histogram
	n       int // values beyond those that were learned
	worst   float64
	packets []int // that show the worst
}

// add takes a value.
func (o *outlier) add(value float64, at ...int) {
	if value <= nearBeyond*o.known.Max {
		return
	}
	o.n++
	if value > o.worst {
		o.worst, o.packets = value, at
	}
}

// finding makes a finding of the outlier, if there is one.
func (o *outlier) finding() (rules.Finding, bool) {
	if o.n == 0 {
		return rules.Finding{}, false
	}
	h := o.known
	f := rules.Finding{
		Rule: o.Name, Severity: rules.Note, Packets: o.packets,
		Expected: fmt.Sprintf("%s %s: %s as a rule, %s at most", article(o.Name), o.Says,
			wording.Quantity(h.Quantile(0.5), o.Unit), wording.Quantity(h.Max, o.Unit)),
		Observed: wording.Quantity(o.worst, o.Unit),
		Why: "It is " + times(o.worst/h.Max) + " more than the most that the profile knows." +
			" Harmless if this network, these files or these users differ from those of the profile. In that case learn a profile of your own.",
	}
	if o.n > 1 {
		f.Observed += fmt.Sprintf(", and %d more beyond what is known", o.n-1)
	}
	if o.worst > farBeyond*h.Max && !o.Free {
		f.Severity = rules.Odd
	}
	return f, true
}

// strangers are commands, answers and successions that a profile does not know.
type strangers struct {
	normal *profile.Profile
	at     map[string]int // the first packet of each
	// commands, answers and successions are the keys in at that count.
	commands, answers, successions map[string]bool
}

func newStrangers(normal *profile.Profile) *strangers {
	return &strangers{normal, map[string]int{}, map[string]bool{}, map[string]bool{}, map[string]bool{}}
}

// add takes the dialogue of a session.
func (x *strangers) add(s *evidence.Session) {
	p, last := x.normal, profile.Start
	for _, e := range s.Exchanges {
		if s.Protection.Hides(e.Packet) {
			continue
		}
		name := profile.CommandName(e)
		if p.Commands[name] == 0 {
			if name != profile.OtherCommand {
				x.note(x.commands, name, e.Packet, true)
			}
			last = name
			continue
		}
		if sequences[last] && p.Commands[last] > 0 && !knowsAfter(p, name, last) {
			x.note(x.successions, last+" → "+name, e.Packet, profile.ComesNext(s, e) && !e.AfterGap)
		}
		for _, r := range e.Replies {
			var code [8]byte
			if text := strconv.AppendInt(code[:0], int64(r.Code), 10); p.Replies[name][string(text)] == 0 {
				x.note(x.answers, name+" "+string(text), r.Packet, !s.Lossy())
			}
		}
		last = name
	}
}

// announcing are the commands that announce a data connection. What follows one of them may follow all.
var announcing = wording.Set("PORT EPRT PASV EPSV")

// sequences are commands after which RFC 959, sections 5.4 and 6, and RFC 4217 expect certain others. After
// all others any command may follow.
var sequences = wording.Set("PORT EPRT PASV EPSV USER REST RNFR AUTH ADAT PBSZ")

// knowsAfter reports whether the profile has a command after another.
func knowsAfter(p *profile.Profile, name, last string) bool {
	if !announcing[last] {
		return p.Transitions[last][name] > 0
	}
	for command := range announcing {
		if p.Transitions[command][name] > 0 {
			return true
		}
	}
	return false
}

// note remembers the first packet of something, and whether it counts.
func (x *strangers) note(list map[string]bool, what string, packet int, counts bool) {
	if _, known := x.at[what]; !known {
		x.at[what] = packet
	}
	if counts {
		list[what] = true
	}
}

// findings makes findings of what the profile does not know.
func (x *strangers) findings() []rules.Finding {
	p := x.normal
	var findings []rules.Finding
	add := func(rule, expected string, set map[string]bool) {
		if len(set) > 0 {
			findings = append(findings, stranger(p, rule, expected, slices.Sorted(maps.Keys(set)), x.at))
		}
	}
	add("unknown-commands", "commands that the profile knows: "+strings.Join(slices.Sorted(maps.Keys(p.Commands)), ", "), x.commands)
	add("unknown-answers", "answers that the profile knows", x.answers)
	add("unknown-successions", "commands in an order that the profile knows", x.successions)
	return findings
}

// stranger is a note on things that the profile does not know.
func stranger(p *profile.Profile, rule, expected string, list []string, at map[string]int) rules.Finding {
	f := rules.Finding{
		Rule: rule, Severity: rules.Note, Expected: expected,
		Observed: strings.Join(list, ", "),
		Why:      "The profile was learned from " + wording.Plural(p.Sessions, "session", "sessions") + " without it. Harmless if the client or the server is another program.",
	}
	for _, what := range list {
		f.Packets = append(f.Packets, at[what])
	}
	f.Packets = slices.DeleteFunc(f.Packets, func(packet int) bool { return packet == 0 })
	return f
}

// article turns the name of a measure into words.
func article(name string) string { return strings.ReplaceAll(name, "-", " ") + ", " }

// times prints a factor.
func times(factor float64) string { return wording.Digits3(factor) + " times" }
