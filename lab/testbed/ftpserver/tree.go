package ftpserver

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	ftpserverlib "github.com/fclairamb/ftpserverlib"
	"github.com/spf13/afero"

	"ftplab/lab/testbed/content"
)

// A File is served.
type File struct {
	Path    string // "/" is the server's root, with or without it written
	Content []byte // literal; nil for a generated file
	Size    int64  // of a generated file, bytes
	Seed    uint64 // of a generated file
}

// Errors of paths, with Linux's texts: replies quote them, and other systems have
// other texts.
var (
	errNotDirectory = errors.New("not a directory")
	errIsDirectory  = errors.New("is a directory")
	errNotEmpty     = errors.New("directory not empty")
	errInvalid      = errors.New("invalid argument")
)

// A tree is what clients see of files. Afero's file system in memory holds
// directories and small files. The content of large files is generated, or is not
// kept. The tree behaves like a disk where afero's does not: a directory must be
// empty to be removed and must exist to be written to. Times are fixed and
// lists are sorted, so that a listing has the same bytes on every run.
type tree struct {
	afero.Fs
	readOnly bool
	modTime  time.Time

	mu      sync.RWMutex
	large   map[string]largeFile // by path
	uploads []Upload
}

// A largeFile is empty in afero's file system.
type largeFile struct {
	size int64
	seed uint64
	gone bool // an upload that was not kept
}

func newTree(config Config) (*tree, error) {
	t := &tree{Fs: afero.NewMemMapFs(), modTime: config.ModTime, large: make(map[string]largeFile)}
	for _, dir := range config.Dirs {
		if err := t.makeAll(path.Clean("/" + dir)); err != nil {
			return nil, err
		}
	}
	for _, file := range config.Files {
		if err := t.add(file); err != nil {
			return nil, err
		}
	}
	t.readOnly = config.ReadOnly
	return t, t.Fs.Chtimes("/", t.modTime, t.modTime)
}

func (t *tree) add(file File) error {
	name := path.Clean("/" + file.Path)
	if err := t.makeAll(path.Dir(name)); err != nil {
		return err
	}
	if _, err := t.Fs.Stat(name); err == nil {
		return fmt.Errorf("file %s: there are two of that name", name)
	}
	if file.Content == nil {
		if file.Size < 0 {
			return fmt.Errorf("file %s: size %d", name, file.Size)
		}
		t.large[name] = largeFile{size: file.Size, seed: file.Seed}
	}
	return t.write(name, file.Content)
}

// write makes name a file of that content.
func (t *tree) write(name string, content []byte) error {
	if err := afero.WriteFile(t.Fs, name, content, 0o644); err != nil {
		return err
	}
	return t.Fs.Chtimes(name, t.modTime, t.modTime)
}

// makeAll makes a directory and those above it.
func (t *tree) makeAll(dir string) error {
	info, err := t.Fs.Stat(dir)
	switch {
	case err == nil && !info.IsDir():
		return fmt.Errorf("directory %s: there is a file of that name", dir)
	case err == nil:
		return nil
	}
	if err := t.makeAll(path.Dir(dir)); err != nil {
		return err
	}
	return t.Mkdir(dir, 0o755)
}

// inDirectory returns why nothing can be made at name: read only, or there is
// no directory for it.
func (t *tree) inDirectory(op, name string) error {
	if t.readOnly {
		return &fs.PathError{Op: op, Path: name, Err: fs.ErrPermission}
	}
	parent, err := t.Fs.Stat(path.Dir(name))
	if err != nil {
		return &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
	}
	if !parent.IsDir() {
		return &fs.PathError{Op: op, Path: name, Err: errNotDirectory}
	}
	return nil
}

// Mkdir makes a directory in one that exists.
func (t *tree) Mkdir(name string, mode fs.FileMode) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.inDirectory("mkdir", name); err != nil {
		return err
	}
	if err := t.Fs.Mkdir(name, mode); err != nil {
		return err
	}
	return t.Fs.Chtimes(name, t.modTime, t.modTime)
}

// Remove removes a file (DELE).
func (t *tree) Remove(name string) error {
	return t.remove(name, func(isDir bool) error {
		if isDir {
			return errIsDirectory
		}
		return nil
	})
}

// RemoveDir removes an empty directory (RMD).
func (t *tree) RemoveDir(name string) error {
	return t.remove(name, func(isDir bool) error {
		if !isDir {
			return errNotDirectory
		}
		return t.isEmpty(name)
	})
}

func (t *tree) remove(name string, check func(isDir bool) error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.inDirectory("remove", name); err != nil {
		return err
	}
	info, err := t.Fs.Stat(name)
	if err != nil {
		return err
	}
	if err := check(info.IsDir()); err != nil {
		return &fs.PathError{Op: "remove", Path: name, Err: err}
	}
	if name == "/" {
		return &fs.PathError{Op: "remove", Path: name, Err: fs.ErrPermission}
	}
	delete(t.large, name)
	return t.Fs.Remove(name)
}

// Rename moves a file or a directory. As on a disk, a file may take the place
// of a file, and a directory that of an empty one.
func (t *tree) Rename(from, to string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.inDirectory("rename", to); err != nil {
		return err
	}
	source, err := t.Fs.Stat(from)
	if err != nil {
		return err
	}
	if from == to {
		return nil
	}
	if from == "/" || strings.HasPrefix(to, from+"/") {
		return &fs.PathError{Op: "rename", Path: to, Err: errInvalid}
	}
	if target, err := t.Fs.Stat(to); err == nil {
		if err := t.replace(to, source.IsDir(), target.IsDir()); err != nil {
			return &fs.PathError{Op: "rename", Path: to, Err: err}
		}
	}
	for name, file := range t.large {
		if name == from || strings.HasPrefix(name, from+"/") {
			delete(t.large, name)
			t.large[to+strings.TrimPrefix(name, from)] = file
		}
	}
	return t.Fs.Rename(from, to)
}

// replace removes what a rename takes the place of.
func (t *tree) replace(name string, byDir, isDir bool) error {
	switch {
	case byDir && !isDir:
		return errNotDirectory
	case !byDir && isDir:
		return errIsDirectory
	case isDir:
		if err := t.isEmpty(name); err != nil {
			return err
		}
	}
	delete(t.large, name)
	return t.Fs.Remove(name)
}

func (t *tree) isEmpty(dir string) error {
	empty, err := afero.IsEmpty(t.Fs, dir)
	if err == nil && !empty {
		err = errNotEmpty
	}
	return err
}

// unique returns a name that no file has (STOU).
func (t *tree) unique() string {
	for n := 1; ; n++ {
		name := fmt.Sprintf("stou.%d", n)
		if _, err := t.Fs.Stat("/" + name); err != nil {
			return name
		}
	}
}

// Chtimes sets a file's modification time (MFMT).
func (t *tree) Chtimes(name string, atime, mtime time.Time) error {
	if t.readOnly {
		return &fs.PathError{Op: "chtimes", Path: name, Err: fs.ErrPermission}
	}
	return t.Fs.Chtimes(name, atime, mtime)
}

// Stat describes a file or a directory.
func (t *tree) Stat(name string) (fs.FileInfo, error) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	info, err := t.Fs.Stat(name)
	if err != nil {
		return nil, err
	}
	return t.describe(name, info), nil
}

// ReadDir lists a directory, by name.
func (t *tree) ReadDir(name string) ([]fs.FileInfo, error) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	infos, err := afero.ReadDir(t.Fs, name) // sorted
	for i, info := range infos {
		infos[i] = t.describe(path.Join(name, info.Name()), info)
	}
	return infos, err
}

// directorySize is what a listing says of a directory: a block of a disk.
const directorySize = 4096

func (t *tree) describe(name string, info fs.FileInfo) fs.FileInfo {
	described := entry{name: path.Base(name), size: info.Size(), mode: info.Mode(), modTime: info.ModTime().UTC()}
	if file, ok := t.large[name]; ok {
		described.size = file.size
	}
	if info.IsDir() {
		described.size = directorySize
	}
	return described
}

// An entry is a line of a listing. Its time is UTC, so the time zone of the
// process does not show in it.
type entry struct {
	name    string
	size    int64
	mode    fs.FileMode
	modTime time.Time
}

func (e entry) Name() string       { return e.name }
func (e entry) Size() int64        { return e.size }
func (e entry) Mode() fs.FileMode  { return e.mode }
func (e entry) ModTime() time.Time { return e.modTime }
func (e entry) IsDir() bool        { return e.mode.IsDir() }
func (e entry) Sys() any           { return nil }

// GetHandle opens a file for a transfer.
func (t *tree) GetHandle(name string, flags int, _ int64) (ftpserverlib.FileTransfer, error) {
	if flags&os.O_WRONLY != 0 {
		return t.newUpload(name, flags&os.O_APPEND != 0)
	}
	return t.read(name)
}

var errGone = errors.New("an upload this large is not kept, only its SHA-256")

// read opens a file to be read.
func (t *tree) read(name string) (ftpserverlib.FileTransfer, error) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.open(name)
}

func (t *tree) open(name string) (ftpserverlib.FileTransfer, error) {
	info, err := t.Fs.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, &fs.PathError{Op: "open", Path: name, Err: errIsDirectory}
	}
	file, ok := t.large[name]
	switch {
	case !ok:
		return t.Fs.Open(name)
	case file.gone:
		return nil, &fs.PathError{Op: "open", Path: name, Err: errGone}
	}
	return generated{content.New(file.seed, file.size)}, nil
}

// A generated is a download of a generated file.
type generated struct{ *content.Reader }

func (generated) Write([]byte) (int, error) { return 0, fs.ErrPermission }
func (generated) Close() error              { return nil }

// Open opens a file of the server, as a client that downloads it sees it. The
// error is an [fs.PathError].
func (s *Server) Open(name string) (io.ReadSeeker, error) {
	return s.tree.read(path.Clean("/" + name))
}

// Uploads returns what was uploaded so far, in the order in which the uploads
// ended. An upload is there before its 226 is sent.
func (s *Server) Uploads() []Upload {
	s.tree.mu.RLock()
	defer s.tree.mu.RUnlock()
	return slices.Clone(s.tree.uploads)
}
