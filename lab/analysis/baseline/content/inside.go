// Texts within binary files: in archives, images of systems, and programs.

package content

import (
	"bytes"
	"encoding/binary"
	"strings"

	"ftplab/lab/analysis/internal/pattern"
)

// Where a plant is looked for.
const (
	inTexts  place = iota // in files that are texts
	inBinary              // in other files
	anywhere
)

type place int

func (p place) covers(binary bool) bool { return p == anywhere || (p == inBinary) == binary }

// shortestText is how long a text in a binary file is at least. Random bytes hardly ever have one.
const shortestText = 16

// appendTexts appends the texts in binary data, each on a line of its own, in lower case.
func appendTexts(to, data []byte) []byte {
	for i := 0; i+shortestText <= len(data); {
		start := i + shortestText - 1 // of a text that begins at i or after it, this is a letter
		if !isTextByte(data[start]) {
			i += shortestText
			continue
		}
		end := start + 1
		for start > i && isTextByte(data[start-1]) {
			start--
		}
		for end < len(data) && isTextByte(data[end]) {
			end++
		}
		if end-start >= shortestText {
			to = append(appendLower(to, data[start:end]), '\n')
		}
		i = end
	}
	return to
}

func isTextByte(c byte) bool { return c >= ' ' && c < 0x7f || c >= '\t' && c <= '\r' }

// An Archive is a file with others in it that are not compressed.
type Archive struct {
	Files  int    // that were seen so far
	member []byte // how the head of each of them begins
}

// tarMark is where a header of tar has its mark.
const tarMark = 257

// archiveOf is the archive that begins with data, nil for none: of tar, cpio or zip.
func archiveOf(data []byte) *Archive {
	for _, member := range []string{"070701", "070702", "070707", "PK\x03\x04"} {
		if bytes.HasPrefix(data, []byte(member)) {
			return &Archive{member: []byte(member)}
		}
	}
	if len(data) > tarMark && bytes.HasPrefix(data[tarMark:], []byte("ustar")) {
		return &Archive{member: []byte("ustar")}
	}
	return nil
}

// Sizes of a file in an archive of zip that fills a disk or the memory when it is taken out.
const (
	bombSize  = 10 << 20
	bombRatio = 500
)

// zipHeads are the heads of files in an archive of zip, with the place of their sizes.
var zipHeads = []struct {
	mark  string
	sizes int
}{{"PK\x03\x04", 18}, {"PK\x01\x02", 20}}

// hasBomb reports whether data of an archive has the head of a file that is hundreds of times as large
// as what the archive has of it.
func hasBomb(data []byte) bool {
	for _, head := range zipHeads {
		for at := range indexes(data, []byte(head.mark)) {
			if rest := data[at:]; len(rest) >= head.sizes+8 {
				packed, size := binary.LittleEndian.Uint32(rest[head.sizes:]), binary.LittleEndian.Uint32(rest[head.sizes+4:])
				if packed > 0 && size >= bombSize && size/packed >= bombRatio {
					return true
				}
			}
		}
	}
	return false
}

// indexes yields where data has a mark.
func indexes(data, mark []byte) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		for from := 0; ; {
			i := bytes.Index(data[from:], mark)
			if i < 0 || !yield(from+i) {
				return
			}
			from += i + len(mark)
		}
	}
}

// packers are the first bytes of archives.
var packers = []struct{ begins, what string }{
	{"Rar!\x1a\x07", "a RAR archive"}, {"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"}, {"PK\x03\x04", "a zip archive"},
	{"\x1f\x8b\x08", "gzip data"}, {"\xfd7zXZ\x00", "xz data"}, {"BZh91AY&SY", "bzip2 data"},
}

// recording matches names of pictures, music and films, which are no archives.
var recording = pattern.New(`(?i)\.(jpe?g|png|gif|bmp|tiff?|webp|ico|mp[34]|avi|wav|mov|mkv|wmv|flac)$`)

// portable matches names of documents that are no archives.
var portable = pattern.New(`(?i)\.pdf$`)

// Disguise reports whether a file begins like an archive, or has a page of PHP in it, although its name is that of a picture
// or a recording. An archive may not have the name of a PDF, either, but a PDF may be about PHP.
func Disguise(name string, first []byte) (c Content, ok bool) {
	name = strings.TrimSpace(name)
	for _, p := range packers {
		if bytes.HasPrefix(first, []byte(p.begins)) && (recording.MatchString(name) || portable.MatchString(name)) {
			return Content{Kind: Disguised, What: p.what + " under the name of a picture, a recording or a PDF (MITRE ATT&CK, T1036.008, masquerade file type)"}, true
		}
	}
	if bytes.Contains(first, []byte("<?php")) && recording.MatchString(name) {
		return Content{Kind: Malicious, What: "a page of PHP under the name of a picture or a recording (MITRE ATT&CK, T1036.008, masquerade file type)"}, true
	}
	return c, false
}
