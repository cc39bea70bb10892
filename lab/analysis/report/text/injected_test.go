package text

import (
	"math"
	"strings"
	"testing"
	"time"

	"ftplab/lab/internal/forge"
)

// TestInjected shows that the host in whose name a command or a reply was sent does not know of it. In what
// networks, devices and recorders do to a session, nothing shows that.
func TestInjected(t *testing.T) {
	const deleted, sure, weak = "DELE a.txt\r\n", "(somebody else sent it: the", "(somebody else may have sent it: the"
	back := -len(deleted)
	type ends = *forge.End
	answered := func(c, s ends) { // the command and its reply
		c.Segment("P.", deleted)
		s.Segment("P.", "250 ok\r\n")
	}
	for _, test := range []struct {
		name, want string
		after      func(f *forge.Capture, c, s ends)
	}{
		{"a command", sure + " client's later packets 11 and 12 are numbered before it, although the server has acknowledged it)", func(_ *forge.Capture, c, s ends) {
			answered(c, s)
			c.SegmentAt(back, ".", "")
			c.SegmentAt(back, ".", "")
		}},
		{"a reply", sure + " server's later packets 12 and 13 are numbered before it, although the client has acknowledged it)", func(_ *forge.Capture, c, s ends) {
			c.Segment("P.", "PWD\r\n")
			s.Segment("P.", "257 xxxxxx\r\n") // as long as the command
			c.Segment("P.", "NOOP\r\n")
			s.SegmentAt(back, ".", "")
			s.SegmentAt(back, ".", "")
		}},
		{"a command, and its host drops what answers it", sure, func(f *forge.Capture, c, s ends) {
			c.Segment("P.", deleted)
			before := s.Seq
			s.Segment("P.", "250 ok\r\n")
			after := s.Seq
			for range 3 {
				f.Pass(2 * time.Second)
				s.Seq = before
				c.SegmentAt(back, ".", "")
				s.Seq = after
			}
		}},
		{"a command, and the clock of the answer", sure, func(_ *forge.Capture, c, s ends) {
			c.Segment("P.", deleted)
			s.Options = stamps(70, 5)
			s.ACK()
			for range 2 {
				c.Options = stamps(5, 71)
				c.SegmentAt(back, ".", "")
			}
		}},
		{"a command, and a keep-alive of its host", sure, func(_ *forge.Capture, c, s ends) {
			answered(c, s)
			c.SegmentAt(back-1, ".", "")
			c.SegmentAt(back, ".", "")
		}},
		{"a command, after keep-alives", sure, func(f *forge.Capture, c, s ends) {
			c.Send("PWD\r\n")
			s.Send("257 here\r\n")
			f.Pass(time.Minute)
			for range 3 {
				c.SegmentAt(-1, ".", "")
			}
			answered(c, s)
			c.SegmentAt(back, ".", "")
			c.SegmentAt(back, ".", "")
		}},
		{"one packet", weak, func(_ *forge.Capture, c, s ends) {
			answered(c, s)
			c.SegmentAt(back, ".", "")
		}},
		{"keep-alives", "", func(f *forge.Capture, c, s ends) {
			answered(c, s)
			for range 3 {
				f.Pass(time.Minute)
				c.SegmentAt(-1, ".", "")
				c.SegmentAt(-1, ".", "\x00")
			}
		}},
		{"acknowledgments that came late", "", func(_ *forge.Capture, c, s ends) {
			s.Segment("P.", "200 ok\r\n")
			answered(c, s)
			before := s.Seq
			s.Seq -= 8
			c.SegmentAt(back, ".", "")
			c.SegmentAt(back, ".", "")
			s.Seq = before
		}},
		{"the same, long after", "", func(f *forge.Capture, c, s ends) {
			answered(c, s)
			c.ACK()
			f.Pass(time.Minute)
			s.Seq -= 8
			c.SegmentAt(back, ".", "")
			c.SegmentAt(back, ".", "")
			s.Seq += 8
		}},
		{"the same, and then its host goes on", "", func(f *forge.Capture, c, s ends) {
			c.Send(deleted)
			f.Pass(time.Minute)
			c.SegmentAt(back, ".", "")
			c.SegmentAt(back, ".", "")
			c.Send("NOOP\r\n")
		}},
		{"the same, after the end", "", func(f *forge.Capture, c, s ends) {
			c.Send(deleted)
			c.FIN()
			s.ACK()
			f.Pass(time.Minute)
			c.SegmentAt(back-1, ".", "")
			c.SegmentAt(back-1, ".", "")
		}},
		{"acknowledgments of a reply that is sent again", "", func(_ *forge.Capture, c, s ends) {
			s.Segment("P.", "200 ok\r\n")
			c.Segment("P.", deleted)
			s.SegmentAt(-8, "P.", "200 ok\r\n")
			c.SegmentAt(back, ".", "")
			c.SegmentAt(back, ".", "")
		}},
		{"acknowledgments of what nobody sent", "", func(_ *forge.Capture, c, s ends) {
			answered(c, s)
			s.Seq += 1 << 20
			c.SegmentAt(back, ".", "")
			c.SegmentAt(back, ".", "")
			s.Seq -= 1 << 20
		}},
		{"one of them at the end", "", func(f *forge.Capture, c, s ends) {
			c.Segment("P.", deleted)
			s.ACK()
			f.Pass(time.Minute)
			c.SegmentAt(back, ".", "")
		}},
		{"a reply that was stored before one that was sent first", "", func(f *forge.Capture, c, s ends) {
			s.Segment("P.", "200 ok\r\n")
			answered(c, s)
			f.Swap(1)
			f.Swap(0)
			f.Swap(1)
			before := s.Seq
			s.Seq -= 8
			c.SegmentAt(back, ".", "")
			c.SegmentAt(back, ".", "")
			s.Seq = before
		}},
		{"a command that is sent again", "", func(_ *forge.Capture, c, s ends) {
			answered(c, s)
			c.SegmentAt(back, ".", "")
			c.SegmentAt(back, ".", "")
			c.SegmentAt(back, "P.", deleted)
		}},
		{"a gateway that made the command longer", "", func(_ *forge.Capture, c, s ends) {
			answered(c, s)
			c.SegmentAt(-4, ".", "")
			c.SegmentAt(-4, ".", "")
		}},
		{"the same numbers at the two sides of a device", "", func(_ *forge.Capture, c, s ends) {
			answered(c, s)
			c.Seq -= uint32(len(deleted))
			s.SegmentAt(-8, "P.", "250 ok\r\n")
			c.ACK()
			c.ACK()
			c.Seq += uint32(len(deleted))
		}},
	} {
		f := forge.New()
		c, s := f.Pair(forge.Client+":3171", forge.Server+":21")
		c.Seq = math.MaxUint32 - uint32(len("USER ada\r\nPASS secret\r\nDELE")) // the numbers wrap in the command
		c.Handshake()
		c.Say(forge.Login)
		test.after(f, c, s)
		got, facts := bothOf(t, f)
		marked := strings.Contains(got, "(somebody else")
		if !strings.Contains(got, test.want) || marked != (test.want != "") || marked != strings.Contains(facts, `"injected":[`) {
			t.Errorf("%s: got\n%s\n%s\nwant %q", test.name, got, facts, test.want)
		}
	}
}

// TestAfterFIN shows the commands that the server has read although the client sent a FIN, and says what the FIN was.
func TestAfterFIN(t *testing.T) {
	const command, refuted, after = "client  DELE a.txt", "which the server did not receive", "is numbered after its FIN in packet"
	type ends = *forge.End
	for _, test := range []struct {
		name       string
		want, lack []string
		play       func(f *forge.Capture, c, s ends)
	}{
		{"a FIN that the server did not receive", []string{refuted, command, "the client closes the control connection (FIN)"}, []string{after, "answers no command"}, func(_ *forge.Capture, c, s ends) {
			c.SegmentAt(0, "F.", "")
			c.Say("> DELE a.txt\n< 250 ok\n> QUIT\n< 221 bye").Close()
		}},
		{"the same, twice", []string{refuted, command, "the client closes the control connection (FIN)"}, []string{after, "answers no command"}, func(_ *forge.Capture, c, s ends) {
			c.SegmentAt(0, "F.", "")
			c.Say("> DELE a.txt\n< 250 ok")
			c.SegmentAt(-len("DELE a.txt\r\n"), "F.", "")
			c.Say("> QUIT\n< 221 bye").Close()
		}},
		{"a command that was recorded after the FIN", []string{command}, []string{refuted, after}, func(f *forge.Capture, c, s ends) {
			c.Segment("P.", "DELE a.txt\r\n")
			c.FIN()
			f.Swap(0)
			c.Say("< 250 ok").Peer.FIN()
		}},
		{"both FINs, and then commands", []string{command, after}, []string{refuted, "bytes missing"}, func(_ *forge.Capture, c, s ends) {
			c.Close()
			c.Say("> DELE a.txt\n< 250 ok")
		}},
		{"both FINs, and then commands that nobody acknowledges", []string{after}, []string{refuted, command}, func(_ *forge.Capture, c, s ends) {
			c.Close()
			c.Say("> DELE a.txt")
		}},
		{"keep-alives after a FIN", nil, []string{refuted, after}, func(_ *forge.Capture, c, s ends) {
			c.Close()
			c.SegmentAt(-1, ".", "\x00")
			s.ACK()
		}},
		{"another connection with the same ports", nil, []string{refuted, after}, func(_ *forge.Capture, c, s ends) {
			c.Close()
			c.Seq += 65537
			c.Segment("P.", "DELE a.txt\r\n")
			s.ACK()
		}},
	} {
		f := forge.New()
		c, s := f.Dial(forge.Client+":3171", forge.Server+":21")
		test.play(f, c.Say(forge.Login), s)
		got, _ := bothOf(t, f)
		for _, want := range test.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s: got\n%s\nwant %q", test.name, got, want)
			}
		}
		for _, lack := range test.lack {
			if strings.Contains(got, lack) {
				t.Errorf("%s: got\n%s\nwant no %q", test.name, got, lack)
			}
		}
	}
}

// stamps is the TCP option with two time stamps.
func stamps(value, echo byte) []byte { return []byte{1, 1, 8, 10, 0, 0, 0, value, 0, 0, 0, echo} }
