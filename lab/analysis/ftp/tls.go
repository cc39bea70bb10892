// Where a dialogue goes on in TLS. A layer that can decrypt would stand here, between the
// streams of TCP and the dialogue.

package ftp

import (
	"iter"
	"slices"

	"ftplab/lab/analysis/tcp"
)

// inClear is what was said before TLS began; it calls tls with the first packet of that.
// TLS begins with a record behind the reply 234 to AUTH (RFC 4217 section 4), or at the
// first byte; no line of a dialogue looks like one.
func inClear(chunks iter.Seq[tcp.Chunk], tls func(packet int)) iter.Seq[tcp.Chunk] {
	return func(yield func(tcp.Chunk) bool) {
		var held []tcp.Chunk // they say what may be the beginning of a record
		release := func() bool {
			for _, c := range held {
				if !yield(c) {
					return false
				}
			}
			held = held[:0]
			return true
		}
		var begun []byte
		for c := range chunks {
			if c.AfterGap && !release() {
				return
			}
			if len(held) == 0 {
				begun = c.Data
			} else {
				begun = slices.Concat(begun, c.Data)
			}
			held = append(held, c)
			switch {
			case tlsRecord(begun):
				tls(held[0].Packet)
				return
			case mayBeRecord(begun):
			case !release():
				return
			}
		}
		release()
	}
}

// tlsRecord reports whether data begins like a record of TLS (RFC 8446
// section 5.1).
func tlsRecord(data []byte) bool {
	return len(data) > 2 && data[0] >= 0x14 && data[0] <= 0x17 && data[1] == 3 && data[2] <= 4
}

// mayBeRecord reports whether data are too short to tell, but begin like a record so far.
func mayBeRecord(data []byte) bool {
	const record = "\x16\x03\x01"
	return len(data) < len(record) && tlsRecord(append(slices.Clip(data), record[len(data):]...))
}
