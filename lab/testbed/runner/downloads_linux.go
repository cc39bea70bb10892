package runner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"
	"time"

	"ftplab/lab/testbed/content"
)

// downloads are the files that a program of a step run must download.
type downloads struct {
	action
	folder *os.Root // of the session
	files  []expectedFile
}

// An expectedFile is a file that a program must download, with what was there before the
// program began.
type expectedFile struct {
	path   string        // on the server
	served io.ReadSeeker // the server's file, or nil if it had none
	copies [2]copyBefore // where the program may write it
}

// A copyBefore is a place in the session's folder for a downloaded file.
type copyBefore struct {
	name  string
	state state
}

// A state changes with every write to a file, and if another file takes its place. The zero
// state is that of no file. A program can set neither of the two values, as it can the time of
// the last modification.
type state struct {
	inode   uint64
	changed syscall.Timespec // ctime
}

// stateOf returns the state of a file in a folder.
func stateOf(folder *os.Root, name string) state {
	info, err := folder.Stat(name)
	if err != nil {
		return state{}
	}
	stat := info.Sys().(*syscall.Stat_t)
	return state{stat.Ino, stat.Ctim}
}

// expectDownloads notes what is there before the program of the step begins.
func (a action) expectDownloads(ctx context.Context, folder string) (*downloads, error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, err
	}
	d := &downloads{action: a, folder: root}
	for _, file := range a.Brings {
		name := path.Clean("/" + file)[1:]
		e := expectedFile{path: file, copies: [2]copyBefore{{name: name}, {name: path.Base(name)}}}
		if source, err := a.script.server.Open(file); err == nil {
			e.served = source
		}
		for i := range e.copies {
			e.copies[i].state = stateOf(root, e.copies[i].name)
			awaitLater(ctx, root, e.copies[i].state)
		}
		d.files = append(d.files, e)
	}
	return d, nil
}

// awaitLater waits until a write gets another time than that of a file's state. The clock of a
// file system may advance in steps of some milliseconds. A change of the folder shows its time.
func awaitLater(ctx context.Context, folder *os.Root, of state) {
	for ctx.Err() == nil {
		info, err := folder.Stat(".")
		if err != nil || folder.Chmod(".", info.Mode()) != nil || stateOf(folder, ".").changed != of.changed {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// close closes the files.
func (d *downloads) close() {
	for _, e := range d.files {
		closeIfCloser(e.served)
	}
	d.folder.Close()
}

// compare returns how the first file that is not as expected differs from the server's, or nil.
func (d *downloads) compare() error {
	for _, e := range d.files {
		if err := d.compareFile(e); err != nil {
			return err
		}
	}
	return nil
}

func (d *downloads) compareFile(e expectedFile) error {
	source, err := d.openServed(d.script.server, e.path)
	switch {
	case err == nil:
		defer closeIfCloser(source)
	case e.served != nil: // the program has removed or renamed it
		source = e.served
	default:
		return fmt.Errorf("brings %s: %w", e.path, err)
	}
	want, err := content.Sum(source)
	if err != nil {
		return err
	}
	name, written := e.find(d.folder)
	file, err := openMade(d.folder, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("brings %s: the program has not downloaded it: the session's folder, in which it runs, has %s", e.path, contents(d.folder))
	case err != nil:
		return fmt.Errorf("brings %s: the program has not downloaded it: %w", e.path, err)
	}
	defer file.Close()
	if !written {
		return fmt.Errorf("brings %s: the program has not downloaded it: %s was there before, and the program has not written it", e.path, name)
	}
	got, err := content.Sum(file)
	if err != nil {
		return err
	}
	return same(want, got, "the downloaded file "+name)
}

// find returns the name of the file in the folder, and whether the program has written it.
func (e expectedFile) find(folder *os.Root) (name string, written bool) {
	for _, c := range e.copies {
		if now := stateOf(folder, c.name); now != (state{}) && now != c.state {
			return c.name, true
		}
	}
	for _, c := range e.copies {
		if _, err := folder.Lstat(c.name); err == nil {
			return c.name, false
		}
	}
	return e.copies[1].name, false
}

// contents lists the files in the folder of a session that a program has made, or the scenario.
func contents(folder *os.Root) string {
	const most = 10
	var names []string
	entries, _ := fs.ReadDir(folder.FS(), ".")
	for _, e := range entries {
		switch name := e.Name(); {
		case name == rootFile || name == keyFile:
		case e.IsDir():
			names = append(names, name+"/")
		default:
			names = append(names, name)
		}
	}
	switch more := len(names) - most; {
	case len(names) == 0:
		return "no file"
	case more > 0:
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), more)
	}
	return strings.Join(names, ", ")
}
