// How the chances of a walk's steps are adapted to the lengths of sessions.

package traffic

import "math"

// adapt finds weights of the steps such that walks with the lengths of sessions have the steps
// as often as sessions do: iterative proportional fitting, with smaller changes where one made
// the difference larger. (Darroch and Ratcliff, "Generalized iterative scaling for log-linear
// models", 1972.)
func (w *Walks) adapt() {
	const (
		rounds = 30
		finest = 8    // times that the root is taken of a change
		enough = 1e-6 // difference
	)
	w.weigh()
	difference := w.difference()
	for root, round := 0, 0; round < rounds && root <= finest && difference > enough; round++ {
		before := w.weights()
		w.change(root)
		w.weigh()
		if now := w.difference(); now < difference {
			difference, root = now, max(0, root-1)
			continue
		}
		w.restore(before)
		w.weigh()
		root++
	}
}

// weigh computes the weights of all walks, and how often they have each step.
func (w *Walks) weigh() {
	w.share(w.forward())
	w.backward()
}

// forward computes the weights of all ways from the start. It returns those of the walks that
// end after each number of commands.
func (w *Walks) forward() (ends []float64) {
	for _, row := range w.reach {
		clear(row)
	}
	ends = make([]float64, len(w.reach))
	w.reach[0][w.start] = 1
	for said, row := range w.reach {
		for place, weight := range row {
			if weight == 0 {
				continue
			}
			for _, s := range w.steps[place] {
				switch {
				case s.exchange == End:
					ends[said] += float64(weight * s.weight)
				case s.to >= 0 && said+s.commands < len(w.reach):
					w.reach[said+s.commands][s.to] += float64(weight * s.weight)
				}
			}
		}
	}
	return ends
}

// backward computes the weights of all ways to an end.
func (w *Walks) backward() {
	for _, steps := range w.steps {
		for i := range steps {
			steps[i].taken = 0
		}
	}
	for said := len(w.rest) - 1; said >= 0; said-- {
		clear(w.rest[said])
		for place, reach := range w.reach[said] {
			if reach == 0 {
				continue
			}
			for i := range w.steps[place] {
				s := &w.steps[place][i]
				weight := w.weight(s, said)
				w.rest[said][place] += weight
				s.taken += float64(reach * weight)
			}
		}
	}
}

// share gives the walks of each length the share that they have of sessions. A length that no
// walk has gets none.
func (w *Walks) share(ends []float64) {
	const least = 1e-250 // below, a quotient would be infinite
	clear(w.last)
	for _, l := range w.lengths {
		all := 0.0
		for n := l.low; n <= l.high; n++ {
			all += ends[n]
		}
		for n := l.low; n <= l.high && all > least; n++ {
			w.last[n] = l.share / all
		}
	}
}

// expected calls use for each step that walks take, with its share of what follows at its place,
// and with how often a walk is there.
func (w *Walks) expected(use func(s *step, share, visits float64)) {
	for _, steps := range w.steps {
		visits := 0.0
		for _, s := range steps {
			visits += s.taken
		}
		for i := range steps {
			if visits > 0 {
				use(&steps[i], steps[i].taken/visits, visits)
			}
		}
	}
}

// difference is how far the steps are from what was learned: a chi-square of one walk.
func (w *Walks) difference() (sum float64) {
	w.expected(func(s *step, share, visits float64) {
		off := share - s.learned
		sum += float64(visits * off * off / s.learned)
	})
	return sum
}

// change changes the weight of each step in the proportion by which it is too rare, or that
// proportion's square root, and so on.
func (w *Walks) change(root int) {
	const most = 8
	w.expected(func(s *step, share, _ float64) {
		by := float64(most)
		if share > 0 {
			by = min(max(s.learned/share, 1.0/most), most)
		}
		for range root {
			by = math.Sqrt(by)
		}
		s.weight *= by
	})
}

// weights are those of all steps, for restore.
func (w *Walks) weights() (all []float64) {
	for _, steps := range w.steps {
		for _, s := range steps {
			all = append(all, s.weight)
		}
	}
	return all
}

func (w *Walks) restore(all []float64) {
	for _, steps := range w.steps {
		for i := range steps {
			steps[i].weight, all = all[0], all[1:]
		}
	}
}
