package pcapng

import (
	"bytes"
	"io"
	"net/netip"
	"slices"
	"testing"
)

func TestNames(t *testing.T) {
	v4 := []byte("\x01\x00\x14\x00\xc0\x00\x02\x15server\x00ftp\x00\x00\x00\x00\x00\x00")
	v6 := []byte("\x02\x00\x15\x00" + "\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01" + "ten\x00\x00" + "\x00\x00\x00")
	other := []byte("\x63\x00\x04\x00what")
	end := []byte("\x00\x00\x00\x00")
	overlong := []byte("\x01\x00\xff\xff\xc0\x00\x02\x15")
	server, ten := netip.MustParseAddr("192.0.2.21"), netip.MustParseAddr("2001:db8::1")
	for _, test := range []struct {
		name string
		body []byte
		want []Name
	}{
		{"both versions", join(v4, v6, end), []Name{{server, "server"}, {server, "ftp"}, {ten, "ten"}}},
		{"of an unknown type", join(other, v4, end), []Name{{server, "server"}, {server, "ftp"}}},
		{"after the end", join(end, v4), nil},
		{"longer than the block", join(overlong), nil},
		{"without an end", v4, []Name{{server, "server"}, {server, "ftp"}}},
	} {
		r, err := NewReader(bytes.NewReader(join(section, ethernet, blockOf(blockNameResolution, test.body), enhanced)))
		if err != nil {
			t.Fatal(err)
		}
		var p Packet
		for n := 0; ; n++ {
			if err = r.Next(&p); err != nil {
				if err != io.EOF || n != 1 {
					t.Errorf("%s: got %d packets and error %v", test.name, n, err)
				}
				break
			}
		}
		if got := r.Names(); !slices.Equal(got, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
}
