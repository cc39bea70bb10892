package pcapng

import (
	"net/netip"
	"strings"
)

// maxNames limits the number of names that are kept.
const maxNames = 1 << 12

// nameResolution reads the names in a name resolution block.
func (f *blockReader) nameResolution(b []byte) {
	for len(b) >= 4 {
		kind, length := f.order.Uint16(b), int(f.order.Uint16(b[2:]))
		b = b[4:]
		if kind == nrbRecordEnd || length > len(b) {
			return
		}
		f.addNames(kind, b[:length])
		b = b[min((length+3)&^3, len(b)):]
	}
}

// addNames adds the names of one address. Each ends with a zero byte.
func (f *blockReader) addNames(kind uint16, value []byte) {
	size := map[uint16]int{nrbRecordIPv4: 4, nrbRecordIPv6: 16}[kind]
	if size == 0 || len(value) < size {
		return
	}
	addr, _ := netip.AddrFromSlice(value[:size])
	for name := range strings.SplitSeq(string(value[size:]), "\x00") {
		if name != "" && len(f.names) < maxNames {
			f.names = append(f.names, Name{addr, name})
		}
	}
}
