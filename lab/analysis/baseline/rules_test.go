// For each rule a capture that breaks it, and one that comes close and does not.

package baseline

import (
	"maps"
	"testing"

	"ftplab/lab/analysis/baseline/rules"
	"ftplab/lab/internal/forge"
)

// A ruleTest breaks a rule, and almost breaks it.
type ruleTest struct{ breaks, near func(*forge.Capture) }

// withKeys are the rules that a capture must be decrypted for. Package rules tests them.
var withKeys = map[string]bool{
	"data-protected-as-agreed": true, "close-notify-before-fin": true, "tls-handshake-succeeds": true, "data-resumes-session": true,
}

// ruleTests are the tests of the other rules.
var ruleTests = func() map[string]ruleTest {
	all := map[string]ruleTest{}
	for _, some := range []map[string]ruleTest{dialogueRules, dataRules, requestRules, packetRules} {
		maps.Copy(all, some)
	}
	return all
}()

// TestRules breaks every rule, and almost breaks it.
func TestRules(t *testing.T) {
	for _, r := range rules.All() {
		t.Run(r.Name, func(t *testing.T) {
			test, ok := ruleTests[r.Name]
			if withKeys[r.Name] {
				return
			}
			if !ok {
				t.Fatal("no test breaks this rule")
			}
			broken := forged(t, test.breaks)
			if n := count(broken, r.Name, r.Severity); n == 0 {
				t.Errorf("broken: got %v\nwant a %s", broken, r.Severity)
			}
			for _, f := range broken.Findings {
				if f.Rule == r.Name && (f.Expected == "" || f.Observed == "" || f.Why == "" || f.Filter == "") {
					t.Errorf("got %+v, want no field empty", f)
				}
			}
			near := forged(t, test.near)
			if count(near, r.Name, r.Severity) > 0 || near.Verdict == NotNormal {
				t.Errorf("almost broken: got %v\nwant no %s", near, r.Severity)
			}
		})
	}
}

// TestRulesAreDescribed asks of each rule the words that a finding needs.
func TestRulesAreDescribed(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range rules.All() {
		if seen[r.Name] {
			t.Errorf("%s: twice", r.Name)
		}
		seen[r.Name] = true
		for what, text := range map[string]string{
			"theme": r.Theme, "sentence": r.Says, "source": r.Source, "example": r.Example, "meaning": r.Matters, "innocent reason": r.Innocent,
		} {
			if text == "" {
				t.Errorf("%s: it has no %s", r.Name, what)
			}
		}
	}
	for name := range ruleTests {
		if !seen[name] {
			t.Errorf("a test is for %s, which is no rule", name)
		}
	}
}

func count(a *Assessment, rule string, s rules.Severity) int {
	n := 0
	for _, f := range a.Findings {
		if f.Rule == rule && f.Severity == s {
			n++
		}
	}
	return n
}
