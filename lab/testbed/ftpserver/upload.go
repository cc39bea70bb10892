package ftpserver

import (
	"errors"
	"io"
	"io/fs"
	"sync"

	"ftplab/lab/testbed/content"
)

// An Upload is what one STOR or APPE brought.
type Upload struct {
	Path    string         // absolute
	Offset  int64          // in the file at which it was written, bytes
	Content content.Digest // of what came over the data connection, after TYPE A's conversion
	Err     error          // why it ended early; nil if the client ended it
}

// keepAtMost is the size of the largest upload whose content is kept, so that
// it can be downloaded again.
const keepAtMost = 16 << 20

// An upload takes a file that a client sends.
type upload struct {
	tree   *tree
	name   string
	offset int64
	digest *content.Digester
	kept   []byte // what came, unless it is large
	large  bool
	err    error // why it ended early
}

// newUpload opens name to be written from its beginning, or from its end. The
// file is there, and empty if it is new, before the first byte comes.
func (t *tree) newUpload(name string, atEnd bool) (*upload, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.inDirectory("open", name); err != nil {
		return nil, err
	}
	u := &upload{tree: t, name: name, digest: content.NewDigester()}
	info, err := t.Fs.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return u, t.write(name, nil)
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, &fs.PathError{Op: "open", Path: name, Err: errIsDirectory}
	case atEnd:
		u.offset = t.describe(name, info).Size()
	}
	return u, nil
}

// Seek sets where the upload begins (REST).
func (u *upload) Seek(offset int64, whence int) (int64, error) {
	if whence != io.SeekStart || offset < 0 {
		return 0, fs.ErrInvalid
	}
	u.offset = offset
	return offset, nil
}

var pieces = sync.Pool{New: func() any { return new([256 << 10]byte) }}

// ReadFrom takes everything that r has, in large pieces.
func (u *upload) ReadFrom(r io.Reader) (n int64, err error) {
	piece := pieces.Get().(*[256 << 10]byte)
	defer pieces.Put(piece)
	for err == nil {
		var m int
		m, err = io.ReadFull(r, piece[:])
		u.Write(piece[:m])
		n += int64(m)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return n, err
}

// Write takes a piece. It never fails.
func (u *upload) Write(p []byte) (int, error) {
	u.digest.Write(p)
	u.large = u.large || len(u.kept)+len(p) > keepAtMost
	if u.large {
		u.kept = nil
	} else {
		u.kept = append(u.kept, p...)
	}
	return len(p), nil
}

// Read fails: the library reads no upload.
func (u *upload) Read([]byte) (int, error) { return 0, fs.ErrInvalid }

// TransferError is called by the library when a transfer ends early.
func (u *upload) TransferError(err error) { u.err = err }

// Close makes what came the content of the file, as far as it came.
func (u *upload) Close() error {
	t := u.tree
	t.mu.Lock()
	defer t.mu.Unlock()
	came := u.digest.Digest()
	t.uploads = append(t.uploads, Upload{Path: u.name, Offset: u.offset, Content: came, Err: u.err})

	old, err := t.Fs.Stat(u.name)
	if err != nil {
		return err // it was removed meanwhile
	}
	size := came.Size
	if u.offset > 0 {
		size = max(t.describe(u.name, old).Size(), u.offset+came.Size)
	}
	whole := u.kept
	if !u.large && u.offset > 0 && size <= keepAtMost {
		whole, err = t.splice(u.name, u.offset, u.kept)
	}
	if u.large || size > keepAtMost || errors.Is(err, errGone) {
		t.large[u.name] = largeFile{size: size, gone: true}
		return t.write(u.name, nil)
	}
	if err != nil {
		return err
	}
	delete(t.large, u.name)
	return t.write(u.name, whole)
}

// splice returns the content of a file with piece written over it at offset,
// and zeros before that if the file is shorter.
func (t *tree) splice(name string, offset int64, piece []byte) ([]byte, error) {
	file, err := t.open(name)
	if err != nil {
		return nil, err
	}
	old, err := io.ReadAll(file)
	if err != nil {
		return nil, err
	}
	whole := make([]byte, max(int64(len(old)), offset+int64(len(piece))))
	copy(whole, old)
	copy(whole[offset:], piece)
	return whole, nil
}
