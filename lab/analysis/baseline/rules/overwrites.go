// Files with contents that a client replaces by nothing, by the same byte again and again, or by random bytes.

package rules

import (
	"bytes"
	"fmt"
	"hash/maphash"
	"math"
	"path"
	"strings"

	"ftplab/lab/analysis/baseline/content"
	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/bounded"
	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
)

// It is unusual if a client replaces blankedFew files with contents by nothing. If they are blankedMany, it destroys them.
// Only files of blankedSize bytes or more count: a lock file has fewer.
const (
	blankedFew  = 3
	blankedMany = 5
	blankedSize = 512
)

// A listedFile is a hash of the name of a file in a listing, without its folder.
type listedFile uint64

// A blanking is what listings and uploads say about files that were replaced by nothing.
type blanking struct {
	seed   maphash.Seed
	listed map[int][]listedFile // files of blankedSize or more, by data connection
	named  map[int][]listedFile // documents in listings of names only
	n      int                  // of all
	ledger *bounded.Ledger
	same   map[int]byte // the byte that an upload repeats, by data connection
}

func newBlanking(g *bounded.Ledger) blanking {
	return blanking{ledger: g, seed: maphash.MakeSeed(), listed: map[int][]listedFile{}, named: map[int][]listedFile{}, same: map[int]byte{}}
}

// packet takes the next packet of a data connection.
func (b *blanking) packet(p *capture.Packet) {
	c, data := p.Connection, p.TCP.Payload
	t := c.Moves()
	switch {
	case t == nil || t.Mode != "":
	case t.Command == "NLST" && p.Segment.DataSeq() < maxPage:
		for line := range bytes.Lines(data) {
			if name := bytes.TrimRight(line, "\r\n"); document.Match(name) {
				b.list(b.named, c.ID, name)
			}
		}
	case t.Lists() && p.Segment.DataSeq() < maxPage:
		for name, size := range content.ListedFiles(data) {
			if size >= blankedSize {
				b.list(b.listed, c.ID, name)
			}
		}
	case t.Sender() == ftp.Client && p.Segment.DataSeq() == 1:
		if consistsOf(data, data[0]) && b.ledger.Room(maxContents, len(b.same)) {
			b.same[c.ID] = data[0]
		}
	case t.Sender() == ftp.Client:
		if first, same := b.same[c.ID]; same && !consistsOf(data, first) {
			delete(b.same, c.ID)
		}
	}
}

// list takes the name of a file in a listing.
func (b *blanking) list(in map[int][]listedFile, connection int, name []byte) {
	if b.ledger.Room(maxListedFiles, b.n) {
		name = name[bytes.LastIndexByte(name, '/')+1:]
		in[connection] = append(in[connection], listedFile(maphash.Bytes(b.seed, name)))
		b.n++
	}
}

func consistsOf(data []byte, c byte) bool { return bytes.Count(data, []byte{c}) == len(data) }

// storesBlank reports whether a command stores a file without a byte, or with the same byte again and again.
func (e *Evidence) storesBlank(s *session, x *ftp.Exchange) bool {
	data := s.DataOf(x.Data)
	if x.Command != "STOR" || !evidence.Completed(x) || len(data) != 1 {
		return false
	}
	_, same := e.watch.blanking.same[data[0].ID]
	return s.storesNothing(x) || same && !isCut(data[0])
}

// overwritten judges a session that replaces files by nothing or by random bytes, and has not fetched them before. Listings,
// or answers to SIZE, say that they had contents.
func overwritten(e *Evidence, s *session) (found []breach) {
	of := &e.watch.blanking
	full, named, own := map[string]map[listedFile]bool{}, map[string]map[listedFile]bool{}, map[string]bool{}
	gone, coded, emptied := map[string]int{}, map[string]int{}, map[string]int{}
	var w evidence.Walk
	for _, x := range s.Exchanges {
		at := w.Target(x.Argument)
		switch {
		case x.Lists():
			folder := w.Listed(x.Argument)
			for _, c := range s.DataOf(x.Data) {
				noteFiles(full, folder, of.listed[c.ID])
				noteFiles(named, folder, of.named[c.ID])
			}
		case x.Command == "SIZE" && x.Final() == 213 && len(strings.TrimSpace(x.Replies[len(x.Replies)-1].Text)) >= len("1000"):
			noteFiles(full, path.Dir(at), []listedFile{of.hash(path.Base(at))})
		case e.storesBlank(s, x) && !own[at] && full[path.Dir(at)][of.hash(path.Base(at))]:
			gone[at] = x.Packet
		case e.storesRandom(s, x, at) && !own[at] && full[path.Dir(at)][of.hash(path.Base(at))]:
			coded[at] = x.Packet
		case s.storesNothing(x) && !own[at] && named[path.Dir(at)][of.hash(path.Base(at))]:
			emptied[at] = x.Packet
		case x.Command == "RETR", x.Sender() == ftp.Client: // fetched, or stored with contents
			own[at] = true
			delete(gone, at)
			delete(coded, at)
			delete(emptied, at)
		}
		w.Follow(x)
	}
	return blanked(gone, coded, emptied)
}

// blanked judges the files that were replaced, by their paths with the packets.
func blanked(gone, coded, emptied map[string]int) (found []breach) {
	for _, of := range []struct {
		files     map[string]int
		few, many int
		observed  string
	}{
		{gone, blankedFew, blankedMany, "%d files that had contents were replaced by files without a byte, or with the same byte again and again"},
		{coded, blankedFew, math.MaxInt, "%d files were replaced by random bytes, which are no texts, pictures or documents as their names say"},
		{emptied, wholeFolder, wipedFiles / 2, "%d documents that a listing names were replaced by files without a byte"},
	} {
		if n := len(of.files); n >= of.few {
			b := breach{severity: Odd, sign: 2, packets: firstPackets(of.files), observed: fmt.Sprintf(of.observed, n)}
			if n >= of.many {
				b.severity = Violation
			}
			found = append(found, b)
		}
	}
	return found
}

// storesRandom reports whether a command stores random bytes under the name of a text, a picture or a document.
func (e *Evidence) storesRandom(s *session, x *ftp.Exchange, at string) bool {
	if x.Command != "STOR" || !evidence.Completed(x) || !document.MatchString(at) {
		return false
	}
	random, _ := e.isNoise(s, x)
	return random
}

func (b *blanking) hash(name string) listedFile { return listedFile(maphash.String(b.seed, name)) }

// noteFiles notes what a listing shows of a folder.
func noteFiles(in map[string]map[listedFile]bool, folder string, files []listedFile) {
	for _, f := range files {
		if in[folder] == nil {
			in[folder] = map[listedFile]bool{}
		}
		in[folder][f] = true
	}
}
