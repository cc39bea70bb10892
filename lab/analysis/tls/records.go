package tls

import (
	"bytes"
	"encoding/binary"

	"ftplab/lab/analysis/tcp"
)

const (
	recordHeader = 5 // bytes of a record before its body
	// maxRecord is the length in bytes of the longest body (RFC 5246, section 6.2.3).
	maxRecord = 1<<14 + 2048
)

// A record is a record of TLS (RFC 8446, section 5.1), or the bytes in the place of
// one.
type record struct {
	kind    recordKind
	typ     uint8
	version Version
	// body is valid until the next call of recordReader.next. Its Seq is that of its
	// first byte; its Packet is that of its last byte.
	body tcp.Chunk
	// skipped is the number of bytes before the record that were missing or could not
	// be divided into records.
	skipped int64
	// lost says that bytes before it or in it are not in the capture.
	lost bool
}

// A recordKind says what a recordReader found.
type recordKind int

const (
	wholeRecord  recordKind = iota
	brokenRecord            // some of its bytes are missing; its type and length are known
	noRecord                // bytes that are neither a record nor text
	clearBytes              // not TLS: the body is returned unchanged, and so is everything after it
)

// A recordReader divides one direction of a connection into records. It keeps one
// record, and the chunks that are not read yet.
type recordReader struct {
	queue   []tcp.Chunk
	queued  int   // its bytes
	end     int64 // the sequence number after the last chunk pushed
	state   readerState
	buf     []byte    // the beginning of the record that is read
	need    int       // its length with the header; 0 between records
	used    bool      // buf was handed out, and can be overwritten
	last    tcp.Chunk // where the last byte of buf comes from
	seq     int64     // the sequence number of the first byte of the current or next record
	since   int64     // searching: the sequence number after the last known record
	resumes int64     // searching: the sequence number of the first byte after the latest gap
	lost    bool      // bytes since the last record are not in the capture
	dropped int       // the packet of the last byte that search dropped, 0 for none
	final   bool      // no more chunks come
}

// A readerState says what a recordReader expects between records.
type readerState int

const (
	atStart   readerState = iota // a record, or a direction that is not TLS at all
	inRecords                    // a record, or text in clear
	searching                    // any bytes: it searches for a record header, or text after a gap
	inClear                      // no TLS
)

// push adds a chunk. Its data must not change until detach is called.
func (r *recordReader) push(c tcp.Chunk) {
	if len(c.Data) == 0 {
		return
	}
	c.AfterGap = c.AfterGap || r.end != 0 && c.Seq != r.end
	r.end = c.Seq + int64(len(c.Data))
	r.queue, r.queued = append(r.queue, c), r.queued+len(c.Data)
}

// detach copies the rest of the last chunk, whose data belongs to the caller.
func (r *recordReader) detach() {
	if n := len(r.queue); n > 0 {
		r.queue[n-1].Data = bytes.Clone(r.queue[n-1].Data)
	}
}

// next returns the next record, or false if it needs more chunks.
func (r *recordReader) next() (record, bool) {
	if r.used {
		r.buf, r.used = r.buf[:0], false
	}
	for {
		switch {
		case r.state == inClear:
			return r.clear()
		case r.need > 0:
			return r.body()
		case r.state == searching && !r.search():
			return record{}, false
		}
		if len(r.queue) == 0 {
			return record{}, false
		}
		if r.passGap() {
			continue
		}
		head := r.peek(recordHeader)
		switch {
		case isHeader(head):
			r.begin(head)
		case mayBeHeader(head) && r.mayGrow(head):
			return record{}, false
		default:
			return r.other()
		}
	}
}

// begin begins a record with this header.
func (r *recordReader) begin(head []byte) {
	r.need = recordHeader + int(binary.BigEndian.Uint16(head[3:]))
	r.seq = r.queue[0].Seq
	if r.state != searching {
		r.since = r.seq
	}
	r.state = inRecords
}

// body continues to read a record, and returns it at its end or at a gap in it.
func (r *recordReader) body() (record, bool) {
	for len(r.buf) < r.need && len(r.queue) > 0 && !(r.queue[0].AfterGap && len(r.buf) > 0) {
		r.last = r.queue[0]
		n := min(r.need-len(r.buf), len(r.last.Data))
		r.buf = append(r.buf, r.last.Data[:n]...)
		r.consume(n)
	}
	whole := len(r.buf) == r.need
	if !whole && len(r.queue) == 0 && !r.final {
		return record{}, false
	}
	rec := record{typ: r.buf[0], version: version(r.buf), body: r.last, skipped: r.seq - r.since}
	rec.body.Seq, rec.body.AfterGap = r.seq+recordHeader, false
	rec.body.Data = r.buf[recordHeader:]
	end := r.seq + int64(r.need)
	if !whole {
		rec.kind, rec.body.Data = brokenRecord, nil
	}
	rec.lost, r.lost = r.lost || !whole, false
	r.seq, r.since, r.need, r.used = end, end, 0, true
	return rec, true
}

// passGap handles a gap before the next chunk, and reports whether there was one. If
// the missing bytes belong to the previous record, the reader knows where the next
// record begins.
func (r *recordReader) passGap() bool {
	c := &r.queue[0]
	if r.state == inRecords && c.Seq < r.seq {
		r.consume(int(min(r.seq-c.Seq, int64(len(c.Data)))))
		return true
	}
	if !c.AfterGap || r.state == atStart { // it may be text in clear after the gap
		return false
	}
	c.AfterGap, r.lost = false, true
	if r.state == inRecords && c.Seq > r.seq {
		r.state, r.since, r.resumes = searching, r.seq, c.Seq
	}
	return true
}

// search drops bytes until they look like a record header, or like text right after a gap, in which
// TLS may have ended. It reports whether it found one.
func (r *recordReader) search() bool {
	for len(r.queue) > 0 {
		if c := &r.queue[0]; c.AfterGap {
			r.lost, r.resumes, c.AfterGap = true, c.Seq, false
		}
		if r.queue[0].Seq == r.resumes {
			sample := r.peek(textSample)
			switch like := textIn(sample); {
			case like == isText:
				return true
			case like == mayBeText && r.mayGrow(sample):
				return false
			}
		}
		head := r.peek(recordHeader)
		if isHeader(head) {
			return true
		}
		if mayBeHeader(head) && r.mayGrow(head) {
			return false
		}
		r.dropped = r.queue[0].Packet
		r.consume(1)
	}
	return false
}

// other returns bytes that are not a record: text in clear, or unknown bytes. Before
// the first record, all bytes count as clear, except the beginning of a header before a gap.
func (r *recordReader) other() (record, bool) {
	if head := r.peek(recordHeader); r.state == atStart && !(mayBeHeader(head) && r.waiting() > len(head)) {
		r.state = inClear
		return r.clear()
	}
	switch sample := r.peek(textSample); textIn(sample) {
	case isText:
		r.state = inClear
		return r.clear()
	case mayBeText:
		if r.mayGrow(sample) {
			return record{}, false
		}
	}
	rec := record{kind: noRecord, body: r.queue[0]}
	rec.body.Data = nil
	r.state, r.since = searching, r.queue[0].Seq
	return rec, true
}

// clear returns the next chunk unchanged.
func (r *recordReader) clear() (record, bool) {
	if len(r.queue) == 0 {
		return record{}, false
	}
	c := r.queue[0]
	r.consume(len(c.Data))
	rec := record{kind: clearBytes, body: c, lost: r.lost}
	r.lost = false
	return rec, true
}

// peek returns the next bytes, at most n, up to the next gap.
func (r *recordReader) peek(n int) []byte {
	if len(r.queue) == 0 {
		return nil
	}
	b := r.queue[0].Data
	for i := 1; i < len(r.queue) && len(b) < n && !r.queue[i].AfterGap; i++ {
		b = append(b[:len(b):len(b)], r.queue[i].Data...)
	}
	return b[:min(n, len(b))]
}

// mayGrow reports whether a later peek can return more than these bytes.
func (r *recordReader) mayGrow(peeked []byte) bool {
	n := 0
	for i, c := range r.queue {
		if n > len(peeked) || i > 0 && c.AfterGap {
			return false
		}
		n += len(c.Data)
	}
	return n == len(peeked) && !r.final
}

// consume drops the next n bytes, which belong to one chunk.
func (r *recordReader) consume(n int) {
	c := &r.queue[0]
	c.Data, c.Seq, r.queued = c.Data[n:], c.Seq+int64(n), r.queued-n
	if n > 0 {
		c.AfterGap = false
	}
	if len(c.Data) == 0 {
		r.queue = r.queue[1:]
	}
}

// waiting returns the number of bytes that were pushed and not read.
func (r *recordReader) waiting() int { return r.queued }

func version(header []byte) Version { return Version(binary.BigEndian.Uint16(header[1:])) }

// isHeader reports whether b can be the header of a record: a content type, a version
// of SSL 3.0 or above, and a possible length.
func isHeader(b []byte) bool {
	if len(b) < recordHeader || !mayBeHeader(b) {
		return false
	}
	n := binary.BigEndian.Uint16(b[3:])
	return n > 0 && n <= maxRecord
}

// mayBeHeader reports whether b can be the beginning of a header.
func mayBeHeader(b []byte) bool {
	return (len(b) < 1 || b[0] >= typeChangeCipherSpec && b[0] <= typeHeartbeat) &&
		(len(b) < 2 || b[1] == 3) && (len(b) < 3 || b[2] <= 4)
}
