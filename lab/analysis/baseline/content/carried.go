// What data connections carry of files and listings.

package content

import (
	"bytes"
	"compress/zlib"
	"io"
)

// maxInflated is how much of compressed data is looked at.
const maxInflated = 16 << 10

// Carried is what the first bytes of a data connection carry of a file or a listing, in a mode as [ftp.Transfer] has
// it: the bytes themselves in stream mode, without the head of the first block in block mode (RFC 959, 3.4.2), inflated
// in mode Z. It is nil if that cannot be read.
func Carried(mode string, first []byte) []byte {
	const head = 3 // bytes of a descriptor and a count
	switch mode {
	case "":
		return first
	case "B":
		return first[min(head, len(first)):]
	case "Z":
		r, err := zlib.NewReader(bytes.NewReader(first))
		if err != nil {
			return nil
		}
		data, _ := io.ReadAll(io.LimitReader(r, maxInflated)) // up to the end of the packet
		return data
	}
	return nil
}

// isText reports whether hardly any byte of data is a control character of another use than in texts or at terminals.
func isText(data []byte) bool {
	const most = 32 // characters for one of them
	n := 0
	for _, c := range data {
		if c < '\a' || c > '\r' && c < ' ' && c != '\x1b' || c == 0x7f {
			n++
		}
	}
	return n*most <= len(data)
}
