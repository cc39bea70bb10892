package pcapng

import "io"

// A PacketWriter writes packets that a Reader read, of any link type, as pcapng.
type PacketWriter struct {
	out   io.Writer
	links map[LinkType]int // the interfaces written so far, by their link type
	buf   []byte
}

// NewPacketWriter begins a file on out.
func NewPacketWriter(out io.Writer) (*PacketWriter, error) {
	w := &PacketWriter{out: out, links: map[LinkType]int{}}
	_, err := out.Write(sectionHeader(Info{}))
	return w, err
}

// Write adds a packet. It becomes one of the interface with its link type.
func (w *PacketWriter) Write(p *Packet) error {
	const nanoseconds = 9 // 10^-9 s
	w.buf = w.buf[:0]
	id, known := w.links[p.Link]
	if !known {
		id = len(w.links)
		w.links[p.Link] = id
		w.buf = append(w.buf, newBlock(blockInterfaceDescription).
			uint16(uint16(p.Link)).uint16(0).uint32(0).
			option(ifTsResol, []byte{nanoseconds}).endOptions().end()...)
	}
	w.buf = block(w.buf).uint32(blockEnhancedPacket).uint32(packetTotal(len(p.Data))).uint32(uint32(id)).
		time(p.Time).uint32(uint32(len(p.Data))).uint32(uint32(p.Length))
	w.buf = append(w.buf, p.Data...)
	w.buf = appendPacketTrailer(w.buf, len(p.Data))
	_, err := w.out.Write(w.buf)
	return err
}
