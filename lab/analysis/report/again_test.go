package report

import (
	"strings"
	"testing"
	"time"

	"ftplab/lab/internal/forge"
)

// A note says why a packet carries what was seen before, and which packet was damaged.
func TestAgain(t *testing.T) {
	const file = "Hello, world.\n"
	spoil := func(f *forge.Capture) { f.Last(0).Data[60] ^= 1 }
	identified := func(f *forge.Capture, id byte) { // without a checksum of IP
		data := f.Last(0).Data
		data[18], data[24], data[25] = id, 0, 0
	}
	stamped := func(s *forge.End, data string) {
		s.Options, s.Seq = []byte("\x01\x01\x08\x0a\x00\x00\x00\x07\x00\x00\x00\x01"), 4_000_000_001
		s.Segment("P.", data)
	}
	for _, test := range []struct {
		name  string
		send  func(f *forge.Capture, s *forge.End)
		notes []string // on the packets after the handshake
	}{
		{"damaged and sent again", func(f *forge.Capture, s *forge.End) {
			s.SegmentAt(0, "P.", file)
			spoil(f)
			s.Peer.ACK()
			s.Send(file)
		}, []string{"Its TCP checksum is wrong", "", "1 segment. Sent again, because frame 16 was damaged."}},
		{"with checksums that the network card makes", func(f *forge.Capture, s *forge.End) {
			s.Segment("P.", file)
			spoil(f)
			s.Peer.ACK()
		}, []string{"Here comes the download of a: 14 bytes in 1 segment."}},
		{"copied", func(f *forge.Capture, s *forge.End) {
			s.Segment("P.", file)
			identified(f, 7)
			s.Seq -= 14
			s.Segment("P.", file)
			identified(f, 7)
			s.Peer.ACK()
		}, []string{"14 bytes in 2 segments", "A copy of frame 16, made by the network"}},
		{"sent again", func(f *forge.Capture, s *forge.End) {
			s.Segment("P.", file)
			identified(f, 7)
			s.Seq -= 14
			s.Segment("P.", file)
			identified(f, 8)
			s.Peer.ACK()
		}, []string{"14 bytes in 2 segments", "Sent again: this data has been seen before."}},
		{"sent again by a host that does not count its packets", func(f *forge.Capture, s *forge.End) {
			s.Segment("P.", file)
			s.SegmentAt(-14, "P.", file)
			s.Peer.ACK()
		}, []string{"14 bytes in 2 segments", "Sent again: this data has been seen before."}},
		{"sent again with the same time stamp, after more than a round trip", func(f *forge.Capture, s *forge.End) {
			stamped(s, file)
			f.Pass(time.Second)
			stamped(s, file)
			s.Peer.ACK()
		}, []string{"14 bytes in 2 segments", "Sent again: this data has been seen before."}},
		{"sent again after the first copy was lost", func(f *forge.Capture, s *forge.End) {
			s.SegmentAt(7, "P.", file[7:])
			f.Pass(time.Second)
			s.SegmentAt(0, ".", file[:7])
			s.SegmentAt(0, "P.", file)
			s.Seq += uint32(len(file))
		}, []string{"There is a gap before it", "Sent again: the first copy of this data did not reach the recorder.", "Sent again: this data has been seen before."}},
		{"with the same time stamp, in less than a round trip", func(f *forge.Capture, s *forge.End) {
			stamped(s, file)
			stamped(s, file)
			s.Peer.ACK()
		}, []string{"14 bytes in 2 segments", "A copy of frame 16, made by the network"}},
		{"a probe of a closed window", func(f *forge.Capture, s *forge.End) {
			s.Segment("P.", file)
			s.Peer.Window = 0
			s.Peer.ACK()
			s.SegmentAt(-1, ".", "\n")
			s.Peer.ACK()
			s.Peer.Window = 502
			s.Peer.ACK()
			s.SegmentAt(-1, ".", "\n")
		}, []string{"14 bytes in 1 segment", "Window 0", "A probe: is the window still 0?", "Window 0", "", "A probe: is the other side still there?"}},
	} {
		notes := read(t, func(f *forge.Capture) {
			client := f.Control().Say(forge.Login).Say("> PASV\n< 227 Entering Passive Mode (192,0,2,21,19,136)\n> RETR a\n< 150 OK")
			_, s := f.Dial(forge.Client+":4001", forge.Server+":5000")
			test.send(f, s)
			s.Close()
			client.Say("< 226 OK")
		}).Comments()
		for i, want := range test.notes {
			if got := notes[16+i]; !strings.Contains(got, want) {
				t.Errorf("%s: on packet %d: got %q, want %q in it", test.name, 16+i, got, want)
			}
		}
	}
}

// TestListingWithoutSYN has a data connection that is whole but for its handshake: the note does not say that any of
// it is lacking.
func TestListingWithoutSYN(t *testing.T) {
	notes := read(t, func(f *forge.Capture) {
		client := f.Control().Say(forge.Login).Say("> PASV\n< 227 Entering Passive Mode (192,0,2,21,19,136)\n> LIST\n< 150 OK")
		_, s := f.Pair(forge.Client+":4001", forge.Server+":5000")
		s.Segment("P.", "a\r\n")
		s.Peer.ACK()
		s.Close()
		client.Say("< 226 OK")
	}).Comments()
	const want = "Perhaps not all of the listing was recorded: whether bytes came before cannot be seen: the SYN is not in the capture."
	if got := notes[13]; !strings.Contains(got, want) {
		t.Errorf("got %q on packet 13, want %q in it; all: %v", got, want, notes)
	}
}
