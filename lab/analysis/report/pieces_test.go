package report

import (
	"bytes"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/expect"
	"ftplab/lab/internal/forge"
)

// open opens a connection between two hosts with different windows.
func open(f *forge.Capture, from, to string) (a, b *forge.End) {
	a, b = f.Pair(from, to)
	a.Window, b.Window = 65535, 17520
	a.Handshake()
	return a, b
}

// control opens a control connection and logs in.
func control(f *forge.Capture, user string) (client, server *forge.End) {
	client, server = open(f, "198.51.100.100:3171", "192.0.2.21:21")
	server.Send("220 FTP server ready.\r\n")
	f.Pass(1400 * time.Millisecond)
	client.Send("USER " + user + "\r\n")
	server.Send("331 Guest login ok.\r\n")
	client.Send("PASS me@mypc.test\r\n")
	server.Send("230 Logged in.\r\n")
	return client, server
}

// active makes a transfer in active mode, to the client's port 12*256+low.
func active(f *forge.Capture, client, server *forge.End, low int, command, data string) {
	client.Send(fmt.Sprintf("PORT 198,51,100,100,12,%d\r\n", low))
	server.Send("200 PORT command successful.\r\n")
	client.Send(command + "\r\n")
	from, _ := open(f, "192.0.2.21:20", fmt.Sprintf("198.51.100.100:%d", 12*256+low))
	server.Send("150 Opening ASCII mode data connection.\r\n")
	from.Send(data)
	from.Close()
	server.Send("226 Transfer complete.\r\n")
}

// activeListing is a whole session with one listing of 164 bytes.
func activeListing(f *forge.Capture) {
	client, server := control(f, "anonymous")
	active(f, client, server, 100, "LIST", string(bytes.Repeat([]byte("x"), 162))+"\r\n")
	client.Send("QUIT\r\n")
	server.Send("221 Goodbye.\r\n")
	server.Close()
}

// download is a session with a download in passive mode, of segments of 1452
// bytes, each two acknowledged by one ACK. The capture holds headers only.
func download(f *forge.Capture, bytes int64) {
	client, server := control(f, "anonymous")
	client.Send("PASV\r\n")
	server.Send("227 Entering Passive Mode (192,0,2,21,113,94)\r\n")
	client.Send("RETR file.bin\r\n")
	to, from := open(f, "198.51.100.100:24001", "192.0.2.21:29022")
	server.Send("150 Here it comes.\r\n")
	f.Snap = 64
	const mss = 1452
	segment := string(make([]byte, mss))
	for sent, n := int64(0), 0; sent < bytes; n++ {
		f.Pass(-990 * time.Microsecond) // 10 µs apart
		size := min(mss, bytes-sent)
		from.Segment(".", segment[:size])
		sent += size
		if n%2 == 1 {
			to.ACK()
		}
	}
	from.Close()
	f.Snap = 0
	server.Send("226 Transfer complete.\r\n")
	client.Send("QUIT\r\n")
	server.Send("221 Goodbye.\r\n")
	server.Close()
}

// read makes a Report of a capture that make writes.
func read(t testing.TB, make func(*forge.Capture)) *Report {
	t.Helper()
	return judgedBy(t, nil, make)
}

// judgedBy makes a Report of a capture that make writes, with a verdict on it.
func judgedBy(t testing.TB, v *expect.Verdict, make func(*forge.Capture)) *Report {
	t.Helper()
	name := filepath.Join(t.TempDir(), "capture.pcap")
	f := forge.New()
	make(f)
	f.Save(t, name)
	c, err := capture.Open(name, capture.Options{NoHash: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	r, err := New(c, v)
	if err != nil {
		t.Fatal(err)
	}
	if r.Trace.Cut != "" {
		t.Fatal(r.Trace.Cut)
	}
	r.Capture, r.Command = "capture.pcap", "ftplab explain --html capture.pcap"
	return r
}

// reportOn reads a capture in memory.
func reportOn(file []byte, v *expect.Verdict) (*Report, error) {
	c, err := capture.Read(bytes.NewReader(file), capture.Options{NoHash: true})
	if err != nil {
		return nil, err
	}
	return New(c, v)
}
