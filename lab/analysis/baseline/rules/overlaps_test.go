package rules

import (
	"slices"
	"strings"
	"testing"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
	"ftplab/lab/analysis/tcp"
)

// TestOverlaps sends data again, and says which packets have other bytes than the first ones. A packet is where its data
// begins, and the data.
func TestOverlaps(t *testing.T) {
	type data struct {
		at   int64
		text string
	}
	long := strings.Repeat("0123456789", 10_000)
	var window, more []data // as many segments as are kept, and as many bytes
	for i := range 1 << 12 {
		window = append(window, data{int64(2 * i), "ab"})
	}
	for i := range keptData / len(long) {
		more = append(more, data{int64(i * len(long)), long})
	}
	for _, test := range []struct {
		name    string
		packets []data
		want    []overlap
	}{
		{"the same", []data{{1, "abcdef"}, {1, "abcdef"}}, nil},
		{"the same with other ends", []data{{1, "abcd"}, {5, "efgh"}, {3, "cdef"}, {1, "abcdefghij"}}, nil},
		{"other bytes at the start", []data{{1, "abcdef"}, {1, "xbcdef"}}, []overlap{{1, 2}}},
		{"other bytes far behind the start", []data{{1, long}, {1, long[:len(long)-1] + "x"}}, []overlap{{1, 2}}},
		{"other bytes with other ends", []data{{1, "abcd"}, {5, "efgh"}, {3, "cdxf"}}, []overlap{{2, 3}}},
		{"other bytes within", []data{{1, "abcdefgh"}, {3, "cx"}}, []overlap{{1, 2}}},
		{"other bytes around", []data{{3, "cd"}, {1, "abcxef"}}, []overlap{{1, 2}}},
		{"a gap that is filled with other bytes than follow", []data{{1, "ab"}, {5, "ef"}, {3, "cdex"}}, []overlap{{2, 3}}},
		{"three versions", []data{{1, "abcd"}, {1, "abcx"}, {1, "abcd"}, {1, "abyd"}}, []overlap{{1, 2}, {1, 4}}},
		{"the probe of a closed window", []data{{1, "abcd"}, {4, "x"}}, nil},
		{"a window later", append(slices.Clone(window), data{0, "xb"}), []overlap{{1, len(window) + 1}}},
		{"more than a window later", append(slices.Clone(window), data{1 << 13, "ab"}, data{0, "xb"}), nil},
		{"more bytes than are kept", append(slices.Clone(more), data{int64(len(more) * len(long)), long}, data{0, "x1"}), nil},
		{"some of the bytes that are kept", append(slices.Clone(more), data{int64(len(more) * len(long)), long}, data{int64(len(long)), "x1"}), []overlap{{2, len(more) + 2}}},
	} {
		o := overlaps{newest: map[flow]int{}, found: map[int][]overlap{}}
		for i, d := range test.packets {
			for id := range 2 { // what another connection has does not matter
				text := d.text
				if id == 0 {
					text = strings.Repeat("-", len(text))
				}
				h := &packet.TCP{Payload: []byte(text), Length: len(text)}
				p := &capture.Packet{Packet: packet.Packet{Number: i + 1, TCP: h}, Segment: &tcp.Segment{TCP: h, Seq: d.at}, Connection: &ftp.Identity{ID: id}}
				if id == 1 || len(test.packets) < 10 {
					o.packet(p)
				}
			}
		}
		if got := o.found[1]; !slices.Equal(got, test.want) || len(o.found[0]) > 0 {
			t.Errorf("%s: got %v and %v, want %v", test.name, got, o.found[0], test.want)
		}
		if len(o.newest) > len(o.last) || len(o.data) > keptData {
			t.Errorf("%s: got %d directions and %d bytes, want %d and %d at most", test.name, len(o.newest), len(o.data), len(o.last), keptData)
		}
	}
}

// TestOverlapsOfMany lets many connections send a segment each, so that none of them is kept for ever.
func TestOverlapsOfMany(t *testing.T) {
	o := overlaps{newest: map[flow]int{}, found: map[int][]overlap{}}
	h := &packet.TCP{Payload: []byte("ab"), Length: 2}
	for id := range 3 * len(o.last) {
		o.packet(&capture.Packet{Packet: packet.Packet{Number: id + 1, TCP: h}, Segment: &tcp.Segment{TCP: h, Seq: 1}, Connection: &ftp.Identity{ID: id}})
	}
	if len(o.newest) != len(o.last) {
		t.Errorf("got %d directions, want %d", len(o.newest), len(o.last))
	}
}
