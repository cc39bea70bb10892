package capture_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/tcp"
	"ftplab/lab/internal/forge"
)

// spoil makes the TCP checksum of the last frame wrong.
func spoil(f *forge.Capture) { f.Last(0).Data[50] ^= 1 }

// A damagedTransfer is a data connection on which the server sends, with wrong checksums.
type damagedTransfer struct {
	name    string
	want    string // what the client received
	damaged int    // packets that it dropped
	send    func(f *forge.Capture, s *forge.End)
}

var damagedTransfers = []damagedTransfer{
	{"sent again", "one two", 1, func(f *forge.Capture, s *forge.End) {
		s.SegmentAt(0, "P.", "onE ")
		spoil(f)
		s.Peer.ACK()
		s.Segment("P.", "one ")
		s.Send("two")
	}},
	{"twice damaged", "one two", 2, func(f *forge.Capture, s *forge.End) {
		for _, data := range []string{"onE ", "oNe "} {
			s.SegmentAt(0, "P.", data)
			spoil(f)
		}
		s.Segment("P.", "one ")
		s.Send("two")
	}},
	{"sent again after what followed", "one two", 1, func(f *forge.Capture, s *forge.End) {
		s.SegmentAt(0, "P.", "onE ")
		spoil(f)
		s.SegmentAt(4, "P.", "two")
		s.Peer.ACK()
		s.Segment("P.", "one ")
		s.Seq += 3
		s.Peer.ACK()
	}},
	{"sent again in smaller segments", "one two", 1, func(f *forge.Capture, s *forge.End) {
		s.SegmentAt(0, "P.", "onE TWO")
		spoil(f)
		s.Segment("P.", "one ")
		s.Send("two")
	}},
	{"sent again in a larger segment", "one two", 1, func(f *forge.Capture, s *forge.End) {
		s.SegmentAt(0, "P.", "onE ")
		spoil(f)
		s.Send("one two")
	}},
	{"the middle sent again, and all of it acknowledged", "one TWO three", 0, func(f *forge.Capture, s *forge.End) {
		s.SegmentAt(0, "P.", "ONE TWO THREE")
		spoil(f)
		s.Segment("P.", "one ")
		s.Seq += 4
		s.Segment("P.", "three")
		s.Peer.ACK()
	}},
	{"a copy that comes late", "one two", 1, func(f *forge.Capture, s *forge.End) {
		s.Send("one ")
		s.SegmentAt(-4, "P.", "onE ")
		spoil(f)
		s.Send("two")
	}},
	{"never acknowledged", "one", 1, func(f *forge.Capture, s *forge.End) {
		s.Send("one")
		s.SegmentAt(0, "P.", " two")
		spoil(f)
	}},
	{"a FIN that the receiver acknowledges", "one", 0, func(f *forge.Capture, s *forge.End) {
		s.Send("one")
		s.FIN()
		spoil(f)
		s.Peer.ACK()
		s.Seq--
	}},
	{"a number that was damaged", "one two", 1, func(f *forge.Capture, s *forge.End) {
		s.SegmentAt(1<<20, "P.", "one ")
		spoil(f)
		s.Send("one two")
	}},
	{"a damaged FIN and more data", "one two", 1, func(f *forge.Capture, s *forge.End) {
		s.Send("one ")
		s.SegmentAt(-2, "F.", "")
		spoil(f)
		s.Send("two")
	}},
	{"a damaged FIN with data", "one two", 1, func(f *forge.Capture, s *forge.End) {
		s.SegmentAt(0, "F.", "one")
		spoil(f)
		s.Send("one two")
	}},
	{"data that is acknowledged before its FIN", "one", 0, func(f *forge.Capture, s *forge.End) {
		s.SegmentAt(0, "F.", "one")
		spoil(f)
		s.Seq += 3
		s.Peer.ACK()
		s.SegmentAt(-3, "P.", "onE")
		spoil(f)
	}},
	{"a damaged RST", "one two", 1, func(f *forge.Capture, s *forge.End) {
		s.Send("one ")
		s.RST()
		spoil(f)
		s.Send("two")
	}},
	{"a damaged RST with a SYN", "one two", 1, func(f *forge.Capture, s *forge.End) {
		s.Send("one ")
		s.SegmentAt(0, "SR", "")
		spoil(f)
		s.Send("two")
	}},
	{"a damaged SYN with another number", "one two", 0, func(f *forge.Capture, s *forge.End) {
		s.Send("one ")
		s.Peer.SegmentAt(1<<20, "S", "")
		spoil(f)
		s.Send("two")
	}},
	{"checksums that the network card makes", "one two", 0, func(f *forge.Capture, s *forge.End) {
		for i, frame := range f.Frames {
			if i > 0 && bytes.Equal(frame.Data[26:30], s.Addr.Addr().AsSlice()) {
				f.Frames[i].Data[50] ^= 1
			}
		}
		for _, data := range []string{"one ", "two"} {
			s.Segment("P.", data)
			spoil(f)
		}
		s.Peer.ACK()
	}},
	{"segments that the network card joined", "one two three", 0, func(f *forge.Capture, s *forge.End) {
		for _, data := range []string{"one ", "two "} {
			s.Segment("P.", data)
			spoil(f)
		}
		s.Peer.ACK()
		s.Send("three")
	}},
	{"joined segments, and one that was not", "one two three", 0, func(f *forge.Capture, s *forge.End) {
		s.Segment("P.", "one ")
		spoil(f)
		s.Segment("P.", "two ")
		s.Peer.ACK()
		s.Segment("P.", "three")
		spoil(f)
	}},
}

// A receiver drops a segment with a wrong checksum. Its bytes are not in the stream if they came
// again, or if the receiver never acknowledged them.
func TestDamagedSegments(t *testing.T) {
	for _, c := range damagedTransfers {
		f := forge.New()
		x := entered(f)
		x.Ask("PASV", "227 (192,0,2,21,0,99)")
		x.Client.Send("RETR f\r\n")
		x.Server.Send("150 here\r\n")
		_, s := f.Dial(forge.Client+":40099", forge.Server+":99")
		c.send(f, s)
		s.Close()
		x.Server.Send("226 done\r\n")
		for _, options := range []capture.Options{{}, capture.KeepNothing(capture.Options{}), capture.Tight(capture.Options{})} {
			checkTransfer(t, c, f.PCAP(), options)
		}
	}
}

func checkTransfer(t *testing.T, c damagedTransfer, file []byte, o capture.Options) {
	t.Helper()
	tr, err := capture.Read(bytes.NewReader(file), o)
	if err != nil {
		t.Fatal(err)
	}
	var received []byte
	var data ftp.Connection
	err = tr.Contents(func(_ *ftp.Identity, from ftp.Side, b tcp.Chunk) {
		if from == ftp.Server && !b.AfterGap {
			received = append(received, b.Data...)
		}
	}, func(*ftp.Connection) {})
	if err != nil {
		t.Fatal(err)
	}
	for x := range tr.Connections() {
		if x.Role == ftp.Data {
			data = *x
		}
	}
	sum := sha256.Sum256([]byte(c.want))
	want := hex.EncodeToString(sum[:])
	if string(received) != c.want || data.SHA256 != want || data.ServerFlow.Missing > 0 {
		t.Errorf("%s: got %q, SHA-256 %s, %d bytes missing; want %q, %s", c.name, received, data.SHA256, data.ServerFlow.Missing, c.want, want)
	}
	if got := data.ServerFlow.Damaged; got != c.damaged {
		t.Errorf("%s: got %d damaged packets, want %d", c.name, got, c.damaged)
	}
	if h := data.History; strings.Contains(h, "c") != (c.damaged > 0) || strings.Count(h, "d") != 1 || strings.Count(h, "f") != 1 || strings.Index(h, "d") > strings.Index(h, "f") {
		t.Errorf("%s: got the history %s, want data before a FIN, and a damaged packet: %v", c.name, h, c.damaged > 0)
	}
	if data.ResetBy != "" || data.FirstFIN != ftp.Server {
		t.Errorf("%s: reset by %q, first FIN of %q, want that the server closed it", c.name, data.ResetBy, data.FirstFIN)
	}
}

// In a dialogue, too, what came is what was received.
func TestDamagedDialogue(t *testing.T) {
	checkRules(t, []rule{
		{"a reply", in + "NOOP 200; PWD 257", func(f *forge.Capture) {
			x := entered(f)
			x.Client.Send("NOOP\r\n")
			x.Server.SegmentAt(0, "P.", "200 ok\r\x1a")
			spoil(f)
			x.Server.Send("200 ok\r\n")
			x.Ask("PWD", `257 "/"`)
		}},
		{"a command", in + "DELE a 250; PWD 257", func(f *forge.Capture) {
			x := entered(f)
			x.Client.SegmentAt(0, "P.", "NOOP\r\nNOOP")
			spoil(f)
			x.Client.Send("DELE a\r\n")
			x.Server.Send("250 ok\r\n")
			x.Ask("PWD", `257 "/"`)
		}},
		{"an address", in + "PASV 227; RETR f 150 226; PWD 257; 1 for RETR f", func(f *forge.Capture) {
			x := entered(f)
			x.Client.Send("PASV\r\n")
			x.Server.SegmentAt(0, "P.", "227 (192,0,2,21,0,98)\r\n")
			spoil(f)
			x.Server.Send("227 (192,0,2,21,0,99)\r\n")
			connect(f, 99)
			x.Ask("RETR f", "150 here", "226 done")
			x.Ask("PWD", `257 "/"`)
		}},
		{"a command that the server never received", in + "PWD 257", func(f *forge.Capture) {
			x := entered(f)
			x.Ask("PWD", `257 "/"`)
			x.Client.SegmentAt(0, "P.", "DELE a\r\n")
			spoil(f)
		}},
		{"commands whose checksums the network card makes", in + "NOOP 200; PWD 257", func(f *forge.Capture) {
			x := entered(f)
			x.Client.Segment("P.", "NOOP\r\n")
			spoil(f)
			x.Server.Send("200 ok\r\n")
			x.Client.Segment("P.", "PWD\r\n")
			spoil(f)
			x.Server.Send("257 \"/\"\r\n")
		}},
	})
}

// TestLostDuringTransfer loses replies and commands while a transfer goes on.
func TestLostDuringTransfer(t *testing.T) { checkRules(t, lostDuringTransfer) }

var lostDuringTransfer = []rule{
	{"a lost 226 in front of the replies to commands that were sent during the transfer", in + "STOR a 150; NOOP 200; NOOP 200; PWD 257", func(f *forge.Capture) {
		x := entered(f)
		x.Ask("STOR a", "150 here")
		x.Client.Send("NOOP\r\n")
		x.Ask("NOOP")
		lost(x.Server, "226 done")
		x.Server.Send("200 a\r\n")
		x.Server.Send("200 b\r\n")
		x.Ask("PWD", "257 /")
	}},
	{"a lost NOOP during a transfer, and its 226", "user a; - 220; - 200; USER a 230; STOR a 150; NOOP 200; PWD 257", func(f *forge.Capture) {
		x := entered(f)
		x.Ask("STOR a", "150 here")
		lost(x.Client, "NOOP")
		x.Ask("NOOP")
		lost(x.Server, "226 done")
		x.Server.Send("200 a\r\n")
		x.Server.Send("200 b\r\n")
		x.Ask("PWD", "257 /")
	}},
	{"a lost answer to one of two commands that were sent during the transfer", in + "STOR a 150 226; NOOP; NOOP 200", func(f *forge.Capture) {
		x := entered(f)
		x.Ask("STOR a", "150 here")
		x.Client.Send("NOOP\r\n")
		f.Pass(10 * time.Second)
		x.Ask("NOOP", "226 done")
		lost(x.Server, "200 a")
		x.Server.Send("200 b\r\n")
	}},
	{"a lost 150 in front of an answer to STAT", in + "STOR a 226; STAT 213", func(f *forge.Capture) {
		x := entered(f)
		x.Ask("STOR a")
		lost(x.Server, "150 here")
		x.Ask("STAT", "213 half", "226 done")
	}},
	{"a lost 227 with the port of the transfer before, whose 226 is lost", in + "PASV 227; RETR a 150; PASV; RETR b 150 226; 1 for RETR a; 2 for nothing", func(f *forge.Capture) {
		x := entered(f)
		passive(x, 99)
		x.Ask("RETR a", "150 here")
		lost(x.Server, "226 done")
		x.Ask("PASV")
		lost(x.Server, "227 (192,0,2,21,0,99)")
		f.Dial(forge.Client+":40100", forge.Server+":99")
		x.Ask("RETR b", "150 here", "226 done")
	}},
	{"a lost STAT during a transfer, and its 213", in + "STOR a 150 226", func(f *forge.Capture) {
		x := entered(f)
		x.Ask("STOR a", "150 here")
		lost(x.Client, "STAT")
		lost(x.Server, "213 half")
		x.Server.Send("226 done\r\n")
	}},
	{"a lost end of a transfer, and the beginning of the next", "user a; - 220; - 226; USER a 230; STOR a 150", func(f *forge.Capture) {
		x := entered(f)
		x.Ask("STOR a", "150 here")
		lost(x.Server, "226 done")
		lost(x.Client, "PASV")
		lost(x.Server, "227 (192,0,2,21,0,99)")
		lost(x.Client, "LIST")
		lost(x.Server, "150 here")
		x.Server.Send("226 done\r\n")
	}},
	{"the end of a transfer from before the capture", "user ; - 226; NOOP 200; STAT 211", func(f *forge.Capture) {
		c, s := f.Pair(forge.Client+":3171", forge.Server+":21")
		c.Send("NOOP\r\n")
		c.Send("STAT\r\n")
		for _, reply := range []string{"226 done", "200 ok", "211 idle"} {
			s.Send(reply + "\r\n")
		}
	}},
}
