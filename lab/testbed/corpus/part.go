package corpus

import (
	"bufio"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/google/gopacket"

	"ftplab/lab/internal/newfiles"
	"ftplab/lab/oserror"
	"ftplab/lab/pcapng"
	"ftplab/lab/testbed/content"
	"ftplab/lab/testbed/generate"
)

// A part is a number of successive sessions: captures and labels. It is made as a whole: its
// files get their names when all of them are complete. The last file has the SHA-256 of the
// others and shows that the part is complete.
type part struct {
	folder  *Folder
	name    string // part-00000
	files   []*partFile
	capture *pcapng.Writer
	tables  []Table
	size    int64 // of the capture at work, bytes
	rotated int   // captures before it
	frames  uint64
	began   time.Time
	last    time.Time

	keys generate.Keys // that the capture at work has
	log  *partFile     // of the keys, beside captures that have no room for them; nil before the first
}

// A partFile is one that is being written. Its digest is computed on the way.
type partFile struct {
	name string // when it is complete
	file *os.File
	hash io.Writer
	sum  func() string
	err  error // of writing it
}

// Write implements [io.Writer].
func (f *partFile) Write(b []byte) (int, error) {
	n, err := f.file.Write(b)
	f.hash.Write(b[:n])
	f.err = err
	return n, err
}

// create begins a file of the part. Until it is complete, its name is this process's own: another
// one that makes the same part, such as a task that was started again too early, does not write
// into it.
func (p *part) create(suffix string) (*partFile, error) {
	name := p.name + suffix
	path := filepath.Join(p.folder.Path, name)
	file, err := os.Create(path + p.folder.own + newfiles.Unfinished)
	if err != nil {
		return nil, oserror.Named(err, path+p.folder.own, path)
	}
	hash := sha256.New()
	f := &partFile{name: name, file: file, hash: hash, sum: func() string { return hex.EncodeToString(hash.Sum(nil)) }}
	p.files = append(p.files, f)
	return f, nil
}

// make makes the part of that number.
func (f *Folder) make(ctx context.Context, maker *generate.Maker, number int, made func(session int)) (err error) {
	p := &part{folder: f, name: partName(number)}
	defer func() {
		if err != nil {
			err = errors.Join(p.cause(err), p.abandon())
		}
	}()
	delete(f.known, p.name)
	for _, format := range f.Tables {
		flows, err := p.create(".flows." + format.Name)
		if err != nil {
			return err
		}
		transfers, err := p.create(".transfers." + format.Name)
		if err != nil {
			return err
		}
		table, err := format.New(flows, transfers)
		if err != nil {
			return err
		}
		p.tables = append(p.tables, table)
	}
	first := number * f.Recipe.Part
	out := generate.Output{Frame: p.frame, Flow: p.flow, Transfer: p.transfer, Made: made}
	if err := maker.Make(ctx, first, min(first+f.Recipe.Part, f.Recipe.Sessions), out); err != nil {
		return err
	}
	return p.finish()
}

// frame writes a frame, in the next capture if one is full.
func (p *part) frame(at int64, data []byte, keys string) error {
	when := time.Unix(0, at).UTC()
	if limit := p.folder.Recipe.Rotate; p.capture != nil && limit > 0 && p.size >= limit {
		if err := p.endCapture(); err != nil {
			return err
		}
		p.rotated++
	}
	if p.capture == nil {
		if err := p.beginCapture(when); err != nil {
			return err
		}
	}
	if p.keys.Lacks(keys) {
		if err := p.writeKeys(keys); err != nil {
			return err
		}
	}
	p.size += int64(len(data)) + blockBytes
	p.frames++
	p.last = when
	return p.capture.WritePacket(gopacket.CaptureInfo{Timestamp: when, CaptureLength: len(data), Length: len(data)}, data)
}

// blockBytes is about what a frame takes in a capture in addition to its own bytes.
const blockBytes = 32

// keysSuffix is that of the key log of a part, whose captures have no room for keys.
const keysSuffix = ".keys.log"

// writeKeys adds the keys of a session that begins, or goes on in another capture.
func (p *part) writeKeys(keys string) (err error) {
	if p.folder.Recipe.Format == string(pcapng.PCAPNG) {
		return p.capture.Secrets(keys)
	}
	if p.log == nil {
		if p.log, err = p.create(keysSuffix); err != nil {
			return err
		}
	}
	_, err = io.WriteString(p.log, keys)
	return err
}

func (p *part) beginCapture(when time.Time) (err error) {
	suffix := "."
	if p.folder.Recipe.Rotate > 0 {
		suffix = fmt.Sprintf("-%03d.", p.rotated)
	}
	f, err := p.create(suffix + p.folder.Recipe.Format)
	if err != nil {
		return err
	}
	p.began, p.size, p.frames, p.keys = when, 0, 0, generate.Keys{}
	p.capture, err = pcapng.NewWriter(f, pcapng.Format(p.folder.Recipe.Format), p.folder.Info)
	return err
}

func (p *part) endCapture() error {
	err := p.capture.Close(pcapng.Stats{Received: p.frames, Began: p.began, Ended: p.last})
	p.capture = nil
	return err
}

func (p *part) flow(f *generate.Flow) error {
	for _, t := range p.tables {
		if err := t.Flow(f); err != nil {
			return err
		}
	}
	return nil
}

func (p *part) transfer(x *generate.Transfer) error {
	for _, t := range p.tables {
		if err := t.Transfer(x); err != nil {
			return err
		}
	}
	return nil
}

// finish gives the files their names, and then writes the list of their digests.
func (p *part) finish() error {
	for _, t := range p.tables {
		if err := t.Close(); err != nil {
			return err
		}
	}
	if p.capture != nil {
		if err := p.endCapture(); err != nil {
			return err
		}
	}
	if err := p.logs(); err != nil {
		return err
	}
	var sums strings.Builder
	for _, f := range p.files {
		if err := errors.Join(f.file.Sync(), f.file.Close()); err != nil {
			return err
		}
		if err := p.folder.refuseOther(f.name, f.sum()); err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%s  %s\n", f.sum(), f.name)
	}
	for _, f := range p.files {
		if err := complete(f.file.Name(), filepath.Join(p.folder.Path, f.name)); err != nil {
			return err
		}
	}
	return p.folder.writeNew(p.name+sumsSuffix, sums.String())
}

// complete gives an unfinished file its name. The file is gone if another process has swept the folder, or has
// completed one of the same name.
func complete(unfinished, path string) error {
	err := os.Rename(unfinished, path)
	if errors.Is(err, fs.ErrNotExist) {
		return errors.New("another process makes the same part, and has removed this one's files")
	}
	return err
}

// logs has the folder's logs written from the captures, which are complete.
func (p *part) logs() error {
	if p.folder.Logs == nil {
		return nil
	}
	var captures []string
	for _, f := range p.files {
		if strings.HasSuffix(f.name, "."+p.folder.Recipe.Format) {
			captures = append(captures, f.file.Name())
		}
	}
	return p.folder.Logs(captures, func(name string) (io.WriteCloser, error) {
		f, err := p.create("." + name)
		if err != nil {
			return nil, err
		}
		return buffered{bufio.NewWriter(f)}, nil
	})
}

// buffered writes at Close what it has; the file stays open.
type buffered struct{ *bufio.Writer }

func (b buffered) Close() error { return b.Flush() }

// cause is why a part cannot be completed: the error of the file that could not be written, if
// there is one. That of a capture's writer also says with which frame the file ends, but the
// file is removed.
func (p *part) cause(err error) error {
	for _, f := range p.files {
		if f.err != nil {
			path := filepath.Join(p.folder.Path, f.name)
			return oserror.Named(f.err, path, path)
		}
	}
	return err
}

// abandon removes what there is of a part that cannot be completed.
func (p *part) abandon() error {
	var all error
	for _, f := range p.files {
		f.file.Close()
		if err := os.Remove(f.file.Name()); !errors.Is(err, os.ErrNotExist) { // it may have its name already
			all = errors.Join(all, err)
		}
	}
	return all
}

// unfinishedPart is the name of a file that create has made.
var unfinishedPart = regexp.MustCompile(`^part-([0-9]{5,})[-.].*\.[0-9a-f]{8}` + regexp.QuoteMeta(newfiles.Unfinished) + `$`)

// sweep removes the unfinished files of the shard's parts, which a process left that was killed.
func (f *Folder) sweep() error {
	entries, err := os.ReadDir(f.Path)
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := unfinishedPart.FindStringSubmatch(e.Name())
		if name == nil {
			continue
		}
		if number, err := strconv.Atoi(name[1]); err != nil || !f.shard.has(number) {
			continue
		}
		if err := os.Remove(filepath.Join(f.Path, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// refuseOther returns an error if the folder has a file of that name whose digest is another one.
// A recipe always makes the same files, so it would be the user's.
func (f *Folder) refuseOther(name, digest string) error {
	path := filepath.Join(f.Path, name)
	there, err := content.SumFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err == nil && there.String() != digest {
		return fmt.Errorf("%s exists, and is not the file that the recipe makes; move it, or choose another folder with -o", path)
	}
	return nil
}

// writeNew is writeWhole for a file that does not replace another text.
func (f *Folder) writeNew(name, text string) error {
	digest, err := content.Sum(strings.NewReader(text))
	if err := cmp.Or(err, f.refuseOther(name, digest.String())); err != nil {
		return err
	}
	return f.writeWhole(filepath.Join(f.Path, name), text)
}

// writeWhole writes a file that has either the old text or the new one, even if the process
// is killed. The file that such a process leaves is overwritten when its shard is continued.
func (f *Folder) writeWhole(path, text string) error {
	file, err := os.Create(fmt.Sprintf("%s.%d%s", path, f.shard.Index, newfiles.Unfinished))
	if err != nil {
		return oserror.Named(err, path, path)
	}
	_, err = file.WriteString(text)
	if err = errors.Join(err, file.Chmod(0o644), file.Sync(), file.Close()); err == nil {
		err = complete(file.Name(), path)
	}
	if err != nil {
		os.Remove(file.Name())
	}
	return oserror.Named(err, path, path)
}
