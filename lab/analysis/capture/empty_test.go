package capture_test

import (
	"bytes"
	"testing"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/internal/forge"
)

// The data connection of a complete transfer without data has the digest of no bytes. One whose transfer failed, or whose
// end is not in the capture, has none.
func TestEmptyTransfer(t *testing.T) {
	const digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	for _, test := range []struct {
		name, command, reply string
		end                  func(sender, receiver *forge.End)
		want                 string
	}{
		{"download", "RETR a", "226 Done.", func(s, r *forge.End) { s.FIN(); r.FIN() }, digest},
		{"upload", "STOR a", "226 Done.", func(s, r *forge.End) { s.FIN(); r.FIN() }, digest},
		{"of which the receiver still goes on", "RETR a", "226 Done.", func(s, _ *forge.End) { s.FIN() }, digest},
		{"of which only the receiver ends", "RETR a", "226 Done.", func(_, r *forge.End) { r.FIN() }, ""},
		{"that failed", "RETR a", "426 Broken.", func(s, r *forge.End) { s.FIN(); r.FIN() }, ""},
		{"that was reset", "RETR a", "226 Done.", func(s, r *forge.End) { s.FIN(); r.RST() }, ""},
		{"with lost data", "RETR a", "226 Done.", func(s, r *forge.End) { s.Seq += 10; s.FIN(); r.FIN() }, ""},
	} {
		f := forge.New()
		x := f.Login()
		x.Ask("PORT 198,51,100,100,12,100", "200 Fine.")
		x.Ask(test.command, "150 Wait.")
		server, client := f.Dial(forge.Server+":20", forge.Client+":3172")
		if test.command == "STOR a" {
			test.end(client, server)
		} else {
			test.end(server, client)
		}
		x.Server.Send(test.reply + "\r\n")
		for _, options := range []capture.Options{{}, {NoHash: true}} {
			c, err := capture.Read(bytes.NewReader(f.PCAP()), options)
			if err != nil {
				t.Fatal(err)
			}
			want := test.want
			if options.NoHash {
				want = ""
			}
			if d := c.Connection(1); d.Role != ftp.Data || d.SHA256 != want {
				t.Errorf("a transfer %s, %+v: got the role %s and the SHA-256 %q, want %q", test.name, options, d.Role, d.SHA256, want)
			}
		}
	}
}
