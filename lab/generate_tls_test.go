package lab_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ftplab/lab"
	"ftplab/lab/analysis/baseline/alike"
	"ftplab/lab/analysis/baseline/profile"
	"ftplab/lab/analysis/capture"
	"ftplab/lab/scenario"
	"ftplab/lab/testbed/corpus"
)

// sessionsToLearn are a session over IPv4, one in TLS, and one over IPv6 in TLS.
var sessionsToLearn = []string{`# In clear
# Over IPv4.
network wire
host server 192.0.2.21 rtt=10ms

open
login anonymous me@example.com
type i
size README
get README
ls
quit

-- files/README --
Welcome.
`, `# In TLS
# The client asks for it.
network wire
host server 192.0.2.21 rtt=10ms
server tls=explicit
user alice secret

open
auth TLS
pbsz
prot p
login alice secret
type i
get README
quit

-- files/README --
Welcome.
`, `# In TLS over IPv6
# With the commands of IPv6.
network wire ipv6
host server 2001:db8::21 rtt=10ms
server tls=explicit
user alice secret
local up.bin 3000

open
login alice secret
auth TLS
pbsz
prot p
passive epsv
type i
put up.bin
active eprt
put up.bin
quit

-- files/README --
Welcome.
`}

// learnedProfile is learned from captures of the scenarios, which count five times each. Keys
// says whether the captures have them.
func learnedProfile(t *testing.T, sources []string, keys bool) *profile.Profile {
	t.Helper()
	all := profile.New()
	for i, source := range sources {
		if !keys {
			source = strings.Replace(source, "tls=explicit", "tls=explicit keys=none", 1)
		}
		s, err := scenario.Parse(fmt.Sprintf("s%d.txtar", i), []byte(source))
		if err != nil {
			t.Fatal(err)
		}
		result, err := lab.Run(t.Context(), s, lab.Options{Results: t.TempDir(), TCP: scenario.GVisorTCP, NoWalkthrough: true})
		if err != nil || result.Outcome == lab.Failed {
			t.Fatalf("%s: %v, %+v", s.Title, err, result)
		}
		learned, err := lab.Learn(lab.File(result.Capture), s.Name)
		if err != nil {
			t.Fatal(err)
		}
		for range 5 {
			all.Merge(learned)
		}
	}
	return all
}

// drawn is a generation of 60 sessions of a profile.
func drawn(t *testing.T, p *profile.Profile) lab.Generation {
	t.Helper()
	var text bytes.Buffer
	if err := p.Write(&text); err != nil {
		t.Fatal(err)
	}
	g := generation(t, 60, 60)
	g.Profile = text.Bytes()
	g.Recipe.Profile, g.Recipe.Digest = corpus.ProfileFile, lab.DigestOf(g.Profile)
	return g
}

// TestGenerateTLSAndIPv6 draws them at the rates of the profile, with the keys in the capture
// and labels that agree with it.
func TestGenerateTLSAndIPv6(t *testing.T) {
	profile := learnedProfile(t, sessionsToLearn, true)
	g := generated(t, drawn(t, profile))
	c, err := capture.Open(filepath.Join(g.Folder, "part-00000.pcapng"), capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	inTLS, overIPv6 := 0, 0
	for s := range c.Sessions() {
		if s.Hidden {
			t.Errorf("%s: got a session that cannot be read, want its keys in the capture", s.Control.Client)
		}
		if s.TLS {
			inTLS++
		}
		if s.Control.Client.Addr().Is6() {
			overIPv6++
		}
	}
	if inTLS < 30 || inTLS > 50 || overIPv6 < 10 || overIPv6 > 30 { // 40 and 20 are expected
		t.Errorf("got %d sessions in TLS and %d over IPv6 of 60", inTLS, overIPv6)
	}
	flows, want := map[string]string{}, map[string]string{}
	for x := range c.Connections() {
		if x.Transfer != nil {
			want[fmt.Sprintf("%s %d %d", x.Client.Addr(), x.Client.Port(), x.Server.Port())] = x.Transfer.Command + " " + x.SHA256
		}
	}
	for _, row := range table(t, filepath.Join(g.Folder, "part-00000.transfers.csv")) {
		flows[fmt.Sprintf("%s %s %s", row["client"], row["client_port"], row["server_port"])] = row["command"] + " " + row["sha256"]
	}
	compareRows(t, "transfers", flows, want)

	learned, err := lab.Learn(lab.File(filepath.Join(g.Folder, "part-00000.pcapng")), "generated")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range alike.Compare(profile, learned) {
		if c.Differs {
			t.Errorf("%s differs: %s statistic %.3f, p %.5f", c.Quantity, c.Test, c.Statistic, c.P)
		}
	}
}

// TestGenerateTLSAgain makes sessions in TLS from their recipe: all is the same, to the byte.
func TestGenerateTLSAgain(t *testing.T) {
	g := drawn(t, learnedProfile(t, sessionsToLearn[1:], true))
	g.Recipe.Sessions, g.Recipe.Part, g.Recipe.Logs = 12, 6, "tsv"
	generated(t, g)
	recipe, sums, err := corpus.ReadRecipe(filepath.Join(g.Folder, corpus.RecipeFile))
	if err != nil {
		t.Fatal(err)
	}
	again := lab.Generation{Recipe: recipe, Profile: g.Profile, Sums: sums, Folder: t.TempDir(), Tables: g.Tables}
	if report, err := lab.Generate(t.Context(), again); err != nil || len(report.Differ) > 0 {
		t.Errorf("got %+v, %v, want nothing that differs", report, err)
	}
	if got := sumsOf(t, again.Folder); !maps.Equal(got, sums) {
		t.Errorf("got %v\nwant %v", got, sums)
	}
	for _, x := range zeekLog(t, filepath.Join(g.Folder, "part-00000.conn.log")) {
		if !slices.Contains([]string{"ftp,ssl", "ssl"}, x["service"]) {
			t.Errorf("got service %s, want what Zeek finds in TLS", x["service"])
		}
	}

	// A pcap file has no room for keys. They are beside it.
	g.Recipe.Format, g.Folder = "pcap", t.TempDir()
	generated(t, g)
	part := filepath.Join(g.Folder, "part-00001.")
	keys, err := os.ReadFile(part + "keys.log")
	if err != nil {
		t.Fatal(err)
	}
	c, err := capture.Open(part+"pcap", capture.Options{KeyLog: keys})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for s := range c.Sessions() {
		if !s.TLS || s.Hidden {
			t.Errorf("got TLS %v, hidden %v, want a session that the keys open", s.TLS, s.Hidden)
		}
	}
}

// TestGenerateUnreadTLS learns from captures without keys how many sessions are in TLS, and
// draws as many.
func TestGenerateUnreadTLS(t *testing.T) {
	profile := learnedProfile(t, sessionsToLearn[:2], false)
	if profile.Traffic.Unread != 5 || profile.Traffic.Sessions() != 5 {
		t.Fatalf("got %d unread and %d others, want 5 and 5", profile.Traffic.Unread, profile.Traffic.Sessions())
	}
	g := generated(t, drawn(t, profile))
	learned, err := lab.Learn(lab.File(filepath.Join(g.Folder, "part-00000.pcapng")), "generated")
	if err != nil {
		t.Fatal(err)
	}
	if n := learned.Traffic.Kind("program, TLS").Sessions; n < 20 || n > 40 {
		t.Errorf("got %d sessions of 60 in TLS, want about 30", n)
	}
	for _, c := range alike.Compare(profile, learned) {
		if c.Differs {
			t.Errorf("%s differs: %s statistic %.3f, p %.5f", c.Quantity, c.Test, c.Statistic, c.P)
		}
	}
}
