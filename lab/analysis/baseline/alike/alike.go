// Package alike tests whether two profiles describe the same traffic.
//
// Each quantity that both profiles have learned is compared by a test of statistics: numbers by that of Kolmogorov and
// Smirnov, words by chi-square. [Compare] returns the results. A quantity differs if chance hardly explains it.
package alike

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"

	"ftplab/lab/analysis/baseline/profile"
	"ftplab/lab/traffic"
)

// A Comparison is a two-sample test of one quantity that two profiles have learned. The
// null hypothesis is that both come from the same traffic.
type Comparison struct {
	Quantity string
	// Test is "KS" (Kolmogorov and Smirnov, for numbers) or "chi-square" (for words).
	Test      string
	Statistic float64
	// Samples are the effective sample sizes of the two profiles. Values of the same session depend
	// on each other, so these sizes are less than the numbers of values: see
	// [traffic.Histogram.Independent].
	Samples [2]float64
	// P is the probability of a difference at least as large by chance. It is not corrected for
	// the number of tests.
	P float64
	// Differs reports whether the difference is significant at a level of 5 % over all
	// comparisons together, by Holm's method.
	Differs bool
}

// level is the probability that any comparison of two profiles of the same traffic is significant.
const level = 0.05

// leastSamples is how many values a quantity needs in both profiles to be compared.
const leastSamples = 5

// Compare compares what two profiles have learned, and returns the least alike first. It leaves out
// quantities of which a profile has hardly any values. It also leaves out the histories of
// connections, because they depend on where a capture was cut off and on the TCP of the hosts more
// than on the sessions.
func Compare(a, b *profile.Profile) []Comparison {
	x := &comparer{a: a, b: b}
	x.profiles()
	if a.Traffic != nil && b.Traffic != nil {
		x.traffic(a.Traffic, b.Traffic)
	}
	slices.SortStableFunc(x.list, func(a, b Comparison) int {
		return cmp.Or(cmp.Compare(a.P, b.P), cmp.Compare(a.Quantity, b.Quantity))
	})
	for i := range x.list { // Holm, "A simple sequentially rejective multiple test procedure", 1979
		if x.list[i].P > level/float64(len(x.list)-i) {
			break
		}
		x.list[i].Differs = true
	}
	return x.list
}

// A comparer compares quantity after quantity.
type comparer struct {
	a, b *profile.Profile
	list []Comparison
}

// profiles compares what is measured for `baseline check`.
func (x *comparer) profiles() {
	units := [2]float64{independent(x.a), independent(x.b)}
	if !x.unread() { // else what was said is in one of them only
		x.words("commands", counts(x.a.Commands), counts(x.b.Commands), units)
		x.rows("transitions", tables(x.a.Transitions), tables(x.b.Transitions), units)
		x.rows("replies", tables(x.a.Replies), tables(x.b.Replies), units)
	}
	units = [2]float64{float64(x.a.Sessions), float64(x.b.Sessions)}
	for _, name := range slices.Sorted(maps.Keys(x.a.Distributions)) {
		if h := x.b.Distributions[name]; h != nil {
			x.numbers(name, x.a.Distributions[name], h, units)
		}
	}
}

// unread reports whether one of the profiles is of sessions in TLS that cannot be read.
func (x *comparer) unread() bool {
	return x.a.Traffic != nil && x.a.Traffic.Unread > 0 || x.b.Traffic != nil && x.b.Traffic.Unread > 0
}

// independent is the effective number of sessions of a profile: fewer than its sessions if those
// have different numbers of exchanges.
func independent(p *profile.Profile) float64 {
	if h := p.Distributions["reply-time"]; h != nil && h.Count > 0 {
		return h.Independent(float64(p.Sessions))
	}
	return float64(p.Sessions)
}

// traffic compares what the generator draws from.
func (x *comparer) traffic(a, b *traffic.Traffic) {
	all := [2]float64{float64(a.Sessions()), float64(b.Sessions())}
	clients := [2]float64{float64(a.Clients), float64(b.Clients)}
	servers := [2]float64{a.IndependentServers(), b.IndependentServers()}
	x.words("hours", hourCounts(a), hourCounts(b), all)
	x.words("kinds", kindCounts(a), kindCounts(b), clients)
	x.words("tls", secured(a), secured(b), clients)
	x.numbers("sessions-a-client", a.SessionsAClient, b.SessionsAClient, clients)
	for _, name := range slices.Sorted(maps.Keys(a.Kinds)) {
		k, l := a.Kinds[name], b.Kinds[name]
		if l == nil {
			continue
		}
		name += ": "
		units := [2]float64{float64(k.Sessions), float64(l.Sessions)}
		x.rows(name+"walks", k.Follows, l.Follows, [2]float64{spoken(k), spoken(l)})
		x.words(name+"logins", k.Logins, l.Logins, units)
		x.words(name+"lossy", lossy(k), lossy(l), units)
		x.words(name+"client-tcp", k.ClientTCP, l.ClientTCP, least(units, clients))
		x.words(name+"server-tcp", k.ServerTCP, l.ServerTCP, least(units, servers))
		x.words(name+"servers", k.Servers, l.Servers, least(units, servers))
		for _, number := range traffic.Numbers() {
			x.numbers(name+number, k.Numbers[number], l.Numbers[number], units)
		}
	}
}

// spoken is the effective number of sessions of a kind, as in independent.
func spoken(k *traffic.Kind) float64 {
	if h := k.Numbers[traffic.ServerTime]; h.Count > 0 {
		return h.Independent(float64(k.Sessions))
	}
	return float64(k.Sessions)
}

func least(a, b [2]float64) [2]float64 { return [2]float64{min(a[0], b[0]), min(a[1], b[1])} }

func counts(m map[string]int) traffic.Counts {
	c := traffic.Counts{}
	for word, n := range m {
		c[word] = int64(n)
	}
	return c
}

func tables(m map[string]map[string]int) map[string]traffic.Counts {
	t := map[string]traffic.Counts{}
	for row, cells := range m {
		t[row] = counts(cells)
	}
	return t
}

func hourCounts(t *traffic.Traffic) traffic.Counts {
	c := traffic.Counts{}
	for hour, n := range t.Hours {
		c[fmt.Sprint(hour)] = n
	}
	return c
}

func kindCounts(t *traffic.Traffic) traffic.Counts {
	c := traffic.Counts{}
	for name, k := range t.Kinds {
		kind, _ := traffic.ParseKindName(name)
		kind.TLS = false // see secured
		c[kind.String()] += k.Sessions
	}
	return c
}

// secured counts sessions in TLS, whether or not they can be read, and others.
func secured(t *traffic.Traffic) traffic.Counts {
	c := traffic.Counts{"yes": t.Unread}
	for name, k := range t.Kinds {
		if kind, _ := traffic.ParseKindName(name); kind.TLS {
			c["yes"] += k.Sessions
		} else {
			c["no"] += k.Sessions
		}
	}
	return c
}

func lossy(k *traffic.Kind) traffic.Counts {
	return traffic.Counts{"yes": k.Lossy, "no": k.Sessions - k.Lossy}
}

// numbers compares two histograms. Units are the upper limits of their effective sample sizes.
func (x *comparer) numbers(quantity string, a, b *traffic.Histogram, units [2]float64) {
	if a == nil || b == nil {
		return
	}
	n := [2]float64{a.Independent(units[0]), b.Independent(units[1])}
	if min(n[0], n[1]) < leastSamples {
		return
	}
	d := 0.0
	traffic.Shares(a, b, func(_, shareOfA, shareOfB float64) { d = max(d, math.Abs(shareOfA-shareOfB)) })
	x.list = append(x.list, Comparison{Quantity: quantity, Test: "KS", Statistic: d, Samples: n, P: kolmogorov(d, n)})
}

// words compares how often each word was counted.
func (x *comparer) words(quantity string, a, b traffic.Counts, units [2]float64) {
	x.rows(quantity, map[string]traffic.Counts{"": a}, map[string]traffic.Counts{"": b}, units)
}

// rows compares the rows of two tables, all together.
func (x *comparer) rows(quantity string, a, b map[string]traffic.Counts, units [2]float64) {
	sum, freedom, n := 0.0, 0, [2]float64{}
	for _, row := range slices.Sorted(maps.Keys(a)) {
		counted := a[row]
		of := least([2]float64{float64(counted.Total()), float64(b[row].Total())}, units)
		if min(of[0], of[1]) < leastSamples {
			continue
		}
		statistic, f := chiSquare(counted, b[row], of)
		sum, freedom = sum+statistic, freedom+f
		n = [2]float64{max(n[0], of[0]), max(n[1], of[1])}
	}
	if freedom == 0 {
		return
	}
	x.list = append(x.list, Comparison{Quantity: quantity, Test: "chi-square", Statistic: sum, Samples: n, P: gammaQ(float64(freedom)/2, sum/2)})
}

// chiSquare is the statistic of two rows of counts that weigh as much as n values, and
// its degrees of freedom. Words that are expected less than five times count as one, as
// the test needs it (Cochran, "Some methods for strengthening the common chi-square
// tests", 1954).
func chiSquare(a, b traffic.Counts, n [2]float64) (statistic float64, freedom int) {
	totals := [2]float64{float64(a.Total()), float64(b.Total())}
	var rare [2]float64
	cells := 0
	add := func(observed [2]float64) {
		sum := observed[0] + observed[1]
		for i := range observed {
			if expected := sum * n[i] / (n[0] + n[1]); expected > 0 {
				statistic += (observed[i] - expected) * (observed[i] - expected) / expected
			}
		}
		cells++
	}
	words := maps.Clone(a)
	if words == nil {
		words = traffic.Counts{}
	}
	for word := range b {
		words[word] += 0
	}
	for _, word := range slices.Sorted(maps.Keys(words)) {
		observed := [2]float64{float64(a[word]) * n[0] / totals[0], float64(b[word]) * n[1] / totals[1]}
		if (observed[0]+observed[1])*min(n[0], n[1])/(n[0]+n[1]) < 5 {
			rare[0], rare[1] = rare[0]+observed[0], rare[1]+observed[1]
			continue
		}
		add(observed)
	}
	if rare[0]+rare[1] > 0 {
		add(rare)
	}
	return statistic, cells - 1
}

// kolmogorov is the probability that two samples of the same distribution differ by d
// or more (Stephens, "Use of the Kolmogorov-Smirnov, Cramér-von Mises and related
// statistics without extensive tables", 1970).
func kolmogorov(d float64, n [2]float64) float64 {
	root := math.Sqrt(n[0] * n[1] / (n[0] + n[1]))
	l := (root + 0.12 + 0.11/root) * d
	if l < 0.2 {
		return 1
	}
	sum, sign := 0.0, 1.0
	for k := 1.0; k <= 100; k++ {
		sum += sign * math.Exp(-2*k*k*l*l)
		sign = -sign
	}
	return min(max(2*sum, 0), 1)
}

// gammaQ is the upper regularized incomplete gamma function Q(a, x): with half the degrees
// of freedom and half the statistic, the probability of a chi-square as large.
func gammaQ(a, x float64) float64 {
	if x <= 0 {
		return 1
	}
	logGamma, _ := math.Lgamma(a)
	front := math.Exp(-x + a*math.Log(x) - logGamma)
	if x < a+1 { // the series for P
		sum, term := 1/a, 1/a
		for n := 1.0; n < 1000 && term > sum*1e-15; n++ {
			term *= x / (a + n)
			sum += term
		}
		return max(0, 1-sum*front)
	}
	const tiny = 1e-300 // the continued fraction for Q, by Lentz's method
	b := x + 1 - a
	c, d := 1/tiny, 1/b
	h := d
	for n := 1.0; n < 1000; n++ {
		an := -n * (n - a)
		b += 2
		d = an*d + b
		if math.Abs(d) < tiny {
			d = tiny
		}
		if c = b + an/c; math.Abs(c) < tiny {
			c = tiny
		}
		d = 1 / d
		h *= d * c
		if math.Abs(d*c-1) < 1e-15 {
			break
		}
	}
	return min(front*h, 1)
}

// ErrTooLittle says that two profiles have no quantity that a test could compare.
var ErrTooLittle = fmt.Errorf("there is too little to compare: no quantity has %d independent values in both", leastSamples)

// Write writes a table of comparisons, and a sentence on all of them. It reports
// whether nothing differs. Without any comparison, it returns [ErrTooLittle].
func Write(w io.Writer, list []Comparison) (alike bool, err error) {
	if len(list) == 0 {
		return false, ErrTooLittle
	}
	differ := 0
	fmt.Fprintf(w, "%-34s %-10s %9s %9s %9s %8s\n", "quantity", "test", "statistic", "values", "values", "p")
	for _, c := range list {
		mark := ""
		if c.Differs {
			mark = "  differs"
			differ++
		}
		fmt.Fprintf(w, "%-34s %-10s %9.3f %9.0f %9.0f %8.4f%s\n", c.Quantity, c.Test, c.Statistic, c.Samples[0], c.Samples[1], c.P, mark)
	}
	switch differ {
	case 0:
		_, err = fmt.Fprintf(w, "\nAlike: none of %d quantities differs by more than chance explains (level 5 %%, Holm's correction).\n", len(list))
	default:
		_, err = fmt.Fprintf(w, "\n%d of %d quantities differ by more than chance explains (level 5 %%, Holm's correction).\n", differ, len(list))
	}
	return differ == 0, err
}
