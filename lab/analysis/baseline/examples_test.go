package baseline

import "testing"

func TestExamples(t *testing.T) {
	known := map[string]bool{}
	for _, r := range Rules() {
		known[r.Name] = true
		if r.Example() == "" {
			t.Errorf("rule %s has no example: add one to examples.go", r.Name)
		}
	}
	for name := range examples {
		if !known[name] {
			t.Errorf("there is an example of %s, which is no rule", name)
		}
	}
}
