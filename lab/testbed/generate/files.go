package generate

import (
	"fmt"
	"path"
	"slices"

	"ftplab/lab/scenario"
	"ftplab/lab/traffic"
)

// A folder is one of the server, as far as the session has to do with it.
type folder struct {
	name    string
	parent  *folder
	folders []*folder
	files   []*file
	made    bool // by the session
	gone    bool
	listing int64 // bytes that the first listing is to have; 0 before there is one
	listed  string
}

// A file is one of the server.
type file struct {
	name string
	size int64
	made bool // by the session
	gone bool
	used bool // a command of the session is about it
}

func newFolder(name string) *folder { return &folder{name: name} }

// path is where a folder is.
func (f *folder) path() string {
	if f.parent == nil {
		return "/"
	}
	return path.Join(f.parent.path(), f.name)
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

// add adds a file that the server has from the beginning.
func (d *draw) add(suffix string, size int64) *file {
	f := &file{name: d.name(suffix), size: size}
	d.dir.files = append(d.dir.files, f)
	return f
}

// changeTo is the argument of CWD.
func (d *draw) changeTo(own, done bool) (argument string, does bool) {
	if !own {
		return d.name(""), false // which is not there, or somewhere else
	}
	for _, f := range d.dir.folders {
		if !f.gone && d.random.IntN(2) == 0 {
			d.dir = f
			return f.name, true
		}
	}
	if d.dir.parent != nil && d.random.IntN(3) == 0 {
		d.dir = d.dir.parent
		return "..", true
	}
	in := d.dir
	if in.made || in.listed != "" { // and so nothing new can be in it
		in = d.store()
	}
	f := &folder{name: d.name(""), parent: in}
	in.folders = append(in.folders, f)
	d.dir = f
	return f.path(), true
}

// makeFolder is the argument of MKD.
func (d *draw) makeFolder(own bool) (argument string, does bool) {
	f := &folder{name: d.name(""), parent: d.dir, made: true}
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
			f.gone = true
			return f.name, true
		}
	}
	if d.dir.made {
		return d.name(""), false
	}
	f := &folder{name: d.name(""), parent: d.dir, gone: true}
	d.dir.folders = append(d.dir.folders, f)
	return f.name, true
}

// aboutFile is the argument of a command about one file.
func (d *draw) aboutFile(x traffic.Exchange, is func(int) bool) (argument string, own bool) {
	own = is(map[string]int{"DELE": 250, "RNFR": 350, "SIZE": 213, "MDTM": 213, "MLST": 250}[x.Command])
	if x.Command == "SIZE" && d.ascii { // it would be that of the text on the network (RFC 3659, 4)
		own = false
	}
	if !own {
		return d.name(".txt"), false
	}
	f := d.someFile()
	if f == nil {
		return d.name(".txt"), false
	}
	f.used = true
	f.gone = x.Command == "DELE" || x.Command == "RNFR"
	d.renaming = x.Command == "RNFR"
	return f.name, true
}

// someFile is a file of the folder, nil if there can be none.
func (d *draw) someFile() *file {
	for _, f := range d.dir.files {
		if !f.gone && (f.made || !f.used) {
			return f
		}
	}
	if d.dir.made || d.dir.listed != "" {
		return nil
	}
	return d.add(pick(d.random, suffixes), d.size(traffic.DownloadBytes))
}

// newName is the argument of RNTO, which has a file only behind an RNFR.
func (d *draw) newName(own bool) (argument string, does bool) {
	name := d.name(".txt")
	if !own || !d.renaming {
		return name, false
	}
	d.renaming = false
	d.dir.files = append(d.dir.files, &file{name: name, made: true})
	return name, true
}

// size draws the size of a file, bytes.
func (d *draw) size(name string) int64 {
	if h := d.kind.Numbers[name]; h.Count > 0 {
		return h.WholeAt(d.random.Float64())
	}
	return int64(100 + d.random.IntN(2000))
}

// dataOf finds what a transfer is about: a path on the server, and for an upload the
// client's file.
func (d *draw) dataOf(x traffic.Exchange, refused bool) (serverPath, local string) {
	switch traffic.Direction(x.Command) {
	case traffic.Listing:
		if !refused && d.dir.listed == "" && !d.dir.made {
			d.dir.listing, d.dir.listed = d.size(traffic.ListingBytes), x.Command
		}
		return "", ""
	case traffic.Download:
		return d.download(refused), ""
	}
	name := d.name(pick(d.random, suffixes))
	size := d.size(traffic.UploadBytes)
	d.scenario.Local = append(d.scenario.Local, scenario.File{Path: name, Size: size, Seed: d.content + uint64(len(d.scenario.Local))})
	if refused || x.Final()/100 != 2 {
		return name, name
	}
	d.dir.files = append(d.dir.files, &file{name: name, size: size, made: true})
	if x.Command == "STOU" {
		return "", name
	}
	return name, name
}

// download is the path of a file to be downloaded. One that does not fit into the listing of
// its folder is somewhere else.
func (d *draw) download(refused bool) string {
	if refused {
		return d.name(".txt")
	}
	size := d.size(traffic.DownloadBytes)
	if d.dir.listed == "" && !d.dir.made {
		f := d.add(pick(d.random, suffixes), size)
		f.used = true
		return f.name
	}
	for _, f := range d.dir.files {
		if !f.gone && !f.made && !f.used {
			f.used, f.size = true, size
			return f.name
		}
	}
	if room := d.dir.listing - listingOf(d.dir, d.dir.listed); !d.dir.made && room >= lineOf(d.dir.listed, 12) {
		f := d.add(pick(d.random, suffixes), size)
		f.used = true
		return f.name
	}
	store := d.store()
	f := &file{name: d.name(pick(d.random, suffixes)), size: size, used: true}
	store.files = append(store.files, f)
	return path.Join(store.path(), f.name)
}

// store is a folder that the session does not list.
func (d *draw) store() *folder {
	for _, f := range d.root.folders {
		if f.name == "archive" {
			return f
		}
	}
	f := &folder{name: "archive", parent: d.root, listed: "-"}
	d.root.folders = append(d.root.folders, f)
	return f
}

// offset is where a transfer begins that REST comes before.
func (d *draw) offset(name, local string) int64 {
	size := int64(0)
	for _, f := range d.scenario.Local {
		if f.Path == local {
			size = f.Size
		}
	}
	if local == "" {
		if i := slices.IndexFunc(d.dir.files, func(f *file) bool { return f.name == name }); i >= 0 {
			size = d.dir.files[i].size
			d.dir.files[i].size *= 2 // so that what moves is as large as was drawn
		}
	}
	return max(1, size)
}

// lineOf is how long the line of a listing is about a name of so many bytes: as the
// lab's server writes it.
func lineOf(command string, name int) int64 {
	switch command {
	case "NLST":
		return int64(name + 2)
	case "MLSD":
		return int64(name + 49)
	}
	return int64(name + 51)
}

// listingOf is how long a folder's listing is.
func listingOf(f *folder, command string) int64 {
	var sum int64
	for _, x := range f.files {
		if !x.made {
			sum += lineOf(command, len(x.name))
		}
	}
	for _, x := range f.folders {
		if !x.made {
			sum += lineOf(command, len(x.name))
		}
	}
	return sum
}

// plantFiles gives the server the files and folders that it has from the beginning. Each
// folder that is listed gets as many more as its listing has room for.
func (d *draw) plantFiles() {
	d.plant(d.root)
}

func (d *draw) plant(f *folder) {
	if f.made {
		return
	}
	d.fill(f)
	for _, x := range f.files {
		if !x.made {
			d.scenario.Files = append(d.scenario.Files, scenario.File{
				Path: path.Join(f.path(), x.name), Size: x.size, Seed: d.content ^ uint64(len(d.scenario.Files)+1)<<32,
			})
		}
	}
	if f.parent != nil {
		d.scenario.Files = append(d.scenario.Files, scenario.File{Path: f.path() + "/"})
	}
	for _, x := range f.folders {
		d.plant(x)
	}
}

// fill adds files until the listing is as long as was drawn.
func (d *draw) fill(f *folder) {
	d.dir = f
	for {
		room := f.listing - listingOf(f, f.listed)
		if room < lineOf(f.listed, shortest) {
			return
		}
		name := int(room - lineOf(f.listed, 0)) // of one name that fills it
		if name > longestName {
			name = shortest + d.random.IntN(12)
			if left := room - lineOf(f.listed, name); left < lineOf(f.listed, shortest) {
				name = shortest
			}
		}
		f.files = append(f.files, &file{name: d.nameOf(name), size: d.size(traffic.DownloadBytes)})
	}
}

// Lengths of the names of files that only a listing is about, bytes.
const (
	shortest    = 3
	longestName = 20
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
