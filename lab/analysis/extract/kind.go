package extract

import (
	"bytes"
	"net/http"
	"strings"
	"unicode/utf8"
)

// A Kind says what a file seems to be, by its bytes: "text", or a media type such as
// "image/png", or "binary". A file without bytes is "empty".
type Kind string

const (
	Text   Kind = "text"
	Binary Kind = "binary"
	Empty  Kind = "empty"
)

// A sniffer looks at the beginning of a file.
type sniffer struct{ head []byte }

// sniffed is how much of a file is looked at: as much as http.DetectContentType does.
const sniffed = 512

func (s *sniffer) add(data []byte) {
	if room := sniffed - len(s.head); room > 0 {
		s.head = append(s.head, data[:min(room, len(data))]...)
	}
}

func (s *sniffer) kind() Kind { return KindOf(s.head) }

// KindOf says what a file that begins so seems to be.
func KindOf(head []byte) Kind {
	switch {
	case len(head) == 0:
		return Empty
	case isText(head):
		return Text
	}
	media, _, _ := strings.Cut(http.DetectContentType(head), ";")
	if media == "application/octet-stream" || strings.HasPrefix(media, "text/") {
		return Binary
	}
	return Kind(media)
}

// isText reports whether bytes are text: UTF-8 or an 8-bit character set, without control
// characters but those that lay out a text.
func isText(head []byte) bool {
	if bytes.IndexFunc(head, func(r rune) bool { return r < ' ' && !strings.ContainsRune("\t\n\r\f\x1b", r) || r == 0x7f }) >= 0 {
		return false
	}
	if utf8.Valid(head) {
		return true
	}
	high := 0
	for _, b := range head {
		if b >= 0x80 {
			high++
		}
	}
	return high*4 < len(head) // an old character set: letters with accents among others
}
