package path

import (
	"testing"

	"ftplab/lab/scenario"
)

// numbered is a frame that contains its number.
func numbered(n byte) queued { return queued{due: int64(n), frame: frame{n}} }

func TestFIFO(t *testing.T) {
	var q fifo
	var in, out byte
	for _, step := range []int{3, -2, 200, -100, 50, -151, 1, -1} {
		for ; step > 0; step-- {
			q.add(numbered(in))
			in++
		}
		for ; step < 0; step++ {
			if got := q.take().frame[0]; got != out {
				t.Fatalf("got frame %d, want %d", got, out)
			}
			out++
		}
	}
	if q.len() != 0 || q.first() != nil {
		t.Errorf("got %d frames left, want none", q.len())
	}
}

func TestDirectionTakesWhatIsDueFirst(t *testing.T) {
	var d direction
	for _, n := range []byte{10, 20, 30} {
		d.queue.add(numbered(n))
	}
	for _, n := range []byte{25, 5, 40} {
		d.setApart(numbered(n))
	}
	for _, want := range []byte{5, 10, 20, 25, 30, 40} {
		if got := d.take().frame[0]; got != want {
			t.Errorf("got frame %d, want %d", got, want)
		}
	}
	if !d.empty() {
		t.Error("something is left")
	}
}

func TestHeldUntilOvertaken(t *testing.T) {
	var d direction
	first, second := synFrame(t, false, 64, 1460), synFrame(t, false, 64, 1400)
	d.hold(queued{due: 100, frame: first}, 7)
	if !d.overtakes(second) {
		t.Error("a segment of the same connection does not overtake the one that is held")
	}
	if d.overtakes(synFrame(t, true, 64, 1460)) {
		t.Error("a segment of another connection overtakes the one that is held")
	}
	d.overtaken(second, 1000)
	if got := d.take().due; got != 1007 {
		t.Errorf("the segment that was held is due at %d, want 1007", got)
	}

	d.hold(queued{due: 100, frame: first}, 7)
	if got, want := d.take().due, 100+int64(holdTimeout); got != want {
		t.Errorf("a segment that nothing overtakes is due at %d, want %d", got, want)
	}
}

func TestStoreUsesItsMemoryAgain(t *testing.T) {
	var s store
	var chunks []*chunk
	for range 10_000 {
		kept, c := s.keep(make(frame, 1514))
		if len(kept) != 1514 {
			t.Fatalf("kept %d bytes, want 1514", len(kept))
		}
		if chunks = append(chunks, c); len(chunks) > 300 {
			s.free(chunks[0])
			chunks = chunks[1:]
		}
	}
	for _, c := range chunks {
		s.free(c)
	}
	if got := len(s.spare); got > 3 {
		t.Errorf("%d chunks were made for what fits into 3", got+1)
	}
}

// flags is a pattern of TCP flags, from tcpdump's letters.
func flags(t *testing.T, text string) scenario.Flags {
	t.Helper()
	f, err := scenario.ParseFlags(text)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestLaggardClaims(t *testing.T) {
	push := segment{flags: 0x18, length: 1167} // [P.]
	fin := segment{flags: 0x11}                // [F.]
	for _, c := range []struct {
		rule scenario.Late
		want [2]bool // of push and fin
	}{
		{scenario.Late{Length: -1}, [2]bool{true, true}},
		{scenario.Late{Length: 1167}, [2]bool{true, false}},
		{scenario.Late{Length: -1, Flags: flags(t, "[.]")}, [2]bool{true, false}},
		{scenario.Late{Length: -1, Flags: flags(t, "[P.]")}, [2]bool{true, false}},
		{scenario.Late{Length: -1, Flags: flags(t, "[F.]")}, [2]bool{false, true}},
		{scenario.Late{Length: -1, FromPort: 20}, [2]bool{false, false}},
	} {
		for i, s := range []segment{push, fin} {
			l := newDelayRule(c.rule)
			if got := l.claims(s); got != c.want[i] {
				t.Errorf("%+v of %+v: got %v, want %v", c.rule, s, got, c.want[i])
			}
			if l.claims(s) {
				t.Errorf("%+v claims a second one", c.rule)
			}
		}
	}
}

func TestLedger(t *testing.T) {
	_, client, server := 0, synFrame(t, false, 64, 1460), synFrame(t, false, 64, 1460)
	c, _ := client.segment()
	s, _ := server.segment()
	s.from, s.to = c.to, c.from
	c.seq, s.seq = 1<<32-1, 50 // the SYN has the largest sequence number
	l := newStreams()
	steps := []struct {
		segment
		open bool
	}{
		{with(c, flagSYN, 0, 0, 0), false}, // it may have no answer
		{with(s, flagSYN|flagACK, 0, 0, 0), true},
		{with(c, flagACK, 1, 51, 0), false},
		{with(s, flagACK, 1, 0, 100), true},
		{with(c, flagACK, 1, 101, 0), true},
		{with(c, flagACK, 1, 151, 0), false},
		{with(s, flagFIN|flagACK, 101, 0, 0), true},
		{with(c, flagACK, 1, 152, 0), false},
		{with(c, flagACK, 1, 152, 10), true},
		{with(s, flagRST, 102, 0, 0), false},
	}
	for i, step := range steps {
		l.enter(step.segment)
		if got := l.open(); (got != "") != step.open {
			t.Errorf("after segment %d: got %q open, want open %v", i+1, got, step.open)
		}
	}
}

// with is a segment at an offset into its stream.
func with(s segment, flags byte, offset, ack uint32, length int) segment {
	s.flags, s.seq, s.ack, s.length = flags, s.seq+offset, ack, length
	return s
}
