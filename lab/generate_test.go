package lab_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"ftplab/lab"
	"ftplab/lab/analysis/baseline"
	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/pcapng"
	"ftplab/lab/testbed/corpus"
	"ftplab/lab/testbed/generate"
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
	a, err := lab.Baseline(lab.File(filepath.Join(g.Folder, "part-00000.pcapng")), baseline.Normal())
	if err != nil {
		t.Fatal(err)
	}
	if a.Verdict != baseline.IsNormal {
		t.Errorf("got %s, want normal: %+v", a.Verdict, a.Findings)
	}
}

// sumsOf are the digests that a folder's recipe has.
func sumsOf(t *testing.T, folder string) map[string]string {
	t.Helper()
	_, sums, err := corpus.ReadRecipe(filepath.Join(folder, corpus.RecipeFile))
	if err != nil {
		t.Fatal(err)
	}
	return sums
}

// TestGenerateAgain makes a corpus in one piece, in shards, and in pieces that were
// interrupted: it is always the same, to the byte.
func TestGenerateAgain(t *testing.T) {
	whole := sumsOf(t, generated(t, generation(t, 40, 10)).Folder)
	if len(whole) != 4*3 {
		t.Fatalf("got %d files, want 4 captures and 8 tables: %v", len(whole), whole)
	}

	shards := generation(t, 40, 10)
	for i := range 3 {
		shards.Shard = corpus.Shard{Index: i, Of: 3}
		generated(t, shards)
	}
	if got := sumsOf(t, shards.Folder); !maps.Equal(got, whole) {
		t.Errorf("in shards: got %v\nwant %v", got, whole)
	}

	cut := generation(t, 40, 10)
	ctx, cancel := context.WithCancel(t.Context())
	cut.Made = func(session int) {
		if session == 24 {
			cancel()
		}
	}
	if _, err := lab.Generate(ctx, cut); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "complete so far: 2 of 4 parts in "+cut.Folder) {
		t.Fatalf("got %v, want it to be cancelled with 2 of 4 parts", err)
	}
	recipe, err := os.ReadFile(filepath.Join(cut.Folder, corpus.RecipeFile))
	if err != nil || !strings.Contains(string(recipe), "2 of 4 parts") {
		t.Errorf("got %v, want a recipe with 2 of 4 parts:\n%s", err, recipe)
	}
	left, _ := filepath.Glob(filepath.Join(cut.Folder, "*.unfinished"))
	if len(left) > 0 {
		t.Errorf("got %v left, want nothing that is not finished", left)
	}
	cut.Made = nil
	// As of a process that was killed in the middle of a part.
	if err := os.WriteFile(filepath.Join(cut.Folder, "part-00002.pcapng.unfinished"), []byte("half"), 0o644); err != nil {
		t.Fatal(err)
	}
	report, err := lab.Generate(t.Context(), cut)
	if err != nil || report.Made != 2 || report.Kept != 2 {
		t.Errorf("got %+v, %v, want 2 parts made and 2 kept", report, err)
	}
	if got := sumsOf(t, cut.Folder); !maps.Equal(got, whole) {
		t.Errorf("in two pieces: got %v\nwant %v", got, whole)
	}
}

// TestGenerateTwiceAtOnce makes a corpus in a folder where another process makes the same one: a
// part is whole, or is not there.
func TestGenerateTwiceAtOnce(t *testing.T) {
	g := generation(t, 4, 4)
	whole := sumsOf(t, generated(t, generation(t, 4, 4)).Folder)
	known, err := traffic.Read(bytes.NewReader(g.Profile))
	if err != nil {
		t.Fatal(err)
	}
	sessions := &generate.Corpus{Sessions: g.Recipe.Sessions, Seed: g.Recipe.Seed, Traffic: known.Traffic, From: g.Recipe.From, Duration: g.Recipe.Duration}
	process := func(ctx context.Context, made func(session int)) error {
		f := &corpus.Folder{Path: g.Folder, Recipe: g.Recipe, Tables: g.Tables, Info: pcapng.Info{Interface: "client"}}
		_, err := f.Make(ctx, sessions, corpus.Shard{}, nil, made)
		return err
	}
	begun, goOn, ended := make(chan bool), make(chan bool), make(chan error, 1)
	go func() {
		ended <- process(t.Context(), func(session int) {
			if session == 2 {
				close(begun)
				<-goOn
			}
		})
	}()
	<-begun
	ctx, cancel := context.WithCancel(t.Context())
	err = process(ctx, func(session int) {
		if session == 1 {
			close(goOn)
			if err := <-ended; err == nil || !strings.Contains(err.Error(), "another process makes the same part") {
				t.Errorf("the first process: got %v", err)
			}
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the second process: got %v, want it to be cancelled", err)
	}
	if got := sumsOf(t, generated(t, g).Folder); !maps.Equal(got, whole) {
		t.Errorf("the third process: got %v\nwant %v", got, whole)
	}
}

// TestGenerateReplacesNothing finds files in the folder that the corpus would replace.
func TestGenerateReplacesNothing(t *testing.T) {
	for _, name := range []string{"part-00000.pcapng", corpus.ProfileFile} {
		g := generation(t, 2, 2)
		g.Recipe.Profile = corpus.ProfileFile
		path := filepath.Join(g.Folder, name)
		if err := os.WriteFile(path, []byte("mine"), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := lab.Generate(t.Context(), g); err == nil || !strings.Contains(err.Error(), path+" exists, and no corpus.txt") {
			t.Errorf("%s: got %v", name, err)
		}
		if text, err := os.ReadFile(path); string(text) != "mine" {
			t.Errorf("%s: got %.20q, %v, want it as it was", name, text, err)
		}
	}
}

// TestMistakesInRecipe reads a line whose value is no number.
func TestMistakesInRecipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), corpus.RecipeFile)
	if err := os.WriteFile(path, []byte("sessions x\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, _, err := corpus.ReadRecipe(path); err == nil || err.Error() != path+":1: sessions x: a number was expected" {
		t.Errorf("got %v", err)
	}
}

// TestRecipeSaysWhatDiffers makes a corpus from its recipe, of which one digest is wrong.
func TestRecipeSaysWhatDiffers(t *testing.T) {
	made := generated(t, generation(t, 4, 2))
	recipe, sums, err := corpus.ReadRecipe(filepath.Join(made.Folder, corpus.RecipeFile))
	if err != nil {
		t.Fatal(err)
	}
	again := lab.Generation{Recipe: recipe, Profile: made.Profile, Sums: sums, Folder: t.TempDir(), Tables: made.Tables}
	report, err := lab.Generate(t.Context(), again)
	if err != nil || len(report.Differ) > 0 {
		t.Errorf("got %+v, %v, want all as the recipe says", report, err)
	}
	again.Folder = t.TempDir()
	sums["part-00001.pcapng"] = strings.Repeat("0", 64)
	report, err = lab.Generate(t.Context(), again)
	if err != nil || !slices.Equal(report.Differ, []string{"part-00001.pcapng"}) {
		t.Errorf("got %+v, %v, want part-00001.pcapng to differ", report, err)
	}
	again.Recipe.Seed++
	if _, err := lab.Generate(t.Context(), again); err == nil || !strings.Contains(err.Error(), "another corpus") {
		t.Errorf("got %v, want the folder to be refused", err)
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
	profile, err := baseline.ReadProfile(bytes.NewReader(g.Profile))
	if err != nil {
		t.Fatal(err)
	}
	comparisons := baseline.Alike(profile, learned)
	if !slices.ContainsFunc(comparisons, func(c baseline.Comparison) bool { return c.Quantity == "program: commands" }) {
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
	devices := baseline.NewProfile()
	for range 10 {
		profile, err := baseline.ReadProfile(bytes.NewReader(other))
		if err != nil {
			t.Fatal(err)
		}
		devices.Merge(profile)
	}
	if list := baseline.Alike(devices, learned); len(list) == 0 || !list[0].Differs {
		t.Errorf("got that an office is like devices: %+v", list)
	}
}

// TestZeekLogs compares the logs of Zeek's kind with the labels. What is in TLS has no transfer there.
func TestZeekLogs(t *testing.T) {
	g := generation(t, 30, 30)
	g.Recipe.Logs = "tsv"
	generated(t, g)
	part := filepath.Join(g.Folder, "part-00000.")
	conns, files, ftps := zeekLog(t, part+"conn.log"), zeekLog(t, part+"files.log"), zeekLog(t, part+"ftp.log")
	flows, transfers := table(t, part+"flows.csv"), table(t, part+"transfers.csv")
	transfers = slices.DeleteFunc(transfers, func(x map[string]string) bool { return strings.Contains(x["kind"], "TLS") })
	if len(conns) != len(flows) {
		t.Errorf("got %d connections, want %d", len(conns), len(flows))
	}
	uids, sums := map[string]bool{}, map[string]int{}
	services := []string{"ftp", "ftp-data", "ftp,ssl", "ssl"}
	for _, c := range conns {
		if uids[c["uid"]] = true; !slices.Contains(services, c["service"]) || c["conn_state"] != "SF" {
			t.Errorf("got service %s, state %s of %s", c["service"], c["conn_state"], c["history"])
		}
	}
	if len(uids) != len(conns) {
		t.Errorf("got %d identifiers of %d connections", len(uids), len(conns))
	}
	fuids := map[string]bool{}
	for _, f := range files {
		fuids[f["fuid"]] = true
		sums[f["sha256"]]++
		if !uids[f["uid"]] {
			t.Errorf("got a file of %s, which is not a connection", f["uid"])
		}
	}
	for _, x := range transfers {
		if x["bytes"] != "0" { // of a file without content there is nothing in files.log
			sums[x["sha256"]]--
		}
	}
	for sum, n := range sums {
		if n != 0 {
			t.Errorf("%s: got %d more in files.log than in the labels", sum, n)
		}
	}
	retrievals := 0
	for _, x := range ftps {
		if x["command"] == "RETR" && x["reply_code"] == "226" {
			retrievals++
			if x["file_size"] == "-" || !strings.HasPrefix(x["arg"], "ftp://") || x["fuid"] != "-" && !fuids[x["fuid"]] {
				t.Errorf("got %v, want a download with its file", x)
			}
		}
	}
	for _, x := range transfers {
		if x["command"] == "RETR" && x["code"] == "226" {
			retrievals--
		}
	}
	if retrievals != 0 {
		t.Errorf("got %d more downloads in ftp.log than in the labels", retrievals)
	}
}

// The logs in JSON are those in tab-separated values.
func TestZeekLogsInJSON(t *testing.T) {
	g := generation(t, 10, 10)
	g.Recipe.Logs = "tsv"
	generated(t, g)
	conns := zeekLog(t, filepath.Join(g.Folder, "part-00000.conn.log"))
	j := generation(t, 10, 10)
	j.Recipe.Logs = "json"
	generated(t, j)
	text, err := os.ReadFile(filepath.Join(j.Folder, "part-00000.conn.log"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	for i, line := range lines {
		var x struct {
			UID      string  `json:"uid"`
			TS       float64 `json:"ts"`
			OrigPort int     `json:"id.orig_p"`
			Local    bool    `json:"local_orig"`
		}
		if err := json.Unmarshal([]byte(line), &x); err != nil || x.UID != conns[i]["uid"] || fmt.Sprint(x.OrigPort) != conns[i]["id.orig_p"] || !x.Local {
			t.Errorf("got %s, %v, want %v", line, err, conns[i])
		}
	}
	if len(lines) != len(conns) {
		t.Errorf("got %d lines, want %d", len(lines), len(conns))
	}
}

// zeekLog reads a log of Zeek's, as TSV.
func zeekLog(t *testing.T, file string) (rows []map[string]string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var fields []string
	for line := range strings.Lines(string(text)) {
		values := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if values[0] == "#fields" {
			fields = values[1:]
		}
		if strings.HasPrefix(line, "#") {
			continue
		}
		if len(values) != len(fields) {
			t.Fatalf("%s: got %d values for %d fields: %s", file, len(values), len(fields), line)
		}
		row := map[string]string{}
		for i, name := range fields {
			row[name] = values[i]
		}
		rows = append(rows, row)
	}
	return rows
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
