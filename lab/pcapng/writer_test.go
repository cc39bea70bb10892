package pcapng

import (
	"bytes"
	"io"
	"math"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
	"pgregory.net/rapid"
)

// A packet is one frame as it is written and read back.
type packet struct {
	At     int64
	Data   []byte
	Length int
}

// packets generates frames of the sizes that matter: none, small, just around
// what is copied, and what lo carries.
var packets = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) packet {
	sizes := rapid.OneOf(rapid.IntRange(0, 100), rapid.IntRange(copyBelow-4, copyBelow+4), rapid.IntRange(0, 66_000))
	data := bytes.Repeat([]byte{rapid.Byte().Draw(t, "byte")}, sizes.Draw(t, "size"))
	return packet{
		At:     rapid.Int64Range(0, math.MaxUint32*1e9).Draw(t, "at"), // classic pcap has 32 bits of seconds
		Data:   data,
		Length: len(data) + rapid.IntRange(0, 1000).Draw(t, "cut off"),
	}
}), 0, 50)

// data compares what is in frames. cmp itself compares one byte after the other, each with a
// path of its own, which took nearly all of the time.
var data = cmp.Comparer(bytes.Equal)

// write writes a capture, flushing now and then.
func write(t *rapid.T, out io.Writer, format Format, info Info, frames []packet) {
	w, err := NewWriter(out, format, info)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range frames {
		info := gopacket.CaptureInfo{Timestamp: time.Unix(0, p.At), CaptureLength: len(p.Data), Length: p.Length}
		if err := w.WritePacket(info, p.Data); err != nil {
			t.Fatal(err)
		}
		if rapid.IntRange(0, 9).Draw(t, "flush") == 0 {
			w.Flush()
		}
	}
	if err := w.Close(Stats{Received: uint64(len(frames)), Dropped: 3}); err != nil {
		t.Fatal(err)
	}
	if got, want := w.Frames(), len(frames); got != want {
		t.Fatalf("got %d frames, want %d", got, want)
	}
}

// read reads a capture with a reader of somebody else's.
func read(t rapid.TB, r gopacket.PacketDataSource) (frames []packet) {
	frames = []packet{}
	for {
		data, info, err := r.ReadPacketData()
		if err == io.EOF {
			return frames
		}
		if err != nil {
			t.Fatal(err)
		}
		frames = append(frames, packet{info.Timestamp.UnixNano(), data, info.Length})
	}
}

func TestPcapngReadsBackAsWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "capture.pcapng")
	rapid.Check(t, func(t *rapid.T) {
		want := packets.Draw(t, "packets")
		info := Info{
			Application: "ftplab test", Comment: rapid.StringN(0, 50, 50).Draw(t, "comment"),
			Interface: "lo", Remark: "a remark",
			Names: []Name{{netip.MustParseAddr("127.0.0.1"), "server"}, {netip.MustParseAddr("::1"), "six"}},
		}
		file, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		began := time.Now()
		write(t, file, PCAPNG, info, want)

		file.Seek(0, io.SeekStart)
		r, err := pcapgo.NewNgReader(file, pcapgo.NgReaderOptions{WantMixedLinkType: true})
		if err != nil {
			t.Fatal(err)
		}
		got := read(t, r)
		if diff := cmp.Diff(want, got, data); diff != "" {
			t.Fatalf("frames differ (-want +got):\n%s", diff)
		}
		section := r.SectionInfo()
		if section.Application != info.Application || section.Comment != info.Comment {
			t.Errorf("got section %+v, want that of %+v", section, info)
		}
		inter, err := r.Interface(0)
		if err != nil {
			t.Fatal(err)
		}
		if inter.Name != "lo" || inter.Comment != "a remark" || inter.TimestampResolution != 9 || inter.LinkType != layers.LinkTypeEthernet {
			t.Errorf("got interface %+v", inter)
		}
		s := inter.Statistics
		if s.PacketsReceived != uint64(len(want)) || s.PacketsDropped != 3 || s.EndTime.Before(s.StartTime) || s.StartTime.Before(began) {
			t.Errorf("got statistics %+v", s)
		}
	})
}

func TestClassicPcapReadsBackAsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := packets.Draw(t, "packets")
		var file bytes.Buffer
		write(t, &file, PCAP, Info{}, want)
		r, err := pcapgo.NewReader(&file)
		if err != nil {
			t.Fatal(err)
		}
		r.SetSnaplen(pcapUnlimited)
		if diff := cmp.Diff(want, read(t, r), data); diff != "" {
			t.Fatalf("frames differ (-want +got):\n%s", diff)
		}
	})
}
