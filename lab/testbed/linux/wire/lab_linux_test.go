package wire

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"

	"ftplab/lab/labtest/optional"
	"ftplab/lab/pcapng"
	"ftplab/lab/scenario"
	"ftplab/lab/testbed/cell"
	"ftplab/lab/testbed/network"
)

// A body is what a test does on a network: it runs in a cell, and what it
// returns goes back to the test.
type body func(ctx context.Context, n network.Network, e experiment) (any, error)

// bodies are all that tests do, by name: a cell is a process of its own.
var bodies = map[string]body{
	"nothing":        nothing,
	"bulk":           bulk,
	"bulk over veth": bulkOverVeth,
	"greeting":       greeting,
	"stalled":        stalledGreeting,
	"stalled calls":  stalledCalls,
	"download":       download,
	"another":        another,
	"refused often":  refusedOften,
	"refusals":       refusals,
	"parting":        parting,
	"goodbye":        goodbye,
	"silent":         silent,
	"nowhere":        nowhere,
	"traceroute":     traceroute,
	"oversized":      oversized,
	"drops":          dropsOfTheRing,
	"without IPv6":   withoutIPv6,
}

// experiment is a cell's job in these tests.
type experiment struct {
	Body  string
	Plan  scenario.Network
	Bytes int64         // to move
	Pause time.Duration // between two calls
}

func init() {
	cell.Init(func(ctx context.Context, c *cell.Cell) error {
		var e experiment
		if err := c.Spec(&e); err != nil {
			return err
		}
		w, err := pcapng.NewWriter(c.Files[0], pcapng.PCAPNG, pcapng.Info{Application: "wire test", Interface: "client"})
		if err != nil {
			return err
		}
		n, err := New(ctx, e.Plan, w, nil)
		if err != nil {
			return err
		}
		result, err := bodies[e.Body](ctx, n, e)
		if err = errors.Join(err, n.Close(network.UsualSilence)); err != nil {
			return err
		}
		return c.Send(result)
	})
}

// A recording is what a test's network recorded.
type recording struct {
	path string
}

// A frameSeen is a frame of a recording, read by gopacket.
type frameSeen struct {
	at  time.Time
	all gopacket.Packet
	ip4 *layers.IPv4
	ip6 *layers.IPv6
	tcp *layers.TCP
}

// payload is how many bytes a segment carries.
func (f frameSeen) payload() int { return len(f.tcp.Payload) }

// String is the frame in the manner of tcpdump.
func (f frameSeen) String() string {
	if f.tcp == nil {
		return fmt.Sprint(f.all.Layers())
	}
	flags := ""
	for _, flag := range []struct {
		set    bool
		letter string
	}{{f.tcp.FIN, "F"}, {f.tcp.SYN, "S"}, {f.tcp.RST, "R"}, {f.tcp.PSH, "P"}, {f.tcp.ACK, "."}} {
		if flag.set {
			flags += flag.letter
		}
	}
	return fmt.Sprintf("%d > %d [%s] seq %d ack %d win %d length %d",
		f.tcp.SrcPort, f.tcp.DstPort, flags, f.tcp.Seq, f.tcp.Ack, f.tcp.Window, f.payload())
}

// relative numbers the segments of one connection from 0, as they are read.
func relative(segments []frameSeen) {
	first := map[layers.TCPPort]uint32{}
	for _, s := range segments {
		if s.tcp.SYN {
			first[s.tcp.SrcPort] = s.tcp.Seq
		}
	}
	for _, s := range segments {
		s.tcp.Seq -= first[s.tcp.SrcPort]
		if s.tcp.ACK {
			s.tcp.Ack -= first[s.tcp.DstPort]
		}
	}
}

// run runs the experiment in a cell, decodes its result into result, if that is
// not nil, and returns what was recorded.
func (e experiment) run(t testing.TB, result any) recording {
	t.Helper()
	r, err := e.try(t, result)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// try is run for an experiment that may fail.
func (e experiment) try(t testing.TB, result any) (recording, error) {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: the test makes a network, as those of all scenarios do")
	}
	if _, ok := bodies[e.Body]; !ok {
		t.Fatalf("no body %q", e.Body)
	}
	r := recording{path: filepath.Join(t.TempDir(), "capture.pcapng")}
	file, err := os.Create(r.path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	err = cell.Run(ctx, cell.Job{
		Spec:  e,
		Files: []*os.File{file},
		Message: func(m json.RawMessage) {
			if result == nil {
				return
			}
			if err := json.Unmarshal(m, result); err != nil {
				t.Error(err)
			}
		},
	})
	if errors.Is(err, cell.ErrRefused) {
		optional.Missing(t, err)
	}
	return r, err
}

// read decodes the recording's frames.
func (r recording) read(t testing.TB) []frameSeen {
	t.Helper()
	file, err := os.Open(r.path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	in, err := pcapgo.NewNgReader(file, pcapgo.DefaultNgReaderOptions)
	if err != nil {
		t.Fatal(err)
	}
	var frames []frameSeen
	for {
		data, info, err := in.ReadPacketData()
		if err != nil {
			break
		}
		p := gopacket.NewPacket(data, layers.LayerTypeEthernet, gopacket.Default)
		f := frameSeen{at: info.Timestamp, all: p}
		f.ip4, _ = p.Layer(layers.LayerTypeIPv4).(*layers.IPv4)
		f.ip6, _ = p.Layer(layers.LayerTypeIPv6).(*layers.IPv6)
		f.tcp, _ = p.Layer(layers.LayerTypeTCP).(*layers.TCP)
		frames = append(frames, f)
	}
	return frames
}

// segments returns the recording's TCP segments.
func (r recording) segments(t testing.TB) []frameSeen {
	t.Helper()
	var segments []frameSeen
	for _, f := range r.read(t) {
		if f.tcp != nil {
			segments = append(segments, f)
		}
	}
	relative(segments)
	return segments
}

// tshark runs tshark on the recording and returns its lines. It verifies every
// checksum.
func (r recording) tshark(t testing.TB, args ...string) []string {
	t.Helper()
	program := optional.Tool(t, "tshark", "apt install tshark")
	args = append([]string{"-n", "-r", r.path, "-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE",
		"-o", "udp.check_checksum:TRUE"}, args...)
	command := exec.Command(program, args...)
	command.Stderr = os.Stderr
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%v: %v", command, err)
	}
	text := strings.TrimSuffix(string(out), "\n")
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

// soundToTshark has tshark judge the recording: every frame well-formed, every
// checksum right, and no word of tshark's about a segment, such as that it is a
// retransmission, but those on a connection's beginning and end. (A window
// update only says that a program was slow to read, for a moment.)
func (r recording) soundToTshark(t testing.TB) {
	t.Helper()
	intended := []string{"Connection ", "TCP window update", "This frame initiates the connection closing", "This frame undergoes the connection closing"}
	const wrong = "_ws.malformed or ip.checksum.status==0 or tcp.checksum.status==0 or udp.checksum.status==0 or icmp.checksum.status==0 or icmpv6.checksum.status==0"
	const remarkable = wrong + " or _ws.expert.severity >= 0x600000 or tcp.analysis.flags"
	lines := r.tshark(t, "-Y", remarkable, "-T", "fields", "-E", "aggregator=;", "-e", "frame.number", "-e", "_ws.expert.message")
	for _, line := range lines {
		number, messages, _ := strings.Cut(line, "\t")
		for _, message := range strings.Split(messages, ";") {
			begins := func(prefix string) bool { return strings.HasPrefix(message, prefix) }
			if !slices.ContainsFunc(intended, begins) {
				t.Errorf("tshark says of frame %s: %s", number, message)
			}
		}
	}
}

// twoHosts is a client and a server so far away.
func twoHosts(rtt time.Duration) scenario.Network {
	return scenario.Network{
		Kind: scenario.Wire,
		Hosts: []scenario.Host{
			{Name: "client", Addr: netip.MustParseAddr("198.51.100.100")},
			{Name: "server", Addr: netip.MustParseAddr("192.0.2.21"), RTT: rtt},
		},
	}
}

// remote is an address at a host.
func remote(h network.Host, port uint16) netip.AddrPort {
	return netip.AddrPortFrom(h.Addr(), port)
}

// expect turns a wrong value into an error of a body.
func expect[T comparable](what string, got, want T) error {
	if got != want {
		return fmt.Errorf("%s: got %v, want %v", what, got, want)
	}
	return nil
}
