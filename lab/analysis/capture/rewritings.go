// Lines that an application-level gateway has rewritten between two places.

package capture

import (
	"bytes"
	"cmp"
	"regexp"
	"slices"

	"ftplab/lab/analysis/packet"
)

// A Rewriting is what an application-level gateway made of a line that announces a data port.
type Rewriting struct {
	Place  string // where the line was also recorded, with another text
	Packet int    // there
	Text   string // there

	at   int // the interface
	read int // the packet with the line where its connection is read
}

// An announced line is one at one place that announces a data port.
type announced struct {
	packet int
	seq    uint32
	text   string
}

// A stream is one direction of a conversation that passes a NAT.
type stream struct {
	of        *observations
	direction int
}

// mostAnnounced is how many lines are compared. If there are more, none is said to be rewritten.
const mostAnnounced = 1 << 16

// announcements are the lines that announce data ports, by the interfaces.
type announcements struct {
	of    map[stream]map[int][]announced
	count int
}

// announcement is a line that may announce a data port (RFC 959, RFC 2428).
var announcement = regexp.MustCompile(`(?i)^(?:PORT|EPRT|227|229) [^\r\n]{1,200}`)

// announces reports whether the first line of a segment may announce a data port.
func announces(payload []byte) bool {
	return len(payload) > 5 && bytes.IndexByte([]byte("PpEe2"), payload[0]) >= 0 && announcement.Match(payload)
}

// add takes the lines of a segment, unless it is a retransmission.
func (a *announcements) add(p *packet.Packet, at int, s *observations, direction int) {
	if p.TCP == nil || !s.translated {
		return
	}
	seq := p.TCP.RawSeq
	for line := range bytes.Lines(p.TCP.Payload) {
		if text := announcement.Find(line); text != nil && a.count <= mostAnnounced {
			of := stream{s, direction}
			if a.of[of] == nil {
				a.of[of] = map[int][]announced{}
			}
			known := a.of[of][at]
			if n := len(known); n == 0 || int32(seq-known[n-1].seq) > 0 {
				a.of[of][at] = append(known, announced{p.Number, seq, string(text)})
				a.count++
			}
		}
		seq += uint32(len(line))
	}
}

// rewritten returns the lines that have another text where their connection is read, by the numbers
// of their packets. Where a place lacks a line, nothing shows which are the same.
func (a *announcements) rewritten() map[int]*Rewriting {
	all := map[int]*Rewriting{}
	if a.count > mostAnnounced {
		return all
	}
	for of, places := range a.of {
		read := places[of.of.home(of.direction)]
		for at, lines := range places {
			if len(lines) != len(read) {
				continue
			}
			for i, line := range lines {
				if line.text != read[i].text {
					all[line.packet] = &Rewriting{Packet: line.packet, Text: line.text, at: at, read: read[i].packet}
				}
			}
		}
	}
	return all
}

// rewritings returns them by the numbers of the packets that are read.
func (x *places) rewritings(names []string) map[int][]Rewriting {
	all := map[int][]Rewriting{}
	for _, r := range x.rewritten {
		r.Place = placeName(names, r.at)
		all[r.read] = append(all[r.read], *r)
	}
	for _, of := range all {
		slices.SortStableFunc(of, func(a, b Rewriting) int { return cmp.Compare(a.at, b.at) })
	}
	return all
}
