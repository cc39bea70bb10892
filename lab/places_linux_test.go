package lab

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
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
	for _, places := range []string{"client,server", "server,client", "server"} {
		s := parse(t, "# Lost", "network wire capture="+places, "host server 192.0.2.21 rtt=20ms", `drop server.21 > client "200*"`, "deadline 3s",
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
		if got := strings.Contains(lines.String(), "seen at server, not at client: FTP: 200 OK"); got != (places == "client,server") {
			t.Errorf("capture=%s: got %v for the line of a packet that was not recorded at the client:\n%s", places, got, &lines)
		}
	}
}

// A session that crosses a NAT between two places is in the capture with the addresses of both
// sides. A want can declare both.
func TestPlacesOnBothSidesOfANAT(t *testing.T) {
	for _, test := range []struct{ places, other, hint string }{
		{"client,server", "", "hint: 203.0.113.7 is client on the other side of its NAT (line 4), so a connection of it is in the capture twice;"},
		{"server,client", "", "hint: 192.168.1.100 is client on the other side of its NAT (line 4)"},
		{"client,server", "out 203.0.113.7.* > server.21\nout ...\n", ""},
	} {
		s := parse(t, "# NAT", "network wire capture="+test.places, "host client 192.168.1.100", "nat client 203.0.113.7 alg",
			"open", "login anonymous x", "quit", "-- want --", "ctl client.* > server.21", test.other+"ctl ...")
		r, err := Run(t.Context(), s, Options{Results: t.TempDir(), TCP: scenario.GVisorTCP})
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(r.Report, test.hint) || (r.Outcome == Passed) != (test.hint == "") {
			t.Errorf("capture=%s, %q: got outcome %s, want %q in\n%s", test.places, test.other, r.Outcome, test.hint, r.Report)
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
