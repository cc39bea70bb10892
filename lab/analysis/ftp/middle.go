// Control connections whose capture begins after the beginning of TLS.

package ftp

import (
	"ftplab/lab/analysis/tcp"
)

const (
	fewRecords  = 3 // of both sides: enough to take a stream for TLS
	manyRecords = 8 // of one side: more need not be looked at
)

// inMiddle is the direction of the client if the connection seems to be FTPS whose beginning
// was not recorded: one side is at the port of FTP, of implicit FTPS, or at a known one, and all that was
// recorded is records of TLS. Else it is -1. No record shows the protocol inside.
func (c *Candidate) inMiddle() int {
	server := -1
	for dir := range c.Ends {
		if c.serves(dir, ftpPort) || c.serves(dir, ftpsPort) {
			if server >= 0 {
				return -1
			}
			server = dir
		}
	}
	if server < 0 || c.HandshakeBegun() {
		return -1
	}
	records := 0
	for _, stream := range c.Streams(c.recorded) {
		n, ok := countRecords(stream)
		if !ok {
			return -1
		}
		records += n
	}
	if records < fewRecords {
		return -1
	}
	return 1 - server
}

// countRecords counts the records of a stream, each of which begins where the one before it
// ends. The stream may begin with the rest of a record. It is not ok if other bytes follow a
// record.
func countRecords(stream tcp.Stream) (n int, ok bool) {
	var next int64 // where a record begins
	for c := range stream.All() {
		if n == 0 && tlsRecord(c.Data) {
			next = c.Seq
		} else if n == 0 {
			continue
		}
		for next < c.Seq+int64(len(c.Data)) && n < manyRecords {
			if next < c.Seq {
				return n, true // the header is not in the capture
			}
			head := c.Data[next-c.Seq:]
			if len(head) < recordHead {
				return n, true // it goes on in the next chunk
			}
			size := bodyLength(head)
			if size == 0 {
				return n, false
			}
			n++
			next += recordHead + size
		}
	}
	return n, true
}
