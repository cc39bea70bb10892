package generate

import (
	"cmp"
	"fmt"
	"io"
	"path"
	"strconv"

	"ftplab/lab/scenario"
	"ftplab/lab/testbed/content"
	"ftplab/lab/traffic"
)

// A folder is a folder of the server, as far as the session uses it.
type folder struct {
	entry
	folders []*folder
	files   []*file
	listing int64  // bytes that its first listing is to have
	listed  string // the command that listed it first; "" is none yet
}

// A file is a file of the server.
type file struct {
	entry
	size  int64
	used  bool // a command of the session is about it
	fixed bool // a rule has sent its size, which stays
}

// An entry is a name in a folder. What the session itself makes is not there from the
// beginning, and what it removes is not there at the end; early says that it did so before
// the folder was listed.
type entry struct {
	name   string
	in     *folder // nil for the root
	made   bool
	gone   bool
	early  bool // it was made early
	absent bool // it was removed early
}

// path is where an entry is.
func (e *entry) path() string {
	if e.in == nil {
		return "/"
	}
	return path.Join(e.in.path(), e.name)
}

// seen reports whether the first listing of its folder has the entry.
func (e *entry) seen() bool { return !e.absent && (!e.made || e.early) }

// remove notes that the session removes an entry.
func (e *entry) remove() { e.gone, e.absent = true, e.in.listed == "" }

// newFolder is a folder that the server has from the beginning.
func (d *draw) newFolder(name string, in *folder) *folder {
	f := &folder{entry: entry{name: name, in: in}}
	if d.kind.Numbers[traffic.ListingBytes].Count > 0 {
		f.listing = d.size(traffic.ListingBytes)
	} else {
		f.listing = 1 << 30
	}
	if in != nil {
		in.folders = append(in.folders, f)
	}
	return f
}

// makes is an entry that the session makes in its folder.
func (d *draw) makes(name string) entry {
	return entry{name: name, in: d.dir, made: true, early: d.dir.listed == ""}
}

// name makes up a name that nothing has yet.
func (d *draw) name(suffix string) string {
	for {
		name := pick(d.random, fileNames) + suffix
		if d.written++; d.written > 3 || d.used[name] {
			name = fmt.Sprintf("%s%d%s", pick(d.random, fileNames), d.random.IntN(10+d.written), suffix)
		}
		if !d.used[name] {
			d.used[name] = true
			return name
		}
	}
}

// said is the name that the session has for a file: short in the current folder.
func (d *draw) said(f *file) string {
	if f.in == d.dir {
		return f.name
	}
	return f.path()
}

// changeTo is the argument of CWD.
func (d *draw) changeTo(own bool) (argument string, does bool) {
	if !own {
		return d.name(""), false // which is not there, or somewhere else
	}
	for _, f := range d.dir.folders {
		if !f.gone && f != d.apart && d.random.IntN(2) == 0 {
			d.dir = f
			return f.name, true
		}
	}
	if d.dir.in != nil && d.random.IntN(3) == 0 {
		d.dir = d.dir.in
		return "..", true
	}
	in := d.dir
	if in.made || !hasRoom(in) {
		in = d.store()
	}
	d.dir = d.newFolder(d.fitted("", in), in)
	return d.dir.path(), true
}

// makeFolder is the argument of MKD.
func (d *draw) makeFolder(own bool) (argument string, does bool) {
	f := &folder{entry: d.makes(d.name(""))}
	if own {
		d.dir.folders = append(d.dir.folders, f)
	}
	return f.name, own
}

// removeFolder is the argument of RMD: an empty folder.
func (d *draw) removeFolder(own bool) (argument string, does bool) {
	if !own {
		return d.name(""), false
	}
	for _, f := range d.dir.folders {
		if f.made && !f.gone && len(f.files) == 0 && len(f.folders) == 0 {
			f.remove()
			return f.name, true
		}
	}
	f := d.newFolder(d.name(""), d.store())
	f.listing = 0
	f.remove()
	return f.path(), true
}

// aboutFile is the argument of a command about one file.
func (d *draw) aboutFile(x traffic.Exchange, is func(int) bool) (argument string, own bool) {
	own = is(map[string]int{"DELE": 250, "RNFR": 350, "SIZE": 213, "MDTM": 213, "MLST": 250}[x.Command])
	inASCII := own && x.Command == "SIZE" && d.ascii // the lab's server would refuse it (RFC 3659, 4)
	if !own {
		d.missing = d.name(".txt")
		return d.missing, false
	}
	f := d.someFile()
	f.used = true
	d.about = f
	if inASCII {
		f.fixed = true
		return d.said(f), false
	}
	if x.Command == "DELE" || x.Command == "RNFR" {
		f.remove()
	}
	if x.Command == "RNFR" {
		d.renaming = f.in
	}
	return d.said(f), true
}

// someFile is a file that is there: the one that the session is about.
func (d *draw) someFile() *file {
	if d.about != nil && !d.about.gone {
		return d.about
	}
	for _, f := range d.dir.files {
		if !f.gone && (f.made || !f.used) {
			return f
		}
	}
	return d.add(d.size(traffic.DownloadBytes))
}

// add adds a file that the server has from the beginning: in the session's folder, or where
// that has no room for it.
func (d *draw) add(size int64) *file {
	in := d.dir
	if in.made || !hasRoom(in) {
		in = d.store()
	}
	f := &file{entry: entry{name: d.fitted(pick(d.random, suffixes), in), in: in}, size: size}
	in.files = append(in.files, f)
	return f
}

// newName is the argument of RNTO, which has a file only after an RNFR. The folder stays
// the same.
func (d *draw) newName(own bool) (argument string, does bool) {
	name := d.name(".txt")
	if !own || d.renaming == nil {
		return name, false
	}
	in := d.renaming
	d.renaming = nil
	f := &file{entry: entry{name: name, in: in, made: true, early: in.listed == ""}}
	in.files = append(in.files, f)
	return d.said(f), true
}

// size draws the size of a file, bytes.
func (d *draw) size(name string) int64 {
	if h := d.kind.Numbers[name]; h.Count > 0 {
		return h.WholeAt(d.random.Float64())
	}
	return int64(100 + d.random.IntN(2000))
}

// moved draws the size of a file that is transferred.
func (d *draw) moved(name string) int64 {
	size := d.size(name)
	d.large = d.large || size >= traffic.Large
	return size
}

// dataOf finds what a transfer is about: a path on the server, and for an upload the
// client's file.
func (d *draw) dataOf(x traffic.Exchange, refused bool) (serverPath, local string) {
	switch traffic.Direction(x.Command) {
	case traffic.Listing:
		if !refused && d.dir.listed == "" {
			d.dir.listed = x.Command
		}
		return "", ""
	case traffic.Download:
		return d.download(refused), ""
	}
	name := d.name(pick(d.random, suffixes))
	d.scenario.Local = append(d.scenario.Local, scenario.File{
		Path: name, Size: d.moved(traffic.UploadBytes), Seed: noProgram(d.content + uint64(len(d.scenario.Local))),
	})
	if !refused && x.Final()/100 == 2 {
		d.dir.files = append(d.dir.files, &file{entry: d.makes(name)})
	}
	if x.Command == "STOU" {
		return "", name
	}
	return name, name
}

// download is the path of a file to be downloaded: as a rule the one of which SIZE, MDTM or
// MLST came before.
func (d *draw) download(refused bool) string {
	asked, missing := d.about, d.missing
	d.about, d.missing = nil, ""
	if refused {
		return cmp.Or(missing, d.name(".txt"))
	}
	if asked != nil && asked.fixed {
		d.large = d.large || asked.size >= traffic.Large
		return d.said(asked)
	}
	size := d.moved(traffic.DownloadBytes)
	if asked != nil && !asked.gone && !asked.made {
		asked.size = size
		return d.said(asked)
	}
	for _, f := range d.dir.files {
		if !f.gone && !f.made && !f.used {
			f.used, f.size = true, size
			return f.name
		}
	}
	f := d.add(size)
	f.used = true
	return d.said(f)
}

// store is a folder that the session does not list.
func (d *draw) store() *folder {
	if d.apart == nil {
		d.apart = d.newFolder(d.fitted("", d.root), d.root)
		d.apart.listing, d.apart.listed = 1<<30, "-"
	}
	return d.apart
}

// offset is where a transfer after REST begins, in bytes.
func (d *draw) offset(name, local string) int64 {
	for _, f := range d.scenario.Local {
		if f.Path == local {
			return max(1, f.Size)
		}
	}
	for _, in := range []*folder{d.dir, d.apart} {
		if in == nil {
			continue
		}
		for _, f := range in.files {
			if d.said(f) == name && f.size > 0 {
				f.size *= 2 // so that what moves is as large as was drawn
				return f.size / 2
			}
		}
	}
	return 1
}

// lineOf is the length, in bytes, of a line in a listing of the lab's server, about a file whose
// name has so many bytes. Only in MLSD it depends on the size (RFC 3659, 7).
func lineOf(command string, name int, size int64) int64 {
	switch command {
	case "NLST":
		return int64(name + 2)
	case "MLSD":
		return int64(name + 41 + len(strconv.FormatInt(size, 10)))
	}
	return int64(name + 49)
}

// folderLineOf is the same about a folder.
func folderLineOf(command string, name int) int64 {
	line := lineOf(command, name, folderSize)
	if command == "MLSD" {
		line -= int64(len("file") - len("dir"))
	}
	return line
}

// folderSize is the size of every folder in a listing, bytes.
const folderSize = 4096

// listingOf is how long a folder's first listing is.
func listingOf(f *folder, command string) int64 {
	var sum int64
	for _, x := range f.files {
		if x.seen() {
			sum += lineOf(command, len(x.name), x.size)
		}
	}
	for _, x := range f.folders {
		if x.seen() {
			sum += folderLineOf(command, len(x.name))
		}
	}
	return sum
}

// leastLine is the length of the shortest line that can fill a listing.
func leastLine(command string) int64 { return lineOf(command, shortest, folderSize) }

// room is how many bytes of a folder's listing nothing uses yet.
func room(f *folder) int64 { return f.listing - listingOf(f, f.listed) }

// hasRoom reports whether a listing of the folder has room for one more name.
func hasRoom(f *folder) bool { return room(f) >= leastLine(f.listed) }

// fitted makes up a name for a folder: one that leaves its listing room for at least one
// more, or for nothing.
func (d *draw) fitted(suffix string, in *folder) string {
	name := d.name(suffix)
	left := room(in) - lineOf(in.listed, len(name), folderSize)
	if left == 0 || left >= leastLine(in.listed) || in.made {
		return name
	}
	if length := len(name) + int(left); length >= shortest {
		return d.nameOf(length)
	}
	return name
}

// plant creates what the server has from the beginning in a folder, and below it. A folder
// that is listed gets as many more files as its listing has room for.
func (d *draw) plant(f *folder) {
	if f.made {
		return
	}
	if f.listed != "" && f != d.apart {
		d.fill(f)
	}
	for _, x := range f.files {
		if !x.made {
			d.scenario.Files = append(d.scenario.Files, scenario.File{
				Path: x.path(), Size: x.size, Seed: noProgram(d.content ^ uint64(len(d.scenario.Files)+1)<<32),
			})
		}
	}
	if f.in != nil {
		d.scenario.Files = append(d.scenario.Files, scenario.File{Path: f.path() + "/"})
	}
	for _, x := range f.folders {
		d.plant(x)
	}
}

// noProgram is the seed, or the next one, of random content that does not begin like a program
// by chance.
func noProgram(seed uint64) uint64 {
	for ; ; seed++ {
		var first [2]byte
		io.ReadFull(content.New(seed, int64(len(first))), first[:])
		if start := string(first[:]); start != "MZ" && start != "\x7fE" && start != "#!" {
			return seed
		}
	}
}

// fill adds files until the listing is as long as was drawn.
func (d *draw) fill(f *folder) {
	left := room(f)
	if left < leastLine(f.listed) || left > mostListing {
		return
	}
	lines := min(max(1, left/lineOf(f.listed, usual, folderSize)), left/leastLine(f.listed))
	for ; lines > 0; lines-- {
		size := d.size(traffic.DownloadBytes)
		length := max(shortest, int(left/lines-lineOf(f.listed, 0, size))) // on average
		if lines > 1 {
			spare := max(0, min(length-shortest, 6))
			length += d.random.IntN(2*spare+1) - spare
		}
		left -= lineOf(f.listed, length, size)
		f.files = append(f.files, &file{entry: entry{name: d.nameOf(length), in: f}, size: size})
	}
}

// Bounds of what a listing is filled with, bytes.
const (
	shortest    = 3  // name
	usual       = 11 // name
	mostListing = 4 << 20
)

// nameOf makes up a name of so many bytes that nothing has yet.
func (d *draw) nameOf(length int) string {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789"
	for {
		name := []byte(pick(d.random, fileNames))
		for len(name) < length {
			name = append(name, letters[d.random.IntN(len(letters))])
		}
		name = name[:length]
		for i := max(0, length-3); i < length; i++ {
			name[i] = letters[d.random.IntN(len(letters))]
		}
		if s := string(name); !d.used[s] {
			d.used[s] = true
			return s
		}
	}
}
