package lab_test

import (
	"bytes"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ftplab/lab"
	"ftplab/lab/analysis/baseline/profile"
	"ftplab/lab/traffic"
)

// TestLearnedAgain generates from the profile of a browser, learns from that, and does so once
// more. The share of servers with timestamps and how long a program waits stay as they were:
// they neither depend on what clients lack, nor on how long data takes.
func TestLearnedAgain(t *testing.T) {
	drawn, ok := traffic.Profile("browser")
	if !ok {
		t.Fatal("got no profile of a browser")
	}
	var err error
	var learned [2]*profile.Profile
	for i := range learned {
		g := generation(t, 150, 150)
		g.Profile, g.Recipe.Duration = drawn, 24*time.Hour
		generated(t, g)
		if learned[i], err = lab.Learn(lab.File(filepath.Join(g.Folder, "part-00000.pcapng")), "generated"); err != nil {
			t.Fatal(err)
		}
		drawn = profileFile(t, learned[i].Traffic)
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

// TestLearnedSizesAndRates generates sessions of clients with five each: with a listing of 700 bytes
// and a download of 84,200, 40 ms away. It learns these numbers from them. A download that is refused has no size, although
// its data connection is open. A second listing of a folder has one more line. A path without a
// limit is not slow because TCP begins slowly. A server is not slow because its path is.
func TestLearnedSizesAndRates(t *testing.T) {
	const sessions = 40
	for listing, rate := range map[string]float64{"LIST": 0, "MLSD": 1.5e6, "NLST": 30e6} {
		listing = "PASV " + listing + " 150 226"
		profile, kind := oneWalk("USER 331", "PASS 230", "TYPE I 200", listing, "PASV RETR 150 226", "PASV RETR 550", "MKD 257", listing, "QUIT 221")
		profile.SessionsAClient.Add(5)
		kind.Numbers[traffic.RoundTrip].Add(0.04)
		kind.Numbers[traffic.DownloadBytes].Add(84_200)
		kind.Numbers[traffic.ListingBytes].Add(700)
		if rate > 0 {
			kind.Numbers[traffic.Rate].Add(rate)
		}
		part := generatedFrom(t, profile, sessions)
		learned, err := lab.Learn(lab.File(part+".pcapng"), "generated")
		if err != nil {
			t.Fatal(err)
		}
		if got := learned.Traffic.SessionsAClient; got.Min != 5 || got.Max != 5 {
			t.Errorf("got clients with %v to %v sessions, want 5", got.Min, got.Max)
		}
		numbers := learned.Traffic.Kind(traffic.KindName{Who: traffic.Program}.String()).Numbers
		for quantity, want := range map[string]float64{traffic.DownloadBytes: 84_200, traffic.ListingBytes: 700} {
			if got := numbers[quantity]; got.Count != sessions || got.Min != want || got.Max != want {
				t.Errorf("%s, %s: got %d of %v to %v, want %d of %v", listing, quantity, got.Count, got.Min, got.Max, sessions, want)
			}
		}
		want := rate
		if rate == 0 {
			want = 10e9 // the fastest that makes a difference
		}
		for quantity, want := range map[string]float64{traffic.RoundTrip: 0.04, traffic.ServerTime: 0, traffic.GreetingTime: 0} {
			const exact = 1e-6 // seconds
			if got := numbers[quantity]; math.Abs(got.Min-want) > exact || math.Abs(got.Max-want) > exact {
				t.Errorf("rate %v, %s: got %v to %v, want %v", rate, quantity, got.Min, got.Max, want)
			}
		}
		if got := numbers[traffic.Rate]; got.Count != sessions || got.Min < 0.95*want || got.Max > 1.05*want {
			t.Errorf("rate %v: got %d of %v to %v, want %d of %v", rate, got.Count, got.Min, got.Max, sessions, want)
		}
	}
}

// TestEmptyFile has a label for the download of a file without content: it is complete, and its
// SHA-256 is that of no bytes.
func TestEmptyFile(t *testing.T) {
	profile, kind := oneWalk("USER 331", "PASS 230", "TYPE I 200", "PASV RETR 150 226", "QUIT 221")
	kind.Numbers[traffic.DownloadBytes].Add(0)
	rows := table(t, generatedFrom(t, profile, 3)+".transfers.csv")
	for _, row := range rows {
		if row["bytes"] != "0" || row["result"] != "complete" || row["code"] != "226" || row["sha256"] != emptyDigest {
			t.Errorf("got %v, want a complete transfer of nothing", row)
		}
	}
	if len(rows) != 3 {
		t.Errorf("got %d transfers, want 3", len(rows))
	}
}

// oneWalk is the profile of programs that all say the same, and its kind of session.
func oneWalk(walk ...string) (*traffic.Traffic, *traffic.Kind) {
	profile := traffic.New()
	profile.Clients, profile.Servers = 1, 1
	kind := profile.Kind(traffic.KindName{Who: traffic.Program}.String())
	kind.Sessions = 1
	kind.Learn(walk, true)
	return profile, kind
}

// profileFile is the file of a profile of this traffic.
func profileFile(t *testing.T, of *traffic.Traffic) []byte {
	t.Helper()
	var file bytes.Buffer
	whole := profile.New()
	whole.Traffic = of
	if err := whole.Write(&file); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// generatedFrom generates so many sessions from a profile. It returns the path of their part,
// without the dot.
func generatedFrom(t *testing.T, profile *traffic.Traffic, sessions int) string {
	t.Helper()
	g := generation(t, sessions, sessions)
	g.Profile = profileFile(t, profile)
	return filepath.Join(generated(t, g).Folder, "part-00000")
}
