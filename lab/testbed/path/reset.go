package path

import "encoding/binary"

// resetFor makes the reset (RST) with which a firewall answers a segment in the name of the
// host that the segment is for (RFC 9293, 3.10.7.1). It returns nil for a segment that is a
// reset, because nothing answers a reset.
func (p Place) resetFor(f frame) frame {
	s, ok := f.segment()
	if !ok || s.flags&flagRST != 0 {
		return nil
	}
	header := ipv6Header
	if f.etherType() == typeIPv4 {
		header = ipv4Header
	}
	r := make(frame, EthernetHeader+header+tcpHeader)
	r.address(p.GateMAC, p.MAC)
	binary.BigEndian.PutUint16(r[12:], f.etherType())
	r.answerTo(f)
	t := r.packet()[header:]
	binary.BigEndian.PutUint16(t, s.to.Port())
	binary.BigEndian.PutUint16(t[2:], s.from.Port())
	if s.flags&flagACK != 0 {
		binary.BigEndian.PutUint32(t[4:], s.ack)
		t[13] = flagRST
	} else {
		binary.BigEndian.PutUint32(t[8:], s.seq+s.room())
		t[13] = flagRST | flagACK
	}
	t[12] = tcpHeader / 4 << 4
	addresses := r.packet()[header-8 : header]
	if f.etherType() == typeIPv6 {
		addresses = r.packet()[8:ipv6Header]
	}
	binary.BigEndian.PutUint16(t[16:], checksum(addresses, []byte{0, protocolTCP, 0, tcpHeader}, t))
	return r
}

// answerTo writes the IP header of an answer to a packet, with the length of the frame.
func (f frame) answerTo(asked frame) {
	h, to := f.packet(), asked.packet()
	if asked.etherType() == typeIPv4 {
		h[0] = 4<<4 | ipv4Header/4
		binary.BigEndian.PutUint16(h[2:], uint16(len(h)))
		h[8], h[9] = 64, protocolTCP
		copy(h[12:16], to[16:20])
		copy(h[16:20], to[12:16])
		binary.BigEndian.PutUint16(h[10:], checksum(h[:ipv4Header]))
		return
	}
	h[0] = 6 << 4
	binary.BigEndian.PutUint16(h[4:], tcpHeader)
	h[6], h[7] = protocolTCP, 64
	copy(h[8:24], to[24:40])
	copy(h[24:40], to[8:24])
}
