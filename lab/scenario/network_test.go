package scenario

import (
	"net/netip"
	"strings"
	"testing"
)

func TestSubnetRefuses(t *testing.T) {
	at := func(name, addr string) Host { return Host{Name: name, Addr: netip.MustParseAddr(addr)} }
	for want, hosts := range map[string][]Host{
		"no address":                             {{Name: "client"}},
		"and both only with of=":                 {at("client", "192.0.2.1"), at("server", "2001:db8::1")},
		"too close to host server at 192.0.2.21": {at("client", "192.0.2.20"), at("server", "192.0.2.21")},
		"no host can have":                       {at("client", "192.0.2.0"), at("server", "198.51.100.1")},
		"last address of its net":                {at("client", "192.0.2.255"), at("server", "198.51.100.1")},
	} {
		var err error
		for i := range hosts {
			if err == nil {
				_, err = Subnet(hosts, i)
			}
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: got error %v, want one with %q", hosts, err, want)
		}
	}
}

func TestFlags(t *testing.T) {
	for _, c := range []struct {
		text           string
		match, noMatch byte
	}{
		{"[.]", 0x18, 0x11},
		{"[P.]", 0x18, 0x10},
		{"[F.]", 0x19, 0x10},
		{"[S]", 0x02, 0x12},
	} {
		f, err := ParseFlags(c.text)
		if err != nil || f.String() != c.text || !f.Match(c.match) || f.Match(c.noMatch) {
			t.Errorf("%s: got %s, error %v, of %#x %v, of %#x %v", c.text, f, err, c.match, f.Match(c.match), c.noMatch, f.Match(c.noMatch))
		}
	}
	for _, text := range []string{"F.", "[]", "[X]"} {
		if f, err := ParseFlags(text); err == nil {
			t.Errorf("%s: got %s, want an error", text, f)
		}
	}
	if f := (Flags{}); f.String() != "" || !f.Match(0x02) {
		t.Errorf("no flags: got %q, which matches [S]: %v", f, f.Match(0x02))
	}
}

// TestLoses asks which networks lose frames: Linux's TCP sends those again after its usual
// time there, and after a longer one elsewhere.
func TestLoses(t *testing.T) {
	for _, test := range []struct {
		name    string
		network Network
		want    bool
	}{
		{"whole", Network{Rules: []PathRule{{Kind: Duplicate}, {Kind: Reject}}}, false},
		{"by chance", Network{Loss: 0.1}, true},
		{"at a queue", Network{Queue: 3000}, true},
		{"dropped", Network{Rules: []PathRule{{Kind: Duplicate}, {Kind: Drop}}}, true},
		{"corrupted", Network{Rules: []PathRule{{Kind: Corrupt}}}, true},
	} {
		if got := test.network.Loses(); got != test.want {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
}

// What is about the network has no effect where another network is used.
func TestNetworkSettings(t *testing.T) {
	for _, test := range []struct{ source, want string }{
		{"network loopback\nserver port=2121\nopen\n", ""},
		{"network loopback ipv6\nopen\n", "network"},
		{"host client 127.0.0.1 ports=5000\nopen\n", "host"},
		{"network wire loss=1%\nhost server 192.0.2.21\nnat client 203.0.113.7\nlate server > client [F.] by=2ms\ndrop client > server \"QUIT\"\ndrop client > server \"X\"\nname a.test 192.0.2.21\nopen\n", "network host nat late drop name"},
	} {
		s, err := Parse("x.txtar", []byte("# x\n"+test.source))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(s.NetworkSettings(), " "); got != test.want {
			t.Errorf("%q: got %q, want %q", test.source, got, test.want)
		}
	}
}
