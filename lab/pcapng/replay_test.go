package pcapng

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/google/gopacket"
)

// A replay waits between frames, and what has been written then can be read.
func TestReplay(t *testing.T) {
	var file bytes.Buffer
	w, err := NewWriter(&file, PCAPNG, Info{Interface: "lo"})
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Date(1985, 10, 1, 0, 0, 0, 0, time.UTC)
	for _, ms := range []int{0, 40, 40, 1500} {
		info := gopacket.CaptureInfo{Timestamp: begin.Add(time.Duration(ms) * time.Millisecond), CaptureLength: 60, Length: 60}
		if err := w.WritePacket(info, make([]byte, 60)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(Stats{}); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	var waits []time.Duration
	var readable []int
	err = Replay(&out, bytes.NewReader(file.Bytes()), func(d time.Duration) error {
		waits = append(waits, d)
		readable = append(readable, framesIn(t, out.Bytes()))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := []time.Duration{40 * time.Millisecond, 1460 * time.Millisecond}; !slices.Equal(waits, want) {
		t.Errorf("got waits %v, want %v", waits, want)
	}
	if want := []int{1, 3}; !slices.Equal(readable, want) {
		t.Errorf("got %v readable frames during the waits, want %v", readable, want)
	}
	if !bytes.Equal(out.Bytes(), file.Bytes()) {
		t.Error("the copy differs")
	}
	stop := errors.New("stop")
	if err := Replay(io.Discard, bytes.NewReader(file.Bytes()), func(time.Duration) error { return stop }); err != stop {
		t.Errorf("got %v, want the error of the wait", err)
	}
}

func framesIn(t *testing.T, file []byte) int {
	t.Helper()
	r, err := NewReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; ; n++ {
		var p Packet
		if err := r.Next(&p); err == io.EOF {
			return n
		} else if err != nil {
			t.Fatal(err)
		}
	}
}
