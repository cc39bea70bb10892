package capture_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/packet"
	"ftplab/lab/analysis/tcp"
	"ftplab/lab/internal/forge"
	"ftplab/lab/labtest/optional"
)

// A testimony is what tshark says of a packet.
type testimony struct {
	number, stream   int
	seq, ack, length int64
	window           int
	analysis         tcp.Analysis
	commands         []string
	replies          []string
}

// analysisFields are tshark's names of the bits of Analysis.
var analysisFields = []struct {
	bit  tcp.Analysis
	name string
}{
	{tcp.Retransmission, "retransmission"}, {tcp.FastRetransmission, "fast_retransmission"},
	{tcp.SpuriousRetransmission, "spurious_retransmission"}, {tcp.OutOfOrder, "out_of_order"},
	{tcp.LostSegment, "lost_segment"}, {tcp.AckLostSegment, "ack_lost_segment"}, {tcp.DuplicateAck, "duplicate_ack"},
	{tcp.KeepAlive, "keep_alive"}, {tcp.KeepAliveAck, "keep_alive_ack"}, {tcp.ZeroWindow, "zero_window"},
	{tcp.ZeroWindowProbe, "zero_window_probe"}, {tcp.ZeroWindowProbeAck, "zero_window_probe_ack"},
	{tcp.WindowUpdate, "window_update"}, {tcp.WindowFull, "window_full"}, {tcp.ReusedPorts, "reused_ports"},
}

// hearWireshark asks Wireshark about every TCP packet of a capture, and how many bytes
// it finds in each direction of each stream. It reads FTP on the ports of all our sessions.
func hearWireshark(shark *optional.Sharkd, file string, tr *capture.Capture) (packets []testimony, streams map[int][2]int64) {
	ports := "21"
	for s := range tr.Sessions() {
		ports += fmt.Sprintf(",%d", s.Control.Server.Port())
	}
	shark.Set("ftp.tcp.port", ports)
	shark.Load(file)
	fields := []string{"frame.number", "tcp.stream", "tcp.seq", "tcp.ack", "tcp.len", "tcp.window_size", "ftp.request.command:0", "ftp.response.code"}
	for _, f := range analysisFields {
		fields = append(fields, "tcp.analysis."+f.name)
	}
	for _, f := range shark.Frames("tcp && !icmp && !icmpv6", fields...) {
		p := testimonyOf(f.Fields)
		if f.Fields[7] != "" {
			p.replies = shark.Values(p.number, "ftp.response.code")
		}
		packets = append(packets, p)
	}
	streams = map[int][2]int64{}
	for c := range tr.Connections() {
		from, _, to := shark.Follow("TCP", fmt.Sprintf("tcp.stream eq %d", c.ID))
		streams[c.ID] = [2]int64{int64(len(from)), int64(len(to))}
	}
	return packets, streams
}

// testimonyOf reads a line of tshark's fields.
func testimonyOf(v []string) testimony {
	p := testimony{
		number: number(v[0]), stream: number(v[1]), seq: int64(number(v[2])), ack: int64(number(v[3])),
		length: int64(number(v[4])), window: number(v[5]), commands: values(v[6]),
	}
	for i, f := range analysisFields {
		if v[8+i] != "" {
			p.analysis |= f.bit
		}
	}
	return p
}

func number(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

// values are what a field has in a frame, without the escapes of control characters.
func values(s string) []string {
	if s == "" {
		return nil
	}
	if plain, err := strconv.Unquote(`"` + s + `"`); err == nil {
		s = plain
	}
	return strings.Split(s, ",")
}

// tsharkErrs names, for a capture, the fields in which tshark is known to be
// wrong, and why.
var tsharkErrs = map[string]map[string]string{
	"bytes like those of TLS, beside holes and at the end": {
		"bytes": "it counts its own notes about the missing bytes",
	},
	"captures that begin with a probe": {
		"bytes": "it counts the probe",
	},
	"bytes like those of TLS": {
		"dialogue": "it calls each segment of a line a new command",
	},
	"a connection without its beginning, typed": {
		"dialogue": "it calls each segment of a command a new one",
	},
	"lines cut into single bytes": {
		"dialogue": "it reads FTP segment by segment and calls each segment of a line a new command",
	},
	"retransmission, reordering and overlap": {
		"dialogue": "it calls each segment of a command a new one",
	},
	"Telnet commands before ABOR": {
		"dialogue": "it takes the Telnet commands for part of the verb",
	},
	"pipelined commands": {
		"dialogue": "it reads the first command and the first reply of a segment only",
	},
	"a connection with its end missing, and a hole": {
		"bytes": "it counts its own note about the missing bytes",
	},
	"options": {
		"bytes":    "it drops what lies behind a hole that nobody acknowledges",
		"dialogue": "it does not hand urgent data to its FTP",
	},
	"packets cut short by the recorder": {
		"bytes": "it counts the bytes captured, not those on the wire",
	},
}

// A witnessed is a capture to compare.
type witnessed struct {
	name, file string
}

// captures are all that tshark is asked about: those forged for the traps, in
// every format and encapsulation, and those recorded from real stacks.
func captures(t *testing.T) []witnessed {
	folder := t.TempDir()
	var all []witnessed
	add := func(name string, file []byte) {
		path := filepath.Join(folder, fmt.Sprintf("%d.pcap", len(all)))
		if err := os.WriteFile(path, file, 0o644); err != nil {
			t.Fatal(err)
		}
		all = append(all, witnessed{name, path})
	}
	for _, trap := range traps {
		f := forge.New()
		trap.make(f)
		add(trap.name, f.PCAP())
	}
	for name, make := range map[string]func(*forge.Capture){"options": optionsTrap, "expertInfoities": expertInfo} {
		f := forge.New()
		make(f)
		add(name, f.PCAP())
	}
	f := formatSession(t)
	for _, c := range containers {
		add(c.name, c.write(linkEthernet, f.Frames))
	}
	for _, e := range encapsulations {
		add(e.name, e.file(f))
	}
	for _, order := range fragmentOrders {
		add("fragments "+order, classic(little, 0xa1b2c3d4, 1000, 0)(linkEthernet, fragments4(f, order)))
	}
	for _, pattern := range []string{"testdata/*.pcap*", "../../../results/gallery/*/*.pcap*"} {
		files, _ := filepath.Glob(pattern)
		for _, file := range files {
			all = append(all, witnessed{filepath.Base(filepath.Dir(file)) + "/" + filepath.Base(file), file})
		}
	}
	return all
}

// expertInfo is a connection with everything in it that Wireshark has a name for.
func expertInfo(f *forge.Capture) {
	c, s := f.Pair(forge.Client+":4000", forge.Server+":5000")
	wscale := []byte{3, 3, 2, 0}
	c.Window, s.Window, c.Options, s.Options = 1000, 1000, wscale, wscale
	c.SegmentAt(0, "S", "")
	f.Pass(time.Second)
	c.Options = wscale
	c.SegmentAt(0, "S", "") // sent again
	c.Seq++
	s.SegmentAt(0, "S.", "")
	s.Seq++
	c.Window, s.Window = 250, 250
	c.SegmentAt(0, ".", "")
	text := strings.Repeat("p", 100)
	s.Send(text)
	s.SegmentAt(100, "P.", text) // a hole in front
	for range 3 {
		c.SegmentAt(0, ".", "") // duplicate ACKs
	}
	s.SegmentAt(0, ".", text) // fast retransmission
	s.Seq += 200
	c.SegmentAt(0, ".", "")
	f.Pass(time.Second)
	s.SegmentAt(-100, "P.", text) // spurious
	s.SegmentAt(500, "P.", text)
	s.SegmentAt(400, "P.", text) // out of order
	f.Pass(time.Second)
	s.SegmentAt(400, "P.", text) // sent again
	c.Seq += 50
	s.SegmentAt(0, ".", "") // acknowledges what was not seen
	c.Window = 251
	c.ACK() // and after a hole
	f.Pass(time.Second)
	s.SegmentAt(0, ".", strings.Repeat("f", 251*4)) // fills the window
	s.Seq += 251 * 4
	c.Window = 0
	c.ACK()
	s.SegmentAt(0, ".", "z") // probe
	c.ACK()
	c.Window = 300
	c.ACK()                       // update
	s.SegmentAt(-1, "P.", "\x00") // keep-alive
	c.ACK()
	s.SegmentAt(-1, "P.", "")
	c.ACK()
	c.FIN()
	c.Seq--
	f.Pass(time.Second)
	c.FIN()
	s.SegmentAt(0, "R", "")
	c.Seq += 90_000
	c.SegmentAt(0, "S", "") // the ports again
}

// The capture of expert info holds each kind of it.
func TestExpertInfo(t *testing.T) {
	f := forge.New()
	expertInfo(f)
	var seen tcp.Analysis
	for p := range read(t, f.PCAP()).Packets() {
		seen |= p.Segment.Analysis
	}
	for _, field := range analysisFields {
		if seen&field.bit == 0 {
			t.Errorf("no %s", field.name)
		}
	}
}

// Every capture of ours is read as tshark reads it: streams, numbers, lengths,
// windows, expert info, bytes, commands and replies.
func TestWitness(t *testing.T) {
	shark := optional.StartSharkd(t)
	for _, c := range captures(t) {
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) { compare(t, shark, c) })
	}
}

func compare(t *testing.T, shark *optional.Sharkd, c witnessed) {
	var packets []*capture.Packet
	tr, err := capture.Open(c.file, capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	for p := range tr.Packets() {
		if p.Segment != nil {
			packets = append(packets, p.Clone())
		}
	}
	heard, streams := hearWireshark(shark, c.file, tr)
	erred := map[string]bool{}
	differ := func(field, format string, args ...any) {
		if erred[field] = true; tsharkErrs[c.name][field] == "" {
			t.Errorf(field+": "+format, args...)
		}
	}
	if len(heard) != len(packets) {
		t.Fatalf("tshark has %d TCP packets, we have %d", len(heard), len(packets))
	}
	for i, w := range heard {
		comparePacket(differ, w, packets[i])
	}
	for conn := range tr.Connections() {
		// tshark's first node is the one whose packet came first, or not.
		n, first, second := streams[conn.ID], conn.ClientFlow.Bytes, conn.ServerFlow.Bytes
		if n != [2]int64{first, second} && n != [2]int64{second, first} {
			differ("bytes", "stream %d: tshark %d, we %d and %d", conn.ID, n, first, second)
		}
	}
	compareDialogue(differ, tr, heard)
	for field, why := range tsharkErrs[c.name] {
		if !erred[field] {
			t.Errorf("%s: no error of tshark here any more: %s", field, why)
		}
	}
}

func comparePacket(differ func(field, format string, args ...any), w testimony, p *capture.Packet) {
	if p.Number != w.number || p.Connection.ID != w.stream {
		differ("stream", "packet %d: tshark %d of stream %d, we %d", w.number, w.number, w.stream, p.Connection.ID)
	}
	if p.Segment.Seq != int64(int32(w.seq)) || p.Segment.Has(packet.ACK) && p.Segment.Ack != int64(int32(w.ack)) {
		differ("numbers", "packet %d: tshark seq %d ack %d, we %d and %d", w.number, w.seq, w.ack, p.Segment.Seq, p.Segment.Ack)
	}
	if int64(p.Segment.Length) != w.length || p.Segment.Window != w.window {
		differ("length", "packet %d: tshark length %d window %d, we %d and %d", w.number, w.length, w.window, p.Segment.Length, p.Segment.Window)
	}
	if p.Segment.Analysis != w.analysis {
		differ("analysis", "packet %d: tshark %v, we %v", w.number, w.analysis, p.Segment.Analysis)
	}
}

// compareDialogue compares commands and replies, in the order of the packets.
func compareDialogue(differ func(field, format string, args ...any), tr *capture.Capture, heard []testimony) {
	for s := range tr.Sessions() {
		var theirs, ours []string
		for _, w := range heard {
			if w.stream != s.Control.ID || s.TLS && w.number >= s.TLSFrom {
				continue
			}
			for _, c := range w.commands {
				theirs = append(theirs, fmt.Sprintf("%s@%d", c, w.number))
			}
			for _, r := range w.replies {
				theirs = append(theirs, fmt.Sprintf("%s@%d", r, w.number))
			}
		}
		replies := slices.Clone(s.Unsolicited)
		for _, e := range s.Exchanges {
			ours = append(ours, fmt.Sprintf("%s@%d", e.Command, e.Packet))
			replies = append(replies, e.Replies...)
		}
		for _, r := range replies {
			ours = append(ours, fmt.Sprintf("%d@%d", r.Code, r.Packet))
			for _, l := range r.Lines { // tshark tells the code of each line that has it
				if r.Code > 0 && hasCode(l.Text, r.Code) {
					ours = append(ours, fmt.Sprintf("%d@%d", r.Code, l.Packet))
				}
			}
		}
		slices.Sort(theirs)
		slices.Sort(ours)
		if !slices.Equal(slices.Compact(theirs), slices.Compact(ours)) {
			differ("dialogue", "stream %d: tshark %q, we %q", s.Control.ID, theirs, ours)
		}
	}
}

// hasCode reports whether a line begins with a reply code.
func hasCode(line string, code int) bool {
	rest, ok := strings.CutPrefix(line, fmt.Sprintf("%03d", code))
	return ok && (rest == "" || rest[0] == ' ' || rest[0] == '-')
}
