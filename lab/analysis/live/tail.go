package live

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"ftplab/lab/pcapng"
)

// poll is how often a file that grows is looked at.
const poll = 100 * time.Millisecond

// A files is a source of files that a recorder writes one after the other.
type files struct {
	ctx     context.Context
	folder  string
	file    string // the name of the one file that is followed; "" for a folder
	matches func(name string) bool
	warn    func(string)

	current *os.File
	tail    []byte // what was read of it last, which tells whether it is written again while it is read
	again   bool   // it is: the reader begins anew
	reader  *pcapng.Reader
	read    []fileRead
	secrets
	last time.Time // when the file before was written to last
}

// A fileRead is a file that was read to its end.
type fileRead struct {
	info  os.FileInfo
	begin []byte // which tells whether it has been written again
}

// Follow is the source of a capture file that grows. When a recorder goes on in another
// file, as tcpdump does with -C, -G and -W or when a file is renamed and made again, so
// does the source: that is a file of the same folder whose name begins with that of the
// file, or, if path is a folder, any whose name isCapture takes. A file that is cut, written
// over or replaced is read from its beginning. The source ends with ctx, after what has been written until
// then. Warn is called with a sentence about what cannot be read.
func Follow(ctx context.Context, path string, isCapture func(name string) bool, warn func(string)) (Source, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	f := &files{ctx: ctx, folder: path, matches: isCapture, warn: warn}
	if info.IsDir() {
		return f, nil
	}
	stem := strings.TrimRight(filepath.Base(path), "0123456789")
	f.folder, f.file = filepath.Dir(path), filepath.Base(path)
	f.matches = func(name string) bool { return strings.HasPrefix(name, stem) }
	return f, f.open(path)
}

// Next returns the next packet. It waits for it.
func (f *files) Next(p *pcapng.Packet) error {
	for {
		if f.reader == nil {
			if err := f.begin(); err != nil {
				return err
			}
			continue
		}
		err := f.reader.Next(p)
		f.secrets.note(f.reader)
		if err == nil {
			return nil
		}
		if f.again {
			f.restart()
			continue
		}
		f.end(err)
		if f.ctx.Err() != nil {
			return io.EOF
		}
	}
}

// begin opens the next file, or reads the header of the one that is open.
func (f *files) begin() error {
	if f.current == nil {
		next := f.successor()
		if next == "" {
			return f.wait()
		}
		if err := f.open(next); err != nil {
			return f.wait() // it has gone again
		}
		if f.replaced(filepath.Base(next)) {
			f.warn(next + " was replaced by another file; going on at its beginning")
		}
	}
	r, err := pcapng.NewReader(f)
	switch {
	case err == nil:
		f.reader = r
	case f.again:
		f.restart()
	case f.ctx.Err() != nil:
		return io.EOF
	default:
		f.end(err)
	}
	return nil
}

func (f *files) open(name string) (err error) {
	f.current, err = os.Open(name)
	f.tail = f.tail[:0]
	return err
}

// restart goes to the beginning of the current file. A recorder that cuts its file after it was
// copied, as logrotate has it, goes on in the empty one; of others, something may be lost.
func (f *files) restart() {
	f.current.Seek(0, io.SeekStart)
	f.tail, f.again, f.reader = f.tail[:0], false, nil
	if info, err := f.current.Stat(); err == nil && info.Size() > 0 {
		f.warn(f.current.Name() + " was written over; going on at its beginning, and what was not read before is lost")
	}
}

// end ends the current file, for which there is this reason.
func (f *files) end(reason error) {
	if reason != nil && !errors.Is(reason, io.EOF) && f.ctx.Err() == nil {
		f.warn(fmt.Sprintf("%s: %v; going on with what follows", f.current.Name(), reason))
	}
	if info, err := f.current.Stat(); err == nil {
		f.last = info.ModTime()
		done := fileRead{info, beginning(f.current)}
		f.read = slices.DeleteFunc(f.read, func(r fileRead) bool { return os.SameFile(r.info, info) })
		f.read = append(f.read, done)
	}
	f.current.Close()
	f.current, f.reader = nil, nil
}

// beginning is how many bytes show whether a file is another capture.
func beginning(f *os.File) []byte {
	b := make([]byte, tailLength)
	n, _ := f.ReadAt(b, 0)
	return b[:n]
}

// Read reads from the current file. At its end it waits until there is more, or until the
// recorder goes on elsewhere.
func (f *files) Read(b []byte) (int, error) {
	for {
		if f.again = f.rewritten(); f.again {
			return 0, io.EOF
		}
		if n, err := f.readOn(b); n > 0 || err != nil && err != io.EOF {
			return n, err
		}
		if f.rotated() {
			if n, _ := f.readOn(b); n > 0 { // what came in the meantime
				return n, nil
			}
			return 0, io.EOF
		}
		if f.wait() != nil {
			return f.readOn(b)
		}
	}
}

// tailLength is how many bytes of a tail tell whether a file is written again, and how many of a
// beginning whether it is another capture.
const tailLength = 256

// readOn reads from the current file, and notes what it has read last.
func (f *files) readOn(b []byte) (int, error) {
	n, err := f.current.Read(b)
	f.tail = append(f.tail, b[max(0, n-tailLength):n]...)
	f.tail = slices.Delete(f.tail, 0, max(0, len(f.tail)-tailLength))
	return n, err
}

// rewritten reports whether the current file has other bytes than those that were read of it.
func (f *files) rewritten() bool {
	at, err := f.current.Seek(0, io.SeekCurrent)
	if err != nil {
		return false // a named pipe, for example
	}
	now := make([]byte, len(f.tail))
	n, err := f.current.ReadAt(now, at-int64(len(now)))
	return (err == nil || err == io.EOF) && !bytes.Equal(now[:n], f.tail)
}

// wait waits a moment. It returns io.EOF if the source ends.
func (f *files) wait() error {
	select {
	case <-f.ctx.Done():
		return io.EOF
	case <-time.After(poll):
		return nil
	}
}

// rotated reports whether nothing more comes in the current file.
func (f *files) rotated() bool {
	info, err := f.current.Stat()
	if err != nil {
		return true
	}
	f.last = info.ModTime()
	return f.successor() != ""
}

// successor is the file that was begun after the one before, "" for none. The file that is followed
// may have been replaced by one that was written before.
func (f *files) successor() string {
	entries, err := os.ReadDir(f.folder)
	if err != nil {
		return ""
	}
	var best os.FileInfo
	for _, e := range entries {
		info, err := e.Info()
		tooOld := info != nil && info.ModTime().Before(f.last) && e.Name() != f.file
		if err != nil || !info.Mode().IsRegular() || !f.matches(e.Name()) || info.Size() == 0 || tooOld || f.isKnown(info) {
			continue
		}
		if best == nil || info.ModTime().Before(best.ModTime()) || info.ModTime().Equal(best.ModTime()) && naturalLess(info.Name(), best.Name()) {
			best = info
		}
	}
	if best == nil {
		return ""
	}
	return filepath.Join(f.folder, best.Name())
}

// replaced reports whether the file that was read last is gone, and another one has its name. A recorder that renames
// its file leaves it in the folder.
func (f *files) replaced(name string) bool {
	if len(f.read) == 0 || f.read[len(f.read)-1].info.Name() != name {
		return false
	}
	before := f.read[len(f.read)-1].info
	entries, _ := os.ReadDir(f.folder)
	return !slices.ContainsFunc(entries, func(e os.DirEntry) bool {
		info, err := e.Info()
		return err == nil && e.Name() != name && os.SameFile(info, before)
	})
}

// isKnown reports whether a file is the current one, or has been read and not been written
// again.
func (f *files) isKnown(info os.FileInfo) bool {
	if f.current != nil {
		if now, err := f.current.Stat(); err == nil && os.SameFile(now, info) {
			return true
		}
	}
	for _, r := range f.read {
		if !os.SameFile(r.info, info) {
			continue
		}
		file, err := os.Open(filepath.Join(f.folder, info.Name()))
		if err != nil {
			return true
		}
		defer file.Close()
		return bytes.Equal(beginning(file), r.begin)
	}
	return false
}

// naturalLess compares names so that trace.pcap9 comes before trace.pcap10.
func naturalLess(a, b string) bool {
	if len(a) != len(b) && strings.TrimRight(a, "0123456789") == strings.TrimRight(b, "0123456789") {
		return len(a) < len(b)
	}
	return a < b
}

// A stream is a source that may block for ever, such as the standard input.
type stream struct {
	ctx     context.Context
	packets chan pcapng.Packet
	err     error // valid when packets is closed
	reader  *pcapng.Reader
	secrets
}

// Stream is the source of a stream that a recorder writes. It ends with ctx, too.
func Stream(ctx context.Context, r io.Reader) (Source, error) {
	reader, err := pcapng.NewReader(r)
	if err != nil {
		return nil, err
	}
	s := &stream{ctx: ctx, packets: make(chan pcapng.Packet), reader: reader}
	go s.deliver()
	return s, nil
}

func (s *stream) deliver() {
	defer close(s.packets)
	for {
		var p pcapng.Packet
		s.err = s.reader.Next(&p)
		s.secrets.note(s.reader)
		if s.err != nil {
			return
		}
		p.Data = bytes.Clone(p.Data)
		select {
		case s.packets <- p:
		case <-s.ctx.Done():
			s.err = io.EOF
			return
		}
	}
}

func (s *stream) Next(p *pcapng.Packet) error {
	select {
	case next, ok := <-s.packets:
		if !ok {
			return s.err
		}
		*p = next
		return nil
	case <-s.ctx.Done():
		return io.EOF
	}
}

// secrets are the key logs that came so far. One goroutine reads, another asks.
type secrets struct {
	mu   sync.Mutex
	logs []string
	from *pcapng.Reader // of the last ones
	seen int            // how many of its logs are in logs
}

// note takes the logs that a reader has read.
func (s *secrets) note(r *pcapng.Reader) {
	if s.from != r {
		s.from, s.seen = r, 0
	}
	if all := r.Secrets(); len(all) > s.seen {
		s.mu.Lock()
		s.logs = append(s.logs, all[s.seen:]...)
		s.mu.Unlock()
		s.seen = len(all)
	}
}

// Secrets returns the key logs.
func (s *secrets) Secrets() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.logs)
}
