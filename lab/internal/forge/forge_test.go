package forge

import (
	"path/filepath"
	"testing"
	"time"

	"ftplab/lab/labtest/optional"
)

// TestWireshark asks that Wireshark finds nothing wrong with what the forge writes, reads its
// dialogue, and sees what was done to the frames.
func TestWireshark(t *testing.T) {
	shark := optional.StartSharkd(t)
	shark.Set("tcp.check_checksum", "TRUE")
	shark.Set("ip.check_checksum", "TRUE")
	load := func(c *Capture) {
		file := filepath.Join(t.TempDir(), "forged.pcap")
		c.Save(t, file)
		shark.Load(file)
	}
	whole := func() *Capture {
		c := New()
		s := c.Login()
		s.Active(3172, "LIST", "a listing\r\n")
		s.Quit()
		six, _ := c.Dial("[2001:db8::1]:4000", "[2001:db8::21]:21")
		six.Say(Login + Quit).Peer.Close()
		c.UDP(Client+":5000", Server+":6000", []byte("odd"))
		return c
	}
	c := whole()
	load(c)
	if got := len(shark.Frames("frame")); got != len(c.Frames) {
		t.Errorf("Wireshark finds %d frames, want %d", got, len(c.Frames))
	}
	for _, filter := range []string{
		"ip.checksum.status == Bad || tcp.checksum.status == Bad || udp.checksum.status == Bad", "tcp.analysis.flags", "_ws.malformed",
	} {
		if got := shark.Frames(filter); len(got) > 0 {
			t.Errorf("%s: got %v, want no frame", filter, got)
		}
	}
	if got := len(shark.Frames("ftp.request.command")); got != 8 {
		t.Errorf("got %d commands, want 8", got)
	}
	for _, test := range []struct {
		filter string
		change func(*Capture)
	}{
		{"tcp.analysis.lost_segment", func(c *Capture) { c.Drop(20) }},
		{"tcp.analysis.out_of_order || tcp.analysis.retransmission", func(c *Capture) {
			s := c.Login()
			s.Client.Segment("P.", "PWD\r\n")
			s.Client.Segment("P.", "NOOP\r\n")
			c.Late(1)
		}},
		{"frame.cap_len < frame.len", func(c *Capture) { c.Last(2).Cut(60) }},
		{"frame.time_delta > 59", func(c *Capture) { c.Pass(time.Minute); c.Login() }},
	} {
		c := whole()
		test.change(c)
		load(c)
		if got := len(shark.Frames(test.filter)); got == 0 {
			t.Errorf("%s: got no frame", test.filter)
		}
	}
}
