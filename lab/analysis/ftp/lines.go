// How a stream is split into lines.

package ftp

import (
	"bytes"
	"slices"

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
	inTLS       bool
	urgent      bool // a chunk of it was sent as urgent
}

// A lineReader reads a stream line by line. A line ends at LF; a CR before the LF is not part of
// it. A record of a TLS handshake is one line, up to its end, unless the other side answers before. A gap in the stream ends
// a line as well, which is then incomplete.
type lineReader struct {
	stream tcp.Stream
	chunk  tcp.Chunk   // the rest of the last one
	ahead  []tcp.Chunk // read to see what the next line is
	gap    bool        // before the next line
	unread bool        // its bytes are in TLS that cannot be read
}

// otherBytes returns what contradictions have in the place of a line.
func otherBytes(all []tcp.Contradiction, l rawLine) (others []OtherBytes) {
	for _, x := range all {
		from, to := max(x.Seq, l.seq), min(x.Seq+int64(len(x.Data)), l.end)
		if from >= to {
			continue
		}
		end := min(to-l.seq, int64(len(l.text)))
		said := l.text[min(from-l.seq, end):end]
		if other := bytes.TrimRight(x.Data[from-x.Seq:to-x.Seq], "\r\n"); !bytes.Equal(other, bytes.TrimRight(said, "\r\n")) {
			others = append(others, OtherBytes{x.Packet, string(other)})
		}
	}
	return others
}

// next returns the next line. It returns false at the end of the stream.
func (r *lineReader) next() (line rawLine, ok bool) {
	c := &r.chunk
	var size int  // of the record of TLS that the line is, 0 for none
	var ack int64 // that of the last chunk
	for open := false; ; {
		for len(c.Data) == 0 {
			if *c, ok = r.nextChunk(); !ok {
				return line, open
			}
			if !c.AfterGap {
				continue
			}
			if r.gap, r.unread = true, c.Unread; open {
				line.unread[1] = c.Unread
				return line, true
			}
		}
		if open && c.Ack > ack && len(line.text) < size && endsRefusedRecord(&line) {
			return line, true
		}
		ack = c.Ack
		if !open {
			line = rawLine{firstPacket: c.Packet, ack: c.Ack, seq: c.Seq, afterGap: r.gap, inTLS: c.InTLS, unread: [2]bool{r.gap && r.unread}}
			open, r.gap, size = true, false, r.recordSize()
		}
		piece, rest, complete := cutLine(c.Data, size-len(line.text))
		if line.text == nil {
			line.text = piece[:len(piece):len(piece)] // not copied, as a rule
		} else {
			line.text = append(line.text, piece...)
		}
		c.Seq, c.Data = c.Seq+int64(len(c.Data)-len(rest)), rest
		line.end, line.packet, line.time, line.readableAt, line.ackedAt = c.Seq, c.Packet, c.Time, c.ReadableAt, c.AckedAt
		line.urgent = line.urgent || c.Urgent
		if complete {
			if line.complete = true; size == 0 {
				line.text = bytes.TrimSuffix(line.text, []byte("\r"))
			}
			return line, true
		}
	}
}

// nextChunk returns the next chunk of the stream, which may have been read ahead.
func (r *lineReader) nextChunk() (c tcp.Chunk, ok bool) {
	if len(r.ahead) == 0 {
		return r.stream.Next()
	}
	c, r.ahead = r.ahead[0], r.ahead[1:]
	return c, true
}

// recordSize returns the size of the record of a TLS handshake that the next line is, 0 if it is text. The head of a record
// may be in several chunks; only the whole head shows what the line is.
func (r *lineReader) recordSize() int {
	head, ack := r.chunk.Data, r.chunk.Ack
	for i := 0; ; i++ {
		size, sure := handshakeSize(head)
		if sure {
			return size
		}
		if i == len(r.ahead) {
			c, ok := r.stream.Next()
			if !ok {
				return size
			}
			r.ahead = append(r.ahead, c)
		}
		switch c := r.ahead[i]; {
		case c.AfterGap:
			return size
		case c.Ack > ack && bytes.HasSuffix(head, []byte("\n")):
			return 0 // see endsRefusedRecord
		default:
			head, ack = slices.Concat(head, c.Data), c.Ack
		}
	}
}

// endsRefusedRecord ends a line that begins like a record of a TLS handshake, is shorter, and ends with LF. If the other
// side spoke before more came, it took this for a line: nobody answers a part of a record.
func endsRefusedRecord(l *rawLine) bool {
	text, ends := bytes.CutSuffix(l.text, []byte("\n"))
	if !ends {
		return false
	}
	l.text, l.complete = bytes.TrimSuffix(text, []byte("\r")), true
	return true
}

// cutLine cuts a line from data: left bytes of a record, or else what comes before LF. It reports whether the line ends there.
func cutLine(data []byte, left int) (piece, rest []byte, complete bool) {
	if left <= 0 {
		return bytes.Cut(data, []byte("\n"))
	}
	n := min(left, len(data))
	return data[:n], data[n:], n == left
}

// handshakeSize returns the size of the record of a TLS handshake that begins with head, 0 for anything else. It is not
// sure where head is shorter than that of a record; then it returns the least size.
func handshakeSize(head []byte) (size int, sure bool) {
	switch n := len(head); {
	case OldHello(head) > 0:
		return OldHello(head), true
	case n < oldHelloHead && mayBeOldHello(head):
		return oldHelloHead, false
	case n == 0 || head[0] != handshakeRecord:
		return 0, true
	case n < recordHead && (mayBeRecord(head) || tlsRecord(head)):
		return recordHead, false
	case bodyLength(head) > 0:
		return recordHead + int(bodyLength(head)), true
	}
	return 0, true
}
