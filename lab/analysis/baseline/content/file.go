// Files, which come in several parts.

package content

import (
	"bytes"
	"encoding/binary"

	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/internal/pattern"
)

// A File is what was seen of a transferred file.
type File struct {
	parts    []int // those of each plant that were found, as bits; nil before the first text
	upload   bool
	binary   bool
	wide     binary.ByteOrder // of a text in UTF-16, else nil
	memory   bool             // of a process of Windows
	database bool             // of Windows
	picture  bool             // of JPEG
	paper    bool             // by its name, a document or a picture
	disk     disk
	tail     []byte      // the last bytes so far, of a picture
	surveys  int         // those that were found
	archive  *Archive    // nil for other files
	accounts accountList // with their passwords
}

// NewFile begins a file with its first bytes. They decide whether it is a text.
func NewFile(t *ftp.Transfer, first []byte) *File {
	wide := orderOf(first)
	return &File{upload: t.Sender() == ftp.Client, binary: !isScript(first) && wide == nil, wide: wide, memory: isProcessMemory(first), database: isDatabase(first),
		picture: bytes.HasPrefix(first, []byte("\xff\xd8\xff")), archive: archiveOf(first),
		paper: paperName.MatchString(t.Argument), disk: disk{image: isDisk(first)}}
}

// toPool is the beginning of an address in a miner, which is a program.
var toPool = []byte("stratum+tcp://")

// Part looks at the next part of a file, which may be the first. Texts of a plant may be in different parts.
func (r *Reader) Part(f *File, data []byte) []Content {
	r.begin(data)
	if f.memory && bytes.Contains(appendLower(nil, data), loginLibrary) {
		r.note(Secret, "the memory of lsass.exe, which checks the passwords of Windows (MITRE ATT&CK, T1003.001)")
	}
	if f.database && isDirectory(data) {
		r.found = append(r.found, Content{Kind: Database, What: "the directory of Windows", Name: directory})
	}
	if f.behind(data) {
		r.found = append(r.found, Content{Kind: Disguised, Fetched: true, What: "an archive behind the end of a picture (MITRE ATT&CK, T1027.003, steganography)"})
	}
	if f.binary {
		if f.upload && bytes.Contains(data, toPool) {
			r.note(LikelyMalicious, "a miner ("+atMiners+")")
		}
		r.text.text = appendTexts(r.text.text[:0], data)
	} else {
		if f.wide != nil {
			data = fromUTF16(f.wide, data)
		}
		r.text.text = appendLower(r.text.text[:0], bytes.ReplaceAll(data, []byte{0}, nil)) // those of texts in a shortcut
		r.text.text = appendHidden(r.text.text, data)
	}
	if f.archive != nil {
		r.archived(f.archive)
	}
	if len(r.text.text) > 0 {
		r.text.pairs = pattern.PairsOf(r.text.text)
		r.plants(f)
		if f.upload && !f.binary {
			if kind, what := f.accounts.read(&r.text); kind != 0 {
				r.note(kind, what)
			}
		}
	}
	if f.binary {
		r.disk(f, data)
	}
	return r.found
}

// plants looks for what intruders plant in the texts of a part.
func (r *Reader) plants(f *File) {
	if f.parts == nil {
		f.parts = make([]int, len(plants))
	}
	for i, plant := range plants {
		if !f.upload && !plant.fetched || !plant.where.covers(f.binary) {
			continue
		}
		for j, part := range plant.parts {
			if (j == 0 || part.has == nil || f.parts[i]&1 != 0) && f.parts[i]&(1<<j) == 0 && part.in(&r.text) {
				f.parts[i] |= 1 << j
			}
		}
		if f.parts[i] == 1<<len(plant.parts)-1 {
			r.found = append(r.found, Content{Kind: plant.kind, What: plant.what + " (" + plant.source + ")", Fetched: plant.fetched})
			if plant.kind == Survey {
				if f.surveys++; f.surveys == 2 {
					r.note(Surveys, "what several programs say about a computer, its network or its users ("+plant.source+")")
				}
			}
		}
	}
}

// archived looks at a part of an archive.
func (r *Reader) archived(a *Archive) {
	a.Files += bytes.Count(r.data, a.member)
	switch {
	case hasBomb(r.data):
		r.inArchive(a, Bomb, "an archive with a file that is more than five hundred times as large as its data")
	case stolenHashes.Match(r.text.text):
		r.inArchive(a, Secret, "the passwords of accounts, in an archive")
	case secretKey.Match(bytes.ToUpper(r.text.text)):
		r.inArchive(a, PrivateKey, "a private key, in an archive")
	}
}

func (r *Reader) inArchive(a *Archive, kind Kind, what string) {
	r.found = append(r.found, Content{Kind: kind, What: what, Archive: a})
}

// beginning is how many bytes decide whether a file is a text.
const beginning = 128

// shortcut is how a shortcut of Windows begins.
const shortcut = "L\x00\x00\x00\x01\x14\x02\x00"

// isScript reports whether a file may be a script, by its first bytes: it is a text, or a shortcut.
func isScript(data []byte) bool {
	if bytes.HasPrefix(data, []byte(shortcut)) || bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return true
	}
	return !bytes.ContainsFunc(data[:min(len(data), beginning)], func(r rune) bool { return r < '\t' || r > '\r' && r < ' ' && r != '\x1b' })
}
