package live

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/gopacket"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
	"ftplab/lab/internal/forge"
	"ftplab/lab/pcapng"
)

var captures = flag.String("captures", "", "a pattern of captures to read, besides those of the repository")

// source is a source of a file that does not grow.
func source(t *testing.T, file []byte) Source {
	t.Helper()
	s, err := Stream(t.Context(), bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// shape is what a session shows, with the numbers of its packets.
func shape(c *capture.Capture, s *ftp.Session) string {
	var b strings.Builder
	fmt.Fprintf(&b, "packets %d to %d, user %q, TLS %v\n", s.Control.FirstPacket, s.Control.LastPacket, s.User, s.TLS)
	for _, e := range s.Exchanges {
		fmt.Fprintf(&b, "%d %s %s:", e.Packet, e.Command, e.Argument)
		for _, r := range e.Replies {
			fmt.Fprintf(&b, " %d in %d", r.Code, r.Packet)
		}
		for _, id := range e.Data {
			x := c.Connection(id)
			fmt.Fprintf(&b, "; data %s packets %d to %d %d %d bytes %s", x.Mode, x.FirstPacket, x.LastPacket, x.ClientFlow.Bytes, x.ServerFlow.Bytes, x.SHA256)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// TestLikeTheWhole asks that each session shows the same as when the whole capture is read.
func TestLikeTheWhole(t *testing.T) {
	var names []string
	for _, pattern := range []string{"../capture/testdata/*.pcap*", "../../../results/gallery/*/*.pcapng", *captures} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, found...)
	}
	for _, name := range names {
		file, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		c, err := capture.Read(bytes.NewReader(file), capture.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var want, got []string
		for s := range c.Sessions() {
			want = append(want, shape(c, s))
		}
		err = Read(source(t, file), Options{Hash: true}, func(s *Session) error {
			for x := range s.Capture.Sessions() {
				got = append(got, shape(s.Capture, x))
			}
			return nil
		})
		if err != nil && c.Cut == "" {
			t.Errorf("%s: %v", name, err)
		}
		slices.Sort(want)
		slices.Sort(got)
		for i := range max(len(want), len(got)) {
			if i >= len(want) || i >= len(got) || got[i] != want[i] {
				t.Errorf("%s: got %d sessions, want %d\n got %v\nwant %v", filepath.Base(name), len(got), len(want), got[min(i, len(got)):min(i+1, len(got))], want[min(i, len(want)):min(i+1, len(want))])
				break
			}
		}
	}
}

// talk adds a session with a transfer.
func talk(f *forge.Capture, client, server string, port int, data string) {
	c, cPeer := f.Dial(fmt.Sprintf("%s:%d", client, port), server+":21")
	cPeer.Send("220 ready\r\n")
	c.Send("PASV\r\n")
	cPeer.Send(fmt.Sprintf("227 (%s,%d,%d)\r\n", strings.ReplaceAll(server, ".", ","), (port+1000)>>8, (port+1000)&255))
	_, dPeer := f.Dial(fmt.Sprintf("%s:%d", client, port+1), fmt.Sprintf("%s:%d", server, port+1000))
	c.Send("RETR file\r\n")
	cPeer.Send("150 here\r\n")
	for len(data) > 0 {
		n := min(len(data), 1460)
		dPeer.Send(data[:n])
		data = data[n:]
	}
	dPeer.Close()
	cPeer.Send("226 done\r\n")
	c.Send("QUIT\r\n")
	cPeer.Send("221 bye\r\n")
	cPeer.Close()
}

// TestTwoServers asks that a transfer between two servers, and a data connection with a
// third host, are in their sessions, and that no session is judged by half of them.
func TestTwoServers(t *testing.T) {
	const client, one, other = "198.51.100.7", "192.0.2.21", "203.0.113.21"
	f := forge.New()
	a, aPeer := f.Dial(client+":2000", one+":21")
	b, bPeer := f.Dial(client+":2001", other+":21")
	ask := func(from *forge.End, command, reply string) {
		from.Send(command + "\r\n")
		from.Peer.Send(reply + "\r\n")
	}
	aPeer.Send("220 one\r\n")
	bPeer.Send("220 other\r\n")
	ask(a, "PASV", "227 (192,0,2,21,100,0)")
	ask(b, "PORT 192,0,2,21,100,0", "200 ok")
	ask(a, "STOR file", "150 here")
	ask(b, "RETR file", "150 here")
	d, _ := f.Dial(other+":20", one+":25600")
	d.Send("content")
	d.Close()
	aPeer.Send("226 done\r\n")
	bPeer.Send("226 done\r\n")
	bPeer.Close()
	f.Pass(10 * time.Second)
	ask(a, "EPSV", "227 (203,0,113,99,100,1)")
	e, ePeer := f.Dial(client+":2002", "203.0.113.99:25601")
	ask(a, "LIST", "150 here")
	ePeer.Send("a list")
	e.Close()
	aPeer.Send("226 done\r\n")
	aPeer.Close()
	for _, context := range []bool{false, true} {
		var got []string
		err := Read(source(t, f.PCAP()), Options{Context: context}, func(s *Session) error {
			own := 0
			for x := range s.Capture.Connections() {
				if s.Own(x.ID) && x.Role == ftp.Data {
					own++
				}
			}
			got = append(got, fmt.Sprintf("%s: %d", s.Capture.Connection(s.Control).Server, own))
			return nil
		})
		if want := "[203.0.113.21:21: 1 192.0.2.21:21: 2]"; err != nil || fmt.Sprint(got) != want {
			t.Errorf("context %v: got %v data connections, %v, want %s", context, got, err, want)
		}
	}
}

// TestLeftOut asks that a session says what there was no room for.
func TestLeftOut(t *testing.T) {
	for _, test := range []struct {
		name            string
		announced, come int
		same            bool // the data connections are between the two hosts
		want            string
	}{
		{"few", maxAnnounced, 1, false, ""},
		{"many between the two hosts", 2 * maxAnnounced, 2 * maxAnnounced, true, ""},
		{"many addresses", maxAnnounced + 1, 0, false, "a data connection with another host may be missing: only the last 64 addresses that two hosts announce are kept"},
		{"many connections", 1, maxThirdParty + 1, false, "data connections with other hosts are missing: only 64 of two hosts are kept"},
	} {
		f := forge.New()
		a, aPeer := f.Dial("198.51.100.7:2000", "192.0.2.21:21")
		aPeer.Send("220 ready\r\n")
		host := "203.0.113.99"
		if test.same {
			host = "192.0.2.21"
		}
		for i := range test.announced {
			a.Send("PASV\r\n")
			aPeer.Send(fmt.Sprintf("227 (%s,100,%d)\r\n", strings.ReplaceAll(host, ".", ","), i))
		}
		for i := range test.come {
			port := 25600
			if test.same {
				port += i
			}
			d, _ := f.Dial(fmt.Sprintf("198.51.100.7:%d", 3000+i), fmt.Sprintf("%s:%d", host, port))
			d.Send("content")
			d.Close()
		}
		aPeer.Close()
		var got []string
		err := Read(source(t, f.PCAP()), Options{}, func(s *Session) error {
			if s.Capture.LeftOut != s.Cut {
				t.Errorf("%s: the capture says %q, the session %q", test.name, s.Capture.LeftOut, s.Cut)
			}
			got = append(got, s.Cut)
			return nil
		})
		if err != nil || len(got) != 1 || got[0] != test.want {
			t.Errorf("%s: got %q, %v, want %q", test.name, got, err, test.want)
		}
	}
}

// endless is a source of packets that never repeat: sessions of many hosts, and much else.
type endless struct {
	r    *pcapng.Reader
	n    int
	make func(n int) []byte
}

func (e *endless) Next(p *pcapng.Packet) error {
	for {
		if e.r != nil {
			if err := e.r.Next(p); err != io.EOF {
				return err
			}
		}
		file := e.make(e.n)
		if e.n++; file == nil {
			return io.EOF
		}
		var err error
		if e.r, err = pcapng.NewReader(bytes.NewReader(file)); err != nil {
			return err
		}
	}
}

func (*endless) Secrets() []string { return nil }

// TestBounded asks that what is kept does not grow with the length of the stream.
func TestBounded(t *testing.T) {
	const rounds = 100 // with 16 MB of data and 300 connections
	now := time.Unix(1_700_000_000, 0)
	var r *reader
	sessions, most, mostConnections := 0, int64(0), 0
	s := &endless{make: func(n int) []byte {
		if n == rounds {
			return nil
		}
		f := forge.New()
		f.Clock = now
		talk(f, "198.51.100.7", "192.0.2.21", 2000+n*2, strings.Repeat("content ", 20_000))
		web, webPeer := f.Dial(fmt.Sprintf("198.51.100.7:%d", 30000+n), "203.0.113.9:80")
		for range 20 {
			web.Send("GET / HTTP/1.1\r\n\r\n")
			webPeer.Send(strings.Repeat("page ", 200))
		}
		lost, _ := f.Pair(fmt.Sprintf("10.0.%d.%d:1000", n/250, n%250), "203.0.113.9:443")
		lost.Send("lost")
		now = f.Clock.Add(5 * time.Second)
		return f.PCAP()
	}}
	r = &reader{newTracker(), Options{Hash: true}, s, func(s *Session) error {
		sessions++
		return nil
	}}
	defer r.store.close()
	var p pcapng.Packet
	for n := 1; ; n++ {
		if err := s.Next(&p); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if err := r.add(n, &p); err != nil {
			t.Fatal(err)
		}
		if n%50 == 0 {
			if err := r.sweep(); err != nil {
				t.Fatal(err)
			}
		}
		most, mostConnections = max(most, r.store.end), max(mostConnections, len(r.live))
	}
	if err := r.finish(); err != nil {
		t.Fatal(err)
	}
	if sessions != rounds || most > 4<<20 || mostConnections > 200 {
		t.Errorf("got %d sessions, %d bytes in the file and %d connections at most; want %d, 4 MB at most, and 200", sessions, most, mostConnections, rounds)
	}
}

// TestManyWithOneHandshake asks that a connection is compared with no more than there may be places.
func TestManyWithOneHandshake(t *testing.T) {
	all := newTracker()
	h, server := &hosts{}, netip.MustParseAddrPort("192.0.2.21:21")
	synACK := &packet.Packet{TCP: &packet.TCP{Flags: packet.SYN | packet.ACK}}
	for i := range 10 * maxPlaces {
		c := &connection{tuple: tupleOf(netip.AddrPortFrom(server.Addr().Next(), uint16(i)), server), hosts: h}
		if all.noteHandshake(c, synACK, i); len(c.twins) > maxPlaces {
			t.Fatalf("connection %d of one handshake is compared with %d others, want %d at most", i, len(c.twins), maxPlaces)
		}
	}
}

// TestContext asks that earlier sessions between the hosts are seen, and reported once.
// TestPlaces asks that a session has the names of the places at which it was recorded.
func TestPlaces(t *testing.T) {
	f := forge.New()
	talk(f, "198.51.100.7", "192.0.2.21", 2000, "data")
	var file bytes.Buffer
	w, err := pcapng.NewWriter(&file, pcapng.PCAPNG, pcapng.Info{Interface: "server", Others: []string{"client"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range f.Frames {
		for place := range 2 {
			info := gopacket.CaptureInfo{Timestamp: p.At, CaptureLength: len(p.Data), Length: len(p.Data), InterfaceIndex: place}
			if err := w.WritePacket(info, p.Data); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(pcapng.Stats{Received: uint64(2 * len(f.Frames))}); err != nil {
		t.Fatal(err)
	}
	sessions := 0
	err = Read(source(t, file.Bytes()), Options{}, func(s *Session) error {
		sessions++
		if got := s.Capture.Places; !slices.Equal(got, []string{"server", "client"}) {
			t.Errorf("got the places %q, want server and client", got)
		}
		return nil
	})
	if err != nil || sessions != 1 {
		t.Errorf("got %d sessions, %v, want one", sessions, err)
	}
}

// TestDamagedReset asks that a RST with a wrong checksum, which its receiver drops, ends no session.
func TestDamagedReset(t *testing.T) {
	f := forge.New()
	c, s := f.Dial("198.51.100.7:2000", "192.0.2.21:21")
	s.Send("220 ready\r\n")
	c.RST()
	f.Last(0).Data[50] ^= 1
	f.Pass(10 * time.Second)
	talk(f, "198.51.100.8", "192.0.2.22", 2000, "data")
	c.Send("QUIT\r\n")
	s.Send("221 bye\r\n")
	s.Close()
	var got []string
	err := Read(source(t, f.PCAP()), Options{}, func(s *Session) error {
		got = append(got, fmt.Sprintf("%s %d-%d", s.Capture.Connection(s.Control).Server, s.First, s.Last))
		return nil
	})
	if want := fmt.Sprintf("[192.0.2.21:21 1-%d", len(f.Frames)); err != nil || len(got) != 2 || !strings.HasPrefix(fmt.Sprint(got), want) {
		t.Errorf("got %v, %v, want two sessions, and first %s", got, err, want)
	}
}

func TestContext(t *testing.T) {
	f := forge.New()
	for i := range 5 {
		talk(f, "198.51.100.7", "192.0.2.21", 2000+10*i, "data")
		f.Pass(10 * time.Second)
	}
	n := 0
	err := Read(source(t, f.PCAP()), Options{Context: true}, func(s *Session) error {
		n++
		own := 0
		for x := range s.Capture.Connections() {
			if s.Own(x.ID) {
				own++
			}
		}
		if own != 2 || s.Capture.NumSessions() < n {
			t.Errorf("session %d: got %d connections of its own and %d sessions in the capture", n, own, s.Capture.NumSessions())
		}
		return nil
	})
	if err != nil || n != 5 {
		t.Errorf("got %d sessions, %v", n, err)
	}
}

// TestManyOpenSessions asks that a session costs no more among many between the same hosts than among
// few, whether it goes on when the stream ends or all end one after another. With context, it has the
// sessions that ended before.
func TestManyOpenSessions(t *testing.T) {
	cost := func(sessions int, end, context bool) float64 {
		f := forge.New()
		var servers []*forge.End
		for i := range sessions {
			_, server := f.Dial(fmt.Sprintf("198.51.100.7:%d", 2000+i), "192.0.2.21:21")
			server.Send("220 ready\r\n")
			servers = append(servers, server)
		}
		for _, server := range servers {
			if end {
				f.Pass(time.Second)
				server.Close()
			}
		}
		file := f.PCAP()
		return testing.AllocsPerRun(1, func() {
			got := 0
			err := Read(source(t, file), Options{Context: context}, func(*Session) error { got++; return nil })
			if err != nil || got != sessions {
				t.Errorf("got %d sessions, %v, want %d", got, err, sessions)
			}
		}) / float64(sessions)
	}
	for _, end := range []bool{false, true} {
		for _, context := range []bool{false, true} {
			most := 2.0
			if end && context {
				most = 3 // among more sessions, each has more that ended before
			}
			if few, many := cost(20, end, context), cost(200, end, context); many > most*few {
				t.Errorf("end %v, context %v: among many sessions, one needs %.0f allocations instead of %.0f", end, context, many, few)
			}
		}
	}
}

// TestManySmallSpools asks that spools which are too small to be written are not looked at for each packet.
func TestManySmallSpools(t *testing.T) {
	looks, s := 0, store{}
	for s.buffered < 2*maxBuffered {
		if s.buffered += 1 << 10; s.isFull() {
			looks++
		}
	}
	if looks == 0 || looks > 10 {
		t.Errorf("looked at them %d times, want 10 times at most", looks)
	}
}
