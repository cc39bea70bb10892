package baseline

import "ftplab/lab/analysis/baseline/rules"

// Without removes the findings for which drop returns true, and draws the verdict again
// from the others. It returns how many were removed.
func (a *Assessment) Without(drop func(rules.Finding) bool) (removed int) {
	kept := []rules.Finding{}
	for _, f := range a.Findings {
		if drop(f) {
			removed++
			continue
		}
		kept = append(kept, f)
	}
	if removed > 0 {
		*a = *assess(kept, a.Judged)
	}
	return removed
}
