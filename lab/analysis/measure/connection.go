// Measurements of one connection.

package measure

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"ftplab/lab/analysis/expect"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
	"ftplab/lab/analysis/tcp"
)

var connectionMeasurements = []measurement{
	{"NAME.rtt", seconds, roundTrip},
	{"NAME.packets", count, func(s *scope) (value, error) { return number(len(s.frames)) }},
	{"NAME.packets.SIDE", count, func(s *scope) (value, error) { return number(len(s.sent(s.side()))) }},
	{"NAME.bytes.SIDE", bytes, func(s *scope) (value, error) { return number(s.conn.Flow(s.side()).Bytes) }},
	{"NAME.segments.SIDE", count, func(s *scope) (value, error) { return number(len(s.segments(s.side()))) }},
	{"NAME.segment.max.SIDE", bytes, segmentMax},
	{"NAME.segment.last.SIDE", bytes, segmentLast},
	{"NAME.segments.full.SIDE", count, segmentsFull},
	{"NAME.segments.late.SIDE", count, segmentsLate},
	{"NAME.acks.SIDE", count, func(s *scope) (value, error) { return number(len(s.acks(s.side()))) }},
	{"NAME.acks-per-segment.SIDE", ratio, func(s *scope) (value, error) {
		return quotient(s.advances(s.side().Other()), len(s.segments(s.side())))
	}},
	{"NAME.segments-per-ack.SIDE", ratio, func(s *scope) (value, error) {
		return quotient(len(s.segments(s.side())), s.advances(s.side().Other()))
	}},
	{"NAME.retransmissions", count, func(s *scope) (value, error) {
		return number(s.conn.ClientFlow.Retransmissions + s.conn.ServerFlow.Retransmissions)
	}},
	{"NAME.out-of-order", count, func(s *scope) (value, error) {
		return number(s.conn.ClientFlow.OutOfOrder + s.conn.ServerFlow.OutOfOrder)
	}},
	{"NAME.duration", seconds, duration},
	{"NAME.transfer.SIDE", seconds, transfer},
	{"NAME.throughput.SIDE", rate, throughput},
	{"NAME.straightness.SIDE", ratio, straightness},
	{"NAME.gap.max.SIDE", seconds, longestGap},
	{"NAME.gap.median.SIDE", seconds, medianGap},
	{"NAME.reply.segments.COMMAND", count, replySegments},
	{"NAME.port.SIDE", count, func(s *scope) (value, error) { return number(s.conn.Addr(s.side()).Port()) }},
	{"NAME.sha256", words, digest},
	{"NAME.mss.SIDE", count, synOption(func(o *expect.Options) (int, bool) { return o.MSS, o.MSS > 0 })},
	{"NAME.window.SIDE", bytes, func(s *scope) (value, error) {
		syn, err := s.syn()
		if err != nil {
			return value{}, err
		}
		return number(syn.RawWindow)
	}},
	{"NAME.wscale.SIDE", count, synOption(func(o *expect.Options) (int, bool) { return o.WindowScale, o.WindowScale >= 0 })},
	{"NAME.timestamps.SIDE", words, synFlag(func(syn *expect.Frame) bool { return syn.Timestamps })},
	{"NAME.sack.SIDE", words, synFlag(func(syn *expect.Frame) bool { return syn.Options.SACKPermitted })},
	{"NAME.window.min.SIDE", bytes, func(s *scope) (value, error) {
		least, _ := s.windows(0)
		return s.windowOf(least)
	}},
	{"NAME.window.max.SIDE", bytes, func(s *scope) (value, error) {
		_, most := s.windows(0)
		return s.windowOf(most)
	}},
	{"NAME.window.spread.SIDE", share, windowSpread},
	{"NAME.df.SIDE", words, dontFragment},
	{"NAME.ttl.SIDE", count, ttl},
}

// digest is the SHA-256 of what a data connection carried.
func digest(s *scope) (value, error) {
	c := s.conn
	switch {
	case c.SHA256 != "":
		return value{words: c.SHA256}, nil
	case c.Lacks(c.Sender()).Any():
		return value{}, unjudgedError{errors.New("not all of its bytes are in the capture")}
	case c.TLS != nil && c.TLS.Hidden():
		return value{}, hiddenContent(c)
	}
	return value{}, s.unknownRole()
}

// roundTrip is the time of the handshake.
func roundTrip(s *scope) (value, error) {
	if !s.conn.HandshakeSeen {
		return value{}, errors.New("the capture does not show the handshake")
	}
	if !s.conn.HandshakeTimed {
		return value{}, unjudgedError{errors.New("no place has both the SYN and its answer")}
	}
	if s.capture.astray[s.conn.ID] {
		return value{}, unjudgedError{errors.New("it was recorded at another place than other connections between these hosts")}
	}
	first, most := s.synsSentAgain()
	rtt := s.conn.HandshakeRTT
	if first > 0 && (rtt > most || s.conn.Unsure && first <= most) {
		return value{}, unjudgedError{errors.New("the SYN was sent again, and the capture does not show which of them was answered")}
	}
	return number(rtt.Seconds())
}

// synsSentAgain returns, of a connection whose SYN was sent more than once before its answer, the
// time from the first one to the answer, and the most that a round trip can take: the side that
// was called sends no data before the ACK of the handshake has come, and the recorder sees both.
func (s *scope) synsSentAgain() (first, most time.Duration) {
	var sent, answered, acked *expect.Frame
	again := false
	for _, f := range s.frames {
		opener, syn := f.From == s.conn.OpenedBy, f.Has(packet.SYN)
		switch {
		case f.Away:
		case opener && syn && answered == nil:
			if again = sent != nil; !again {
				sent = f
			}
		case !opener && syn && answered == nil:
			if answered = f; !again {
				return 0, 0
			}
		case opener && !syn && answered != nil && acked == nil:
			acked = f
		case !opener && f.Payload > 0 && acked != nil:
			return answered.Time - sent.Time, f.Time - acked.Time
		}
	}
	if !again || answered == nil {
		return 0, 0
	}
	return answered.Time - sent.Time, math.MaxInt64
}

// nearRecorder explains a round trip that is short because the recorder was near the
// host that answers the SYN. Most of the delay is then between the answer and the ACK.
func (s *scope) nearRecorder() string {
	var answered, acked *expect.Frame
	for _, f := range s.frames {
		switch {
		case f.Away:
		case answered == nil && f.Has(packet.SYN|packet.ACK):
			answered = f
		case answered != nil && acked == nil && f.Has(packet.ACK) && !f.Has(packet.SYN) && f.From == s.conn.OpenedBy:
			acked = f
		}
	}
	const far = 4
	if acked == nil || acked.Time-answered.Time < far*s.conn.HandshakeRTT {
		return ""
	}
	return fmt.Sprintf("the recorder was near the end that accepted the connection: the SYN and ACK passed %s after the SYN, and the ACK for it %s later; capture= of the network chooses its place",
		seconds.print(value{number: s.conn.HandshakeRTT.Seconds()}, "ms"), seconds.print(value{number: (acked.Time - answered.Time).Seconds()}, "ms"))
}

// sent are the packets that a side sent.
func (s *scope) sent(side ftp.Side) []*expect.Frame {
	var all []*expect.Frame
	for _, f := range s.frames {
		if f.From == side {
			all = append(all, f)
		}
	}
	return all
}

// here returns the packets that were recorded where the connection is read. The clock of another place, and
// the times to live there, are other ones. Nobody knows when a packet that only another place has came here,
// unless the recorder lost none: then it did not come.
func (s *scope) here(frames []*expect.Frame) ([]*expect.Frame, error) {
	here := slices.DeleteFunc(slices.Clone(frames), func(f *expect.Frame) bool { return f.Away })
	if len(here) < len(frames) && !s.capture.complete {
		return nil, unjudgedError{errors.New("one place does not have all of its packets")}
	}
	return here, nil
}

// segments are the packets with data that a side sent, without damaged ones, and without probes that repeat a byte.
func (s *scope) segments(side ftp.Side) []*expect.Frame {
	damaged := s.conn.Flow(side).Damaged > 0 // else the other side accepted packets with wrong checksums
	end := int64(1)
	return slices.DeleteFunc(s.sent(side), func(f *expect.Frame) bool {
		probe := f.Analysis&tcp.KeepAlive != 0 && f.Seq < end
		if !probe && !f.Damaged {
			end = max(end, f.Seq+int64(f.Payload))
		}
		return f.Payload == 0 || probe || f.Damaged && damaged
	})
}

// acks are the bare ACKs that a side sent, without the one of the handshake, which only the side
// that opened the connection sends.
func (s *scope) acks(side ftp.Side) []*expect.Frame {
	all := slices.DeleteFunc(s.sent(side), func(f *expect.Frame) bool {
		return f.Payload > 0 || f.Flags&(packet.SYN|packet.FIN|packet.RST) != 0
	})
	if side == s.conn.OpenedBy && len(all) > 0 && all[0].Seq == 1 && all[0].Ack == 1 {
		all = all[1:]
	}
	return all
}

// advances counts the bare ACKs of a side that acknowledge more data than all earlier
// ones.
func (s *scope) advances(side ftp.Side) int {
	n, highest := 0, int64(1)
	for _, f := range s.acks(side) {
		if f.Ack > highest {
			n, highest = n+1, f.Ack
		}
	}
	return n
}

func quotient(a, b int) (value, error) {
	if b == 0 {
		return value{}, errNothing
	}
	return number(float64(a) / float64(b))
}

func segmentMax(s *scope) (value, error) {
	if largest := s.largestSegment(); largest != nil {
		return number(largest.Payload)
	}
	return number(0)
}

// largestSegment is the first of the largest segments of the scope's side, nil for none.
func (s *scope) largestSegment() (largest *expect.Frame) {
	for _, f := range s.segments(s.side()) {
		if largest == nil || f.Payload > largest.Payload {
			largest = f
		}
	}
	return largest
}

// segmentsLate counts the segments that begin below the end of an earlier one. When another place had
// a segment does not show what came before it here.
func segmentsLate(s *scope) (value, error) {
	n, end := 0, int64(0)
	for _, f := range s.segments(s.side()) {
		if f.Away {
			continue
		}
		if f.Seq < end {
			n++
		}
		end = max(end, f.Seq+int64(f.Payload))
	}
	return number(n)
}

func segmentLast(s *scope) (value, error) {
	last := s.lastSegment()
	if last == nil {
		return value{}, errNothing
	}
	return number(last.Payload)
}

// lastSegment is the segment with the highest sequence numbers, nil for none.
func (s *scope) lastSegment() (last *expect.Frame) {
	for _, f := range s.segments(s.side()) {
		if last == nil || f.Seq+int64(f.Payload) > last.Seq+int64(last.Payload) {
			last = f
		}
	}
	return last
}

func segmentsFull(s *scope) (value, error) {
	largest, n := 0, 0
	for _, f := range s.segments(s.side()) {
		switch {
		case f.Payload > largest:
			largest, n = f.Payload, 1
		case f.Payload == largest:
			n++
		}
	}
	return number(n)
}

// duration is the time from the first packet to the last one.
func duration(s *scope) (value, error) {
	if _, err := s.here(s.frames); err != nil {
		return value{}, err
	}
	return number(float64(s.conn.LastTime-s.conn.FirstTime) / 1e9)
}

func transfer(s *scope) (value, error) {
	all, err := s.here(s.segments(s.side()))
	if err != nil {
		return value{}, err
	}
	if len(all) == 0 {
		return value{}, errNothing
	}
	return number((all[len(all)-1].Time - all[0].Time).Seconds())
}

func throughput(s *scope) (value, error) {
	v, err := transfer(s)
	if err != nil {
		return v, err
	}
	if v.number <= 0 {
		return value{}, fmt.Errorf("all of it came at the same time")
	}
	return number(8 * float64(s.conn.Flow(s.side()).Bytes) / v.number)
}

// replySegments counts the packets in which a reply came.
func replySegments(s *scope) (value, error) {
	x, err := s.exchange()
	if err != nil {
		return value{}, err
	}
	if lines := x.Replies[0].Lines; (lacks(&s.conn.ServerFlow) || s.capture.cut) && !lines[len(lines)-1].Complete {
		return value{}, unrecorded(s.conn.ID)
	}
	return number(s.between(x.Replies[0].FirstPacket, x.Replies[0].Packet, s.segments(ftp.Server)))
}

// between counts the frames numbered from first to last.
func (s *scope) between(first, last int, frames []*expect.Frame) int {
	n := 0
	for _, f := range frames {
		if f.Number >= first && f.Number <= last {
			n++
		}
	}
	return n
}

// syn is the first SYN of the scope's side, which always has its options.
func (s *scope) syn() (*expect.Frame, error) {
	for _, f := range s.sent(s.side()) {
		if f.Has(packet.SYN) && f.Options != nil {
			return f, nil
		}
	}
	return nil, fmt.Errorf("the capture does not show the %s's SYN", s.side())
}

// synOption returns a measurement of a TCP option that is a number.
func synOption(of func(*expect.Options) (int, bool)) func(*scope) (value, error) {
	return func(s *scope) (value, error) {
		syn, err := s.syn()
		if err != nil {
			return value{}, err
		}
		if n, ok := of(syn.Options); ok {
			return number(n)
		}
		return value{words: "none"}, optionsCut(syn)
	}
}

// synFlag returns a measurement of a TCP option that is there or not.
func synFlag(of func(syn *expect.Frame) bool) func(*scope) (value, error) {
	return func(s *scope) (value, error) {
		syn, err := s.syn()
		if err != nil {
			return value{}, err
		}
		if of(syn) {
			return yesNo(true)
		}
		return value{words: "no"}, optionsCut(syn)
	}
}

func dontFragment(s *scope) (value, error) {
	set, unset := s.firstWithDF(true), s.firstWithDF(false)
	switch {
	case set == nil && unset == nil:
		return value{}, errNothing
	case set != nil && unset != nil:
		return value{words: "some"}, nil
	}
	return yesNo(set != nil)
}

// firstWithDF is the first packet of the scope's side with this value of the bit; nil for none.
func (s *scope) firstWithDF(set bool) *expect.Frame {
	all := s.sent(s.side())
	if i := slices.IndexFunc(all, func(f *expect.Frame) bool { return f.DF == set }); i >= 0 {
		return all[i]
	}
	return nil
}

func ttl(s *scope) (value, error) {
	all, err := s.here(s.sent(s.side()))
	if err != nil {
		return value{}, err
	}
	if len(all) == 0 {
		return value{}, errNothing
	}
	for _, f := range all {
		if f.TTL != all[0].TTL {
			return value{}, fmt.Errorf("packets have different ones, such as %d and %d", all[0].TTL, f.TTL)
		}
	}
	return number(int(all[0].TTL))
}
