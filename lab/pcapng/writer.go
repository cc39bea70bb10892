package pcapng

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/google/gopacket"
)

// A Writer writes a capture. One goroutine may use it, except for Secrets.
//
// After the first error it writes nothing more, and every call returns that
// error. The file then ends with the last complete frame.
type Writer struct {
	out    io.Writer
	base   int64 // offset at which the capture begins in the file; -1 if it is not a file
	format Format
	began  time.Time

	// The bytes to write: pieces of buffer, and frames that the caller owns.
	pending [][]byte
	buffer  []byte  // holds all pieces, and never grows
	start   int     // of the part of buffer that is not in pending yet
	size    int64   // bytes pending
	ends    []int64 // of each waiting frame: bytes pending up to its end

	secrets atomic.Pointer[string] // secrets that are not in a block yet

	whole  int64    // bytes written
	frames int      // written
	by     []uint64 // frames added, by interface
	err    error

	limit   int64  // bytes
	reached func() // is called when the capture has that many; nil is never
}

const (
	bufferSize = 256 << 10
	maxPieces  = 1024 // of one writev: IOV_MAX
	copyBelow  = 4096 // bytes: copying a smaller frame is faster than pointing to it
)

// buffers reuses the memory of writers. If there are thousands of small captures,
// making a new buffer takes longer than filling it.
var buffers = sync.Pool{New: func() any { return make([]byte, 0, bufferSize) }}

// NewWriter starts a capture on out and writes its header at once. Out is an
// empty file, or a pipe to a program that reads the capture while it is made.
func NewWriter(out io.Writer, format Format, info Info) (*Writer, error) {
	w := &Writer{out: out, base: -1, format: format, began: time.Now(), buffer: buffers.Get().([]byte), by: make([]uint64, 1+len(info.Others))}
	if file, ok := out.(*os.File); ok {
		info, err := file.Stat()
		if err == nil && info.Mode().IsRegular() {
			if at, err := file.Seek(0, io.SeekCurrent); err == nil {
				w.base = at
			}
		}
	}
	switch format {
	case PCAPNG:
		w.add(sectionHeader(info))
		for _, name := range append([]string{info.Interface}, info.Others...) {
			w.add(interfaceDescription(info, name))
		}
		if len(info.Names) > 0 {
			w.add(nameResolution(info.Names))
		}
	case PCAP:
		if len(info.Others) > 0 {
			return nil, fmt.Errorf("capture: a pcap file has one interface, and this capture is taken at %s and %s; a pcapng file has several", info.Interface, strings.Join(info.Others, " and "))
		}
		w.add(appendPcapHeader(nil, info))
	default:
		return nil, fmt.Errorf("capture: unknown format %q", format)
	}
	if err := w.Flush(); err != nil {
		return nil, err
	}
	return w, nil
}

// Limit calls reached once, when at least so many bytes are written. The capture goes on.
func (w *Writer) Limit(bytes int64, reached func()) { w.limit, w.reached = bytes, reached }

// WritePacket adds a frame, as gopacket's writers do: info has its time and
// length, and frame has all of its bytes or the first ones. The caller must not
// change the frame before the next Flush.
func (w *Writer) WritePacket(info gopacket.CaptureInfo, frame []byte) error {
	if len(w.buffer)+packetHead+copyBelow+8 > cap(w.buffer) || len(w.pending)+3 > maxPieces {
		w.Flush()
	}
	if w.err != nil {
		return w.err
	}
	w.addSecrets()
	if info.CaptureLength != len(frame) || info.Length < len(frame) {
		w.err = fmt.Errorf("capture: a frame of %d bytes, whose CaptureInfo says %d of %d", len(frame), info.CaptureLength, info.Length)
		return w.err
	}
	if info.InterfaceIndex < 0 || info.InterfaceIndex >= len(w.by) {
		w.err = fmt.Errorf("capture: a frame of interface %d; the last one of this capture is number %d", info.InterfaceIndex, len(w.by)-1)
		return w.err
	}
	w.by[info.InterfaceIndex]++
	at := info.Timestamp.UnixNano()
	if w.format == PCAP {
		w.buffer = appendRecordHeader(w.buffer, at, info.CaptureLength, info.Length)
		w.addFrame(frame)
	} else {
		w.buffer = appendPacketHeader(w.buffer, info.InterfaceIndex, at, info.CaptureLength, info.Length)
		w.addFrame(frame)
		w.buffer = appendPacketTrailer(w.buffer, len(frame))
	}
	w.ends = append(w.ends, w.waiting())
	return nil
}

// Secrets adds lines of a TLS key log (draft-ietf-tls-keylogfile) as a
// decryption secrets block before the next packet. They apply to the packets
// that follow. Any goroutine may call it. A pcap file has no room for secrets:
// Secrets then fails, and the capture can go on.
func (w *Writer) Secrets(keyLog string) error {
	if w.format == PCAP {
		return errors.New("capture: a pcap file has no room for TLS keys; pcapng has")
	}
	for {
		before := w.secrets.Load()
		all := keyLog
		if before != nil {
			all = *before + keyLog
		}
		if w.secrets.CompareAndSwap(before, &all) {
			return nil
		}
	}
}

// TakeSecrets removes the lines that Secrets has been given since the last packet, and
// returns them. A recorder that keeps packets for a while takes the lines with each packet,
// and gives them to Secrets again before it writes that packet.
func (w *Writer) TakeSecrets() string {
	if lines := w.secrets.Swap(nil); lines != nil {
		return *lines
	}
	return ""
}

// addSecrets adds a block with the lines that Secrets got since the last block.
func (w *Writer) addSecrets() {
	lines := w.TakeSecrets()
	if lines == "" {
		return
	}
	if len(w.pending)+6 > maxPieces {
		w.Flush()
	}
	w.cut()
	piece := decryptionSecrets(lines)
	w.pending = append(w.pending, piece)
	w.size += int64(len(piece))
}

// add adds bytes that are not a frame.
func (w *Writer) add(data []byte) {
	w.buffer = append(w.buffer, data...)
}

// addFrame adds a frame's bytes: a small one is copied, a large one is
// referenced.
func (w *Writer) addFrame(frame []byte) {
	if len(frame) < copyBelow {
		w.buffer = append(w.buffer, frame...)
		return
	}
	w.cut()
	w.pending = append(w.pending, frame)
	w.size += int64(len(frame))
}

// cut moves the new part of the buffer to the pending pieces.
func (w *Writer) cut() {
	if piece := w.buffer[w.start:]; len(piece) > 0 {
		w.pending = append(w.pending, piece)
		w.size += int64(len(piece))
		w.start = len(w.buffer)
	}
}

// waiting returns how many bytes wait to be written.
func (w *Writer) waiting() int64 {
	return w.size + int64(len(w.buffer)-w.start)
}

// Flush writes all packets that were added. After it, the caller may change the
// frames. Secrets are written with the packet after them, or by Close.
func (w *Writer) Flush() error {
	if w.err != nil {
		return w.err
	}
	w.cut()
	n, err := writeAll(w.out, w.pending)
	if err != nil {
		w.fail(n, err)
		return w.err
	}
	w.whole += w.size
	w.frames += len(w.ends)
	w.pending, w.buffer, w.ends = w.pending[:0], w.buffer[:0], w.ends[:0]
	w.start, w.size = 0, 0
	if w.reached != nil && w.whole >= w.limit {
		w.reached()
		w.reached = nil
	}
	return nil
}

// fail ends the capture after the last complete frame of the n bytes that were
// written.
func (w *Writer) fail(n int64, err error) {
	var kept int64
	for _, end := range w.ends {
		if end <= n {
			kept = end
			w.frames++
		}
	}
	w.whole += kept
	if file, ok := w.out.(*os.File); ok && w.base >= 0 {
		if e := file.Truncate(w.base + w.whole); e != nil {
			err = fmt.Errorf("%w, and the incomplete frame at the end could not be removed: %w", err, e)
		}
	}
	written := &fs.PathError{Op: "write", Path: w.name(), Err: err}
	switch {
	case errors.Is(err, syscall.EPIPE):
		w.err = fmt.Errorf("capture: the reader of %s is gone, after frame %d: %w", w.name(), w.frames, err)
	case w.frames == 0:
		w.err = fmt.Errorf("the capture has no frame: %w", written)
	default:
		w.err = fmt.Errorf("the capture ends with frame %d: %w", w.frames, written)
	}
}

// name is that of the capture in a message.
func (w *Writer) name() string {
	file, ok := w.out.(interface{ Name() string })
	switch {
	case !ok:
		return "the capture"
	case file.Name() == os.Stdout.Name():
		return "standard output"
	}
	return file.Name()
}

// Frames returns how many frames were written so far.
func (w *Writer) Frames() int { return w.frames }

// Close writes everything that was added and, with pcapng, the statistics. It
// does not close out.
func (w *Writer) Close(s Stats) error {
	w.addSecrets()
	if err := w.Flush(); err != nil {
		return err
	}
	if w.format == PCAPNG {
		if s.Began.IsZero() {
			s.Began, s.Ended = w.began, time.Now()
		}
		w.addStatistics(s)
	}
	err := w.Flush()
	buffers.Put(w.buffer[:0])
	w.buffer = nil // another writer uses it now
	return err
}

// addStatistics adds the counts of each interface. The first interface has all lost
// frames, because only a recorder of one interface loses any.
func (w *Writer) addStatistics(s Stats) {
	others := w.by[1:]
	for _, frames := range others {
		s.Received -= min(frames, s.Received)
	}
	w.add(interfaceStatistics(0, s))
	for i, frames := range others {
		w.add(interfaceStatistics(1+i, Stats{Received: frames, Began: s.Began, Ended: s.Ended}))
	}
}

// writeEach writes the pieces one by one.
func writeEach(out io.Writer, pieces [][]byte) (written int64, err error) {
	for _, piece := range pieces {
		n, err := out.Write(piece)
		written += int64(n)
		if err != nil {
			return written, err
		}
	}
	return written, nil
}
