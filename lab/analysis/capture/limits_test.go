package capture_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
	"ftplab/lab/analysis/report/text"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/gopacket/layers"
)

func plainSYN() *layers.TCP { return &layers.TCP{SYN: true, Window: 64240} }

// A transfer of more than 4 GiB is counted to the byte: the sequence numbers
// wrap, and go on rising in what we print.
func TestTransferOfFiveGiB(t *testing.T) {
	const total = 5 << 30
	f := newForge(t)
	x := f.login()
	x.ask("PASV", "227 Entering Passive Mode (192,0,2,21,14,84).")
	c, s := f.dial(clientIP+":24626", serverIP+":3668")
	x.ask("RETR big", "150 Here it comes.")
	// Segments of 60,000 bytes, as a network card takes them, of which the
	// recorder kept the headers.
	s.segment(&layers.TCP{ACK: true}, strings.Repeat("g", 60_000))
	template := f.packets[len(f.packets)-1]
	f.packets = f.packets[:len(f.packets)-1]
	for sent := 0; sent < total; {
		n := min(60_000, total-sent)
		p := forged{at: f.clock, data: bytes.Clone(template.data[:54]), snap: 54}
		binary.BigEndian.PutUint16(p.data[16:], uint16(40+n))
		binary.BigEndian.PutUint32(p.data[38:], s.seq)
		f.packets = append(f.packets, p)
		s.seq += uint32(n)
		if sent += n; len(f.packets)%100 == 0 {
			c.ack()
		}
	}
	s.close()
	x.server.send("226 Done.\r\n")
	file := classic(little, 0xa1b2c3d4, 1000, 0)(linkEthernet, f.packets)
	fixLengths(file, f.packets)

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

// fixLengths makes the file say how long the packets were on the wire, by their
// IP headers.
func fixLengths(file []byte, packets []forged) {
	at := 24
	for _, p := range packets {
		little.PutUint32(file[at+12:], uint32(14+int(binary.BigEndian.Uint16(p.data[16:]))))
		at += 16 + len(p.captured())
	}
}

// A stream of empty lines, or one reply that never ends, is not made into more
// than memory should hold, and the trace says so.
func TestOverlongDialogue(t *testing.T) {
	for name, line := range map[string]string{"empty lines": "\n", "an endless reply": "230-a\n"} {
		f := newForge(t)
		c, s := f.dial(clientIP+":3171", serverIP+":21")
		s.send("220 ok\r\n")
		c.send("USER a\r\n")
		for range 200 {
			s.segment(&layers.TCP{ACK: true}, strings.Repeat(line, 1000))
			s.seq += uint32(len(line) * 1000)
		}
		tr := read(t, f.pcap())
		told := tr.Session(0)
		if n := len(told.Lines); !told.Overlong || n > ftp.MaxLines+tr.Size {
			t.Errorf("%s: %d lines, overlong %v", name, n, told.Overlong)
		}
	}
}

// A hole that is never filled makes the bytes behind it wait only so long.
func TestDigestGivesUp(t *testing.T) {
	f := newForge(t)
	s, _ := f.pair(serverIP+":20", clientIP+":3172")
	s.segment(plainSYN(), "")
	s.seq += 1 + 1000 // the first thousand bytes are missing
	chunk := strings.Repeat("x", 60_000)
	s.segment(&layers.TCP{ACK: true}, chunk)
	one := f.packets[len(f.packets)-1].data
	f.packets = f.packets[:1]
	var file bytes.Buffer
	file.Write(f.pcap())
	n := 32<<20/len(chunk) + 10
	for range n {
		binary.BigEndian.PutUint32(one[38:], s.seq)
		file.Write(classic(little, 0xa1b2c3d4, 1000, 0)(linkEthernet, []forged{{at: f.clock, data: one}})[24:])
		s.seq += uint32(len(chunk))
	}
	tr := read(t, file.Bytes())
	flow := tr.Connection(0).ServerFlow
	if flow.Bytes != int64(n*len(chunk)) || flow.Missing != 1000 || tr.Connection(0).SHA256 != "" {
		t.Errorf("got %d bytes, %d missing, digest %q", flow.Bytes, flow.Missing, tr.Connection(0).SHA256)
	}
}

// A recorder's losses, and what it cut short, are counted.
func TestDropsAndSnaps(t *testing.T) {
	f := formatSession(t)
	f.packets[3].snap = 60
	tr := read(t, everyBlock(linkEthernet, f.packets))
	if tr.Dropped != 7 || tr.Truncated != 1 {
		t.Errorf("got %d dropped, %d truncated, want 7 and 1", tr.Dropped, tr.Truncated)
	}
}

// An error of reading is an error, not the end of the capture.
func TestReadError(t *testing.T) {
	file := formatSession(t).pcap()
	broken := io.MultiReader(bytes.NewReader(file[:len(file)/2]), failing{})
	if _, err := capture.Read(broken, capture.Options{}); err == nil || err.Error() != "disk on fire" {
		t.Errorf("got %v", err)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, fmt.Errorf("disk on fire") }

// Of a dialogue of many megabytes only the beginning is read.
func TestDialogueOfManyMegabytes(t *testing.T) {
	const most = 16 << 20 // bytes of one side
	f := newForge(t)
	c, s := f.dial(clientIP+":3171", serverIP+":21")
	c.send("HELP\r\n")
	line := "214-" + strings.Repeat("x", 60_000) + "\r\n"
	for range most/len(line) + 20 {
		s.segment(&layers.TCP{ACK: true}, line)
		s.seq += uint32(len(line))
	}
	told := read(t, f.pcap()).Session(0)
	if n := len(told.Lines); !told.Overlong || n != 1+most/len(line)+1 {
		t.Errorf("got %d lines, overlong %v; want %d, true", n, told.Overlong, 1+most/len(line)+1)
	}
}

// What cannot be read twice is read from a temporary file, which nobody finds.
func TestPipeIsSpooled(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	f := formatSession(t)
	c, err := capture.Read(io.MultiReader(bytes.NewReader(f.pcap())), capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for range c.Packets() {
		n++
	}
	if n != len(f.packets) || c.NumSessions() != 1 {
		t.Errorf("got %d packets and %d sessions, want %d and 1", n, c.NumSessions(), len(f.packets))
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("got %v, %v in the folder for temporary files, want nothing", left, err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}
