package pcapng

// newAnalyzerReader returns a reader of the formats that other analyzers have, or nil if the
// file does not begin like one of them.
func newAnalyzerReader(r *Reader, magic []byte) (packetReader, error) {
	switch string(magic) {
	case snifferMagic:
		return newSnifferReader(r)
	case observerMagic:
		return newObserverReader(r)
	case nettlMagic9, nettlMagic:
		return newNettlReader(r)
	case k12Magic:
		return newK12Reader(r), nil
	}
	switch string(magic[:4]) {
	case fiveViewMagic:
		return newFiveViewReader(r)
	case netxrayMagic:
		return newNetxrayReader(r)
	case visualMagic:
		return newVisualReader(r)
	}
	if isLANalyzer(magic) {
		return newLANalyzerReader(r)
	}
	head, _ := r.in.peek(ncfxRecord)
	if ncf, ncfx := isCommView(head); ncf || ncfx {
		return &commViewReader{r, ncfx}, nil
	}
	return nil, nil
}
