package expect_test

import (
	"testing"

	"ftplab/lab/analysis/expect"
	"ftplab/lab/labtest/mutation"
)

// A check that cannot fail is worthless: whatever is broken in a want or in its
// capture has to be noticed. What is then said about a packet is as the capture has it,
// and one wrong declaration is all that is called wrong.
func TestMutantsAreCaught(t *testing.T) {
	var total mutation.Score
	for _, p := range expect.ForgedPairs(t) {
		score, err := mutation.Try(mutation.Pair(p))
		if err != nil {
			t.Fatal(err)
		}
		total.Add(score)
	}
	t.Log(total)
	if total.Tried < 500 {
		t.Errorf("only %d mutants were tried", total.Tried)
	}
	if total.RolesTried < 4 || total.RolesCaught != total.RolesTried {
		t.Errorf("caught %d of %d wants with exchanged roles, want all, and at least 4", total.RolesCaught, total.RolesTried)
	}
	if len(total.Untrue) > 0 {
		t.Errorf("%d reports are untrue, such as %q", len(total.Untrue), total.Untrue[0])
	}
	if total.Rate() < 0.99 {
		t.Errorf("caught %.2f %% of the mutants, want 99 %%", 100*total.Rate())
	}
}
