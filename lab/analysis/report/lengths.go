package report

import (
	"fmt"
	"io"
	"sort"
	"text/tabwriter"
)

// Lengths counts packets by their length on the wire, in the ranges of
// Wireshark's packet length statistics. Its zero value is empty.
type Lengths struct {
	Total  int
	Bytes  int64
	Counts [len(lengthLimits) + 1]LengthCount
}

// lengthLimits are the first lengths, in bytes, of all ranges but the first.
var lengthLimits = [...]int{20, 40, 80, 160, 320, 640, 1280, 2560, 5120}

// A LengthCount has the counts of one range.
type LengthCount struct {
	Packets  int
	Bytes    int64 // of all of them
	Min, Max int   // bytes, of the shortest and of the longest
}

// Add counts a packet of n bytes.
func (l *Lengths) Add(n int) {
	c := &l.Counts[sort.SearchInts(lengthLimits[:], n+1)]
	if c.Packets == 0 || n < c.Min {
		c.Min = n
	}
	c.Max = max(c.Max, n)
	c.Packets++
	c.Bytes += int64(n)
	l.Total++
	l.Bytes += int64(n)
}

// Range returns the name of the i-th range as Wireshark writes it, in bytes: "40-79".
func (l *Lengths) Range(i int) string {
	switch {
	case i == 0:
		return fmt.Sprintf("0-%d", lengthLimits[0]-1)
	case i == len(lengthLimits):
		return fmt.Sprintf("%d and greater", lengthLimits[i-1])
	}
	return fmt.Sprintf("%d-%d", lengthLimits[i-1], lengthLimits[i]-1)
}

// Share returns the percentage of all packets that are in the i-th range.
func (l *Lengths) Share(i int) float64 {
	if l.Total == 0 {
		return 0
	}
	return 100 * float64(l.Counts[i].Packets) / float64(l.Total)
}

// WriteText prints the counts as a table.
func (l *Lengths) WriteText(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "length (bytes)\tpackets\tshare\taverage\tmin\tmax\t")
	for i, c := range l.Counts {
		if c.Packets == 0 {
			fmt.Fprintf(table, "%s\t0\t0.00 %%\t-\t-\t-\t\n", l.Range(i))
			continue
		}
		fmt.Fprintf(table, "%s\t%d\t%.2f %%\t%.2f\t%d\t%d\t\n",
			l.Range(i), c.Packets, l.Share(i), c.Average(), c.Min, c.Max)
	}
	fmt.Fprintf(table, "all\t%d\t\t%.2f\t\t\t\n", l.Total, float64(l.Bytes)/float64(max(1, l.Total)))
	return table.Flush()
}

// Average returns the mean length in bytes, 0 for no packets.
func (c LengthCount) Average() float64 { return float64(c.Bytes) / float64(max(1, c.Packets)) }
