//go:build !js

package web

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"ftplab/lab"
	"ftplab/lab/scenario"
)

// recorded runs a scenario and returns the path of its capture.
func recorded(t testing.TB, source string) string {
	t.Helper()
	s, err := scenario.Parse("made.txtar", []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	result, err := lab.Run(context.Background(), s, lab.Options{Results: t.TempDir(), TCP: scenario.GVisorTCP, NoWalkthrough: true})
	if err != nil {
		t.Fatal(err)
	}
	return result.Capture
}

// A forge writes a pcap file of raw IPv4 packets.
type forge struct {
	*bufio.Writer
	packets int
}

func newForge(t testing.TB, path string) *forge {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	f := &forge{Writer: bufio.NewWriterSize(file, 1<<20)}
	t.Cleanup(func() { file.Close() })
	const rawIP = 101
	for _, n := range []uint32{0xa1b2c3d4, 2 | 4<<16, 0, 0, 65535, rawIP} {
		binary.Write(f, binary.LittleEndian, n)
	}
	return f
}

// An end is one of a connection.
type end struct {
	addr byte // 192.0.2.addr
	port uint16
	seq  uint32
}

// send writes a segment from one end to the other.
func (f *forge) send(from, to *end, flags byte, payload []byte) {
	f.packets++
	length := 40 + len(payload)
	head := binary.LittleEndian
	for _, n := range []int{f.packets / 1000, f.packets % 1000 * 1000, length, length} {
		var word [4]byte
		head.PutUint32(word[:], uint32(n))
		f.Write(word[:])
	}
	var p [40]byte
	be := binary.BigEndian
	p[0], p[8], p[9] = 0x45, 64, 6
	be.PutUint16(p[2:], uint16(length))
	copy(p[12:], []byte{192, 0, 2, from.addr, 192, 0, 2, to.addr})
	be.PutUint16(p[20:], from.port)
	be.PutUint16(p[22:], to.port)
	be.PutUint32(p[24:], from.seq)
	if flags&0x10 != 0 {
		be.PutUint32(p[28:], to.seq)
	}
	p[32], p[33] = 5<<4, flags
	be.PutUint16(p[34:], 65535)
	f.Write(p[:])
	f.Write(payload)
	from.seq += uint32(len(payload)) + uint32(flags&0x02>>1) + uint32(flags&0x01)
}

// open writes a handshake.
func (f *forge) open(client, server *end) {
	f.send(client, server, 0x02, nil)
	f.send(server, client, 0x12, nil)
	f.send(client, server, 0x10, nil)
}

// download writes a capture of a session that downloads a file of a size.
func download(t testing.TB, size int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "large.pcap")
	f := newForge(t, path)
	client, server := &end{1, 40000, 0}, &end{2, 21, 0}
	f.open(client, server)
	say := func(from, to *end, text string) { f.send(from, to, 0x18, []byte(text+"\r\n")) }
	say(server, client, "220 ready")
	say(client, server, "USER anonymous")
	say(server, client, "230 welcome")
	say(client, server, "PASV")
	say(server, client, "227 Entering Passive Mode (192,0,2,2,195,80)")
	from, to := &end{2, 50000, 0}, &end{1, 40001, 0}
	f.open(to, from)
	say(client, server, "RETR large.bin")
	say(server, client, "150 here")
	segment := bytes.Repeat([]byte("0123456789abcdef"), 90)
	for sent := 0; sent < size; sent += len(segment) {
		f.send(from, to, 0x10, segment)
		if sent/len(segment)%2 == 1 {
			f.send(to, from, 0x10, nil)
		}
	}
	f.send(from, to, 0x11, nil)
	f.send(to, from, 0x11, nil)
	say(server, client, "226 done")
	say(client, server, "QUIT")
	say(server, client, "221 bye")
	if err := f.Flush(); err != nil {
		t.Fatal(err)
	}
	return path
}
