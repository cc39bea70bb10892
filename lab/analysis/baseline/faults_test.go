// Tests of servers that do not answer.

package baseline

import (
	"testing"
	"time"

	"ftplab/lab/analysis/baseline/rules"
	"ftplab/lab/internal/forge"
)

// TestGreetings waits for a greeting that does not come.
func TestGreetings(t *testing.T) {
	for wait, want := range map[time.Duration]int{time.Second: 0, 20 * time.Second: 1} {
		got := forged(t, func(f *forge.Capture) {
			c := f.Control()
			f.Pass(wait)
			c.FIN()
		})
		if n := count(got, "server-answers", rules.Odd); n != want {
			t.Errorf("%v without a greeting: got %v\nwant %d of server-answers", wait, got, want)
		}
	}
}

// TestNeverAnswers has sessions in which the server greets and then answers nothing.
func TestNeverAnswers(t *testing.T) {
	for sessions, want := range map[int]rules.Severity{1: rules.Odd, 3: rules.Violation} {
		for wait, n := range map[time.Duration]int{time.Second: 0, 20 * time.Second: 1} {
			got := forged(t, func(f *forge.Capture) {
				for range sessions {
					c := f.Control().Say("< 220 ready\n> USER ada")
					f.Pass(wait)
					c.Say("> PASS x")
					f.Pass(wait)
					c.Say("> QUIT").Close()
				}
			})
			if count(got, "server-answers", want) != n {
				t.Errorf("%d sessions, %v without an answer: got %v\nwant %d %s of server-answers", sessions, wait, got, n, want)
			}
		}
	}
}

// TestSilence sends a command that is not answered, and waits.
func TestSilence(t *testing.T) {
	for wait, want := range map[time.Duration]int{time.Second: 0, 20 * time.Second: 1} {
		got := forged(t, func(f *forge.Capture) {
			c := f.Control().Say(hello).Say("> SYST")
			f.Pass(wait)
			c.FIN()
		})
		if n := count(got, "server-answers", rules.Odd); n != want {
			t.Errorf("%v without an answer: got %v\nwant %d of server-answers", wait, got, want)
		}
	}
}
