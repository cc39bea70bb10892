package pcapng

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// packetsOf reads a file as far as it goes.
func packetsOf(file []byte) (packets []string, err error) {
	r, err := NewReader(bytes.NewReader(file))
	if err != nil {
		return nil, err
	}
	for {
		var p Packet
		if err := r.Next(&p); err != nil {
			return packets, err
		}
		packets = append(packets, fmt.Sprintf("%d %d %q", p.Time, p.Length, p.Data))
	}
}

// manyRecords is a pcap file whose compressed form has more than one block.
func manyRecords() []byte {
	file := bytes.Clone(header)
	seed := uint32(1)
	for i := range uint32(4000) {
		data := make([]byte, 200)
		for j := range data {
			seed = seed*1664525 + 1013904223
			data[j] = byte(seed >> 24)
		}
		file = append(file, record(1700000000+i, 7, 300, string(data))...)
	}
	return file
}

func gzipped(t testing.TB, parts ...[]byte) []byte {
	var out bytes.Buffer
	for _, p := range parts {
		z := gzip.NewWriter(&out)
		z.Write(p)
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}

func zstandard(t testing.TB, parts ...[]byte) []byte {
	var out bytes.Buffer
	for _, p := range parts {
		z, err := zstd.NewWriter(&out)
		if err != nil {
			t.Fatal(err)
		}
		z.Write(p)
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}

func lz4ed(t testing.TB, parts ...[]byte) []byte {
	var out bytes.Buffer
	for _, p := range parts {
		z := lz4.NewWriter(&out)
		if err := z.Apply(lz4.BlockSizeOption(lz4.Block64Kb), lz4.BlockChecksumOption(true)); err != nil {
			t.Fatal(err)
		}
		z.Write(p)
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}

// A compressed file, in one part or several, is read as the one that it holds.
func TestCompressed(t *testing.T) {
	file := manyRecords()
	want, _ := packetsOf(file)
	for name, compressed := range map[string][]byte{
		"gzip":                gzipped(t, file),
		"gzip, two members":   gzipped(t, file[:777], file[777:]),
		"zstd":                zstandard(t, file),
		"zstd, two frames":    zstandard(t, file[:777], file[777:]),
		"lz4":                 lz4ed(t, file),
		"lz4, two frames":     lz4ed(t, file[:777], file[777:]),
		"gzip, pcapng":        gzipped(t, join(section, ethernet, enhanced)),
		"gzip, garbage after": append(gzipped(t, file), "garbage, which no program reads"...),
	} {
		want := want
		if strings.Contains(name, "pcapng") {
			want, _ = packetsOf(join(section, ethernet, enhanced))
		}
		got, err := packetsOf(compressed)
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%s: got %d packets, want %d", name, len(got), len(want))
		}
		if err != io.EOF && !strings.Contains(name, "garbage") {
			t.Errorf("%s: got %v, want the end", name, err)
		}
	}
}

// A compressed file that is cut off or damaged is read up to there.
func TestCompressedAndDamaged(t *testing.T) {
	file := manyRecords()
	whole, _ := packetsOf(file)
	for name, compressed := range map[string][]byte{"gzip": gzipped(t, file), "zstd": zstandard(t, file), "lz4": lz4ed(t, file)} {
		for _, at := range []int{1, 2, 3} {
			place := len(compressed) * at / 4
			broken := bytes.Clone(compressed)
			for i := range 40 {
				broken[place+i] ^= 0xff
			}
			for how, damaged := range map[string][]byte{"cut off": compressed[:place], "damaged": broken} {
				got, err := packetsOf(damaged)
				if !errors.As(err, new(*Damage)) {
					t.Errorf("%s, %s at %d: got %v, want a damage", name, how, place, err)
				}
				if how == "cut off" && strings.Join(got, "\n") != strings.Join(whole[:len(got)], "\n") {
					t.Errorf("%s, cut off at %d: the %d packets are not the first ones", name, place, len(got))
				}
				if atLeast := len(whole)*at/4 - len(whole)/3; len(got) < atLeast {
					t.Errorf("%s, %s at %d: got %d packets, want at least %d of %d", name, how, place, len(got), atLeast, len(whole))
				}
			}
		}
	}
}

// snoopFile is a snoop file of Ethernet.
func snoopFile(records ...[]byte) []byte {
	return join([]byte(snoopMagic), []byte{0, 0, 0, 2, 0, 0, 0, 4}, join(records...))
}

// snoopPacket is a record of snoop with its padding.
func snoopPacket(length, drops, sec, usec uint32, data string) []byte {
	padding := -len(data) & 3
	var h []byte
	for _, v := range []uint32{length, uint32(len(data)), uint32(24 + len(data) + padding), drops, sec, usec} {
		h = binary.BigEndian.AppendUint32(h, v)
	}
	return join(h, []byte(data), make([]byte, padding))
}

// A snoop file is read with its drops, up to where it makes no sense.
func TestSnoop(t *testing.T) {
	first, second := snoopPacket(9, 0, 1, 2, "ABCDE"), snoopPacket(3, 4, 5, 6, "FGH")
	impossible := bytes.Clone(second)
	impossible[7] = 200 // more captured than its record holds
	for _, c := range []struct {
		file []byte
		want []string
		err  string
	}{
		{snoopFile(first, second), []string{`1000002000 9 "ABCDE"`, `5000006000 3 "FGH"`}, "EOF"},
		{snoopFile(first, second[:20]), []string{`1000002000 9 "ABCDE"`}, "the file is cut off in the middle of a packet (packet 2, byte 48 of the file)"},
		{snoopFile(first, impossible), []string{`1000002000 9 "ABCDE"`}, "a packet longer than its record: the file is damaged (packet 2, byte 48 of the file)"},
		{snoopFile(first)[:12], nil, "not a capture: cut off in the header of the file"},
		{join([]byte(snoopMagic), []byte{0, 0, 0, 2, 0, 0, 0, 99}), nil, "a snoop file of link type 99, which is not supported: convert it with editcap -F pcap"},
	} {
		got, err := packetsOf(c.file)
		if fmt.Sprint(got) != fmt.Sprint(c.want) || err.Error() != c.err {
			t.Errorf("got %v, %v\nwant %v, %s", got, err, c.want, c.err)
		}
	}
	r, err := NewReader(bytes.NewReader(snoopFile(first, second)))
	if err != nil {
		t.Fatal(err)
	}
	var p Packet
	for r.Next(&p) == nil {
	}
	if r.Dropped() != 4 {
		t.Errorf("%d packets dropped, want 4", r.Dropped())
	}
}

// micros reads a file as far as it goes, and rounds times to microseconds: Wireshark computes
// those of some formats in floating-point numbers.
func micros(file []byte) (packets []string, err error) {
	r, err := NewReader(bytes.NewReader(file))
	if err != nil {
		return nil, err
	}
	for {
		var p Packet
		if err := r.Next(&p); err != nil {
			return packets, err
		}
		packets = append(packets, fmt.Sprintf("%d %d %q", (p.Time+500)/1000, p.Length, p.Data))
	}
}

// What Wireshark's editcap writes in other formats is read as what it was.
func TestFormatsOfEditcap(t *testing.T) {
	file := manyRecords()
	from := save(t, "x.pcap", file)
	for _, format := range []string{"snoop", "modpcap", "nokiapcap", "rh6_1pcap", "suse6_3pcap", "netmon1", "netmon2", "commview-ncf",
		"k12text", "lanalyzer", "nettl", "ngsniffer", "ngwsniffer_1_1", "ngwsniffer_2_0", "visual", "5views"} {
		to := from + "." + format
		if format == "5views" { // of packets that were cut short editcap writes the wrong length
			from = save(t, "x.pcap", join(header, record(1700000000, 7, 20, strings.Repeat("A", 20)), record(1700000001, 0, 14, strings.Repeat("B", 14))))
		}
		run(t, "editcap", "-F", format, from, to)
		run(t, "editcap", "-T", "ether", "-F", "nsecpcap", to, from+".back") // some formats have milliseconds only
		var read [2][]byte
		for i, path := range []string{to, from + ".back"} {
			var err error
			if read[i], err = os.ReadFile(path); err != nil {
				t.Fatal(err)
			}
		}
		want, _ := micros(read[1])
		got, err := micros(read[0])
		if err != io.EOF || strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%s: got %d packets, %v, want %d", format, len(got), err, len(want))
		}
	}
}

// A file in the format of another program is named.
func TestOtherFormats(t *testing.T) {
	for _, test := range []struct {
		name string
		file []byte
	}{
		{"NetXRay 1.0", []byte("VL\x00\x00")},
		{"Bluetooth", []byte("btsnoop\x00")},
		{"EtherPeek", []byte("peekclassic")},
	} {
		_, err := NewReader(bytes.NewReader(join(test.file, make([]byte, 64))))
		if err == nil || !strings.Contains(err.Error(), test.name) || !strings.Contains(err.Error(), "editcap -F pcap") {
			t.Errorf("got %v, want an error with %q", err, test.name)
		}
	}
}
