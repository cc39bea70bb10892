package expect

import (
	"slices"
	"testing"

	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
	"ftplab/lab/internal/forge"
)

// TestLostTogether takes packets away from sessions: any two, those of windows of two to six, and three of
// one sender. Only what nothing else shows is missing then, and the whole session passes the want that is
// derived from the rest.
func TestLostTogether(t *testing.T) {
	sweepLost(t, "active listing", activeWant, activeListing(), true)
	for _, s := range sessions[:2] { // the others have retransmissions, or are not of FTP alone
		g := &recording{forge.New(), false}
		s.run(t, g, false)
		sweepLost(t, s.name, derive(t, g.capture(t), hosts), g, false)
	}
}

// A lostSweep takes packets away from a session.
type lostSweep struct {
	name, want string
	whole      *recording
	frames     []Frame
	lines      []Match // of the whole session
}

func sweepLost(t *testing.T, name, want string, g *recording, pairs bool) {
	c := g.capture(t)
	s := &lostSweep{name: name, want: want, whole: g, lines: verdict(t, want, g).Lines}
	streams := map[sender][]int{}
	for p := range c.Packets() {
		if i := len(s.frames); p.Connection != nil {
			of := sender{p.Connection.ID, p.From}
			streams[of] = append(streams[of], i)
		}
		s.frames = append(s.frames, FrameOf(p, c.Start))
	}
	var all []int
	for i := range s.frames {
		all = append(all, i)
	}
	for i := range all {
		if testing.Short() && i%4 != 0 {
			continue
		}
		for n := 2; n <= 6 && i+n <= len(all); n++ {
			s.without(t, all[i:i+n], true)
		}
		for k := i + 1; k < len(all) && pairs; k++ {
			s.without(t, []int{i, k}, k-i <= 3)
		}
	}
	for _, stream := range streams {
		for i := 0; i+3 <= len(stream); i++ {
			s.without(t, stream[i:i+3], false)
		}
	}
}

// without judges what is left of a session without some packets, and derives a want from it.
func (s *lostSweep) without(t *testing.T, lost []int, derives bool) {
	t.Helper()
	left := &recording{forge.New(), s.whole.loopback}
	untraced, silent := map[int]bool{}, false
	for i, f := range s.whole.Frames {
		if !slices.Contains(lost, i) {
			left.Frames = append(left.Frames, f)
		} else if !s.traced(i, lost) {
			untraced[s.frames[i].Number] = true
			silent = silent || s.frames[i].End() > s.frames[i].Seq || s.frames[i].Has(packet.RST)
		}
	}
	v := verdict(t, s.want, left)
	for _, m := range v.Mismatches {
		line := slices.IndexFunc(s.lines, func(l Match) bool { return l.Line == m.Line })
		if m.Kind == Unwanted || line < 0 || !untraced[s.lines[line].Packet] {
			t.Errorf("%s, without the frames with the indexes %v:\n%s", s.name, lost, v.Report())
			break
		}
	}
	c := left.capture(t)
	for x := range c.Connections() {
		silent = silent || x.Role == ftp.Other && x.OpenedBy == "" // nobody knows who opened it
	}
	if !derives || silent {
		return
	}
	want := derive(t, c, hosts)
	if v := verdict(t, want, s.whole); !v.Pass {
		t.Errorf("%s, with the want without the frames with the indexes %v:\n%s\n%s", s.name, lost, want, v.Report())
	}
}

// traced reports whether a packet that is not lost shows that a lost one was sent: its sender sent what
// follows, or the other side acknowledges it.
func (s *lostSweep) traced(i int, lost []int) bool {
	f := &s.frames[i]
	if f.Connection == nil || f.End() == f.Seq {
		return false
	}
	for k := range s.frames {
		other := &s.frames[k]
		switch {
		case slices.Contains(lost, k) || other.Connection == nil || other.Connection.ID != f.Connection.ID || other.Has(packet.RST):
		case other.From == f.From && other.Seq >= f.End(), other.From != f.From && other.Ack >= f.End():
			return true
		}
	}
	return false
}
