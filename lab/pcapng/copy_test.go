package pcapng

import (
	"bytes"
	"io"
	"testing"
)

// TestPacketWriter copies packets of two links and three interfaces.
func TestPacketWriter(t *testing.T) {
	want := []Packet{
		{Time: 1_700_000_000_123_456_789, Length: 5, Data: []byte("first"), Link: LinkRaw, Name: "server"},
		{Time: 1_700_000_001_000_000_000, Length: 70_000, Data: []byte("cut"), Link: LinkEthernet, Interface: 1},
		{Time: 1_700_000_001_000_000_001, Length: 4, Data: []byte("more"), Link: LinkEthernet, Interface: 2},
		{Time: 1_700_000_000_000_000_000, Length: 0, Data: []byte{}, Link: LinkRaw, Name: "server"},
	}
	var file bytes.Buffer
	w, err := NewPacketWriter(&file)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Declare(Source{LinkRaw, 0}, "server"); err != nil {
		t.Fatal(err)
	}
	for i := range want {
		if err := w.Write(&want[i]); err != nil {
			t.Fatal(err)
		}
	}
	r, err := NewReader(&file)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range want {
		var got Packet
		if err := r.Next(&got); err != nil {
			t.Fatal(err)
		}
		if got.Time != p.Time || got.Length != p.Length || !bytes.Equal(got.Data, p.Data) || got.Link != p.Link || got.Interface != p.Interface || got.Name != p.Name {
			t.Errorf("got %+v, want %+v", got, p)
		}
	}
	if err := r.Next(&Packet{}); err != io.EOF {
		t.Errorf("got error %v after the last packet", err)
	}
}
