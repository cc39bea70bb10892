package lab_test

import (
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"ftplab/lab"
	"ftplab/lab/analysis/baseline"
	"ftplab/lab/analysis/baseline/profile"
	"ftplab/lab/analysis/capture"
	"ftplab/lab/labtest/optional"
	"ftplab/lab/testbed/corpus"
	parquetlabels "ftplab/lab/testbed/corpus/parquet"
	"ftplab/scenarios/odd"
)

// abnormal is a corpus of sessions of which a share is not normal, many at a time. It returns
// the path of its part, without the dot.
func abnormal(t *testing.T, seed uint64, sessions int, share float64) string {
	t.Helper()
	g := generation(t, sessions, sessions)
	g.Recipe.Seed, g.Recipe.Abnormal, g.Recipe.Duration = seed, share, time.Minute
	g.Tables = []corpus.TableFormat{corpus.CSV, parquetlabels.Format(lab.Version)}
	var err error
	if g.Abnormal, err = odd.Abnormal(); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(generated(t, g).Folder, "part-00000")
}

// TestEachStreamHasOneRow compares the TCP streams that tshark finds with the rows of the flows,
// which a program joins by the ends of a connection.
func TestEachStreamHasOneRow(t *testing.T) {
	tshark := optional.Tool(t, "tshark", "apt install tshark")
	for seed, share := range []float64{0.3, 1} {
		part := abnormal(t, uint64(seed+1), 150, share)
		streams := streamsOf(t, tshark, part+".pcapng")
		rows := map[string][]int64{} // frames, by the ends
		for _, row := range table(t, part+".flows.csv") {
			ends := bothEnds(net.JoinHostPort(row["client"], row["client_port"]), net.JoinHostPort(row["server"], row["server_port"]))
			frames, _ := strconv.ParseInt(row["frames"], 10, 64)
			rows[ends] = append(rows[ends], frames)
		}
		compareStreams(t, fmt.Sprintf("CSV, share %v", share), rows, streams)
		type flow struct {
			Client     string `parquet:"client"`
			ClientPort int32  `parquet:"client_port"`
			Server     string `parquet:"server"`
			ServerPort int32  `parquet:"server_port"`
			Frames     int64  `parquet:"frames"`
		}
		flows, err := parquet.ReadFile[flow](part + ".flows.parquet")
		if err != nil {
			t.Fatal(err)
		}
		clear(rows)
		for _, f := range flows {
			ends := bothEnds(net.JoinHostPort(f.Client, fmt.Sprint(f.ClientPort)), net.JoinHostPort(f.Server, fmt.Sprint(f.ServerPort)))
			rows[ends] = append(rows[ends], f.Frames)
		}
		compareStreams(t, fmt.Sprintf("Parquet, share %v", share), rows, streams)
	}
}

// TestAbnormalSessionsDiffer has sessions of a kind with several servers, names of files and round
// trips, all of which the baseline calls unusual or not normal.
func TestAbnormalSessionsDiffer(t *testing.T) {
	if testing.Short() {
		t.Skip("generates 90 captures; run without -short")
	}
	g := generation(t, 90, 1)
	g.Recipe.Seed, g.Recipe.Abnormal, g.Recipe.Duration = 4, 1, time.Minute
	var err error
	if g.Abnormal, err = odd.Abnormal(); err != nil {
		t.Fatal(err)
	}
	folder := generated(t, g).Folder
	servers, paths, trips := map[string]map[string]bool{}, map[string]map[string]bool{}, map[string]map[time.Duration]bool{}
	for number := range g.Recipe.Sessions {
		part := filepath.Join(folder, fmt.Sprintf("part-%05d", number))
		flow := table(t, part+".flows.csv")[0]
		kind := flow["kind"]
		if paths[kind] == nil {
			servers[kind], paths[kind], trips[kind] = map[string]bool{}, map[string]bool{}, map[time.Duration]bool{}
		}
		servers[kind][flow["server"]] = true
		for _, row := range table(t, part+".transfers.csv") {
			paths[kind][row["path"]] = true
		}
		c, err := capture.Open(part+".pcapng", capture.Options{})
		if err != nil {
			t.Fatal(err)
		}
		trips[kind][c.Connection(0).HandshakeRTT] = true
		c.Close()
		if a, err := baseline.Check(part+".pcapng", profile.Normal()); err != nil || a.Verdict == baseline.IsNormal {
			t.Errorf("%s of %s: got %v, %v, want a session that is not normal", part, kind, a.Verdict, err)
		}
	}
	for _, kind := range []string{"nohost", "nohost_icmp"} { // whose server has an address that nobody has
		if len(servers[kind]) < 2 {
			t.Errorf("%s: got the servers %v, want several", kind, servers[kind])
		}
	}
	for _, kind := range []string{"mtu_blackhole", "more_than_size", "epsvunreachable"} {
		if len(paths[kind]) < 2 || len(trips[kind]) < 2 {
			t.Errorf("%s: got the paths %v and the round trips %v, want several", kind, paths[kind], trips[kind])
		}
	}
}

// streamsOf are the TCP streams of a capture: the frames of each, by its ends.
func streamsOf(t *testing.T, tshark, file string) map[string][]int64 {
	t.Helper()
	out, err := exec.Command(tshark, "-r", file, "-Y", "tcp && !icmp && !icmpv6", "-T", "fields", "-E", "separator=/s", "-e", "tcp.stream",
		"-e", "ip.src", "-e", "ipv6.src", "-e", "tcp.srcport", "-e", "ip.dst", "-e", "ipv6.dst", "-e", "tcp.dstport").Output()
	if err != nil {
		t.Fatal(err)
	}
	frames, endsOf := map[string]int64{}, map[string]string{}
	for line := range strings.Lines(string(out)) {
		f := strings.Fields(line) // of one version of IP, the other is empty
		if len(f) != 5 {
			t.Fatalf("got %q from tshark, want a stream and its ends", line)
		}
		frames[f[0]]++
		endsOf[f[0]] = bothEnds(net.JoinHostPort(f[1], f[2]), net.JoinHostPort(f[3], f[4]))
	}
	streams := map[string][]int64{}
	for stream, n := range frames {
		streams[endsOf[stream]] = append(streams[endsOf[stream]], n)
	}
	return streams
}

// bothEnds names a connection, whichever side comes first.
func bothEnds(a, b string) string { return min(a, b) + " " + max(a, b) }

func compareStreams(t *testing.T, what string, rows, streams map[string][]int64) {
	t.Helper()
	for ends, want := range streams {
		if got := rows[ends]; len(want) != 1 || len(got) != 1 || got[0] != want[0] {
			t.Errorf("%s: %s: got rows with %v frames, want one for each stream of %v frames, and one stream", what, ends, got, want)
		}
	}
	if len(rows) != len(streams) || len(streams) < 150 {
		t.Errorf("%s: got rows for %d pairs of ends, want %d, and a stream for each of 150 sessions", what, len(rows), len(streams))
	}
}

// TestAbnormalFlowsAreNamedAsInTheCapture compares who is the client, the mode, and who opened each
// flow with what the capture shows. In FXP both ends of a data connection are servers.
func TestAbnormalFlowsAreNamedAsInTheCapture(t *testing.T) {
	part := abnormal(t, 3, 60, 1)
	c, err := capture.Open(part+".pcapng", capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	want := map[string]string{}
	for x := range c.Connections() {
		want[bothEnds(x.Client.String(), x.Server.String())] = fmt.Sprintf("%s, client %s, opened by %s", x.Mode, x.Client, x.OpenedBy)
	}
	data := map[string]int{}
	for _, row := range table(t, part+".flows.csv") {
		client, server := net.JoinHostPort(row["client"], row["client_port"]), net.JoinHostPort(row["server"], row["server_port"])
		got := fmt.Sprintf("%s, client %s, opened by %s", row["mode"], client, row["opened_by"])
		if want := want[bothEnds(client, server)]; got != want {
			t.Errorf("%s, session %s: got %s, want %s", row["kind"], row["session"], got, want)
		}
		if row["role"] == "data" {
			data[row["kind"]]++
		}
	}
	if data["fxp"] == 0 {
		t.Errorf("got data connections of %v, want fxp among them", data)
	}
}

// TestResultsOfTransfers compares how a transfer ended, which the labels have from the client,
// with what the capture shows.
func TestResultsOfTransfers(t *testing.T) {
	part := abnormal(t, 3, 200, 0.4)
	c, err := capture.Open(part+".pcapng", capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	bytes := map[string]uint64{} // that crossed, by the ends
	whole := map[string]bool{}   // both sides ended the connection
	for x := range c.Connections() {
		ends := bothEnds(x.Client.String(), x.Server.String())
		bytes[ends] = uint64(x.ClientFlow.Bytes + x.ServerFlow.Bytes)
		whole[ends] = x.ClientFlow.FIN > 0 && x.ServerFlow.FIN > 0
	}
	seen := map[string]int{}
	for _, row := range table(t, part+".transfers.csv") {
		ends := bothEnds(net.JoinHostPort(row["client"], row["client_port"]), net.JoinHostPort(row["server"], row["server_port"]))
		seen[row["result"]]++
		switch ok := strings.HasPrefix(row["code"], "2"); {
		case row["result"] == "complete" && !(ok && whole[ends] && row["sha256"] != "" && (bytes[ends] > 0 || row["sha256"] == emptyDigest)):
			t.Errorf("got %v, want a final reply 2yz, both FINs, and a digest", row)
		case row["result"] == "failed" && (ok || row["sha256"] != "" && row["bytes"] == "0"):
			t.Errorf("got %v, want a final reply 4yz or 5yz", row)
		case row["kind"] == "mtu_blackhole" && (row["result"] != "timeout" || row["sha256"] != "" || whole[ends]):
			t.Errorf("got %v, want that the client waited in vain", row)
		}
	}
	for _, result := range []string{"complete", "failed", "timeout"} {
		if seen[result] == 0 {
			t.Errorf("got no transfer that is %s: %v", result, seen)
		}
	}
}
