// Wireshark decrypts the same sessions from a capture with their keys in it.

package tls

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"ftplab/lab/labtest/optional"
	"ftplab/lab/pcapng"
)

// A forge writes captured sessions as TCP connections into a capture.
type forge struct {
	t    *testing.T
	file bytes.Buffer
	w    *pcapng.Writer
	at   time.Time
	port layers.TCPPort // of the last client
}

func newForge(t *testing.T) *forge {
	f := &forge{t: t, at: time.Date(2001, 10, 4, 12, 0, 0, 0, time.UTC), port: 40000}
	var err error
	if f.w, err = pcapng.NewWriter(&f.file, pcapng.PCAPNG, pcapng.Info{Interface: "forge"}); err != nil {
		t.Fatal(err)
	}
	return f
}

const serverPort = 9900 // Wireshark knows no protocol at it

// session writes a session, its keys first.
func (f *forge) session(c *capture) {
	f.t.Helper()
	if err := f.w.Secrets(c.keylog.String()); err != nil {
		f.t.Fatal(err)
	}
	f.port++
	seq := [2]uint32{1000, 5000}
	segment := func(dir int, flags layers.TCP, data []byte) {
		tcp := flags
		tcp.Seq, tcp.Ack, tcp.Window = seq[dir], seq[1-dir], 64000
		tcp.SrcPort, tcp.DstPort = f.port, serverPort
		ends := [2]net.IP{{198, 51, 100, 100}, {198, 51, 100, 21}}
		if dir == fromServer {
			tcp.SrcPort, tcp.DstPort = tcp.DstPort, tcp.SrcPort
		}
		ip := &layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolTCP, SrcIP: ends[dir], DstIP: ends[1-dir]}
		ethernet := &layers.Ethernet{SrcMAC: make([]byte, 6), DstMAC: make([]byte, 6), EthernetType: layers.EthernetTypeIPv4}
		tcp.SetNetworkLayerForChecksum(ip)
		frame := gopacket.NewSerializeBuffer()
		options := gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}
		if err := gopacket.SerializeLayers(frame, options, ethernet, ip, &tcp, gopacket.Payload(data)); err != nil {
			f.t.Fatal(err)
		}
		f.at = f.at.Add(time.Millisecond)
		n := len(frame.Bytes())
		if err := f.w.WritePacket(gopacket.CaptureInfo{Timestamp: f.at, CaptureLength: n, Length: n}, frame.Bytes()); err != nil {
			f.t.Fatal(err)
		}
		seq[dir] += uint32(len(data))
		if tcp.SYN {
			seq[dir]++
		}
	}
	segment(fromClient, layers.TCP{SYN: true}, nil)
	segment(fromServer, layers.TCP{SYN: true, ACK: true}, nil)
	segment(fromClient, layers.TCP{ACK: true}, nil)
	for _, p := range c.packets {
		for piece := p.data; len(piece) > 0; {
			n := min(1448, len(piece))
			segment(p.dir, layers.TCP{ACK: true, PSH: true}, piece[:n])
			piece = piece[n:]
		}
	}
}

// save ends the capture and puts it into a file.
func (f *forge) save() string {
	f.t.Helper()
	if err := f.w.Close(pcapng.Stats{}); err != nil {
		f.t.Fatal(err)
	}
	path := filepath.Join(f.t.TempDir(), "sessions.pcapng")
	if err := os.WriteFile(path, f.file.Bytes(), 0o600); err != nil {
		f.t.Fatal(err)
	}
	return path
}

// TestWireshark compares what Wireshark decrypts of each version and suite, and of
// resumed sessions, with what is decrypted here.
func TestWireshark(t *testing.T) {
	sharkd := optional.StartSharkd(t)
	f := newForge(t)
	var names []string
	var keys Keys
	var sessions []*capture
	add := func(name string, client, server *tls.Config) {
		c := session(t, client, server)
		if _, err := keys.Read(bytes.NewReader(c.keylog.Bytes())); err != nil {
			t.Fatal(err)
		}
		f.session(c)
		names, sessions = append(names, name), append(sessions, c)
	}
	for version, id := range combinations {
		client, server := configs(version, id)
		add(fmt.Sprintf("%s %s", Version(version), tls.CipherSuiteName(id)), client, server)
	}
	client, server := configs(tls.VersionTLS13)
	client.ClientSessionCache = tls.NewLRUClientSessionCache(1)
	add("to be resumed", client, server)
	add("resumed", client, server)
	sharkd.Load(f.save())
	for i, c := range sessions {
		h := read(c.packets, &keys, wholePackets)
		client, port, server := sharkd.Follow("TLS", fmt.Sprintf("tcp.stream eq %d", i))
		if port == fmt.Sprint(serverPort) {
			client, server = server, client
		}
		if h.data != [2]string{string(client), string(server)} || h.data[fromServer] != answer {
			t.Errorf("%s: Wireshark reads %d and %d bytes, and here %d and %d were read: %.60q, %.60q", names[i],
				len(client), len(server), len(h.data[0]), len(h.data[1]), client, server)
		}
	}
}
