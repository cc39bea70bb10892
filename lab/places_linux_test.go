package lab

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"ftplab/lab/labtest/optional"
	"ftplab/lab/pcapng"
	"ftplab/lab/scenario"
)

// twoClients is a scenario with two clients. The capture is taken at their ends and
// the server's, and everything is judged once.
const twoClients = `# Two clients
network wire %s
host laptop 203.0.113.9
host server 192.0.2.21 rtt=20ms
file a.bin 20kB
open
login anonymous me@mypc.test
session second laptop
open
login anonymous me@mypc.test
ls
quit
session first
active
get a.bin
quit
-- want --
ctl   client.* > server.21
act   server.20 > client.*
ctl2  laptop.* > server.21
data  laptop.* > server.*
ctl   ...
act   server > client [S]
act   client > server [S.]
act   ...
ctl2  ...
data  ...
-- figures --
ctl.rtt = 20ms ± 20%%
ctl2.rtt = 20ms ± 20%%
capture.retransmissions = 0
`

func TestSeveralPlaces(t *testing.T) {
	for _, tcp := range []scenario.TCP{scenario.LinuxTCP, scenario.GVisorTCP} {
		t.Run(string(tcp), func(t *testing.T) {
			s := parse(t, strings.Split(fmt.Sprintf(twoClients, "capture=client,laptop,server"), "\n")...)
			if tcp == scenario.LinuxTCP {
				s.Figures = scenario.Section{} // which a busy machine may miss
			}
			r, err := Run(t.Context(), s, Options{Results: t.TempDir(), TCP: tcp})
			needCells(t, err)
			if err != nil {
				t.Fatal(err)
			}
			if r.Outcome != Passed || tcp == scenario.GVisorTCP && r.Report != "" {
				t.Errorf("got outcome %s:\n%s", r.Outcome, r.Report)
			}
			names := interfaceNames(t, r.Capture)
			for _, name := range []string{"client", "laptop", "server"} {
				if names[name] == 0 {
					t.Errorf("got no packet at %s; by interface there are %v", name, names)
				}
			}
			if len(names) != 3 {
				t.Errorf("got %v packets by interface, want three interfaces", names)
			}
		})
	}
}

// A reply that is lost between two places was recorded at one of them, and is judged there.
func TestLostBetweenPlaces(t *testing.T) {
	for _, test := range [][2]string{{"client,server"}, {"server,client"}, {"server"}, {"client,server", "nat client 203.0.113.7"}} {
		places, as := test[0], ""
		if test[1] != "" {
			as = " as 203.0.113.7.61000"
		}
		s := parse(t, "# Lost", "network wire capture="+places, "host server 192.0.2.21 rtt=20ms", test[1], `drop server.21 > client "200*"`, "deadline 3s",
			"open", "login anonymous x", "expect timeout: noop", "-- want --", "ctl client.* > server.21 lossy",
			"ctl client > server [S]", "ctl server > client [S.]", `ctl server > client "220 *"`, `ctl client > server "USER *"`, `ctl server > client "331 *"`,
			`ctl client > server "PASS *"`, `ctl server > client "230 *"`, `ctl client > server "NOOP"`, `ctl server > client "200 OK"`, "ctl client > server [F.]")
		r, err := Run(t.Context(), s, Options{Results: t.TempDir(), TCP: scenario.GVisorTCP})
		if err != nil {
			t.Fatal(err)
		}
		if r.Outcome != Passed {
			t.Errorf("capture=%s: got outcome %s:\n%s", places, r.Outcome, r.Report)
		}
		var lines strings.Builder
		if err := Explain(&lines, File(r.Capture), Explanation{Form: PacketLines}); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(lines.String(), "seen at server"+as+", not at client: FTP: 200 OK"); got != (places == "client,server") {
			t.Errorf("capture=%s: got %v for the line of a packet that was not recorded at the client:\n%s", places, got, &lines)
		}
	}
}

// A session that crosses a NAT between two places is one, with the addresses of the first. A
// connection that only one of them has is not of another host.
func TestPlacesOnBothSidesOfANAT(t *testing.T) {
	for _, test := range []struct{ places, drop, report, story string }{
		{"client,server", "", "", "between client and server a NAT changes 192.168.1.100 into 203.0.113.7"},
		{"client,server", "", "", "a gateway rewrites this line: at server it is PORT 203,0,113,7,"},
		{"server,client", "", "", "a gateway rewrites this line: at client it is PORT 192,168,1,100,"},
		{"client,server", "drop server.20 > client [S] count=9", "hint: client has the address 203.0.113.7 there\n",
			"192.0.2.21:20        ->  203.0.113.7:61001"},
	} {
		data := [2]string{"data server.20 > client.*", "data ..."}
		if test.drop != "" {
			data = [2]string{}
		}
		s := parse(t, "# NAT", "network wire capture="+test.places, "host client 192.168.1.100", "nat client 203.0.113.7 alg", test.drop, "deadline 20s", "file a.txt 3kB",
			"open", "login anonymous x", "type i", "active", map[bool]string{true: "expect timeout: "}[test.drop != ""]+"get a.txt",
			"-- want --", "ctl client.* > server.21", data[0], "ctl ...", data[1], "-- figures --", "capture.control = 1")
		r, err := Run(t.Context(), s, Options{Results: t.TempDir(), TCP: scenario.GVisorTCP})
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(r.Report, test.report) || (r.Outcome == Passed) != (test.report == "") {
			t.Errorf("capture=%s, %q: got outcome %s, want %q in\n%s", test.places, test.drop, r.Outcome, test.report, r.Report)
		}
		var story strings.Builder
		if err := Explain(&story, File(r.Capture), Explanation{}); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(story.String(), test.story) {
			t.Errorf("capture=%s, %q: want %q in\n%s", test.places, test.drop, test.story, &story)
		}
		whole, grown := sessionsIn(story.String()), sessionsIn(growing(t, r.Capture))
		if !slices.Equal(grown, whole) || len(whole) != 1 {
			t.Errorf("capture=%s, %q: while it grows, got the sessions %q, want %q", test.places, test.drop, grown, whole)
		}
	}
}

// growing returns the story of a capture that is read as it grows.
func growing(t *testing.T, path string) string {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var story strings.Builder
	if err := ExplainGrowing(t.Context(), &story, Growing{Stream: file}, Explanation{}); err != nil {
		t.Fatal(err)
	}
	return story.String()
}

// sessionsIn returns the heads of the sessions of a story.
func sessionsIn(story string) []string {
	return regexp.MustCompile("(?m)^Session on .*").FindAllString(story, -1)
}

// A host behind a NAT has its name wherever the capture is taken, and in the want that is derived from it.
func TestNameBehindANAT(t *testing.T) {
	for _, places := range []string{"other", "server", "client,other", "client,server", "other,client", "other,server", "client,other,server", "server,client,other"} {
		s := parse(t, "# NAT", "network wire capture="+places, "host other 192.168.7.7", "nat other 203.0.113.9", "session two other", "open", "login anonymous x", "passive", "ls", "quit",
			"-- want --", "ctl other.* > server.21", "data other.* > server.*", "ctl ...", "data ...")
		r, err := Run(t.Context(), s, Options{Results: t.TempDir(), TCP: scenario.GVisorTCP})
		if err != nil {
			t.Fatal(err)
		}
		if r.Outcome != Passed {
			t.Errorf("capture=%s: got outcome %s:\n%s", places, r.Outcome, r.Report)
		}
		for _, of := range []*scenario.Scenario{s, nil} {
			var want strings.Builder
			if err := Derive(&want, File(r.Capture), of); err != nil || !strings.Contains(want.String(), "ctl   other.* > server.21\ndata  other.* > server.*\n") {
				t.Errorf("capture=%s: got a derived want without the name, and %v:\n%s", places, err, &want)
			}
		}
	}
}

// What a place has twice, or two places together, is a retransmission for the figures, the judge and the
// history.
func TestRetransmissionsAtPlaces(t *testing.T) {
	const lossless = "ctl client.* > server.21\nctl ...\nctl client > server \"PASS *\"\nctl server > client \"230 *\"\nctl client > server \"NOOP\"\n" +
		"ctl server > client \"200 *\"\nctl client > server \"QUIT\"\nctl server > client \"221 *\"\nctl server > client [F.]\nctl client > server [F.]\n"
	for _, test := range []struct {
		rule                 string
		client, server, both int
	}{
		{`duplicate client > server "NOOP"`, 0, 1, 1},
		{`duplicate server > client "200*"`, 1, 0, 1},
		{`duplicate client > server.21 [F.]`, 0, 1, 1},
		{`duplicate server.21 > client [F.]`, 1, 0, 1},
	} {
		for places, want := range map[string]int{"client": test.client, "server": test.server, "client,server": test.both, "server,client": test.both} {
			for _, server := range []string{"192.0.2.21", "2001:db8:2::21"} {
				s := parse(t, strings.Split(fmt.Sprintf("# Again\nnetwork wire capture=%s%s\nhost server %s rtt=20ms\n%s\nopen\nlogin anonymous x\nnoop\nquit\n-- want --\n%s-- figures --\nctl.retransmissions = %d\ncapture.retransmissions = %[6]d\n",
					places, map[bool]string{true: " ipv6"}[len(server) > 10], server, test.rule, lossless, want), "\n")...)
				r, err := Run(t.Context(), s, Options{Results: t.TempDir(), TCP: scenario.GVisorTCP})
				if err != nil {
					t.Fatal(err)
				}
				if again := strings.Contains(r.Report, "no line wants this"); again != (want > 0) || strings.Contains(r.Report, "retransmissions:") {
					t.Errorf("%s, capture=%s: want %d retransmissions:\n%s", test.rule, places, want, r.Report)
				}
				var story strings.Builder
				if err := Explain(&story, File(r.Capture), Explanation{Form: JSON}); err != nil {
					t.Fatal(err)
				}
				if again := regexp.MustCompile(`"history":"[^"]*[tT]`).MatchString(story.String()); again != (want > 0 && strings.Contains(test.rule, `"`)) {
					t.Errorf("%s, capture=%s: got %v for a T in the history", test.rule, places, again)
				}
			}
		}
	}
}

// interfaceNames counts the packets of each interface, as tshark knows it.
func interfaceNames(t *testing.T, capture string) map[string]int {
	t.Helper()
	out, err := exec.Command(optional.Tool(t, "tshark", "apt install tshark"), "-r", capture, "-T", "fields", "-e", "frame.interface_name").Output()
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]int{}
	for name := range strings.Lines(string(out)) {
		names[strings.TrimSpace(name)]++
	}
	return names
}

// A session that is not in the capture is named, with what would record it.
func TestUnrecordedSession(t *testing.T) {
	s := parse(t, strings.Split(fmt.Sprintf(twoClients, ""), "\n")...)
	s.Want, s.Figures = scenario.Section{}, scenario.Section{}
	r, err := Run(t.Context(), s, Options{Results: t.TempDir(), TCP: scenario.GVisorTCP})
	if err != nil {
		t.Fatal(err)
	}
	const want = "the capture is taken at client, so the sessions of laptop are not in it; capture=client,laptop would record them, too"
	if !strings.Contains(r.Report, want) {
		t.Errorf("got the report %q, want %q in it", r.Report, want)
	}
	page, err := os.ReadFile(filepath.Join(filepath.Dir(r.Capture), "walkthrough.md"))
	if err != nil {
		t.Fatal(err)
	}
	if want := "so the sessions of laptop are not in the capture"; !strings.Contains(string(page), want) {
		t.Errorf("the walkthrough does not say %q", want)
	}
}

// A pcap file has no interfaces, so a capture of several places is refused.
func TestSeveralPlacesInPcap(t *testing.T) {
	s := parse(t, strings.Split(fmt.Sprintf(twoClients, "capture=client,server"), "\n")...)
	_, err := Run(t.Context(), s, Options{Results: t.TempDir(), TCP: scenario.GVisorTCP, Format: pcapng.PCAP})
	if want := ":2: the capture is taken at client and server, and a pcap file has one interface: choose pcapng (-F pcapng), which has several, or capture=client"; err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
	_, err = Export(t.Context(), ZeekProject, s, filepath.Join(t.TempDir(), "new"))
	if want := ":2: the capture is taken at client and server, and a pcap file has one interface: export a copy of the scenario with capture=client"; err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("export: got %v, want %q", err, want)
	}
}
