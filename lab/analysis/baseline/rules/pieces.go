// Pages that are stored in small pieces, by APPE or behind REST.

package rules

import (
	"bytes"
	"net/netip"
	"slices"
	"strings"

	"ftplab/lab/analysis/baseline/content"
	"ftplab/lab/analysis/baseline/internal/bounded"
	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/tcp"
)

// longestPieces is how many bytes of a page in pieces are looked at.
const longestPieces = 2 << 10

// A storedPage is a page at a server, by the name that the client gives it.
type storedPage struct {
	server netip.Addr
	name   string
}

// joined takes the first packet of an upload. If the upload continues a page, it looks at the page as it is now.
func (w *watch) joined(p *capture.Packet) {
	t, data := p.Connection.Transfer, p.TCP.Payload
	if t == nil || t.Sender() != ftp.Client || t.Mode != "" || p.Segment.DataSeq() != 1 || p.Segment.Analysis&tcp.Retransmission != 0 {
		return
	}
	page := storedPage{p.IP.Dst.Unmap(), t.Argument}
	before, known := w.pages[page]
	continues := t.Command == "APPE" || t.Offset > 0
	switch {
	case known && t.Command == "APPE":
		data = slices.Concat(before, data)
	case known && t.Offset > 0 && t.Offset <= int64(len(before)):
		data = slices.Concat(before[:t.Offset], data)
	case !continues && (bytes.Contains(data, []byte("<?")) || bytes.Contains(data, []byte("<%"))), t.Command == "APPE" && (bytes.HasPrefix(data, []byte("<?")) || bytes.HasPrefix(data, []byte("<%"))):
		known = false
	default:
		delete(w.pages, page)
		return
	}
	page.name = strings.Clone(page.name)
	if len(data) > longestPieces || !bounded.Takes(w.ledger, maxPages, w.pages, page) {
		delete(w.pages, page)
		return
	}
	w.pages[page] = slices.Clone(data)
	if known {
		w.note(p, w.reader.Later(data)...)
		w.plant(p, w.reader.Part(content.NewFile(t, data), data)...)
	}
}
