package lab

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ftplab/lab/scenario"
)

// TestRefusals says whether the host in whose name a RST comes refuses a connection, or something on the path.
func TestRefusals(t *testing.T) {
	const session = "open\nlogin anonymous me@mypc.test\n"
	for _, test := range []struct{ name, source, want string }{
		{"a firewall near the client", "network wire capture=client,server\nhost server 192.0.2.21 rtt=25ms\nreject client > server.* [S] count=1 skip=1 with=reset\n\n" + session + "expect refused: ls\nquit\n",
			"in the name of the server: no packet of it was recorded at server"},
		{"a firewall near the server", "network wire capture=client,server\nhost server 192.0.2.21 rtt=25ms\nreject server.20 > client [S] count=1 with=reset\n\n" + session + "active\n! ls\nquit\n",
			"in the name of the client: no packet of it was recorded at client"},
		{"the server", "network wire capture=client,server\nhost server 192.0.2.21 rtt=25ms\n\n" + session + "expect refused: ls\nquit\n-- server --\non PASV: reply 227 Yes (192,0,2,21,200,1)\n",
			"nobody listens at port 51201 of the server."},
		{"the server, recorded at one place", "network wire\nhost server 192.0.2.21 rtt=25ms\n\n" + session + "expect refused: ls\nquit\n-- server --\non PASV: reply 227 Yes (192,0,2,21,200,1)\n",
			"nobody listens at port 51201 of the server, or a firewall answers in its name"},
		{"the client, recorded near it", "network wire\nhost server 192.0.2.21 rtt=25ms\n\n" + session + "quote PORT 198,51,100,100,200,1\n! quote LIST\nquit\n",
			"nobody listens at port 51201 of the client"},
	} {
		s, err := scenario.Parse("refusal.txtar", []byte("# A refusal\n"+test.source))
		if err != nil {
			t.Fatal(err)
		}
		folder := t.TempDir()
		if _, err := Run(t.Context(), s, Options{Results: folder, TCP: scenario.GVisorTCP}); err != nil {
			t.Fatal(err)
		}
		page, err := os.ReadFile(filepath.Join(folder, "refusal", "walkthrough.md"))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(strings.Fields(string(page)), " "); !strings.Contains(got, test.want) || strings.Contains(got, "on its way is lost") {
			t.Errorf("%s: got\n%s\nwant in it %q", test.name, page, test.want)
		}
	}
}
