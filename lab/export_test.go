package lab_test

import (
	"bytes"
	"os"
	"path/filepath"
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
	again := filepath.Join(t.TempDir(), "again.pcap")
	if err := lab.ExportCapture(t.Context(), s, again); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(again)
	if err != nil {
		t.Fatal(err)
	}
	for project, files := range map[lab.Project]map[string]string{
		lab.Suricata: {
			"tests/ftp/ftp-a-download/test.yaml":   "ftp_data.filename: \"a.bin\"",
			"tests/ftp/ftp-a-download/README.md":   "# A download",
			"tests/ftp/ftp-a-download/generate.sh": "ftplab export suricata a_download.txtar --capture input.pcap",
			"tests/ftp/ftp-a-download/input.pcap":  string(want),
		},
		lab.ZeekProject: {
			"testing/btest/scripts/base/protocols/ftp/a-download.zeek": "zeek -b -r $TRACES/ftp/a-download.pcap %INPUT",
			"testing/btest/Traces/ftp/a-download.sh":                   "ftplab export zeek a_download.txtar --capture a-download.pcap",
			"testing/btest/Traces/ftp/a-download.pcap":                 string(want),
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

// TestExportRefuses says what cannot be a test.
func TestExportRefuses(t *testing.T) {
	for source, want := range map[string]string{
		strings.Replace(exported, "file a.bin 3000", "server tls=explicit\nfile a.bin 3000", 1): "TLS",
		strings.Replace(exported, "3000", "300000", 1):                                          "51200 at most",
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
