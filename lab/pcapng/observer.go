package pcapng

import (
	"bytes"
	"encoding/binary"
	"errors"
	"time"
)

// The format of Network Instruments' (later Viavi's) Observer.
const (
	observerMagic  = "Observer"
	observerHeader = 36 // bytes of the header without the notes after it
	observerRecord = 48
	observerKey    = 0x88888888
)

// observerEpoch is when its clock began.
var observerEpoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).UnixNano()

// An observerReader reads the packets of a file of Observer.
type observerReader struct{ *Reader }

func newObserverReader(r *Reader) (*observerReader, error) {
	h, err := r.in.take(observerHeader)
	if err != nil {
		return nil, inHeader(err)
	}
	if !bytes.HasPrefix(h, []byte("ObserverPktBufferVersion=")) {
		return nil, errors.New("a file of Observer that has no packets")
	}
	first := int64(binary.LittleEndian.Uint16(h[32:]))
	if first < observerHeader {
		return nil, errors.New("a file of Observer whose packets begin in its header: the file is damaged")
	}
	if err := r.in.skip(first - observerHeader); err != nil {
		return nil, inHeader(err)
	}
	return &observerReader{r}, nil
}

func (f *observerReader) link() LinkType {
	h, err := f.in.peek(observerRecord)
	if err != nil {
		return linkUnknown
	}
	return observerLink(h[16])
}

func observerLink(network byte) LinkType {
	switch network {
	case 0:
		return LinkEthernet
	case 1:
		return linkTokenRing
	}
	return linkUnknown
}

func (f *observerReader) next(p *Packet) error {
	for {
		at := f.in.offset
		h, err := f.in.take(observerRecord)
		if err != nil {
			return f.endOr(at, err)
		}
		field := func(at int) int64 { return int64(binary.LittleEndian.Uint16(h[at:])) }
		if binary.LittleEndian.Uint32(h) != observerKey {
			return f.damage(at, "a record without its mark: the file is damaged")
		}
		captured, length, frame, next := field(8), field(10), field(12), field(14)
		isPacket := h[19] == 0
		p.Time = observerEpoch + int64(binary.LittleEndian.Uint64(h[40:]))
		p.Link, p.Interface = observerLink(h[16]), 0
		switch {
		case frame < observerRecord || next < frame || isPacket && captured > next-frame:
			return f.damage(at, "a packet longer than its record: the file is damaged")
		case !isPacket:
			captured = 0
		}
		if err := f.in.skip(frame - observerRecord); err != nil {
			return f.cutOff(at, err)
		}
		const checksum = 4 // bytes of Ethernet's, which are counted and not recorded
		p.Length = int(length) - checksum
		if err := f.frame(p, at, captured, int(next-frame-captured)); err != nil || isPacket {
			return err
		}
	}
}
