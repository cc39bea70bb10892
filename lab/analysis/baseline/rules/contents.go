// What the data of connections shows, and where.

package rules

import (
	"net/netip"

	"ftplab/lab/analysis/baseline/content"
	"ftplab/lab/analysis/baseline/internal/bounded"
	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/tcp"
)

// A shownContent is what a packet shows.
type shownContent struct {
	content.Content
	packet int
	from   netip.Addr // its sender
	// damaged is the sender of the packet if its checksum is wrong.
	damaged netip.Addr
}

const (
	maxShell = 8 << 10 // bytes of one side that are looked at
	maxPage  = 1 << 20 // bytes of a file that are looked at
)

// data looks at what a data connection carries, unless it is in TLS.
func (w *watch) data(p *capture.Packet) {
	if p.Connection.InTLS(p.Number) {
		return
	}
	w.content(p)
	if p = carrier(p); p == nil {
		return
	}
	c := p.Connection
	w.file(p)
	w.commandFiles.packet(w.ledger, p)
	w.logs.packet(w.ledger, p)
	w.fingerprints.packet(w.ledger, p)
	w.blanking.packet(p)
	if t := c.Moves(); t != nil && t.Lists() && p.Segment.Analysis&tcp.Retransmission == 0 && bounded.Takes(w.ledger, maxListings, w.entries, c.ID) {
		w.entries[c.ID] += content.Entries(p.TCP.Payload)
	}
}

// carrier is a packet with the part of a file or a listing that it carries, nil if that cannot be read. Of compressed
// data it is only the first part.
func carrier(p *capture.Packet) *capture.Packet {
	t := p.Connection.Moves()
	first := p.Segment.DataSeq() == 1
	switch {
	case t == nil, t.Mode == "", t.Mode == "B" && !first:
		return p
	case !first:
		return nil
	}
	data := content.Carried(t.Mode, p.TCP.Payload)
	if len(data) == 0 {
		return nil
	}
	plain, segment := *p, *p.TCP
	plain.TCP, segment.Payload = &segment, data
	return &plain
}

// content looks at the first data of a data connection, or of a connection that is not FTP.
func (w *watch) content(p *capture.Packet) {
	c, data := p.Connection, p.TCP.Payload
	if x, known := w.contents[c.ID]; known && !isPreliminary(x.Kind) {
		return
	}
	switch seq := p.Segment.DataSeq(); {
	case c.Role == ftp.Data && seq == 1:
		w.note(p, w.reader.First(c.Moves(), data)...)
	case c.Role == ftp.Data && seq < maxPage && c.Moves() != nil && c.Moves().Sender() == ftp.Client && carrier(p) != nil:
		w.note(p, w.reader.Later(data)...)
	case c.Role == ftp.Other && wellKnown(c):
		if x := w.contents[c.ID]; x.Kind == content.NotTLS && seq < maxShell {
			w.note(p, w.reader.Conversation(data, seq == 1)...)
		} else if seq == 1 {
			w.note(p, w.reader.AtService(data, forTLS[c.Client.Port()] || forTLS[c.Server.Port()])...)
		}
	case c.Role == ftp.Other && seq < maxShell:
		w.note(p, w.reader.Conversation(data, seq == 1)...)
	}
}

// isPreliminary reports whether other data of a connection may show more than this kind.
func isPreliminary(k content.Kind) bool {
	return k == content.Service || k == content.NotTLS || k == content.Random || isTentative(k)
}

// isTentative reports whether a later part of a file may show more than this kind.
func isTentative(k content.Kind) bool {
	return k == content.Boast || k == content.Suspicious || k == content.Obfuscated || k == content.PasswordList
}

// outweighs reports whether a kind takes the place of another one: the graver one does, and of two that are as grave the later
// one, unless it is only suspicious.
func outweighs(k, before content.Kind) bool {
	if a, b := gravity(k), gravity(before); a != b {
		return a > b
	}
	return !isTentative(k)
}

// gravity orders kinds of what the first bytes of a connection show, the worst last.
func gravity(k content.Kind) int {
	switch k {
	case content.Random, content.Service, content.NotTLS:
		return 0
	case content.Suspicious, content.PasswordList:
		return 1
	case content.Obfuscated, content.OddListing:
		return 2
	case content.Malicious, content.HarmfulListing:
		return 4
	}
	return 3
}

// note remembers what a packet shows.
func (w *watch) note(p *capture.Packet, found ...content.Content) {
	for _, c := range found {
		if before, known := w.contents[p.Connection.ID]; known && !outweighs(c.Kind, before.Kind) || !bounded.Takes(w.ledger, maxContents, w.contents, p.Connection.ID) {
			continue
		}
		w.contents[p.Connection.ID] = shownBy(p, c)
	}
}

func shownBy(p *capture.Packet, c content.Content) shownContent {
	shown := shownContent{Content: c, packet: p.Number, from: p.IP.Src.Unmap()}
	if p.ChecksumWrong() {
		shown.damaged = p.IP.Src
	}
	return shown
}

// file looks at the next packet of a file.
func (w *watch) file(p *capture.Packet) {
	t, data, id := p.Connection.Moves(), p.TCP.Payload, p.Connection.ID
	if t == nil || t.Lists() || p.Segment.DataSeq() >= maxPage {
		return
	}
	w.joined(p)
	if p.Segment.DataSeq() == 1 && len(data) >= content.FewestReplacings && content.LooksRandom(data) && bounded.Takes(w.ledger, maxContents, w.random, id) {
		w.random[id] = true
	}
	if p.Segment.DataSeq() == 1 && bounded.Takes(w.ledger, maxFiles, w.files, id) {
		w.files[id] = content.NewFile(t, data)
		if c, ok := content.Disguise(t.Argument, data); ok && t.Mode == "" {
			w.plant(p, c)
		}
	}
	if f := w.files[id]; f != nil {
		w.plant(p, w.reader.Part(f, data)...)
	}
}

// plant remembers the worst of what is in a file.
func (w *watch) plant(p *capture.Packet, found ...content.Content) {
	for _, c := range found {
		if before, known := w.planted[p.Connection.ID]; known && weight(c.Kind) <= weight(before.Kind) || !bounded.Takes(w.ledger, maxContents, w.planted, p.Connection.ID) {
			continue
		}
		w.planted[p.Connection.ID] = shownBy(p, c)
	}
}

// weight orders kinds of contents, the worst last.
func weight(k content.Kind) int {
	switch k {
	case content.Demand, content.Survey, content.ScanReport:
		return 0
	case content.Malicious, content.Secret:
		return 2
	}
	return 1
}

// shown is what the first bytes of a connection show. A packet with a wrong checksum shows
// nothing: its receiver dropped it.
func (e *Evidence) shown(connection int) (c shownContent, ok bool) {
	c, ok = e.watch.contents[connection]
	if e.isDamaged(c) {
		return shownContent{}, false
	}
	return c, ok
}

func (e *Evidence) isDamaged(c shownContent) bool {
	return c.damaged.IsValid() && e.Damage.Shows(c.damaged)
}

// shows is what the data of a connection shows: its first bytes, and what somebody planted, unless
// the first bytes say so, too.
func (e *Evidence) shows(connection int) (list []shownContent) {
	first, known := e.shown(connection)
	if known {
		list = append(list, first)
	}
	if c, ok := e.watch.planted[connection]; ok && first.Kind != content.Malicious && !e.isDamaged(c) {
		list = append(list, c)
	}
	return list
}
