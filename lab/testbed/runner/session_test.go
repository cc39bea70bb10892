package runner

import (
	"testing"
	"time"

	"ftplab/lab/scenario"
)

// TestDeadline gives more time to what uses a data connection, and to nothing else.
func TestDeadline(t *testing.T) {
	const source = `network wire rate=8Mbit
deadline 3s
file big.bin 10MiB

open
login anonymous
pause 2s
pwd
get big.bin
ls
quit
`
	s, err := scenario.Parse("x.txtar", []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	// At 10 MiB a second, 1 s. On the path it takes 10.49 s, and may take four times as long.
	transfer := 3*time.Second + time.Second + 41943040*time.Microsecond
	want := map[string]time.Duration{"pause": 5 * time.Second, "get": transfer, "ls": transfer}
	r := &script{Environment: &Environment{scenario: s}}
	if got := r.deadline(s.Steps[3], true); got != transfer {
		t.Errorf("pwd after a transfer: got %v, want %v", got, transfer)
	}
	for _, step := range s.Steps {
		w, ok := want[step.Verb]
		if !ok {
			w = 3 * time.Second
		}
		if got := r.deadline(step, false); got != w {
			t.Errorf("%s: got %v, want %v", step.Verb, got, w)
		}
	}
}

// TestEveryVerb looks for what takes a step of each verb that a scenario can have.
func TestEveryVerb(t *testing.T) {
	verbs := scenario.Verbs()
	for _, verb := range verbs {
		if steps[verb] == nil {
			t.Errorf("nothing takes a step %s", verb)
		}
	}
	if len(steps) != len(verbs) {
		t.Errorf("steps of %d verbs are taken, and there are %d", len(steps), len(verbs))
	}
}
