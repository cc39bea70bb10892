// Measurements without a comparison, for programs that only need the values.

package measure

import (
	"slices"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/expect"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/tcp"
)

// A Kind says what a value is.
type Kind string

// The kinds of values.
const (
	Count Kind = "count" // a number of packets, connections or bytes, or a port
	Time  Kind = "time"  // in seconds
	Share Kind = "share" // from 0 to 1
	Rate  Kind = "rate"  // in bits a second
	Ratio Kind = "ratio" // of two counts, or another number without a unit
	Words Kind = "words"
)

// A Quantity is something that can be measured. The Manual lists the names.
type Quantity struct {
	name    string
	subject subject
}

// ParseQuantity reads a name, such as ctl.rtt or @list -> @done.
func ParseQuantity(name string) (Quantity, error) {
	s, err := parseSubject(name)
	return Quantity{name, s}, err
}

// Kind returns the kind of the values.
func (q Quantity) Kind() Kind {
	switch q.subject.measurement.unit {
	case count, bytes:
		return Count
	case seconds:
		return Time
	case share:
		return Share
	case rate:
		return Rate
	case words:
		return Words
	}
	return Ratio
}

// IsPort reports whether the values are ports.
func (q Quantity) IsPort() bool { return q.subject.measurement.name == "NAME.port.SIDE" }

// InBytes reports whether the values are numbers of bytes.
func (q Quantity) InBytes() bool { return q.subject.measurement.unit == bytes }

// Words returns the words that the quantity can be, or nil if it can be others, too.
func (q Quantity) Words() []string { return wordsOf[q.subject.measurement.name] }

// CountsFrames reports whether the quantity is about packets that are its [Value.Frames].
func (q Quantity) CountsFrames() bool { return q.subject.ofForged() }

// Check returns an error for a connection or a label that is not in the want.
func (q Quantity) Check(w *expect.Want) error { return q.subject.checkWant(w) }

// A Value is what was measured.
type Value struct {
	Number float64
	Words  string // instead of the number, such as "none"
	Frames []int  // the numbers of the packets that show it; nil for a value of the whole capture
}

// A QuantityError says why one of several quantities has no value.
type QuantityError struct {
	Index int // among them
	name  string
	err   error
}

func (e *QuantityError) Error() string { return e.name + ": " + e.err.Error() }
func (e *QuantityError) Unwrap() error { return e.err }

// Values measures quantities in a capture, which it reads once. The verdict says which
// connection each name means and which packet each label means. The error is a
// [*QuantityError] for a quantity that the capture does not show, or that of reading the capture.
func Values(c *capture.Capture, v *expect.Verdict, quantities []Quantity) ([]Value, error) {
	var subjects []subject
	for _, q := range quantities {
		subjects = append(subjects, q.subject)
	}
	survey, err := read(c, v, subjects)
	if err != nil {
		return nil, err
	}
	var values []Value
	for i, q := range quantities {
		s := &scope{capture: survey, verdict: v, subject: q.subject}
		got, err := s.measure()
		if err != nil && s.lacksPackets(err) != "" {
			err = unjudgedError{err}
		}
		if err != nil {
			return nil, &QuantityError{i, q.name, err}
		}
		values = append(values, Value{got.number, got.words, s.shownBy()})
	}
	return values, nil
}

// shownBy returns the numbers of the packets that show a reader what was measured.
func (s *scope) shownBy() []int {
	switch {
	case s.from != "":
		from, _ := s.label(s.from)
		to, _ := s.label(s.to)
		return []int{from.Packet, to.Packet}
	case s.ofForged():
		return s.capture.signs.Frames()
	case s.conn == nil:
		return nil
	}
	client, server := &s.conn.ClientFlow, &s.conn.ServerFlow
	if slices.Contains(s.args, string(ftp.Client)) {
		server = &tcp.Flow{}
	} else if slices.Contains(s.args, string(ftp.Server)) {
		client = &tcp.Flow{}
	}
	var frames []int
	switch s.measurement.name {
	case "NAME.port.SIDE":
		frames = []int{announcement(s.conn, s.side()), client.SYN, server.SYN}
	case "NAME.rtt", "NAME.address.SIDE", "NAME.mss.SIDE", "NAME.window.SIDE", "NAME.wscale.SIDE", "NAME.timestamps.SIDE", "NAME.sack.SIDE":
		frames = []int{client.SYN, server.SYN}
	case "NAME.opened-by", "NAME.mode":
		frames = []int{s.conn.Flow(s.conn.OpenedBy).SYN}
	case "NAME.first-fin":
		frames = []int{s.conn.Flow(s.conn.FirstFIN).FIN}
	case "NAME.reset-by":
		frames = []int{s.conn.Flow(s.conn.ResetBy).RST}
	case "NAME.command", "NAME.argument":
		frames = []int{s.conn.Transfer.Packet}
	case "NAME.user":
		frames = []int{s.userPacket()}
	case "NAME.commands":
		frames = []int{s.conn.ClientFlow.FirstData, s.conn.ClientFlow.LastData}
	case "NAME.reply.code.COMMAND":
		if x, err := s.exchange(); err == nil {
			frames = []int{x.Packet, x.Replies[len(x.Replies)-1].Packet}
		}
	case "NAME.reply.segments.COMMAND":
		if x, err := s.exchange(); err == nil {
			frames = []int{x.Replies[0].FirstPacket, x.Replies[0].Packet}
		}
	case "NAME.segment.max.SIDE":
		frames = numbers(s.largestSegment())
	case "NAME.window.min.SIDE":
		least, _ := s.windows(0)
		frames = numbers(least)
	case "NAME.window.max.SIDE":
		_, most := s.windows(0)
		frames = numbers(most)
	case "NAME.window.spread.SIDE":
		frames = numbers(s.windows(start))
	case "NAME.gap.max.SIDE":
		before, after, _ := s.aroundLongestGap()
		frames = numbers(before, after)
	case "NAME.df.SIDE":
		frames = numbers(s.firstWithDF(true), s.firstWithDF(false))
	case "NAME.ttl.SIDE":
		frames = numbers(s.sent(s.side())[0])
	case "NAME.segment.last.SIDE":
		frames = numbers(s.lastSegment())
	case "NAME.packets", "NAME.duration":
		frames = []int{s.conn.FirstPacket, s.conn.LastPacket}
	default:
		frames = []int{client.FirstData, client.LastData, server.FirstData, server.LastData}
	}
	frames = slices.DeleteFunc(frames, func(n int) bool { return n == 0 })
	slices.Sort(frames)
	return slices.Compact(frames)
}

// announcement is the packet that announces a side's port of a data connection; 0 for none.
func announcement(c *ftp.Connection, side ftp.Side) int {
	d := c.DataPort
	switch {
	case d == nil || d.PortLost || (d.Mode == ftp.Passive) != (side == ftp.Server):
		return 0
	case d.Mode == ftp.Passive:
		return d.ReplyPacket
	}
	return d.Packet
}

// numbers are the numbers of frames; nil has none.
func numbers(frames ...*expect.Frame) (all []int) {
	for _, f := range frames {
		if f != nil {
			all = append(all, f.Number)
		}
	}
	return all
}
