package lab_test

import (
	"math"
	"path/filepath"
	"testing"
	"time"

	"ftplab/lab"
	"ftplab/lab/traffic"
)

// TestGeneratedSessionsAreAsLong learns from sessions that are generated from a profile of many
// short sessions and a few long ones. It gives the profile back: also how many commands a
// session has, of which none has more than the longest had.
func TestGeneratedSessionsAreAsLong(t *testing.T) {
	program := traffic.KindName{Who: traffic.Program}.String()
	profile := traffic.New()
	profile.Clients, profile.Servers = 100, 1
	kind := profile.Kind(program)
	for downloads, sessions := range map[int]int64{1: 60, 3: 30, 20: 10} {
		walk := []string{"USER 331", "PASS 230", "TYPE I 200"}
		for range downloads {
			walk = append(walk, "PASV RETR 150 226")
		}
		for range sessions {
			kind.Learn(append(walk, "QUIT 221"), true)
		}
		kind.Sessions += sessions
	}
	g := generation(t, 200, 200)
	g.Profile = profileFile(t, profile)
	g.Recipe.Duration = 24 * time.Hour
	generated(t, g)
	learned, err := lab.Learn(lab.File(filepath.Join(g.Folder, "part-00000.pcapng")), "generated")
	if err != nil {
		t.Fatal(err)
	}
	got, want := learned.Traffic.Kind(program).Numbers[traffic.Commands], kind.Numbers[traffic.Commands]
	if got.Count != 200 || got.Min != want.Min || got.Max != want.Max {
		t.Errorf("got %d sessions of %v to %v commands, want 200 of %v to %v", got.Count, got.Min, got.Max, want.Min, want.Max)
	}
	traffic.Shares(want, got, func(edge, learned, generated float64) {
		if math.Abs(learned-generated) > 0.1 {
			t.Errorf("got %.2f of the sessions with less than %.1f commands, want %.2f", generated, edge, learned)
		}
	})
	if again := learned.Distributions["commands-a-session"]; again.Max != want.Max {
		t.Errorf("got a longest session of %v commands in the capture, want %v", again.Max, want.Max)
	}
}
