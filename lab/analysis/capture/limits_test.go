package capture_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/gopacket"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
	"ftplab/lab/analysis/report/text"
	"ftplab/lab/internal/forge"
	"ftplab/lab/pcapng"
)

// A transfer of more than 4 GiB is counted to the byte: the sequence numbers
// wrap, and go on rising in what we print.
func TestTransferOfFiveGiB(t *testing.T) {
	const total = 5 << 30
	f := forge.New()
	x := f.Login()
	x.Ask("PASV", "227 Entering Passive Mode (192,0,2,21,14,84).")
	c, s := f.Dial(forge.Client+":24626", forge.Server+":3668")
	x.Ask("RETR big", "150 Here it comes.")
	// Segments of 60,000 bytes, as a network card takes them, of which the
	// recorder kept the headers.
	s.SegmentAt(0, ".", "")
	headers := f.Last(0).Data
	f.Drop(0)
	for sent := 0; sent < total; {
		n := min(60_000, total-sent)
		data := bytes.Clone(headers)
		binary.BigEndian.PutUint16(data[16:], uint16(40+n))
		binary.BigEndian.PutUint32(data[38:], s.Seq)
		f.Frame(data)
		f.Last(0).Length = 54 + n
		s.Seq += uint32(n)
		if sent += n; len(f.Frames)%100 == 0 {
			c.ACK()
		}
	}
	s.Close()
	x.Server.Send("226 Done.\r\n")
	file := f.PCAP()

	var last *capture.Packet
	tr := read(t, file)
	for p := range tr.Packets() {
		if p.TCP != nil && p.TCP.Has(packet.FIN) && last == nil {
			last = p.Clone()
		}
	}
	d := tr.Connection(1)
	if d.ServerFlow.Bytes != total || d.Missing() != 0 || d.ServerFlow.Retransmissions != 0 {
		t.Errorf("got %d bytes, %d missing, %d retransmissions; want %d, 0, 0", d.ServerFlow.Bytes, d.Missing(), d.ServerFlow.Retransmissions, total)
	}
	if d.SHA256 != "" {
		t.Errorf("got a digest of bytes that were not captured")
	}
	if want := fmt.Sprintf("seq %d, ack 1", int64(total)+1); !strings.Contains(text.Line(last, text.Relative), want) {
		t.Errorf("the FIN is %s, want %s", text.Line(last, text.Relative), want)
	}
}

// A stream of empty lines, or one reply that never ends, is not made into more
// than memory should hold, and the trace says so.
func TestOverlongDialogue(t *testing.T) {
	for name, line := range map[string]string{"empty lines": "\n", "an endless reply": "230-a\n"} {
		f := forge.New()
		c, s := f.Dial(forge.Client+":3171", forge.Server+":21")
		s.Send("220 ok\r\n")
		c.Send("USER a\r\n")
		for range 200 {
			s.SegmentAt(0, ".", strings.Repeat(line, 1000))
			s.Seq += uint32(len(line) * 1000)
		}
		tr := read(t, f.PCAP())
		told := tr.Session(0)
		if n := len(told.Lines); !told.Overlong || n > ftp.MaxLines+tr.Size {
			t.Errorf("%s: %d lines, overlong %v", name, n, told.Overlong)
		}
	}
}

// A hole that is never filled makes the bytes after it wait only so long.
func TestDigestGivesUp(t *testing.T) {
	if testing.Short() {
		t.Skip("reads many megabytes; run without -short")
	}
	f := forge.New()
	s, _ := f.Pair(forge.Server+":20", forge.Client+":3172")
	s.SegmentAt(0, "S", "")
	s.Seq += 1 + 1000 // the first thousand bytes are missing
	chunk := strings.Repeat("x", 60_000)
	s.SegmentAt(0, ".", chunk)
	one := f.Last(0).Data
	f.Frames = f.Frames[:1]
	var file bytes.Buffer
	file.Write(f.PCAP())
	n := 32<<20/len(chunk) + 10
	for range n {
		binary.BigEndian.PutUint32(one[38:], s.Seq)
		file.Write(classic(little, 0xa1b2c3d4, 1000, 0)(linkEthernet, []forge.Frame{{At: f.Clock, Data: one}})[24:])
		s.Seq += uint32(len(chunk))
	}
	tr := read(t, file.Bytes())
	flow := tr.Connection(0).ServerFlow
	if flow.Bytes != int64(n*len(chunk)) || flow.Missing != 1000 || tr.Connection(0).SHA256 != "" {
		t.Errorf("got %d bytes, %d missing, digest %q", flow.Bytes, flow.Missing, tr.Connection(0).SHA256)
	}
}

// A file is complete if its recorder received as many packets as the file has, and lost none.
func TestComplete(t *testing.T) {
	f := formatSession(t)
	n := uint64(len(f.Frames))
	for _, test := range []struct {
		stats    pcapng.Stats
		complete bool
	}{
		{pcapng.Stats{Received: n}, true},
		{pcapng.Stats{Received: n + 1}, false}, // one was taken away
		{pcapng.Stats{Received: n, Dropped: 1}, false},
		{pcapng.Stats{}, false},
	} {
		var file bytes.Buffer
		w, err := pcapng.NewWriter(&file, pcapng.PCAPNG, pcapng.Info{})
		if err != nil {
			t.Fatal(err)
		}
		for _, frame := range f.Frames {
			w.WritePacket(gopacket.CaptureInfo{Timestamp: frame.At, CaptureLength: len(frame.Data), Length: len(frame.Data)}, frame.Data)
		}
		if err := w.Close(test.stats); err != nil {
			t.Fatal(err)
		}
		if c := read(t, file.Bytes()); c.Complete != test.complete {
			t.Errorf("%+v: got complete %v of %d packets", test.stats, c.Complete, c.Size)
		}
	}
	if read(t, f.PCAP()).Complete {
		t.Error("got that a file without statistics is complete")
	}
	if c, err := capture.Read(bytes.NewReader(f.PCAP()), capture.Options{Complete: true}); err != nil || !c.Complete {
		t.Errorf("got %v, and not that a file is complete of which that is known", err)
	}
}

// A recorder's losses, and what it cut short, are counted.
func TestDropsAndSnaps(t *testing.T) {
	f := formatSession(t)
	f.Frames[3].Cut(60)
	tr := read(t, everyBlock(linkEthernet, f.Frames))
	if tr.Dropped != 7 || tr.Truncated != 1 {
		t.Errorf("got %d dropped, %d truncated, want 7 and 1", tr.Dropped, tr.Truncated)
	}
}

// An error of reading is an error, not the end of the capture.
func TestReadError(t *testing.T) {
	file := formatSession(t).PCAP()
	broken := io.MultiReader(bytes.NewReader(file[:len(file)/2]), failing{})
	if _, err := capture.Read(broken, capture.Options{}); err == nil || err.Error() != "disk on fire" {
		t.Errorf("got %v", err)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, fmt.Errorf("disk on fire") }

// Of a dialogue of many megabytes only the beginning is read.
func TestDialogueOfManyMegabytes(t *testing.T) {
	if testing.Short() {
		t.Skip("reads many megabytes; run without -short")
	}
	const most = 16 << 20 // bytes of one side
	f := forge.New()
	c, s := f.Dial(forge.Client+":3171", forge.Server+":21")
	c.Send("HELP\r\n")
	line := "214-" + strings.Repeat("x", 60_000) + "\r\n"
	for range most/len(line) + 20 {
		s.SegmentAt(0, ".", line)
		s.Seq += uint32(len(line))
	}
	told := read(t, f.PCAP()).Session(0)
	if n := len(told.Lines); !told.Overlong || n != 1+most/len(line)+1 {
		t.Errorf("got %d lines, overlong %v; want %d, true", n, told.Overlong, 1+most/len(line)+1)
	}
}

// What cannot be read twice is read from a temporary file, which nobody finds.
func TestPipeIsSpooled(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	f := formatSession(t)
	c, err := capture.Read(io.MultiReader(bytes.NewReader(f.PCAP())), capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for range c.Packets() {
		n++
	}
	if n != len(f.Frames) || c.NumSessions() != 1 {
		t.Errorf("got %d packets and %d sessions, want %d and 1", n, c.NumSessions(), len(f.Frames))
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("got %v, %v in the folder for temporary files, want nothing", left, err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}
