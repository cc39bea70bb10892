package generate

import (
	"net/netip"
	"testing"

	"ftplab/lab/internal/forge"
	"ftplab/lab/testbed/runner"
)

// TestPortsUsedAgain has two data connections between the same ends, one after the other. Each
// is a flow of its own, with its own transfer; a SYN that is sent again begins no other one.
func TestPortsUsedAgain(t *testing.T) {
	f := forge.New()
	const from, to = "10.0.0.9:40002", "198.51.100.21:25601"
	for _, text := range []string{"one", "two"} {
		_, data := f.Dial(from, to)
		data.Send(text)
		data.Close()
	}
	frames := f.Frames
	frames[len(frames)/2].Data[14+20+4]++    // the second SYN has a sequence number of its own
	frames = append(frames[:1:1], frames...) // the first SYN is sent again
	s := &session{plan: &plan{}}
	byEnds := map[ends]*flow{}
	for i, x := range frames {
		s.note(frame{int64(i), x.Data}, byEnds)
	}
	if len(s.flows) != 2 || s.flows[0].frames != s.flows[1].frames+1 {
		t.Fatalf("got %d flows, the first %+v, want two, and one frame more in the first", len(s.flows), *s.flows[0])
	}
	for _, path := range []string{"/one", "/two"} {
		s.transfers = append(s.transfers, runner.Transfer{Path: path, Client: netip.MustParseAddrPort(from), Server: netip.MustParseAddrPort(to)})
	}
	for i, want := range []string{"/one", "/two"} {
		if x := s.takeTransfer(s.flows[i]); x == nil || x.Path != want {
			t.Errorf("flow %d: got the transfer %+v, want that of %s", i, x, want)
		}
	}
}
