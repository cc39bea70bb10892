// Tests of servers that do not answer.

package baseline

import (
	"testing"
	"time"

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
		if n := count(got, "server-answers", Odd); n != want {
			t.Errorf("%v without a greeting: got %v\nwant %d of server-answers", wait, got, want)
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
		if n := count(got, "server-answers", Odd); n != want {
			t.Errorf("%v without an answer: got %v\nwant %d of server-answers", wait, got, want)
		}
	}
}
