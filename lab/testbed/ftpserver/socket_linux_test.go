package ftpserver_test

import (
	"io"
	"net"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"ftplab/lab/testbed/ftpserver"
)

// The library writes a listing entry by entry. Held back, three entries with
// 17 letters of names are one segment of 164 bytes.
func TestCorkedListingIsOneSegment(t *testing.T) {
	u := login(t, serve(t, v4, ftpserver.Config{Cork: true, Files: []ftpserver.File{
		{Path: "welcome", Content: []byte("a")}, {Path: "READ.ME", Content: []byte("b")}, {Path: "pub/x", Content: []byte("c")},
	}}))
	for _, mode := range []string{"passive", "active"} {
		data := u.open(mode)
		if got := len(all(t, data)); got != 164 {
			t.Errorf("%s: got %d bytes, want 164", mode, got)
		}
		raw, err := data.(syscall.Conn).SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		raw.Control(func(fd uintptr) {
			info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
			if err != nil {
				t.Skipf("cannot count segments: %v", err)
			}
			if info.Data_segs_in != 1 {
				t.Errorf("%s: got %d segments, want 1", mode, info.Data_segs_in)
			}
		})
		data.Close()
		u.wants("LIST", 226)
	}
}

// The library alone waits for the end of the line for ever.
func TestAbortAsUrgentData(t *testing.T) {
	for _, abort := range []string{"ABOR\r\n", "\xff\xf4\xff|\xf2ABOR\r\n"} { // ftplib's, and that of BSD's ftp
		u := login(t, serve(t, v4, ftpserver.Config{Files: []ftpserver.File{{Path: "huge", Size: 1 << 40}}}))
		data := u.data(u.passive())
		u.says("RETR huge", 150)
		urgent, rest, found := strings.Cut(abort, "|")
		send(t, u.conn, urgent, unix.MSG_OOB)
		if found {
			send(t, u.conn, rest, 0)
		}
		go io.Copy(io.Discard, data)
		u.wants("RETR", 426)
		u.wants("ABOR", 226)
	}
}

func send(t *testing.T, conn *net.TCPConn, text string, flags int) {
	t.Helper()
	raw, err := conn.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	raw.Control(func(fd uintptr) { err = unix.Sendto(int(fd), []byte(text), flags, nil) })
	if err != nil {
		t.Fatal(err)
	}
}
