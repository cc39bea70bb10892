package capture_test

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"ftplab/lab/analysis/ftp"
	"ftplab/lab/internal/forge"
)

// TestPartInClear cuts the first of two segments of a file in clear, on a data connection that
// seems to be in TLS: its client begins TLS and the server does not, or the file begins like a
// record. What is left of the file has no digest.
func TestPartInClear(t *testing.T) {
	const hello = "\x16\x03\x01\x00\x06\x01\x00\x00\x02\x03\x03"
	first, second := strings.Repeat("a", 500), strings.Repeat("b", 100)
	for what, said := range map[string][3]string{
		"the client begins TLS":         {hello, first, second},
		"the file begins like a record": {"", "\x16\x03\x01\x00\x06\x63" + first, second},
	} {
		for _, cut := range []bool{false, true} {
			f := forge.New()
			c, server := f.Dial("198.51.100.100:51200", "192.0.2.21:21")
			server.Send("220 ready\r\n")
			c.Send("PASV\r\n")
			server.Send("227 Entering Passive Mode (192,0,2,21,200,1)\r\n")
			c.Send("RETR README\r\n")
			server.Send("150 here it comes\r\n")
			d, peer := f.Dial("198.51.100.100:51201", "192.0.2.21:51201")
			if said[0] != "" {
				d.Send(said[0])
			}
			if cut {
				f.Snap = 400
			}
			peer.Send(said[1])
			f.Snap = 0
			peer.Send(said[2])
			peer.Close()
			want := ""
			if !cut {
				want = fmt.Sprintf("%x", sha256.Sum256([]byte(said[1]+said[2])))
			}
			data := read(t, f.PCAP()).Connection(1)
			if data.Role != ftp.Data || data.SHA256 != want {
				t.Errorf("%s, cut: %v: got the role %s and SHA-256 %q, want %q", what, cut, data.Role, data.SHA256, want)
			}
		}
	}
}
