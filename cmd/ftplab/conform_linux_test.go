package main

import (
	"strings"
	"testing"
)

// TestConformWithoutSession has a client that never connects, and a server that closes each
// connection at once: the table is printed, and then why.
func TestConformWithoutSession(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: a server and a client run a dozen times each")
	}
	needCells(t)
	const closing = `import socket
s = socket.create_server(("", 21))
while True: s.accept()[0].close()`
	for _, test := range []struct {
		args         []string
		status       int
		table, error string
	}{
		{[]string{"--client", "--", "false"}, exitError, "0 kept, 0 not kept, 21 not applicable\n", "\nrun \"false\": exit status 1; it printed nothing\n"},
		{[]string{"--", "python3", "-c", closing}, exitFailed, "0 kept, 1 not kept, 83 not applicable\n", ": the server closed the connection\n"},
	} {
		out, errOut, status := judged(t, append([]string{"conform", "-o", t.TempDir()}, test.args...)...)
		if status != test.status || !strings.HasSuffix(out, test.table) || !strings.HasSuffix(errOut, test.error) {
			t.Errorf("%q: got status %d, want %d, table\n%s\nerror %s", test.args, status, test.status, out, errOut)
		}
	}
}
