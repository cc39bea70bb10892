// The file of a capture, which is read from its beginning as often as it must be.

package capture

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"ftplab/lab/analysis/packet"
	"ftplab/lab/analysis/tls"
	"ftplab/lab/pcapng"
)

// A file is the bytes of a capture.
type file struct {
	source io.ReaderAt
	from   int64    // where the capture begins
	size   int64    // of the capture, bytes
	opened *os.File // to be closed, nil for none
	places *places  // nil if the capture was taken at one place

	numbers []int // of the packets; nil for 1, 2, 3 and so on
}

// number is that of the n-th packet, from 1.
func (f *file) number(n int) int {
	switch {
	case f.numbers == nil:
		return n
	case n <= len(f.numbers):
		return f.numbers[n-1]
	}
	return math.MaxInt // after the last one
}

// seekable is what a capture is read from more than once.
type seekable interface {
	io.ReaderAt
	io.Seeker
}

// Open opens and reads the capture file of the given name, which may be a pipe. It has to be
// closed.
func Open(name string, opts Options) (*Capture, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	var c *Capture
	if _, err = f.Seek(0, io.SeekCurrent); err != nil {
		c, err = Read(f, opts)
		f.Close()
	} else if c, err = read(f, opts, f); err != nil {
		f.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return c, nil
}

// Read reads a capture. What cannot be read a second time, such as a pipe, is copied to a
// temporary file, which has no name any more when Read returns and is gone when the
// capture is closed. The error means that r is not a capture at all, or that reading it
// failed; a capture that is cut off or damaged is read as far as it goes, and
// Capture.Cut says why no further.
func Read(r io.Reader, opts Options) (*Capture, error) {
	if s, ok := r.(seekable); ok {
		if _, err := s.Seek(0, io.SeekCurrent); err == nil {
			return read(s, opts, nil)
		}
	}
	f, err := spool(r)
	if err != nil {
		return nil, err
	}
	c, err := read(f, opts, f)
	if err != nil {
		f.Close()
		return nil, err
	}
	return c, nil
}

func read(s seekable, opts Options, opened *os.File) (*Capture, error) {
	from, err := s.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil, err
	}
	end, err := s.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	c := &Capture{file: &file{source: s, from: from, size: end - from, opened: opened, numbers: opts.Numbers}, hash: !opts.NoHash, closed: opts.NoKeys, limits: opts.limits, keys: &tls.Keys{}, ports: opts.ControlPorts, complete: opts.Complete}
	c.keys.Read(bytes.NewReader(opts.KeyLog)) // lines that make no sense are no keys
	if c.limits == (limits{}) {
		c.limits = normal
		c.limits.batch = max(c.limits.batch, int(c.file.size/4)) // so that few readings are enough for all sessions
	}
	err = c.findFacts()
	if errors.Is(err, errSeveralPlaces) {
		*c = Capture{file: c.file, hash: c.hash, closed: c.closed, limits: c.limits, keys: c.keys, ports: c.ports}
		if err = c.file.findPlaces(); err == nil {
			err = c.findFacts()
		}
	}
	return c, err
}

// spool copies a stream into a temporary file without a name.
func spool(r io.Reader) (*os.File, error) {
	f, err := os.CreateTemp("", "ftplab-*.pcap")
	if err != nil {
		return nil, fmt.Errorf("cannot keep the capture in a temporary file: %w", err)
	}
	os.Remove(f.Name()) // where this fails (Windows), the file stays until it is cleaned up
	if _, err = io.Copy(f, r); err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// Close closes the file if it was opened here.
func (f *file) Close() error {
	if f.opened == nil {
		return nil
	}
	return f.opened.Close()
}

// packets calls use for the packets of the file until it returns false. The error is nil at
// the end of the file, and a *pcapng.Damage if the file is damaged from there on.
func (f *file) packets(d *packet.Decoder, use func(p *packet.Packet, raw *pcapng.Packet) bool) (*pcapng.Reader, error) {
	r, err := f.reader()
	if err != nil {
		return nil, err
	}
	return r, f.packetsOf(r, d, use)
}

// reader returns a reader of the file.
func (f *file) reader() (*pcapng.Reader, error) {
	return pcapng.NewReader(io.NewSectionReader(f.source, f.from, f.size))
}

// packetsOf is packets with a reader.
func (f *file) packetsOf(r *pcapng.Reader, d *packet.Decoder, use func(p *packet.Packet, raw *pcapng.Packet) bool) error {
	var raw pcapng.Packet
	var p packet.Packet
	for number := 1; ; number++ {
		if err := r.Next(&raw); err != nil {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return err
		}
		p = packet.Packet{Number: f.number(number), Interface: raw.Interface}
		d.Decode(&p, &raw)
		if f.places != nil {
			f.places.mark(&p, raw.Interface, r.Interfaces())
		}
		if !use(&p, &raw) {
			return nil
		}
	}
}
