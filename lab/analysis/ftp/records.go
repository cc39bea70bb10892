// Records of TLS in a stream of which the capture does not have the beginning.

package ftp

import (
	"bytes"
	"encoding/binary"
)

const (
	recordHead = 5         // bytes of a record before its body (RFC 8446 section 5.1),
	recordMost = 18 << 10  // and those of the longest body (RFC 5246 section 6.2.3)
	mostLooked = 256 << 10 // bytes of a stream after which it is clear what they are
)

// bodyLength returns the length of a record's body by its header, 0 if data does not begin with
// a header.
func bodyLength(data []byte) int64 {
	if len(data) < recordHead || !tlsRecord(data) {
		return 0
	}
	if n := int64(binary.BigEndian.Uint16(data[3:])); n <= recordMost {
		return n
	}
	return 0
}

// A recordChain follows records of TLS, each of which begins where the one before it ends, in
// one direction of a connection. One header may be there by chance; two that fit are not.
type recordChain struct {
	next    int64 // where the next record has to begin
	records int   // in the chain so far
	filled  bool  // a segment begins and ends with the chain, so that one record is enough
	found   bool  // a chain that bytes which the capture lacks have ended was long enough
	looked  int   // bytes
}

// seen reports whether the stream is TLS.
func (c *recordChain) seen() bool { return c.found || c.records > 1 || c.records == 1 && c.filled }

// add takes the data of a segment, whose first byte has the given number. Data that was sent
// again changes nothing.
func (c *recordChain) add(seq int64, data []byte) {
	end := seq + int64(len(data))
	if c.looked > mostLooked || c.records > 0 && c.next >= end {
		return
	}
	c.looked += len(data)
	if c.records > 0 && c.next < seq {
		c.found, c.records = c.seen(), 0 // the next header is not in the capture
	}
	if c.records == 0 {
		at := findRecord(data)
		if at < 0 {
			return
		}
		c.next = seq + at
	}
	first := c.next == seq
	for c.next < end {
		rest := data[c.next-seq:]
		size := bodyLength(rest)
		switch {
		case size > 0:
			c.records, c.next = c.records+1, c.next+recordHead+size
		case len(rest) < recordHead:
			c.found, c.records = c.seen(), 0 // the header goes on in the next segment
			return
		default: // other bytes than a record
			*c = recordChain{looked: c.looked}
			return
		}
	}
	c.filled = first && c.next == end
}

// findRecord is where the first header of a record is in data, -1 for nowhere.
func findRecord(data []byte) int64 {
	for from := 0; ; from++ {
		i := bytes.IndexByte(data[from:], 3)
		if i < 0 {
			return -1
		}
		if from += i; from > 0 && bodyLength(data[from-1:]) > 0 {
			return int64(from - 1)
		}
	}
}
