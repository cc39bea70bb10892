package pcapng

import "io"

// A PacketWriter writes packets that a Reader read, of any link type, as pcapng.
type PacketWriter struct {
	out   io.Writer
	known map[Source]int // the interfaces written so far
	buf   []byte
}

// A Source is an interface of the file that a packet was read from.
type Source struct {
	Link      LinkType
	Interface int
}

// NewPacketWriter begins a file on out.
func NewPacketWriter(out io.Writer) (*PacketWriter, error) {
	w := &PacketWriter{out: out, known: map[Source]int{}}
	_, err := out.Write(sectionHeader(Info{}))
	return w, err
}

// Declare adds an interface with its name, or "" for none. It then comes before those whose packets are
// added later, which have no names.
func (w *PacketWriter) Declare(s Source, name string) error {
	w.buf = w.buf[:0]
	w.interfaceOf(s, name)
	_, err := w.out.Write(w.buf)
	return err
}

// interfaceOf returns the number of an interface, whose description it adds to the buffer if it is new.
func (w *PacketWriter) interfaceOf(s Source, name string) int {
	const nanoseconds = 9 // 10^-9 s
	id, known := w.known[s]
	if !known {
		id = len(w.known)
		w.known[s] = id
		w.buf = append(w.buf, newBlock(blockInterfaceDescription).
			uint16(uint16(s.Link)).uint16(0).uint32(0).
			text(ifName, name).option(ifTsResol, []byte{nanoseconds}).endOptions().end()...)
	}
	return id
}

// Write adds a packet. Packets of one interface stay packets of one interface.
func (w *PacketWriter) Write(p *Packet) error {
	w.buf = w.buf[:0]
	id := w.interfaceOf(Source{p.Link, p.Interface}, "")
	w.buf = block(w.buf).uint32(blockEnhancedPacket).uint32(packetTotal(len(p.Data))).uint32(uint32(id)).
		time(p.Time).uint32(uint32(len(p.Data))).uint32(uint32(p.Length))
	w.buf = append(w.buf, p.Data...)
	w.buf = appendPacketTrailer(w.buf, len(p.Data))
	_, err := w.out.Write(w.buf)
	return err
}
