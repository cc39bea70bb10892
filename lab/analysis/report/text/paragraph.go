// The order in which a session is written.

package text

import (
	"cmp"
	"container/heap"
	"fmt"
	"math"
	"strconv"

	"ftplab/lab/analysis/ftp"
)

// A paragraph is what is written of a packet.
type paragraph struct {
	packet int
	place  place
	made   int   // how many were before it
	time   int64 // nanoseconds since 1970; 0: it belongs to the paragraph before
	lines  []string

	// unanswered stands for a line: a capture without its data connections has
	// thousands of such.
	unanswered *ftp.DataPort
}

// A place is where a paragraph stands among those of the same packet.
type place int

const (
	atFirst place = iota
	inDialogue
	behind // what there is to say of it
)

// compare says which paragraph is written first.
func (p paragraph) compare(q paragraph) int {
	return cmp.Or(cmp.Compare(p.packet, q.packet), cmp.Compare(p.place, q.place))
}

// columns is what stands above the paragraphs.
const columns = "packet        time\n"

// add adds lines at a packet.
func (r *sessionWriter) add(packet int, at int64, lines ...string) {
	r.put(paragraph{packet: packet, place: behind, time: at, lines: lines})
}

func (r *sessionWriter) put(p paragraph) {
	r.made++
	p.made = r.made
	heap.Push(&r.later, p)
}

// until writes all that comes before a paragraph.
func (r *sessionWriter) until(limit paragraph) {
	for {
		next, remembered := limit, false
		if len(r.later) > 0 && r.later[0].compare(limit) < 0 {
			next, remembered = r.later[0], true
		}
		switch {
		case len(r.data) > 0 && r.known <= next.packet:
			d := r.data[0]
			r.data, r.known = r.data[1:], d.FirstPacket
			r.transfer(d)
		case remembered:
			r.write(heap.Pop(&r.later).(paragraph))
		default:
			return
		}
	}
}

// end writes all that is left.
func (r *sessionWriter) end() { r.until(paragraph{packet: math.MaxInt}) }

func (r *sessionWriter) write(p paragraph) {
	if p.unanswered != nil {
		p.lines = []string{fmt.Sprintf("|   no connection to %s is in the capture", p.unanswered.Where())}
	}
	for i, line := range p.lines {
		row := r.row[:0]
		if i == 0 && p.time != 0 { // without fmt, which is slow: this is most of a story
			var number [32]byte
			row = append(appendRight(row, 6, strconv.AppendInt(number[:0], int64(p.packet), 10)), ' ')
			row = appendRight(row, 11, strconv.AppendFloat(number[:0], float64(p.time-r.start)/1e9, 'f', 6, 64))
		} else {
			row = appendRight(row, 18, nil)
		}
		row = append(append(append(row, "  "...), line...), '\n')
		r.w.Write(row)
		r.row = row
	}
}

// appendRight appends a number to a row, at the right side of a column.
func appendRight(row []byte, width int, number []byte) []byte {
	for range width - len(number) {
		row = append(row, ' ')
	}
	return append(row, number...)
}

// paragraphs are a heap, on top of which is what is written first.
type paragraphs []paragraph

func (p paragraphs) Len() int           { return len(p) }
func (p paragraphs) Less(i, j int) bool { return cmp.Or(p[i].compare(p[j]), p[i].made-p[j].made) < 0 }
func (p paragraphs) Swap(i, j int)      { p[i], p[j] = p[j], p[i] }
func (p *paragraphs) Push(x any)        { *p = append(*p, x.(paragraph)) }
func (p *paragraphs) Pop() any {
	last := len(*p) - 1
	x := (*p)[last]
	(*p)[last] = paragraph{}
	*p = (*p)[:last]
	return x
}
