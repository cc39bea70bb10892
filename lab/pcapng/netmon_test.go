package pcapng

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"
)

// netmonFile is a file of Network Monitor of Ethernet that begins on 14 November 2023 at
// 22:13:20.007. Its table begins after the records.
func netmonFile(major, minor byte, records ...[]byte) []byte {
	magic, packets := netmonMagic2, join(records...)
	if major == 1 {
		magic = netmonMagic1
	}
	h := append([]byte(magic), minor, major)
	for _, v := range []uint16{netmonEthernet, 2023, 11, 2, 14, 22, 13, 20, 7} { // 2 is Tuesday
		h = binary.LittleEndian.AppendUint16(h, v)
	}
	h = binary.LittleEndian.AppendUint32(h, uint32(netmonHeader+len(packets)))
	return join(h, make([]byte, netmonHeader-len(h)), packets, []byte("the table"))
}

// netmonPacket1 is a record of version 1, ms milliseconds after the start of the file.
func netmonPacket1(ms uint32, length uint16, data string) []byte {
	h := binary.LittleEndian.AppendUint32(nil, ms)
	h = binary.LittleEndian.AppendUint16(h, length)
	return append(binary.LittleEndian.AppendUint16(h, uint16(len(data))), data...)
}

// netmonPacket2 is a record of version 2, us microseconds after the start of the file. After
// the data come a number for the link, from version 2.1 on, and what else that version has.
func netmonPacket2(us uint64, length uint32, data string, trailer ...byte) []byte {
	h := binary.LittleEndian.AppendUint64(nil, us)
	h = binary.LittleEndian.AppendUint32(h, length)
	h = binary.LittleEndian.AppendUint32(h, uint32(len(data)))
	return join(h, []byte(data), trailer)
}

// netmonFiles are files of all versions that can be read, each with two packets.
func netmonFiles() map[string][]byte {
	files := map[string][]byte{
		"1.1": netmonFile(1, 1, netmonPacket1(2, 9, "ABCDE"), netmonPacket1(4294967295, 3, "FGH")),
	}
	for minor, trailer := range []int{0, 2, 6, 15} {
		behind := make([]byte, trailer)
		other := bytes.Clone(behind)
		if trailer > 0 {
			behind[0], other[0] = netmonEthernet, 6 // IEEE 802.11
		}
		files[fmt.Sprint("2.", minor)] = netmonFile(2, byte(minor), netmonPacket2(2000, 9, "ABCDE", behind...), netmonPacket2(4294967295000, 3, "FGH", other...))
	}
	return files
}

// The packets in a file of each version have their times, lengths, data and links, and what is
// after them is not a packet.
func TestNetmon(t *testing.T) {
	start := time.Date(2023, 11, 14, 22, 13, 20, 7e6, time.UTC)
	first, second := start.Add(2*time.Millisecond).UnixNano(), start.Add(4294967295*time.Millisecond).UnixNano()
	for version, file := range netmonFiles() {
		second := fmt.Sprintf(`%d 3 "FGH" of link %d`, second, linkUnknown)
		if version == "1.1" || version == "2.0" { // which have one link for all packets
			second = strings.Replace(second, fmt.Sprint(linkUnknown), fmt.Sprint(LinkEthernet), 1)
		}
		want := fmt.Sprintf(`%d 9 "ABCDE" of link %d, %s`, first, LinkEthernet, second)
		r, err := NewReader(bytes.NewReader(file))
		if err != nil {
			t.Errorf("%s: %v", version, err)
			continue
		}
		if got := r.LinkType(); got != LinkEthernet {
			t.Errorf("%s: got a file of link %d, want %d", version, got, LinkEthernet)
		}
		var got []string
		var p Packet
		for err = r.Next(&p); err == nil; err = r.Next(&p) {
			got = append(got, fmt.Sprintf("%d %d %q of link %d", p.Time, p.Length, p.Data, p.Link))
		}
		if all := strings.Join(got, ", "); all != want || err.Error() != "EOF" {
			t.Errorf("%s: got %s, %v\nwant %s", version, all, err, want)
		}
	}
}

// A file of Network Monitor that makes no sense is read up to there.
func TestNetmonDamaged(t *testing.T) {
	first := netmonPacket2(1, 3, "ABC")
	impossible := bytes.Clone(first)
	binary.LittleEndian.PutUint32(impossible[12:], 0xffffffff)
	file := netmonFile(2, 0, first, first)
	for _, c := range []struct {
		file []byte
		n    int
		err  string
	}{
		{file[:netmonHeader-1], 0, "not a capture: cut off in the header of the file"},
		{file[:netmonHeader+19+7], 1, "the file is cut off in the middle of a packet (packet 2, byte 147 of the file)"},
		{file[:netmonHeader+19+17], 1, "the file is cut off in the middle of a packet (packet 2, byte 147 of the file)"},
		{netmonFile(2, 0, first, impossible), 1, "a packet of 4294967295 bytes: the file is damaged (packet 2, byte 147 of the file)"},
		{netmonFile(2, 4, first), 0, "Network Monitor's format of version 2.4 is not supported: convert it with editcap -F pcap"},
		{netmonFile(3, 0, first), 0, "Network Monitor's format of version 3.0 is not supported: convert it with editcap -F pcap"},
	} {
		got, err := packetsOf(c.file)
		if len(got) != c.n || err == nil || err.Error() != c.err {
			t.Errorf("got %d packets, %v\nwant %d, %s", len(got), err, c.n, c.err)
		}
	}
}
