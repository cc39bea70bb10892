package lab_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ftplab/lab"
	"ftplab/lab/analysis/baseline"
	"ftplab/lab/traffic"
)

// TestLearnedAgain generates from the profile of a browser, learns from that, and does so once
// more. The share of servers with timestamps and how long a program waits stay as they were:
// they neither depend on what clients lack, nor on how long data takes.
func TestLearnedAgain(t *testing.T) {
	profile, ok := traffic.Profile("browser")
	if !ok {
		t.Fatal("got no profile of a browser")
	}
	var err error
	var learned [2]*baseline.Profile
	for i := range learned {
		g := generation(t, 150, 150)
		g.Profile, g.Recipe.Duration = profile, 24*time.Hour
		generated(t, g)
		if learned[i], err = lab.Learn(lab.File(filepath.Join(g.Folder, "part-00000.pcapng")), "generated"); err != nil {
			t.Fatal(err)
		}
		if profile, err = json.Marshal(traffic.File{Traffic: learned[i].Traffic}); err != nil {
			t.Fatal(err)
		}
		for name, kind := range learned[i].Traffic.Kinds {
			for habit := range kind.ServerTCP {
				if !strings.Contains(habit, "timestamps") {
					t.Errorf("round %d, %s: got a server with %s, and all have timestamps", i+1, name, habit)
				}
				if v6 := strings.HasPrefix(habit, "mss 1440"); v6 != strings.Contains(name, "IPv6") {
					t.Errorf("round %d, %s: got a server with %s, which is one of the other version of IP", i+1, name, habit)
				}
			}
			if longest := kind.Numbers[traffic.ThinkTime].Max; longest > 0.005 {
				t.Errorf("round %d, %s: got a program that waits %v s, want none", i+1, name, longest)
			}
		}
	}
}
