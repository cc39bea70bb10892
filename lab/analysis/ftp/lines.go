// A stream becomes lines.

package ftp

import (
	"bytes"
	"iter"

	"ftplab/lab/analysis/tcp"
)

// A rawLine is a line as it stands in the stream, without its end.
type rawLine struct {
	text        []byte
	seq, end    int64 // relative numbers of its first byte, and behind its end
	firstPacket int
	ack         int64 // that of its first chunk
	packet      int   // this and the next ones are those of its last chunk
	time        int64
	readableAt  int
	ackedAt     int64
	complete    bool
	afterGap    bool
}

// splitLines yields the lines of a stream. A line ends at LF, a CR before it is not part of
// it; a gap ends it, too, incomplete.
func splitLines(chunks iter.Seq[tcp.Chunk]) iter.Seq[rawLine] {
	return func(yield func(rawLine) bool) {
		var line rawLine
		open := false // line has been begun
		for c := range chunks {
			if c.AfterGap {
				if open && !yield(line) {
					return
				}
				line, open = rawLine{afterGap: true}, false
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

// Telnet commands (RFC 854) that may stand in a line of a control connection.
const (
	telnetIAC  = 255
	telnetDont = 254
	telnetWill = 251
	telnetSB   = 250
	telnetSE   = 240
)

// withoutTelnet takes the Telnet commands out of a line. Clients send them in
// front of ABOR (RFC 959 section 4.1.3).
func withoutTelnet(line []byte) (text []byte, found bool) {
	if bytes.IndexByte(line, telnetIAC) < 0 {
		return line, false
	}
	for i := 0; i < len(line); i++ {
		if line[i] != telnetIAC {
			text = append(text, line[i])
			continue
		}
		if i++; i == len(line) {
			return text, true
		}
		switch c := line[i]; {
		case c == telnetIAC:
			text = append(text, c) // doubled: the byte itself
			continue
		case c >= telnetWill && c <= telnetDont:
			i++ // the option
		case c >= telnetSE && c <= telnetSB:
		default:
			text = append(text, telnetIAC, c) // an old client that does not double
			continue
		}
		found = true
	}
	return text, found
}
