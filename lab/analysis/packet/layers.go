package packet

// A Layer is a header in front of the innermost packet. Together they are how the packet
// was tagged and tunnelled.
type Layer struct {
	Kind LayerKind
	// At is the offset of the header in the packet, Size its length.
	At, Size int
}

// A LayerKind is the kind of a header.
type LayerKind int

// The headers that are traced. Others leave a gap between two layers.
const (
	LayerEthernet LayerKind = iota
	LayerVLAN               // one tag, without the EtherType in front
	LayerLLC                // with SNAP
	LayerMPLS               // all labels
	LayerControlWord
	LayerPPPoE
	LayerPPP
	LayerIPv4
	LayerIPv6
	LayerUDP
	LayerGRE
	LayerERSPAN
	LayerVXLAN
	LayerGeneve
	LayerGTP
	LayerL2TP
	LayerTZSP
	LayerTag // a header with numbers only, such as those of PBB, TRILL, EtherIP and CAPWAP
)

// note adds a header that begins here to the trace.
func (d *Decoder) note(kind LayerKind, b piece, size int) {
	if d.Trace {
		d.layers = append(d.layers, Layer{kind, d.size - cap(b.data), size})
	}
}

// Layers are the headers of the packet that was decoded last, the outermost first, if Trace
// was set. The last one is that of p.IP, if it has one. It returns nil for a packet that was
// put together from fragments.
func (d *Decoder) Layers() []Layer {
	if d.pieced {
		return nil
	}
	return d.layers
}
