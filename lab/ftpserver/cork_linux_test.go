package ftpserver_test

import (
	"testing"

	"golang.org/x/sys/unix"

	"ftplab/lab/ftpserver"
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
		raw, err := data.SyscallConn()
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
