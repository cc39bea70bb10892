package expect

import (
	"strings"
	"testing"
)

// verdict judges a forged capture.
func verdict(t testing.TB, want string, g *forge) *Verdict {
	t.Helper()
	w, err := Parse("test.txtar", 1, want)
	if err != nil {
		t.Fatal(err)
	}
	v, err := w.Judge(g.capture(t), hosts)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestActiveListingPasses(t *testing.T) {
	v := verdict(t, activeWant, activeListing())
	if !v.Pass {
		t.Fatal(v.Report())
	}
}

func TestMismatchIsShownLikeACompilersError(t *testing.T) {
	v := verdict(t, strings.Replace(activeWant, "[F.] seq 56", "[F.] seq 70", 1), activeListing())
	t.Log(v.Report())
}
