// Texts within binary files: in archives, images of systems, and programs.

package baseline

import "bytes"

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

// An archive is a file with others in it that are not compressed.
type archive struct {
	member []byte // how the head of each of them begins
	count  int
}

// tarMark is where a header of tar has its mark.
const tarMark = 257

// archiveOf is the archive that begins with data, nil for none: of tar, cpio or zip.
func archiveOf(data []byte) *archive {
	for _, member := range []string{"070701", "070702", "070707", "PK\x03\x04"} {
		if bytes.HasPrefix(data, []byte(member)) {
			return &archive{member: []byte(member)}
		}
	}
	if len(data) > tarMark && bytes.HasPrefix(data[tarMark:], []byte("ustar")) {
		return &archive{member: []byte("ustar")}
	}
	return nil
}

// ofSystem reports whether an archive is one of a whole system.
func (a *archive) ofSystem() bool { return a != nil && a.count >= wholeSystem }
