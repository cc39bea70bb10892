package pcapng

import (
	"encoding/binary"
	"time"
	"unicode/utf8"
)

// le is the byte order of the files written.
var le = binary.LittleEndian

// A block is a pcapng block under construction.
type block []byte

// newBlock starts a block; end sets its length.
func newBlock(kind uint32) block {
	return block(le.AppendUint32(nil, kind)).uint32(0)
}

func (b block) uint16(v uint16) block { return le.AppendUint16(b, v) }
func (b block) uint32(v uint32) block { return le.AppendUint32(b, v) }
func (b block) uint64(v uint64) block { return le.AppendUint64(b, v) }

// time appends a timestamp in pcapng's format: the upper half first.
func (b block) time(nanos int64) block {
	return b.uint32(uint32(nanos >> 32)).uint32(uint32(nanos))
}

// padded appends bytes and pads them to a multiple of four.
func (b block) padded(value []byte) block {
	b = append(b, value...)
	return append(b, make([]byte, pad(len(value)))...)
}

// option appends an option.
func (b block) option(code uint16, value []byte) block {
	return b.uint16(code).uint16(uint16(len(value))).padded(value)
}

// text appends an option unless it is empty.
func (b block) text(code uint16, value string) block {
	if value == "" {
		return b
	}
	return b.option(code, []byte(cut(value)))
}

// cut shortens a text to the size limit of an option, without splitting a
// character.
func cut(text string) string {
	if len(text) <= maxOption {
		return text
	}
	end := maxOption
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}

// endOptions appends the end of the options.
func (b block) endOptions() block { return b.uint16(optEndOfOpt).uint16(0) }

// end finishes the block. Its length is at both ends.
func (b block) end() []byte {
	length := uint32(len(b) + 4)
	le.PutUint32(b[4:], length)
	return b.uint32(length)
}

// sectionHeader is the block that begins a pcapng file.
func sectionHeader(info Info) []byte {
	return newBlock(blockSectionHeader).
		uint32(byteOrderMagic).uint16(1).uint16(0).uint64(sectionLengthUnknown).
		text(optComment, info.Comment).
		text(shbOS, info.system()).
		text(shbUserAppl, info.Application).
		endOptions().end()
}

// system returns the system that the frames come from.
func (i Info) system() string {
	if i.System != "" {
		return i.System
	}
	return systemName()
}

// interfaceDescription describes an interface of the capture.
func interfaceDescription(info Info, name string) []byte {
	const nanoseconds = 9 // 10^-9 s
	return newBlock(blockInterfaceDescription).
		uint16(uint16(LinkEthernet)).uint16(0).uint32(uint32(info.SnapLen)).
		text(optComment, info.Remark).
		text(ifName, name).
		option(ifTsResol, []byte{nanoseconds}).
		text(ifOS, info.system()).
		endOptions().end()
}

// nameResolution returns the block with the names of the hosts.
func nameResolution(names []Name) []byte {
	b := newBlock(blockNameResolution)
	for _, n := range names {
		kind := uint16(nrbRecordIPv4)
		if n.Addr.Is6() {
			kind = nrbRecordIPv6
		}
		b = b.option(kind, append(append(n.Addr.AsSlice(), n.Name...), 0))
	}
	return b.uint16(nrbRecordEnd).uint16(0).end()
}

// decryptionSecrets returns the block with a TLS key log.
func decryptionSecrets(keyLog string) []byte {
	return newBlock(blockDecryptionSecrets).
		uint32(secretsTLSKeyLog).uint32(uint32(len(keyLog))).padded([]byte(keyLog)).end()
}

// interfaceStatistics returns the block with an interface's counts at the end of
// a capture.
func interfaceStatistics(number int, s Stats) []byte {
	count := func(v uint64) []byte { return le.AppendUint64(nil, v) }
	at := func(t time.Time) []byte { return block(nil).time(t.UnixNano()) }
	return newBlock(blockInterfaceStatistics).
		uint32(uint32(number)).time(s.Ended.UnixNano()).
		option(isbStartTime, at(s.Began)).
		option(isbEndTime, at(s.Ended)).
		option(isbIfRecv, count(s.Received)).
		option(isbIfDrop, count(s.Dropped)).
		endOptions().end()
}

// appendPacketHeader appends the beginning of a packet block, up to the frame.
func appendPacketHeader(b []byte, number int, atNanos int64, captured, length int) []byte {
	return block(b).uint32(blockEnhancedPacket).uint32(packetTotal(captured)).uint32(uint32(number)).
		time(atNanos).uint32(uint32(captured)).uint32(uint32(length))
}

// appendPacketTrailer appends the rest of it.
func appendPacketTrailer(b []byte, captured int) []byte {
	b = append(b, "\x00\x00\x00"[:pad(captured)]...)
	return le.AppendUint32(b, packetTotal(captured))
}

// packetTotal returns the length of a packet block.
func packetTotal(captured int) uint32 {
	return uint32(packetHead + captured + pad(captured) + 4)
}
