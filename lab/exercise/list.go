// The packets of a capture on the page of the questions, a line each.

package exercise

import (
	"bytes"
	"fmt"
	"strings"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/expect"
	"ftplab/lab/analysis/packet"
	"ftplab/lab/analysis/report/text"
)

// mostLines is how many packets a page lists. The capture has the others.
const mostLines = 400

// A packetList is the packets of a capture on a page.
type packetList struct {
	Name    string // of the file
	Lines   []string
	More    int  // packets
	Headers bool // the lines have more of the headers
}

// listPackets lists the packets of a recording.
func listPackets(r recording) (packetList, error) {
	l := packetList{Name: r.name, Headers: r.headers}
	c, err := capture.Read(bytes.NewReader(r.capture), capture.Options{NoHash: true, ControlPorts: expect.ControlPorts(r.of)})
	if err != nil {
		return l, err
	}
	defer c.Close()
	for p := range c.Packets() {
		if len(l.Lines) == mostLines {
			l.More++
			continue
		}
		line := text.Line(p, text.Relative)
		if r.headers {
			line += headers(p)
		} else {
			line = text.WithoutTimestamps(line)
		}
		l.Lines = append(l.Lines, fmt.Sprintf("%4d %10.6f  %s", p.Number, float64(p.Time-c.Start)/1e9, line))
	}
	return l, c.Err()
}

// headers says what tcpdump leaves out of its lines, and a program that writes packets may
// get wrong.
func headers(p *capture.Packet) string {
	if p.Segment == nil || p.IP.Version != 4 {
		return ""
	}
	words := []string{fmt.Sprint("IP id ", p.IP.ID)}
	if p.IP.DF {
		words = append(words, "DF")
	}
	if p.TCP.Has(packet.SYN) {
		words = append(words, fmt.Sprint("seq on the wire ", p.Segment.RawSeq))
	}
	if p.ChecksumWrong() {
		words = append(words, "TCP checksum wrong")
	}
	return " {" + strings.Join(words, ", ") + "}"
}
