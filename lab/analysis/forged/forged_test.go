package forged

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/internal/forge"
)

func find(t *testing.T, f *forge.Capture) Signs {
	t.Helper()
	c, err := capture.Read(bytes.NewReader(f.PCAP()), capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	signs, err := Find(c)
	if err != nil {
		t.Fatal(err)
	}
	return signs
}

// mss is the option with 1460 bytes.
var mss = []byte{2, 4, 5, 180}

// dial opens a connection of which the client is ms milliseconds away, with the option MSS.
func dial(c *forge.Capture, ms int) (client, server *forge.End) {
	client, server = c.Pair(forge.Client+":3171", forge.Server+":21")
	client.Seq--
	server.Seq--
	client.Options, server.Options = mss, mss
	client.Segment("S", "")
	c.Pass(time.Duration(ms-1) * time.Millisecond)
	server.Segment("S.", "")
	client.ACK()
	return client, server
}

func TestFind(t *testing.T) {
	line := "NOOP\r\n"
	for _, test := range []struct {
		name  string
		want  string // signs, and the numbers of the packets after the three of the handshake
		write func(client, server *forge.End)
	}{
		{"a session", "", func(c, s *forge.End) { c.Send(line); s.Send("200 OK\r\n"); c.Close() }},
		{"a retransmission", "", func(c, s *forge.End) { c.Segment("P.", line); c.SegmentAt(-6, "P.", line); s.ACK() }},
		{"a keep-alive", "", func(c, s *forge.End) { c.Segment("P.", line); s.ACK(); c.SegmentAt(-1, ".", "\x00"); s.ACK() }},
		{"a gap that is filled", "", func(c, s *forge.End) {
			c.SegmentAt(6, "P.", "QUIT\r\n")
			c.Segment("P.", line)
			c.Seq += 6
			s.ACK()
			c.SegmentAt(-12, "P.", line+"QUIT\r\n")
		}},
		{"a gap that stays", "seq [4 5]", func(c, s *forge.End) { c.Seq += 2; c.Segment("P.", line); s.ACK() }},
		{"other bytes at the same number", "seq [5]", func(c, s *forge.End) { c.Segment("P.", line); c.SegmentAt(-2, "P.", line) }},
		{"a FIN in the middle", "seq [5]", func(c, s *forge.End) { c.Segment("P.", line); c.SegmentAt(-2, "F.", "") }},
		{"a reply is acknowledged before it comes", "ack [4 5]", func(c, s *forge.End) {
			s.Seq += 8
			c.Segment("P.", line)
			s.Seq -= 8
			s.Send("200 OK\r\n")
		}},
		{"a FIN is not counted", "fin [4 5]", func(c, s *forge.End) { c.FIN(); c.Seq--; s.FIN() }},
		{"a reset after a FIN", "", func(c, s *forge.End) { c.FIN(); c.Seq--; s.FIN(); s.RST() }},
		{"an answer that comes too soon", "rtt [5]", func(c, s *forge.End) { c.Segment("P.", line); s.ACK() }},
	} {
		f := forge.New()
		away := 1 // millisecond
		if strings.HasPrefix(test.want, "rtt") {
			away = 50
		}
		test.write(dial(f, away))
		signs, got := find(t, f), ""
		for _, name := range signs.Names() {
			got += fmt.Sprint(name, " ", signs[Sign(name)])
		}
		if got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

// Packets that may be fragmented need different identifications, unless one is the copy of
// the other, or their identification is 0.
func TestID(t *testing.T) {
	for _, test := range []struct {
		name  string
		id    uint16
		flags byte // of the IP header
		same  bool // the second packet is a copy of the first one
		want  []int
	}{
		{"the same twice", 1, 0, false, []int{4, 5}},
		{"with DF", 1, 0x40, false, nil},
		{"no identification", 0, 0, false, nil},
		{"a copy", 1, 0, true, nil},
	} {
		f := forge.New()
		client, _ := dial(f, 1)
		client.Segment("P.", "NOOP\r\n")
		if test.same {
			client.SegmentAt(-6, "P.", "NOOP\r\n")
		} else {
			client.Segment("P.", "QUIT\r\n")
		}
		for i := range 2 {
			ip := f.Last(1 - i).Data[14:]
			binary.BigEndian.PutUint16(ip[4:], test.id)
			ip[6] = test.flags
		}
		if got := find(t, f)[ID]; !slices.Equal(got, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
}

// What concerns the handshake: options, first numbers, and checksums.
func TestHandshake(t *testing.T) {
	f := forge.New()
	client, server := f.Pair(forge.Client+":3171", forge.Server+":20")
	server.Seq = client.Seq
	client.Handshake()
	if got := find(t, f)[ISN]; !slices.Equal(got, []int{1, 2}) {
		t.Errorf("the same number twice: got %v, want [1 2]", got)
	}
	server.Segment(".", strings.Repeat("x", 537))
	if got := find(t, f)[MSS]; !slices.Equal(got, []int{1, 2, 4}) {
		t.Errorf("537 bytes without the option MSS: got %v, want [1 2 4]", got)
	}
	f.Last(1).Data[50] ^= 1
	if got := find(t, f)[Checksum]; !slices.Equal(got, []int{3}) {
		t.Errorf("a changed bit: got %v, want [3]", got)
	}
}
