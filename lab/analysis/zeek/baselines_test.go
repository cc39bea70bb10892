package zeek_test

import (
	"cmp"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/zeek"
)

// A baseline is what a test of Zeek's holds for a capture of its own.
type baseline struct {
	name, trace string
	but         map[string]string // fields that differ, with the reason
	more        bool              // the test has lines of more commands in ftp.log
}

// Zeek's tests of FTP that compare conn.log, ftp.log or files.log. Those are left out that change
// how long a command, an argument or a name may be.
var baselines = []baseline{
	{name: "scripts.base.protocols.ftp.ftp-ipv4", trace: "ipv4"},
	{name: "scripts.base.protocols.ftp.ftp-ipv6", trace: "ipv6"},
	{name: "scripts.base.protocols.ftp.ftp-get-file-size", trace: "ftp-with-numbers-in-filename"},
	{name: "scripts.base.protocols.ftp.cwd-navigation", trace: "cwd-navigation"},
	{name: "core.tcp.large-file-reassembly", trace: "bigtransfer", but: map[string]string{
		"analyzers": "the test sets another analyzer than the logs here say",
		"sha256":    "and so it has no digest",
		"duration":  "of files: packets are missing, and Zeek counts until it gives the gap up",
	}},
	{name: "scripts.base.protocols.ftp.ftp-auth-tls", trace: "ftp-auth-tls", more: true},
	{name: "scripts.base.protocols.ftp.ftp-multiline-reply", trace: "ipv6-multiline-reply", more: true},
	{name: "scripts.base.protocols.ftp.ftp-samba-retr", trace: "ipv6-retr-samba", more: true},
	{name: "scripts.base.protocols.ftp.ftp-password-pass-command-hidden", trace: "ftp-password-pass-command", more: true},
	{name: "scripts.base.protocols.ftp.ftp-invalid-reply-code", trace: "ftp-invalid-reply-code", more: true},
	{name: "scripts.base.protocols.ftp.ftp-missing-reply-code", trace: "ftp-missing-reply-code", more: true},
	{name: "scripts.base.protocols.ftp.ftp-missing-space-after-reply-code", trace: "ftp-missing-space-after-reply-code", more: true},
	{name: "scripts.policy.protocols.ftp.ftp", trace: "ipv6-multiline-reply"},
	{name: "scripts.policy.protocols.ftp.bruteforce", trace: "bruteforce"},
}

// usual are the rows of the commands that have a line by Zeek's default settings.
func usual(rows []map[string]string) (list []map[string]string) {
	commands := strings.Fields("APPE DELE RETR STOR STOU ACCT PORT PASV EPRT EPSV")
	for _, row := range rows {
		if slices.Contains(commands, row["command"]) {
			list = append(list, row)
		}
	}
	return list
}

// TestZeeksBaselines compares the logs, field by field, with those that Zeek's own test suite
// holds for captures of its own: conn.log, ftp.log and files.log. It reads them from a clone of
// github.com/zeek/zeek, whose folder FTPLAB_ZEEK names; nothing of it is kept here.
func TestZeeksBaselines(t *testing.T) {
	clone := os.Getenv("FTPLAB_ZEEK")
	if clone == "" {
		t.Skip("FTPLAB_ZEEK names no clone of github.com/zeek/zeek")
	}
	tests := filepath.Join(clone, "testing", "btest")
	compared := 0
	for _, b := range baselines {
		folder := t.TempDir()
		writeLogs(t, filepath.Join(tests, "Traces", "ftp", b.trace+".pcap"), folder)
		for _, name := range zeek.Names {
			want, ok := readLog(t, filepath.Join(tests, "Baseline", b.name, name+".log"))
			if !ok {
				continue
			}
			got, _ := readLog(t, filepath.Join(folder, name+".log"))
			if name == "ftp" && b.more {
				got, want = usual(got), usual(want)
			}
			compared += b.compare(t, name, got, want)
		}
	}
	folder := t.TempDir() // of this one Zeek's test has no log, but what it found
	writeLogs(t, filepath.Join(tests, "Traces", "ftp", "retr.pcap"), folder)
	files, _ := readLog(t, filepath.Join(folder, "files.log"))
	const sum = "202674eba48e832690a4475113acf8b16a3f6c82c04c94b36bb2c7ce457ac8d2"
	if len(files) != 1 || files[0]["sha256"] != sum || files[0]["seen_bytes"] != "16557" || files[0]["missing_bytes"] != "0" {
		t.Errorf("got %v, want one file of 16557 bytes with the SHA-256 %s", files, sum)
	}
	if compared < 20_000 {
		t.Errorf("got %d fields compared, want more than 20000", compared)
	}
}

// compare compares two logs, and returns how many fields are the same.
func (b baseline) compare(t *testing.T, name string, got, want []map[string]string) (same int) {
	if len(got) != len(want) {
		t.Errorf("%s: got %d lines in %s.log, want %d", b.name, len(got), name, len(want))
		return 0
	}
	if name == "conn" { // Zeek writes a line when it forgets the connection
		for _, rows := range [][]map[string]string{got, want} {
			slices.SortFunc(rows, func(x, y map[string]string) int { return cmp.Compare(endsIn(x), endsIn(y)) })
		}
	}
	for i := range want {
		for field, value := range want[i] {
			switch {
			case field == "ts" || strings.HasSuffix(field, "uid") || name == "ftp" && field == "mime_type":
				// Zeek's tests leave times out, identifiers are random, and ftp.log has no types here.
			case got[i][field] == value:
				same++
			case b.but[field] == "":
				t.Errorf("%s: %s.log, line %d: got %s %q, want %q", b.name, name, i+1, field, got[i][field], value)
			}
		}
	}
	return same
}

func endsIn(row map[string]string) string {
	return strings.Join([]string{row["id.orig_h"], row["id.orig_p"], row["id.resp_h"], row["id.resp_p"]}, " ")
}

// writeLogs writes the logs of a capture.
func writeLogs(t *testing.T, trace, folder string) {
	t.Helper()
	c, err := capture.Open(trace, capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	create := func(name string) (io.WriteCloser, error) { return os.Create(filepath.Join(folder, name+".log")) }
	if err := zeek.Write(c, zeek.TSV, create); err != nil {
		t.Fatal(err)
	}
}

// readLog reads a log; ok is false if there is none.
func readLog(t *testing.T, file string) (rows []map[string]string, ok bool) {
	t.Helper()
	text, err := os.ReadFile(file)
	if os.IsNotExist(err) {
		return nil, false
	}
	if err != nil {
		t.Fatal(err)
	}
	var fields []string
	for line := range strings.Lines(string(text)) {
		values := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if values[0] == "#fields" {
			fields = values[1:]
		}
		if strings.HasPrefix(line, "#") || len(values) != len(fields) {
			continue
		}
		row := map[string]string{}
		for i, name := range fields {
			row[name] = values[i]
		}
		rows = append(rows, row)
	}
	return rows, true
}
