package lab_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

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
