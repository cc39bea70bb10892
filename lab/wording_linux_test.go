package lab

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/scenario"
	"ftplab/lab/testbed/ftpserver"
)

// replies are what the server of a scenario says, without what depends on the moment.
func replies(t *testing.T, setting string, tcp scenario.TCP) []string {
	t.Helper()
	s := parse(t, "# x\n# y\n", "user alice secret", setting, "local up.bin 50",
		"open", "! login alice wrong", "login alice secret", "cd /", "cd "+map[bool]string{true: "/srv/ftp", false: "/"}[tcp == scenario.LinuxTCP],
		"type a", "ls", "type i", "get README", "! get nothing", "active", "get README", "quit",
		"-- files/README --", "Welcome.")
	result, err := Run(t.Context(), s, Options{Results: t.TempDir(), TCP: tcp})
	needCells(t, err)
	if err != nil {
		t.Fatal(err)
	}
	if result.Outcome == Failed {
		t.Fatal(result.Report)
	}
	c, err := capture.Open(filepath.Clean(result.Capture), capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var said []string
	for session := range c.Sessions() {
		for _, l := range session.Lines {
			if l.From == "server" && !strings.HasPrefix(l.Text, "227") && !strings.HasPrefix(l.Text, "226") {
				said = append(said, l.Text)
			}
		}
	}
	return said
}

// TestWordingOfRealServers compares the words that the lab's server borrows with those of
// the servers themselves.
func TestWordingOfRealServers(t *testing.T) {
	for _, test := range []struct{ wording, path string }{
		{"vsftpd", "/usr/sbin/vsftpd"},
		{"proftpd", "/usr/sbin/proftpd"},
	} {
		t.Run(test.wording, func(t *testing.T) {
			needServer(t, test.path)
			got := replies(t, "server wording="+test.wording, scenario.GVisorTCP)
			want := replies(t, "program "+test.path, scenario.LinuxTCP)
			if test.wording == "proftpd" { // whose greeting has the address
				want[0] = got[0]
			}
			if !slices.Equal(got, want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		})
	}
}

// Each wording that the server has can be asked for in a scenario, and clients understand it.
func TestWordings(t *testing.T) {
	greetings := map[string]string{}
	for _, wording := range ftpserver.Wordings() {
		said := replies(t, "server wording="+wording, scenario.GVisorTCP)
		if other, ok := greetings[said[0]]; ok {
			t.Errorf("%s and %s have the same greeting %q", wording, other, said[0])
		}
		greetings[said[0]] = wording
		for _, text := range said {
			if strings.ContainsAny(text, "{}") {
				t.Errorf("%s: got %q", wording, text)
			}
		}
	}
}
