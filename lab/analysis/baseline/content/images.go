// Shortcuts of Windows in images of disks. Windows opens an image like a folder, and does not warn of what is in it.

package content

import (
	"bytes"
	"encoding/binary"
	"slices"

	"ftplab/lab/analysis/internal/pattern"
)

const atMounted = "MITRE ATT&CK, T1553.005 (mark-of-the-web bypass)"

var (
	// volume is the beginning of the first volume descriptor of ISO 9660, which comes behind an area that is free.
	volume = []byte("\x01CD001\x01\x00")
	// shortcutHead is how a shortcut begins: with the size of its head, and its class.
	shortcutHead = []byte(shortcut + "\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00F")
	// paperName matches the names of documents and pictures, as which nobody moves an image of a disk.
	paperName = pattern.New(`(?i)\.(pdf|docx?|xlsx?|pptx?|rtf|txt|csv|html?|jpe?g|png|gif|bmp|tiff?|mp[34]|avi|wav)$`)
	// runsOthers matches the programs of Windows that run what their arguments say.
	runsOthers = pattern.New(`\b(cmd|powershell|pwsh|mshta|[wc]script|rundll32|regsvr32|certutil|bitsadmin|conhost|forfiles|msbuild|installutil)\.exe`)
	// opensSettings matches the settings of Windows, which some shortcuts open.
	opensSettings = pattern.New(`(shell32|user32|printui|keymgr|netplwiz|inetcpl|url)\.(dll|cpl)|\.cpl\b`)
)

// How many bytes of a shortcut are looked at: so many at least, so that its arguments are among them. The sectors of the
// image go on behind it.
const (
	shortestShortcut = 1 << 10
	longestShortcut  = 4 << 10
)

// A disk is what was seen of an image of a disk so far.
type disk struct {
	image bool   // the file is one
	tail  []byte // the last bytes so far
	link  []byte // the beginning of a shortcut in it
	file  *File  // the same as a file
	full  bool   // no more of it is looked at
}

// isDisk reports whether a file begins like a disk: with a boot sector of FAT, NTFS or a table of partitions, or with the
// head of a virtual disk.
func isDisk(first []byte) bool {
	const signature, sector, entries, entry = 510, 512, 446, 16
	if bytes.HasPrefix(first, []byte("vhdxfile")) || bytes.HasPrefix(first, []byte("conectix")) {
		return true
	}
	if len(first) < sector || first[signature] != 0x55 || first[signature+1] != 0xaa {
		return false
	}
	if bytes.HasPrefix(first[3:], []byte("NTFS    ")) || bytes.HasPrefix(first[54:], []byte("FAT1")) || bytes.HasPrefix(first[82:], []byte("FAT32")) {
		return true
	}
	partitions := 0
	for at := entries; at < signature; at += entry {
		if first[at]&0x7f != 0 { // neither active nor inactive
			return false
		}
		if first[at+4] != 0 {
			partitions++
		}
	}
	return partitions > 0
}

// disk looks at the next part of a binary file, which may be an image of a disk with a shortcut in it.
func (r *Reader) disk(f *File, data []byte) {
	d := &f.disk
	seam := slices.Concat(d.tail, data)
	d.tail = bytes.Clone(seam[max(0, len(seam)-len(shortcutHead)+1):])
	if !d.image && bytes.Contains(seam, volume) {
		d.image = true
		if f.paper {
			r.found = append(r.found, Content{Kind: Disguised, Fetched: true, What: "an image of a disk under the name of a document or a picture (MITRE ATT&CK, T1036.008, masquerade file type)"})
		}
	}
	if !d.image || d.full {
		return
	}
	if d.link != nil {
		d.link = append(d.link, data[:min(len(data), longestShortcut-len(d.link))]...)
	} else if at := bytes.Index(seam, shortcutHead); at >= 0 {
		d.link = bytes.Clone(seam[at:min(len(seam), at+longestShortcut)])
		d.file = &File{upload: f.upload}
	} else {
		return
	}
	d.full = len(d.link) == longestShortcut
	if len(d.link) >= shortestShortcut {
		r.shortcut(f)
	}
}

// shortcut judges the shortcut in an image of a disk, as far as it is known.
func (r *Reader) shortcut(f *File) {
	const arguments, flags = 1 << 5, 20 // a flag, and where the flags are
	d := &f.disk
	r.text.text = appendLower(r.text.text[:0], bytes.ReplaceAll(d.link, []byte{0}, nil))
	r.text.pairs = pattern.PairsOf(r.text.text)
	r.plants(d.file)
	gives := len(d.link) >= flags+4 && binary.LittleEndian.Uint32(d.link[flags:])&arguments != 0
	c := Content{Fetched: true, What: "a shortcut that runs a command, in an image of a disk (" + atMounted + ")"}
	switch {
	case f.paper:
		c.Kind, c.What = Malicious, "a shortcut in an image of a disk, under the name of a document or a picture ("+atMounted+")"
	case gives && r.text.matches(runsOthers) && !r.text.matches(opensSettings):
		c.Kind = LikelyMalicious
	default:
		return
	}
	r.found = append(r.found, c)
}
