package capture_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
	"ftplab/lab/internal/forge"
)

// placed writes a pcapng file with an interface for each name, by gopacket. At says
// at which interfaces a packet is recorded.
func placed(t *testing.T, f *forge.Capture, names []string, at func(i int, p forge.Frame) []int) []byte {
	var file bytes.Buffer
	describe := func(name string) pcapgo.NgInterface {
		return pcapgo.NgInterface{Name: name, LinkType: layers.LinkTypeEthernet, TimestampResolution: 9}
	}
	w, err := pcapgo.NewNgWriterInterface(&file, describe(names[0]), pcapgo.DefaultNgWriterOptions)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names[1:] {
		if _, err := w.AddInterface(describe(name)); err != nil {
			t.Fatal(err)
		}
	}
	for i, p := range f.Frames {
		for _, place := range at(i, p) {
			data := bytes.Clone(p.Data)
			data[22] -= byte(place) // the TTL, which a router on the way has counted down
			info := gopacket.CaptureInfo{Timestamp: p.At.Add(time.Duration(place) * 100 * time.Microsecond), CaptureLength: len(data), Length: len(data), InterfaceIndex: place}
			if err := w.WritePacket(info, data); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// fromServer reports whether the server's end of the forged path sent a packet.
func fromServer(p forge.Frame) bool { return bytes.Equal(p.Data[26:30], []byte{192, 0, 2, 21}) }

// What crosses two places is read at the first. The same packet at the other place is
// no retransmission, and the two directions of a tap are one connection.
func TestPlaces(t *testing.T) {
	for _, test := range places {
		t.Run(test.name, func(t *testing.T) {
			f := forge.New()
			x := f.Login()
			x.Ask("NOOP", "200 Fine.")
			c, err := capture.Read(bytes.NewReader(placed(t, f, test.names, test.at)), capture.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if c.NumConnections() != 1 || c.NumSessions() != 1 {
				t.Fatalf("got %d connections and %d sessions, want one of each", c.NumConnections(), c.NumSessions())
			}
			x0 := c.Connection(0)
			if again := x0.ClientFlow.Retransmissions + x0.ServerFlow.Retransmissions; again != 0 || x0.ClientFlow.OutOfOrder != 0 {
				t.Errorf("got %d retransmissions, want none", again)
			}
			if got, want := x0.ClientFlow.Packets+x0.ServerFlow.Packets, len(f.Frames); got != want {
				t.Errorf("got %d packets of the connection, want %d", got, want)
			}
			if got, want := c.Copies, test.copies(len(f.Frames)); got != want || len(c.Places) != test.places {
				t.Errorf("got %d copies and the places %q, want %d and %d places", got, c.Places, want, test.places)
			}
			copies := 0
			for p := range c.Packets() {
				if (p.Copy != nil) != (p.Connection == nil) || p.Copy != nil && (p.Copy.Place != "server" || p.Copy.Src.Port() == 0) {
					t.Errorf("packet %d: got the copy %+v of connection %v", p.Number, p.Copy, p.Connection)
				}
				if p.Copy != nil {
					copies++
				} else if p.From == ftp.Client && p.TCP.DstPort != 21 {
					t.Errorf("packet %d: got the client as its sender", p.Number)
				}
			}
			if copies != c.Copies {
				t.Errorf("got %d copies among the packets, want %d", copies, c.Copies)
			}
		})
	}
}

// A packet that was recorded at one of two places only is read there, unless something between them
// changes packets.
func TestLostBetweenPlaces(t *testing.T) {
	var lost []int // of the packets of the session
	for _, test := range []struct {
		name string
		at   func(i int, p forge.Frame) []int
		away int
	}{
		{"nothing is lost", func(int, forge.Frame) []int { return []int{0, 1} }, 0},
		{"a reply and a FIN", func(i int, p forge.Frame) []int {
			if slices.Contains(lost, i) {
				return []int{1}
			}
			return []int{1, 0}
		}, 2},
		{"a reply, and the server's end has other segments", func(i int, p forge.Frame) []int {
			switch {
			case slices.Contains(lost, i):
				return []int{1}
			case bytes.Contains(p.Data, []byte("230 ")):
				return []int{0}
			}
			return []int{0, 1}
		}, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := forge.New()
			x := f.Login()
			x.Ask("NOOP", "200 Fine.")
			x.Quit()
			lost = nil
			for i, p := range f.Frames {
				if bytes.Contains(p.Data, []byte("200 Fine")) || fromServer(p) && p.Data[14+20+13]&1 != 0 {
					lost = append(lost, i)
				}
			}
			c, err := capture.Read(bytes.NewReader(placed(t, f, []string{"client", "server"}, test.at)), capture.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			away := 0
			for p := range c.Packets() {
				if p.Away == nil {
					continue
				}
				away++
				if *p.Away != (packet.Away{Place: "server", Home: "client"}) || p.Connection == nil || p.Segment.Analysis != 0 {
					t.Errorf("packet %d: got %+v and the analysis %v of connection %v", p.Number, p.Away, p.Segment.Analysis, p.Connection)
				}
			}
			if len(c.Lost) != test.away || away > 0 && c.Lost[0].Away != (packet.Away{Place: "server", Home: "client"}) {
				t.Errorf("got the lost packets %+v, want %d", c.Lost, test.away)
			}
			if x0 := c.Connection(0); away != test.away || x0.ServerFlow.Retransmissions+x0.ServerFlow.OutOfOrder > 0 {
				t.Errorf("got %d packets that were lost, want %d; %d were sent again, want none", away, test.away, x0.ServerFlow.Retransmissions)
			}
		})
	}
}

// places are places at which a session is recorded.
var places = []struct {
	name   string
	names  []string
	at     func(i int, p forge.Frame) []int
	copies func(packets int) int
	places int
}{
	{"one", []string{"client"}, func(int, forge.Frame) []int { return []int{0} }, func(int) int { return 0 }, 0},
	{"both ends", []string{"client", "server"}, func(int, forge.Frame) []int { return []int{0, 1} }, func(n int) int { return n }, 2},
	{"the server's end sees its packets first", []string{"client", "server"}, func(_ int, p forge.Frame) []int {
		if fromServer(p) {
			return []int{1, 0}
		}
		return []int{0, 1}
	}, func(n int) int { return n }, 2},
	{"a tap", []string{"rx", "tx"}, func(_ int, p forge.Frame) []int {
		if fromServer(p) {
			return []int{1}
		}
		return []int{0}
	}, func(int) int { return 0 }, 2},
	{"the parts of a link", []string{"a", "b"}, func(i int, _ forge.Frame) []int { return []int{i % 2} }, func(int) int { return 0 }, 2},
}
