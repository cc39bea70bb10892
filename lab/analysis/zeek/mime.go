package zeek

import (
	"bytes"
	"regexp"
	"strings"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
)

// headSize is how much of a file Zeek looks at for its type (default_file_bof_buffer_size).
const headSize = 4096

// A head is the beginning of what one side of a data connection sent.
type head struct {
	from ftp.Side
	data []byte // without gaps
}

// noteHead keeps the beginning of a file.
func (w *writer) noteHead(p *capture.Packet) {
	if p.Connection.Role != ftp.Data || p.Segment == nil || p.Segment.Damaged || len(p.Segment.Payload) == 0 {
		return
	}
	h := w.heads[p.Connection.ID]
	if h == nil {
		h = &head{from: p.From}
		w.heads[p.Connection.ID] = h
	}
	at, have := p.Segment.DataSeq()-1, int64(len(h.data))
	if p.From != h.from || at > have || at+int64(len(p.Segment.Payload)) <= have || have >= headSize {
		return
	}
	end := min(int64(len(p.Segment.Payload)), headSize-at)
	h.data = append(h.data, p.Segment.Payload[have-at:end]...)
}

// magic are types that the first bytes alone decide.
var magic = []struct{ start, mime string }{
	{"\x1f\x8b", "application/x-gzip"}, {"BZh", "application/x-bzip2"}, {"\xfd7zXZ\x00", "application/x-xz"}, {"%PDF-", "application/pdf"},
	{"\x89PNG", "image/png"}, {"GIF8", "image/gif"}, {"\xff\xd8", "image/jpeg"},
}

var (
	plain = regexp.MustCompile("^(\xef\xbb\xbf)?[\\s\x0b\x20-\x7e]{10}")
	json  = regexp.MustCompile(`^\s*\{\s*"[^"]+"\s*:\s*(["\[{0-9]|true|false)`)
	xml   = regexp.MustCompile(`^\s*<\?xml `)

	// kindsOfXML, of ZIP and of text have types of their own, which are not found here.
	kindsOfXML  = regexp.MustCompile(`(?is)<!|<\?.*<\?|xmlns|<(html|head|body|title|meta|rss|feed|svg|urlset|gnc|map|manifest|jnlp|cfparam|cfset|cfif|script|(soap(-env)?:)?envelope|methodresponse|cross-domain)`)
	kindsOfZIP  = regexp.MustCompile(`^PK\x03\x04\x14\x00\x06\x00|META-INF|mimetype|doc\.kml|Content_Types|_rels|word/|xl/|ppt/|Android|classes\.dex`)
	kindsOfText = regexp.MustCompile(`(?i)^\s*([^\w\s-]|--|[0-9]{5}[a-z]|.{0,24}(BEGIN|BinHex|shell archive|PGP)|(` + strings.Join(strings.Fields(otherText), `|`) + `)|(class|def|dnl|document|for|function|import|index|solid|use|var)\b)`)
	// oddLine is what other types have somewhere in the first line.
	oddLine = regexp.MustCompile(`(?i:[<>\\(@]|--- |only in |common subdirectories|libhdr|this is info|latex|spreadsheet)` +
		`|P[1-6]\d|^.{2}-[lp]|^.{4}(ftyp|idsc|pckg|mdat|moov|jP)|^.{7}\*\*ACE|^.{20}45|^.{21}(!SCR|BMOD)|^.{34}LP|^.{36}acsp`)
)

// otherText are the beginnings of texts that Zeek gives a type of their own, and of binary files
// that begin like a text.
const otherText = `AC1 ADIF AFP AT&T AWBM BM BEGIN BLTE BSDIFF BOOKMARK CPC Cr24 CrOD CWS DDS DIFF DOC Delivered drpm d8:
	Extended FLV FORM FOVb FWS Forward From filedesc fLaC Article GDBM gimp HEADER ID3 II IMPM ITOL ITSF KLD2 KLZF
	LRZI LZIP MAC MAS_ MDMP MM MOVI MP\+ MPQ MSCF MSQM MSSQL MThd MZ MIME Maker msgid N#! Only OTTO OggS PDN3 PK PReg Path Pipe RIFF RF64 RaS
	Rar! REGEDIT Relay Received Return riff SDPX SIT! SQLite StuffIt Spline TAPE ToKyO VMP4 WARC WordPro wOF Xcur xar! Xref ZWS 7z 3SaR b0VIM bplist`

// mimeType is the type that Zeek's signatures find in a file that begins so. They are some
// hundreds; a type is only given where no other signature matches. "" is every other content:
// for random bytes Zeek finds no type, either.
func mimeType(head []byte) string {
	for _, m := range magic {
		if bytes.HasPrefix(head, []byte(m.start)) {
			return m.mime
		}
	}
	line, _, _ := bytes.Cut(head, []byte("\n"))
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		if len(head) > 6 && !kindsOfZIP.Match(head) && !bytes.Contains(head[:6], []byte("\n")) {
			return "application/zip"
		}
	case json.Match(head):
		return "text/json"
	case xml.Match(head):
		if !kindsOfXML.Match(head) {
			return "application/xml"
		}
	case plain.Match(head) && !kindsOfText.Match(head) && !oddLine.Match(line):
		return "text/plain"
	}
	return ""
}
