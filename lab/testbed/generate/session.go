package generate

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"ftplab/lab/pcapng"
	"ftplab/lab/testbed/gvisor"
	"ftplab/lab/testbed/runner"
)

// A session is one that has taken place.
type session struct {
	*plan
	frames    []frame // in the order of time
	flows     []*flow // in the order of their first frames
	transfers []runner.Transfer
	keys      string // of its TLS: lines of a key log; "" without TLS
}

// A frame is one of a session's capture.
type frame struct {
	at   int64 // nanoseconds since 1970
	data []byte
}

// run has a planned session take place. It is an error if that does not go as planned.
func (c *Corpus) run(ctx context.Context, p *plan) (*session, error) {
	s := &session{plan: p}
	var mu sync.Mutex
	took := func(t runner.Transfer) {
		mu.Lock()
		defer mu.Unlock()
		s.transfers = append(s.transfers, t)
	}
	byEnds := map[ends]*flow{}
	builder := gvisor.Builder{
		Seed: mixedWord(c.mixed(forNetwork, uint64(p.number))), Start: p.start,
		Frame: func(at int64, data []byte) {
			f := frame{at, data}
			if p.controlOnly && !s.isControl(f) {
				return
			}
			s.frames = append(s.frames, f)
			s.note(f, byEnds)
		},
	}
	recording := runner.Recording{File: io.Discard, Format: pcapng.PCAP}
	outcome, err := runner.Run(ctx, p.scenario, builder, recording, runner.StepsWith(nil, took))
	if err != nil {
		return nil, fmt.Errorf("session %d: %w", p.number, err)
	}
	if len(outcome.Failures) > 0 {
		var lines []string
		for _, f := range outcome.Failures {
			lines = append(lines, f.Message)
		}
		return nil, fmt.Errorf("session %d did not go as planned: %s", p.number, strings.Join(lines, "; "))
	}
	s.keys = sorted(outcome.Keys)
	return s, nil
}

// sorted are the lines of a TLS key log in the order of the alphabet. Both sides write to it, and
// who comes first is chance.
func sorted(log string) string {
	lines := slices.Sorted(strings.Lines(log))
	return strings.Join(lines, "")
}

// A flow is one TCP connection of a session.
type flow struct {
	opener, other netip.AddrPort // opener sent the first frame
	first, last   int64          // when the first and the last frame passed, nanoseconds since 1970
	frames, bytes int64          // bytes on the wire
}

// ends are the two ends of a connection, the lower one first.
type ends struct{ a, b netip.AddrPort }

func endsOf(a, b netip.AddrPort) ends {
	if b.Compare(a) < 0 {
		a, b = b, a
	}
	return ends{a, b}
}

// note counts a frame in its flow.
func (s *session) note(f frame, byEnds map[ends]*flow) {
	from, to, ok := tcpEnds(f.data)
	if !ok {
		return
	}
	key := endsOf(from, to)
	x := byEnds[key]
	if x == nil {
		x = &flow{opener: from, other: to, first: f.at}
		byEnds[key] = x
		s.flows = append(s.flows, x)
	}
	x.last = f.at
	x.frames++
	x.bytes += int64(len(f.data))
}

// tcpEnds are the ends of the segment in an Ethernet frame.
func tcpEnds(data []byte) (from, to netip.AddrPort, ok bool) {
	const ethernet, v4, v6, tcp = 14, 20, 40, 6
	if len(data) < ethernet+v4 {
		return from, to, false
	}
	kind, ip := uint16(data[12])<<8|uint16(data[13]), data[ethernet:]
	var source, destination netip.Addr
	var ports []byte
	switch {
	case kind == 0x0800 && ip[9] == tcp:
		source, destination = netip.AddrFrom4([4]byte(ip[12:16])), netip.AddrFrom4([4]byte(ip[16:20]))
		ports = ip[int(ip[0]&15)*4:]
	case kind == 0x86dd && len(ip) >= v6 && ip[6] == tcp:
		source, destination = netip.AddrFrom16([16]byte(ip[8:24])), netip.AddrFrom16([16]byte(ip[24:40]))
		ports = ip[v6:]
	}
	if len(ports) < 4 {
		return from, to, false
	}
	port := func(b []byte) uint16 { return uint16(b[0])<<8 | uint16(b[1]) }
	return netip.AddrPortFrom(source, port(ports)), netip.AddrPortFrom(destination, port(ports[2:])), true
}

// isControl reports whether a frame is one of a control connection.
func (s *session) isControl(f frame) bool {
	from, to, ok := tcpEnds(f.data)
	port := s.scenario.Server.Port
	return ok && (from.Port() == port || to.Port() == port)
}

// transferOf is the transfer that used a flow, nil for none.
func (s *session) transferOf(f *flow) *runner.Transfer {
	for i := range s.transfers {
		t := &s.transfers[i]
		if t.Client.IsValid() && endsOf(t.Client, t.Server) == endsOf(f.opener, f.other) {
			return t
		}
	}
	return nil
}

// control reports whether a flow is a control connection.
func (s *session) control(f *flow) bool { return f.other.Port() == s.scenario.Server.Port }
