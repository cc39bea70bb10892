package lab_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"ftplab/lab"
	"ftplab/lab/analysis/baseline"
	"ftplab/lab/analysis/baseline/alike"
	"ftplab/lab/analysis/baseline/profile"
	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/testbed/corpus"
	"ftplab/lab/traffic"
)

// generation is one of so many sessions in a new folder.
func generation(t *testing.T, sessions, part int) lab.Generation {
	t.Helper()
	return corpusIn(t, t.TempDir(), sessions, part)
}

// corpusIn is a generation of the default profile in a folder.
func corpusIn(t testing.TB, folder string, sessions, part int) lab.Generation {
	t.Helper()
	g := lab.Generation{Folder: folder, Tables: []corpus.TableFormat{corpus.CSV}}
	g.Profile, _ = traffic.Profile(traffic.DefaultProfile)
	r := corpus.Recipe{Sessions: sessions, Seed: 7, Part: part, Format: "pcapng", Labels: []string{"csv"}, Profile: traffic.DefaultProfile, Digest: lab.DigestOf(g.Profile)}
	var err error
	if g.Recipe, err = lab.PlanRecipe(r, 600); err != nil {
		t.Fatal(err)
	}
	return g
}

func generated(t *testing.T, g lab.Generation) lab.Generation {
	t.Helper()
	if _, err := lab.Generate(t.Context(), g); err != nil {
		t.Fatal(err)
	}
	return g
}

// table reads a CSV file, each row as a map from column to field.
func table(t *testing.T, file string) []map[string]string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	records, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]string
	for _, record := range records[1:] {
		row := map[string]string{}
		for i, name := range records[0] {
			row[name] = record[i]
		}
		rows = append(rows, row)
	}
	return rows
}

// emptyDigest is the SHA-256 of no bytes.
const emptyDigest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// TestLabelsAgreeWithTheCapture compares each label, which says what was planned and what the
// client saw, with what the capture shows.
func TestLabelsAgreeWithTheCapture(t *testing.T) {
	g := generated(t, generation(t, 60, 60))
	part := filepath.Join(g.Folder, "part-00000")
	c, err := capture.Open(part+".pcapng", capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	wantFlows, wantTransfers := map[string]string{}, map[string]string{}
	for x := range c.Connections() {
		ends := fmt.Sprintf("%s %s", x.Client, x.Server)
		wantFlows[ends] = fmt.Sprintf("%s %s opened by %s, %d frames", x.Role, x.Mode, x.OpenedBy, x.ClientFlow.Packets+x.ServerFlow.Packets)
		if x.Transfer != nil {
			session := c.Session(x.Control)
			bytes := x.ClientFlow.Bytes + x.ServerFlow.Bytes
			if x.TLS != nil {
				bytes = x.TLS.Flow(ftp.Client).Data + x.TLS.Flow(ftp.Server).Data
			}
			digest, code := x.SHA256, session.Exchanges[x.Transfer.Exchange].Final()
			if bytes == 0 && code == 226 {
				digest = emptyDigest // of a file without content
			}
			wantTransfers[ends] = fmt.Sprintf("%s %s %d bytes %s, %d, of %s", x.Mode, x.Transfer.Command, bytes, digest, code, session.User)
		}
	}
	endsOf := func(row map[string]string) string {
		return net.JoinHostPort(row["client"], row["client_port"]) + " " + net.JoinHostPort(row["server"], row["server_port"])
	}
	flows, transfers := map[string]string{}, map[string]string{}
	for _, row := range table(t, part+".flows.csv") {
		flows[endsOf(row)] = fmt.Sprintf("%s %s opened by %s, %s frames", row["role"], row["mode"], row["opened_by"], row["frames"])
		if row["label"] != "normal" {
			t.Errorf("got label %q, want normal", row["label"])
		}
	}
	for _, row := range table(t, part+".transfers.csv") {
		transfers[endsOf(row)] = fmt.Sprintf("%s %s %s bytes %s, %s, of %s", row["mode"], row["command"], row["bytes"], row["sha256"], row["code"], row["user"])
	}
	compareRows(t, "flows", flows, wantFlows)
	compareRows(t, "transfers", transfers, wantTransfers)
	if len(transfers) < 60 {
		t.Errorf("got %d transfers in 60 sessions, want more", len(transfers))
	}
	sessions := map[string]bool{}
	for s := range c.Sessions() {
		if s.Control.Role == ftp.Control {
			sessions[s.Control.Client.String()] = true
		}
	}
	if len(sessions) != 60 {
		t.Errorf("got %d sessions in the capture, want 60", len(sessions))
	}
}

func compareRows(t *testing.T, what string, got, want map[string]string) {
	t.Helper()
	keys := maps.Clone(got)
	maps.Copy(keys, want)
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if got[key] != want[key] {
			t.Errorf("%s, %s: the label says %q\nthe capture %q", what, key, got[key], want[key])
		}
	}
}

// TestGeneratedIsNormal holds generated sessions against the built-in baseline.
func TestGeneratedIsNormal(t *testing.T) {
	g := generated(t, generation(t, 60, 60))
	a, err := lab.Baseline(lab.File(filepath.Join(g.Folder, "part-00000.pcapng")), profile.Normal())
	if err != nil {
		t.Fatal(err)
	}
	if a.Verdict != baseline.IsNormal {
		t.Errorf("got %s, want normal: %+v", a.Verdict, a.Findings)
	}
}

// TestGeneratedInOrder looks at the times of a capture, and for sessions that overlap.
func TestGeneratedInOrder(t *testing.T) {
	g := generation(t, 50, 50)
	g.Recipe.Duration = 60e9
	generated(t, g)
	last, overlaps := int64(0), 0
	open := map[int]bool{}
	c, err := capture.Open(filepath.Join(g.Folder, "part-00000.pcapng"), capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for p := range c.Packets() {
		if p.Time < last {
			t.Fatalf("packet %d is %d ns before the one before it", p.Number, last-p.Time)
		}
		last = p.Time
		if p.Connection != nil && p.Connection.Role == ftp.Control {
			open[p.Connection.ID] = p.Number < p.Connection.LastPacket
			n := 0
			for _, is := range open {
				if is {
					n++
				}
			}
			overlaps = max(overlaps, n)
		}
	}
	if overlaps < 3 {
		t.Errorf("got %s sessions at once, want more", strconv.Itoa(overlaps))
	}
}

// TestGeneratedIsAlike learns from what was generated, and gets the profile back that it was
// generated from.
func TestGeneratedIsAlike(t *testing.T) {
	if testing.Short() {
		t.Skip("generates 300 sessions; run without -short")
	}
	g := generation(t, 300, 300)
	g.Recipe.Duration = 24 * time.Hour
	generated(t, g)
	learned, err := lab.Learn(lab.File(filepath.Join(g.Folder, "part-00000.pcapng")), "generated")
	if err != nil {
		t.Fatal(err)
	}
	office, err := profile.Read(bytes.NewReader(g.Profile))
	if err != nil {
		t.Fatal(err)
	}
	comparisons := alike.Compare(office, learned)
	if !slices.ContainsFunc(comparisons, func(c alike.Comparison) bool { return c.Quantity == "program: commands" }) {
		t.Error("got no comparison of the number of commands in a session")
	}
	for _, c := range comparisons {
		if c.Differs {
			t.Errorf("%s differs: %s statistic %.3f, p %.5f", c.Quantity, c.Test, c.Statistic, c.P)
		}
	}
	if len(comparisons) < 25 {
		t.Errorf("got %d comparisons, want all quantities", len(comparisons))
	}
	other, _ := traffic.Profile("device")
	devices := profile.New()
	for range 10 {
		device, err := profile.Read(bytes.NewReader(other))
		if err != nil {
			t.Fatal(err)
		}
		devices.Merge(device)
	}
	if list := alike.Compare(devices, learned); len(list) == 0 || !list[0].Differs {
		t.Errorf("got that an office is like devices: %+v", list)
	}
}

// TestDatesOfSessions refuses times that a capture cannot have.
func TestDatesOfSessions(t *testing.T) {
	for from, want := range map[string]bool{"1969-12-31": false, "1970-01-01": true, "2200-01-01": true, "2200-12-31": false, "9999-12-31": false} {
		day, err := time.Parse(time.DateOnly, from)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := lab.PlanRecipe(corpus.Recipe{Sessions: 10, From: day}, 0); (err == nil) != want {
			t.Errorf("%s: got error %v", from, err)
		}
	}
}
