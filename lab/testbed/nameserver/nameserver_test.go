package nameserver

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"ftplab/lab/scenario"
)

// start serves the records on a port of loopback.
func start(t *testing.T, names ...scenario.Name) netip.AddrPort {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := Serve(conn, names); err != nil {
		t.Fatal(err)
	}
	return conn.LocalAddr().(*net.UDPAddr).AddrPort()
}

func lookUp(t *testing.T, server netip.AddrPort, name string) (netip.Addr, error) {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return LookUp(ctx, conn, server, name, server.Addr().Is6(), 1)
}

func TestLookUp(t *testing.T) {
	want := netip.MustParseAddr("192.0.2.21")
	server := start(t, scenario.Name{Name: "ftp.example.test", Addr: want})
	if got, err := lookUp(t, server, "ftp.example.test"); err != nil || got != want {
		t.Errorf("got %v, error %v, want %v", got, err, want)
	}
	if got, err := lookUp(t, server, "other.example.test"); err == nil || !strings.Contains(err.Error(), "no such name") {
		t.Errorf("an unknown name: got %v, error %v, want that there is no such name", got, err)
	}
}

// TestBothKinds has a name with one address: there is no error for the other kind, but no
// address either, and a name with both.
func TestBothKinds(t *testing.T) {
	v4, v6 := netip.MustParseAddr("192.0.2.21"), netip.MustParseAddr("2001:db8:2::21")
	server := start(t, scenario.Name{Name: "v4.example.test", Addr: v4}, scenario.Name{Name: "ftp.example.test", Addr: v4}, scenario.Name{Name: "ftp.example.test", Addr: v6})
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, test := range []struct {
		name string
		ipv6 bool
		want netip.Addr
	}{{"ftp.example.test", true, v6}, {"ftp.example.test", false, v4}, {"v4.example.test", false, v4}, {"v4.example.test", true, netip.Addr{}}} {
		got, err := LookUp(t.Context(), conn, server, test.name, test.ipv6, 1)
		if got != test.want || (err == nil) != test.want.IsValid() {
			t.Errorf("%s, IPv6 %t: got %v, error %v, want %v", test.name, test.ipv6, got, err, test.want)
		}
	}
	q, _ := question("v4.example.test", true)
	m := dnsmessage.Message{Header: dnsmessage.Header{ID: 7}, Questions: []dnsmessage.Question{q}}
	query, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	var answer dnsmessage.Message
	known, _ := question("v4.example.test", false)
	if err := answer.Unpack(reply(query, map[dnsmessage.Question][]byte{known: nil})); err != nil || answer.RCode != dnsmessage.RCodeSuccess || len(answer.Answers) != 0 {
		t.Errorf("a name without an IPv6 address: got %v, error %v, want no error and no answer (RFC 2308, 2.2)", answer.RCode, err)
	}
}

// TestSilentServer queries a server that never answers.
func TestSilentServer(t *testing.T) {
	silent, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		silent.Read(make([]byte, maxSize)) // the query
		cancel()
	}()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, err = LookUp(ctx, conn, silent.LocalAddr().(*net.UDPAddr).AddrPort(), "ftp.example.test", false, 1)
	if err == nil || !strings.Contains(err.Error(), "does not answer") {
		t.Errorf("got error %v, want that the server does not answer", err)
	}
}

// TestShape compares the answers with the shapes that were asked for. The first
// is that of Frederick's article.
func TestShape(t *testing.T) {
	a4, a6 := netip.MustParseAddr("192.0.2.21"), netip.MustParseAddr("2001:db8:2::21")
	for _, r := range []scenario.Name{
		{Name: "ftp1.example.test", Addr: a4, Authority: 4, Additional: 4, Size: 215},
		{Name: "ftp1.example.test", Addr: a4, Authority: 0, Additional: 0},
		{Name: "ftp1.example.test", Addr: a4, Authority: 2, Additional: 2},
		{Name: "ftp1.example.test", Addr: a6, Authority: 2, Additional: 3, Size: 200},
		{Name: "ftp1.example.test", Addr: a4, Authority: 15, Additional: 0, Size: 512},
		{Name: "localhost", Addr: a4, Authority: 1, Additional: 1},
		{Name: "localhost.", Addr: a4, Authority: 1, Additional: 3},
		{Name: "ns1.example.test", Addr: a4, Authority: 3, Additional: 3},
		{Name: "lisbon-ns1.example.test", Addr: a4, Authority: 1, Additional: 1, Size: 107},
		{Name: "a." + strings.Repeat("b.", 124), Addr: a4, Authority: 1},
	} {
		q, answer, err := answer(r)
		if err != nil {
			t.Errorf("%+v: %v", r, err)
			continue
		}
		var m dnsmessage.Message
		if err := m.Unpack(answer); err != nil {
			t.Errorf("%+v: %v", r, err)
			continue
		}
		want, _ := r.Sizes()
		if r.Size != 0 {
			want = r.Size
		}
		if len(answer) != want {
			t.Errorf("%+v: got %d bytes, want %d", r, len(answer), want)
		}
		if len(m.Answers) != 1 || len(m.Authorities) != r.Authority || len(m.Additionals) != r.Additional || m.Questions[0] != q {
			t.Errorf("%+v: got %d/%d/%d records, want 1/%d/%d", r, len(m.Answers), len(m.Authorities), len(m.Additionals), r.Authority, r.Additional)
		}
	}
}

// TestEverySize tries every size from the smallest to the largest.
func TestEverySize(t *testing.T) {
	r := scenario.Name{Name: "ftp1.example.test", Addr: netip.MustParseAddr("192.0.2.21"), Authority: 3, Additional: 2}
	_, least, err := answer(r)
	if err != nil {
		t.Fatal(err)
	}
	for more := range (63-scenario.MinServerLabel)*3 + 1 {
		r.Size = len(least) + more
		if _, answer, err := answer(r); err != nil || len(answer) != r.Size {
			t.Fatalf("size %d: got %d bytes, error %v", r.Size, len(answer), err)
		}
	}
	for _, size := range []int{len(least) - 1, r.Size + 1} {
		r.Size = size
		if _, _, err := answer(r); err == nil || !strings.Contains(err.Error(), "is not possible") {
			t.Errorf("size %d: got error %v, want that it is not possible", size, err)
		}
	}
}

// FuzzReply looks for a query that crashes the server.
func FuzzReply(f *testing.F) {
	q, answer, err := answer(scenario.Name{Name: "ftp.example.test", Addr: netip.MustParseAddr("192.0.2.21")})
	if err != nil {
		f.Fatal(err)
	}
	query, err := (&dnsmessage.Message{Questions: []dnsmessage.Question{q}}).Pack()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(query)
	f.Add(answer)
	f.Fuzz(func(t *testing.T, query []byte) {
		if r := reply(query, map[dnsmessage.Question][]byte{q: answer}); len(r) > maxSize {
			t.Errorf("got %d bytes, want at most %d", len(r), maxSize)
		}
	})
}
