package measure_test

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/google/gopacket"

	"ftplab/lab/internal/forge"
	"ftplab/lab/pcapng"
)

// Every packet is recorded at two places, whose clocks differ. Of each packet, one of the two copies is then
// taken away, and of all that follows it or comes before it. Every figure has the value that it has where the
// connection is read, or is not measured.
func TestSweepOfPlaces(t *testing.T) {
	for _, name := range []string{"active", "passive"} {
		f := forge.New()
		f.MSS = 1000
		sweptSessions[name](f)
		whole := read(t, twoPlaces(t, f.Frames, nil), nil)
		if whole.Copies != len(f.Frames) {
			t.Fatalf("%s: got %d copies of %d packets", name, whole.Copies, len(f.Frames))
		}
		check := checker(t, name, whole, nil)
		for place := range 2 {
			for i := range f.Frames {
				if testing.Short() && i%4 != 0 {
					continue
				}
				// A place that has the whole of a connection alone has its own times to live.
				elsewhere := regexp.MustCompile(untraced.String() + `|\.ttl\.`)
				for what, lost := range map[string]func(place, k int) bool{
					"frame":              func(at, k int) bool { return at == place && k == i },
					"the frames before":  func(at, k int) bool { return at == place && k < i },
					"the frames after":   func(at, k int) bool { return at == place && k > i },
					"the five frames at": func(at, k int) bool { return at == place && k >= i && k < i+5 },
				} {
					check(fmt.Sprintf("without %s %d at place %d", what, i, place), twoPlaces(t, f.Frames, lost), elsewhere)
				}
			}
		}
	}
}

// twoPlaces writes what is not lost of frames, each at two places, first where its sender is.
func twoPlaces(t *testing.T, frames []forge.Frame, lost func(place, i int) bool) []byte {
	t.Helper()
	var file bytes.Buffer
	w, err := pcapng.NewWriter(&file, pcapng.PCAPNG, pcapng.Info{Interface: "client", Others: []string{"server"}})
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range frames {
		first := 0
		if bytes.Equal(f.Data[26:30], []byte{192, 0, 2, 21}) {
			first = 1
		}
		for _, place := range []int{first, 1 - first} {
			if lost != nil && lost(place, i) {
				continue
			}
			data := slices.Clone(f.Data)
			data[22] -= byte(place) // the TTL, which a router has counted down
			w.WritePacket(gopacket.CaptureInfo{Timestamp: f.At.Add(time.Duration(place) * 5 * time.Second), CaptureLength: len(data), Length: len(data), InterfaceIndex: place}, data)
		}
	}
	if err := w.Close(pcapng.Stats{}); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}
