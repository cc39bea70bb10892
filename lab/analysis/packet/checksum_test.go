package packet_test

import (
	"encoding/binary"
	"testing"

	"ftplab/lab/analysis/packet"
	"ftplab/lab/pcapng"
)

// TestShortDatagrams: a datagram of DNS whose length is less than that of a header is read, too.
func TestShortDatagrams(t *testing.T) {
	ip := append([]byte{0x45, 0, 0, 60, 0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2}, make([]byte, 40)...)
	udp := ip[20:]
	binary.BigEndian.PutUint16(udp, 53)
	binary.BigEndian.PutUint16(udp[6:], 0x1234)
	for length := range 9 {
		binary.BigEndian.PutUint16(udp[4:], uint16(length))
		d, p := packet.Decoder{Details: true}, packet.Packet{}
		d.Decode(&p, &pcapng.Packet{Link: 101, Length: len(ip), Data: ip})
		if p.UDP == nil || p.UDP.SrcPort != 53 || p.UDP.Damaged != (length == 8) {
			t.Errorf("length %d: got %+v", length, p.UDP)
		}
	}
}
