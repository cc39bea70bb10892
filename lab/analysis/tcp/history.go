// Zeek's connection history: one letter for each kind of event.

package tcp

import (
	"bytes"
	"slices"

	"ftplab/lab/analysis/packet"
)

// A history is the state of one direction that decides which letters come next.
type history struct {
	top            int64
	seen           uint32 // a bit for each letter
	syn, fin, rst  uint32 // sequence numbers of the last SYN, FIN and RST, as on the wire
	repeats, nextT int    // retransmitted segments, and their number at which the next T is due
	instead        byte   // the letter of the first damaged segment if it was sound, 0 for none
}

// letters adds the letters of a segment, in capitals. Each kind of packet
// counts when it is first seen. A SYN, FIN or RST counts once more if it has
// another sequence number, and retransmitted data counts each time its amount
// is ten times larger. Again says that the segment repeats data.
func (h *history) letters(add []byte, t *Segment, again bool) []byte {
	kind := t.Flags & (packet.SYN | packet.FIN | packet.RST)
	switch {
	case t.Damaged:
		return h.damaged(add, t)
	case kind == 0 && t.Length > 0:
		add = h.once(add, 'D')
	case kind == 0 && t.Has(packet.ACK):
		add = h.once(add, 'A')
	case kind == packet.SYN && t.Has(packet.ACK):
		add = h.another(add, 'H', t.RawSeq, &h.syn)
	case kind == packet.SYN:
		add = h.another(add, 'S', t.RawSeq, &h.syn)
	case kind == packet.FIN:
		add = h.another(add, 'F', t.RawSeq+uint32(t.Length), &h.fin)
	case kind == packet.RST:
		add = h.another(add, 'R', t.RawSeq, &h.rst)
	case kind == packet.FIN|packet.RST:
		add = h.once(add, 'I')
	case kind != 0:
		add = h.once(add, 'Q')
	}
	return h.repeated(add, t, again)
}

// damaged adds the letter of a damaged segment.
func (h *history) damaged(add []byte, t *Segment) []byte {
	n := len(add)
	if add = h.once(add, 'C'); len(add) == n {
		return add
	}
	switch {
	case t.Length > 0 && h.seen&(1<<('D'-'A')) == 0:
		h.instead = 'D'
	case t.Length == 0 && t.Flags&(packet.SYN|packet.FIN|packet.RST) == 0 && h.seen&1 == 0:
		h.instead = 'A'
	}
	return add
}

// sound takes back what damaged added to the letters of a connection: the segment in the given direction was sound.
func (h *history) sound(all []byte, direction int) []byte {
	of := byte(direction) << 7
	i := bytes.IndexByte(all, 'C'|of)
	switch {
	case i < 0:
		return all
	case h.instead == 0:
		return slices.Delete(all, i, i+1)
	}
	all[i] = h.instead | of
	h.seen |= 1 << (h.instead - 'A')
	if later := bytes.IndexByte(all[i+1:], all[i]); later >= 0 {
		all = slices.Delete(all, i+1+later, i+2+later)
	}
	return all
}

// late adds the letter of a segment that was in doubt to those of a connection, if none of its kind has come.
func (h *history) late(all []byte, letter byte, direction int) []byte {
	n := len(all)
	if all = h.once(all, letter); len(all) > n {
		all[n] |= byte(direction) << 7
	}
	return all
}

// onlyResets reports whether all packets of the direction are RSTs, and there are some.
func (h *history) onlyResets() bool { return h.seen == 1<<('R'-'A') }

func (h *history) once(add []byte, letter byte) []byte {
	bit := uint32(1) << (letter - 'A')
	if h.seen&bit != 0 {
		return add
	}
	h.seen |= bit
	return append(add, letter)
}

// another adds a letter unless the last packet of the kind had the same number.
func (h *history) another(add []byte, letter byte, seq uint32, last *uint32) []byte {
	bit := uint32(1) << (letter - 'A')
	if h.seen&bit != 0 && seq == *last {
		return add
	}
	h.seen |= bit
	*last = seq
	return append(add, letter)
}

// old reports whether a segment ends at or before the end of an earlier one.
func (h *history) old(t *Segment) bool {
	end := t.Seq + int64(t.Length)
	if t.Flags&(packet.SYN|packet.FIN) != 0 {
		end++
	}
	old := end <= h.top
	h.top = max(h.top, end)
	return old
}

// repeated adds a T for data that was seen before.
func (h *history) repeated(add []byte, t *Segment, again bool) []byte {
	if !again || t.Length == 0 || t.Has(packet.RST) {
		return add
	}
	h.repeats++
	if h.nextT == 0 {
		h.nextT = 1
	}
	if h.repeats == h.nextT {
		h.nextT *= 10
		add = append(add, 'T')
	}
	return add
}
