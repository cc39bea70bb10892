package scenarios

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"ftplab/lab"
	"ftplab/lab/analysis/baseline"
	"ftplab/lab/analysis/baseline/profile"
	"ftplab/lab/analysis/baseline/rules"
	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/pcapng"
	"ftplab/lab/scenario"
)

// ftpsScenarios are the scenarios of the course with TLS, by name.
func ftpsScenarios(t *testing.T) map[string]*scenario.Scenario {
	t.Helper()
	names, err := Match("ftps_*")
	if err != nil || len(names) != 9 {
		t.Fatalf("got %d scenarios, %v; want 9", len(names), err)
	}
	all := map[string]*scenario.Scenario{}
	for _, name := range names {
		s, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		all[s.Name] = s
	}
	return all
}

// TestFTPS plays the scenarios with TLS on gVisor's TCP. All that is in TLS is read
// with the keys in the capture, and what data connections carry is the server's file.
func TestFTPS(t *testing.T) {
	for name, s := range ftpsScenarios(t) {
		t.Run(name, func(t *testing.T) {
			c := opened(t, playedOnGVisor(t, s).Capture, nil)
			for session := range c.Sessions() {
				if session.Hidden || !session.TLS {
					t.Errorf("got a dialogue in TLS: %v, of which some is hidden: %v; want all of it", session.TLS, session.Hidden)
				}
			}
			for data := range c.Connections() {
				x := data.Transfer
				if x == nil || x.Command != "RETR" || x.Reply != 226 {
					continue
				}
				if got, want := data.SHA256, digestOf(s, x.Argument); got != want {
					t.Errorf("RETR %s: got the SHA-256 %q, want %s", x.Argument, got, want)
				}
			}
		})
	}
}

// TestFTPSBaseline compares the scenarios with TLS with normal FTP: they are, as far as the
// keys in the capture let one see. In one of them the server refuses data, because the client
// does not resume the session of the control connection.
func TestFTPSBaseline(t *testing.T) {
	for name, s := range ftpsScenarios(t) {
		want, rule := baseline.IsNormal, ""
		switch name {
		case "ftps_reuse_missing":
			want, rule = baseline.IsUnusual, "the server refused the transfer with 522"
		case "ftps_expired":
			rule = "the certificate of the server had expired on "
		}
		got, err := baseline.Check(playedOnGVisor(t, s).Capture, profile.Normal())
		if err != nil {
			t.Fatal(err)
		}
		if got.Verdict != want || got.Judged.Whole != 1 {
			t.Errorf("%s: got %s (%s), want %s: %+v", name, got.Verdict, got.Judged, want, got.Findings)
		}
		if !slices.ContainsFunc(got.Findings, func(f rules.Finding) bool { return strings.Contains(f.Observed, rule) }) && rule != "" {
			t.Errorf("%s: no finding says %q: %+v", name, rule, got.Findings)
		}
	}
}

// TestFTPSWalkthrough asks the walkthrough for both sides of a record: what the path sees,
// and what is inside.
func TestFTPSWalkthrough(t *testing.T) {
	result := playedOnGVisor(t, ftpsScenarios(t)["ftps_explicit"])
	text, err := os.ReadFile(filepath.Join(filepath.Dir(result.Capture), "walkthrough.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`TLS: ClientHello +│\n.*\[P\.\] seq 11:`,
		`│ PASS correct-horse +│\n.*TLS: application data.*\n.*\[P\.\] seq `,
		`download of README: 34 bytes inside TLS`,
		`TLS: alert warning close_notify`,
	} {
		if !regexp.MustCompile(want).Match(text) {
			t.Errorf("the walkthrough has no %s:\n%s", want, text)
		}
	}
	if strings.Contains(string(text), "crosses in clear") {
		t.Errorf("the walkthrough says that the password crosses in clear:\n%s", text)
	}
}

// TestNothingInsideTLS asks the story for what a data connection carried that has only a
// handshake: the server then refuses the session, because the client did not resume it.
func TestNothingInsideTLS(t *testing.T) {
	file, err := os.ReadFile(playedOnGVisor(t, ftpsScenarios(t)["ftps_reuse_missing"]).Capture)
	if err != nil {
		t.Fatal(err)
	}
	story := storyOf(t, file, capture.Options{})
	const want = `bytes from the server: [^\n]*\n +\|   inside TLS 0 bytes of data\n`
	if n := strings.Count(story, "inside TLS "); n != 1 || !regexp.MustCompile(want).MatchString(story) {
		t.Errorf("got %d lines about what is inside TLS, want 1, %s:\n%s", n, want, story)
	}
}

// smallInTLS is a scenario that transfers in TLS files of no byte, of one, of as many as one record
// can have (RFC 8446, 5.1) and of one more, and lists an empty folder.
func smallInTLS(setting, security, mode string) string {
	text := "# Small files\n\nnetwork wire\n" + setting + "\nuser alice correct-horse\n"
	steps := security + "login alice correct-horse\n" + mode
	for _, size := range []int{0, 1, 16384, 16385} {
		text += fmt.Sprintf("local up%d %d\nfile down%[1]d %[1]d\n", size, size)
		steps += fmt.Sprintf("put up%d\nget down%[1]d\nappend up%[1]d down%[1]d\n", size)
	}
	return text + "\nopen\n" + steps + "ls void\nnlst void\nquit\n\n-- files/void/ --\n"
}

// TestSmallInTLS transfers files in TLS that may be empty. Each transfer, also of nothing, has a
// handshake, and both sides end it with close_notify.
func TestSmallInTLS(t *testing.T) {
	const (
		auth   = "auth TLS\npbsz\nprot p\n"
		binary = "type i\nquote EPSV\ndial\nsend STOR fed\nawait 150\nfeed up0\nfinish data\nread\nclose data\nawait 226\n"
	)
	empty := fmt.Sprintf("%x", sha256.Sum256(nil))
	for _, tcp := range []scenario.TCP{scenario.GVisorTCP, ""} {
		for _, test := range []struct{ name, tls, security, steps string }{
			{"explicit_passive", "explicit", auth, binary},
			{"explicit_active", "explicit", auth, binary + "active\n"},
			{"implicit_passive", "implicit", "", binary},
			{"implicit_active", "implicit", "", binary + "active\n"},
			{"jlaffaye", "explicit\nclient jlaffaye", "", ""},
		} {
			byHand := strings.Count(test.steps, "feed")
			for _, version := range []string{"1.2", "1.3"} {
				name := test.name + "_" + version + "_" + string(tcp)
				t.Run(name, func(t *testing.T) {
					setting := "server version=" + version + " tls=" + test.tls
					s, err := scenario.Parse(name+".txtar", []byte(smallInTLS(setting, test.security, test.steps)))
					if err != nil {
						t.Fatal(err)
					}
					t.Parallel()
					transfers, nothing := 0, 0
					for x := range opened(t, playedIn(t, s, "second", tcp).Capture, nil).Connections() {
						if x.Transfer == nil {
							continue
						}
						transfers++
						if x.SHA256 == empty {
							nothing++
						}
						if x.Transfer.Reply != 226 || x.TLS == nil || x.TLS.Flow(ftp.Client).CloseNotify == 0 || x.TLS.Flow(ftp.Server).CloseNotify == 0 || x.ResetBy != "" {
							t.Errorf("%s %s: got %d, TLS %+v, reset by %q; want 226, and close_notify of both sides", x.Transfer.Command, x.Transfer.Argument, x.Transfer.Reply, x.TLS, x.ResetBy)
						}
					}
					if transfers != 14+byHand || nothing != 5+byHand {
						t.Errorf("got %d transfers, of which %d have the SHA-256 of nothing; want %d and %d", transfers, nothing, 14+byHand, 5+byHand)
					}
				})
			}
		}
	}
}

// TestWithoutKeys plays a session whose capture has no keys. What is inside TLS
// cannot be read, unless the key log beside the capture is there. The run is judged with it.
func TestWithoutKeys(t *testing.T) {
	s := ftpsScenarios(t)["ftps_explicit"]
	source := strings.Replace(string(s.Source), "reuse=required", "reuse=required keys=none", 1)
	s, err := scenario.Parse("ftps_without_keys.txtar", []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	file := playedOnGVisor(t, s).Capture
	log, err := os.ReadFile(filepath.Join(filepath.Dir(file), "keys.log"))
	if err != nil {
		t.Fatal(err)
	}
	after := strings.Split(source, "-- want --")[0] + `-- want --
ctl client.* > server.21
data client.* > server.*
ctl ...
ctl client > server "RETR *" @retr
ctl ...
data ...
data server > client [F.] after @retr
data ...
`
	afterUnread, err := lab.Parse("after.txtar", []byte(after))
	if err != nil {
		t.Fatal(err)
	}
	for _, keys := range [][]byte{nil, log} {
		known := keys != nil
		c := opened(t, file, keys)
		session := c.Session(0)
		if session == nil || session.Layer == nil {
			t.Fatalf("got the session %+v, want one in TLS", session)
		}
		retr := slices.ContainsFunc(session.Exchanges, func(e *ftp.Exchange) bool { return e.Command == "RETR" })
		if session.Hidden == known || retr != known {
			t.Errorf("with keys %v: got hidden %v, RETR %v", known, session.Hidden, retr)
		}
		if v := session.Layer.ServerHello.Version.String(); v != "TLS 1.3" {
			t.Errorf("got version %s, want TLS 1.3", v)
		}
		source := lab.File(file)
		if known {
			source.KeyLog = filepath.Join(filepath.Dir(file), "keys.log")
		}
		v, err := lab.Check(afterUnread, source)
		if err != nil {
			t.Fatal(err)
		}
		unjudged := 0
		for _, u := range v.Want.Unjudged {
			unjudged += len(u.Lines)
		}
		if want := map[bool]int{false: 2, true: 0}[known]; unjudged != want || len(v.Want.Mismatches) > 0 {
			t.Errorf("with keys %v: got %d lines that cannot be judged, want %d: one that cannot be read, and one that comes after it\n%s", known, unjudged, want, v.Report())
		}
		digests := 0
		for x := range c.Connections() {
			if x.SHA256 == digestOf(s, "README") {
				digests++
			} else if x.SHA256 != "" {
				t.Errorf("with keys %v: got the SHA-256 %s, which is that of no file", known, x.SHA256)
			}
		}
		if got := digests > 0; got != known {
			t.Errorf("with keys %v: got the SHA-256 of the file: %v", known, got)
		}
	}
}

func opened(t *testing.T, file string, keys []byte) *capture.Capture {
	t.Helper()
	c, err := capture.Open(file, capture.Options{KeyLog: keys})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// digestOf is the SHA-256 of a file that is written out in a scenario.
func digestOf(s *scenario.Scenario, path string) string {
	for _, f := range s.Files {
		if f.Path == path {
			return fmt.Sprintf("%x", sha256.Sum256(f.Content))
		}
	}
	return ""
}

// TestPCAPIsJudged writes a session as pcap, which has no place for keys: the run is judged all
// the same.
func TestPCAPIsJudged(t *testing.T) {
	s := ftpsScenarios(t)["ftps_explicit"]
	result, err := lab.Run(t.Context(), s, lab.Options{Results: t.TempDir(), TCP: scenario.GVisorTCP, Format: pcapng.PCAP, NoWalkthrough: true})
	if err != nil {
		t.Fatal(err)
	}
	if result.Outcome != lab.Passed {
		t.Errorf("got %s:\n%s", result.Outcome, result.Report)
	}
	if s := opened(t, result.Capture, nil).Session(0); !s.Hidden {
		t.Errorf("the capture has keys: got the session %+v", s)
	}
}
