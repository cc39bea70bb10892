package scenarios

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"ftplab/lab"
	"ftplab/lab/pcapng"
	"ftplab/lab/scenario"
)

// lost is a session in which a packet of the data is lost, so that the stream has a hole until
// it is sent again.
const lost = `
network wire rate=10Mbit
host server 192.0.2.21 rtt=20ms ports=40000
drop server > client length=1448 skip=2 count=1
file movie.bin 30000

open
login anonymous me@mypc.test
type i
get movie.bin
quit

-- want --
ctl   client.* > server.21
data  client.* > server.40000  lossy

ctl   ...
ctl   client > server  "RETR movie.bin"  @retr
ctl   ...
ctl   server > client  "221 *"           @bye
ctl   ...
data  client > server  [S]
data  server > client  [S.] seq 0 ack 1
data  server > client  seq 1:30001
data  server > client  [F.] seq 30001
data  client > server  [F.]
-- figures --
data.bytes.server = 30000
data.retransmissions > 0
data.rtt = 20ms ± 1ms
capture.resets = 0
@retr -> @bye < 1s
`

// TestLackingPackets cuts captures off in every packet, and takes the first ones away up to every
// packet. A session that is as wanted is then never called wrong, and one that is not is never
// called right as long as the packet that shows it is there.
func TestLackingPackets(t *testing.T) {
	all := []string{lost, strings.Replace(lost, "drop server > client length=1448 skip=2 count=1", "late server.40000 > client length=1448 count=1 by=40ms", 1)}
	for _, name := range []string{"active_list", "ipv6_epsv_retr", "dns_first", "ftps_explicit", "frederick_passive"} {
		s, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(s.Source))
	}
	const shown = "221 " // the packet that is not as wanted
	for i, source := range all {
		name := "lacking" + string(rune('a'+i))
		right, wrong := parsed(t, name, source), parsed(t, name, strings.Replace(source, `"221 `, `"222 `, 1))
		file, err := os.ReadFile(playedOnGVisor(t, right).Capture)
		if err != nil {
			t.Fatal(err)
		}
		frames := 0
		rewritten(t, file, func(int, *pcapng.Packet) bool { frames++; return true })
		step := 1
		if testing.Short() {
			step = 5
		}
		for n := 2; n <= frames; n += step {
			cut := rewritten(t, file, func(k int, _ *pcapng.Packet) bool { return k < n })
			cut = append(cut, 0) // of the next packet
			late := rewritten(t, file, func(k int, _ *pcapng.Packet) bool { return k >= n })
			for _, c := range []struct {
				what string
				file []byte
			}{{"cut off in", cut}, {"without those before", late}} {
				if c.what != "cut off in" && beginsWithSession(late) {
					continue // nothing shows that it begins late
				}
				if v := judged(t, right, c.file); !v.Pass && !v.Unjudged() {
					t.Fatalf("%s, %s frame %d: it is called wrong\n%s", right.Name, c.what, n, v.Report())
				}
				if v := judged(t, wrong, c.file); v.Pass && bytes.Contains(c.file, []byte(shown)) {
					t.Fatalf("%s, %s frame %d: a reply 221 is as wanted, where 222 is", right.Name, c.what, n)
				}
			}
		}
	}
}

// parsed is the scenario of a name and a source.
func parsed(t *testing.T, name, source string) *scenario.Scenario {
	t.Helper()
	s, err := scenario.Parse(name+".txtar", []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// beginsWithSession reports whether the first packet of a capture is the SYN of a control
// connection.
func beginsWithSession(file []byte) bool {
	const header, record, ip, port, flags, syn = 24, 16, 14, 14 + 20 + 2, 14 + 20 + 13, 2
	frame := file[header+record:]
	return frame[ip] == 0x45 && frame[ip+9] == 6 && frame[flags] == syn && frame[port+1] == 21
}

func judged(t *testing.T, s *scenario.Scenario, file []byte) *lab.Verdict {
	t.Helper()
	v, err := lab.Check(s, lab.Reader(s.Name, bytes.NewReader(file)))
	if err != nil {
		t.Fatal(err)
	}
	return v
}
