package pcapng

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// A Packet is one packet of a file.
type Packet struct {
	// Time is in nanoseconds since 1970, or 0 if the file has none.
	Time int64
	// Length is the length on the wire. It is never less than len(Data), even
	// if the file says so.
	Length int
	// Data are the captured bytes. The next call of Next overwrites them.
	Data []byte
	// Link is the type of the packet's first header, and Interface the number,
	// from 0, of the interface that captured it. pcap has only one. Name is the interface's, "" if
	// the file has none.
	Link      LinkType
	Interface int
	Name      string
}

// A Damage says why a file cannot be read to its proper end: it is cut off, or
// its contents are invalid.
type Damage struct {
	// Offset is the position, in bytes, of the record concerned. In a
	// compressed file, it is that in the decompressed contents.
	Offset int64
	// Packet is the number, from 1, of the packet that could not be read.
	Packet int
	Reason string
}

func (d *Damage) Error() string {
	return fmt.Sprintf("%s (packet %d, byte %d of the file)", d.Reason, d.Packet, d.Offset)
}

// maxPacket is the largest packet that is accepted, in bytes. Real ones have up
// to 256 KiB (Linux's offloads) or some megabytes (USB). A larger number means
// that the reader is not looking at a length.
const maxPacket = 16 << 20

// A Reader reads packets from a capture file: pcap in all its variants, pcapng,
// snoop (RFC 1761), and those of other analyzers (Network Monitor, the Sniffer for DOS
// and for Windows, CommView, Observer, 5View, LANalyzer, Visual Networks, HP-UX's
// nettl, and Tektronix K12xx as text), each also compressed by gzip, zstd or lz4.
//
//	r, err := pcapng.NewReader(f)
//	for {
//		var p pcapng.Packet
//		if err := r.Next(&p); err != nil {
//			break // io.EOF at the end of a whole file, *Damage otherwise
//		}
//	}
//
// It reads what other programs wrote. A file may end in the middle of a packet,
// claim a packet of four gigabytes, or have packets longer than its snap length
// or interfaces with different timestamp units. Reader reads each of these as
// far as possible, in memory that does not depend on what the file claims.
// (gopacket's readers refuse packets longer than the snap length and stop at
// unknown blocks.)
type Reader struct {
	in       input
	format   packetReader
	packets  int
	dropped  uint64
	received uint64
	names    []Name
	places   []string
	secrets  []string
	flaw     string
}

// A packetReader reads the packets of one format.
type packetReader interface {
	next(*Packet) error
	// link returns the link type of the first interface. It reads the file up
	// to it.
	link() LinkType
}

// NewReader reads the file's header. If the file is not a capture, the error
// says what it looks like.
func NewReader(r io.Reader) (*Reader, error) {
	rd := &Reader{in: input{src: r}}
	magic, err := rd.magic()
	if err != nil {
		return nil, err
	}
	rest := rd.in
	src, err := decompressed(magic, &rest)
	if err != nil {
		return nil, err
	}
	if src != io.Reader(&rest) {
		rd.in = input{src: src}
		if magic, err = rd.magic(); err != nil {
			return nil, fmt.Errorf("in a compressed file: %w", err)
		}
	}
	switch {
	case binary.BigEndian.Uint32(magic) == blockSectionHeader:
		rd.format, err = newBlockReader(rd)
	case string(magic) == snoopMagic:
		rd.format, err = newSnoopReader(rd)
	case string(magic[:4]) == netmonMagic1 || string(magic[:4]) == netmonMagic2:
		rd.format, err = newNetmonReader(rd)
	default:
		if rd.format, err = newAnalyzerReader(rd, magic); rd.format == nil && err == nil {
			rd.format, err = newRecordReader(rd)
		}
	}
	if err != nil {
		return nil, err
	}
	return rd, nil
}

// magic returns the first bytes of a file, between four and eight, without
// consuming them.
func (r *Reader) magic() ([]byte, error) {
	magic, err := r.in.peek(len(snoopMagic))
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, err
	}
	if len(magic) < 4 {
		return nil, fmt.Errorf("not a capture: only %d bytes long", len(magic))
	}
	return magic, nil
}

// Next reads the next packet into p. It returns io.EOF at the end of the file,
// a *Damage where a damaged file becomes invalid, and otherwise the error of
// the underlying reader.
func (r *Reader) Next(p *Packet) error {
	if err := r.format.next(p); err != nil {
		return err
	}
	p.Length = max(p.Length, len(p.Data))
	r.packets++
	return nil
}

// Names returns the host names that the part of the file read so far contains,
// in its order. Only pcapng has names.
func (r *Reader) Names() []Name { return r.names }

// Interfaces returns the names, by number, of the interfaces that the part of the
// current section read so far describes. Only pcapng has such names, and a name may be
// empty.
func (r *Reader) Interfaces() []string { return r.places }

// Secrets returns the TLS key logs in the part of the file read so far, one for
// each decryption secrets block. Only pcapng has secrets.
func (r *Reader) Secrets() []string { return r.secrets }

// Dropped returns the number of packets that the recorder lost, by the
// statistics read so far. Only pcapng has statistics.
func (r *Reader) Dropped() uint64 { return r.dropped }

// Received returns the number of packets that the recorder received, by the
// statistics read so far.
func (r *Reader) Received() uint64 { return r.received }

// Flaw describes the first place, in the part of the file read so far, where the file contradicts
// itself; "" for none. The Reader reads on, but other programs may stop there. Only pcapng has
// such places: it gives the length of a block twice.
func (r *Reader) Flaw() string { return r.flaw }

// A recordReader reads the packets of a pcap file.
type recordReader struct {
	*Reader
	recordScanner
}

func newRecordReader(r *Reader) (*recordReader, error) {
	s, err := newRecordScanner(&r.in)
	if err != nil {
		return nil, err
	}
	return &recordReader{r, *s}, nil
}

func (f *recordReader) link() LinkType { return f.linkType }

func (f *recordReader) next(p *Packet) error {
	at := f.in.offset
	h, err := f.header()
	if err != nil {
		return f.endOr(at, err)
	}
	p.Time, p.Length, p.Link, p.Interface = h.time, int(h.length), f.linkType, 0
	return f.frame(p, at, int64(h.captured), 0)
}

// frame reads the captured bytes of the packet whose record is at the offset, and skips those
// after them.
func (r *Reader) frame(p *Packet, at, captured int64, behind int) error {
	if captured > maxPacket {
		return r.damage(at, "a packet of %d bytes: the file is damaged", captured)
	}
	b, err := r.in.take(int(captured) + behind)
	if err != nil {
		return r.cutOff(at, err)
	}
	p.Data = b[:captured]
	return nil
}

// damage returns a Damage for the record at offset.
func (r *Reader) damage(offset int64, format string, args ...any) error {
	return &Damage{Offset: offset, Packet: r.packets + 1, Reason: fmt.Sprintf(format, args...)}
}

// cutOff returns a Damage if the input ended in the middle of the record at
// offset or its compressed form is damaged. It returns other errors unchanged.
func (r *Reader) cutOff(offset int64, err error) error {
	if damaged, ok := err.(formatError); ok {
		return r.damage(offset, "%s", damaged)
	}
	if err == io.ErrUnexpectedEOF || err == io.EOF {
		return r.damage(offset, "the file is cut off in the middle of a packet")
	}
	return err
}

// inHeader returns the error for one that occurs in the header of a file: a file that ends
// there is no capture. It returns other errors unchanged.
func inHeader(err error) error {
	if err == io.ErrUnexpectedEOF || err == io.EOF {
		return errors.New("not a capture: cut off in the header of the file")
	}
	return err
}

// endOr is cutOff for the start of a record, where the end of the input is the
// end of the file.
func (r *Reader) endOr(offset int64, err error) error {
	if err == io.EOF {
		return io.EOF
	}
	return r.cutOff(offset, err)
}
