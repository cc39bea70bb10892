package report

import (
	"fmt"
	"io"
	"text/tabwriter"

	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/tcp"
)

// A Sequence is the data of a time-sequence graph as tcptrace draws it: the segments of
// one side of a connection, and the acknowledgements and windows of the other.
type Sequence struct {
	Connection *ftp.Connection
	From       ftp.Side
	// Points are in the order of the capture.
	Points []Point
	// Packets is the number of packets that have a point. There are fewer Points if
	// they were thinned: in the middle of a long transfer, only the extremes of each
	// run of packets are kept.
	Packets int
	// Answers is the number of packets of the other side since the first segment with data.
	Answers int
	// Holes are what was missing while later bytes had come, in the order of their
	// beginnings.
	Holes []Hole
	// Place is where the connection is read, if packets of it were recorded only at another place. They have no point.
	// It is "" if there are none.
	Place string
}

// A Point is one packet in a time-sequence graph: a segment of the data, or an
// acknowledgement of the other side.
type Point struct {
	Packet int   // its number
	Time   int64 // nanoseconds since 1970
	Data   bool  // a segment from Seq to End; false for an ACK of End
	// Seq and End are relative sequence numbers. Window is the right edge of the window
	// of an ACK: the first number that may not be sent yet.
	Seq, End, Window int64
	Syn, Fin         bool
	Retransmission   bool
	SACK             []tcp.SACKBlock // what an ACK says has come after a gap
}

// Thinned reports whether points were left out.
func (s *Sequence) Thinned() bool { return len(s.Points) < s.Packets }

// Sequence returns the time-sequence data of one side of c. It is nil if there are
// none, or if there was no room for them.
func (ps *Packets) Sequence(c *ftp.Connection, from ftp.Side) *Sequence {
	course := ps.courses[c.ID]
	if course == nil {
		return nil
	}
	s := &Sequence{Connection: c, From: from, Holes: course.holes[sideIndex(from)].all(), Place: course.place, Answers: course.answers[sideIndex(from.Other())]}
	for _, p := range course.shape.all() {
		if q, ok := p.seenFrom(from); ok {
			s.Points = append(s.Points, q)
		}
	}
	s.Packets = len(s.Points) + course.shape.left()
	return s
}

// WriteText prints the points as a table, times after start.
func (s *Sequence) WriteText(w io.Writer, start int64) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "frame\ttime (s)\twhat\tsequence numbers\tbytes\tACK\twindow's edge\t")
	for _, p := range s.Points {
		seconds := seconds(p.Time - start)
		if p.Data {
			fmt.Fprintf(table, "%d\t%s\t%s\t%d:%d\t%d\t\t\t\n", p.Packet, seconds, p.what(), p.Seq, p.End, p.End-p.Seq)
			continue
		}
		fmt.Fprintf(table, "%d\t%s\tACK\t\t\t%d\t%d\t\n", p.Packet, seconds, p.End, p.Window)
	}
	return table.Flush()
}

func (p Point) what() string {
	switch {
	case p.Retransmission:
		return "again"
	case p.Syn:
		return "SYN"
	case p.Fin && p.End > p.Seq:
		return "data+FIN"
	case p.Fin:
		return "FIN"
	}
	return "data"
}
