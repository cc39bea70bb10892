// How a stream is split into lines.

package ftp

import (
	"bytes"
	"iter"

	"ftplab/lab/analysis/tcp"
)

// A rawLine is a line of a stream, without its line end.
type rawLine struct {
	text        []byte
	seq, end    int64 // relative numbers of its first byte and of the byte after its end
	firstPacket int
	ack         int64 // that of its first chunk
	packet      int   // this and the following fields are from its last chunk
	time        int64
	readableAt  int
	ackedAt     int64
	complete    bool
	afterGap    bool
	unread      [2]bool // what is missing before it, and its end, are in TLS that cannot be read
	urgent      bool    // a chunk of it was sent as urgent
}

// splitLines yields the lines of a stream. A line ends at LF; a CR before the LF is not part
// of it. A gap in the stream ends a line as well, which is then incomplete.
func splitLines(chunks iter.Seq[tcp.Chunk]) iter.Seq[rawLine] {
	return func(yield func(rawLine) bool) {
		var line rawLine
		open := false // line has been begun
		for c := range chunks {
			if c.AfterGap {
				line.unread[1] = c.Unread
				if open && !yield(line) {
					return
				}
				line, open = rawLine{afterGap: true, unread: [2]bool{c.Unread}}, false
			}
			for rest := c.Data; len(rest) > 0; {
				if !open {
					line.firstPacket, line.ack, line.seq = c.Packet, c.Ack, c.Seq+int64(len(c.Data)-len(rest))
					open = true
				}
				piece, after, found := bytes.Cut(rest, []byte("\n"))
				if line.text == nil {
					line.text = piece[:len(piece):len(piece)] // not copied, as a rule
				} else {
					line.text = append(line.text, piece...)
				}
				line.packet, line.time, line.readableAt, line.ackedAt = c.Packet, c.Time, c.ReadableAt, c.AckedAt
				line.urgent = line.urgent || c.Urgent
				line.end = c.Seq + int64(len(c.Data)-len(after))
				if !found {
					break
				}
				line.text = bytes.TrimSuffix(line.text, []byte("\r"))
				line.complete = true
				if !yield(line) {
					return
				}
				line, open = rawLine{}, false
				rest = after
			}
		}
		if open {
			yield(line)
		}
	}
}
