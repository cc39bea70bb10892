package pcapng

import (
	"encoding/binary"
	"fmt"
	"io"
)

// A Packet is one packet of a file.
type Packet struct {
	// Time is in nanoseconds since 1970, 0 if the file does not say.
	Time int64
	// Length is the length on the wire; at least len(Data), whatever the
	// file claims.
	Length int
	// Data are the bytes captured. The next call of Next overwrites them.
	Data []byte
	// Link is what the packet begins with, and Interface the number of the
	// interface that saw it, from 0; pcap has only one.
	Link      LinkType
	Interface int
}

// A Damage is the reason why a file cannot be read further although it has not
// ended properly: it was cut off, or its bytes make no sense.
type Damage struct {
	// Offset is the place in the file, in bytes, of the record concerned; of a
	// compressed file it is that in what it holds.
	Offset int64
	// Packet is the number, from 1, of the packet that could not be read.
	Packet int
	Reason string
}

func (d *Damage) Error() string {
	return fmt.Sprintf("%s (packet %d, byte %d of the file)", d.Reason, d.Packet, d.Offset)
}

// maxPacket is the longest packet believed in, in bytes. Real ones end at
// 256 KiB (Linux's offloads) or at some megabytes (USB); a number above this
// one means that the reader is no longer looking at a length.
const maxPacket = 16 << 20

// A Reader reads packets from a capture file: pcap in all its variants, pcapng, and
// snoop (RFC 1761), each also compressed by gzip or zstd.
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
// claim a packet of four gigabytes, hold packets longer than its header allows
// or interfaces with clocks of their own. Each of these is read as far as it
// goes, in memory that does not depend on what the file claims. (gopacket's
// readers refuse packets over the snap length and stop at blocks they do not
// know.)
type Reader struct {
	in      input
	format  packetReader
	packets int
	dropped uint64
	names   []Name
	secrets []string
}

// A packetReader reads the packets of one format.
type packetReader interface {
	next(*Packet) error
	// link is the link type of the first interface. It reads up to it.
	link() LinkType
}

// NewReader reads the beginning of a capture. The error says what the file
// looks like if it is no capture.
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
	default:
		rd.format, err = newRecordReader(rd)
	}
	if err != nil {
		return nil, err
	}
	return rd, nil
}

// magic returns the first bytes of a file, at most eight and at least four, and leaves
// them unread.
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

// Next reads the next packet into p. It returns io.EOF at the end of a whole
// file, a *Damage where a damaged file stops making sense, and else the error
// of the underlying reader.
func (r *Reader) Next(p *Packet) error {
	if err := r.format.next(p); err != nil {
		return err
	}
	p.Length = max(p.Length, len(p.Data))
	r.packets++
	return nil
}

// Names are the names that the file gives to hosts, in its order, as far as it
// has been read. Only pcapng has them.
func (r *Reader) Names() []Name { return r.names }

// Secrets are the key logs of TLS in the file's decryption secrets blocks, one for each
// block, as far as it has been read. Only pcapng has them.
func (r *Reader) Secrets() []string { return r.secrets }

// Dropped is the number of packets that the recorder lost, according to the
// statistics that have been read. Only pcapng has them.
func (r *Reader) Dropped() uint64 { return r.dropped }

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
	if h.captured > maxPacket {
		return f.damage(at, "a packet of %d bytes: the file is damaged", h.captured)
	}
	p.Time, p.Length, p.Link, p.Interface = h.time, int(h.length), f.linkType, 0
	if p.Data, err = f.in.take(int(h.captured)); err != nil {
		return f.cutOff(at, err)
	}
	return nil
}

// damage makes the error for the record that begins at offset.
func (r *Reader) damage(offset int64, format string, args ...any) error {
	return &Damage{Offset: offset, Packet: r.packets + 1, Reason: fmt.Sprintf(format, args...)}
}

// cutOff turns the end of the input in the middle of the record at offset into
// a Damage, as it does a compressed form that is damaged, and leaves other errors as
// they are.
func (r *Reader) cutOff(offset int64, err error) error {
	if damaged, ok := err.(formatError); ok {
		return r.damage(offset, "%s", damaged)
	}
	if err == io.ErrUnexpectedEOF || err == io.EOF {
		return r.damage(offset, "the file is cut off in the middle of a packet")
	}
	return err
}

// endOr is cutOff where a record may begin: the end of the input is that of the file.
func (r *Reader) endOr(offset int64, err error) error {
	if err == io.EOF {
		return io.EOF
	}
	return r.cutOff(offset, err)
}
