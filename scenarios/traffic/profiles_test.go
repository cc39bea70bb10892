// Package traffic has the scenarios from which the profiles of `ftplab generate` are
// learned: a folder each.
package traffic

import (
	"bytes"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"ftplab/lab/analysis/baseline"
	"ftplab/lab/analysis/baseline/profile"
	"ftplab/lab/pcapng"
	"ftplab/lab/scenario"
	"ftplab/lab/testbed/gvisor"
	"ftplab/lab/testbed/runner"
	"ftplab/lab/traffic"
)

var update = flag.Bool("update", false, "write the profiles anew")

// A population of clients is learned from the scenarios of folders. What a scenario cannot say is
// assumed: at which hours its sessions take place, and how many clients a server has.
type population struct {
	name, source string
	folders      map[string]int // and how often each counts
	hours        [24]int64
	clients      int64 // of a server
}

// The rhythms of a day, sessions an hour.
var (
	working = [24]int64{2, 1, 1, 1, 1, 2, 5, 14, 38, 55, 60, 52, 34, 46, 58, 56, 48, 32, 18, 12, 9, 7, 5, 3}
	evening = [24]int64{20, 12, 7, 4, 3, 3, 5, 9, 14, 18, 21, 23, 25, 26, 27, 29, 32, 37, 44, 52, 58, 56, 46, 32}
	nightly = [24]int64{40, 90, 60, 25, 8, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 12}
	allDay  = [24]int64{10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10}
)

var profiles = []population{
	{"browser", "Anonymous downloads, with the commands of Firefox up to 89 and Chrome up to 87. Assumed: the rhythm of an evening, 40 clients of a server.", map[string]int{"browser": 1}, evening, 40},
	{"upload", "A program that uploads at night what the day brought. Assumed: the hours, 12 clients of a server.", map[string]int{"upload": 1}, nightly, 12},
	{"mirror", "A program that compares folders and downloads what is new. Assumed: the hours, 4 clients of a server.", map[string]int{"mirror": 1}, allDay, 4},
	{"device", "A printer or a controller that fetches its configuration, with a small TCP. Assumed: every hour alike, 60 clients of a server.", map[string]int{"device": 1}, allDay, 60},
	{"person", "People at a prompt. Assumed: working hours, 10 clients of a server.", map[string]int{"person": 1}, working, 10},
	{"office", "Browsers, people, devices, nightly uploads and now and then a mirror, mixed. Assumed: the mixture, working hours, 25 clients of a server.",
		map[string]int{"browser": 4, "person": 3, "device": 6, "upload": 2, "mirror": 1}, working, 25},
}

// TestProfiles learns the profiles and compares them with those that come with ftplab.
func TestProfiles(t *testing.T) {
	learned := map[string]*profile.Profile{}
	for _, p := range profiles {
		for folder := range p.folders {
			if learned[folder] == nil {
				learned[folder] = learn(t, folder)
			}
		}
		got := p.write(t, learned)
		if _, err := traffic.Read(bytes.NewReader(got)); err != nil {
			t.Errorf("%s: %v", p.name, err)
		}
		file := filepath.Join("..", "..", "lab", "traffic", "profiles", p.name+".json")
		if *update {
			if err := os.WriteFile(file, got, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if want, err := os.ReadFile(file); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what the scenarios say now: go test ./scenarios/traffic -update (%v)", file, err)
		}
	}
}

// write is the profile as a file.
func (p population) write(t *testing.T, learned map[string]*profile.Profile) []byte {
	all := profile.New()
	for folder, times := range p.folders {
		for range times {
			all.Merge(learned[folder])
		}
	}
	all.Source = p.source
	all.Traffic.Hours = p.hours
	all.Traffic.Servers = max(1, all.Traffic.Clients/p.clients)
	var b bytes.Buffer
	if err := all.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// learn learns from the scenarios of a folder, on gVisor's TCP in virtual time.
func learn(t *testing.T, folder string) *profile.Profile {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*"+scenario.Extension))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: got %d scenarios, %v", folder, len(files), err)
	}
	all := profile.New()
	for i, file := range files {
		s, err := scenario.Load(file)
		if err != nil {
			t.Fatal(err)
		}
		all.Merge(learnFrom(t, s, uint64(i+1)))
	}
	return all
}

// learnFrom learns from one scenario.
func learnFrom(t *testing.T, s *scenario.Scenario, seed uint64) *profile.Profile {
	t.Helper()
	name := filepath.Join(t.TempDir(), "capture.pcapng")
	capture, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	b := gvisor.Builder{Seed: seed, Start: time.Date(2026, time.January, 5, 0, 0, 0, 0, time.UTC)}
	outcome, err := runner.Run(t.Context(), s, b, runner.Recording{File: capture, Format: pcapng.PCAPNG}, runner.Steps(nil))
	if err != nil || len(outcome.Failures) > 0 {
		t.Fatalf("%s: %v, %+v", s.File, err, outcome)
	}
	evidence, err := baseline.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer evidence.Close()
	p, err := evidence.Learn(s.Name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestPlaceOfRecorder records one session at the client and at the server. The times learned from the
// two are the same.
func TestPlaceOfRecorder(t *testing.T) {
	const text = "network wire capture=%s\nhost server 192.0.2.21 rtt=80ms\nopen\npause 300ms\nlogin anonymous me@mypc.test\npause 1s\nls\nquit\n" +
		"-- server --\non connect: pause 200ms; reply 220 Hello.\non USER: pause 500ms; as usual\n"
	var learned []*profile.Profile
	for _, place := range []string{"client", "server"} {
		s, err := scenario.Parse("place.txtar", fmt.Appendf(nil, text, place))
		if err != nil {
			t.Fatal(err)
		}
		learned = append(learned, learnFrom(t, s, 1))
	}
	for _, q := range []float64{0, 0.5, 1} {
		near, far := learned[0].Distributions["round-trip-time"].Quantile(q), learned[1].Distributions["round-trip-time"].Quantile(q)
		if math.Abs(near-0.08) > 0.004 || math.Abs(far-0.08) > 0.004 {
			t.Errorf("the round trips at the client and at the server: got %v and %v, want 0.08", near, far)
		}
		for _, name := range []string{traffic.RoundTrip, traffic.ThinkTime, traffic.GreetingTime, traffic.ServerTime} {
			for kind := range learned[0].Traffic.Kinds {
				near, far := learned[0].Traffic.Kinds[kind].Numbers[name].Quantile(q), learned[1].Traffic.Kinds[kind].Numbers[name].Quantile(q)
				if math.Abs(near-far) > 0.004 {
					t.Errorf("%s, %s, quantile %v: got %v from the capture at the client, and %v from that at the server", kind, name, q, near, far)
				}
			}
		}
	}
}
