package pcapng

import "io"

// A PacketWriter writes packets that a Reader read, of any link type, as pcapng.
type PacketWriter struct {
	out   io.Writer
	known map[source]int // the interfaces written so far
	buf   []byte
}

// A source is an interface of the file that a packet was read from.
type source struct {
	link   LinkType
	number int
}

// NewPacketWriter begins a file on out.
func NewPacketWriter(out io.Writer) (*PacketWriter, error) {
	w := &PacketWriter{out: out, known: map[source]int{}}
	_, err := out.Write(sectionHeader(Info{}))
	return w, err
}

// Write adds a packet. Packets of one interface stay packets of one interface.
func (w *PacketWriter) Write(p *Packet) error {
	const nanoseconds = 9 // 10^-9 s
	w.buf = w.buf[:0]
	from := source{p.Link, p.Interface}
	id, known := w.known[from]
	if !known {
		id = len(w.known)
		w.known[from] = id
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
