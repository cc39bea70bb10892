package pcapng

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// halves writes numbers of two bytes, little end first.
func halves(values ...uint16) []byte {
	var b []byte
	for _, v := range values {
		b = binary.LittleEndian.AppendUint16(b, v)
	}
	return b
}

// zeros are n bytes without meaning.
func zeros(n int) []byte { return make([]byte, n) }

// big writes numbers, big end first.
func big(values ...uint32) []byte {
	var b []byte
	for _, v := range values {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	return b
}

// analyzerStart is when the forged files begin: 14 November 2023, 22:13:20.
const analyzerStart = 1700000000

// analyzerFrames are the two frames of the forged files, of Ethernet's smallest size. They
// are a second and 5 ms apart.
var analyzerFrames = []string{strings.Repeat("A", 14), strings.Repeat("B", 20)}

// each joins what f makes of each frame, ms milliseconds after the start.
func each(f func(ms uint32, frame string) []byte) []byte {
	return join(f(0, analyzerFrames[0]), f(1005, analyzerFrames[1]))
}

// analyzerFiles are files of other analyzers with the same two packets.
func analyzerFiles() map[string][]byte {
	const midnight = analyzerStart - (22*3600 + 13*60 + 20)
	start := time.Unix(analyzerStart, 0).UTC()
	return map[string][]byte{
		"5View": join(words(0xaaaaaaaa, 32, 1<<16, 24, 0x18001000), zeros(12), words(0x80000007, 1<<16|4, 0, 0x20000000, 1<<16|4, 2),
			words(0x3333eeee, 0x40000024, 0x80000000, 7, 2, 1, 0, 0, 0), []byte("no"), // a record that is not a packet
			each(func(ms uint32, frame string) []byte {
				return join(words(0x3333eeee, 0x40000024, 0x80000000, 0, uint32(len(frame)), 1, analyzerStart+ms/1000, ms%1000*1e6, 0), []byte(frame))
			})),
		"CommView NCF": each(func(ms uint32, frame string) []byte {
			return join(halves(uint16(len(frame)), uint16(len(frame))), []byte{0}, commViewDate(start, ms), zeros(8), []byte(frame))
		}),
		"CommView NCFX": each(func(ms uint32, frame string) []byte {
			return join(words(uint32(20+len(frame))), commViewDate(start, ms), zeros(5), []byte(frame))
		}),
		"K12": each(func(ms uint32, frame string) []byte {
			at := start.Add(time.Duration(ms) * time.Millisecond)
			text := fmt.Sprintf("+---------+---------------+----------+\r\n%s,%03d,000   ETHER\r\n|0   |", at.Format("15:04:05"), ms%1000)
			for _, c := range []byte(frame) {
				text += fmt.Sprintf("%02x|", c)
			}
			return []byte(text + "\r\n\r\n")
		}),
		"LANalyzer": join(halves(0x1001, 4, 0, 0), halves(0x1002, 210), []byte{14, 11}, halves(2023), zeros(184), halves(226), zeros(20),
			each(func(ms uint32, frame string) []byte {
				halfMicros := uint64(analyzerStart-midnight)*2e6 + uint64(ms)*2e3
				return join(halves(0x1005, uint16(32+len(frame)), 1, 8, uint16(len(frame)+4), uint16(len(frame)),
					uint16(halfMicros), uint16(halfMicros>>16), uint16(halfMicros>>32)), zeros(18), []byte(frame))
			})),
		"nettl": join([]byte(nettlMagic), []byte{0, 0, 0, 0x80}, zeros(85), []byte("B.11.11"), zeros(24),
			each(func(ms uint32, frame string) []byte {
				size := uint32(len(frame))
				return join([]byte{0, 68, 0, 210}, big(0, 0, 0x20000000), zeros(16), big(size, size, analyzerStart+ms/1000, ms%1000*1000), zeros(20), []byte(frame))
			})),
		"Sniffer for DOS": join([]byte("TRSNIFF data    \x1a"), halves(1, 18, 0, 4, 0, 0, (2023-1980)<<9|11<<5|14), []byte{4, 1, 1, 5, 0, 0, 0, 0, 0, 0},
			halves(6, 3, 0), []byte("no?"),
			each(func(ms uint32, frame string) []byte {
				micros := uint64(analyzerStart-midnight)*1e6 + uint64(ms)*1e3
				return join(halves(4, uint16(14+len(frame)), 0, uint16(micros), uint16(micros>>16)), []byte{byte(micros >> 32), 0},
					halves(uint16(len(frame)), 0, 0, 0), []byte(frame))
			}), halves(3, 0, 0), []byte("after the end")),
		"Sniffer for Windows": netxrayFile("001.100", 28),
		"NetXRay 2":           netxrayFile("002.001", 40),
		"Visual Networks": join([]byte("\x05VNF"), words(2, analyzerStart), halves(6, 0xffff, 1, 1), zeros(172),
			each(func(ms uint32, frame string) []byte {
				return join(words(ms), halves(uint16(len(frame)+4), uint16(len(frame))), zeros(4), []byte{2}, zeros(7), []byte(frame))
			}), words(192, 226)),
		"Observer": join([]byte("ObserverPktBufferVersion=15.00"), zeros(2), halves(40), zeros(6),
			each(func(ms uint32, frame string) []byte {
				size := uint16(len(frame))
				nanos := uint64(analyzerStart*1e9-observerEpoch) + uint64(ms)*1e6
				return join(words(observerKey, 0), halves(size, size+4, 48, 48+size), zeros(24), binary.LittleEndian.AppendUint64(nil, nanos), []byte(frame))
			})),
	}
}

func commViewDate(start time.Time, ms uint32) []byte {
	t := start.Add(time.Duration(ms) * time.Millisecond)
	return join(halves(uint16(t.Year())), []byte{byte(t.Month()), byte(t.Day()), byte(t.Hour()), byte(t.Minute()), byte(t.Second())}, words(ms%1000*1000))
}

// netxrayFile is a file of NetXRay whose records have heads of that many bytes.
func netxrayFile(version string, head int) []byte {
	packets := each(func(ms uint32, frame string) []byte {
		return join(words(ms*1000+7, 0), halves(uint16(len(frame)), uint16(len(frame))), zeros(head-12), []byte(frame))
	})
	end := uint32(netxrayHeader + len(packets))
	return join([]byte(netxrayMagic+version+"\x00"), words(analyzerStart, 2, 0, netxrayHeader, end, 0, 0, 0), zeros(8), words(7), zeros(72), packets, []byte("after the end"))
}

// The packets in a file of each analyzer have their times, lengths, data and links.
func TestAnalyzers(t *testing.T) {
	for name, file := range analyzerFiles() {
		start := int64(analyzerStart * 1e9)
		if name == "K12" { // which has no date
			start = start%(24*3600*1e9) + k12Day
		}
		want := fmt.Sprintf("%d 14 %q, %d 20 %q, EOF", start, analyzerFrames[0], start+1005e6, analyzerFrames[1])
		got, err := packetsOf(file)
		if all := strings.Join(append(got, fmt.Sprint(err)), ", "); all != want {
			t.Errorf("%s: got %s\nwant %s", name, all, want)
		}
		r, err := NewReader(bytes.NewReader(file))
		if err != nil || r.LinkType() != LinkEthernet {
			t.Errorf("%s: got an error %v, or another link type than Ethernet", name, err)
		}
	}
}

// A file of CommView is known by its first date, which may be of any year that a packet can have.
func TestCommViewYears(t *testing.T) {
	for year, want := range map[int]bool{1969: false, 1970: true, 1985: true, 2023: true, 2261: true, 2262: false} {
		start := time.Date(year, 1, 1, 22, 13, 20, 0, time.UTC)
		for name, file := range map[string][]byte{
			"NCF":  join(halves(14, 14), []byte{0}, commViewDate(start, 0), zeros(8+14)),
			"NCFX": join(words(20+14), commViewDate(start, 0), zeros(5+14)),
		} {
			got, err := packetsOf(file)
			if known := len(got) == 1 && strings.HasPrefix(got[0], fmt.Sprint(start.UnixNano())); known != want {
				t.Errorf("%s of %d: got %q, %v, want it to be known: %t", name, year, got, err, want)
			}
		}
	}
}

// tshark reads the forged files as they were meant in those two formats of which editcap cannot
// read what it wrote. For the others, see TestFormatsOfEditcap.
func TestAnalyzersWitness(t *testing.T) {
	for _, name := range []string{"Observer", "CommView NCFX"} {
		path := save(t, "capture", analyzerFiles()[name])
		got := strings.Join(tshark(t, path, "-T", "fields", "-e", "frame.time_epoch", "-e", "frame.len", "-e", "frame.cap_len"), ", ")
		if want := "1700000000.000000000\t14\t14, 1700000001.005000000\t20\t20"; got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

// A file that is cut off anywhere is read up to there. The error says so, except for a cut between
// two records of a format that does not say how many there are.
func TestAnalyzersCut(t *testing.T) {
	for name, file := range analyzerFiles() {
		whole, _ := packetsOf(file)
		unnoticed := 0
		for n := 4; n < len(file); n++ {
			got, err := packetsOf(file[:n])
			if err == nil || len(got) > len(whole) || strings.Join(got, ",") != strings.Join(whole[:len(got)], ",") {
				t.Fatalf("%s: of the first %d bytes got %q, %v", name, n, got, err)
			}
			if len(got) < len(whole) && err == io.EOF && name != "K12" { // which has lines between packets
				unnoticed++
			}
		}
		if unnoticed > 4 {
			t.Errorf("%s: %d of %d cuts were not noticed", name, unnoticed, len(file))
		}
	}
}

// An error of the disk in the header of a file does not make it a file that is not a capture.
func TestDiskErrorInHeader(t *testing.T) {
	files := analyzerFiles()
	files["pcap"], files["snoop"], files["Network Monitor"] = header, snoopFile(), netmonFile(2, 0)
	for name, file := range files {
		if strings.HasPrefix(name, "CommView") || name == "K12" { // which have no header
			continue
		}
		broken := errors.New("disk on fire")
		_, err := NewReader(io.MultiReader(bytes.NewReader(file[:12]), iotest.ErrReader(broken)))
		if !errors.Is(err, broken) {
			t.Errorf("%s: got %v, want %v", name, err, broken)
		}
	}
}

// A file of an analyzer that makes no sense is read up to there, or refused with the reason.
func TestAnalyzersDamaged(t *testing.T) {
	const refused = ", which is not supported: convert it with editcap -F pcap"
	for _, c := range []struct {
		name  string
		at    int // which byte is another
		value byte
		n     int
		err   string
	}{
		{"5View", 17, 0x20, 0, "a 5View file of type 0x18002000" + refused},
		{"5View", 56 + 38 + 36 + 14, 0, 1, "a record without its mark: the file is damaged (packet 2, byte 144 of the file)"},
		{"5View", 56 + 38 + 19, 0x7f, 0, "a packet of 2130706446 bytes: the file is damaged (packet 1, byte 94 of the file)"},
		{"CommView NCF", 24 + 14 + 4, 1, 1, "a record of version 1: the file is damaged (packet 2, byte 38 of the file)"},
		{"CommView NCFX", 20 + 14, 1, 1, "a record shorter than its head: the file is damaged (packet 2, byte 34 of the file)"},
		{"CommView NCFX", 15, 1, 0, "a radio header longer than its record: the file is damaged (packet 1, byte 0 of the file)"},
		{"K12", 40, 'x', 0, "a line that is neither a time nor the bytes of a packet (packet 1, byte 40 of the file)"},
		{"K12", 72, 'x', 0, `"x1" in the bytes of a packet: the file is damaged (packet 1, byte 66 of the file)`},
		{"K12", 74, ' ', 0, "the file is cut off in the middle of a packet (packet 1, byte 66 of the file)"},
		{"LANalyzer", 8 + 4 + 188, 1, 0, "a LANalyzer file of board 1" + refused},
		{"LANalyzer", 8, 5, 0, "a file of LANalyzer without a summary of its packets"},
		{"LANalyzer", 8 + 214 + 10, 15, 0, "a packet longer than its record: the file is damaged (packet 1, byte 222 of the file)"},
		{"LANalyzer", 8 + 214 + 50, 6, 1, "a record of type 0x1006 among the packets: the file is damaged (packet 2, byte 272 of the file)"},
		{"nettl", 129, 63, 0, "a record shorter than its head: the file is damaged (packet 1, byte 128 of the file)"},
		{"nettl", 128 + 32, 1, 0, "a packet of 16777230 bytes: the file is damaged (packet 1, byte 128 of the file)"},
		{"Sniffer for DOS", 23 + 9, 10, 0, "a file of the Sniffer for DOS of network 10 and time unit 5" + refused},
		{"Sniffer for DOS", 23 + 10, 2, 0, "a compressed file of the Sniffer for DOS" + refused},
		{"Sniffer for DOS", 50 + 6 + 6, 15, 0, "a packet longer than its record: the file is damaged (packet 1, byte 50 of the file)"},
		{"Sniffer for Windows", 44, 9, 0, `a file of the Sniffer for Windows of version "001.100", network 9 and time unit 0` + refused},
		{"Sniffer for Windows", 24, 0xff, 0, "a file of the Sniffer for Windows that begins in its middle" + refused},
		{"NetXRay 2", 84, 2, 0, `a file of the Sniffer for Windows of version "002.001", network 0 and time unit 0` + refused},
		{"Visual Networks", 12, 37, 0, "a file of Visual Networks of version 1 and medium 37" + refused},
		{"Visual Networks", 4, 3, 2, "the file is cut off in the middle of a packet (packet 3, byte 266 of the file)"},
		{"Observer", 40, 0, 0, "a record without its mark: the file is damaged (packet 1, byte 40 of the file)"},
		{"Observer", 40 + 12, 47, 0, "a packet longer than its record: the file is damaged (packet 1, byte 40 of the file)"},
		{"Observer", 32, 35, 0, "a file of Observer whose packets begin in its header: the file is damaged"},
		{"Observer", 8, 'x', 0, "a file of Observer that has no packets"},
	} {
		file := bytes.Clone(analyzerFiles()[c.name])
		file[c.at] = c.value
		got, err := packetsOf(file)
		if len(got) != c.n || fmt.Sprint(err) != c.err {
			t.Errorf("%s: got %d packets, %v\nwant %d, %s", c.name, len(got), err, c.n, c.err)
		}
	}
}

// Packets of other networks than Ethernet have the links that their formats say, and those
// that cannot be read a link that says so.
func TestAnalyzersLinks(t *testing.T) {
	for _, c := range []struct {
		name  string
		at    int
		value byte
		want  LinkType
	}{
		{"CommView NCF", 16, 2, linkTokenRing}, {"CommView NCF", 16, 1, LinkWiFi}, {"CommView NCF", 16, 0x40, linkUnknown},
		{"CommView NCFX", 15, 0x42, LinkEthernet},
		{"K12", 59, 'X', linkUnknown}, {"LANalyzer", 200, 227, linkTokenRing},
		{"nettl", 131, 187, linkTokenRing}, {"nettl", 131, 174, linkFDDI}, {"nettl", 131, 9, LinkRaw}, {"nettl", 131, 34, linkUnknown},
		{"nettl", 140, 0, linkUnknown}, {"Sniffer for DOS", 32, 0, linkTokenRing}, {"Sniffer for DOS", 32, 9, linkFDDI},
		{"Sniffer for Windows", 44, 1, linkTokenRing}, {"Visual Networks", 12, 9, linkTokenRing}, {"Visual Networks", 12, 22, LinkCiscoHDLC},
		{"Visual Networks", 12, 32, linkFrameRelay}, {"Observer", 40 + 16, 1, linkTokenRing}, {"Observer", 40 + 16, 2, linkUnknown},
	} {
		file := bytes.Clone(analyzerFiles()[c.name])
		file[c.at] = c.value
		r, err := NewReader(bytes.NewReader(file))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		first := r.LinkType()
		var p Packet
		if err := r.Next(&p); err != nil || p.Link != c.want || first != c.want && c.name != "K12" {
			t.Errorf("%s with %d at %d: got %v, a file of link %d and a packet of %d, want %d", c.name, c.value, c.at, err, first, p.Link, c.want)
		}
	}
}
