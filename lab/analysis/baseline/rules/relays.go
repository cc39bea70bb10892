// Files that a host fetches from an inner server and stores on one outside.

package rules

import (
	"fmt"
	"hash/crc64"
	"net/netip"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/bounded"
	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
)

// leastRelayed is how many bytes a file has at least that is recognised when it moves on. Short files are alike by chance.
const leastRelayed = 64

// A fingerprint is a checksum of the bytes of a file.
type fingerprint struct {
	sum    uint64
	next   int64 // the number of the byte that comes next
	first  int32 // packet
	lacks  bool  // some of the bytes
	stores bool
}

// fingerprints are those of programs, of pages that are stored, and of files that move out of a private network or within one, by data connection.
type fingerprints map[int]*fingerprint

var checksums = crc64.MakeTable(crc64.ECMA)

// packet takes the next packet of a data connection.
func (all fingerprints) packet(g *bounded.Ledger, p *capture.Packet) {
	c, seq, data := p.Connection, p.Segment.DataSeq(), p.TCP.Payload
	f := all[c.ID]
	if f == nil {
		t := c.Moves()
		if seq != 1 || t == nil || t.Mode != "" || t.Lists() {
			return
		}
		client, server := c.Client.Addr().Unmap(), c.Server.Addr().Unmap()
		stores := t.Sender() == ftp.Client
		moves := hasInside(client) && stores != isInside(client, server)
		if !moves && !executable.MatchString(t.Argument) && !(stores && sitePage.MatchString(t.Argument)) || !bounded.Takes(g, maxMovedFiles, all, c.ID) {
			return
		}
		f = &fingerprint{next: 1, first: int32(p.Number), stores: stores}
		all[c.ID] = f
	}
	switch {
	case seq+int64(len(data)) <= f.next: // sent again
	case seq != f.next || len(data) < p.TCP.Length:
		f.lacks = true
	default:
		f.sum = crc64.Update(f.sum, checksums, data)
		f.next += int64(len(data))
	}
}

// print is the fingerprint of a file that was transferred whole.
func (e *Evidence) print(c *ftp.Connection, x *ftp.Exchange) (p print, ok bool) {
	f := e.watch.fingerprints[c.ID]
	if f == nil || f.lacks || c.Missing() > 0 || !evidence.Completed(x) {
		return p, false
	}
	return print{f.sum, c.Flow(x.Sender()).Bytes}, true
}

// A print is what is the same of two files with the same bytes.
type print struct {
	sum   uint64
	bytes int64
}

// A movedFile is what is in a file that a client moved.
type movedFile struct {
	client netip.Addr
	print
}

// A move is the transfer of a file.
type move struct {
	server netip.Addr
	packet int32
}

// hasInside reports whether the address of a client shows which servers are in its own network.
func hasInside(client netip.Addr) bool { return client.IsPrivate() || client.Is6() }

// isInside reports whether a server is in the network of a client: both addresses are private, or have the prefix of one
// site (RFC 6177, 2).
func isInside(client, server netip.Addr) bool {
	const site = 48 // bits
	if isPrivate(client) || isPrivate(server) {
		return isPrivate(client) == isPrivate(server)
	}
	network, err := client.Prefix(site)
	return err == nil && client.Is6() && network.Contains(server)
}

// relays are the files that clients fetched within their network, and those that they stored outside.
type relays struct {
	fetched map[movedFile]move
	stored  []storedFile
}

// A storedFile is a file that was stored outside.
type storedFile struct {
	movedFile
	move
}

// add takes the files of a session.
func (r *relays) add(e *Evidence, s *session) {
	if !hasInside(s.Client()) {
		return
	}
	for _, x := range s.Exchanges {
		for _, c := range s.DataOf(x.Data) {
			is, ok := e.print(c, x)
			if !ok || is.bytes < leastRelayed || (x.Sender() == ftp.Client) == isInside(s.Client(), s.Server()) {
				continue
			}
			f := e.watch.fingerprints[c.ID]
			file, by := movedFile{s.Client(), is}, move{s.Server(), f.first}
			if f.stores {
				r.stored = append(r.stored, storedFile{file, by})
			} else if _, known := r.fetched[file]; !known {
				r.fetched[file] = by
			}
		}
	}
}

// judge finds the files that were stored outside after they were fetched inside.
func (r *relays) judge() (found []breach) {
	type way struct{ client, from, to netip.Addr }
	files := map[way]*counted{}
	for _, out := range r.stored {
		in, fetched := r.fetched[out.movedFile]
		if !fetched || in.packet > out.packet {
			continue
		}
		w := way{out.client, in.server, out.server}
		if files[w] == nil {
			files[w] = &counted{}
		}
		files[w].add(int(in.packet))
		files[w].packets = appendSome(files[w].packets, int(out.packet))
	}
	for w, of := range files {
		found = append(found, breach{severity: Odd, sign: 2, hosts: evidence.Between(w.client, w.to), packets: of.packets,
			observed: fmt.Sprintf("%s fetched %s from %s, in its own network, and stored the same bytes at %s, outside of it", w.client, wording.Plural(of.n, "file", "files"), w.from, w.to)})
	}
	sortByFrame(found)
	return found
}
