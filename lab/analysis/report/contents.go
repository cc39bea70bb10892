// The transferred data, for the page: listings and text unchanged, other data as size,
// type and digest.

package report

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"
	"unicode/utf8"

	"ftplab/lab/analysis/extract"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/report/text"
	"ftplab/lab/analysis/tcp"
)

// How much of the transferred data the page shows.
const (
	maxContents     = 24      // transfers
	maxContentBytes = 8 << 10 // of each, if it is text
	maxContentLines = 120     // of each
)

// A content is what one side sent on a data connection.
type content struct {
	Kind, Short string // of the connection
	For         string // the command
	Facts       string
	Text        string // "" if it is not text
	More        string // a sentence about the part that is not in Text

	connection *ftp.Connection
	id         int
	from       ftp.Side
	bytes      int64
	head       []byte
	digest     hash.Hash
	unread     bool // bytes are in TLS that cannot be read
}

// gather reads the transferred data, once.
func (r *Report) gather() error {
	if r.gathered {
		return nil
	}
	r.gathered = true
	open := map[int]*content{}
	return r.Trace.Contents(func(x *ftp.Identity, from ftp.Side, b tcp.Chunk) {
		c := open[x.ID]
		if c == nil {
			if len(r.contents) == maxContents {
				r.moreContents++
				c = &content{id: -1}
			} else {
				c = &content{id: x.ID, from: from, For: "without a command in the capture", digest: sha256.New()}
				if x.Transfer != nil {
					c.For = visible(strings.TrimSpace(x.Transfer.Command + " " + x.Transfer.Argument))
					c.from = x.Transfer.Sender()
				}
				r.contents = append(r.contents, c)
			}
			open[x.ID] = c
		}
		if c.id >= 0 && from == c.from {
			c.add(b)
		}
	}, func(x *ftp.Connection) {
		if c := open[x.ID]; c != nil && c.id >= 0 {
			c.finish(x)
			c.connection, c.Kind = x, kindOf(x)
		}
		delete(open, x.ID)
	})
}

func (c *content) add(b tcp.Chunk) {
	c.bytes += int64(len(b.Data))
	c.digest.Write(b.Data)
	c.unread = c.unread || b.Unread
	if room := maxContentBytes - len(c.head); room > 0 {
		c.head = append(c.head, b.Data[:min(room, len(b.Data))]...)
	}
}

// finish makes the texts, after the last byte.
func (c *content) finish(x *ftp.Connection) {
	kind := extract.KindOf(c.head[:min(len(c.head), 512)])
	facts := []string{counted(c.bytes, "byte") + " from the " + string(c.from)}
	if kind == extract.Text {
		c.show()
	} else {
		facts = append(facts, string(kind), "SHA-256 "+hex.EncodeToString(c.digest.Sum(nil)))
	}
	if x.TLS != nil && !x.TLS.InClear(c.from) {
		facts = append(facts, "decrypted from TLS")
	}
	if x.Transfer != nil && x.Transfer.Mode != "" {
		facts = append(facts, "as transferred in mode "+visible(x.Transfer.Mode))
	}
	if c.unread {
		facts = append(facts, "some of it is in TLS that cannot be read")
	}
	facts = append(facts, x.Lacks(c.from).Clauses(counted)...)
	if beyond := x.Flow(c.from).Beyond; beyond > 0 && x.TLS == nil {
		facts = append(facts, text.BehindFIN(beyond))
	}
	if x.Transfer != nil && x.Transfer.Failed() {
		facts = append(facts, fmt.Sprintf("the server's reply is %d", x.Transfer.Reply))
	}
	c.Facts = strings.Join(facts, " · ")
	c.head, c.digest = nil, nil
}

// show makes the text of the first bytes, line by line.
func (c *content) show() {
	head := c.head
	if int64(len(head)) < c.bytes { // the cut may be in the middle of a character
		for cut := 0; cut < utf8.UTFMax && !utf8.Valid(head) && len(head) > 0; cut++ {
			head = head[:len(head)-1]
		}
	}
	lines := strings.Split(strings.ReplaceAll(string(head), "\r\n", "\n"), "\n")
	shown := lines[:min(len(lines), maxContentLines)]
	for i, l := range shown {
		shown[i] = strings.ReplaceAll(text.Escape(strings.ReplaceAll(l, "\t", "    ")), "\r", "")
	}
	c.Text = strings.TrimRight(strings.Join(shown, "\n"), "\n")
	if int64(len(head)) < c.bytes || len(lines) > len(shown) {
		c.More = "This is the beginning; ftplab explain --extract writes all of it."
	}
}
