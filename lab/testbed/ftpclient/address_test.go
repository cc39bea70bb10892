package ftpclient

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestFormatActive(t *testing.T) {
	for _, test := range []struct {
		mode       Mode
		addr, want string
	}{
		{PORT, "198.51.100.100:3172", "198,51,100,100,12,100"},
		{PORT, "192.0.2.21:255", "192,0,2,21,0,255"},
		{EPRT, "198.51.100.100:3172", "|1|198.51.100.100|3172|"},
		{EPRT, "[2001:db8::1]:3172", "|2|2001:db8::1|3172|"},
		{EPRT, "[fe80::1%eth0]:3172", "|2|fe80::1|3172|"},
		{EPRT, "[::ffff:192.0.2.21]:3172", "|1|192.0.2.21|3172|"},
	} {
		if got := formatActive(test.mode, netip.MustParseAddrPort(test.addr)); got != test.want {
			t.Errorf("%s %s: got %s, want %s", test.mode, test.addr, got, test.want)
		}
	}
}

// Whatever stands around the numbers of a 227, they are found.
func TestParsePASV(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		addr := netip.AddrPortFrom(netip.AddrFrom4([4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "addr"))), rapid.Uint16().Draw(t, "port"))
		before := rapid.SampledFrom([]string{"Entering Passive Mode (", "=", "", "Entering, passive, mode. "}).Draw(t, "before")
		after := rapid.SampledFrom([]string{")", ").", "", ".", " and more 1,2,3"}).Draw(t, "after")
		got, err := parsePASV(Reply{227, before + formatActive(PORT, addr) + after})
		if got != addr || err != nil {
			t.Errorf("got %v, %v, want %v", got, err, addr)
		}
	})
}

// TestParseEPSV has delimiters that RFC 2428 allows, and texts that are none.
func TestParseEPSV(t *testing.T) {
	server := netip.MustParseAddr("192.0.2.21")
	for text, want := range map[string]uint16{
		"Entering Extended Passive Mode (|||3668|)":    3668,
		"Entering Extended Passive Mode (!!!3668!).":   3668,
		"Extended (as in RFC 2428) mode (...3668.) ok": 3668,
		"Extended ((((3668()":                          3668, "()))3668))": 3668, "(11136681)": 3668,
		"(|||65536|)": 0, "(||3668|)": 0, "(|||3668!)": 0, "(|||3668|": 0, "|||3668|": 0, "(   3668 )": 0, "()": 0, "(|1|192.0.2.21|3668|)": 0,
	} {
		got, err := parseEPSV(Reply{229, text}, server)
		if got.Port() != want || (err == nil) != (want != 0) {
			t.Errorf("%s: got %v, error %v, want port %d", text, got, err, want)
		}
	}
}

func FuzzParsePassive(f *testing.F) {
	f.Add("Entering Passive Mode (192,0,2,21,14,84)")
	f.Add("Entering Extended Passive Mode (|||3668|)")
	server := netip.MustParseAddr("192.0.2.21")
	f.Fuzz(func(t *testing.T, text string) {
		for mode, code := range map[Mode]int{PASV: 227, EPSV: 229} {
			addr, err := parsePassive(mode, Reply{code, text}, Config{Server: netip.AddrPortFrom(server, 21)})
			if err == nil && (addr.Addr() != server || !strings.Contains(text, fmt.Sprint(addr.Port()&0xff)) && mode == PASV) {
				t.Errorf("%s %q: got %s", mode, text, addr)
			}
		}
	})
}
