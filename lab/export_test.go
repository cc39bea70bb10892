package lab_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ftplab/lab"
	"ftplab/lab/scenario"
)

const exported = `# A download
network wire
host server 192.0.2.21 rtt=20ms
file a.bin 3000

open
login anonymous me@mypc.test
type i
active
get a.bin
quit
`

// TestExport writes a scenario as a test of both projects, and makes its capture again.
func TestExport(t *testing.T) {
	s, err := scenario.Parse("a_download.txtar", []byte(exported))
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	if err := lab.ExportCapture(t.Context(), &want, s); err != nil {
		t.Fatal(err)
	}
	for project, files := range map[lab.Project]map[string]string{
		lab.Suricata: {
			"tests/ftp/ftp-a-download/test.yaml":   "ftp_data.filename: \"a.bin\"",
			"tests/ftp/ftp-a-download/README.md":   "# A download",
			"tests/ftp/ftp-a-download/generate.sh": "ftplab export suricata a_download.txtar --capture input.pcap",
			"tests/ftp/ftp-a-download/input.pcap":  want.String(),
		},
		lab.ZeekProject: {
			"testing/btest/scripts/base/protocols/ftp/a-download.zeek": "zeek -b -r $TRACES/ftp/a-download.pcap %INPUT",
			"testing/btest/Traces/ftp/a-download.sh":                   "ftplab export zeek a_download.txtar --capture a-download.pcap",
			"testing/btest/Traces/ftp/a-download.pcap":                 want.String(),
			"README.md": "`a-download.sh` makes it again",
		},
	} {
		folder := filepath.Join(t.TempDir(), "new")
		paths, err := lab.Export(t.Context(), project, s, folder)
		if err != nil || len(paths) != 5 {
			t.Fatalf("%s: got %v, %v, want 5 files", project, paths, err)
		}
		for name, part := range files {
			if text, err := os.ReadFile(filepath.Join(folder, name)); err != nil || !bytes.Contains(text, []byte(part)) {
				t.Errorf("%s: got %v, want %.60q in %s:\n%.300s", project, err, part, name, text)
			}
		}
		if _, err := lab.Export(t.Context(), project, s, folder); err == nil {
			t.Errorf("%s: got no error for a folder that is there", project)
		}
	}
}

// TestExportOfHabits has in the test of Suricata what it logs, and nothing else: no command that it
// does not know, and no FTP in a session that it does not recognize. A session in TLS has the same
// capture again.
func TestExportOfHabits(t *testing.T) {
	login := "login anonymous me@mypc.test\n"
	for name, c := range map[string]struct{ source, want, not string }{
		"features":    {strings.Replace(exported, login, login+"quote FEAT\n", 1), `ftp.command: "RETR"`, "FEAT"},
		"unknown":     {strings.Replace(exported, login, "quote SYST\n"+login, 1), "count: 0\n      match:\n        event_type: ftp\n", "USER"},
		"no_file":     {strings.Replace(exported, "active\nget a.bin", "!quote RETR a.bin", 1), `ftp.command: "RETR"`, "QUIT"},
		"mismatched":  {exported + "-- server --\non TYPE: reply 200-One; reply 200-Two; as usual\n", `ftp.command: "TYPE"`, "FEAT"},
		"tls_refused": {strings.Replace(exported, login, login+"!quote AUTH TLS\n", 1), `ftp.command: "AUTH TLS"`, `ftp.command_data: "TLS"`},
		"tls": {strings.NewReplacer("file a.bin", "server tls=explicit\nfile a.bin", "open\n", "open\nquote FEAT\nauth TLS\n").Replace(exported),
			`ftp.command: "AUTH TLS"`, "USER"},
	} {
		s, err := scenario.Parse(name+scenario.Extension, []byte(c.source))
		if err != nil {
			t.Fatal(err)
		}
		var captures [2][]byte
		for i := range captures {
			folder := filepath.Join(t.TempDir(), "new")
			if _, err := lab.Export(t.Context(), lab.Suricata, s, folder); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			folder = filepath.Join(folder, "tests", "ftp", "ftp-"+strings.ReplaceAll(name, "_", "-"))
			text, err := os.ReadFile(filepath.Join(folder, "test.yaml"))
			if err != nil || !strings.Contains(string(text), c.want) || strings.Contains(string(text), c.not) {
				t.Errorf("%s: got %v, want %q and no %q:\n%s", name, err, c.want, c.not, text)
			}
			version := "requires:\n  min-version: 7.0.0\n"
			if slices.Contains([]string{"unknown", "tls", "mismatched"}, name) { // of which Suricata 8 logs more
				version = "requires:\n  version: 7\n"
			}
			if !strings.HasPrefix(string(text), version) {
				t.Errorf("%s: got the test\n%s, want that it begins with %q", name, text, version)
			}
			if captures[i], err = os.ReadFile(filepath.Join(folder, "input.pcap")); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(captures[0], captures[1]) {
			t.Errorf("%s: got another capture the second time", name)
		}
	}
}

// TestExportOfDamage says which checksums are wrong.
func TestExportOfDamage(t *testing.T) {
	for rule, want := range map[string]string{
		"": "server, with valid checksums. ftplab",
		"corrupt server > client length=1448 count=1\n": "with valid checksums, except that of frame 20, which is wrong on purpose. ftplab",
		"corrupt server > client length=1448 count=2\n": "with valid checksums, except those of 2 frames, which are wrong on purpose: the first is frame 20. ftplab",
	} {
		s, err := scenario.Parse("damage.txtar", []byte(strings.Replace(exported, "file a.bin", rule+"file a.bin", 1)))
		if err != nil {
			t.Fatal(err)
		}
		folder := filepath.Join(t.TempDir(), "new")
		if _, err := lab.Export(t.Context(), lab.ZeekProject, s, folder); err != nil {
			t.Fatal(err)
		}
		if text, err := os.ReadFile(filepath.Join(folder, "README.md")); err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%q: got %v, want %q in\n%s", rule, err, want, text)
		}
	}
}

// TestExportRefuses says what cannot be a test.
func TestExportRefuses(t *testing.T) {
	for source, want := range map[string]string{
		strings.Replace(exported, "3000", "300000", 1):         "51200 at most",
		strings.Replace(exported, "get a.bin", "get b.bin", 1): "a_download.txtar:10: get b.bin: the server refused: ",
	} {
		s, err := scenario.Parse("a_download.txtar", []byte(source))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := lab.Export(t.Context(), lab.ZeekProject, s, filepath.Join(t.TempDir(), "new")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
}
