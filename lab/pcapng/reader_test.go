package pcapng

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/iotest"

	"ftplab/lab/internal/fuzzing"
)

// words writes numbers, little end first.
func words(values ...uint32) []byte {
	var b []byte
	for _, v := range values {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	return b
}

// Header of a pcap file of Ethernet, and a record.
var header = append(words(0xa1b2c3d4), append([]byte{2, 0, 4, 0}, words(0, 0, 65535, 1)...)...)

func record(sec, usec uint32, length int, data string) []byte {
	return append(words(sec, usec, uint32(len(data)), uint32(length)), data...)
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// blockOf makes a pcapng block whose body is a multiple of four bytes.
func blockOf(kind uint32, body []byte) []byte {
	n := uint32(len(body) + 12)
	return join(words(kind, n), body, words(n))
}

var (
	section   = blockOf(blockSectionHeader, join(words(byteOrderMagic), []byte{1, 0, 0, 0}, words(0xffffffff, 0xffffffff)))
	ethernet  = blockOf(blockInterfaceDescription, join([]byte{1, 0, 0, 0}, words(0)))
	enhanced  = blockOf(blockEnhancedPacket, join(words(0, 0, 5, 4, 9), []byte("ABCD")))
	unknown   = blockOf(0x7fffffff, make([]byte, 3<<20))
	overlong  = words(blockEnhancedPacket, 0x7ffffff0)
	nonsense  = words(blockEnhancedPacket, 13)
	noSuch    = blockOf(blockEnhancedPacket, join(words(7, 0, 5, 4, 9), []byte("ABCD")))
	tooShort  = blockOf(blockEnhancedPacket, words(0, 0, 5))
	tooLong   = blockOf(blockEnhancedPacket, join(words(0, 0, 5, 400, 400), []byte("ABCD")))
	badMagic  = blockOf(blockSectionHeader, words(0, 0, 0, 0))
	shortSide = blockOf(blockInterfaceDescription, words(1))
)

// Whatever stands in a file, its packets are read up to where it stops to make
// sense, and the error says where that is.
func TestReader(t *testing.T) {
	for _, c := range []struct {
		name    string
		file    []byte
		packets []string
		err     string
	}{
		{"empty", header, nil, "EOF"},
		{"two", join(header, record(1, 2, 4, "ABCD"), record(3, 4, 9, "EF")), []string{"1000002000 4 ABCD", "3000004000 9 EF"}, "EOF"},
		{"longer than said", join(header, record(1, 0, 2, "ABCD")), []string{"1000000000 4 ABCD"}, "EOF"},
		{"cut in a header", join(header, record(1, 0, 4, "ABCD"), words(1, 2)), []string{"1000000000 4 ABCD"},
			"the file is cut off in the middle of a packet (packet 2, byte 44 of the file)"},
		{"cut in a packet", join(header, record(1, 0, 4, "ABCD")[:18]), nil,
			"the file is cut off in the middle of a packet (packet 1, byte 24 of the file)"},
		{"four gigabytes", join(header, words(1, 2, 0xffffffff, 0xffffffff)), nil,
			"a packet of 4294967295 bytes: the file is damaged (packet 1, byte 24 of the file)"},
		{"old order of lengths", join(words(0xa1b2c3d4), []byte{2, 0, 3, 0}, words(0, 0, 65535, 1), words(1, 0, 9, 2), []byte("AB")),
			[]string{"1000000000 9 AB"}, "EOF"},
		{"AIX", join(words(0xa1b2c3d4), []byte{2, 0, 2, 0}, words(0, 0, 65535, 6), words(1, 7, 2, 9), []byte("AB")), []string{"1000000007 9 AB"}, "EOF"},
		{"pcapng", join(section, ethernet, enhanced, unknown, enhanced), []string{"5000 9 ABCD", "5000 9 ABCD"}, "EOF"},
		{"pcapng cut", join(section, ethernet, enhanced, enhanced[:20]), []string{"5000 9 ABCD"},
			"the file is cut off in the middle of a packet (packet 2, byte 84 of the file)"},
		{"pcapng cut in an unknown block", join(section, ethernet, unknown[:1000]), nil,
			"the file is cut off in the middle of a packet (packet 1, byte 48 of the file)"},
		{"block too long", join(section, ethernet, overlong), nil,
			"a packet of 2147483620 bytes: the file is damaged (packet 1, byte 48 of the file)"},
		{"block length odd", join(section, ethernet, nonsense), nil, "a block of 13 bytes: the file is damaged (packet 1, byte 48 of the file)"},
		{"no such interface", join(section, ethernet, noSuch), nil,
			"a packet on interface 7, which the file does not describe (packet 1, byte 48 of the file)"},
		{"block too short", join(section, ethernet, tooShort), nil, "a packet block of 12 bytes: the file is damaged (packet 1, byte 48 of the file)"},
		{"packet longer than block", join(section, ethernet, tooLong), nil,
			"a packet longer than its block: the file is damaged (packet 1, byte 48 of the file)"},
		{"second section broken", join(section, ethernet, enhanced, badMagic), []string{"5000 9 ABCD"},
			"a section without the byte-order magic number: the file is damaged (packet 2, byte 84 of the file)"},
		{"interface of the section before", join(section, ethernet, section, enhanced), nil,
			"a packet on interface 0, which the file does not describe (packet 1, byte 76 of the file)"},
		{"interface too short", join(section, shortSide), nil,
			"an invalid interface block: the file is damaged (packet 1, byte 28 of the file)"},
	} {
		for _, source := range []struct {
			name string
			r    io.Reader
		}{{"whole", bytes.NewReader(c.file)}, {"byte by byte", iotest.OneByteReader(bytes.NewReader(c.file))}} {
			packets, err := readPackets(source.r)
			if fmt.Sprint(packets) != fmt.Sprint(c.packets) || fmt.Sprint(err) != c.err {
				t.Errorf("%s, %s: got %q, %v; want %q, %s", c.name, source.name, packets, err, c.packets, c.err)
			}
			var damage *Damage
			if errors.As(err, &damage) != (c.err != "EOF") {
				t.Errorf("%s: %v is not a Damage", c.name, err)
			}
			if len(c.file) > 1<<20 {
				break // not byte by byte
			}
		}
	}
}

// A block whose two lengths differ is read, and the first one of them is named.
func TestFlaw(t *testing.T) {
	damaged := func(block []byte) []byte { return join(block[:len(block)-4], words(7)) }
	for _, c := range []struct {
		name string
		file []byte
		want string
	}{
		{"whole", join(section, ethernet, unknown, enhanced), ""},
		{"packet", join(section, ethernet, enhanced, damaged(enhanced), damaged(enhanced)), "a block of 36 bytes says at its end that it has 7 (packet 2, byte 84 of the file)"},
		{"section", join(damaged(section), ethernet, enhanced), "a block of 28 bytes says at its end that it has 7 (packet 1, byte 0 of the file)"},
		{"interface", join(section, damaged(ethernet), enhanced), "a block of 20 bytes says at its end that it has 7 (packet 1, byte 28 of the file)"},
		{"unknown", join(section, ethernet, damaged(unknown), enhanced), "a block of 3145740 bytes says at its end that it has 7 (packet 1, byte 48 of the file)"},
	} {
		r, err := NewReader(bytes.NewReader(c.file))
		if err != nil {
			t.Fatal(err)
		}
		var p Packet
		for err == nil {
			err = r.Next(&p)
		}
		if err != io.EOF || string(p.Data) != "ABCD" || r.Flaw() != c.want {
			t.Errorf("%s: got %v, %q, want all packets and %q", c.name, err, r.Flaw(), c.want)
		}
	}
}

func readPackets(file io.Reader) (packets []string, err error) {
	r, err := NewReader(file)
	if err != nil {
		return nil, err
	}
	for {
		var p Packet
		if err := r.Next(&p); err != nil {
			return packets, err
		}
		packets = append(packets, fmt.Sprintf("%d %d %s", p.Time, p.Length, p.Data))
	}
}

// A packet longer than the window is read whole.
func TestLongPacket(t *testing.T) {
	data := string(bytes.Repeat([]byte("0123456789abcdef"), window/8))
	packets, err := readPackets(bytes.NewReader(join(header, record(1, 0, len(data), data), record(2, 0, 1, "x"))))
	if err != io.EOF || len(packets) != 2 || packets[0] != fmt.Sprintf("1000000000 %d %s", len(data), data) {
		t.Errorf("got %d packets, %v", len(packets), err)
	}
}

// FuzzReader reads any file without panic, and never more packets or bytes than
// it can hold.
func FuzzReader(f *testing.F) {
	f.Add(join(header, record(1, 2, 4, "ABCD"), record(3, 4, 9, "EF")))
	f.Add(join(section, ethernet, enhanced, section, ethernet, enhanced))
	f.Add(join(section, ethernet, noSuch))
	f.Add(join(header, words(1, 2, 0xffffffff, 0xffffffff)))
	for _, file := range netmonFiles() {
		f.Add(file)
	}
	for _, file := range analyzerFiles() {
		f.Add(file)
	}
	f.Add(netmonFile(1, 1, make([]byte, 100*8))) // a hundred packets of no bytes
	f.Fuzz(func(t *testing.T, file []byte) {
		fuzzing.Burst(file, func(file []byte) { readAll(t, file) })
	})
}

// readAll reads a file to where it ends or makes no sense.
func readAll(t *testing.T, file []byte) {
	r, err := NewReader(bytes.NewReader(file))
	if err != nil {
		return
	}
	const smallest = 8 // bytes in front of a packet, in version 1 of Network Monitor's format
	total := 0
	for {
		var p Packet
		if err := r.Next(&p); err != nil {
			break
		}
		total += len(p.Data) + smallest
		if p.Length < len(p.Data) || total > len(file) {
			t.Fatalf("%d bytes of %d, a packet of %d with length %d", total, len(file), len(p.Data), p.Length)
		}
	}
	if cap(r.in.buf) > len(file)+2*window {
		t.Errorf("a window of %d bytes for a file of %d", cap(r.in.buf), len(file))
	}
}
