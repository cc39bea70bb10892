// How much of a capture could be judged, and what stood in the way.

package baseline

import (
	"fmt"
	"strings"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/bounded"
	"ftplab/lab/analysis/baseline/internal/wording"
)

// Judged says how much of a capture could be judged.
type Judged struct {
	// Sessions counts all FTP sessions. Of Whole ones the capture has the dialogue from the beginning to the end
	// and the data connections, both without a gap, and the dialogue can be read. Of those in Parts it has some
	// of that, as of a session that goes on at the end of the capture.
	// Hidden ones go on in TLS, or with another protection, and cannot be read. Of the others there is next to nothing.
	Sessions int `json:"sessions"`
	Whole    int `json:"whole"`
	Parts    int `json:"parts"`
	Hidden   int `json:"hidden"`
	// LacksStart and LacksEnd count those in Parts whose beginning or end is not in the capture.
	LacksStart int `json:"lacks_start"`
	LacksEnd   int `json:"lacks_end"`
	// Lost is the number of bytes of control connections that the capture does not have
	// although they were sent, LostData that of data connections, and LostConnections the number of data
	// connections of successful transfers of which it has nothing. Dropped is the number of packets that the recorder says it
	// lost, CutShort of those of which it kept only the beginning, and Damaged of those on
	// control connections whose TCP checksum is wrong, so that nobody accepted them.
	Lost            int64  `json:"lost"`
	LostData        int64  `json:"lost_data"`
	LostConnections int    `json:"lost_connections"`
	Dropped         uint64 `json:"dropped"`
	CutShort        int    `json:"cut_short"`
	Damaged         int    `json:"damaged"`
	// Full are the limits of the check that the capture reached. What was left out was not judged.
	Full []bounded.Full `json:"full"`

	partly               int  // of Hidden, those of which the keys show one side or less
	protected            int  // of Hidden, those that another mechanism than TLS protects
	cut                  bool // the file is cut off
	packets, connections int
}

// any reports whether anything of a session could be judged.
func (j Judged) any() bool { return j.Whole+j.Parts > 0 }

// enough reports whether so much could be judged that a capture in which nothing differs is normal.
func (j Judged) enough() bool { return j.any() && len(j.Full) == 0 }

// add counts a session.
func (j *Judged) add(s *evidence.Session) {
	j.Sessions++
	j.Lost += s.Control.Missing() + s.Control.CutShort()
	j.Damaged += s.Damaged
	lost, connections, hasData := s.LostData()
	j.LostData += lost
	j.LostConnections += connections
	switch {
	case s.Whole && hasData && len(s.Lines) > 0 && s.Concluded():
		j.Whole++
	case s.Shows():
		j.Parts++
		if s.Control.LacksStart() && !s.FromStart() {
			j.LacksStart++
		}
		if !s.Concluded() {
			j.LacksEnd++
		}
	case s.Protection != nil:
		j.Hidden++
		j.protected++
	case s.Hidden && !s.Opaque():
		j.Hidden++
		j.partly++
	case s.Hidden || s.SecuredAt > 0 && !s.MayBeClear || s.Layer != nil && len(s.Layer.Problems) > 0:
		j.Hidden++
	}
}

// String says it in a sentence: "4 of 6 sessions whole, 1 in part; the recorder lost 3
// packets".
func (j Judged) String() string {
	if j.Sessions == 0 {
		return fmt.Sprintf("%s and %s, none of them FTP that can be read",
			wording.Plural(j.packets, "packet", "packets"), wording.Plural(j.connections, "TCP connection", "TCP connections"))
	}
	text := fmt.Sprintf("%d of %s whole", j.Whole, wording.Plural(j.Sessions, "session", "sessions"))
	rest := j.Sessions - j.Whole - j.Parts - j.Hidden
	for _, part := range []struct {
		n    int
		what string
	}{{j.Parts, "in part"}, {j.Hidden - j.partly - j.protected, "in TLS that cannot be read"},
		{j.protected, "under RFC 2228 protection that cannot be read"},
		{j.partly, "in TLS of which the keys show too little"}, {rest, "with next to nothing of the dialogue"}} {
		if part.n > 0 {
			text += fmt.Sprintf(", %d %s", part.n, part.what)
		}
	}
	var losses []string
	add := func(n int, one, many, what string) {
		if n > 0 {
			losses = append(losses, wording.Plural(n, one, many)+" "+what)
		}
	}
	add(j.LacksStart, "session", "sessions", "whose beginning is not in the capture")
	add(j.LacksEnd, "session", "sessions", "whose end is not in the capture")
	add(int(j.Lost), "byte", "bytes", "of the dialogue not recorded")
	add(int(j.LostData), "byte", "bytes", "of data not recorded")
	add(j.LostConnections, "data connection", "data connections", "not recorded")
	add(int(j.Dropped), "packet", "packets", "lost by the recorder, as it says")
	add(j.CutShort, "packet", "packets", "cut short by the recorder")
	add(j.Damaged, "packet", "packets", "with a wrong checksum")
	if j.cut {
		losses = append(losses, "the file is cut off")
	}
	for _, f := range j.Full {
		losses = append(losses, fmt.Sprintf("more %s than the %d that the check remembers: at least %d not judged, from frame %d on", f.Of, f.Most, f.LeftOut, f.Packet))
	}
	if losses != nil {
		text += "; " + strings.Join(losses, ", ")
	}
	return text
}
