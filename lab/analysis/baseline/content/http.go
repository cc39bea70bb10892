// Answers of web servers.

package content

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"strconv"

	"ftplab/lab/analysis/internal/pattern"
)

var (
	inChunks  = pattern.New(`(?i)\ntransfer-encoding:[^\n]*chunked`)
	inGzip    = pattern.New(`(?i)\ncontent-encoding:\s*(x-)?gzip`)
	inDeflate = pattern.New(`(?i)\ncontent-encoding:\s*deflate`)
)

// Body is what the beginning of an answer of a web server carries, as the browser shows it: without chunks (RFC 9112,
// 7.1), and not compressed (RFC 9110, 8.4.1). It is nil if there is none, or if it cannot be read.
func Body(answer []byte) []byte {
	head, body, found := bytes.Cut(answer, []byte("\r\n\r\n"))
	if !found || !bytes.HasPrefix(head, []byte("HTTP/")) {
		return nil
	}
	if inChunks.Match(head) {
		body = withoutChunks(body)
	}
	var r io.Reader
	var err error
	switch {
	case inGzip.Match(head):
		r, err = gzip.NewReader(bytes.NewReader(body))
	case inDeflate.Match(head):
		if r, err = zlib.NewReader(bytes.NewReader(body)); err != nil {
			r, err = flate.NewReader(bytes.NewReader(body)), nil // some servers leave out the head of zlib
		}
	default:
		return body
	}
	if err != nil {
		return nil
	}
	text, _ := io.ReadAll(io.LimitReader(r, maxInflated)) // up to where the beginning ends
	return text
}

// withoutChunks puts together the chunks of a body, of which the last may not be whole.
func withoutChunks(body []byte) (joined []byte) {
	for {
		line, rest, found := bytes.Cut(body, []byte("\r\n"))
		digits, _, _ := bytes.Cut(line, []byte(";"))
		size, err := strconv.ParseUint(string(bytes.TrimSpace(digits)), 16, 31)
		if !found || err != nil || size == 0 {
			return joined
		}
		n := min(int(size), len(rest))
		joined = append(joined, rest[:n]...)
		body = bytes.TrimPrefix(rest[n:], []byte("\r\n"))
	}
}
