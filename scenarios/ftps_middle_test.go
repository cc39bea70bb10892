package scenarios

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/pcapng"
)

// read reads a capture in memory.
func read(t *testing.T, file []byte, o capture.Options) *capture.Capture {
	t.Helper()
	c, err := capture.Read(bytes.NewReader(file), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// moved moves a packet from one TCP port to another.
func moved(p *pcapng.Packet, from, to uint16) {
	const tcpHeader = 14 + 20 // of IPv4 over Ethernet without options
	if len(p.Data) < tcpHeader+20 || p.Data[23] != 6 {
		return
	}
	for _, at := range []int{tcpHeader, tcpHeader + 2} {
		if binary.BigEndian.Uint16(p.Data[at:]) == from {
			binary.BigEndian.PutUint16(p.Data[at:], to)
		}
	}
}

// TestFromTheMiddle begins captures of FTPS after the ClientHello, with a packet of either
// side: the port says who is the server, and nothing that cannot be seen is said. On other
// ports nobody knows that it is FTP.
func TestFromTheMiddle(t *testing.T) {
	for _, name := range []string{"ftps_explicit", "ftps_implicit"} {
		file, log := playedFile(t, name)
		port := map[string]uint16{"ftps_explicit": 21, "ftps_implicit": 990}[name]
		whole := read(t, file, capture.Options{})
		hello := whole.Session(0).Layer.ClientHello.Packet
		last := whole.Connection(1).FirstPacket // of what is cut off
		for from := hello + 1; from < last; from++ {
			for _, to := range []uint16{port, 443, 8443} {
				cut := rewritten(t, file, func(n int, p *pcapng.Packet) bool {
					moved(p, port, to)
					return n >= from
				})
				c := read(t, cut, capture.Options{KeyLog: log})
				control := c.Connection(0)
				if to != port {
					if control.Role != ftp.Other {
						t.Errorf("%s from packet %d on, on port %d: got the role %s", name, from, to, control.Role)
					}
					continue
				}
				if control.Role != ftp.Control || control.Server.Port() != port {
					t.Errorf("%s from packet %d on: got the role %s and the server %s", name, from, control.Role, control.Server)
					continue
				}
				s := c.Session(0)
				if !s.Hidden || s.Layer == nil || !s.Layer.InMiddle || len(s.Lines) > 0 {
					t.Errorf("%s from packet %d on: got %d lines, hidden %v", name, from, len(s.Lines), s.Hidden)
				}
				story := storyOf(t, cut, capture.Options{KeyLog: log})
				for _, want := range []string{"-- the capture begins inside TLS, and the dialogue cannot be read; only the port shows\n", "connection 1, for data: the "} {
					if !strings.Contains(story, want) {
						t.Errorf("%s from packet %d on: %q is not in\n%s", name, from, want, story)
					}
				}
			}
		}
	}
}

// TestDataFirst begins a capture with a data connection: the session that it belongs to was
// there already.
func TestDataFirst(t *testing.T) {
	file, _ := playedFile(t, "ftps_explicit")
	first := read(t, file, capture.Options{}).Connection(1).FirstPacket
	cut := rewritten(t, file, func(n int, _ *pcapng.Packet) bool { return n >= first })
	if got := read(t, cut, capture.Options{}).Connection(0); got.Role != ftp.Data || !got.Inferred || got.Control != 1 {
		t.Errorf("got the role %s of connection %d, want a data connection of 1", got.Role, got.Control)
	}
}

// TestHelloFirst begins a capture with the ClientHello: the keys show all that follows.
func TestHelloFirst(t *testing.T) {
	file, log := playedFile(t, "ftps_explicit")
	hello := read(t, file, capture.Options{}).Session(0).Layer.ClientHello.Packet
	cut := rewritten(t, file, func(n int, _ *pcapng.Packet) bool { return n >= hello })
	s := read(t, cut, capture.Options{KeyLog: log}).Session(0)
	if s == nil || s.Hidden || s.Layer.InMiddle || s.User != "alice" {
		t.Errorf("got the session %+v, want the one of alice", s)
	}
}

// TestOtherBytesOnPort21 begins captures on port 21 with bytes that are not TLS, or too few
// records of it: they are not taken for FTP.
func TestOtherBytesOnPort21(t *testing.T) {
	file, _ := playedFile(t, "ftps_explicit")
	whole := read(t, file, capture.Options{})
	hello, end := whole.Session(0).Layer.ClientHello.Packet, whole.Session(0).Layer.Flow(ftp.Client).CloseNotify
	for what, change := range map[string]func(n int, p *pcapng.Packet) bool{
		"a wrong length": func(n int, p *pcapng.Packet) bool {
			const length = 14 + 20 + 32 + 3 // of a record that begins with the data of a segment
			if len(p.Data) > length+2 && p.Data[length-3] == 23 {
				p.Data[length+1]++
			}
			return n > hello
		},
		"two records": func(n int, p *pcapng.Packet) bool { return n >= end },
	} {
		if got := read(t, rewritten(t, file, change), capture.Options{NoKeys: true}).Connection(0).Role; got != ftp.Other {
			t.Errorf("%s: got the role %s", what, got)
		}
	}
}
