// Package extract writes what a capture's data connections carried into files.
//
// The names of the files are safe: they are made of the number of the connection and of
// those characters of the transfer's name that every system allows, and no file is written
// outside the folder or over another one. Until all of a file is written, its name ends in
// .unfinished, so that a program which is interrupted leaves nothing that only looks whole.
package extract

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path/filepath"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/tcp"
	"ftplab/lab/internal/newfiles"
)

// A File is what one side sent on a data connection.
type File struct {
	Connection *ftp.Connection
	// From is the side that sent it; "" if there is nothing to write.
	From ftp.Side
	// Name is the name of the file in the folder; "" if none was written.
	Name string
	// Bytes is how long it is, SHA256 its digest in hexadecimal.
	Bytes  int64
	SHA256 string
	// Kind says what it seems to be.
	Kind Kind
	// Gaps are the places, as offsets in the file, where bytes are missing in the capture,
	// or cannot be read: Unread says that all of them are of the second kind. Of many the
	// first hundred are kept; MoreGaps counts the others.
	Gaps     []int64
	MoreGaps int
	Unread   bool
	// Hidden says that some of it, or all, is in TLS that cannot be read.
	Hidden bool
}

// maxGaps is how many gaps of a file are listed.
const maxGaps = 100

// Write writes what the capture's data connections carried into the folder dir, which is
// made if it is not there, and calls written for each file when it is complete. A transfer that
// the capture shows to have had no data gives an empty file. For a data connection of which
// nothing can be read, written is called with a File without a Name.
// If it fails, it removes the files.
func Write(dir string, c *capture.Capture, written func(*File)) (err error) {
	w := &writer{dir: dir, open: map[key]*output{}}
	defer func() {
		if err != nil {
			w.made.Remove()
		}
	}()
	if err = w.made.Folder(dir); err != nil {
		return err
	}
	w.root, err = os.OpenRoot(dir) // a link in the folder does not lead out of it
	if err != nil {
		return err
	}
	defer w.root.Close()
	err = c.Contents(w.take, func(x *ftp.Connection) {
		for _, f := range w.end(x) {
			written(f)
		}
	})
	return errors.Join(w.err, err)
}

// A key names one direction of a connection.
type key struct {
	connection int
	from       ftp.Side
}

// A writer writes the files of all connections that go on at the same time.
type writer struct {
	root *os.Root
	dir  string
	made newfiles.List
	open map[key]*output
	err  error // the first one
}

// An output is a file that grows.
type output struct {
	File
	buffer  []byte // not written yet
	hash    hash.Hash
	sniffer sniffer
	begun   bool // the file is there, under its unfinished name
}

// buffered is how many bytes of each file wait to be written. No file stays open, since
// many connections may go on at the same time.
const buffered = 64 << 10

func (w *writer) take(x *ftp.Identity, from ftp.Side, b tcp.Chunk) {
	if w.err != nil || len(b.Data) == 0 {
		return
	}
	o := w.output(x, from)
	if b.AfterGap {
		o.Unread = b.Unread && (o.Unread || len(o.Gaps) == 0)
		if len(o.Gaps) < maxGaps {
			o.Gaps = append(o.Gaps, o.Bytes)
		} else {
			o.MoreGaps++
		}
	}
	o.Bytes += int64(len(b.Data))
	o.hash.Write(b.Data)
	o.sniffer.add(b.Data)
	o.buffer = append(o.buffer, b.Data...)
	if len(o.buffer) >= buffered {
		w.flush(o)
	}
}

// output is the file for what a side sends.
func (w *writer) output(x *ftp.Identity, from ftp.Side) *output {
	k := key{x.ID, from}
	if w.open[k] == nil {
		w.open[k] = &output{File: File{From: from, Name: fileName(x, from)}, hash: sha256.New()}
	}
	return w.open[k]
}

// flush writes what waits.
func (w *writer) flush(o *output) {
	f, err := w.openFile(o)
	if err == nil {
		_, err = f.Write(o.buffer)
		err = errors.Join(err, f.Close())
	}
	o.buffer = o.buffer[:0]
	if w.err == nil {
		w.err = err
	}
}

// openFile opens the file of an output to write more to it. It makes the file if none of the
// two names is in use.
func (w *writer) openFile(o *output) (*os.File, error) {
	name := o.Name + newfiles.Unfinished
	if o.begun {
		return w.root.OpenFile(name, os.O_WRONLY|os.O_APPEND, 0o666)
	}
	f, err := w.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if errors.Is(err, fs.ErrExist) {
		return nil, w.taken(name)
	}
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return nil, &fs.PathError{Op: "open", Path: filepath.Join(w.dir, name), Err: e.Err} // in err, the path is that below the folder
	}
	if err != nil {
		return nil, err
	}
	o.begun = true
	w.made.Add(filepath.Join(w.dir, name))
	if _, err := w.root.Lstat(o.Name); err == nil {
		f.Close()
		return nil, w.taken(o.Name)
	}
	return f, nil
}

// taken is the error of a name that a file has already.
func (w *writer) taken(name string) error {
	return fmt.Errorf("%s has a file %s already; extract into an empty folder", w.dir, name)
}

// complete gives a file its name.
func (w *writer) complete(o *output) {
	if w.err == nil && (len(o.buffer) > 0 || !o.begun) {
		w.flush(o)
	}
	if w.err == nil {
		w.err = w.rename(o)
	}
}

// rename gives a file its name, unless another file has got that name since the file was begun.
func (w *writer) rename(o *output) error {
	err := w.root.Link(o.Name+newfiles.Unfinished, o.Name)
	if errors.Is(err, fs.ErrExist) {
		return w.taken(o.Name)
	}
	if err == nil {
		w.made.Add(filepath.Join(w.dir, o.Name))
		return w.root.Remove(o.Name + newfiles.Unfinished)
	}
	// A file system without hard links, such as FAT.
	if _, err := w.root.Lstat(o.Name); err == nil {
		return w.taken(o.Name)
	}
	if err := w.root.Rename(o.Name+newfiles.Unfinished, o.Name); err != nil {
		return err
	}
	w.made.Add(filepath.Join(w.dir, o.Name))
	return nil
}

// end ends the files of a connection.
func (w *writer) end(x *ftp.Connection) []*File {
	if x.IsEmpty() && w.err == nil {
		w.output(&x.Identity, x.Transfer.Sender())
	}
	var files []*File
	for _, from := range []ftp.Side{ftp.Client, ftp.Server} {
		o := w.open[key{x.ID, from}]
		if o == nil {
			continue
		}
		delete(w.open, key{x.ID, from})
		w.complete(o)
		o.Connection, o.SHA256 = x, hex.EncodeToString(o.hash.Sum(nil))
		o.Kind = o.sniffer.kind()
		o.Hidden = x.TLS != nil && x.TLS.Hidden()
		files = append(files, &o.File)
	}
	if w.err != nil {
		return nil
	}
	if files == nil {
		return []*File{{Connection: x, Hidden: x.TLS != nil && x.TLS.Hidden()}}
	}
	return files
}
