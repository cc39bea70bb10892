// Wireshark decrypts the same sessions from a capture with their keys in it.

package tls

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/gopacket"

	"ftplab/lab/internal/forge"
	"ftplab/lab/labtest/optional"
	"ftplab/lab/pcapng"
)

const serverPort = 9900 // Wireshark knows no protocol at it

// inPackets writes captured sessions as TCP connections into a file, each after its keys.
func inPackets(t *testing.T, sessions []*capture) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sessions.pcapng")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	w, err := pcapng.NewWriter(file, pcapng.PCAPNG, pcapng.Info{Interface: "forge"})
	if err != nil {
		t.Fatal(err)
	}
	f := forge.New()
	for _, s := range sessions {
		client, server := f.Dial("198.51.100.100", fmt.Sprintf("198.51.100.21:%d", serverPort))
		for _, p := range s.packets {
			from := client
			if p.dir == fromServer {
				from = server
			}
			for piece := range slices.Chunk(p.data, 1448) {
				from.Segment("P.", string(piece))
			}
		}
		if err := w.Secrets(s.keylog.String()); err != nil {
			t.Fatal(err)
		}
		for _, p := range f.Frames {
			if err := w.WritePacket(gopacket.CaptureInfo{Timestamp: p.At, CaptureLength: len(p.Data), Length: len(p.Data)}, p.Data); err != nil {
				t.Fatal(err)
			}
		}
		f.Frames = nil
	}
	if err := w.Close(pcapng.Stats{}); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestWireshark compares what Wireshark decrypts of each version and suite, and of
// resumed sessions, with what is decrypted here.
func TestWireshark(t *testing.T) {
	sharkd := optional.StartSharkd(t)
	var names []string
	var keys Keys
	var sessions []*capture
	add := func(name string, client, server *tls.Config) {
		c := session(t, client, server)
		if _, err := keys.Read(bytes.NewReader(c.keylog.Bytes())); err != nil {
			t.Fatal(err)
		}
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
	sharkd.Load(inPackets(t, sessions))
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
