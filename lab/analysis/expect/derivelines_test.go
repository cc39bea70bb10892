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

// The comment on a FIN says what has ended only if it is the FIN of the side that sends the data, and all was sent.
func TestDerivedEndOfData(t *testing.T) {
	for _, test := range []struct{ command, data, reply, want string }{
		{"STOR a.txt", "Welcome.\n", "226 Done", "data client > server [F.] seq 10 # the end of the file is this FIN"},
		{"STOR a.txt", "", "226 Done", "data client > server [F.] seq 1 # the end of the file is this FIN"},
		{"STOR a.txt", "Welcome.\n", "426 Broken", ""},
		{"RETR a.txt", "Welcome.\n", "226 Done", "data server > client [F.] seq 10 # the end of the file is this FIN"},
		{"RETR a.txt", "", "550 Broken", ""},
		{"NLST", "a.txt\r\n", "226 Done", "data server > client [F.] seq 8 # the end of the listing is this FIN"},
	} {
		g := &recording{forge.New(), false}
		ctl := login(g)
		ctl.Segment("P.", "PORT "+g.hostPort("198.51.100.100:41000")+"\r\n")
		ctl.Peer.Segment("P.", "200 OK\r\n")
		ctl.Segment("P.", test.command+"\r\n")
		data := connect(g, "192.0.2.21:20", "198.51.100.100:41000") // of the server
		ctl.Peer.Segment("P.", "150 Here it comes\r\n")
		if test.command == "STOR a.txt" {
			data = data.Peer
		}
		if test.data != "" {
			data.Send(test.data)
		}
		data.Close()
		ctl.Peer.Segment("P.", test.reply+"\r\n")
		ctl.Close()
		want, got := derive(t, g.capture(t), hosts), ""
		for line := range strings.Lines(want) {
			if strings.Contains(line, "the end of") {
				got += strings.Join(strings.Fields(line), " ")
			}
		}
		if got != test.want {
			t.Errorf("%s, %q, %s: got %q, want %q in\n%s", test.command, test.data, test.reply, got, test.want, want)
		}
	}
}
