package main

import (
	"fmt"
	"strings"
	"testing"

	"ftplab/lab/analysis/conform"
	"ftplab/lab/labtest/optional"
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
		program       string
		args          []string
		status        int
		rules, broken int
		error         string
	}{
		{"false", []string{"--client", "--", "false"}, exitError, len(conform.ClientRules()), 0, "\n\trun \"false\": exit status 1; it printed nothing\n"},
		{"python3", []string{"--", "python3", "-c", closing}, exitFailed, len(conform.ServerRules()), 1, ": the server closed the connection\n"},
	} {
		t.Run(test.program, func(t *testing.T) {
			optional.Tool(t, test.program, "install it")
			out, errOut, status := judged(t, append([]string{"conform", "-o", t.TempDir()}, test.args...)...)
			table := fmt.Sprintf("0 kept, %d not kept, %d not applicable\n", test.broken, test.rules-test.broken)
			if status != test.status || !strings.HasSuffix(out, table) || !strings.HasSuffix(errOut, test.error) {
				t.Errorf("got status %d, want %d, table\n%s\nerror %s", status, test.status, out, errOut)
			}
		})
	}
}
