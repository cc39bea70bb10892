// The names of hosts that a pcapng file brings along.

package pcap

import (
	"net/netip"
	"strings"
)

// A Name is the name of a host, from a name resolution block of a pcapng file.
// A host may have several, and several hosts the same address.
type Name struct {
	Addr netip.Addr
	Name string
}

// Types of the records of a name resolution block.
const (
	recordEnd  = 0
	recordIPv4 = 1
	recordIPv6 = 2
)

// maxNames bounds the names that are kept of a file.
const maxNames = 1 << 12

// Names are the names that the file gives, in its order, as far as it has been
// read.
func (r *Reader) Names() []Name { return r.names }

// nameResolution takes the names of a name resolution block.
func (f *blocks) nameResolution(b []byte) {
	for len(b) >= 4 {
		kind, length := f.order.Uint16(b), int(f.order.Uint16(b[2:]))
		b = b[4:]
		if kind == recordEnd || length > len(b) {
			return
		}
		f.addNames(kind, b[:length])
		b = b[min((length+3)&^3, len(b)):]
	}
}

// addNames adds the names of one address, each of which ends in a zero byte.
func (f *blocks) addNames(kind uint16, value []byte) {
	size := map[uint16]int{recordIPv4: 4, recordIPv6: 16}[kind]
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
