package scenarios

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"ftplab/lab/analysis/packet"
	"ftplab/lab/pcapng"
	"ftplab/lab/scenario"
)

// gateway is a session that is recorded on both sides of a gateway, which makes PORT longer.
const gateway = `
network wire capture=client,server
host client 10.0.0.5
host server 192.0.2.21 rtt=20ms
nat client 203.0.113.7 alg

open
login anonymous me@mypc.test
active
ls
noop
quit

-- want --
ctl   client.* > server.21
data  server.20 > client.*

ctl   client > server  [S]
ctl   server > client  [S.]
ctl   ...
ctl   client > server  "PORT 10,0,0,5,*"
ctl   server > client  "200 *"
ctl   client > server  "LIST"             @list
data  server > client  [S]  after @list
data  client > server  [S.]
data  server > client  [.]
data  server > client  seq 1:56
data  server > client  [F.] seq 56
data  client > server  [F.] seq 1
ctl   server > client  "150 *"
ctl   server > client  "226 *"
ctl   client > server  "NOOP"
ctl   server > client  "200 OK"
ctl   client > server  "QUIT"
ctl   server > client  "221 *"
ctl   ...
-- figures --
ctl.rtt = 20ms ± 3%
data.rtt < 1ms
capture.retransmissions = 0
-- files/README --
Welcome.
`

// recordedAt plays a scenario, and returns the packets of TCP that were recorded at its places.
func recordedAt(t *testing.T, s *scenario.Scenario) (all []pcapng.Packet, tcp []packet.TCP) {
	t.Helper()
	file, err := os.ReadFile(playedOnGVisor(t, s).Capture)
	if err != nil {
		t.Fatal(err)
	}
	r, err := pcapng.NewReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	for {
		var p pcapng.Packet
		if err := r.Next(&p); errors.Is(err, io.EOF) {
			return all, tcp
		} else if err != nil {
			t.Fatal(err)
		}
		p.Data = slices.Clone(p.Data)
		var decoded packet.Packet
		(&packet.Decoder{}).Decode(&decoded, &p)
		if decoded.TCP != nil {
			all, tcp = append(all, p), append(tcp, *decoded.TCP)
		}
	}
}

// fileOf writes packets of both places in the order of their times.
func fileOf(t *testing.T, left []pcapng.Packet) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := pcapng.NewWriter(&out, pcapng.PCAPNG, pcapng.Info{Interface: "client", Others: []string{"server"}})
	if err != nil {
		t.Fatal(err)
	}
	slices.SortStableFunc(left, func(x, y pcapng.Packet) int { return cmp.Compare(x.Time, y.Time) })
	for _, p := range left {
		if err := w.WritePacket(p.CaptureInfo(), p.Data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(pcapng.Stats{}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestGatewayLackingPackets takes packets away from a place: all before one, all from it, all but some, or single ones,
// also two at a time. A session that is as wanted is then never called wrong. If the client's end has no packet of a
// connection, the server's end has other ports, another PORT and another round trip. Two packets are not taken away if
// they are the two copies of an ACK: nothing shows that it was there. The same is true if the clock of the server's end
// is seconds ahead or behind, and the packets are in the order of their times.
func TestGatewayLackingPackets(t *testing.T) {
	s := parsed(t, "gateway", gateway)
	all, tcp := recordedAt(t, s)
	checkWith := func(ahead time.Duration, what string, i, j int, lost func(k int) bool) {
		var left []pcapng.Packet
		for k, p := range all {
			if p.Time += int64(ahead) * int64(p.Interface); !lost(k) {
				left = append(left, p)
			}
		}
		if v := judged(t, s, fileOf(t, left)); !v.Pass && !v.Unjudged() {
			t.Errorf("without %s %d and %d, the server's clock %v ahead: it is called wrong\n%s", what, i, j, ahead, v.Report())
		}
	}
	check := func(what string, i, j int, lost func(k int) bool) { checkWith(0, what, i, j, lost) }
	check("none", 0, 0, func(int) bool { return false })
	for i := range all {
		for at := range 2 {
			check("those before a packet, at a place", i, at, func(k int) bool { return k < i && all[k].Interface == at })
			check("those from a packet, at a place", i, at, func(k int) bool { return k >= i && all[k].Interface == at })
		}
		for _, ahead := range []time.Duration{5 * time.Second, -5 * time.Second} {
			checkWith(ahead, "a packet", i, i, func(k int) bool { return k == i })
			checkWith(ahead, "35 packets, at the client", i, 0, func(k int) bool { return k >= i && k < i+35 && all[k].Interface == 0 })
			for at := range 2 {
				checkWith(ahead, "those before a packet, at a place", i, at, func(k int) bool { return k < i && all[k].Interface == at })
				checkWith(ahead, "those from a packet, at a place", i, at, func(k int) bool { return k >= i && all[k].Interface == at })
			}
		}
		check("those from a packet, at the client, and those up to twelve before it, at the server", i, 0, func(k int) bool {
			return all[k].Interface == 0 && k >= i || all[k].Interface == 1 && k < i-12
		})
		for n := 0; n < len(all)-i; n += 5 {
			check("all but some, at the client", i, n, func(k int) bool { return all[k].Interface == 0 && (k < i || k >= i+n) })
		}
		check("those before a packet, at all places", i, i, func(k int) bool { return k < i })
		for j := range i + 1 {
			bare := tcp[i].Length+tcp[j].Length == 0 && tcp[i].Flags == packet.ACK && tcp[j].Flags == packet.ACK
			if i != j && (testing.Short() || bare && all[i].Interface != all[j].Interface && tcp[i].SrcPort == tcp[j].SrcPort && tcp[i].RawSeq == tcp[j].RawSeq) {
				continue
			}
			check("packets", i, j, func(k int) bool { return k == i || k == j })
		}
	}
}

// TestPlacesBeginAndStop lets the recorder of each place begin or stop anywhere, as long as each packet is recorded at one of
// them. A session that is as wanted is then never called wrong, behind the gateway and without it.
func TestPlacesBeginAndStop(t *testing.T) {
	step := 1
	if testing.Short() {
		step = 5
	}
	for _, test := range []struct{ name, source string }{
		{"behind_a_gateway", gateway},
		{"without_a_gateway", strings.Replace(gateway, "nat client 203.0.113.7 alg\n", "", 1)},
	} {
		s := parsed(t, test.name, test.source)
		all, _ := recordedAt(t, s)
		var places [2][]int // the indexes of their packets
		for k, p := range all {
			places[p.Interface] = append(places[p.Interface], k)
		}
		for i := 0; i <= len(places[0]); i += step {
			for j := range len(places[1]) + 1 {
				for _, left := range [][2][]int{
					{places[0][i:], places[1][j:]}, {places[0][:max(i, j)], places[1][min(i, j):]}, {places[0][min(i, j):], places[1][:max(i, j)]},
				} {
					if len(left[0])+len(left[1]) == 0 {
						continue
					}
					var packets []pcapng.Packet
					for _, k := range slices.Concat(left[0], left[1]) {
						packets = append(packets, all[k])
					}
					if v := judged(t, s, fileOf(t, packets)); !v.Pass && !v.Unjudged() {
						t.Errorf("the client's end has %d packets, the server's end %d: it is called wrong\n%s", len(left[0]), len(left[1]), v.Report())
					}
				}
			}
		}
	}
}
