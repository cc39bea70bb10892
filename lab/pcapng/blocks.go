package pcapng

import (
	"encoding/binary"
	"fmt"
)

// Block types of pcapng.
const (
	blockSectionHeader        = 0x0A0D0D0A // the same in both byte orders
	blockInterfaceDescription = 1
	blockPacket               = 2 // obsolete; only other programs write it
	blockSimplePacket         = 3 // only other programs write it
	blockNameResolution       = 4
	blockInterfaceStatistics  = 5
	blockEnhancedPacket       = 6
	blockDecryptionSecrets    = 10
)

// Option codes, with their names in the draft.
const (
	optEndOfOpt = 0
	optComment  = 1

	shbOS       = 3
	shbUserAppl = 4

	ifName     = 2
	ifTsResol  = 9
	ifOS       = 12
	ifTsOffset = 14

	isbStartTime = 2
	isbEndTime   = 3
	isbIfRecv    = 4
	isbIfDrop    = 5
	isbOSDrop    = 7
)

// Record types of a name resolution block.
const (
	nrbRecordEnd  = 0
	nrbRecordIPv4 = 1
	nrbRecordIPv6 = 2
)

// secretsTLSKeyLog is the secrets type of a decryption secrets block that holds a key
// log of TLS: "TLSK".
const secretsTLSKeyLog = 0x544C534B

// Sizes and fixed values.
const (
	byteOrderMagic       = 0x1A2B3C4D
	sectionLengthUnknown = 0xFFFFFFFFFFFFFFFF

	blockOverhead = 12 // bytes of a block around its body: type, length, length again
	sectionHead   = 24 // bytes of a section header block before its options
	packetHead    = 28 // bytes of a packet block, enhanced or obsolete, before its frame
	secretsFields = 8  // bytes of a decryption secrets block's body before its secrets
	maxOption     = 65535
)

type byteOrder interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

// A blockScanner reads a pcapng file block by block.
type blockScanner struct {
	*input
	order byteOrder // of the section; nil before the first one
}

// A formatError says why bytes are not a valid block.
type formatError string

func (e formatError) Error() string { return string(e) }

const errNoMagic formatError = "a section without the byte-order magic number"

// header returns the type and the length in bytes of the next block, without
// consuming it. The error is that of the input, or a formatError.
func (s *blockScanner) header() (kind, length uint32, err error) {
	h, err := s.peek(8)
	if err != nil {
		return 0, 0, err
	}
	if s.order == nil || le.Uint32(h) == blockSectionHeader {
		if h, err = s.peek(blockOverhead); err != nil {
			return 0, 0, err
		}
		if s.order = orderOf(h[8:]); s.order == nil {
			return 0, 0, errNoMagic
		}
	}
	kind, length = s.order.Uint32(h), s.order.Uint32(h[4:])
	if length < blockOverhead || length%4 != 0 {
		return 0, 0, formatError(fmt.Sprintf("a block of %d bytes", length))
	}
	return kind, length, nil
}

// orderOf returns the byte order in which b is the magic number, or nil.
func orderOf(b []byte) byteOrder {
	switch uint32(byteOrderMagic) {
	case binary.LittleEndian.Uint32(b):
		return binary.LittleEndian
	case binary.BigEndian.Uint32(b):
		return binary.BigEndian
	}
	return nil
}

// pad returns how many bytes fill up n to a multiple of four.
func pad(n int) int { return -n & 3 }
