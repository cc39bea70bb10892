package expect

import (
	"strings"
	"testing"

	"ftplab/lab/analysis/ftp"
	"ftplab/lab/internal/forge"
)

// Without a final reply, the data is whole if its sender closes first.
func TestDerivedWantWithoutFinalReply(t *testing.T) {
	for first, whole := range map[ftp.Side]bool{ftp.Server: true, ftp.Client: false} {
		g := &recording{forge.New(), false}
		ctl := login(g)
		ctl.Segment("P.", "PASV\r\n")
		ctl.Peer.Segment("P.", "227 Call me ("+g.hostPort("192.0.2.21:40000")+")\r\n")
		data := connect(g, "198.51.100.100:41000", "192.0.2.21:40000")
		ctl.Segment("P.", "RETR file\r\n")
		ctl.Peer.Segment("P.", "150 Here it comes\r\n")
		data.Peer.Send("Welcome.\n")
		if first == ftp.Client {
			data.FIN()
		}
		data.Peer.Close()
		ctl.Close()
		want := derive(t, g.capture(t), hosts)
		if strings.Contains(want, "seq 1:10 ") != whole || strings.Contains(want, "[F.] seq 10 ") != whole {
			t.Errorf("the %s closes first: got\n%s\nwant the bytes and the FIN: %t", first, want, whole)
		}
	}
}
