package live

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"ftplab/lab/pcapng"
)

// slot is how many bytes of a spool are written to the file at once.
const slot = 64 << 10

// maxBuffered is how many bytes of all spools may wait in memory.
const maxBuffered = 32 << 20

// A store is the temporary file of all spools. Slots that are not used any longer are used
// again.
type store struct {
	file     *os.File
	free     []int64 // offsets
	end      int64
	buffered int // bytes that wait in memory
	small    int // of these, bytes that stayed when the others were written
}

// isFull reports whether what waits in memory should be written: it is too much, and some of it has
// come since the last time.
func (s *store) isFull() bool {
	s.small = min(s.small, s.buffered)
	if s.buffered < s.small+maxBuffered/8 || s.buffered < maxBuffered {
		return false
	}
	s.small = s.buffered
	return true
}

func (s *store) close() {
	if s.file != nil {
		s.file.Close()
		os.Remove(s.file.Name()) // where it could not be removed while it was open
	}
}

// put writes at most a slot, and returns where.
func (s *store) put(b []byte) (int64, error) {
	if s.file == nil {
		f, err := os.CreateTemp("", "ftplab-live-*")
		if err != nil {
			return 0, fmt.Errorf("cannot keep packets in a temporary file: %w", err)
		}
		os.Remove(f.Name())
		s.file = f
	}
	at := s.end
	if n := len(s.free); n > 0 {
		at, s.free = s.free[n-1], s.free[:n-1]
	} else {
		s.end += slot
	}
	_, err := s.file.WriteAt(b, at)
	return at, err
}

// A spool is the packets of one connection.
type spool struct {
	store  *store
	parts  []part
	buffer []byte
	size   int64 // bytes
}

// A part of a spool is in the file.
type part struct {
	at   int64
	size int
}

// recordHead is the size of what stands in front of a packet: its number, its time, the
// length on the wire, the captured length, the link type, and the interface.
const recordHead = 8 + 8 + 4 + 4 + 2 + 4

// add adds a packet.
func (s *spool) add(number int, p *pcapng.Packet) error {
	head := binary.LittleEndian.AppendUint64(make([]byte, 0, recordHead), uint64(number))
	head = binary.LittleEndian.AppendUint64(head, uint64(p.Time))
	head = binary.LittleEndian.AppendUint32(head, uint32(p.Length))
	head = binary.LittleEndian.AppendUint32(head, uint32(len(p.Data)))
	head = binary.LittleEndian.AppendUint16(head, uint16(p.Link))
	head = binary.LittleEndian.AppendUint32(head, uint32(p.Interface))
	return errors.Join(s.write(head), s.write(p.Data))
}

func (s *spool) write(b []byte) error {
	s.size += int64(len(b))
	for len(b) > 0 {
		n := min(len(b), slot-len(s.buffer))
		s.buffer = append(s.buffer, b[:n]...)
		s.store.buffered += n
		b = b[n:]
		if len(s.buffer) == slot {
			if err := s.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// flush writes what waits in memory.
func (s *spool) flush() error {
	if len(s.buffer) == 0 {
		return nil
	}
	at, err := s.store.put(s.buffer)
	if err != nil {
		return err
	}
	s.parts = append(s.parts, part{at, len(s.buffer)})
	s.store.buffered -= len(s.buffer)
	s.buffer = nil
	return nil
}

// drop forgets all packets.
func (s *spool) drop() {
	for _, p := range s.parts {
		s.store.free = append(s.store.free, p.at)
	}
	s.store.buffered -= len(s.buffer)
	s.parts, s.buffer, s.size = nil, nil, 0
}

// A spoolReader reads the packets of a spool, in their order.
type spoolReader struct {
	spool  *spool
	parts  []part
	within int // the part that is read
	number int
	packet pcapng.Packet
}

func (s *spool) reader() *spoolReader { return &spoolReader{spool: s, parts: s.parts} }

// next reads the next packet, and reports whether there is one.
func (r *spoolReader) next() (bool, error) {
	var head [recordHead]byte
	if _, err := io.ReadFull(r, head[:]); err == io.EOF {
		return false, nil
	} else if err != nil {
		return false, err
	}
	data := make([]byte, binary.LittleEndian.Uint32(head[20:]))
	if _, err := io.ReadFull(r, data); err != nil {
		return false, err
	}
	r.number = int(binary.LittleEndian.Uint64(head[:]))
	r.packet = pcapng.Packet{
		Time: int64(binary.LittleEndian.Uint64(head[8:])), Length: int(binary.LittleEndian.Uint32(head[16:])),
		Data: data, Link: pcapng.LinkType(binary.LittleEndian.Uint16(head[24:])), Interface: int(binary.LittleEndian.Uint32(head[26:])),
	}
	return true, nil
}

// Read reads the bytes of the spool.
func (r *spoolReader) Read(b []byte) (int, error) {
	for len(r.parts) > 0 {
		p := r.parts[0]
		if r.within == p.size {
			r.parts, r.within = r.parts[1:], 0
			continue
		}
		n, err := r.spool.store.file.ReadAt(b[:min(len(b), p.size-r.within)], p.at+int64(r.within))
		r.within += n
		return n, err
	}
	if r.within == len(r.spool.buffer) {
		return 0, io.EOF
	}
	n := copy(b, r.spool.buffer[r.within:])
	r.within += n
	return n, nil
}
