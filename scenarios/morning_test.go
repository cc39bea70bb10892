package scenarios

import "testing"

// TestMorningFillsNoWindow asks that what the server may have under way is less
// than the window that every client's SYN offers: a full window is not part of an
// ordinary morning, and tshark warns of it.
func TestMorningFillsNoWindow(t *testing.T) {
	const (
		segment = 1460  // bytes, on a link of 1500
		window  = 64240 // of a Linux host that is not told otherwise
	)
	s, err := Load("morning")
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range s.Network.Hosts {
		switch {
		case h.Name == "server" && (h.CWND == 0 || h.CWND*segment >= window):
			t.Errorf("line %d: the server has cwnd %d, want one that keeps it below %d bytes", h.Line, h.CWND, window)
		case h.Window != 0 || h.Buffer != 0 || h.MTU != 0:
			t.Errorf("line %d: %s has a window, a buffer or an MTU of its own, which this test does not know", h.Line, h.Name)
		}
	}
}
