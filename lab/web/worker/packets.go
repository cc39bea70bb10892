package worker

import (
	"bytes"
	"fmt"
	"iter"
	"strings"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/report/text"
)

// A search selects packets: those after packet After, of a connection (-1 for all),
// whose line or bytes contain a text. Upper and lower case are the same.
type search struct {
	After      int
	Connection int
	Text       string
	Count      int // the largest number of packets to return
}

// A line is a packet in a list.
type line struct {
	Packet     int    `json:"packet"`
	Time       string `json:"time"` // after the first packet, seconds
	Connection int    `json:"connection"`
	Role       string `json:"role"`
	Length     int    `json:"length"`
	Text       string `json:"text"`
}

// A found has the next packets of a search.
type found struct {
	Packets []line `json:"packets"`
	Done    bool   `json:"done"` // there are no more
}

// mostLine is how much of a packet's line is shown, in bytes.
const mostLine = 400

// packets returns the next packets of a search. A search that continues after the last
// packets returned continues to read; any other search reads the capture from its
// beginning.
func (w *Worker) packets(s search) (found, error) {
	o, err := w.capture()
	if err != nil {
		return found{}, err
	}
	s.Text = strings.ToLower(s.Text)
	if r := o.reading; r == nil || r.connection != s.Connection || r.text != s.Text || r.last != s.After {
		if r != nil {
			r.stop()
		}
		o.reading = o.read(s)
	}
	f := found{Packets: []line{}}
	for len(f.Packets) < min(s.Count, 1000) {
		l, ok := o.reading.next()
		if !ok {
			f.Done = true
			break
		}
		o.reading.last = l.Packet
		f.Packets = append(f.Packets, l)
	}
	return f, o.Err()
}

// A reading is a search and the point that it has reached in the capture.
type reading struct {
	connection int
	text       string
	last       int // packet
	next       func() (line, bool)
	stop       func()
}

func (o *opened) read(s search) *reading {
	r := &reading{connection: s.Connection, text: s.Text, last: s.After}
	r.next, r.stop = iter.Pull(o.matching(s))
	return r
}

// matching yields the packets of a search.
func (o *opened) matching(s search) iter.Seq[line] {
	return func(yield func(line) bool) {
		for p := range o.Packets() {
			id := -1
			if p.Connection != nil {
				id = p.Connection.ID
			}
			if p.Number <= s.After || s.Connection >= 0 && id != s.Connection {
				continue
			}
			if l := newLine(p, o.Start, id); s.Text == "" || contains(p, l.Text, s.Text) {
				if !yield(l) {
					return
				}
			}
		}
	}
}

func newLine(p *capture.Packet, start int64, id int) line {
	l := line{Packet: p.Number, Time: fmt.Sprintf("%.6f", float64(p.Time-start)/1e9), Connection: id, Role: "other", Length: p.Length}
	if p.Connection != nil {
		l.Role = string(p.Connection.Role)
	}
	l.Text = text.Line(p, text.Relative)
	if len(l.Text) > mostLine {
		l.Text = strings.ToValidUTF8(l.Text[:mostLine], "") + "…"
	}
	return l
}

// contains reports whether a packet has a text in its line or in its bytes.
func contains(p *capture.Packet, line, text string) bool {
	return strings.Contains(strings.ToLower(line), text) ||
		p.TCP != nil && bytes.Contains(bytes.ToLower(p.TCP.Payload), []byte(text))
}
