// Tests of single rules of data connections.

package baseline

import (
	"strings"
	"testing"

	"ftplab/lab/analysis/baseline/rules"
	"ftplab/lab/internal/forge"
)

// TestResets asks how much weight each way of resetting a data connection has: ""
// is none.
func TestResets(t *testing.T) {
	const ask = "> PASV\n< 227 (192,0,2,21,100,0)\n> RETR a\n< 150 here"
	for name, test := range map[string]struct {
		want rules.Severity
		data func(d *forge.End)
		end  string
	}{
		"none":                         {"", func(d *forge.End) { d.Peer.Close() }, "< 226 done"},
		"by the server, in the middle": {rules.Odd, func(d *forge.End) { d.Peer.Segment("R.", "") }, "< 226 done"},
		"by the client, in the middle": {rules.Odd, func(d *forge.End) { d.Segment("R.", "") }, "< 226 done"},
		"after the end of the file":    {rules.Note, func(d *forge.End) { d.Peer.FIN(); d.Segment("R.", "") }, "< 226 done"},
		"after both FINs":              {rules.Note, func(d *forge.End) { d.Peer.Close(); d.Segment("R.", "") }, "< 226 done"},
		"and a reply of 426":           {rules.Note, func(d *forge.End) { d.Segment("R.", "") }, "< 426 broken off"},
		"after ABOR":                   {rules.Note, func(d *forge.End) { d.Segment("R.", "") }, "> ABOR\n< 226 done"},
		"and the rest not recorded":    {rules.Note, func(d *forge.End) { d.Segment("R.", "") }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := forged(t, func(f *forge.Capture) {
				c := f.Control().Say(hello).Say(ask)
				d := dial(f, aClient, aServer+":25600")
				d.Peer.Segment("P.", "some of it")
				test.data(d)
				if test.end != "" {
					c.Say(test.end).Say(bye).Peer.Close()
				}
			})
			for _, s := range []rules.Severity{rules.Violation, rules.Odd, rules.Note} {
				want := 0
				if s == test.want {
					want = 1
				}
				if n := count(got, "data-ends-with-fin", s); n != want {
					t.Errorf("got %d of weight %s, want %d: %v", n, s, want, got)
				}
			}
		})
	}
	refused := forged(t, func(f *forge.Capture) {
		c := f.Control().Say(hello).Say("> PASV\n< 227 (192,0,2,21,100,0)\n> RETR a")
		d := overhear(f, aClient, aServer+":25600")
		d.Segment("S", "")
		d.Peer.Segment("R.", "")
		c.Say("< 425 no").Say(bye).Peer.Close()
	})
	if n := count(refused, "data-ends-with-fin", rules.Note); n > 0 {
		t.Errorf("a connection that was refused: got %v", refused)
	}
}

// TestBytesAgree holds what replies say of a length against what was moved: 1000
// bytes, always.
func TestBytesAgree(t *testing.T) {
	for _, test := range []struct {
		command, before, after string
		want                   int
	}{
		{"RETR a", "150 here", "226 done", 0},
		{"RETR a", "150 a (1000 bytes)", "226 done. 1,000 bytes transferred.", 0},
		{"RETR a", "150 a (999 bytes)", "226 done", 1},
		{"RETR a", "150 here", "226 done (999 bytes)", 1},
		{"RETR a", "150 a (1000 bytes)", "226 done. 9,990 bytes transferred. 5 KB/sec.", 1},
		{"RETR a", "150 here", "226-Quota: 77 bytes left\n+ 226 999 bytes sent", 1},
		{"RETR a", "150 here", "226-Quota: 77 bytes left\n+ 226 1000 bytes sent", 0},
		{"RETR x (5 bytes)", "150 x (5 bytes) (1000 bytes)", "226 done", 0},
		{"STOR a", "150 go on", "226 1000 bytes received", 0},
		{"STOR a", "150 go on", "226 999 bytes received", 1},
	} {
		got := forged(t, func(f *forge.Capture) {
			c := f.Control().Say(hello).Say("> TYPE I\n< 200 ok\n> PASV\n< 227 (192,0,2,21,100,0)\n> " + test.command + "\n< " + test.before)
			from := answerer
			if strings.HasPrefix(test.command, "STOR") {
				from = opener
			}
			download(f, aClient, aServer+":25600", from, 1000)
			c.Say("< " + test.after).Say(bye).Peer.Close()
		})
		if n := count(got, "bytes-agree", rules.Odd); n != test.want {
			t.Errorf("%s, %q, %q: got %d, want %d: %v", test.command, test.before, test.after, n, test.want, got)
		}
	}
}

// TestSiteToSite lets two servers exchange a file, as RFC 959 section 5.2 has it. Where the
// capture shows one of the two sessions only, nobody can tell that from a bounce.
func TestSiteToSite(t *testing.T) {
	got := forged(t, func(f *forge.Capture) {
		const other = "192.0.2.99"
		a, b := f.Control().Say(hello), dial(f, aClient, other+":21").Say(hello)
		a.Say("> PASV\n< 227 (192,0,2,21,100,0)")
		b.Say("> PORT 192,0,2,21,100,0\n< 200 ok")
		a.Say("> STOR x\n< 150 go on")
		b.Say("> RETR x\n< 150 here")
		download(f, other+":20", aServer+":25600", opener, 4000)
		b.Say("< 226 done").Say(bye).Peer.Close()
		a.Say("< 226 done").Say(bye).Peer.Close()
	})
	if got.Verdict != IsUnusual {
		t.Errorf("got %v\nwant %s", got, IsUnusual)
	}
}
