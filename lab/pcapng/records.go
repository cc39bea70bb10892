package pcapng

import (
	"encoding/binary"
	"fmt"
)

// The magic numbers of pcap, in the byte order of the machine that wrote it.
const (
	magicMicro    = 0xA1B2C3D4
	magicNano     = 0xA1B23C4D
	magicModified = 0xA1B2CD34 // Kuznetzov's, of Linux around 2000: longer records
	magicIxiaHard = 0x1C0001AC // Ixia's hardware and software: nanoseconds, and four more
	magicIxiaSoft = 0x1C0001AB // bytes after the header with the length of the rest
)

// Sizes in bytes.
const (
	pcapHeader         = 24 // before the first record
	ixiaLength         = 4
	recordHead         = 16 // of a record before its frame
	nokiaRecordHead    = 20
	modifiedRecordHead = 24     // also of Red Hat 6.1
	suseRecordHead     = 28     // of SuSE 6.3
	pcapUnlimited      = 262144 // the snap length that means no limit
)

// appendPcapHeader appends the header of a pcap file.
func appendPcapHeader(b []byte, info Info) []byte {
	snapLen := info.SnapLen
	if snapLen == 0 {
		snapLen = pcapUnlimited
	}
	return block(b).uint32(magicNano).uint16(2).uint16(4).
		uint32(0).uint32(0). // zone and accuracy, by custom
		uint32(uint32(snapLen)).uint32(uint32(LinkEthernet))
}

// appendRecordHeader appends a record's header, which the frame follows.
func appendRecordHeader(b []byte, atNanos int64, captured, length int) []byte {
	const second = 1_000_000_000
	return block(b).uint32(uint32(atNanos / second)).uint32(uint32(atNanos % second)).
		uint32(uint32(captured)).uint32(uint32(length))
}

// A recordScanner reads a pcap file record by record.
type recordScanner struct {
	*input
	order    binary.ByteOrder
	head     int   // bytes of a record before its frame
	heads    []int // other lengths that head may have: the magic number does not tell them
	more     int   // bytes after the header of the file
	unit     int64 // nanoseconds in one unit of a timestamp's fraction
	swapped  bool  // the two lengths are in the old order
	linkType LinkType
}

// A recordHeader is the header before a frame.
type recordHeader struct {
	time             int64  // nanoseconds since 1970
	captured, length uint32 // bytes
}

// newRecordScanner reads the header of the file.
func newRecordScanner(in *input) (*recordScanner, error) {
	h, err := in.peek(pcapHeader)
	if len(h) < 4 {
		return nil, err
	}
	s := &recordScanner{input: in}
	if !s.recognise(h) {
		return nil, fmt.Errorf("not a capture: %s", looksLike(h))
	}
	if _, err := in.take(pcapHeader); err != nil {
		return nil, inHeader(err)
	}
	major, minor := s.order.Uint16(h[4:]), s.order.Uint16(h[6:])
	s.swapped = major < 2 || major == 2 && minor <= 3
	// The upper bits say whether frames end with a frame check sequence. It is
	// beyond the length in the IP header, so it can be ignored.
	s.linkType = LinkType(s.order.Uint32(h[20:]) & 0xFFFF)
	if link, ok := aixLinks[s.linkType]; ok && major == 2 && minor == 2 {
		s.linkType, s.unit = link, 1
	}
	if _, err := in.take(s.more); err != nil {
		return nil, inHeader(err)
	}
	s.guessHead()
	return s, nil
}

// aixLinks are the link types of AIX, which has version 2.2, interface types of RFC 1573, and
// nanoseconds.
var aixLinks = map[LinkType]LinkType{6: LinkEthernet, 9: 6, 15: 10, 24: LinkNull}

// guessHead finds out how long the heads of records are, if those of the first records would
// make no sense. It looks only at what has been read: a recorder may write the next packet
// much later.
func (s *recordScanner) guessHead() {
	for _, head := range append([]int{s.head}, s.heads...) {
		if s.plausible(head) {
			s.head = head
			return
		}
	}
}

// plausible reports whether the first records make sense with heads of that length.
func (s *recordScanner) plausible(head int) bool {
	const records, apart = 3, 10 * 365 * 24 * 3600 // seconds
	b, first := s.buf[s.start:s.end], uint32(0)
	for i := 0; i < records && len(b) >= recordHead; i++ {
		seconds, captured, length := s.order.Uint32(b), s.order.Uint32(b[8:]), s.order.Uint32(b[12:])
		if i == 0 {
			first = seconds
		}
		if max(captured, length) > maxPacket || s.order.Uint32(b[4:]) >= 1e9 || max(seconds, first)-min(seconds, first) > apart {
			return false
		}
		if s.swapped {
			captured = min(captured, length)
		}
		b = b[min(head+int(captured), len(b)):]
	}
	return true
}

// recognise sets the fields that the magic number determines. It reports
// whether the number is known.
func (s *recordScanner) recognise(h []byte) bool {
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		s.order = order
		switch order.Uint32(h) {
		case magicMicro:
			s.unit, s.head, s.heads = 1000, recordHead, []int{nokiaRecordHead, modifiedRecordHead}
			return true
		case magicNano:
			s.unit, s.head = 1, recordHead
			return true
		case magicModified:
			s.unit, s.head, s.heads = 1000, modifiedRecordHead, []int{suseRecordHead, recordHead}
			return true
		case magicIxiaHard, magicIxiaSoft:
			s.unit, s.head, s.more = 1, recordHead, ixiaLength
			return true
		}
	}
	return false
}

// header reads the header of the next record.
func (s *recordScanner) header() (recordHeader, error) {
	h, err := s.take(s.head)
	if err != nil {
		return recordHeader{}, err
	}
	// Seconds are unsigned in the draft and signed in old files. The two agree
	// until 2038, and no packet was captured before 1970.
	r := recordHeader{
		time:     int64(s.order.Uint32(h))*1e9 + int64(s.order.Uint32(h[4:]))*s.unit,
		captured: s.order.Uint32(h[8:]),
		length:   s.order.Uint32(h[12:]),
	}
	if s.swapped && r.captured > r.length {
		r.captured, r.length = r.length, r.captured
	}
	return r, nil
}

// otherFormats are programs that have their own formats, by the first bytes of their files.
var otherFormats = map[string]string{
	"VL\x00\x00": "NetXRay 1.0", "btsn": "Bluetooth packets (btsnoop)", "peek": "EtherPeek", "\x7fver": "EtherPeek",
}

// looksLike says, for the error message, what a file that is not a capture
// looks like.
func looksLike(h []byte) string {
	switch {
	case string(h[:3]) == "BZh" || string(h[:4]) == "\xfd7zX":
		return "it is compressed, but not by gzip, zstd or lz4: decompress it first"
	case otherFormats[string(h[:4])] != "":
		return "it is a file of " + otherFormats[string(h[:4])] + ": convert it with editcap -F pcap"
	case h[0] == 0 && h[1] == 0 && h[2] == 0 && h[3] == 0:
		return "it begins with zeros"
	}
	return fmt.Sprintf("it begins with %q, unlike every format of captures that ftplab reads", h[:4])
}
