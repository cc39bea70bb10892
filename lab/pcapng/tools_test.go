package pcapng

import (
	"bytes"
	"errors"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"ftplab/lab/labtest/optional"
)

// run runs a program of Wireshark's on a capture and returns what it prints.
func run(t testing.TB, name string, args ...string) string {
	t.Helper()
	var complaints bytes.Buffer
	cmd := exec.Command(optional.Tool(t, name, "apt install tshark"), args...)
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, complaints.String())
	}
	return string(out)
}

// tshark runs tshark on a capture and returns its lines.
func tshark(t testing.TB, path string, args ...string) []string {
	t.Helper()
	out := run(t, "tshark", append([]string{"-n", "-r", path}, args...)...)
	if out == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(out, "\n"), "\n")
}

func TestOthersReadWhatACaptureSaysOfItself(t *testing.T) {
	var file bytes.Buffer
	w, err := NewWriter(&file, PCAPNG, Info{
		Application: "ftplab test",
		Comment:     "active_list: Active-mode listing\nTwo lines, and ünicode.",
		Interface:   "lo",
		Remark:      "checksums are partial here",
		Names: []Name{
			{netip.MustParseAddr("198.51.100.100"), "client"},
			{netip.MustParseAddr("2001:db8:2::21"), "ftp.example.test"},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.WritePacket(frameInfo(1_700_000_000_123_456_789, 60), make([]byte, 60))
	if err := w.Close(Stats{Received: 5, Dropped: 4}); err != nil {
		t.Fatal(err)
	}
	path := save(t, "capture.pcapng", file.Bytes())

	info := run(t, "capinfos", path)
	for _, want := range []string{
		"Capture application: ftplab test", "Capture oper-sys:    Linux",
		"active_list: Active-mode listing", "Two lines, and ünicode.",
		"Number of packets:   1", "nanoseconds (9)", "123456789",
		"Name = lo", "Comment = checksums are partial here",
		"Number of stat entries = 1",
	} {
		if !strings.Contains(info, want) {
			t.Errorf("capinfos does not say %q:\n%s", want, info)
		}
	}
	hosts := run(t, "tshark", "-q", "-z", "hosts", "-r", path)
	for _, want := range []string{"198.51.100.100\tclient", "2001:db8:2::21\tftp.example.test"} {
		if !strings.Contains(hosts, want) {
			t.Errorf("tshark does not know %q:\n%s", want, hosts)
		}
	}
}

func TestOthersReadAClassicCapture(t *testing.T) {
	path := save(t, "capture.pcap", sample(t, PCAP, 60, 66_000))
	info := run(t, "capinfos", path)
	for _, want := range []string{"nanosecond", "Number of packets:   2", "Ethernet"} {
		if !strings.Contains(info, want) {
			t.Errorf("capinfos does not say %q:\n%s", want, info)
		}
	}
}

// A limited writer takes so many bytes.
type limited struct{ left int }

func (l *limited) Write(b []byte) (int, error) {
	if len(b) > l.left {
		n := l.left
		l.left = 0
		return n, syscall.ENOSPC
	}
	l.left -= len(b)
	return len(b), nil
}

// TestTheFirstErrorStays lets bytes all over a capture be the first that cannot
// be written. The count of frames is that of the whole ones.
func TestTheFirstErrorStays(t *testing.T) {
	sizes := []int{60, 61, copyBelow, copyBelow + 1, 70}
	whole := sample(t, PCAPNG, sizes...)
	ends := frameEnds(t, whole)
	statistics := len(whole) - ends[len(ends)-1]
	for n := 0; n < len(whole); n += 7 {
		w, err := NewWriter(&limited{n}, PCAPNG, Info{Interface: "lo", Comment: "a sample"})
		if err != nil {
			if !errors.Is(err, syscall.ENOSPC) || n >= ends[0] {
				t.Fatalf("with room for %d bytes got error %v", n, err)
			}
			continue
		}
		for _, size := range sizes {
			if packetErr := w.WritePacket(frameInfo(1, size), make([]byte, size)); err == nil {
				err = packetErr
			}
		}
		if closeErr := w.Close(Stats{}); !errors.Is(closeErr, syscall.ENOSPC) || err != nil && closeErr != err {
			t.Fatalf("with room for %d of %d bytes got error %v, after %v before, want one and the same", n, len(whole), closeErr, err)
		}
		want := 0
		for _, end := range ends {
			if end <= n {
				want++
			}
		}
		if got := w.Frames(); got != want {
			t.Fatalf("with room for %d bytes got %d frames, want %d", n, got, want)
		}
	}
	if statistics < 40 {
		t.Errorf("the capture ends with %d bytes, want its counts", statistics)
	}
}

// frameEnds finds where in a capture the frames' blocks end.
func frameEnds(t *testing.T, capture []byte) (ends []int) {
	t.Helper()
	for at := 0; at < len(capture); {
		length := int(le.Uint32(capture[at+4:]))
		if le.Uint32(capture[at:]) == blockEnhancedPacket {
			ends = append(ends, at+length)
		}
		at += length
	}
	return ends
}

func TestADiskThatIsFullAtOnce(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("there is no /dev/full here")
	}
	defer full.Close()
	_, err = NewWriter(full, PCAPNG, Info{})
	want := "the capture has no frame: write /dev/full: no space left on device"
	if err == nil || err.Error() != want {
		t.Errorf("got error %v, want %q", err, want)
	}
}
