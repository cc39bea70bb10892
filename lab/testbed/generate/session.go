package generate

import (
	"context"
	"encoding/binary"
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

// run runs a planned session. It is an error if it does not go as planned.
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
	syn           uint32         // sequence number of its SYN
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

// note counts a frame in its flow. A SYN with another sequence number than that of the flow
// between the same ends begins the next one: its ports are used again.
func (s *session) note(f frame, byEnds map[ends]*flow) {
	g, ok := parseSegment(f.data)
	if !ok {
		return
	}
	key := endsOf(g.from, g.to)
	x := byEnds[key]
	if x == nil || g.opens && x.syn != g.sequence {
		x = &flow{opener: g.from, other: g.to, syn: g.sequence, first: f.at}
		byEnds[key] = x
		s.flows = append(s.flows, x)
	}
	x.last = f.at
	x.frames++
	x.bytes += int64(len(f.data))
}

// A segment is what the labels need of a TCP segment.
type segment struct {
	from, to netip.AddrPort
	sequence uint32
	opens    bool // it is a SYN, and no answer to one
}

// parseSegment reads the segment in an Ethernet frame.
func parseSegment(data []byte) (s segment, ok bool) {
	const ethernet, v4, v6, tcp = 14, 20, 40, 6
	if len(data) < ethernet+v4 {
		return s, false
	}
	kind, ip := uint16(data[12])<<8|uint16(data[13]), data[ethernet:]
	var source, destination netip.Addr
	var header []byte
	switch {
	case kind == 0x0800 && ip[9] == tcp:
		source, destination = netip.AddrFrom4([4]byte(ip[12:16])), netip.AddrFrom4([4]byte(ip[16:20]))
		header = ip[int(ip[0]&15)*4:]
	case kind == 0x86dd && len(ip) >= v6 && ip[6] == tcp:
		source, destination = netip.AddrFrom16([16]byte(ip[8:24])), netip.AddrFrom16([16]byte(ip[24:40]))
		header = ip[v6:]
	}
	const flags, syn, ack = 13, 0x02, 0x10
	if len(header) <= flags {
		return s, false
	}
	return segment{
		from:     netip.AddrPortFrom(source, binary.BigEndian.Uint16(header)),
		to:       netip.AddrPortFrom(destination, binary.BigEndian.Uint16(header[2:])),
		sequence: binary.BigEndian.Uint32(header[4:]),
		opens:    header[flags]&(syn|ack) == syn,
	}, true
}

// isControl reports whether a frame is one of a control connection.
func (s *session) isControl(f frame) bool {
	g, ok := parseSegment(f.data)
	port := s.scenario.Server.Port
	return ok && (g.from.Port() == port || g.to.Port() == port)
}

// takeTransfer returns the transfer that used a flow, nil for none. It belongs to no other
// flow then.
func (s *session) takeTransfer(f *flow) *runner.Transfer {
	for i, t := range s.transfers {
		if t.Client.IsValid() && endsOf(t.Client, t.Server) == endsOf(f.opener, f.other) {
			s.transfers = slices.Delete(s.transfers, i, i+1)
			return &t
		}
	}
	return nil
}

// control reports whether a flow is a control connection.
func (s *session) control(f *flow) bool { return f.other.Port() == s.scenario.Server.Port }
