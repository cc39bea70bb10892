package lab_test

import (
	"testing"

	"ftplab/lab/labtest"
	"ftplab/lab/scenario"
)

// TestNameOnIPv6 calls a server by its name where every host has IPv6 and the
// address that it has unless said otherwise, the name server too.
func TestNameOnIPv6(t *testing.T) {
	const source = `# By name
# On IPv6.

network wire ipv6
name ftp.example.test 2001:db8:2::21 authority=2 additional=2

open ftp.example.test
quit

-- want --
ctl client.* > server.21
dns client.* > nameserver.53 udp

dns client > nameserver "AAAA? ftp.example.test."
dns nameserver > client "1/2/2 AAAA 2001:db8:2::21"
ctl client > server [S]
ctl ...
ctl server > client "221 *"
ctl ...
`
	s, err := scenario.Parse("names.txtar", []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	labtest.Scenario(t, s)
}
