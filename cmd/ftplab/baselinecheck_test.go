package main

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// folderOf moves captures into a new folder.
func folderOf(t *testing.T, captures ...string) string {
	t.Helper()
	folder := t.TempDir()
	for _, c := range captures {
		if err := os.Rename(c, filepath.Join(folder, filepath.Base(c))); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func TestBaselineCheckFolder(t *testing.T) {
	folder := folderOf(t, forge(t, "bad.pcap", "> USER ada:)"), forge(t, "good.pcap2", "< 230 Welcome"))
	if err := os.WriteFile(filepath.Join(folder, "notes.txt"), []byte("no capture"), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := baselineOutput("check", folder)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 3 || !strings.HasPrefix(lines[0], "not normal FTP  ") || !strings.Contains(lines[0], "bad.pcap: no-known-exploits (frame 1)") ||
		!strings.Contains(lines[1], "good.pcap2") || !strings.HasPrefix(lines[2], "2 captures: ") || !errors.Is(err, errFailed) {
		t.Errorf("got error %v and\n%s\nwant a line for each capture, a summary and exit status 1", err, out)
	}

	if err := os.WriteFile(filepath.Join(folder, "damaged.pcap"), []byte("no capture"), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err = baselineOutput("check", folder)
	if !errors.Is(err, errBroken) || !strings.Contains(out, "damaged.pcap: ") || !strings.Contains(out, "2 captures: ") {
		t.Errorf("got error %v and\n%s\nwant exit status 2, and the other captures checked", err, out)
	}
}

// TestUnreadableSubfolder checks and runs folders with a subfolder that cannot be read: what else is
// there is checked and run, and the exit status is that of an error.
func TestUnreadableSubfolder(t *testing.T) {
	folder := folderOf(t, forge(t, "good.pcap", "< 230 Welcome"))
	tooDeep(t, folder)
	out, err := baselineOutput("check", folder)
	if !errors.Is(err, errBroken) || !strings.Contains(out, "too long for the name of a file") || !strings.Contains(out, "1 capture: 1 ") {
		t.Errorf("got error %v and\n%s\nwant exit status 2, and the capture checked", err, out)
	}
	if err := os.WriteFile(filepath.Join(folder, "b.txtar"), []byte("open\nquit\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	stdout, stderr, status := judged(t, "run", "--tcp", "gvisor", "-o", t.TempDir(), folder)
	if status != exitError || !strings.Contains(stderr, "too long for the name of a file") || !strings.Contains(stdout, "1 recorded, 1 error") {
		t.Errorf("got status %d, %q and on stderr\n%s\nwant %d, and one that was run", status, stdout, stderr, exitError)
	}
}

// tooDeep makes folders in a folder, the last one so deep that no path names it.
func tooDeep(t *testing.T, folder string) {
	t.Helper()
	root, err := os.OpenRoot(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	if err := root.MkdirAll(strings.Repeat(strings.Repeat("x", 250)+"/", 20), 0o777); err != nil {
		t.Skip(err)
	}
}

func TestBaselineCheckEmptyFolder(t *testing.T) {
	folder := t.TempDir()
	if _, err := baselineOutput("check", folder); err == nil || !strings.Contains(err.Error(), folder+": there is no capture in this folder") {
		t.Errorf("got error %v", err)
	}
}

// The findings in the formats of other programs.
func TestBaselineCSV(t *testing.T) {
	bad := forge(t, "bad.pcap", "> USER ada:)")
	out, _ := baselineOutput("check", "--format", "csv", bad)
	rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	if err != nil || len(rows) < 2 {
		t.Fatalf("got error %v and\n%s", err, out)
	}
	got := map[string]string{}
	for i, name := range rows[0] {
		got[name] = rows[1][i]
	}
	want := map[string]string{"time": "2023-11-14T22:13:20Z", "severity": "violation", "rule": "no-known-exploits",
		"src": "198.51.100.100", "src_port": "3171", "dst": "192.0.2.21", "dst_port": "21", "client": "198.51.100.100", "frames": "1"}
	for name, value := range want {
		if got[name] != value {
			t.Errorf("%s: got %q, want %q", name, got[name], value)
		}
	}
}

func TestBaselineEVE(t *testing.T) {
	bad := forge(t, "bad.pcap", "> USER ada:)")
	out, _ := baselineOutput("check", "--format", "eve", bad)
	line, _, _ := strings.Cut(out, "\n")
	var got struct {
		Timestamp, EventType, SrcIP, DestIP, Proto string
		Alert                                      struct {
			Signature              string
			Severity, Signature_ID int
		}
	}
	if err := json.Unmarshal([]byte(strings.NewReplacer(`"event_type"`, `"EventType"`, `"src_ip"`, `"SrcIP"`, `"dest_ip"`, `"DestIP"`).Replace(line)), &got); err != nil {
		t.Fatal(err)
	}
	if got.Timestamp != "2023-11-14T22:13:20.000000+0000" || got.EventType != "alert" || got.SrcIP != "198.51.100.100" || got.DestIP != "192.0.2.21" ||
		got.Proto != "TCP" || got.Alert.Severity != 1 || got.Alert.Signature != "FTPLAB no-known-exploits" || got.Alert.Signature_ID < 1_000_000 {
		t.Errorf("got %+v", got)
	}
}

func TestBaselineZeek(t *testing.T) {
	bad := forge(t, "bad.pcap", "> USER ada:)")
	out, _ := baselineOutput("check", "--format", "zeek", bad)
	got := map[string]string{}
	var names []string
	for line := range strings.Lines(out) {
		values := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		switch {
		case values[0] == "#fields":
			names = values[1:]
		case values[0] == "#types" && len(values) != len(names)+1:
			t.Errorf("got %d types and %d fields", len(values)-1, len(names))
		case line[0] != '#' && len(got) == 0:
			for i, name := range names {
				got[name] = values[i]
			}
		}
	}
	want := map[string]string{"ts": "1700000000.000000", "id.orig_h": "198.51.100.100", "id.orig_p": "3171", "id.resp_h": "192.0.2.21",
		"proto": "tcp", "note": "FTPLab::No_Known_Exploits", "p": "21", "actions": "Notice::ACTION_LOG"}
	for name, value := range want {
		if got[name] != value {
			t.Errorf("%s: got %q, want %q", name, got[name], value)
		}
	}
}

func TestSuppress(t *testing.T) {
	bad := forge(t, "bad.pcap", "> USER ada:)")
	file := filepath.Join(t.TempDir(), "known.txt")
	for _, test := range []struct {
		lines string
		left  bool // the finding
	}{
		{"# nothing\n", true},
		{"no-known-exploits   # a test of ours\n", false},
		{"no-known-exploits 192.0.2.0/24", false},
		{"no-known-exploits 192.0.2.21\nno-floods", false},
		{"no-known-exploits 203.0.113.1", true},
		{"no-floods", true},
		{"\ufeffno-known-exploits\n", false},
	} {
		if err := os.WriteFile(file, []byte(test.lines), 0o644); err != nil {
			t.Fatal(err)
		}
		out, err := baselineOutput("check", "--format", "csv", "--suppress", file, bad)
		if got := strings.Contains(out, "no-known-exploits"); got != test.left || errors.Is(err, errFailed) != test.left {
			t.Errorf("%q: the finding is there: %v, error %v; want %v", test.lines, got, err, test.left)
		}
	}
	for lines, want := range map[string]string{
		"no-floods\nno-fluds":   "known.txt:2: there is no rule \"no-fluds\"",
		"no-floods here":        "known.txt:1: \"here\": an address",
		"no-floods 10.0.0.0/99": "known.txt:1: ",
	} {
		if err := os.WriteFile(file, []byte(lines), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := baselineOutput("check", "--suppress", file, bad); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got error %v, want one with %q", lines, err, want)
		}
	}
}
