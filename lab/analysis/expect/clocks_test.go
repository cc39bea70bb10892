package expect

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/internal/forge"
)

// Two places have a session, and their clocks differ. Whichever packet the first place lacks, nothing is wrong.
func TestClocksDiffer(t *testing.T) {
	for _, s := range sessions {
		g := &recording{forge.New(), false}
		s.run(t, g, false)
		w, err := Parse("test.txtar", 1, derive(t, g.capture(t), hosts))
		if err != nil {
			t.Fatal(err)
		}
		for _, ahead := range []time.Duration{500 * time.Microsecond, -500 * time.Microsecond, 50 * time.Millisecond, -50 * time.Millisecond, time.Second, -time.Second} {
			here, there := g.Ends(clientAddr.String(), 20*time.Microsecond, ahead)
			for place, at := range [2][2][]forge.Frame{{here, there}, {there, here}} {
				for i := range g.Frames {
					c, err := capture.Read(bytes.NewReader(forge.Merge(slices.Delete(slices.Clone(at[0]), i, i+1), at[1])), capture.Options{})
					if err != nil {
						t.Fatal(err)
					}
					v, err := w.Judge(c, hosts)
					if err != nil || len(v.Mismatches) > 0 {
						t.Errorf("%s, %v ahead, place %d, without packet %d: got %v\n%s", s.name, ahead, place, i+1, err, v.Report())
					}
				}
			}
		}
	}
}
