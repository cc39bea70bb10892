package alike

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"ftplab/lab/analysis/baseline/profile"
	"ftplab/lab/traffic"
)

// TestProbabilities compares with values of tables: of chi-square, and of the statistic of
// Kolmogorov and Smirnov.
func TestProbabilities(t *testing.T) {
	for _, c := range []struct{ freedom, statistic, want float64 }{
		{1, 3.841, 0.05}, {2, 5.991, 0.05}, {10, 18.307, 0.05}, {10, 23.209, 0.01}, {50, 67.505, 0.05}, {3, 0.352, 0.95},
	} {
		if got := gammaQ(c.freedom/2, c.statistic/2); math.Abs(got-c.want) > 0.0005 {
			t.Errorf("chi-square %v of %v degrees: got %.4f, want %v", c.statistic, c.freedom, got, c.want)
		}
	}
	large := [2]float64{1e6, 1e6}
	for lambda, want := range map[float64]float64{1.358: 0.05, 1.628: 0.01, 0.828: 0.5} {
		if got := kolmogorov(lambda/math.Sqrt(5e5), large); math.Abs(got-want) > 0.002 {
			t.Errorf("KS %v: got %.4f, want %v", lambda, got, want)
		}
	}
}

// samples is a profile with values of a distribution, one a session.
func samples(seed uint64, n int, median float64) *profile.Profile {
	random := rand.New(rand.NewPCG(seed, 1))
	p := profile.New()
	p.Sessions = n
	for range n {
		p.Distributions["think-time"].Add(median * math.Exp(random.NormFloat64()))
		p.Distributions["think-time"].Squares++
		p.Commands[[]string{"LIST", "RETR", "STOR"}[random.IntN(3)]]++
	}
	return p
}

// TestAlike compares samples of one distribution, and of two.
func TestAlike(t *testing.T) {
	differ := func(a, b *profile.Profile) (names []string) {
		for _, c := range Compare(a, b) {
			if c.Differs {
				names = append(names, c.Quantity)
			}
		}
		return names
	}
	false1 := 0
	for seed := range uint64(40) {
		if len(differ(samples(2*seed, 300, 1), samples(2*seed+1, 200, 1))) > 0 {
			false1++
		}
	}
	if false1 > 6 { // 2 of 40 are expected at a level of 5 %
		t.Errorf("got %d of 40 pairs of the same traffic that differ, want about 2", false1)
	}
	if got := differ(samples(1, 300, 1), samples(2, 200, 2)); fmt.Sprint(got) != "[think-time]" {
		t.Errorf("got %v, want think-time to differ", got)
	}
	other := samples(2, 200, 1)
	other.Commands["STOR"] += 100
	if got := differ(samples(1, 300, 1), other); fmt.Sprint(got) != "[commands]" {
		t.Errorf("got %v, want commands to differ", got)
	}
}

// TestOneSessionCountsOnce: a session with most of the values is no proof of anything.
func TestOneSessionCountsOnce(t *testing.T) {
	a, b := samples(1, 100, 1), samples(2, 100, 1)
	for range 500 {
		b.Distributions["think-time"].Add(30)
	}
	b.Distributions["think-time"].Squares += 500 * 500
	for _, c := range Compare(a, b) {
		if c.Differs {
			t.Errorf("got %+v, want no difference", c)
		}
	}
}

// TestOneServerCountsOnce: a server that most of the sessions went to is no proof of what the
// others are like. Where each has as many, they are.
func TestOneServerCountsOnce(t *testing.T) {
	habits := func(habit string, most int64) *profile.Profile {
		p := profile.New()
		p.Traffic = traffic.New()
		p.Traffic.Clients, p.Traffic.Servers, p.Traffic.ServerSquares = 200, 100, most*most+99
		k := p.Traffic.Kind(traffic.Program)
		k.Sessions, k.ServerTCP[habit], k.ServerTCP["others"] = most+99, most, 99
		return p
	}
	a, b := habits("one", 300), habits("two", 300)
	for _, c := range Compare(a, b) {
		if c.Differs {
			t.Errorf("with most sessions of one server: got %+v, want no difference", c)
		}
	}
	for _, p := range []*profile.Profile{a, b} {
		p.Traffic.ServerSquares = 400 * 400 / 100 // of each server as many
	}
	if list := Compare(a, b); !slices.ContainsFunc(list, func(c Comparison) bool { return c.Quantity == "program: server-tcp" && c.Differs }) {
		t.Errorf("with as many sessions of each server: got %+v, want that the habits of TCP differ", list)
	}
}
