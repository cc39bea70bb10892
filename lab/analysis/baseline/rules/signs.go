// Signs that are weak alone: several that agree are strong.

package rules

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"ftplab/lab/analysis/baseline/evidence"
)

var noSignsAgreeRule = Rule{
	Name: "no-signs-agree", Theme: "beside the session",
	Says:     "No two kinds of weak signs appear between the same client and server.",
	Source:   "the sources of the rules that agree",
	Example:  "> CWD ../../etc and > RETR passwords.txt in the same session",
	Severity: Violation,
	Matters:  "One weak sign is common. Several of different kinds between the same two hosts usually belong to an attack.",
	Innocent: "the owner of the server tests it, or the server is very unusual.",
	look:     func() look { return look{} }, // signs.judge makes its breaches
}

// How much the signs of two hosts must count together to be unusual, and to be not normal.
// They must be of two rules at least.
const (
	someSigns   = 2
	enoughSigns = 3
	fewestKinds = 2
)

// noSign, as the sign of a breach, says that it does not count, although the rule has a sign.
const noSign = -1

// signs are the signs between two hosts, by kind: the rule, or serverProgram.
type signs map[evidence.PairOfHosts]map[string]sign

// serverProgram is the kind of all signs that are habits of one program, the server's: its codes, the form of its
// replies, its greeting.
const serverProgram = "the program of the server"

// A sign is the breach of its kind that counts the most, with how much it counts.
type sign struct {
	counts int
	rule   string
	breach
}

// add takes a breach. A violation needs no other sign.
func (all signs) add(r Rule, b breach) {
	counts := cmp.Or(b.sign, r.sign)
	if counts <= 0 || b.hosts == (evidence.PairOfHosts{}) || cmp.Or(b.severity, r.Severity) == Violation {
		return
	}
	if all[b.hosts] == nil {
		all[b.hosts] = map[string]sign{}
	}
	kind := r.Name
	if r.habit || b.habit {
		kind = serverProgram
	}
	if counts > all[b.hosts][kind].counts {
		all[b.hosts][kind] = sign{counts, r.Name, b}
	}
}

// share adds the signs about one host alone to those between it and others, where they count least.
func (all signs) share() {
	ofClient, ofServer := map[netip.Addr]map[string]sign{}, map[netip.Addr]map[string]sign{}
	for hosts, of := range all {
		switch {
		case !hosts.Server().IsValid():
			ofClient[hosts.Client()] = of
		case !hosts.Client().IsValid():
			ofServer[hosts.Server()] = of
		}
	}
	for hosts, of := range all {
		if !hosts.Client().IsValid() || !hosts.Server().IsValid() {
			continue
		}
		for _, alone := range []map[string]sign{ofClient[hosts.Client()], ofServer[hosts.Server()]} {
			for kind, s := range alone {
				if of[kind].counts == 0 {
					of[kind] = sign{1, s.rule, s.breach}
				}
			}
		}
	}
}

// judge finds the hosts between which several signs agree.
func (all signs) judge() []breach {
	all.share()
	var found []breach
	for hosts, of := range all {
		counts := 0
		for _, s := range of {
			counts += s.counts
		}
		if counts < someSigns || len(of) < fewestKinds {
			continue
		}
		b := breach{place: atEnd}
		if counts < enoughSigns {
			b.severity = Odd
		}
		var words []string
		for _, kind := range slices.SortedStableFunc(maps.Keys(of), func(a, b string) int { return cmp.Compare(of[a].rule, of[b].rule) }) {
			s := of[kind]
			words = append(words, fmt.Sprintf("%s (%s)", s.rule, s.observed))
			b.packets = append(b.packets, s.packets[:min(len(s.packets), 8)]...)
		}
		b.observed = fmt.Sprintf("%d signs agree about %s at %s: %s", len(of), hosts.Client(), hosts.Server(), strings.Join(words, "; "))
		found = append(found, b)
	}
	slices.SortStableFunc(found, func(a, b breach) int {
		return cmp.Or(cmp.Compare(slices.Min(a.packets), slices.Min(b.packets)), cmp.Compare(a.observed, b.observed))
	})
	return found
}
