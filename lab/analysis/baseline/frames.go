// What an assessment's page shows of the frames that its findings name.

package baseline

import (
	"fmt"
	"slices"
	"time"

	"ftplab/lab/analysis/baseline/rules"
	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/report/text"
)

// A Frame is a frame of a capture as a page shows it.
type Frame struct {
	Number int
	Time   int64 // nanoseconds since 1970
	// From and To are its addresses, with ports where it has them; "" if it is not IP.
	From, To string
	Line     string // as tcpdump prints it, without the time
}

// maxFrames is how many frames a page shows.
const maxFrames = 1000

// ReadFrames reads the frames that the findings name, in the order of the capture; not more
// than a page shows.
func (a *Assessment) ReadFrames(c *capture.Capture) ([]Frame, error) {
	var wanted []int
	for _, f := range a.Findings {
		wanted = append(wanted, f.Packets...)
	}
	slices.Sort(wanted)
	wanted = slices.Compact(wanted)
	wanted = wanted[:min(len(wanted), maxFrames)]
	var frames []Frame
	if len(wanted) == 0 {
		return nil, nil
	}
	for p := range c.Packets() {
		if p.Number == wanted[len(frames)] {
			frames = append(frames, newFrame(p))
		}
		if len(frames) == len(wanted) {
			break
		}
	}
	return frames, c.Err()
}

func newFrame(p *capture.Packet) Frame {
	f := Frame{Number: p.Number, Time: p.Time, Line: text.WithoutTimestamps(text.Line(p, text.Relative))}
	if p.IP == nil {
		return f
	}
	f.From, f.To = p.IP.Src.Unmap().String(), p.IP.Dst.Unmap().String()
	switch {
	case p.TCP != nil:
		f.From, f.To = fmt.Sprintf("%s port %d", f.From, p.TCP.SrcPort), fmt.Sprintf("%s port %d", f.To, p.TCP.DstPort)
	case p.UDP != nil:
		f.From, f.To = fmt.Sprintf("%s port %d", f.From, p.UDP.SrcPort), fmt.Sprintf("%s port %d", f.To, p.UDP.DstPort)
	}
	return f
}

// Clock is the time of the frame in UTC, as a page shows it.
func (f Frame) Clock() string {
	return time.Unix(0, f.Time).UTC().Format("2006-01-02 15:04:05.000000 UTC")
}

// A pageFinding is a finding with its first frame, which may be nil.
type pageFinding struct {
	rules.Finding
	First *Frame
	Named []pageNumber
	More  bool // frames that are not listed
}

// A pageNumber is the number of a frame, and whether the page shows the frame.
type pageNumber struct {
	Number int
	Shown  bool
}

func pageFindings(findings []rules.Finding, frames []Frame) []pageFinding {
	at := map[int]*Frame{}
	for i := range frames {
		at[frames[i].Number] = &frames[i]
	}
	var list []pageFinding
	for _, f := range findings {
		p := pageFinding{Finding: f, First: at[first(f.Packets)], More: len(f.Packets) > listed}
		for _, n := range f.Packets[:min(len(f.Packets), listed)] {
			p.Named = append(p.Named, pageNumber{n, at[n] != nil})
		}
		list = append(list, p)
	}
	return list
}
