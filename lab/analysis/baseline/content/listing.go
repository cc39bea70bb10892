// Listings of folders that harm the client.

package content

import (
	"bytes"
	"iter"
	"slices"
	"strconv"

	"ftplab/lab/analysis/internal/pattern"
)

var (
	// climbingName matches a name in a listing that leads up two levels. The target of a link,
	// after "->", may lead up.
	climbingName = pattern.New(`(?m)^([^>\n]*[\s;])?(/[^\s>]*)?\.\.[/\\]\.\.[/\\]`)
	// runByClient matches names that some clients run: after a bar, or in backquotes.
	runByClient = pattern.New("(?m)(^|\\d )[|] ?[a-zA-Z/]|[^\\w]`[^`\r\n]{2,}`|\\$\\([a-z]{2,}[ ;|>][^)\r\n]*\\)")
	// escapes matches escape sequences of names, unless they change colours.
	escapes = pattern.New(`\x1b[\]PX^_]|\x1b\[[0-9;?]*[@-ln-~]`)
	// linkLine and folderLine match a link and a folder in a listing.
	linkLine   = pattern.New(`(?m)^l[rwxst-]{9}[^\r\n]* (\S+) -> /`)
	folderLine = pattern.New(`(?m)^d[rwxst-]{9}[^\r\n]* (\S+)\r?$`)
)

// ofFolder matches what ls -l, dir and the shells of Windows print about the files of a folder, in any language.
var ofFolder = pattern.New(`(?m)(^[dl-]([r-][w-][xstST-]){3}[.+@]? +\d+ +\S+ +\S+ +\d+ [^\n]*(\n|\z)){2}|^total \d+\r?\n[dl-]([r-][w-][xstST-]){3}|^\d\d[./-]\d\d[./-]\d{2,4} +\d\d:\d\d( [AP]M)? +<\w{3,5}> |^d[a-z-]{5} +\d{1,4}[./-]\d{1,2}[./-]\d{1,4} +\d{1,2}:\d\d`)

// IsOfFolder reports whether a text has the files of a folder, as a command about them prints it.
func IsOfFolder(text []byte) bool { return ofFolder.Match(text) }

// FillsClipboard begins an escape sequence that fills the clipboard of a terminal. What somebody pastes next is a command.
const FillsClipboard = "\x1b]52;"

// listed looks at the first bytes of a listing.
func (r *Reader) listed() {
	if r.has("../..", `..\..`) {
		r.match(HarmfulListing, "names that lead out of the client's folder", climbingName)
	}
	text := isText(r.data)
	if text && r.has("|", "`", "$(") {
		r.match(OddListing, "names that some clients run as commands (CVE-2017-17405)", runByClient)
	}
	if text && r.has("\x1b") {
		r.match(OddListing, "names that order a terminal to do something", escapes)
		if r.has(FillsClipboard) {
			r.note(HarmfulListing, "a name that fills the clipboard of a terminal")
		}
	}
	if r.has(" -> /") && linkIsFolder(r.data) {
		r.note(HarmfulListing, "a link and a folder of the same name, so that a client stores files where the link leads (CVE-2014-4877)")
	}
}

// Entries counts the files and folders in a part of a listing. The folder itself, and the one above it, do not
// count.
func Entries(data []byte) (n int) {
	for line := range bytes.Lines(data) {
		line = bytes.TrimRight(line, "\r\n")
		if len(line) > 0 && !bytes.HasPrefix(line, []byte("total ")) && !bytes.HasSuffix(line, []byte(" .")) && !bytes.HasSuffix(line, []byte(" ..")) {
			n++
		}
	}
	return n
}

// ListedFiles yields the names and sizes, in bytes, of the files in a part of a listing: that of LIST, in the form of Unix or
// Windows, or that of MLSD.
func ListedFiles(data []byte) iter.Seq2[[]byte, int64] {
	return func(yield func(name []byte, size int64) bool) {
		for line := range bytes.Lines(data) {
			name, size := listedFile(bytes.TrimRight(line, "\r\n"))
			if n, err := strconv.ParseInt(string(size), 10, 64); err == nil && len(name) > 0 && !yield(name, n) {
				return
			}
		}
	}
}

// Where the columns of a listing are.
const (
	unixSize, unixName       = 4, 8 // -rw-r--r-- 1 ada users 9000 Jan 1 12:00 plan.doc
	windowsSize, windowsName = 2, 3 // 01-31-26 12:00PM 9000 plan.doc
)

// listedFile returns the name and the size in a line of a listing, nil for what is not a file.
func listedFile(line []byte) (name, size []byte) {
	switch {
	case len(line) == 0:
	case line[0] == '-':
		return column(line, unixName), firstWord(column(line, unixSize))
	case '0' <= line[0] && line[0] <= '9':
		return column(line, windowsName), firstWord(column(line, windowsSize))
	default:
		facts, name, _ := bytes.Cut(line, []byte(" "))
		if at := bytes.Index(bytes.ToLower(facts), []byte("size=")); at >= 0 {
			size, _, _ = bytes.Cut(facts[at+len("size="):], []byte(";"))
		}
		return name, size
	}
	return nil, nil
}

// column returns the rest of a line after its first n words.
func column(line []byte, n int) []byte {
	for range n {
		at := bytes.IndexByte(line, ' ')
		if at < 0 {
			return nil
		}
		line = bytes.TrimLeft(line[at:], " ")
	}
	return line
}

func firstWord(line []byte) []byte {
	word, _, _ := bytes.Cut(line, []byte(" "))
	return word
}

// linkIsFolder reports whether a listing has a link and a folder of the same name. The folders of a
// recursive listing are separated by empty lines.
func linkIsFolder(data []byte) bool {
	for part := range bytes.SplitSeq(bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n")), []byte("\n\n")) {
		links := groupsOf(linkLine, part)
		if len(links) > 0 && slices.ContainsFunc(folderLine.FindAllSubmatch(part, -1), func(folder [][]byte) bool { return links[string(folder[1])] }) {
			return true
		}
	}
	return false
}

// longestLine is the length of the longest line.
func longestLine(data []byte) (longest int) {
	for line := range bytes.Lines(data) {
		longest = max(longest, len(line))
	}
	return longest
}

// longestListed is how long a line of LIST may be, in bytes: room for a name of 255 letters of three
// bytes each, the target of a link, and the columns before the name.
const longestListed = 1200
