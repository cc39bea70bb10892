package scenarios

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"ftplab/lab"
	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/expect"
	"ftplab/lab/pcapng"
	"ftplab/lab/scenario"
)

// withoutKeys is a capture as pcap, which has no keys.
func withoutKeys(t *testing.T, file []byte) []byte {
	return rewritten(t, file, func(int, *pcapng.Packet) bool { return true })
}

// checked is the verdict on a capture by a scenario with some text replaced, with a key log
// if there is one.
func checked(t *testing.T, name string, file, log []byte, replace ...string) *lab.Verdict {
	t.Helper()
	source := strings.NewReplacer(replace...).Replace(string(ftpsScenarios(t)[name].Source))
	s, err := scenario.Parse(name+".txtar", []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	src := lab.Reader("ftps", bytes.NewReader(file))
	if log != nil {
		src.KeyLog = filepath.Join(t.TempDir(), "keys.log")
		if err := os.WriteFile(src.KeyLog, log, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	v, err := lab.Check(s, src)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestHiddenIsNotJudged checks captures without keys, or with the keys of one side: what
// nobody can read is neither as wanted nor a mismatch, and all else is judged.
func TestHiddenIsNotJudged(t *testing.T) {
	for _, test := range []struct {
		what, scenario, keys string // the lines of the key log with that word; "none" for none
		replace              []string
		pass, unjudged       bool
		want                 string // in the report
	}{
		{"all keys", "ftps_explicit", "", nil, true, false, ``},
		{"no keys", "ftps_explicit", "none", nil, false, true,
			`^\S+:\d+: ctl: from frame \d+ on it is in TLS that cannot be read \(there are no keys for it\), so lines [\d, .]+ cannot be judged; ftplab check --keylog FILE reads .*\n$`},
		{"the client's keys", "ftps_explicit", "CLIENT", nil, false, true,
			`^\S+:\d+: ctl: from frame \d+ on it is in TLS that cannot be read \(there are no keys for it\), so lines [\d, .]+ cannot be judged; ftplab check --keylog FILE reads .*\n$`},
		{"no keys, and the end in clear", "ftps_ccc", "none", nil, false, true, `: ctl: .*, so lines \d+, \d+, \d+ cannot be judged`},
		{"a reply in clear that is like the last one in TLS", "ftps_explicit", "none", []string{`"226 *"`, `"234 *"`}, false, true, `: ctl: .*, so lines [\d, .]+ cannot be judged`},
		{"no keys for an implicit session", "ftps_implicit", "none", nil, false, true, `: ctl: .* cannot be judged`},
		{"another greeting, in clear", "ftps_explicit", "none", []string{`"220 *"`, `"120 *"`}, false, false, `: ctl: the text is "220 `},
		{"another command, in clear", "ftps_explicit", "none", []string{`"AUTH TLS"`, `"AUTH SSL"`}, false, false, `: ctl: the text is "AUTH TLS"`},
		{"one more command in front of TLS", "ftps_explicit", "none", []string{`ctl   client > server  "AUTH TLS"`, "ctl   client > server  \"FEAT\"\nctl   client > server  \"AUTH TLS\""}, false, false, `: ctl: this did not come`},
		{"another command after TLS", "ftps_ccc", "none", []string{`"RETR README"`, `"RETR LICENSE"`}, false, false, `RETR README`},
		{"another flag of TCP", "ftps_explicit", "none", []string{`ctl   client > server  [S]`, `ctl   client > server  [S] mss 9000`}, false, false, `mss is 1460`},
		{"another command inside TLS", "ftps_explicit", "CLIENT", []string{`"PBSZ 0"`, `"PBSZ 1"`}, false, false, `the text is "PBSZ 0"`},
		{"a figure of TLS", "ftps_explicit", "none", []string{"-- want --", "-- figures --\nctl.commands = 9\ncapture.announced = 1\ndata.mode = passive\ndata.sha256 = " + strings.Repeat("0", 64) + "\n-- want --"}, false, true,
			`\S+:\d+: ctl.commands, capture.announced: not measured, as from frame \d+ on the dialogue of connection 0 is in TLS .*\n` +
				`\S+:\d+: data.sha256: not measured, as from frame \d+ on what connection 1 carries is in TLS .*\n$`},
		{"a wrong figure of TCP", "ftps_explicit", "none", []string{"-- want --", "-- figures --\nctl.commands = 9\nctl.retransmissions = 9\n-- want --"}, false, false, `ctl.retransmissions: got 0, want`},
	} {
		file, log := playedFile(t, test.scenario)
		switch test.keys {
		case "none":
			log = nil
		default:
			log = only(log, test.keys)
		}
		v := checked(t, test.scenario, withoutKeys(t, file), log, test.replace...)
		if v.Pass != test.pass || v.Unjudged() != test.unjudged || !regexp.MustCompile(test.want).MatchString(v.Report()) {
			t.Errorf("%s: got pass %v, unjudged %v, want %v, %v and %s in\n%s", test.what, v.Pass, v.Unjudged(), test.pass, test.unjudged, test.want, v.Report())
		}
	}
}

// TestCutShortInTLS checks captures of which the recorder kept so many bytes of each packet: a
// session that is as wanted is not called wrong, wherever records of TLS and what is in clear
// behind them are cut.
func TestCutShortInTLS(t *testing.T) {
	for _, name := range []string{"ftps_ccc", "ftps_explicit", "ftps_ipv6"} {
		file, _ := playedFile(t, name)
		for snap := 14; snap < 110; snap++ { // from the header of Ethernet on
			cut := rewritten(t, file, func(_ int, p *pcapng.Packet) bool {
				p.Data = p.Data[:min(snap, len(p.Data))]
				return true
			})
			if v := checked(t, name, cut, nil); !v.Unjudged() {
				t.Fatalf("%s, of which %d bytes of each packet were recorded: got pass %v, want that it cannot be judged\n%s", name, snap, v.Pass, v.Report())
			}
		}
	}
}

// TestKeysWouldNotHelp checks a capture that lacks the ClientHello: no keys can open it, so
// the message does not ask for any.
func TestKeysWouldNotHelp(t *testing.T) {
	file, log := playedFile(t, "ftps_explicit")
	hello := read(t, file, capture.Options{}).Session(0).Layer.ClientHello.Packet
	cut := rewritten(t, file, func(n int, _ *pcapng.Packet) bool { return n != hello })
	v := checked(t, "ftps_explicit", cut, log, "-- want --", "-- figures --\nctl.commands = 9\n-- want --")
	const want = "is in TLS that cannot be read (its ClientHello is not in the capture)"
	if report := v.Report(); strings.Count(report, want) != 2 || strings.Contains(report, "--keylog") {
		t.Errorf("got, not twice %q and no --keylog:\n%s", want, report)
	}
}

// TestDerivedComments checks the comments on TLS in wants that are derived from whole captures.
func TestDerivedComments(t *testing.T) {
	const unread, end, lost = "TLS that cannot be read: there are no keys for it", "close_notify and FIN", "lacks packets"
	for name := range ftpsScenarios(t) {
		file, log := playedFile(t, name)
		for _, keys := range [][]byte{nil, log} {
			c := read(t, withoutKeys(t, file), capture.Options{KeyLog: keys})
			var want strings.Builder
			if err := expect.Derive(&want, c, nil); err != nil {
				t.Fatal(err)
			}
			text, hidden := want.String(), c.Session(0).Hidden
			if strings.Contains(text, lost) || strings.Contains(text, unread) != hidden || hidden && strings.Contains(text, end) {
				t.Errorf("%s, hidden %v: a comment is not true in\n%s", name, hidden, text)
			}
		}
	}
}
