package pcapng

// The classic format, with the magic number that means nanoseconds, as
// draft-ietf-opsawg-pcap has it.
const (
	pcapNanoseconds = 0xA1B23C4D
	pcapHeaderSize  = 24
	recordHead      = 16     // bytes of a record before its frame
	pcapUnlimited   = 262144 // the snap length by which readers know "all of it"
)

// pcapHeader begins a classic capture.
func pcapHeader(info Info) []byte {
	snapLen := info.SnapLen
	if snapLen == 0 {
		snapLen = pcapUnlimited
	}
	return block(nil).uint32(pcapNanoseconds).uint16(2).uint16(4).
		uint32(0).uint32(0). // zone and accuracy, by custom
		uint32(uint32(snapLen)).uint32(linkTypeEthernet)
}

// appendRecordHeader begins the record of a frame, up to the frame itself.
func appendRecordHeader(b []byte, atNanos int64, captured, length int) []byte {
	const second = 1_000_000_000
	return block(b).uint32(uint32(atNanos / second)).uint32(uint32(atNanos % second)).
		uint32(uint32(captured)).uint32(uint32(length))
}
