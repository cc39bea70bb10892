package lab

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"ftplab/lab/labtest/optional"
	"ftplab/lab/scenario"
)

// parse parses a scenario of this test's.
func parse(t *testing.T, lines ...string) *scenario.Scenario {
	t.Helper()
	s, err := scenario.Parse(filepath.Join(t.TempDir(), "other.txtar"), []byte(strings.Join(lines, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestOtherServer has a server that is not the lab's answer a session, and
// judges it as any other.
func TestOtherServer(t *testing.T) {
	const python = "/usr/bin/python3"
	if err := exec.Command(python, "-c", "import pyftpdlib").Run(); err != nil {
		optional.Missing(t, "pyftpdlib is not installed: apt install python3-pyftpdlib")
	}
	s := parse(t,
		"# Another server\n# Whose habits are its own.\n",
		"network wire", "host server 192.0.2.21 rtt=10ms",
		"program "+python+" -m pyftpdlib -p 21 -w",
		"file pub/picture.bin 40000 seed=3", "local report.bin 40000 seed=5",
		"open", "login anonymous me@mypc.test", "type i", "active",
		"get pub/picture.bin", "passive", "put report.bin", "append report.bin", "! get missing", "quit",
		"-- files/README --", "Welcome.",
		"-- want --",
		"ctl client.* > server.21", "a server.* > client.*", "b client.* > server.*", "c client.* > server.*", "d client.* > server.*",
		"ctl ...", `ctl server > client "220 pyftpdlib * ready."`, "ctl ...", "a ...", "b ...", "c ...", "d ...",
	)
	folder := t.TempDir()
	result, err := Run(t.Context(), s, Options{Results: folder})
	if err != nil {
		t.Fatal(err)
	}
	if result.Outcome != Passed {
		t.Errorf("got %s, want %s\n%s", result.Outcome, Passed, result.Report)
	}
	stored, err := os.Stat(filepath.Join(folder, "other", "files", "report.bin"))
	if err != nil || stored.Size() != 80000 {
		t.Errorf("the server's folder: got %v, error %v, want report.bin of 80000 bytes", stored, err)
	}
}

// TestNoServer starts programs that are no servers.
func TestNoServer(t *testing.T) {
	for _, test := range []struct{ name, program, want string }{
		{"not there", "program /no/such/server", "starting the server: "},
		{"ends at once", "program /bin/false", "does not listen on port 21: it has ended: exit status 1; what it says is in "},
		{"never listens", "deadline 50ms\nprogram /bin/sleep 60", "does not listen on port 21: context deadline exceeded"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := parse(t, "# x\n# y\n", test.program, "open", "quit")
			_, err := Run(t.Context(), s, Options{Results: t.TempDir()})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want one that says %q", err, test.want)
			}
		})
	}
}
