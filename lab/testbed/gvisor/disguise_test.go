package gvisor

import (
	"bytes"
	"io"
	"testing"
	"time"

	"github.com/google/gopacket/layers"

	"ftplab/lab/scenario"
	"ftplab/lab/testbed/network"
)

// download has the server send bytes in pieces and close, and the client read
// them and close.
func download(t *testing.T, client, server network.Conn, bytes, piece int) {
	t.Helper()
	go func() {
		for left := bytes; left > 0; left -= piece {
			if _, err := server.Write(make([]byte, min(piece, left))); err != nil {
				t.Error(err)
			}
		}
		server.Close()
	}()
	if n, err := io.Copy(io.Discard, client); n != int64(bytes) || err != nil {
		t.Errorf("got %d bytes, %v, want %d", n, err, bytes)
	}
	client.Close()
}

// syns are the TCP headers of the two SYNs of a connection.
func (l *lab) syns() (syns []*layers.TCP, df []bool) {
	for _, p := range l.packets() {
		if tcp, ok := p.Layer(layers.LayerTypeTCP).(*layers.TCP); ok && tcp.SYN {
			syns = append(syns, tcp)
			df = append(df, p.Layer(layers.LayerTypeIPv4).(*layers.IPv4).Flags&layers.IPv4DontFragment != 0)
		}
	}
	return syns, df
}

func optionsOf(t *layers.TCP) (kinds []layers.TCPOptionKind) {
	for _, o := range t.Options {
		if o.OptionType != layers.TCPOptionKindNop {
			kinds = append(kinds, o.OptionType)
		}
	}
	return kinds
}

func TestOptionsOfTheHost(t *testing.T) {
	hosts := twoHosts()
	hosts[0].NoTimestamps, hosts[0].NoWScale, hosts[0].NoSACK, hosts[0].NoDF, hosts[0].Window = true, true, true, true, 17520
	l := open(t, scenario.Network{Kind: scenario.Wire, Hosts: hosts, MTU: 1492})
	client, server := l.connect()
	download(t, client, server, 10, 10)
	syns, df := l.syns()
	if len(syns) != 2 {
		t.Fatalf("got %d SYNs, want 2", len(syns))
	}
	for i, s := range syns {
		if got := optionsOf(s); len(got) != 1 || got[0] != layers.TCPOptionKindMSS || !bytes.Equal(s.Options[0].OptionData, []byte{1452 >> 8, 1452 & 0xff}) {
			t.Errorf("SYN %d: got options %v, want an MSS of 1452 alone", i+1, s.Options)
		}
	}
	if syns[0].Window != 17520 {
		t.Errorf("got the window %d, want 17520", syns[0].Window)
	}
	if df[0] || !df[1] {
		t.Errorf("got Don't Fragment %v, want it from the server alone", df)
	}
}

// Every second full segment is acknowledged, once a connection has come into
// its stride.
func TestDelayedACKs(t *testing.T) {
	const segments = 100
	l := open(t, scenario.Network{Kind: scenario.Wire, Rate: 10_000_000})
	client, server := l.connect()
	server.(network.Corker).SetCork(true)
	download(t, client, server, segments*1448, 10_000)
	data, acks := 0, 0
	for _, p := range l.packets() {
		if tcp, ok := p.Layer(layers.LayerTypeTCP).(*layers.TCP); ok && !tcp.SYN {
			if len(tcp.Payload) > 0 {
				data++
			} else if tcp.SrcPort == 4000 && !tcp.FIN {
				acks++
			}
		}
	}
	if least := (segments-quickACKs)/2 + quickACKs - 2; data != segments || acks < least || acks > least+4 {
		t.Errorf("got %d segments and %d acknowledgements, want %d and about %d", data, acks, segments, least)
	}
}

// What is held back on a corked connection leaves with the FIN.
func TestCork(t *testing.T) {
	l := open(t, scenario.Network{Kind: scenario.Wire})
	client, server := l.connect()
	server.(network.Corker).SetCork(true)
	download(t, client, server, 3000, 700)
	wantLines(t, l.lines(), 3,
		"server [P.] 1 length 1448 ack 1",
		"client [.] 1 ack 1449",
		"server [P.] 1449 length 1448 ack 1",
		"client [.] 1 ack 2897",
		"server [FP.] 2897 length 104 ack 1",
		"client [F.] 1 ack 3002",
		"server [.] 3002 ack 2",
	)
}

func TestUncork(t *testing.T) {
	l := open(t, scenario.Network{Kind: scenario.Wire})
	client, server := l.connect()
	c := server.(network.Corker)
	c.SetCork(true)
	server.Write(make([]byte, 100))
	network.Sleep(t.Context(), l.Clock(), time.Second)
	c.SetCork(false)
	server.Close()
	if n, err := io.Copy(io.Discard, client); n != 100 || err != nil {
		t.Errorf("got %d bytes, %v, want 100", n, err)
	}
	client.Close()
	wantLines(t, l.lines(), 3,
		"server [P.] 1 length 100 ack 1",
		"client [.] 1 ack 101",
		"server [F.] 101 ack 1",
		"client [F.] 1 ack 102",
		"server [.] 102 ack 2",
	)
}

// A FIN that overtakes its data is not acknowledged, and then with the data.
func TestFINBeforeItsData(t *testing.T) {
	hosts := twoHosts()
	for i := range hosts {
		hosts[i].NoSACK = true
	}
	l := open(t, scenario.Network{Kind: scenario.Wire, Hosts: hosts,
		Late: []scenario.Late{{From: "server", To: "client", FromPort: 21, Length: 1000, By: 2 * time.Millisecond, Overtaken: true}}})
	client, server := l.connect()
	download(t, client, server, 1000, 1000)
	wantLines(t, l.lines(), 3,
		"server [F.] 1001 ack 1",
		"client [.] 1 ack 1",
		"server [P.] 1 length 1000 ack 1",
		"client [.] 1 ack 1002",
		"client [F.] 1 ack 1002",
		"server [.] 1002 ack 2",
	)
}

// What comes to a host that has closed is answered with a reset without an
// acknowledgement.
func TestReset(t *testing.T) {
	l := open(t, scenario.Network{Kind: scenario.Wire})
	client, server := l.connect()
	client.Close()
	network.Sleep(t.Context(), l.Clock(), time.Second)
	server.Write([]byte("too late"))
	network.Sleep(t.Context(), l.Clock(), time.Second)
	server.Close()
	wantLines(t, l.lines(), 3,
		"client [F.] 1 ack 1",
		"server [.] 1 ack 2",
		"server [P.] 1 length 8 ack 2",
		"client [R] 2",
	)
}
