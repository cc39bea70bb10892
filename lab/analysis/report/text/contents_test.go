package text

import (
	"strings"
	"testing"

	"ftplab/lab/analysis/tcp"
	"ftplab/lab/internal/forge"
)

// The FIN overtook data only if the network changed the order. Data that is sent again comes after it, too.
func TestCarried(t *testing.T) {
	for _, test := range []struct {
		flow tcp.Flow
		want string
	}{
		{tcp.Flow{Segments: 1, FirstData: 4, LastData: 4, FIN: 5}, "|   9 bytes from the server, in this packet"},
		{tcp.Flow{Segments: 2, FirstData: 4, LastData: 6, FIN: 5, OutOfOrder: 1},
			"|   9 bytes from the server: 2 segments since packet 4; the FIN overtook the last of them\n|   1 segment out of order"},
		{tcp.Flow{Segments: 2, FirstData: 4, LastData: 6, FIN: 5, Retransmissions: 1},
			"|   9 bytes from the server: 2 segments since packet 4; the last of them came after the FIN\n|   1 retransmission"},
		{tcp.Flow{Segments: 2, FirstData: 4, LastData: 6, FIN: 5, Damaged: 1, OutOfOrder: 1},
			"|   9 bytes from the server: 2 segments since packet 4; the last of them came after the FIN\n|   1 packet with a wrong checksum, dropped by the receiver\n|   1 segment out of order"},
		{tcp.Flow{Segments: 1, FirstData: 6, LastData: 6, FIN: 5, Damaged: 1, Retransmissions: 1},
			"|   9 bytes from the server, in this packet, after the FIN\n|   1 packet with a wrong checksum, dropped by the receiver\n|   1 retransmission"},
	} {
		test.flow.Bytes = 9
		if got := strings.Join(carried("the server", &test.flow), "\n"); got != test.want {
			t.Errorf("%+v: got\n%s\nwant\n%s", test.flow, got, test.want)
		}
	}
}

// TestRelays sends the packets of a session over the network card of a third host, which claims to be the server.
func TestRelays(t *testing.T) {
	f := forge.New()
	f.Login().Quit()
	f.Relay(0x66)
	got, _ := bothOf(t, f)
	for _, want := range []string{
		"\nthe network card 02:00:00:00:00:66 passes on 20 packets between 192.0.2.21 and 198.51.100.100, the first in frame 4; by ARP, it claims to be 192.0.2.21\n",
		"\nby ARP, 192.0.2.21 belongs to 2 network cards: first to 02:00:00:00:00:15 in frame 1, last to 02:00:00:00:00:66 in frame 2\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("got\n%s\nwant %q", got, want)
		}
	}
}
